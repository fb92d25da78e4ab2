"""Alert packets: real ones, hand-made ones, broken ones."""

import gzip
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from alert_packets import avro_bytes, lsst_packet, ztf_packet
from astropy.io import fits

from skastro.exceptions import FormatError, ObjectWarning
from skastro.io import read_alerts
from skastro.io._cutouts import decode_cutout, place, recentre
from skastro.utils.ragged import flatten


def light_curve(alerts, i=0):
    return alerts.X["lightcurve"].iloc[i]


def test_magnitudes_become_signed_fluxes_and_limits_zero():
    found = light_curve(read_alerts(pd.DataFrame([ztf_packet()])))
    assert found["time"].tolist() == [60001.0, 60005.0, 60010.0]
    assert found["band"].tolist() == ["r", "g", "r"]
    assert found["detected"].tolist() == [False, True, True]
    expected = [0.0, -(10 ** (0.4 * 7.5)), 10 ** (0.4 * 8.5)]
    np.testing.assert_allclose(found["flux"], expected, rtol=1e-6)
    assert found["flux_err"].iloc[0] == pytest.approx(10 ** (0.4 * 7) / 5, rel=1e-6)
    assert found["flux_err"].iloc[2] == pytest.approx(
        0.05 * np.log(10) / 2.5 * expected[2], rel=1e-3
    )


def test_stamps_lie_as_the_networks_want_them():
    image = np.arange(25.0).reshape(5, 5)
    alerts = read_alerts(pd.DataFrame([ztf_packet(image=image)]))
    assert alerts.image_shape == (5, 5, 3)
    stamp = alerts.stamps.reshape(5, 5, 3)
    for channel in range(3):
        np.testing.assert_array_equal(stamp[..., channel], image + channel)


@pytest.mark.parametrize(
    ("x", "y", "rows", "columns"), [(9, 1500, 0, 2), (1500, 9, 2, 0), (99, 99, 0, 0)]
)
def test_cutouts_at_the_edge_are_padded_where_they_were_cut(x, y, rows, columns):
    image = np.ones((30 - rows, 30 - columns))
    packet = ztf_packet(image=image, xpos=float(x), ypos=float(y))
    stamp = read_alerts(pd.DataFrame([packet]), stamp_size=30).stamps.reshape(30, 30, 3)
    gap = np.isnan(stamp[..., 0])
    assert gap[:rows].all() and gap[:, :columns].all()
    assert not gap[rows:, columns:].any()


def test_large_cutouts_are_cut_at_their_middle():
    image = np.arange(49.0).reshape(7, 7)
    alerts = read_alerts(pd.DataFrame([ztf_packet(image=image)]), stamp_size=3)
    np.testing.assert_array_equal(alerts.stamps.reshape(3, 3, 3)[..., 0], image[2:5, 2:5])


@pytest.mark.parametrize("size", [5, 9, 21, 25])
def test_the_candidate_stays_in_the_centre_of_cutouts_from_the_edge(size):
    image = np.zeros((21, 21))
    image[10, 10] = 1
    packets = [
        ztf_packet(1, image=image),
        ztf_packet(2, image=image[:, 6:], xpos=4.0),
        ztf_packet(3, image=image[:15], ypos=3070.0),
    ]
    stamps = read_alerts(pd.DataFrame(packets), stamp_size=size).stamps
    brightest = np.nanargmax(stamps.reshape(3, size, size, 3)[..., 0].reshape(3, -1), axis=1)
    assert (brightest == (size // 2) * (size + 1)).all()


def test_broken_cutouts_are_named_together_and_the_rest_is_read():
    packets = [ztf_packet(i, image=np.ones((4, 4))) for i in range(4)]
    packets[1]["cutoutScience"]["stampData"] = packets[1]["cutoutScience"]["stampData"][:40]
    packets[2]["cutoutTemplate"]["stampData"] = b"nothing"
    with pytest.warns(ObjectWarning, match="2 alerts cannot be decoded.*'1' .*'2' "):
        alerts = read_alerts(pd.DataFrame(packets))
    assert np.isnan(alerts.stamps[1:3]).all() and np.isfinite(alerts.stamps[[0, 3]]).all()
    assert len(alerts.X) == 4


def write_avro(path, packets):
    path.write_bytes(avro_bytes(packets))


def test_avro_packets_are_read_like_tables(tmp_path):
    packets = [ztf_packet(i, image=np.full((4, 4), i)) for i in range(5)]
    write_avro(tmp_path / "a.avro", packets[:1])
    write_avro(tmp_path / "b.avro", packets[1:])
    expected = read_alerts(pd.DataFrame(packets))
    for source in (tmp_path, [tmp_path / "a.avro", tmp_path / "b.avro"]):
        found = read_alerts(source)
        np.testing.assert_array_equal(found.stamps, expected.stamps)
        assert found.X.index.tolist() == ["0", "1", "2", "3", "4"]
        for i in range(5):
            np.testing.assert_allclose(
                light_curve(found, i)["flux"], light_curve(expected, i)["flux"], rtol=1e-6
            )


def test_broken_files_are_named_together_and_the_rest_is_read(tmp_path):
    write_avro(tmp_path / "good.avro", [ztf_packet(image=np.ones((4, 4)))])
    (tmp_path / "bad.avro").write_bytes(b"no avro")
    (tmp_path / "worse.parquet").write_bytes(b"no parquet")
    with pytest.warns(
        ObjectWarning, match="2 files or packets cannot be read.*bad.avro.*worse.parquet"
    ):
        alerts = read_alerts(tmp_path)
    assert len(alerts.X) == 1


def test_files_of_other_types_are_named(tmp_path):
    for i in (1, 2):
        write_avro(tmp_path / f"{i}.avro", [ztf_packet(i, image=np.ones((4, 4)))])
    pq.write_table(pa.table({"candid": ["text"]}), tmp_path / "3.parquet")
    with pytest.warns(ObjectWarning, match="1 files or packets cannot be read.*3.parquet"):
        assert read_alerts(tmp_path).X.index.tolist() == ["1", "2"]


def test_large_lists_of_earlier_measurements_count():
    table = pa.Table.from_pandas(pd.DataFrame([ztf_packet()]), preserve_index=False)
    i = table.column_names.index("prv_candidates")
    wide = pa.large_list(table.schema.field(i).type.value_type)
    table = table.set_column(i, "prv_candidates", table["prv_candidates"].cast(wide))
    assert len(light_curve(read_alerts(table))) == 3


def test_nothing_to_read(tmp_path):
    with pytest.raises(FormatError, match="no alerts"):
        read_alerts(tmp_path)
    with pytest.raises(FormatError, match="fit none of the surveys"):
        read_alerts(pd.DataFrame({"a": [1]}))


def test_nanojansky_become_fluxcal_and_detections_beat_forced_photometry():
    found = light_curve(read_alerts(pd.DataFrame([lsst_packet()])))
    assert found["time"].tolist() == [60990.0, 61000.0]
    assert found["detected"].tolist() == [False, True]
    # A source of 23.9 magnitudes has one microjansky.
    assert found["flux"].iloc[1] == pytest.approx(10 ** (0.4 * (27.5 - 23.9)), rel=1e-6)


def test_real_ztf_alerts(real_data):
    path = real_data / "alerts" / "ztf_alerts_6.parquet"
    alerts = read_alerts(path)
    packets = pq.read_table(path).to_pylist()
    assert alerts.stamps.shape == (6, 63 * 63 * 3) and len(alerts.X) == 6
    offsets, rows = flatten(alerts.X["lightcurve"])
    for i in range(6):
        packet = packets[i]
        measured = [packet["candidate"], *(packet["prv_candidates"] or [])]
        known = {(round(m["jd"] - 2400000.5, 6), m["fid"]) for m in measured}
        assert offsets[i + 1] - offsets[i] == len(known)
        direct = fits.getdata(io.BytesIO(gzip.decompress(packet["cutoutDifference"]["stampData"])))
        np.testing.assert_array_equal(alerts.stamps[i].reshape(63, 63, 3)[..., 2], direct)
        last = offsets[i + 1] - 1
        magnitude = 27.5 - 2.5 * np.log10(abs(rows["flux"][last]))
        assert magnitude == pytest.approx(packet["candidate"]["magpsf"], abs=1e-4)
        assert (rows["flux"][last] > 0) == (packet["candidate"]["isdiffpos"] in ("t", "1"))


def test_real_lsst_alerts(real_data):
    alerts = read_alerts(real_data / "alerts" / "lsst_alerts_4.parquet")
    assert alerts.image_shape == (30, 30, 3) and alerts.stamps.shape == (4, 2700)
    lengths = np.diff(flatten(alerts.X["lightcurve"])[0])
    assert sorted(lengths)[-3:] == [3, 17, 23]


def test_real_elasticc_alerts(real_data):
    alerts = read_alerts(real_data / "lightcurves" / "elasticc_alerts_40.parquet")
    assert alerts.stamps is None and len(alerts.X) == 40
    assert alerts.X["redshift"].notna().any() and alerts.metadata["hostgal_zphot"].notna().any()
    offsets, rows = flatten(alerts.X["lightcurve"])
    assert (np.diff(offsets) > 0).all() and np.isfinite(rows["flux"]).all()
    assert 0 < rows["detected"].mean() < 1


def test_a_file_without_image_is_refused():
    file = io.BytesIO()
    fits.PrimaryHDU().writeto(file)
    with pytest.raises(ValueError, match="no image"):
        decode_cutout(file.getvalue())


def test_frames_of_every_size():
    image = np.arange(12.0).reshape(3, 4)
    assert np.isnan(place(image, 6)).sum() == 24
    np.testing.assert_array_equal(place(image, 6, (True, True))[3:, 2:], image)


@pytest.mark.parametrize("size", range(1, 8))
@pytest.mark.parametrize("side", range(1, 8))
def test_the_middle_pixel_stays_in_the_middle(side, size):
    frame = np.zeros((side, side))
    frame[side // 2, side // 2] = 1
    new = recentre(frame, size)
    assert new.shape == (size, size) and new[size // 2, size // 2] == 1
    assert np.isfinite(new).sum() == min(side, size) ** 2

"""Alert packets as brokers hand them on: dictionaries, messages, incomplete and damaged ones."""

import fastavro
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from alert_packets import (
    avro_bytes,
    avro_schema,
    lsst_packet,
    registry_message,
    ztf_packet,
)

from skastro.exceptions import FormatError, ObjectError, ObjectWarning
from skastro.io import read_alerts

LONG_IDS = [169830580431093809, 169830580431093811]


def curve(alerts, i=0):
    return alerts.X["lightcurve"].iloc[i]


def forced_epoch(**changes):
    return {
        "jd": 2459998.5,
        "fid": 1,
        "forcediffimflux": 50.0,
        "forcediffimfluxunc": 5.0,
        "magzpsci": 26.0,
        "procstatus": "0",
    } | changes


# Sources ------------------------------------------------------------------------------------


def test_dicts_files_and_messages_give_one_result(tmp_path):
    packets = [ztf_packet(i, image=np.full((4, 4), i)) for i in range(1, 4)]
    (tmp_path / "2.avro").write_bytes(avro_bytes(packets[1:2]))
    mixed = [packets[0], tmp_path / "2.avro", registry_message(packets[2])]
    expected = read_alerts(packets)
    for source in (mixed, [avro_bytes([p]) for p in packets], pd.DataFrame(packets)):
        found = read_alerts(source, schema=avro_schema())
        np.testing.assert_array_equal(found.stamps, expected.stamps)
        assert found.X.index.tolist() == ["1", "2", "3"]
        for i in range(3):
            pd.testing.assert_frame_equal(curve(found, i), curve(expected, i), rtol=1e-6)


def test_one_packet_needs_no_list():
    assert read_alerts(ztf_packet(4)).X.index.tolist() == ["4"]
    assert read_alerts(avro_bytes([ztf_packet(4, image=np.ones((3, 3)))])).X.index.tolist() == ["4"]


def test_the_schema_of_a_message_is_found_by_its_number(tmp_path):
    message = registry_message(ztf_packet(4, image=np.ones((3, 3))), number=403)
    found = read_alerts(message, schema={403: avro_schema()})
    assert found.X.index.tolist() == ["4"]
    with pytest.raises(FormatError, match="pass schema=.*number 403"):
        read_alerts(message)
    with pytest.raises(FormatError, match="packet 0"):
        read_alerts(message + b"more", schema=avro_schema())


def test_packets_whose_fields_differ_in_type_are_read_one_by_one():
    packets = [ztf_packet(1), ztf_packet(2, isdiffpos=1), ztf_packet(3, isdiffpos=True)]
    found = read_alerts(packets)
    for i in range(3):
        assert curve(found, i)["flux"].iloc[-1] > 0


def test_things_that_are_not_packets_are_named():
    with pytest.warns(ObjectWarning, match="'packet 1'.*int is not a path"):
        found = read_alerts([ztf_packet(1), 5])
    assert list(found.skipped) == ["packet 1"]


# Identifiers --------------------------------------------------------------------------------


def test_object_identifiers_keep_all_digits_beside_missing_ones():
    packets = [lsst_packet(k, i) for k, i in enumerate([*LONG_IDS, None])]
    X = read_alerts(packets).X
    assert X["object_id"].tolist()[:2] == [str(i) for i in LONG_IDS]
    assert pd.isna(X["object_id"].iloc[2])
    assert pd.isna(read_alerts(lsst_packet(7, 0)).X["object_id"].iloc[0])


def test_identifiers_in_metadata_keep_all_digits():
    found = read_alerts([lsst_packet(k, i) for k, i in enumerate([*LONG_IDS, None])])
    assert found.metadata["diaObjectId"].tolist()[:2] == LONG_IDS
    # The second packet comes from another table, without the field.
    parts = [pa.Table.from_pylist([lsst_packet(1, LONG_IDS[0])]), lsst_packet(2, LONG_IDS[1])]
    found = read_alerts(parts[0])
    assert found.metadata["diaObjectId"].dtype == np.int64


def test_identifiers_that_lost_digits_are_refused():
    with pytest.raises(FormatError, match="diaObjectId is a floating-point number"):
        read_alerts(lsst_packet(1, float(LONG_IDS[0])))
    assert read_alerts(lsst_packet(1, 12.0)).X["object_id"].tolist() == ["12"]


# Signs, magnitudes, bands -------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["t", "T", "true", "True", "1", 1, 1.0, True])
def test_positive_detections(spelling):
    assert curve(read_alerts(ztf_packet(isdiffpos=spelling)))["flux"].iloc[-1] > 0


@pytest.mark.parametrize("spelling", ["f", "F", "false", "0", 0, -1, "-1", False])
def test_negative_detections(spelling):
    packet = ztf_packet(isdiffpos=spelling)
    packet["prv_candidates"] = None
    found = curve(read_alerts(packet))
    assert found["flux"].iloc[-1] < 0 and found["detected"].iloc[-1]


@pytest.mark.parametrize("spelling", ["y", "yes", "2", None])
def test_unknown_signs_are_refused_by_name(spelling):
    packet = ztf_packet(3, isdiffpos=spelling)
    packet["prv_candidates"] = None
    with pytest.raises(FormatError, match=r"candid 3.*candidate: isdiffpos is"):
        read_alerts(packet)


def test_an_unknown_sign_in_the_history_leaves_that_alert_out():
    packets = [ztf_packet(1), ztf_packet(2)]
    packets[1]["prv_candidates"][0]["isdiffpos"] = "y"
    with pytest.warns(ObjectWarning, match=r"candid 2.*prv_candidates: isdiffpos is 'y'"):
        found = read_alerts(packets)
    assert found.X.index.tolist() == ["1"] and list(found.skipped) == ["packet 1 (candid 2)"]


@pytest.mark.parametrize("code", [99.0, 99.9, 999.0, -999.0, -99.0, float("nan")])
def test_magnitudes_that_say_missing_are_not_detections(code):
    packet = ztf_packet(magpsf=code, sigmapsf=code)
    packet["prv_candidates"] = None
    found = curve(read_alerts(packet))
    assert found["detected"].tolist() == [False] and found["flux"].tolist() == [0.0]
    assert found["flux_err"].iloc[0] == pytest.approx(10 ** (0.4 * 7) / 5)


def test_unknown_bands_are_refused_by_name():
    with pytest.raises(FormatError, match="candidate: fid '7' is unknown"):
        read_alerts(ztf_packet(fid=7))


@pytest.mark.parametrize(("name", "value"), [("ra", 400.0), ("dec", -91.0)])
def test_positions_off_the_sky_are_refused(name, value):
    with pytest.raises(FormatError, match=f"candid 1.*{name} is {value:g}, outside"):
        read_alerts(ztf_packet(**{name: value}))


# Forced photometry --------------------------------------------------------------------------


def test_forced_photometry_of_ztf_is_scaled_by_its_zero_point():
    packet = ztf_packet() | {
        "fp_hists": [forced_epoch(), forced_epoch(jd=2459999.5, forcediffimflux=10.0)]
    }
    found = curve(read_alerts(packet))
    assert found["time"].tolist() == [59998.0, 59999.0, 60001.0, 60005.0, 60010.0]
    scale = 10 ** (0.4 * 1.5)
    np.testing.assert_allclose(found["flux"].iloc[:2], [50 * scale, 10 * scale], rtol=1e-6)
    np.testing.assert_allclose(found["flux_err"].iloc[:2], 5 * scale, rtol=1e-6)
    assert found["detected"].tolist() == [True, False, False, True, True]
    assert len(curve(read_alerts(packet, forced=False))) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"forcediffimflux": -99999.0},
        {"forcediffimfluxunc": -99999.0},
        {"forcediffimflux": None},
        {"magzpsci": None},
        {"procstatus": "56"},
        {"procstatus": "255"},
    ],
)
def test_forced_photometry_without_a_usable_flux_is_left_out(changes):
    packet = ztf_packet() | {"fp_hists": [forced_epoch(**changes), forced_epoch(jd=2459999.5)]}
    assert curve(read_alerts(packet))["time"].iloc[0] == 59999.0


def test_detections_count_before_forced_photometry_and_that_before_limits():
    at_limit = forced_epoch(jd=2460001.5 + 1e-7, fid=2)
    at_detection = forced_epoch(jd=2460010.5 - 1e-7, fid=2)
    packet = ztf_packet() | {"fp_hists": [at_limit, at_detection]}
    found = curve(read_alerts(packet))
    assert len(found) == 3
    assert found["flux"].iloc[0] == pytest.approx(50 * 10 ** (0.4 * 1.5))
    assert found["flux"].iloc[2] == pytest.approx(10 ** (0.4 * 8.5))


def test_forced_photometry_of_lsst_is_an_option():
    assert len(curve(read_alerts(lsst_packet()))) == 2
    assert len(curve(read_alerts(lsst_packet(), forced=False))) == 1


# Merging ------------------------------------------------------------------------------------


def nights():
    """Three nights of one object, given out of order, and another object."""
    first = ztf_packet(1, image=np.full((3, 3), 1.0), jd=2460010.5)
    second = ztf_packet(2, image=np.full((3, 3), 2.0), jd=2460013.5, fid=1)
    third = ztf_packet(3, image=np.full((3, 3), 3.0), jd=2460016.5)
    for packet in (first, second, third):
        packet["objectId"] = "ZTF_A"
    second["prv_candidates"] = [first["candidate"]]
    third["prv_candidates"] = [second["candidate"]]
    return [third, ztf_packet(9, image=np.full((3, 3), 9.0)), first, second]


def test_packets_of_one_object_merge_to_one_history():
    found = read_alerts(nights(), merge=True)
    assert found.X.index.tolist() == ["ZTF_A", "ZTF9"] and found.X.index.name == "object_id"
    merged = curve(found)
    assert merged["time"].tolist() == [60001.0, 60005.0, 60010.0, 60013.0, 60016.0]
    assert merged["band"].tolist() == ["r", "g", "r", "g", "r"]
    assert found.stamps[:, 0].tolist() == [3.0, 9.0]
    assert found.metadata["candid"].tolist() == [3, 9]


def test_the_first_detection_of_the_history_is_the_trigger():
    assert read_alerts(nights(), merge=True).X["trigger_time"].tolist() == [60005.0, 60005.0]
    assert read_alerts(nights()).X["trigger_time"].tolist() == [60013.0, 60005.0, 60005.0, 60010.0]
    limits_only = ztf_packet(magpsf=None, sigmapsf=None, isdiffpos=None)
    limits_only["prv_candidates"] = None
    assert read_alerts([limits_only, ztf_packet(2)]).X["trigger_time"].isna().tolist() == [
        True,
        False,
    ]


def test_alerts_of_moving_objects_never_merge():
    packets = [lsst_packet(1, None), lsst_packet(2, None), lsst_packet(3, LONG_IDS[0])]
    assert read_alerts(packets, merge=True).X.index.tolist() == ["1", "2", str(LONG_IDS[0])]


def test_identifiers_that_differ_in_the_last_digit_never_merge():
    packets = [lsst_packet(k, i) for k, i in enumerate([*LONG_IDS, None])]
    assert len(read_alerts(packets, merge=True).X) == 3


# Options ------------------------------------------------------------------------------------


def test_alerts_that_come_twice():
    packets = [ztf_packet(1), ztf_packet(2), ztf_packet(1)]
    with pytest.warns(ObjectWarning, match="1 repeated alerts are left out: '1'"):
        assert read_alerts(packets).X.index.tolist() == ["1", "2"]
    assert read_alerts(packets, duplicates="number").X.index.tolist() == ["1", "2", "1_2"]
    with pytest.raises(ObjectError, match="more than once.*duplicates='first'.*object '1'"):
        read_alerts(packets, duplicates="raise")


def test_errors_may_be_raised():
    packets = [ztf_packet(1), ztf_packet(2, isdiffpos="y"), b"nothing"]
    packets[1]["prv_candidates"] = None
    with pytest.raises(FormatError, match=r"packet 2.*packet 1 \(candid 2\)"):
        read_alerts(packets, errors="raise")
    with pytest.warns(ObjectWarning, match="2 files or packets"):
        found = read_alerts(packets)
    assert set(found.skipped) == {"packet 2", "packet 1 (candid 2)"} and len(found.X) == 1


@pytest.mark.parametrize(("name", "value"), [("errors", "ignore"), ("duplicates", "last")])
def test_unknown_options_are_refused(name, value):
    with pytest.raises(ValueError, match=f"read_alerts: {name}='{value}'"):
        read_alerts(ztf_packet(), **{name: value})


def test_packets_of_another_survey_are_left_out_by_name():
    with pytest.warns(ObjectWarning, match="diaSourceId 5.*of LSST, not of ZTF"):
        assert read_alerts([ztf_packet(1), lsst_packet()]).X.index.tolist() == ["1"]


# Incomplete and damaged packets -------------------------------------------------------------


@pytest.mark.parametrize("name", ["jd", "fid", "ra", "dec", "magpsf", "sigmapsf", "isdiffpos"])
def test_a_measurement_that_lacks_a_field_is_named(name):
    packet = ztf_packet(8)
    del packet["candidate"][name]
    with pytest.raises(FormatError, match=f"packet 0.*candidate has no field '{name}'"):
        read_alerts(packet)


@pytest.mark.parametrize("name", ["jd", "fid", "ra", "dec"])
def test_one_incomplete_packet_among_others_is_left_out(name):
    packets = [ztf_packet(i) for i in range(1, 4)]
    del packets[1]["candidate"][name]
    with pytest.warns(ObjectWarning, match=rf"packet 1 \(candid 2\).*candidate has no '{name}'"):
        assert read_alerts(packets).X.index.tolist() == ["1", "3"]


@pytest.mark.parametrize("name", ["candid", "objectId"])
def test_a_packet_without_an_identifier_is_named(name):
    packet = ztf_packet(8)
    del packet[name]
    packet["candidate"].pop(name, None)
    for source in (packet, pd.DataFrame([packet])):
        with pytest.raises(FormatError, match=f"the packet has no field '{name}'"):
            read_alerts(source)
    with pytest.warns(ObjectWarning, match=f"packet 1.*the packet has no '{name}'"):
        read_alerts([ztf_packet(1), packet])


def test_a_damaged_cutout_keeps_the_alert_and_its_reason():
    packets = [ztf_packet(i, image=np.ones((20, 20))) for i in (1, 2)]
    content = bytearray(packets[1]["cutoutTemplate"]["stampData"])
    content[60:62] = b"\xff\xff"
    packets[1]["cutoutTemplate"]["stampData"] = bytes(content)
    with pytest.warns(ObjectWarning, match="'2' .reference cutout: "):
        found = read_alerts(packets)
    assert found.metadata["stamp_quality"].iloc[0] == ""
    assert found.metadata["stamp_quality"].iloc[1].startswith("reference cutout: ")
    assert np.isnan(found.stamps[1]).all() and len(curve(found, 1)) == 3


def test_the_standard_columns_come_in_one_order():
    names = ["object_id", "redshift", "redshift_err", "mwebv", "peak_time", "trigger_time"]
    names += ["ra", "dec", "lightcurve"]
    for packet in (ztf_packet(), lsst_packet()):
        X = read_alerts(packet).X
        assert X.columns.tolist() == names
        assert X["redshift"].isna().all() and X["lightcurve"].nest.columns == [
            "time",
            "band",
            "flux",
            "flux_err",
            "detected",
        ]


@pytest.mark.parametrize("seed", range(3))
def test_mutated_files_are_read_or_left_out_with_a_reason(tmp_path, seed):
    rng = np.random.default_rng(seed)
    good = avro_bytes([ztf_packet(7, image=np.ones((5, 5)))])
    (tmp_path / "a.avro").write_bytes(avro_bytes([ztf_packet(1, image=np.ones((5, 5)))]))
    for _ in range(40):
        bad = bytearray(good)
        for i in rng.integers(len(bad), size=rng.integers(1, 4)):
            bad[i] ^= 1 << rng.integers(8)
        (tmp_path / "b.avro").write_bytes(bytes(bad[: rng.integers(1, len(bad) + 1)]))
        found = quiet(read_alerts, tmp_path)
        assert "1" in found.X.index
        assert all("b.avro" in name or "candid" in name for name in found.skipped)
        assert len(found.X) + len(found.skipped) >= 1


@pytest.mark.filterwarnings("ignore::skastro.exceptions.ObjectWarning")
def quiet(read, source):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read(source)


def test_fastavro_is_needed_only_for_avro(monkeypatch):
    monkeypatch.setattr(fastavro, "reader", None)
    assert len(read_alerts(ztf_packet()).X) == 1


def test_versions_of_a_schema_mix():
    """The identifier moved from the measurement to the packet, and the date changed its name."""
    new = lsst_packet(5, 9)
    middle = {"alertId": 6, "diaSource": new["diaSource"] | {"diaSourceId": 6}}
    old = {
        "alertId": 7,
        "diaSource": {
            "diaObjectId": 9,
            "midPointTai": 61000.0,
            "filterName": "r",
            "psFlux": 1000.0,
            "psFluxErr": 100.0,
            "ra": 1.0,
            "decl": 2.0,
        },
    }
    assert read_alerts([new, middle, new | {"diaSourceId": 8}]).X.index.tolist() == ["5", "6", "8"]
    assert read_alerts([old, old | {"alertId": 8}]).X.index.tolist() == ["7", "8"]

"""Stamps in the layout of Tomo-e Gozen and in FITS files."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits

from skastro.exceptions import FormatError, ObjectWarning
from skastro.io import _stamps, read_fits_stamps, read_stamps

TYPES = ["artifact", "galx_artificial_real", "rand_artificial_real"]


def write_detector(folder, number, n, shape=(5, 5, 3), types=TYPES):
    rng = np.random.default_rng(number)
    images = rng.normal(size=(n, *shape)).astype(np.float32)
    np.save(folder / f"images{number:02d}.npy", images)
    table = pd.DataFrame({"object_type": np.resize(types, n), "mag": rng.normal(size=n)})
    table.to_csv(folder / f"params{number:02d}.csv", index=False)
    return images.reshape(n, -1), table


def test_detectors_in_order_with_their_labels(tmp_path):
    second, table = write_detector(tmp_path, 12, 7)
    first, _ = write_detector(tmp_path, 3, 4)
    stamps = read_stamps(tmp_path)
    np.testing.assert_array_equal(stamps.X, np.concatenate([first, second]))
    assert stamps.metadata["detector"].tolist() == 4 * [3] + 7 * [12]
    assert stamps.y[4:].tolist() == [0, 1, 1, 0, 1, 1, 0]
    np.testing.assert_allclose(stamps.metadata["mag"][4:], table["mag"])
    assert stamps.image_shape == (5, 5, 3)


def test_one_detector_stays_on_disk(tmp_path):
    write_detector(tmp_path, 1, 6)
    X = read_stamps(tmp_path).X
    assert isinstance(X, np.memmap) or isinstance(X.base, np.memmap)
    assert not X.flags.writeable


def test_several_are_joined_on_disk_some_rows_at_a_time(tmp_path, monkeypatch):
    parts = [write_detector(tmp_path, number, 11)[0] for number in (1, 2)]
    monkeypatch.setattr(_stamps, "_ROWS_AT_ONCE", 4)
    monkeypatch.setattr(_stamps, "_IN_MEMORY", 100)
    with pytest.raises(FormatError, match="out="):
        read_stamps(tmp_path)
    stamps = read_stamps(tmp_path, out=tmp_path / "all.npy")
    assert isinstance(stamps.X, np.memmap)
    np.testing.assert_array_equal(stamps.X, np.concatenate(parts))


def test_arrays_of_one_class_each(tmp_path):
    np.save(tmp_path / "real.npy", np.ones((3, 4, 4, 2)))
    np.save(tmp_path / "bogus.npy", np.zeros((2, 4, 4, 2)))
    stamps = read_stamps({tmp_path / "real.npy": 1, tmp_path / "bogus.npy": 0})
    assert stamps.y.tolist() == [1, 1, 1, 0, 0] == stamps.X[:, 0].tolist()
    assert stamps.metadata["file"].tolist()[3:] == ["bogus.npy"] * 2


def test_what_does_not_fit_is_named(tmp_path):
    with pytest.raises(FormatError, match="no arrays"):
        read_stamps(tmp_path)
    write_detector(tmp_path, 1, 3)
    (tmp_path / "params02.csv").write_text("object_type\n")
    with pytest.raises(FormatError, match="missing of .'02'"):
        read_stamps(tmp_path)
    write_detector(tmp_path, 2, 3, types=["alien"])
    with pytest.raises(FormatError, match="params02.csv: unknown object_type .'alien'"):
        read_stamps(tmp_path)
    write_detector(tmp_path, 2, 3, shape=(4, 4, 3))
    with pytest.raises(FormatError, match="several shapes"):
        read_stamps(tmp_path)
    (tmp_path / "params02.csv").write_text("object_type\nartifact\n")
    with pytest.raises(FormatError, match="images02.npy holds 3 stamps, params02.csv 1"):
        read_stamps(tmp_path)
    (tmp_path / "images02.npy").write_bytes(b"nothing")
    with pytest.raises(FormatError, match="images02"):
        read_stamps(tmp_path)


def test_fits_cutouts(tmp_path):
    image = np.arange(35.0).reshape(5, 7)
    for k in range(3):
        fits.PrimaryHDU(image + k).writeto(tmp_path / f"{k}.fits.gz")
    stamps = read_fits_stamps([[tmp_path / f"{k}.fits.gz" for k in range(3)]], size=5, labels=[1])
    assert stamps.image_shape == (5, 5, 3) and stamps.y.tolist() == [1]
    np.testing.assert_array_equal(stamps.X.reshape(5, 5, 3)[..., 2], image[:, 1:6] + 2)


def test_broken_fits_are_named_together(tmp_path):
    (tmp_path / "a.fits").write_bytes(b"x")
    with pytest.raises(FormatError, match="2 files.*a.fits.*b.fits"):
        read_fits_stamps([(tmp_path / "a.fits",), (tmp_path / "b.fits",)])
    with pytest.raises(FormatError, match="labels"):
        fits.PrimaryHDU(np.eye(3)).writeto(tmp_path / "c.fits")
        read_fits_stamps([tmp_path / "c.fits"], labels=[1, 0])


def test_masked_pixels_of_a_cutout_are_missing(tmp_path):
    image = np.arange(9, dtype=np.float32).reshape(3, 3)
    image[1, 1] = -np.finfo(np.float32).max
    fits.PrimaryHDU(image).writeto(tmp_path / "cutout.fits")
    X = read_fits_stamps([(tmp_path / "cutout.fits",)], size=3).X
    assert np.isnan(X[0, 4]) and np.isnan(X).sum() == 1


def test_damaged_fits_may_be_left_out_with_their_reason(tmp_path):
    fits.PrimaryHDU(np.eye(3)).writeto(tmp_path / "a.fits")
    content = bytearray((tmp_path / "a.fits").read_bytes())
    content[content.index(b"BITPIX") + 20 : content.index(b"BITPIX") + 30] = b"         7"
    (tmp_path / "b.fits").write_bytes(bytes(content))
    files = [tmp_path / name for name in ("b.fits", "a.fits", "lost.fits")]
    with pytest.warns(ObjectWarning, match="2 files.*b.fits: .*; .*lost.fits"):
        stamps = read_fits_stamps(files, size=3, labels=[0, 1, 0], errors="skip")
    assert np.isnan(stamps.X).all(axis=1).tolist() == [True, False, True]
    assert stamps.metadata["quality"].ne("").tolist() == [True, False, True]
    assert stamps.y.tolist() == [0, 1, 0]


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', "])
def test_damaged_arrays_may_be_left_out(tmp_path, content):
    for number in (1, 2):
        write_detector(tmp_path, number, 3)
    (tmp_path / "images02.npy").write_bytes(content)
    with pytest.raises(FormatError, match="images02.npy.*errors='skip'"):
        read_stamps(tmp_path)
    with pytest.warns(ObjectWarning, match="1 of 2 files.*images02.npy"):
        stamps = read_stamps(tmp_path, errors="skip")
    assert set(stamps.metadata["detector"]) == {1} and len(stamps.y) == 3


def test_rows_wider_than_the_header_are_refused(tmp_path):
    write_detector(tmp_path, 1, 1)
    (tmp_path / "params01.csv").write_text("x,object_type\n1,5,artifact\n")
    with pytest.raises(FormatError, match="params01.csv, line 2: 3 values"):
        read_stamps(tmp_path)

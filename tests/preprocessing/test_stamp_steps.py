"""Cropping, filling and normalising stamps."""

import tracemalloc

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from skastro.exceptions import ObjectError
from skastro.nn import StampNormalization
from skastro.preprocessing import CropStamps, FillStamps, NormalizeStamps

SHAPE = (6, 7, 2)


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(100, 20, (9, 84)).astype(np.float32)


def images(X, shape=SHAPE):
    return X[:, : np.prod(shape)].reshape(len(X), *shape)


@pytest.mark.parametrize("size", [(4, 3), (2, 7), 5])
def test_crop_keeps_the_middle(rows, size):
    step = CropStamps(size, image_shape=SHAPE).fit(rows)
    height, width = (size, size) if isinstance(size, int) else size
    assert step.output_shape_ == (height, width, 2)
    top, left = (6 - height) // 2, (7 - width) // 2
    expected = images(rows)[:, top : top + height, left : left + width]
    np.testing.assert_array_equal(images(step.transform(rows), step.output_shape_), expected)


@pytest.mark.parametrize("fill", ["median", "nan", 7.0])
def test_padding_and_back(rows, fill):
    pad = CropStamps((10, 9), fill=fill, image_shape=SHAPE).fit(rows)
    padded = pad.transform(rows)
    new = images(padded, (10, 9, 2))
    corner = {"median": np.median(images(rows), axis=(1, 2)), "nan": np.full((9, 2), np.nan)}
    np.testing.assert_allclose(new[:, 0, 0], corner.get(fill, np.full((9, 2), 7.0)))
    back = CropStamps((6, 7), image_shape=(10, 9, 2)).fit_transform(padded)
    np.testing.assert_array_equal(back, rows)


def test_columns_after_the_stamp_stay(rows):
    table = np.column_stack([rows, np.arange(9.0)])
    for step in (CropStamps(3, image_shape=SHAPE), NormalizeStamps(image_shape=SHAPE)):
        np.testing.assert_array_equal(step.fit_transform(table)[:, -1], np.arange(9))


def test_fill_takes_the_median_of_the_own_channel(rows):
    broken = rows.copy()
    images(broken)[3, 2, 2:5, 1] = np.nan
    filled = FillStamps(image_shape=SHAPE).fit_transform(broken)
    expected = np.nanmedian(images(broken)[3, ..., 1])
    assert (images(filled)[3, 2, 2:5, 1] == np.float32(expected)).all()
    untouched = ~np.isnan(broken)
    np.testing.assert_array_equal(filled[untouched], broken[untouched])


def test_a_stamp_with_too_large_a_gap_becomes_nan(rows):
    broken = rows.copy()
    images(broken)[0, :4, :, 0] = np.nan
    images(broken)[1, :, :, 1] = np.nan
    images(broken)[2, :2, :, 0] = np.nan
    filled = FillStamps(image_shape=SHAPE).fit_transform(broken)
    assert np.isnan(filled[:2]).all() and np.isfinite(filled[2:]).all()


@pytest.mark.parametrize("method", ["minmax", "standardize_asinh", "asinh_minmax"])
def test_normalisation_is_that_of_the_networks(rows, method):
    rows[4] = 55.0
    step = NormalizeStamps(method, image_shape=SHAPE).fit(rows)
    found = images(step.transform(rows), step.output_shape_)
    with torch.no_grad():
        network = StampNormalization(method)(torch.from_numpy(images(rows)).permute(0, 3, 1, 2))
    expected = network.permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_normalisation_by_noise_is_that_of_the_networks(rows):
    odd = np.ascontiguousarray(images(rows)[:, :5])
    step = NormalizeStamps("noise_asinh", image_shape=odd.shape[1:])
    with torch.no_grad():
        network = StampNormalization("noise_asinh")(torch.from_numpy(odd).permute(0, 3, 1, 2))
    expected = network.permute(0, 2, 3, 1).reshape(len(odd), -1).numpy()
    np.testing.assert_allclose(step.fit_transform(odd.reshape(len(odd), -1)), expected, atol=2e-5)


def test_missing_pixels_stay_missing_and_change_no_other(rows):
    broken = rows.copy()
    images(broken)[0, 0, 0, 0] = np.nan
    found = NormalizeStamps("standardize_asinh", image_shape=SHAPE).fit_transform(broken)
    assert np.isnan(found[0]).sum() == 2
    whole = images(found, (6, 7, 4))[0, ..., 0]
    assert np.nanmean(whole) == pytest.approx(0, abs=1e-5)
    assert np.nanstd(whole) == pytest.approx(1, abs=1e-5)


def test_some_at_a_time_is_all_at_once(rows, monkeypatch):
    expected = NormalizeStamps(image_shape=SHAPE).fit_transform(rows)
    monkeypatch.setattr("skastro.preprocessing._stamps._PIXELS_AT_ONCE", 200)
    np.testing.assert_array_equal(NormalizeStamps(image_shape=SHAPE).fit_transform(rows), expected)


def test_wrong_shapes_are_refused(rows):
    with pytest.raises(ValueError, match="NormalizeStamps: image_shape"):
        NormalizeStamps(image_shape=(29, 29, 3)).fit(rows)
    with pytest.raises(ValueError, match="size"):
        CropStamps((3, 0), image_shape=SHAPE).fit(rows)
    with pytest.raises(NotFittedError):
        NormalizeStamps(image_shape=SHAPE).transform(rows)


def test_a_memory_map_is_never_copied_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("skastro.preprocessing._stamps._PIXELS_AT_ONCE", 20_000)
    stored = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, (2000, 1000))
    stored[:, 0] = np.nan
    stored.flush()
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    step = NormalizeStamps(image_shape=(10, 100, 1))
    tracemalloc.start()
    step.fit(X)
    peak_of_fit = tracemalloc.get_traced_memory()[1]
    result = step.transform(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_of_fit < X.nbytes / 10
    assert peak < result.nbytes + X.nbytes / 4


def test_infinite_stamps_are_named(rows):
    X = np.array(rows)
    X[1, 3] = np.inf
    with pytest.raises(ObjectError, match="infinity.*1"):
        NormalizeStamps(image_shape=None).fit(X)

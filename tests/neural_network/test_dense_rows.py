"""Batches of dense rows: same numbers, no copy of the whole."""

import math
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.preprocessing import QuantileTransformer

from skastro.exceptions import ObjectError, ObjectWarning
from skastro.neural_network import HeatmapCNNClassifier
from skastro.neural_network.inputs import BatchDataset, BatchIterator, DenseBlocks


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(9, 14)).astype(np.float32)


def test_blocks_are_cut_in_order(X):
    rows = DenseBlocks(X, {"a": (2, 3), "b": (1, 2, 3)}, "Test")
    batch = rows.take(np.array([4, 0]))
    np.testing.assert_array_equal(batch["a"], X[[4, 0], :6].reshape(2, 2, 3))
    np.testing.assert_array_equal(batch["b"], X[[4, 0], 6:12].reshape(2, 1, 2, 3))
    batch = rows.learn(np.arange(9)).take(np.array([4, 0]))
    scaled = (X[:, 12:] - X[:, 12:].mean(0)) / X[:, 12:].std(0)
    np.testing.assert_allclose(batch["static"][:, :2], scaled[[4, 0]], atol=1e-5)
    assert not batch["static"][:, 2:].any()
    assert all(tensor.dtype == torch.float32 for tensor in batch.values())


@pytest.mark.parametrize("dtype", ["float64", "float16", "int32", "bool"])
def test_dtypes_are_cast_batch_by_batch(X, dtype):
    rows = DenseBlocks(X.astype(dtype), {"a": (14,)}, "Test")
    np.testing.assert_array_equal(rows.take([1])["a"][0], X.astype(dtype)[1].astype(np.float32))


def test_nan_in_a_block_marks_the_row_and_nan_in_static_does_not(X):
    X[2, 0] = X[5, 13] = np.nan
    rows = DenseBlocks(X, {"a": (12,)}, "Test")
    assert np.flatnonzero(rows.unusable).tolist() == [2]


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("column", [0, 13])
def test_infinite_values_are_refused_by_row(X, value, column):
    X = X.astype(np.float64)
    X[[3, 7], column] = value
    with pytest.raises(ObjectError, match=r"Test: X contains inf.*objects 3, 7") as error:
        DenseBlocks(X, {"a": (12,)}, "Test")
    assert error.value.ids == [3, 7]


def test_too_few_columns_are_refused(X):
    with pytest.raises(ValueError, match="require 15 columns; X has 14"):
        DenseBlocks(X, {"a": (3, 5)}, "Test")


def test_static_columns_are_standardised_without_nan():
    X = np.array([[0, 1.0, 7], [0, 3, 7], [0, np.nan, 7], [0, 100, 7]])
    rows = DenseBlocks(X, {"a": (1,)}, "Test")
    static = rows.learn(np.array([0, 1, 2])).take(np.arange(4))["static"]
    np.testing.assert_allclose(
        static, [[-1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [98, 0, 0, 0]], atol=1e-6
    )


def test_static_columns_go_through_any_scaler():
    X = np.array([[0, 1.0, 7], [0, 3, np.nan], [0, 1000, np.nan], [0, 2, np.nan]])
    scaler = QuantileTransformer(n_quantiles=4)
    rows = DenseBlocks(X, {"a": (1,)}, "Test", static_scaler=scaler)
    static = rows.learn(np.arange(4)).take(np.arange(4))["static"]
    np.testing.assert_allclose(static[:, 0], [0, 2 / 3, 1, 1 / 3], atol=1e-6)
    np.testing.assert_array_equal(static[:, 3], [0, 1, 1, 1])
    assert not hasattr(scaler, "quantiles_")


def test_a_static_column_that_is_never_known_is_accepted():
    rows = DenseBlocks(np.array([[0, np.nan], [1, np.nan]]), {"a": (1,)}, "Test")
    static = rows.learn(np.arange(2)).take(np.arange(2))["static"]
    np.testing.assert_array_equal(static, [[0, 1], [0, 1]])


def test_pixels_far_beyond_the_usual_are_clipped_and_others_are_not(X):
    X[4, 3], X[4, 5] = 1e12, -1e12
    rows = DenseBlocks(X, {"a": (12,)}, "Test", clip=True)
    with pytest.warns(ObjectWarning, match="1 of 9 objects .* clipped .*object 4.*normalised"):
        scaled = rows.learn(np.delete(np.arange(9), 4))
    limit = scaled.scale.limit
    usual = np.abs(np.delete(X, 4, axis=0)[:, :12]).max(1)
    assert limit == pytest.approx(10 * np.quantile(usual, 0.9))
    taken = scaled.take(np.arange(9))["a"].numpy()
    np.testing.assert_array_equal(np.delete(taken, 4, axis=0), np.delete(X, 4, axis=0)[:, :12])
    assert taken[4, 3] == -taken[4, 5] == np.float32(limit)
    assert X[4, 3] == np.float32(1e12)


def test_an_outlier_does_not_spoil_the_training_and_is_announced():
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b"], 100)
    X = rng.normal(size=(200, 128)) + (y == "a")[:, None]
    X[[7, 150]] *= 1e12
    model = HeatmapCNNClassifier(image_shape=(8, 16, 1), max_epochs=10, lr=1e-2, random_state=0)
    with pytest.warns(ObjectWarning, match=r"2 of 200 objects have values beyond.*objects 7, 150"):
        model.fit(X, y)
    assert model.score(X, y) > 0.95
    assert model.scale_.limit < 100


def test_batches_cover_every_row_once_and_leave_no_single_row(X):
    source = DenseBlocks(X, {"a": (14,)}, "Test")
    data = BatchDataset(source, np.arange(9), np.arange(9), generator=torch.Generator())
    batches = [codes.tolist() for _, codes in BatchIterator(data, 4, shuffle=True)]
    assert sorted(map(len, batches)) == [4, 5]
    assert sorted(sum(batches, [])) == list(range(9))
    in_order = [codes.tolist() for _, codes in BatchIterator(data, 4)]
    assert in_order == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]


def test_inputs_codes_and_weights_stay_together(X):
    weights = np.arange(1.0, 10)
    data = BatchDataset(
        DenseBlocks(X, {"a": (14,)}, "Test"), np.arange(9)[::-1], np.arange(9), weights
    )
    for inputs, codes in BatchIterator(data, 4, shuffle=True):
        np.testing.assert_array_equal(inputs["a"], X[8 - codes.numpy()])
        np.testing.assert_allclose(inputs["sample_weight"], weights[codes] / weights.mean())


def test_memory_mapped_rows_are_never_copied_whole(tmp_path):
    rng = np.random.default_rng(0)
    n, shape = 6000, (32, 60, 1)
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, (n, math.prod(shape)))
    X[:] = rng.normal(size=X.shape)
    y = np.arange(n) % 2
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    model = HeatmapCNNClassifier(image_shape=shape, max_epochs=1, random_state=0)
    model.fit(X[:64], y[:64])
    tracemalloc.start()
    model.fit(X, y).predict_proba(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 3


def test_frame_and_array_give_the_same(X):
    y = np.arange(9) % 2
    model = HeatmapCNNClassifier(image_shape=(3, 4, 1), max_epochs=2, random_state=0)
    a = model.fit(X, y).predict_proba(X)
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(14)])
    b = model.fit(frame, y).predict_proba(frame)
    np.testing.assert_array_equal(a, b)
    assert model.feature_names_in_[0] == "c0"

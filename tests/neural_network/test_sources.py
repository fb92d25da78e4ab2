"""Sources keep the protocol: they never change, and every request is an argument."""

import joblib
import numpy as np
import pytest
import torch

from skastro.neural_network.inputs import (
    DenseBlocks,
    LightCurves,
    MultimodalBlocks,
    Reconstruction,
    Source,
    Stamps,
)

N = 12


def rows():
    return np.random.default_rng(0).normal(size=(N, 20)).astype(np.float32)


def light_curves(**options):
    rng = np.random.default_rng(0)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(1, 9, N))])
    n = offsets[-1]
    fields = {
        "time": rng.uniform(0, 100, n),
        "flux": rng.normal(size=n),
        "flux_err": rng.uniform(0.1, 1, n),
        "detected": rng.uniform(size=n) > 0.5,
        "band": rng.integers(0, 2, n),
    }
    zero = np.full(N, np.nan)
    options = {"n_prefixes": 3, "dropout": 0.5, "lengths_too": True} | options
    return LightCurves(offsets, fields, rng.normal(size=(N, 2)), np.eye(2), zero, **options)


SOURCES = {
    "dense": lambda: DenseBlocks(rows(), {"a": (2, 8)}, "Test"),
    "multimodal": lambda: MultimodalBlocks(rows(), {"a": (8,), "b": (8,)}, "Test"),
    "stamps": lambda: Stamps(rows(), {"image": (4, 4, 1)}, "Test", augment=True),
    "light curves": light_curves,
    "reconstruction": lambda: Reconstruction(light_curves()),
}
QUESTIONS = {
    "stamps": {"orientation": 3},
    "light curves": {"at": np.array([5.0, 50.0])},
    "reconstruction": {"truth": False},
}


def state(source):
    return joblib.hash(vars(source))


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_equal(
            *(v.numpy() if isinstance(v, torch.Tensor) else v for v in (a[name], b[name]))
        )


@pytest.mark.parametrize("name", SOURCES)
def test_no_request_changes_a_source(name):
    source, objects = SOURCES[name](), np.arange(4)
    assert isinstance(source, Source) and len(source) == N and not source.unusable.any()
    before = state(source)
    scaled = source.learn(np.arange(6))
    assert scaled is not source and source.scale is None and scaled.scale is not None
    assert state(source) == before
    before, plain = state(scaled), scaled.take(objects)
    scaled.take(objects, generator=torch.Generator())
    scaled.take(objects, **QUESTIONS.get(name, {}))
    assert state(scaled) == before
    assert_same(scaled.take(objects), plain)


@pytest.mark.parametrize("name", SOURCES)
def test_a_scale_serves_other_data(name):
    source = SOURCES[name]()
    learned = source.learn(np.arange(6))
    assert_same(source.scaled(learned.scale).take(np.arange(N)), learned.take(np.arange(N)))


@pytest.mark.parametrize("name", SOURCES)
def test_keys_belong_to_the_content(name):
    source = SOURCES[name]()
    keys = source.keys(np.arange(N))
    assert keys.dtype == np.uint64 and len(set(keys.tolist())) == N
    np.testing.assert_array_equal(source.keys(np.array([7, 2, 7])), keys[[7, 2, 7]])
    np.testing.assert_array_equal(source.learn(np.arange(3)).keys(np.arange(N)), keys)


@pytest.mark.parametrize("name", ["stamps", "light curves", "reconstruction"])
def test_training_samples_follow_the_generator(name):
    source, objects = SOURCES[name]().learn(np.arange(N)), np.arange(N)
    first, again, other = (
        source.take(objects, generator=torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    assert_same(first, again)
    assert any(
        first[key].shape != other[key].shape or not torch.equal(first[key], other[key])
        for key in first
    )


def test_keys_do_not_depend_on_the_order_of_simultaneous_observations():
    fields = {name: np.array([1.0, 2.0]) for name in ("flux", "flux_err")}
    fields |= {"time": np.zeros(2), "detected": np.ones(2, bool), "band": np.array([0, 1])}
    swapped = {name: values[::-1] for name, values in fields.items()}
    keys = [
        LightCurves(np.array([0, 2]), f, np.zeros((1, 0)), np.eye(2), np.zeros(1)).keys(
            np.array([0])
        )
        for f in (fields, swapped)
    ]
    assert keys[0] == keys[1]


def test_positions_are_those_requested():
    source = light_curves(n_prefixes=2, dropout=0.0)
    last = source.lengths - 1
    at_end, halves, every = (
        source.take(np.arange(N), at=at)["positions"].numpy() for at in ("end", "halves", "every")
    )
    np.testing.assert_array_equal(at_end[:, 0], last)
    np.testing.assert_array_equal(halves, np.stack([last // 4, last // 2, last], axis=1))
    assert ((every >= 0).sum(axis=1) == source.lengths).all()
    sample = source.take(np.arange(N), generator=torch.Generator())["positions"].numpy()
    assert sample.shape == (N, 3) and (sample <= last[:, None]).all()

"""Random numbers belong to a network, and those of a prediction to the object."""

import multiprocessing
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict
from torch.nn import functional

from skastro.datasets import make_bazin
from skastro.neural_network import (
    HeatmapCNNClassifier,
    MultimodalClassifier,
    RecurrentClassifier,
    StampCNNClassifier,
    TransformerClassifier,
)
from skastro.neural_network._random import ObjectDraws, OwnGenerator
from skastro.nn import RealBogusLoss, TransformerNet


def rows(n=60):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 3
    return (rng.normal(size=(n, 144)) + y[:, None] / 2).astype(np.float32), y


def dense_networks():
    shape, options = (12, 12, 1), {"max_epochs": 2, "batch_size": 16, "random_state": 0}
    loss = RealBogusLoss(vat=0.1)
    return [
        HeatmapCNNClassifier(image_shape=shape, **options),
        StampCNNClassifier(image_shape=shape, criterion=loss, **options),
        MultimodalClassifier(inputs={"a": (1, 80), "b": (64,)}, encoders={"a": "rnn"}, **options),
    ]


def light_curve_networks():
    options = {"max_epochs": 2, "batch_size": 16, "random_state": 0}
    small = partial(TransformerNet, size=16, feedforward_size=16, dropout=0.2)
    return [RecurrentClassifier(**options), TransformerClassifier(module=small, **options)]


def fit_and_predict(model, X, y):
    return clone(model).fit(X, y).predict_proba(X)


@pytest.mark.parametrize("kind", ["dense", "light curves"])
def test_threads_train_as_a_single_one_does(kind):
    X, y = rows() if kind == "dense" else make_bazin(40, random_state=0)
    models = dense_networks() if kind == "dense" else light_curve_networks()
    alone = [fit_and_predict(model, X, y) for model in models]
    with parallel_config(backend="threading"):
        together = Parallel(n_jobs=4)(
            delayed(fit_and_predict)(model, X, y) for model in models for _ in range(2)
        )
    for i, found in enumerate(together):
        np.testing.assert_array_equal(found, alone[i // 2])


def test_threads_of_cross_validation_predict_the_same():
    X, y = rows()
    model = dense_networks()[0]
    alone = cross_val_predict(model, X, y, method="predict_proba", cv=3)
    with parallel_config(backend="threading"):
        together = cross_val_predict(model, X, y, method="predict_proba", cv=3, n_jobs=3)
    np.testing.assert_array_equal(together, alone)


def test_no_training_or_prediction_draws_from_the_global_generators(monkeypatch):
    X, y = rows()
    used = []
    draw = torch.nn.functional.dropout
    monkeypatch.setattr(torch, "seed", lambda: used.append("seed"))
    for model in dense_networks():
        before = torch.get_rng_state(), np.random.get_state()[1].copy()
        model.fit(X, y).predict_proba_samples(X, 2)
        assert torch.equal(torch.get_rng_state(), before[0])
        np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    assert functional.dropout is draw and not used


LAYERS = {
    "dropout": torch.nn.Dropout(0.4),
    "channels": torch.nn.Dropout2d(0.4),
    "gru": torch.nn.GRU(6, 5, num_layers=3, dropout=0.4, batch_first=True),
    "two directions": torch.nn.LSTM(6, 5, num_layers=2, dropout=0.4, bidirectional=True),
    "attention": torch.nn.MultiheadAttention(6, 2, dropout=0.4, batch_first=True),
    "alpha dropout": torch.nn.AlphaDropout(0.4),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_draw_what_they_would_draw_from_the_global_generator(name):
    layer = LAYERS[name].train()
    inputs = torch.randn(4, 3, 2, 6) if name == "channels" else torch.randn(4, 7, 6)
    arguments = [inputs] * 3 if name == "attention" else [inputs]

    def run():
        output = layer(*arguments)
        return output[0] if isinstance(output, tuple) else output

    torch.manual_seed(5)
    expected = run()
    state = torch.get_rng_state()
    torch.manual_seed(6)
    before = torch.get_rng_state()
    generator = torch.Generator().manual_seed(5)
    with OwnGenerator(generator):
        found = run()
    torch.testing.assert_close(found, expected)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(generator.get_state(), state)


def test_attention_with_dropout_is_that_of_torch():
    query, key, value = torch.randn(3, 2, 4, 5, 8)
    mask = torch.rand(2, 1, 5, 5) > 0.3
    mask[..., 0] = True
    torch.manual_seed(1)
    expected = functional.scaled_dot_product_attention(query, key, value, mask, 0.3)
    with OwnGenerator(torch.Generator().manual_seed(1)):
        found = functional.scaled_dot_product_attention(query, key, value, mask, 0.3)
    torch.testing.assert_close(found, expected)


def test_masks_of_objects_have_the_right_rate_and_no_pattern():
    keys = np.arange(50, dtype=np.uint64)
    with ObjectDraws(keys):
        ones = torch.ones(50, 40, 30)
        first, second = (functional.dropout(ones, 0.3, training=False) > 0 for _ in range(2))
    assert abs(first.double().mean() - 0.7) < 0.005
    for axis in range(3):
        means = first.double().mean(dim=[i for i in range(3) if i != axis])
        assert (means - 0.7).abs().max() < 0.07
    agree = (first == second).double().mean()
    assert abs(agree - (0.7**2 + 0.3**2)) < 0.01


@pytest.mark.parametrize("kind", range(5))
def test_samples_depend_on_the_object_and_not_on_its_place(kind):
    if kind < 3:
        (X, y), model = rows(), dense_networks()[kind]
    else:
        (X, y), model = make_bazin(40, random_state=0), light_curve_networks()[kind - 3]
    take = (lambda part: X[part]) if kind < 3 else (lambda part: X.iloc[part])
    model.set_params(random_state=None, max_epochs=1).fit(X, y)
    together = model.predict_proba_samples(X, 3)
    if kind != 1:
        assert together.std(axis=0).max() > 1e-4
    np.testing.assert_array_equal(model.predict_proba_samples(X, 3), together)
    np.testing.assert_array_equal(model.predict_proba_samples(X, 5)[:3], together)
    mirrored = model.predict_proba_samples(take(slice(None, None, -1)), 3)
    np.testing.assert_allclose(mirrored[:, ::-1], together, atol=1e-5)
    for i in (0, 7):
        one = model.predict_proba_samples(take(slice(i, i + 1)), 3)
        np.testing.assert_allclose(one[:, 0], together[:, i], atol=1e-5)
    other = clone(model).set_params(random_state=1).fit(X, y).predict_proba_samples(X, 3)
    assert np.abs(other - together).max() > 1e-5


def _child(X, y, queue):
    queue.put(fit_and_predict(dense_networks()[0], X, y))


def test_a_forked_process_trains_after_the_parent_used_several_threads():
    X, y = rows()
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        expected = fit_and_predict(dense_networks()[0], X, y)
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        process = context.Process(target=_child, args=(X, y, queue))
        process.start()
        found = queue.get(timeout=120)
        process.join()
    finally:
        torch.set_num_threads(threads)
        process.kill()
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_training_leaves_the_number_of_threads_alone():
    X, y = rows()
    before = torch.get_num_threads()
    model = dense_networks()[0].fit(X, y)
    model.predict_proba(X)
    assert torch.get_num_threads() == before


def test_what_is_seldom_used_is_not_imported():
    code = "import skastro.neural_network, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert not {
        "optuna",
        "matplotlib",
        "george",
        "numba",
        "tqdm.auto",
        "sklearn.ensemble",
        "astropy",
    } & set(loaded.split())

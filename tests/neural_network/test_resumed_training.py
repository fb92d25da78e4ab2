"""Training that is interrupted, stopped or continued."""

import numpy as np
import pytest
import torch
from heatmap_network import same, weights
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import (
    cross_validate,
)
from skorch.callbacks import Callback, EarlyStopping

from skastro.neural_network import HeatmapCNNClassifier


class Interrupt(Callback):
    """Interrupt in one epoch, in the middle or before the first batch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_batch_end(self, net, training=False, **kwargs):
        if len(net.history) == self.epoch:
            raise KeyboardInterrupt


def test_interrupt_keeps_the_finished_epochs(data, model):
    X, y = data
    model.set_params(validation=None, callbacks=[Interrupt(3)], on_interrupt="keep")
    with pytest.warns(UserWarning, match="interrupted after 2 of 4 epochs, which are kept"):
        model.fit(X, y)
    assert model.n_iter_ == 2
    assert model.predict(X).shape == (120,)
    with pytest.raises(KeyboardInterrupt):
        clone(model).set_params(callbacks=[Interrupt(1)]).fit(X, y)


def test_interrupt_ends_a_fit_and_leaves_no_partial_fit(data, model):
    X, y = data
    model.set_params(callbacks=[Interrupt(3)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(model, X, y, cv=2)


def test_interrupt_of_a_warm_start_keeps_the_network(data, model):
    X, y = data
    model.set_params(warm_start=True, validation=None).fit(X, y)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(callbacks=[Interrupt(6)]).fit(X, y)
    assert model.set_params(callbacks=None).fit(X, y).n_iter_ == 9


def test_early_stopping_of_skorch_is_not_an_interrupt(data, model):
    X, y = data
    stop = EarlyStopping("train_loss", patience=1, threshold=1e9, threshold_mode="abs")
    assert model.set_params(callbacks=[stop]).fit(X, y).n_iter_ == 2


def test_warm_start_continues(data, model):
    X, y = data
    model.set_params(warm_start=True, validation=None, schedule="constant").fit(X, y)
    first = weights(model)
    model.set_params(lr=1e-9).fit(X, y)
    assert model.n_iter_ == 8
    for name, after in weights(model).items():
        if "conv" in name or "head" in name or "output" in name:
            torch.testing.assert_close(after, first[name], atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="'AGN', which is not among the classes"):
        model.fit(X, np.where(y == "KN", "AGN", y))
    model.set_params(warm_start=False).fit(X, y)
    assert model.n_iter_ == 4


def test_partial_fit_learns_class_by_class(data):
    X, y = data
    model = HeatmapCNNClassifier(image_shape=(4, 8, 2), lr=2e-2, random_state=0)
    order = np.random.default_rng(0).permutation(120)
    for _ in range(15):
        for batch in np.array_split(order, 3):
            model.partial_fit(X[batch], y[batch], classes=["KN", "SNIa", "TDE"])
    assert model.score(X, y) > 0.9
    assert model.n_iter_ == 45
    model.partial_fit(X[:5], y[:5])
    with pytest.raises(ValueError, match="classes"):
        clone(model).partial_fit(X, y)
    with pytest.raises(ValueError, match="balanced"):
        clone(model).set_params(class_weight="balanced").partial_fit(X, y, classes=np.unique(y))


def test_partial_fit_is_repeatable_and_shuffles_anew(data, model):
    X, y = data

    def run():
        fresh = clone(model)
        return [weights(fresh.partial_fit(X, y, classes=np.unique(y))) for _ in range(3)]

    assert all(same(a, b) for a, b in zip(run(), run()))

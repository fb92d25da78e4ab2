"""Training: repeatable, interruptible, continued, watched."""

import copy
import io
import pickle
from contextlib import redirect_stderr

import joblib
import numpy as np
import pytest
import torch
from heatmap_network import same, weights
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupShuffleSplit,
    PredefinedSplit,
)
from skorch.callbacks import Callback, EpochScoring, LRScheduler

from skastro.neural_network._callbacks import SCHEDULES, LearningRate
from skastro.neural_network._net import resolve_device


class Weights(Callback):
    """Keep the weights of every epoch outside of the estimator."""

    kept = []

    def on_epoch_end(self, net, **kwargs):
        self.kept.append(copy.deepcopy(net.module_.state_dict()))


@pytest.mark.parametrize("weighted", [False, True])
def test_random_state_repeats_bit_for_bit(data, model, weighted):
    X, y = data
    sample_weight = np.linspace(0.5, 2, 120) if weighted else None
    first = weights(model.fit(X, y, sample_weight))
    torch.manual_seed(99)
    np.random.seed(99)
    assert same(first, weights(clone(model).fit(X, y, sample_weight)))
    assert not same(first, weights(model.set_params(random_state=1).fit(X, y, sample_weight)))


def test_global_generators_are_untouched(data, model):
    X, y = data
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    model.fit(X, y).predict(X)
    model.partial_fit(X, y)
    assert torch.equal(before[0], torch.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])


def test_history_is_a_learning_curve(data, model):
    history = model.fit(*data).history_
    columns = ["epoch", "train_loss", "valid_loss", "valid_accuracy", "lr", "seconds"]
    assert history.columns.tolist() == columns
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history.notna().all(axis=None)
    assert model.n_iter_ == 4
    assert model.best_epoch_ == history["epoch"][history["valid_loss"].idxmin()]


def test_validation_losses_in_the_history_are_right(data, model):
    X, y = data
    split = PredefinedSplit(np.where(np.arange(120) % 3, -1, 0))
    model.set_params(validation=split).fit(X, y)
    p = model.predict_proba(X[::3])
    codes = np.searchsorted(model.classes_, y[::3])
    best = model.history_.set_index("epoch").loc[model.best_epoch_]
    assert best["valid_loss"] == pytest.approx(-np.log(p[np.arange(40), codes]).mean(), abs=1e-5)
    assert best["valid_accuracy"] == pytest.approx((p.argmax(1) == codes).mean())


def test_weights_of_the_best_epoch_are_kept(data, model):
    Weights.kept.clear()
    X, y = data
    noise = np.random.default_rng(0).permutation(y)
    model.set_params(callbacks=[Weights], max_epochs=12, lr=0.02).fit(X, noise)
    assert model.best_epoch_ < 12
    assert same(weights(model), Weights.kept[model.best_epoch_ - 1])
    assert not same(weights(model), Weights.kept[-1])


def test_patience_stops_early(data, model):
    X, y = data
    noise = np.random.default_rng(0).permutation(y)
    model.set_params(max_epochs=60, lr=0.02, patience=3).fit(X, noise)
    assert model.n_iter_ == model.best_epoch_ + 3 < 60


def test_without_validation_all_objects_train_all_epochs(data, model):
    model.set_params(validation=None, patience=1).fit(*data)
    assert model.n_iter_ == model.best_epoch_ == 4
    assert model.history_["valid_loss"].isna().all()


def test_groups_stay_together(data, model):
    X, y = data
    groups = np.arange(120) // 2
    seen = []

    class Spy(Callback):
        def on_train_begin(self, net, X=None, **kwargs):
            seen.append([set(groups[part.rows]) for part in X])

    model.set_params(callbacks=[Spy()], validation=0.2).fit(X, y, groups=groups)
    model.set_params(validation=GroupShuffleSplit(1, test_size=0.2, random_state=0))
    model.fit(X, y, groups=groups)
    for train, valid in seen:
        assert valid
        assert not train & valid
        assert len(train | valid) == 60


def test_validation_is_stratified(data, model):
    X, y = data
    rows = []

    class Spy(Callback):
        def on_train_begin(self, net, X=None, **kwargs):
            rows.append(X[1].rows)

    model.set_params(callbacks=[Spy()], validation=0.25).fit(X, y)
    assert np.unique(y[rows[0]], return_counts=True)[1].tolist() == [10, 10, 10]


@pytest.mark.parametrize("dump", [pickle, joblib])
def test_pickle_predicts_the_same_and_is_small(data, model, tmp_path, dump):
    X, y = data
    model.fit(X, y)
    path = tmp_path / "model"
    with path.open("wb") as file:
        dump.dump(model, file)
    with path.open("rb") as file:
        loaded = dump.load(file)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert path.stat().st_size < X.nbytes + 60_000
    assert loaded.set_params(warm_start=True).fit(X, y).n_iter_ == 8


def test_a_device_that_is_not_there(data, model, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    X, y = data
    with pytest.raises(ValueError, match="no CUDA device"):
        model.set_params(device="cuda").fit(X, y)
    model.set_params(device="cpu").fit(X, y)
    expected = model.predict_proba(X)
    model.set_params(device="cuda:1")
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_device_auto(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == "mps"
    assert resolve_device("cpu") == "cpu"


def test_diverging_training_is_an_error(data, model):
    X, y = data
    with pytest.raises(ValueError, match="HeatmapCNNClassifier: the training diverged"):
        model.set_params(lr=1e30, optimizer="SGD", schedule="constant").fit(X, y)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_followed(data, model, name):
    X, y = data
    rates = []

    class Spy(Callback):
        def on_batch_end(self, net, training=False, **kwargs):
            if training:
                rates.append(net.optimizer_.param_groups[0]["lr"])

    model.set_params(schedule=name, validation=None, callbacks=[Spy()]).fit(X, y)
    n = len(rates)
    np.testing.assert_allclose(rates, [1e-3 * SCHEDULES[name](i / n) for i in range(n)])
    assert n == 4 * 4


def test_own_schedule_and_skorchs_scheduler(data, model):
    X, y = data
    model.set_params(schedule=lambda progress: 1 - progress, validation=None).fit(X, y)
    np.testing.assert_allclose(model.history_["lr"][0], 1e-3 * (1 - 3 / 16))
    assert LearningRate(SCHEDULES["constant"]).schedule(0.3) == 1
    plateau = LRScheduler("ReduceLROnPlateau", monitor="train_loss", factor=0.5, patience=0)
    model.set_params(schedule="constant", callbacks=[plateau], max_epochs=2).fit(X, y)


def test_callbacks_see_probabilities_and_stay_as_given(data, model):
    X, y = data
    callback = EpochScoring("roc_auc_ovr", name="auc", lower_is_better=False)
    before = copy.deepcopy(vars(callback))
    model.set_params(callbacks=[callback], validation=0.3).fit(X, y)
    assert vars(callback) == before
    assert 0.5 < model.net_.history[-1, "auc"] <= 1


@pytest.mark.parametrize("labels", [[0, 1, 2], [7, -3, 40], ["a", "b", "ccc"], [True, False]])
def test_any_labels(data, model, labels):
    X, y = data
    named = np.array(labels)[np.searchsorted(np.unique(y), y) % len(labels)]
    model.fit(X, named)
    assert model.classes_.tolist() == sorted(labels)
    assert model.predict(X).dtype == named.dtype
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-6)
    assert p.dtype == np.float64


def test_one_object_and_one_batch_agree(data, model):
    X, y = data
    p = model.fit(X, y).predict_proba(X)
    one_by_one = np.concatenate([model.predict_proba(X[i : i + 1]) for i in range(120)])
    np.testing.assert_allclose(one_by_one, p, atol=1e-6)
    order = np.random.default_rng(0).permutation(120)
    np.testing.assert_allclose(model.predict_proba(X[order]), p[order], atol=1e-6)


def test_progress_bar(data, model):
    stream = io.StringIO()
    with redirect_stderr(stream):
        model.set_params(verbose=1).fit(*data)
    assert "4/4" in stream.getvalue()
    assert "valid_loss" in stream.getvalue()


def test_grid_search_in_processes(data, model):
    search = GridSearchCV(model, {"lr": [1e-5, 1e-2]}, cv=2, n_jobs=2, error_score="raise")
    assert search.fit(*data).best_params_ == {"lr": 1e-2}


def test_net_params_reach_the_net(data, model):
    model.set_params(net_params={"optimizer__weight_decay": 0.25, "iterator_valid__batch_size": 7})
    model.fit(*data)
    assert model.net_.optimizer_.param_groups[0]["weight_decay"] == 0.25


def test_optimizer_by_class_and_by_name(data, model):
    for optimizer in ("SGD", torch.optim.SGD):
        model.set_params(optimizer=optimizer).fit(*data)
        assert isinstance(model.net_.optimizer_, torch.optim.SGD)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_epochs": 0},
        {"lr": 0},
        {"batch_size": 0},
        {"validation": 1.0},
        {"patience": 0},
        {"schedule": "warm"},
        {"class_weight": "equal"},
        {"image_shape": (4, 8)},
        {"image_shape": (0, 4, 2)},
        {"image_shape": (4, 9, 2)},
    ],
)
def test_wrong_parameters_are_refused(data, model, wrong):
    with pytest.raises(ValueError, match="HeatmapCNNClassifier"):
        model.set_params(**wrong).fit(*data)

"""Importance of observations for a transformer, and trials that stop early."""

import copy

import numpy as np
import optuna
import pytest

from skastro.datasets import make_bazin
from skastro.neural_network import PruneTrial, TransformerClassifier
from skastro.recipes import make_transformer_classifier, suggest_transformer
from skastro.utils.ragged import flatten

pytestmark = pytest.mark.slow  # trains a transformer


@pytest.fixture(scope="module")
def fitted():
    X, y = make_bazin(160, random_state=0)
    model = TransformerClassifier(max_epochs=6, batch_size=16, random_state=0).fit(X, y)
    return model, X, y


def test_importance_has_a_row_an_observation_and_sums_to_one(fitted):
    model, X, _ = fitted
    found = model.observation_importance(X)
    offsets, rows = flatten(found["importance"])
    expected, light_curves = flatten(X["lightcurve"])
    np.testing.assert_array_equal(offsets, expected)
    np.testing.assert_array_equal(rows["time"], light_curves["time"])
    assert (np.asarray(rows["band"]) == np.asarray(light_curves["band"])).all()
    total = np.add.reduceat(np.abs(rows["importance"]), offsets[:-1])
    np.testing.assert_allclose(total, 1, atol=1e-5)


def test_importance_depends_on_the_own_light_curve_alone(fitted):
    model, X, _ = fitted
    together = flatten(model.observation_importance(X)["importance"])[1]["importance"]
    some = flatten(model.observation_importance(X.iloc[3:5])["importance"])[1]["importance"]
    start = flatten(X["lightcurve"])[0][3]
    np.testing.assert_allclose(some, together[start : start + len(some)], atol=1e-5)


def test_important_observations_matter_more(fitted):
    model, X, _ = fitted
    before = model.predict_proba(X).max(axis=1)
    importance = flatten(model.observation_importance(X)["importance"])[1]["importance"]
    offsets, rows = flatten(X["lightcurve"])
    change = {}
    for name, sign in (("important", -1), ("unimportant", 1)):
        kept = np.ones(offsets[-1], bool)
        for i in range(len(X)):
            own = np.arange(offsets[i] + 1, offsets[i + 1])
            kept[own[np.argsort(sign * np.abs(importance[own]))[: len(own) // 4]]] = False
        change[name] = np.abs(model.predict_proba(_with(X, offsets, rows, kept)).max(1) - before)
    assert change["important"].mean() > 1.3 * change["unimportant"].mean()


def _with(X, offsets, rows, kept):
    from skastro.utils.ragged import keep_rows, nest

    return X.assign(lightcurve=nest(*keep_rows(offsets, rows, kept), X.index))


def test_gradients_of_a_look_leave_nothing_behind(fitted):
    model, X, _ = fitted
    before = model.predict_proba(X)
    model.observation_importance(X)
    np.testing.assert_array_equal(model.predict_proba(X), before)


def objective(trial, X, y, n_epochs=4):
    sizes = suggest_transformer(trial, {"size": [16, 32], "num_layers": [1], "n_heads": [2]})
    lr = trial.suggest_categorical("lr", [1e-9, 5e-3])
    model = make_transformer_classifier(
        static=(),
        reference_column=None,
        sizes=sizes,
        lr=lr,
        max_epochs=n_epochs,
        schedule="constant",
        batch_size=16,
        callbacks=[PruneTrial(trial)],
        random_state=0,
    )
    return model.fit(X, y).history_["valid_loss"].min()


def test_a_hopeless_trial_is_pruned_and_a_good_one_finishes():
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    X, y = make_bazin(120, random_state=1)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=1, n_warmup_steps=1)
    study = optuna.create_study(pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0))
    for lr in (5e-3, 1e-9):
        study.enqueue_trial({"size": 16, "num_layers": 1, "n_heads": 2, "lr": lr})
    study.optimize(lambda trial: objective(trial, X, y), n_trials=2)
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "PRUNED"]
    assert len(study.trials[0].intermediate_values) == 4
    assert len(study.trials[1].intermediate_values) < 4
    assert study.best_params["lr"] == 5e-3


def test_the_reports_are_those_of_the_history():
    X, y = make_bazin(60, random_state=1)
    study = optuna.create_study()
    trial = study.ask()
    model = TransformerClassifier(max_epochs=2, callbacks=[PruneTrial(trial)], random_state=0)
    history = model.fit(X, y).history_
    reported = study.trials[0].intermediate_values
    assert list(reported.values()) == pytest.approx(history["valid_loss"].tolist())
    assert copy.deepcopy(model.callbacks[0]) is model.callbacks[0]


def test_without_validation_there_is_nothing_to_report():
    X, y = make_bazin(40, random_state=1)
    callbacks = [PruneTrial(optuna.create_study().ask())]
    model = TransformerClassifier(max_epochs=1, validation=None, callbacks=callbacks)
    with pytest.raises(ValueError, match="validation"):
        model.fit(X, y)

"""Classifiers for another data set: known answers, no change without a target, errors."""

import copy

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skastro.adaptation import (
    FineTunedClassifier,
    ImportanceWeightedClassifier,
    PriorShiftClassifier,
    TargetTrainedClassifier,
    change_priors,
    density_ratios,
    estimate_priors,
    join_target,
)
from skastro.datasets import make_light_curves
from skastro.feature_extraction import LightCurveStatistics
from skastro.neural_network import RecurrentClassifier
from skastro.recipes import make_oracle
from skastro.utils.ragged import flatten

RNG = np.random.default_rng(0)
Y = np.repeat(["Ia", "II", "SLSN"], 400)
CENTRES = {"Ia": (0.0, 0.0), "II": (3.0, 0.0), "SLSN": (0.0, 3.0)}
X = np.array([CENTRES[name] for name in Y]) + RNG.normal(size=(1200, 2))


def sample(counts, seed=1):
    y = np.repeat(list(CENTRES), counts)
    noise = np.random.default_rng(seed).normal(size=(len(y), 2))
    return np.array([CENTRES[name] for name in y]) + noise, y


def test_frequencies_of_perfect_predictions_are_their_counts():
    proba = np.repeat(np.eye(3), [5, 3, 2], axis=0)
    prior, n_iter = estimate_priors(proba, [0.2, 0.3, 0.5])
    np.testing.assert_allclose(prior, [0.5, 0.3, 0.2])
    assert n_iter <= 3


def test_frequencies_are_recovered():
    X_target, y_target = sample([900, 80, 20])
    model = PriorShiftClassifier(GaussianNB(), pseudo_counts=0).fit(X, Y, X_target)
    found = dict(zip(model.classes_, model.target_prior_))
    assert found == pytest.approx({"Ia": 0.9, "II": 0.08, "SLSN": 0.02}, abs=0.02)
    plain = GaussianNB().fit(X, Y)
    assert model.score(X_target, y_target) > plain.score(X_target, y_target)


def test_uninformative_predictions_leave_the_frequencies():
    prior = np.array([0.6, 0.4])
    new, _ = estimate_priors(np.tile(prior, (50, 1)), prior)
    np.testing.assert_allclose(new, prior)
    empty, n_iter = estimate_priors(np.full((3, 2), np.nan), prior)
    np.testing.assert_array_equal(empty, prior)
    assert n_iter == 0


def test_pseudo_counts_keep_classes():
    proba = np.tile([1.0, 0.0], (8, 1))
    assert estimate_priors(proba, [0.5, 0.5], pseudo_counts=1.0)[0].tolist() == [0.9, 0.1]


def test_changed_priors_follow_bayes_and_keep_nan():
    proba = np.array([[0.8, 0.2], [np.nan, np.nan]])
    new = change_priors(proba, [0.5, 0.5], [0.2, 0.8])
    np.testing.assert_allclose(new[0], [0.5, 0.5])
    assert np.isnan(new[1]).all()
    np.testing.assert_allclose(change_priors(proba, [0.3, 0.7], [0.3, 0.7]), proba)


def test_a_fitted_classifier_is_adapted_again_and_again():
    fitted = GaussianNB().fit(X, Y)
    model = PriorShiftClassifier(FrozenEstimator(fitted)).fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), fitted.predict_proba(X))
    first = model.adapt(sample([900, 50, 50])[0]).target_prior_
    second = model.adapt(sample([50, 900, 50])[0]).target_prior_
    assert first[model.classes_ == "Ia"] > 0.8 > second[model.classes_ == "Ia"]


def test_density_ratios_are_clipped_and_have_mean_one():
    weights = density_ratios([0.5, 0.5, 0.999], 300, 100, largest=3.0)
    assert weights.tolist() == [1.0, 1.0, 1.0]
    assert density_ratios([0.1, 0.9], 10, 10, power=0.0).tolist() == [1.0, 1.0]


def test_importance_weights_undo_a_biased_selection():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4000, 1))
    y = np.where(np.abs(x[:, 0]) > 1, "Ia", "II")
    bright = rng.random(4000) < 1 / (1 + np.exp(-3 * x[:, 0]))
    model = ImportanceWeightedClassifier(LogisticRegression()).fit(x[bright], y[bright], x)
    weights = model.sample_weight_
    mean = np.average(x[bright, 0], weights=weights)
    assert abs(mean) < 0.4 * abs(x[bright, 0].mean())
    assert 0 < model.n_effective_ < bright.sum()
    assert weights.mean() == pytest.approx(1.0)


def test_importance_weights_reach_the_last_step_of_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    model = ImportanceWeightedClassifier(pipeline).fit(X, Y, X[Y == "Ia"])
    assert model.predict(X).tolist().count("Ia") > 400
    with pytest.raises(ValueError, match="KNeighborsClassifier takes no sample_weight"):
        ImportanceWeightedClassifier(KNeighborsClassifier()).fit(X, Y, X[Y == "Ia"])


@pytest.mark.parametrize(
    "wrapper", [ImportanceWeightedClassifier, PriorShiftClassifier, TargetTrainedClassifier]
)
def test_without_target_nothing_is_adapted(wrapper):
    model = wrapper(LogisticRegression()).fit(X, Y)
    plain = LogisticRegression().fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize(
    "wrapper", [ImportanceWeightedClassifier, PriorShiftClassifier, TargetTrainedClassifier]
)
def test_targets_with_other_columns_are_refused(wrapper):
    with pytest.raises(ValueError, match=r"X_target \(1200, 3\)"):
        wrapper(LogisticRegression()).fit(X, Y, np.ones((1200, 3)))
    frame = pd.DataFrame(X, columns=["a", "b"])
    with pytest.raises(ValueError, match=r"X_target lacks the columns \['b'\]"):
        wrapper(LogisticRegression()).fit(frame, Y, frame[["a"]])


def test_self_training_follows_a_shift():
    X_target, y_target = sample([300, 300, 300])
    X_target = X_target + [1.2, 1.2]
    plain = LogisticRegression().fit(X, Y)
    model = TargetTrainedClassifier(LogisticRegression(), n_rounds=8, largest_share=0.9)
    model.fit(X, Y, X_target)
    assert model.score(X_target, y_target) > plain.score(X_target, y_target) + 0.01
    assert model.n_pseudo_ == sorted(model.n_pseudo_)


def test_few_labels_count_as_much_as_the_training_set():
    X_target, y_target = sample([100, 100, 100])
    X_target = X_target + [4.0, 4.0]
    labels = np.full(300, "-1", object)
    few = np.arange(0, 300, 20)
    labels[few] = y_target[few]
    model = TargetTrainedClassifier(LogisticRegression(), n_rounds=0)
    model.fit(X, Y, X_target, labels)
    plain = LogisticRegression().fit(X, Y)
    assert model.score(X_target, y_target) > plain.score(X_target, y_target) + 0.1
    assert model.n_pseudo_ == []


def test_labels_of_the_target_must_be_classes():
    with pytest.raises(ValueError, match="y_target has the unknown class 'KN'"):
        TargetTrainedClassifier(LogisticRegression()).fit(X, Y, X[:2], ["Ia", "KN"])


def test_integer_labels_and_integer_marks():
    codes = np.searchsorted(np.unique(Y), Y)
    labels = np.where(np.arange(len(Y)) % 2, codes, -1)
    model = TargetTrainedClassifier(LinearDiscriminantAnalysis(), n_rounds=0)
    with pytest.raises(ValueError, match="takes no sample_weight"):
        model.fit(X, codes, X + 0.1, np.where(np.arange(len(Y)) < 9, codes, -1))
    fitted = TargetTrainedClassifier(LogisticRegression(), n_rounds=1).fit(X, codes, X, labels)
    assert fitted.classes_.tolist() == [0, 1, 2]


def test_frames_are_joined_by_their_shared_fields():
    one, _ = make_light_curves(4, classes=["SNIa"], random_state=0)
    two = one.assign(lightcurve=one["lightcurve"].nest[["time", "band", "flux", "flux_err"]])
    both = join_target(one, two.assign(other=1.0))
    assert list(both.columns) == list(one.columns)
    assert sorted(flatten(both["lightcurve"])[1]) == ["band", "flux", "flux_err", "time"]
    assert both.index.tolist() == 2 * one.index.tolist()


def test_light_curves_are_adapted():
    X, y = make_light_curves(60, classes=["SNIa", "RRL"], random_state=0)
    X_target, _ = make_light_curves(40, classes={"SNIa": 3, "RRL": 1}, random_state=1)
    forest = RandomForestClassifier(50, min_samples_leaf=2, random_state=0)
    model = PriorShiftClassifier(make_pipeline(LightCurveStatistics(), forest))
    model = model.fit(X, y, X_target)
    assert model.target_prior_[model.classes_ == "SNIa"] > 0.65


@pytest.fixture(scope="module")
def network():
    X, y = make_light_curves(60, classes=["SNIa", "SNII", "RRL"], random_state=0)
    options = {"band_encoding": "wavelength", "max_epochs": 4, "random_state": 0}
    return RecurrentClassifier(**options).fit(X, y)


def few_of_ztf():
    return make_light_curves(24, survey="LSST", classes=["SNIa", "RRL"], random_state=5)


def test_fine_tuning_learns_and_leaves_the_original(network):
    X, y = few_of_ztf()
    before = network.predict_proba(X)
    model = FineTunedClassifier(network, max_epochs=15, lr=5e-3).fit(X, y)
    np.testing.assert_array_equal(network.predict_proba(X), before)
    own = (model.classes_[:, None] == y).argmax(axis=0), np.arange(len(y))
    assert np.log(model.predict_proba(X).T[own]).mean() > np.log(before.T[own]).mean()
    assert model.classes_.tolist() == network.classes_.tolist()
    assert model.estimator_.get_params(deep=False) == network.get_params(deep=False)


def test_frozen_parameters_stay(network):
    X, y = few_of_ztf()
    names = [name for name, _ in network.net_.module_.named_parameters()]
    first, last = names[0].split(".")[0], names[-1].split(".")[0]
    model = FineTunedClassifier(network, frozen=[f"{first}*"], max_epochs=2).fit(X, y)
    old, new = (m.net_.module_.state_dict() for m in (network, model.estimator_))
    same = {name: bool((old[name] == new[name]).all()) for name in names}
    assert all(same[name] for name in names if name.startswith(first))
    assert not all(same[name] for name in names if name.startswith(last))
    assert all(p.requires_grad for p in model.estimator_.net_.module_.parameters())


def test_what_was_frozen_before_stays_frozen(network):
    own = copy.deepcopy(network)
    name, parameter = next(own.net_.module_.named_parameters())
    parameter.requires_grad_(False)
    model = FineTunedClassifier(own, frozen=[name], max_epochs=1).fit(*few_of_ztf())
    assert not next(model.estimator_.net_.module_.parameters()).requires_grad


def test_fine_tuning_refuses_what_it_cannot_train(network):
    X, y = few_of_ztf()
    with pytest.raises(ValueError, match="no parameter of the network matches 'nothing"):
        FineTunedClassifier(network, frozen=["nothing*"]).fit(X, y)
    with pytest.raises(ValueError, match="RecurrentClassifier is not a fitted network"):
        FineTunedClassifier(RecurrentClassifier()).fit(X, y)
    with pytest.raises(ValueError, match="KN"):
        FineTunedClassifier(network).fit(X, np.where(y == "SNIa", "KN", y))


def test_a_whole_recipe_is_fine_tuned():
    X, y = make_light_curves(40, classes=["SNIa", "RRL"], random_state=0)
    oracle = make_oracle(max_epochs=2, n_networks=2, random_state=0).fit(X, y)
    model = FineTunedClassifier(oracle, max_epochs=2).fit(X[:20], y[:20])
    proba = model.predict_proba(X)
    assert proba.shape == (40, 2)
    assert not np.allclose(proba, oracle.predict_proba(X))

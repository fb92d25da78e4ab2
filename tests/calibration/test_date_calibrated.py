"""Temperatures as a function of time: known answers, folds, trees and unclassified objects."""

import numpy as np
import pandas as pd
import pytest
from nested_pandas import NestedFrame
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator

from skastro.calibration import DateCalibratedClassifier
from skastro.exceptions import ObjectError, ObjectWarning
from skastro.metrics import expected_calibration_error

CLASSES = np.array(["AGN", "II", "Ia"])
DAYS = [1.0, 10.0, 100.0]
TREE = {"Alert": {"SN": ["Ia", "II"], "AGN": None}}


def true_temperature(days):
    """Return exp of a straight line in log(1 + d): overconfident early, underconfident late."""
    x = np.log1p(np.asarray(days, float))
    return np.exp(0.9 - 0.3 * x)


class Stated(ClassifierMixin, BaseEstimator):
    """State the columns of X as probabilities after a temperature that depends on time."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def _proba(self, X, power):
        proba = X[CLASSES.tolist()].to_numpy()[:, np.isin(CLASSES, self.classes_)]
        proba = proba[:, None] ** np.atleast_1d(power)[:, None]
        return proba / proba.sum(axis=-1, keepdims=True)

    def predict_proba_at(self, X, days):
        return self._proba(X, true_temperature(days))

    def predict_proba(self, X):
        return self._proba(X, 2.0)[:, 0]


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([1, 1, 1], 3000)
    y = CLASSES[[rng.choice(3, p=p) for p in proba]]
    index = [f"SN{i}" for i in range(len(y))]
    return NestedFrame(pd.DataFrame(proba, columns=CLASSES, index=index)), y


@pytest.fixture(scope="module")
def fitted(sample):
    return DateCalibratedClassifier(Stated(), days=DAYS, random_state=0).fit(*sample)


def test_known_temperatures_are_found(fitted):
    found = fitted.temperatures_["all"]
    np.testing.assert_allclose(found, true_temperature(DAYS), rtol=0.1)
    assert found.index.tolist() == DAYS
    assert fitted.full_temperatures_["all"] == pytest.approx(2.0, rel=0.1)
    assert fitted.n_calibration_.tolist() == [3000] * 3


def test_probabilities_between_the_days_are_the_true_ones(sample, fitted):
    X, y = sample
    for day in (1, 4, 30):
        proba = fitted.predict_proba_at(X, [day])[:, 0]
        np.testing.assert_allclose(proba, X[CLASSES.tolist()], atol=0.04)
        assert expected_calibration_error(y, proba, labels=CLASSES) < 0.03
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(
        fitted.predict_proba_at(X, [0.0])[:5].round(8),
        fitted.predict_proba_at(X, [0.0, 1.0])[:5, :1].round(8),
    )


def test_accuracy_is_unchanged(sample, fitted):
    X, _ = sample
    before = fitted.estimator_.predict_proba_at(X, DAYS).argmax(axis=-1)
    np.testing.assert_array_equal(fitted.predict_proba_at(X, DAYS).argmax(axis=-1), before)
    np.testing.assert_array_equal(fitted.predict(X), CLASSES[before[:, 0]])


def test_a_frozen_classifier_is_not_trained_again(sample, fitted):
    X, y = sample
    frozen = FrozenEstimator(Stated().fit(X, y))
    model = DateCalibratedClassifier(frozen, days=DAYS, random_state=0, cv=2).fit(X, y)
    pd.testing.assert_frame_equal(model.temperatures_, fitted.temperatures_, rtol=1e-4)
    unknown = FrozenEstimator(Stated().fit(X, np.where(y == "Ia", "II", y)))
    with pytest.raises(ObjectError, match="does not know"):
        DateCalibratedClassifier(unknown, days=DAYS, random_state=0).fit(X, y)


def test_each_node_has_its_temperature(sample):
    X, y = sample
    model = DateCalibratedClassifier(Stated(), days=DAYS, random_state=0, taxonomy=TREE).fit(X, y)
    assert model.temperatures_.columns.tolist() == ["Alert", "SN"]
    np.testing.assert_allclose(model.temperatures_["SN"], true_temperature(DAYS), rtol=0.15)
    proba = model.predict_proba_at(X, DAYS)
    np.testing.assert_allclose(proba.sum(axis=-1), 1)
    assert expected_calibration_error(y, proba[:, 0], labels=CLASSES) < 0.03


def test_nan_rows_stay_nan_and_take_no_part(sample, fitted):
    X, y = sample
    holes = X.copy()
    holes.iloc[:5, 0] = np.nan
    with pytest.warns(ObjectWarning, match="5 of 3000 .*'SN0'"):
        model = DateCalibratedClassifier(Stated(), days=DAYS, random_state=0).fit(holes, y)
    assert model.n_calibration_.tolist() == [2995] * 3
    np.testing.assert_allclose(model.temperatures_, fitted.temperatures_, rtol=0.05)
    proba = model.predict_proba_at(holes, DAYS)
    assert np.isnan(proba[:5]).all()
    assert np.isfinite(proba[5:]).all()
    assert (model.predict(holes)[:5] == "unclassified").all()


def test_groups_stay_on_one_side(sample):
    X, y = sample
    groups = np.arange(len(y)) // 3
    seen = []

    class Watched(Stated):
        def fit(self, X, y):
            seen.append(set(X.index))
            return super().fit(X, y)

    DateCalibratedClassifier(Watched(), days=DAYS, random_state=0, cv=3).fit(X, y, groups=groups)
    for train in seen[1:]:
        inside = X.index.isin(train)
        assert set(groups[inside]).isdisjoint(groups[~inside])


def test_class_missing_in_a_fold(sample):
    X, y = sample[0][:300], sample[1][:300].copy()
    y[y == "AGN"] = "II"
    y[0] = "AGN"
    folds = [(np.arange(150, 300), np.arange(150)), (np.arange(150), np.arange(150, 300))]
    with pytest.warns(ObjectWarning, match="1 of 300 .*'SN0'"):
        model = DateCalibratedClassifier(Stated(), days=DAYS, random_state=0, cv=folds).fit(X, y)
    assert model.classes_.tolist() == CLASSES.tolist()


class Favouring(Stated):
    """State probabilities multiplied by a factor of the class that depends on time."""

    def predict_proba_at(self, X, days):
        factor = np.array([4.0, 1.0, 1.0]) ** np.asarray(days)[:, None]
        proba = super()._proba(X, np.ones(len(days))) * factor
        return proba / proba.sum(axis=-1, keepdims=True)

    def predict_proba(self, X):
        return self.predict_proba_at(X, [0.5])[:, 0]


def test_biases_of_classes_are_found(sample):
    X, y = sample
    model = DateCalibratedClassifier(Favouring(), days=[0.0, 1.0], method="vector", random_state=0)
    model.fit(X, y)
    for day, factor in ((0.0, 1.0), (1.0, 4.0)):
        proba = model.predict_proba_at(X, [day])[:, 0]
        np.testing.assert_allclose(proba, X[CLASSES.tolist()], atol=0.06)
        biases = model.biases_.loc[day]
        assert np.exp(biases["II"] - biases["AGN"]) == pytest.approx(factor, rel=0.2)
    assert expected_calibration_error(y, model.predict_proba(X), labels=CLASSES) < 0.03
    assert model.predict_proba_at(X, [0.5]).shape == (len(X), 1, 3)
    with pytest.raises(ValueError, match="no biases of nodes"):
        DateCalibratedClassifier(Favouring(), method="vector", taxonomy=TREE).fit(X, y)


class Confusing(Stated):
    """Move half of the logarithm of one class to another, the more the later."""

    def predict_proba_at(self, X, days):
        logs = np.log(super()._proba(X, np.ones(len(days))))
        logs[..., 0] += 0.5 * np.asarray(days) * logs[..., 1]
        proba = np.exp(logs)
        return proba / proba.sum(axis=-1, keepdims=True)

    def predict_proba(self, X):
        return self.predict_proba_at(X, [1.0])[:, 0]


def test_matrices_separate_classes_that_are_confused(sample):
    X, y = sample
    distance = {}
    for method in ("vector", "matrix"):
        model = DateCalibratedClassifier(
            Confusing(), days=[0.0, 1.0], method=method, random_state=0
        ).fit(X, y)
        found = [model.predict_proba(X), model.predict_proba_at(X, [1.0])[:, 0]]
        distance[method] = [
            np.abs(proba - X[CLASSES.tolist()].to_numpy()).mean() for proba in found
        ]
    assert max(distance["matrix"]) < 0.6 * min(distance["vector"])
    assert model.matrices_.shape == (2, 3, 4)
    middle = model._at([np.expm1(np.log(2) / 2)], model.matrices_)[0]
    np.testing.assert_allclose(middle, model.matrices_.mean(axis=0))
    proba = model.predict_proba_at(X, [0.5])
    np.testing.assert_allclose(proba.sum(axis=-1), 1)
    with pytest.raises(ValueError, match="no biases of nodes"):
        DateCalibratedClassifier(Confusing(), method="matrix", taxonomy=TREE).fit(X, y)


def test_without_days(sample, fitted):
    X, y = sample
    groups = np.arange(len(y)) // 2
    model = DateCalibratedClassifier(Stated(), random_state=0).fit(X, y, groups=groups)
    assert model.full_temperatures_["all"] == pytest.approx(2.0, rel=0.1)
    assert not hasattr(model, "temperatures_")
    with pytest.raises(ValueError, match="predict_proba_at requires the parameter days"):
        model.predict_proba_at(X, [1.0])


def test_a_class_without_calibration_objects(sample):
    X, y = sample
    frozen = FrozenEstimator(Stated().fit(X, y))
    known = y != "AGN"
    model = DateCalibratedClassifier(frozen).fit(X[known], y[known])
    assert model.predict_proba(X).shape == (len(X), 3)
    assert model.classes_.tolist() == CLASSES.tolist()


@pytest.mark.parametrize("days", [[], [3.0, 1.0], [1.0, np.nan], [[1.0]]])
def test_days_increase(sample, days):
    with pytest.raises(ValueError, match="DateCalibratedClassifier: days"):
        DateCalibratedClassifier(Stated(), days=days).fit(*sample)

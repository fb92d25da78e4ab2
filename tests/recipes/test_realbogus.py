"""The real-bogus recipe: stages, detectors, prediction from disk."""

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from skastro.datasets import make_label_noise, make_stamps
from skastro.neural_network import StampCNNClassifier
from skastro.nn import ComplexStampNet
from skastro.recipes import (
    TOMOE_PAPER,
    DetectorClassifier,
    make_real_bogus,
    make_two_stage_real_bogus,
)

SHAPE = (15, 15, 3)


@pytest.fixture(scope="module")
def data():
    """Train and test stamps, some labels of the former wrong, and the detectors."""
    X, y, meta = make_stamps(400, image_size=15, random_state=0)
    X_test, y_test, _ = make_stamps(300, image_size=15, random_state=1)
    given, wrong = make_label_noise(y, rate=0.1, random_state=0)
    return X, given, wrong, X_test, y_test, meta["detector"].to_numpy()


def test_two_stages_find_wrong_labels_and_learn_from_the_rest(data, tmp_path):
    X, given, wrong, X_test, y_test, _ = data
    short = {"max_epochs": 15}
    model = make_two_stage_real_bogus(
        image_shape=SHAPE,
        cv=3,
        first=short,
        second=short | {"architecture": "simple", "loss": {"cross_entropy": 1.0, "vat": 0.1}},
        random_state=0,
    ).fit(X, given)
    suspects = model[0].label_errors_
    assert wrong[suspects].mean() > 2 * wrong.mean()
    assert model.classes_.tolist() == [0, 1]
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict_proba(X_test), model.predict_proba(X_test))
    assert model.score(X_test, y_test) > 0.7


def test_parameters_reach_the_networks():
    model = make_real_bogus("complex", width=0.5, loss={"auc": 1.0, "vat": 0.1}, **TOMOE_PAPER)
    assert isinstance(model, StampCNNClassifier)
    assert model.architecture.func is ComplexStampNet
    assert model.criterion.auc == 1.0 and model.optimizer == "SGD"
    pipeline = make_two_stage_real_bogus(method="threshold", action="relabel", cv=7)
    assert pipeline[0].cv == 7 and pipeline[0].action == "relabel"
    assert pipeline[1].criterion.vat == 1.0
    assert pipeline[1].architecture.func is ComplexStampNet


def with_detector(n=300, seed=0):
    """Two numbers whose meaning is the opposite on the second of three detectors."""
    rng = np.random.default_rng(seed)
    detector = np.arange(n) % 3
    x = rng.normal(size=(n, 2))
    y = (x[:, 0] > 0) ^ (detector == 1)
    return np.column_stack([x, detector]), y.astype(int)


def test_one_classifier_a_detector():
    X, y = with_detector()
    X_test, y_test = with_detector(seed=1)
    each = DetectorClassifier(LogisticRegression(), scheme="each").fit(X, y)
    assert set(each.estimators_) == {0, 1, 2}
    assert each.score(X_test, y_test) > 0.95
    assert DetectorClassifier(LogisticRegression()).fit(X, y).score(X_test, y_test) < 0.8
    alone = LogisticRegression().fit(X[X[:, 2] == 1, :2], y[X[:, 2] == 1])
    rows = X_test[:, 2] == 1
    np.testing.assert_allclose(
        each.predict_proba(X_test)[rows], alone.predict_proba(X_test[rows, :2])
    )


def test_the_mixture_has_the_size_of_one_detector():
    class Counter(RandomForestClassifier):
        def fit(self, X, y):
            self.n_seen_ = len(X)
            return super().fit(X, y)

    X, y = with_detector()
    mixed = DetectorClassifier(Counter(5), scheme="mix", random_state=0).fit(X, y)
    assert mixed.estimators_[None].n_seen_ == 100
    assert mixed.n_features_in_ == 3


def test_a_class_that_a_detector_never_had_has_no_probability():
    X, y = with_detector()
    y = np.where((X[:, 2] == 0) & (X[:, 0] > 1), 2, y)
    model = DetectorClassifier(LogisticRegression(), scheme="each").fit(X, y)
    proba = model.predict_proba(X)
    assert (proba[X[:, 2] == 1, 2] == 0).all() and (proba[X[:, 2] == 0, 2] > 0).all()
    np.testing.assert_allclose(proba.sum(1), 1)


def test_unknown_detectors_are_refused():
    X, y = with_detector()
    model = DetectorClassifier(LogisticRegression(), scheme="each").fit(X, y)
    X[0, 2] = 9
    with pytest.raises(ValueError, match="not trained on the detectors .9.0"):
        model.predict_proba(X)
    X[0, 2] = np.nan
    with pytest.raises(ValueError, match="detector"):
        model.fit(X, y)

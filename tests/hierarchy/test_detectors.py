"""One classifier per detector, one for all, or one for a mixture."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from skastro.hierarchy import DetectorClassifier


def with_detector(n=300, seed=0):
    """Two numbers whose meaning is the opposite on the second of three detectors."""
    rng = np.random.default_rng(seed)
    detector = np.arange(n) % 3
    x = rng.normal(size=(n, 2))
    y = (x[:, 0] > 0) ^ (detector == 1)
    return np.column_stack([x, detector]), y.astype(int)


def test_one_classifier_per_detector():
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
    with pytest.raises(ValueError, match="detectors 9.0 did not occur"):
        model.predict_proba(X)
    X[0, 2] = np.nan
    with pytest.raises(ValueError, match="detector"):
        model.fit(X, y)

"""JointClassifier: one classifier for all labels, with errors and the prediction "ambiguous"."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict, cross_val_score
from sklearn.svm import LinearSVC

from skastro.hierarchy import JointClassifier

CENTRES = {"Ia": (0, 0), "Ib": (6, 0), "Ic": (6, 2), "II": (0, 6)}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = np.repeat(list(CENTRES), 40)
    return rng.normal([CENTRES[name] for name in y], 1), y


class Sampled(ClassifierMixin, BaseEstimator):
    """Two samples around the first column as the probability of class 1 of two."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return self.predict_proba_samples(X).mean(axis=0)

    def predict_proba_samples(self, X, n_samples=2):
        first = np.asarray(X)[:, 0] + np.array([[-0.1], [0.1]])
        return np.stack([1 - first, first], axis=2)


def test_probabilities_are_those_of_the_classifier(data):
    X, y = data
    model = JointClassifier(LogisticRegression(), ambiguity=None).fit(X, y)
    plain = LogisticRegression().fit(X, y)
    assert model.classes_.tolist() == plain.classes_.tolist()
    np.testing.assert_allclose(model.predict_proba(X), plain.predict_proba(X), rtol=1e-9)
    assert (model.predict(X) == plain.predict(X)).all()
    scores, errors = model.predict_scores(X)
    np.testing.assert_allclose(scores, plain.predict_proba(X), rtol=1e-9)
    assert np.isnan(errors).all()


def test_errors_of_samples_make_objects_ambiguous():
    model = JointClassifier(Sampled(), n_samples=2).fit([[0.0], [1.0]], ["a", "b"])
    scores, errors = model.predict_scores([[0.9], [0.6]])
    np.testing.assert_allclose(scores, [[0.1, 0.9], [0.4, 0.6]])
    np.testing.assert_allclose(errors, 0.1)
    assert model.predict([[0.9], [0.6]]).tolist() == ["b", "ambiguous"]
    table = model.decision_table([[0.9]])
    assert list(table) == ["score_a", "error_a", "score_b", "error_b", "label", "confidence"]


def test_labels_cover_types_and_the_rest_is_a_class_without_score(data):
    X, y = data
    labels = {"Ibc": ["Ib", "Ic"], "Ia": "Ia"}
    with pytest.warns(UserWarning, match="predictions are labels"):
        model = JointClassifier(LogisticRegression(), labels=labels, ambiguity=None).fit(X, y)
    assert model.classes_.tolist() == ["Ia", "Ibc"]
    scores, _ = model.predict_scores(X)
    assert scores[y == "II"].sum(axis=1).mean() < 0.1
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    predicted = model.predict(X)
    assert (predicted[np.isin(y, ["Ib", "Ic"])] == "Ibc").mean() > 0.95
    assert model.score(X, y) > 0.95
    assert model.score(X[y != "II"], y[y != "II"]) == model.score(X, y)


def test_works_in_cross_validation(data):
    X, y = data
    model = JointClassifier(LogisticRegression(), ambiguity=None)
    assert cross_val_score(model, X, y, scoring="accuracy").mean() > 0.8
    proba = cross_val_predict(model, X, y, method="predict_proba")
    assert (np.unique(y)[proba.argmax(axis=1)] == y).mean() > 0.8


def test_weight_zero_is_absence(data):
    X, y = data
    weights = (y != "II").astype(float)
    model = JointClassifier(LogisticRegression()).fit(X, y, sample_weight=weights)
    assert model.classes_.tolist() == ["Ia", "Ib", "Ic"]
    doubled = JointClassifier(LogisticRegression()).fit(X, y, sample_weight=1 + weights)
    assert not np.allclose(
        doubled.predict_proba(X), JointClassifier(LogisticRegression()).fit(X, y).predict_proba(X)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": {"A": ["Ia", "Ib"], "B": ["Ib", "II"]}}, "several labels cover the types .*Ib"),
        ({"labels": {"A": ["Ia"], "B": ["Iax"]}}, "no object in y belongs to 'B'"),
        ({"labels": {"A": ["Ia"]}}, "at least 2 labels"),
        ({"estimator": LinearSVC()}, "has no predict_proba"),
    ],
)
def test_what_cannot_be_learned_is_refused(data, options, message):
    estimator = options.pop("estimator", LogisticRegression())
    with pytest.raises(ValueError, match=f"JointClassifier.*{message}"):
        JointClassifier(estimator, **options).fit(*data)

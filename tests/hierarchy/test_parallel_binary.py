"""One binary classifier per label: scores, errors, ambiguity, own inputs."""

import pickle

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skastro.exceptions import ObjectError
from skastro.feature_extraction import LightCurveStatistics
from skastro.hierarchy import ParallelBinaryClassifier
from skastro.testing import make_check_data, parametrize_with_checks

COVERED = {"H-rich": ["II", "IIn"], "H-poor": ["Ib", "Ic"], "Ia": ["Ia", "Ia-91T"]}
quietly = pytest.mark.filterwarnings("ignore:.*y holds the types")


def blobs(types=("II", "IIn", "Ib", "Ic", "Ia"), n=200, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.choice(types, n)
    centres = {"II": 0, "IIn": 0.5, "Ib": 3, "Ic": 3.5, "Ia": 6, "AGN": 9}
    return np.array([[centres[label], -centres[label]] for label in y]) + rng.normal(size=(n, 2)), y


class Scores(ClassifierMixin, BaseEstimator):
    """Return the requested column of X, and samples around it."""

    def __init__(self, column=0):
        self.column = column

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        score = np.asarray(X, float)[:, self.column]
        return np.column_stack([1 - score, score])


class Sampled(Scores):
    def predict_proba_samples(self, X, n_samples):
        sign = np.where(np.arange(n_samples) % 2, 1, -1)
        error = np.asarray(X, float)[:, -1]
        score = self.predict_proba(X)[:, 1] + sign[:, None] * error
        return np.stack([1 - score, score], axis=2)


def given_scores(scores, error=None, **options):
    """Return a classifier that predicts given scores of the labels A, B, C, and its X."""
    labels = list("ABC")
    X = np.column_stack([scores, np.zeros(len(scores)) if error is None else error])
    kind = Scores if error is None else Sampled
    own = {label: kind(i) for i, label in enumerate(labels)}
    model = ParallelBinaryClassifier(Scores(), label_estimators=own, **options)
    return model.fit(np.zeros((3, 4)), labels), X


def test_scores_are_those_of_separate_binary_classifiers():
    X, y = blobs()
    model = ParallelBinaryClassifier(LogisticRegression()).fit(X, y)
    scores, errors = model.predict_scores(X)
    for i, label in enumerate(model.classes_):
        alone = LogisticRegression().fit(X, y == label).predict_proba(X)[:, 1]
        np.testing.assert_allclose(scores[:, i], alone)
    assert np.isnan(errors).all()
    proba = OneVsRestClassifier(LogisticRegression()).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(model.predict_proba(X), proba)


def test_the_rule_of_ambiguity():
    scores = [[0.9, 0.2, 0.1], [0.505, 0.5, 0.1], [0.2, 0.515, 0.5], [0.3, 0.3, 0.9]]
    model, X = given_scores(scores)
    assert model.predict(X).tolist() == ["A", "ambiguous", "B", "C"]
    assert model.set_params(ambiguity=0.02).predict(X).tolist() == ["A", *["ambiguous"] * 2, "C"]
    assert model.set_params(ambiguity=None).predict(X).tolist() == ["A", "A", "B", "C"]


def test_errors_widen_the_ambiguity_by_both_labels():
    scores = np.array([[0.9, 0.2, 0.1]] * 3)
    model, X = given_scores(scores, error=[0.0, 0.34, 0.35])
    np.testing.assert_allclose(model.predict_scores(X)[0], scores)
    np.testing.assert_allclose(model.predict_scores(X)[1], X[:, [3, 3, 3]], atol=1e-12)
    assert model.predict(X).tolist() == ["A", "A", "ambiguous"]
    model.set_params(n_samples=None)
    assert np.isnan(model.predict_scores(X)[1]).all()
    assert model.predict(X).tolist() == ["A"] * 3


def test_samples_of_the_last_step_of_a_pipeline():
    half = FunctionTransformer(lambda X: X / 2)
    own = {
        "A": make_imbalanced_pipeline(RandomUnderSampler(), half, Sampled(0)),
        "B": make_pipeline(half, Scores(1)),
    }
    model = ParallelBinaryClassifier(Scores(), label_estimators=own, n_samples=4)
    X = np.array([[0.8, 0.4, 0.2]])
    scores, errors = model.fit(np.zeros((2, 3)), ["A", "B"]).predict_scores(X)
    np.testing.assert_allclose(scores, [[0.4, 0.2]])
    np.testing.assert_allclose(errors, [[0.1, np.nan]])


def test_members_of_an_ensemble_are_samples_too():
    class Ensemble(Scores):
        def predict_proba_samples(self, X):
            return np.stack([[[0.8, 0.2]], [[0.4, 0.6]]])

    model = ParallelBinaryClassifier(Ensemble(), label_estimators={"B": Scores()})
    scores, errors = model.fit(np.zeros((2, 1)), ["A", "B"]).predict_scores([[0.7]])
    np.testing.assert_allclose(scores, [[0.4, 0.7]])
    np.testing.assert_allclose(errors, [[0.2, np.nan]])


def test_decision_table():
    scores = [[0.9, 0.2, 0.1], [0.5, 0.5, 0.1], [np.nan, 0.5, 0.495]]
    model, X = given_scores(scores, error=[0.1, 0.0, 0.0])
    X = pd.DataFrame(X, index=["SN1", "SN2", "SN3"])
    table = model.decision_table(X)
    assert table.columns.tolist() == [
        *("score_A", "error_A", "score_B", "error_B", "score_C", "error_C"),
        *("label", "confidence"),
    ]
    assert table.index.tolist() == ["SN1", "SN2", "SN3"] and table.index.name == "object_id"
    assert table["label"].tolist() == ["A", "ambiguous", "unclassified"]
    np.testing.assert_allclose(table["confidence"], [0.9, 0.5, np.nan])
    np.testing.assert_allclose(table["error_B"], [0.1, 0.0, 0.0], atol=1e-12)
    assert np.isnan(model.predict_proba(X)[2]).all()


def test_probabilities_are_normalised_scores():
    model, X = given_scores([[0.9, 0.6, 0.0], [0.0, 0.0, 0.0], [0.2, 0.1, 0.1]])
    expected = [[0.6, 0.4, 0.0], [1 / 3] * 3, [0.5, 0.25, 0.25]]
    np.testing.assert_allclose(model.predict_proba(X), expected)


@quietly
def test_labels_cover_types_and_other_types_are_negatives():
    X, y = blobs(("II", "IIn", "Ib", "Ic", "Ia", "AGN"))
    model = ParallelBinaryClassifier(LogisticRegression(), labels=COVERED).fit(X, y)
    assert model.classes_.tolist() == ["H-poor", "H-rich", "Ia"]
    for i, label in enumerate(model.classes_):
        alone = LogisticRegression().fit(X, np.isin(y, COVERED[label])).predict_proba(X)[:, 1]
        np.testing.assert_allclose(model.predict_scores(X)[0][:, i], alone)
    agn = y == "AGN"
    predicted = model.predict(X)
    right = np.array([t in COVERED.get(a, ()) for a, t in zip(predicted, y)])
    assert model.score(X, y) == pytest.approx(right[~agn].mean())
    assert np.isnan(model.score(X[agn], y[agn]))


def test_types_are_warned_of_and_labels_are_not(recwarn):
    X, y = blobs()
    model = ParallelBinaryClassifier(LogisticRegression(), labels=COVERED)
    with pytest.warns(UserWarning, match="holds the types 'II', 'IIn', 'Ib', 'Ic', but"):
        types = clone(model).fit(X, y)
    recwarn.clear()
    names = {name: label for label, covered in COVERED.items() for name in covered}
    labels = np.array([names[label] for label in y])
    given = clone(model).fit(X, labels)
    assert len(recwarn) == 0
    np.testing.assert_array_equal(given.predict_proba(X), types.predict_proba(X))
    assert given.score(X, labels) == types.score(X, y)
    accuracy = cross_val_score(model.set_params(labels=None), X, labels, scoring="accuracy")
    assert accuracy.mean() > 0.7


def test_each_label_reads_its_own_columns():
    rng = np.random.default_rng(0)
    y = rng.choice(list("abc"), 300)
    frame = pd.DataFrame({f"is_{c}": (y == c) + 0.1 * rng.normal(size=300) for c in "abc"})
    columns = {c: [f"is_{c}"] for c in "abc"}
    model = ParallelBinaryClassifier(LogisticRegression(), columns=columns).fit(frame, y)
    assert [e.n_features_in_ for e in model.estimators_.values()] == [1, 1, 1]
    assert (model.predict(frame) == y).mean() > 0.97
    shuffled = frame.assign(is_a=frame["is_a"].to_numpy()[::-1])
    before, after = (model.predict_scores(X)[0] for X in (frame, shuffled))
    np.testing.assert_array_equal(before[:, 1:], after[:, 1:])
    assert (before[:, 0] != after[:, 0]).any()
    numbers = {"a": slice(0, 1), "b": [1], "c": np.array([False, False, True])}
    dense = ParallelBinaryClassifier(LogisticRegression(), columns=numbers)
    for X in (frame.to_numpy(), frame.to_numpy().tolist()):
        np.testing.assert_allclose(dense.fit(X, y).predict_scores(X)[0], before)


def test_each_label_is_balanced_for_itself():
    X, y = blobs()
    pipe = make_imbalanced_pipeline(RandomUnderSampler(random_state=0), GaussianNB())
    model = ParallelBinaryClassifier(pipe).fit(X, y)
    for label, fitted in model.estimators_.items():
        assert fitted[-1].class_count_.tolist() == [(y == label).sum()] * 2


def test_weight_zero_is_absence():
    X, y = blobs()
    weights = np.where(y == "Ia", 0, 1 + np.arange(len(y)) % 3)
    model = ParallelBinaryClassifier(LogisticRegression())
    weighted = clone(model).fit(X, y, sample_weight=weights)
    kept = y != "Ia"
    absent = clone(model).fit(X[kept], y[kept], sample_weight=weights[kept])
    assert weighted.classes_.tolist() == absent.classes_.tolist()
    np.testing.assert_array_equal(weighted.predict_proba(X), absent.predict_proba(X))


def test_the_tools_of_sklearn():
    X, y = blobs()
    model = ParallelBinaryClassifier(LogisticRegression(), ambiguity=None)
    proba = cross_val_predict(model, X, y, method="predict_proba")
    assert (np.unique(y)[proba.argmax(axis=1)] == y).mean() > 0.5
    vote = VotingClassifier([("a", model), ("b", GaussianNB())], voting="soft").fit(X, y)
    assert set(vote.predict(X)) <= set(y)
    search = GridSearchCV(model, {"estimator__C": [1e-6, 1.0], "ambiguity": [None, 0.05]})
    assert search.fit(X, y).best_params_ == {"ambiguity": None, "estimator__C": 1.0}
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.predict_proba(X), search.predict_proba(X))
    parallel = clone(model).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(parallel.predict_proba(X), model.fit(X, y).predict_proba(X))


@quietly
def test_codes_are_refused_where_they_could_be_misread():
    X, y = blobs()
    covering = ParallelBinaryClassifier(LogisticRegression(), labels=COVERED)
    with pytest.raises(ValueError, match="y holds int64 numbers, and labels are strings"):
        cross_val_predict(covering, X, y, method="predict_proba")
    with pytest.raises(ValueError, match="must be strings"):
        ParallelBinaryClassifier(GaussianNB(), labels={"A": [1], "B": [2]}).fit(X, y)
    codes = np.unique(y, return_inverse=True)[1]
    numbered = ParallelBinaryClassifier(LogisticRegression(), ambiguity=0.5).fit(X, codes)
    with pytest.raises(ObjectError, match="ambiguous objects have no label"):
        numbered.predict(X)
    assert set(numbered.set_params(ambiguity=None).predict(X)) <= set(codes)


@quietly
def test_invalid_parameters_are_refused():
    X, y = blobs()
    cases = [
        ({"labels": {"A": ["Ia"], "B": ["SNIa"]}}, "no object in y belongs to 'B'"),
        ({"labels": {"A": sorted(set(y)), "B": ["Ia"]}}, "all objects in y belong to 'A'"),
        ({"labels": {"A": ["Ia"]}}, r"at least 2 labels to compare; it has 1 class: \['A'\]"),
        ({"columns": {"SNIa": [0]}}, "columns for 'SNIa', which are not labels"),
        ({"label_estimators": {"SNIa": GaussianNB()}}, "label_estimators for 'SNIa'"),
        ({"n_samples": 1}, "must be an int in the range"),
    ]
    for options, message in cases:
        with pytest.raises(ValueError, match=f"ParallelBinaryClassifier.*{message}"):
            ParallelBinaryClassifier(LogisticRegression(), **options).fit(X, y)


STATISTICS = LightCurveStatistics(bands=list("gri"))
RAGGED = make_pipeline(STATISTICS, RandomForestClassifier(5))


@parametrize_with_checks([ParallelBinaryClassifier(RAGGED, ambiguity=None)])
def test_light_curves(estimator, check):
    check(estimator)


def test_light_curves_and_static_columns_by_label():
    X, y = make_check_data()
    columns = {"Ia": ["lightcurve", "redshift"], "II": ["redshift", "mwebv"]}
    own = {"II": GaussianNB()}
    model = ParallelBinaryClassifier(RAGGED, columns=columns, label_estimators=own).fit(X, y)
    assert list(model.estimators_["II"].feature_names_in_) == ["redshift", "mwebv"]
    assert model.decision_table(X).index.tolist() == X.index.tolist()

"""Every tool of scikit-learn around classifiers that meet unclassified objects.

With ``unclassified="prior"`` every result is right.  With ``unclassified="nan"`` the classifier
warns, and the tool either leaves the objects without a prediction or raises an error.
"""

import warnings

import numpy as np
import pytest
from mapie.classification import SplitConformalClassifier
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier

from skastro.exceptions import ObjectError, UnclassifiedWarning
from skastro.hierarchy import HierarchicalClassifier
from skastro.neural_network import MultimodalClassifier
from skastro.nn import HierarchicalCrossEntropy
from skastro.taxonomy import Taxonomy

TREE = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
NAMES = np.array(["AGN", "II", "Ia"])
BAD = [3, 11]
CV = StratifiedKFold(3, shuffle=True, random_state=0)

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*left out of the training:UserWarning"),
    pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning"),
]


class Skipping(LogisticRegression):
    """Logistic regression that returns NaN for objects with NaN."""

    def fit(self, X, y, sample_weight=None):
        known = ~np.isnan(np.asarray(X)).any(axis=1)
        weight = None if sample_weight is None else sample_weight[known]
        return super().fit(np.asarray(X)[known], np.asarray(y)[known], weight)

    def predict_proba(self, X):
        missing = np.isnan(np.asarray(X)).any(axis=1)
        proba = super().predict_proba(np.nan_to_num(X))
        proba[missing] = np.nan
        return proba


@pytest.fixture(scope="module")
def data():
    """Return 60 separated objects of three classes, of which two (both AGN) are missing."""
    rng = np.random.default_rng(0)
    y = np.repeat(["Ia", "II", "AGN"], [30, 18, 12])[rng.permutation(60)]
    y[BAD] = "AGN"
    centres = {"Ia": [4, 0, 0], "II": [0, 4, 0], "AGN": [0, 0, 4]}
    X = np.array([centres[name] for name in y]) + rng.normal(size=(60, 3))
    X[BAD] = np.nan
    return X, y


def network(**parameters):
    shared = {"inputs": {"x": (3,)}, "max_epochs": 10, "lr": 0.03, "random_state": 0}
    return MultimodalClassifier(**shared | parameters)


MODELS = {
    "hierarchy": HierarchicalClassifier(Skipping(), taxonomy=TREE, classes=NAMES),
    "network": network(criterion=HierarchicalCrossEntropy(TREE), classes=NAMES),
}
FLAT = {"hierarchy": HierarchicalClassifier(Skipping()), "network": network()}
FIRST = {"hierarchy": {"estimator__C": 0.5}, "network": {"random_state": 1}}
GRIDS = {"hierarchy": {"estimator__C": [0.01, 1.0]}, "network": {"lr": [1e-5, 0.03]}}


@pytest.fixture(params=list(MODELS))
def name(request):
    return request.param


@pytest.fixture
def filled(name):
    return clone(MODELS[name]).set_params(unclassified="prior")


@pytest.fixture
def with_nan(name):
    return clone(MODELS[name])


def most_frequent(labels):
    return (np.asarray(labels)[BAD] == "Ia").all()


def is_right(labels, y):
    known = np.setdiff1d(np.arange(len(y)), BAD)
    return np.mean(np.asarray(labels)[known] == y[known]) > 0.8


class TestPrior:
    """All tools with ``unclassified="prior"``."""

    @pytest.fixture(autouse=True)
    def no_unclassified_warning(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error", UnclassifiedWarning)
            yield

    @pytest.mark.parametrize(
        ("scoring", "least"),
        [(None, 0.8), ("accuracy", 0.8), ("balanced_accuracy", 0.7), ("roc_auc_ovr", 0.9)],
    )
    def test_scores(self, filled, data, scoring, least):
        assert (cross_val_score(filled, *data, cv=CV, scoring=scoring) > least).all()

    def test_log_loss_and_brier_score(self, filled, data):
        scoring = ["neg_log_loss", "neg_brier_score"]
        scores = cross_validate(filled, *data, cv=CV, scoring=scoring, error_score="raise")
        for name in scoring:
            assert np.isfinite(scores[f"test_{name}"]).all()
        assert scores["test_neg_log_loss"].mean() > -np.log(3) / 2

    def test_cross_val_predict(self, filled, data):
        X, y = data
        labels = cross_val_predict(filled, X, y, cv=CV)
        proba = cross_val_predict(filled, X, y, cv=CV, method="predict_proba")
        assert is_right(labels, y) and most_frequent(labels)
        np.testing.assert_array_equal(NAMES[proba.argmax(axis=1)], labels)

    @pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV])
    def test_searches(self, filled, data, name, search):
        options = {"n_iter": 2} if search is RandomizedSearchCV else {}
        if search is HalvingGridSearchCV:
            options = {"min_resources": 40, "random_state": 0}
        search = search(filled, GRIDS[name], scoring="neg_log_loss", cv=CV, **options).fit(*data)
        assert search.best_params_ == {key: values[1] for key, values in GRIDS[name].items()}
        assert np.isfinite(search.best_score_)
        assert is_right(search.predict(data[0]), data[1])

    @pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
    def test_calibration(self, filled, data, method):
        X, y = data
        fitted = clone(filled).fit(X, y)
        for model in (
            CalibratedClassifierCV(FrozenEstimator(fitted), method=method, cv=3),
            CalibratedClassifierCV(filled, method=method, cv=3),
            CalibratedClassifierCV(filled, method=method, cv=3, ensemble=False),
        ):
            proba = model.fit(X, y).predict_proba(X)
            np.testing.assert_allclose(proba.sum(axis=1), 1)
            assert model.classes_.tolist() == NAMES.tolist()
            assert is_right(model.predict(X), y)

    def test_soft_and_hard_voting(self, filled, data, name):
        X, y = data
        members = [("a", filled), ("b", clone(filled).set_params(**FIRST[name]))]
        soft = VotingClassifier(members, voting="soft").fit(X, y)
        mean = np.mean([member.predict_proba(X) for member in soft.estimators_], axis=0)
        np.testing.assert_allclose(soft.predict_proba(X), mean)
        for model in (soft, VotingClassifier([*members, ("c", filled)]).fit(X, y)):
            labels = model.predict(X)
            assert is_right(labels, y) and most_frequent(labels)

    def test_stacking(self, filled, data):
        X, y = data
        model = StackingClassifier([("a", filled), ("b", filled)], cv=3)
        assert is_right(model.fit(X, y).predict(X), y)

    def test_bagging(self, filled, data):
        X, y = data
        labels = BaggingClassifier(filled, 3, random_state=0).fit(X, y).predict(X)
        assert is_right(labels, y) and most_frequent(labels)

    def test_one_vs_rest(self, filled, data, name):
        X, y = data
        flat = clone(FLAT[name]).set_params(unclassified="prior")
        labels = OneVsRestClassifier(flat).fit(X, y).predict(X)
        assert is_right(labels, y) and most_frequent(labels)
        with pytest.raises(ValueError, match="run from 0 to 1 while classes has 3 labels"):
            OneVsRestClassifier(filled).fit(X, y)

    def test_tuned_threshold(self, data, name):
        X, y = data
        binary = np.where(y == "Ia", "Ia", "other")
        flat = clone(FLAT[name]).set_params(unclassified="prior")
        model = TunedThresholdClassifierCV(flat, cv=3, random_state=0).fit(X, binary)
        assert is_right(model.predict(X), binary)

    @pytest.mark.parametrize("scoring", [None, "neg_log_loss"])
    def test_permutation_importance(self, filled, data, scoring):
        X, y = np.delete(data[0], BAD, axis=0), np.delete(data[1], BAD)
        found = permutation_importance(
            clone(filled).fit(*data), X, y, n_repeats=3, random_state=0, scoring=scoring
        )
        assert (found.importances_mean > 0).sum() >= 2

    def test_learning_curve(self, filled, data):
        sizes, _, scores = learning_curve(
            filled, *data, cv=CV, train_sizes=[0.6, 1.0], shuffle=True, random_state=0,
            scoring="neg_log_loss",
        )  # fmt: skip
        assert sizes.tolist() == [24, 40] and np.isfinite(scores).all()

    def test_conformal_sets(self, filled, data):
        X, y = data
        model = SplitConformalClassifier(filled.fit(X, y), prefit=True, confidence_level=0.9)
        labels, sets = model.conformalize(X, y).predict_set(X)
        assert is_right(labels, y)
        assert sets[np.arange(60), np.searchsorted(NAMES, y), 0].mean() > 0.85


MISTAKEN = "mistake for the first class.*unclassified='prior'"


class TestNaN:
    """All tools with ``unclassified="nan"``."""

    def test_labels_count_as_wrong(self, with_nan, data):
        with pytest.warns(UnclassifiedWarning):
            scores = cross_val_score(with_nan, *data, cv=CV, scoring="accuracy")
        with pytest.warns(UnclassifiedWarning):
            labels = cross_val_predict(with_nan, *data, cv=CV)
        assert (labels[BAD] == "unclassified").all() and is_right(labels, data[1])
        assert scores.mean() == pytest.approx(np.mean(labels == data[1]))

    def test_probabilities_stay_nan(self, with_nan, data):
        with pytest.warns(UnclassifiedWarning):
            proba = cross_val_predict(with_nan, *data, cv=CV, method="predict_proba")
        assert np.isnan(proba[BAD]).all() and np.isnan(proba).any(axis=1).sum() == len(BAD)

    def test_scores_of_probabilities_are_refused(self, with_nan, data):
        with pytest.warns(UnclassifiedWarning), pytest.raises(ValueError, match="NaN"):
            cross_val_score(with_nan, *data, cv=CV, scoring="neg_log_loss", error_score="raise")

    @pytest.mark.parametrize("method", ["isotonic", "temperature"])
    def test_calibration_is_refused(self, with_nan, data, method):
        model = CalibratedClassifierCV(with_nan, method=method, cv=3)
        with pytest.warns(UnclassifiedWarning), pytest.raises(ValueError, match="NaN"):
            model.fit(*data)

    def test_sigmoid_calibration_keeps_nan(self, with_nan, data):
        with pytest.warns(UnclassifiedWarning):
            proba = CalibratedClassifierCV(with_nan, cv=3).fit(*data).predict_proba(data[0])
        assert np.isnan(proba[BAD]).all()

    @pytest.mark.parametrize(
        "make",
        [
            lambda model: VotingClassifier([("a", model)], voting="soft"),
            lambda model: BaggingClassifier(model, 2, random_state=0),
            lambda model: CalibratedClassifierCV(model, cv=3),
        ],
        ids=["voting", "bagging", "calibration"],
    )
    def test_tools_that_mistake_nan_are_warned_of(self, with_nan, data, make):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnclassifiedWarning)
            model = make(with_nan).fit(*data)
        with pytest.warns(UnclassifiedWarning, match=MISTAKEN):
            model.predict(data[0])

    def test_one_against_the_rest_is_warned_of(self, data, name):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnclassifiedWarning)
            model = OneVsRestClassifier(clone(FLAT[name])).fit(*data)
        with pytest.warns(UnclassifiedWarning, match=MISTAKEN):
            model.predict(data[0])

    def test_hard_voting_is_refused(self, with_nan, data):
        model = VotingClassifier([("a", with_nan)]).fit(*data)
        with (
            pytest.warns(UnclassifiedWarning),
            pytest.raises(ObjectError, match=r"unclassified='prior'.*objects 3, 11"),
        ):
            model.predict(data[0])

    def test_stacking_and_conformal_sets_are_refused(self, with_nan, data):
        with pytest.warns(UnclassifiedWarning), pytest.raises(ValueError, match="NaN"):
            StackingClassifier([("a", with_nan)], cv=3).fit(*data)
        model = SplitConformalClassifier(with_nan.fit(*data), prefit=True)
        with pytest.warns(UnclassifiedWarning), pytest.raises(AssertionError, match="nan"):
            model.conformalize(*data)


def test_encoded_labels_are_refused_without_classes(name, data):
    model = clone(MODELS[name]).set_params(classes=None)
    for tool in (
        VotingClassifier([("a", model)]),
        StackingClassifier([("a", model)]),
        BaggingClassifier(model, 2),
        CalibratedClassifierCV(model, method="temperature", cv=3),
    ):
        with pytest.raises(ValueError, match=r"set the parameter classes=np.unique\(y\)"):
            tool.fit(*data)

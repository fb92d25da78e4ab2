import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from label_blobs import make_blobs
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneGroupOut,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from skastro.exceptions import ObjectError, ObjectWarning
from skastro.feature_extraction import LightCurveStatistics
from skastro.hierarchy import HierarchicalClassifier
from skastro.label_errors import LabelErrorFinder, find_label_errors, label_quality_scores
from skastro.taxonomy import Taxonomy
from skastro.testing import make_check_data


@pytest.mark.parametrize("kind", ["text", "numbers", "object", "series", "categorical", "list"])
def test_finds_wrong_labels_of_any_type(kind):
    X, y, true, wrong = make_blobs()
    names, codes = np.unique(y, return_inverse=True)
    given = {
        "text": y,
        "numbers": (codes * 10).astype(np.int16),
        "object": y.astype(object),
        "series": pd.Series(y, index=range(5, 125)),
        "categorical": pd.Series(pd.Categorical(y)),
        "list": y.tolist(),
    }[kind]
    finder = LabelErrorFinder(GaussianNB(), random_state=0, method="disagreement").fit(X, given)
    assert np.flatnonzero(finder.label_errors_).tolist() == wrong.tolist()
    assert sorted(finder.ranking_[: len(wrong)].tolist()) == wrong.tolist()
    expected = np.searchsorted(names, true) * 10 if kind == "numbers" else true
    assert finder.suggested_labels_.tolist() == expected.tolist()
    assert finder.classes_.tolist() == ([0, 10, 20] if kind == "numbers" else names.tolist())


def test_probabilities_are_those_of_cross_val_predict():
    X, y, *_ = make_blobs()
    cv = StratifiedKFold(4, shuffle=True, random_state=3)
    finder = LabelErrorFinder(LogisticRegression(), cv=cv).fit(X, y)
    expected = cross_val_predict(LogisticRegression(), X, y, cv=cv, method="predict_proba")
    np.testing.assert_allclose(finder.oof_proba_, expected, rtol=1e-12)
    options = {"classes": finder.classes_}
    np.testing.assert_array_equal(finder.label_errors_, find_label_errors(y, expected, **options))
    np.testing.assert_allclose(
        finder.label_quality_, label_quality_scores(y, expected, **options), rtol=1e-12
    )
    n = finder.label_errors_.sum()
    quality = finder.label_quality_[finder.ranking_]
    assert finder.label_errors_[finder.ranking_[:n]].all()
    assert (np.diff(quality[:n]) >= 0).all()
    assert (np.diff(quality[n:]) >= 0).all()
    assert len(finder.ranking_) == len(y)


def test_repeats_are_averaged_and_differ():
    X, y, *_ = make_blobs()
    finder = LabelErrorFinder(GaussianNB(), cv=3, n_repeats=3, random_state=0).fit(X, y)
    repeats = finder.oof_proba_repeats_
    assert repeats.shape == (3, len(y), 3)
    assert (repeats[0] != repeats[1]).any()
    np.testing.assert_allclose(finder.oof_proba_, repeats.mean(axis=0), rtol=1e-12)


def test_consensus_counts_the_repeats():
    X, y, *_ = make_blobs(seed=1)
    X = X / 3
    votes = {"method": "consensus", "vote": "disagreement"}
    options = {"cv": 3, "n_repeats": 4, "random_state": 0, **votes}
    all_agree = LabelErrorFinder(GaussianNB(), **options).fit(X, y)
    one = LabelErrorFinder(GaussianNB(), agreement=0.25, **options).fit(X, y)
    votes = find_votes(all_agree, y)
    np.testing.assert_array_equal(all_agree.label_errors_, votes == 4)
    np.testing.assert_array_equal(one.label_errors_, votes >= 1)
    assert all_agree.label_errors_.sum() < one.label_errors_.sum()
    assert not (one.suggested_labels_ == y)[one.label_errors_].any()


def find_votes(finder, y):
    masks = [
        find_label_errors(y, proba, classes=finder.classes_, method="disagreement")
        for proba in finder.oof_proba_repeats_
    ]
    return np.sum(masks, axis=0)


@pytest.mark.parametrize(
    "method, n_found", [("disagreement", 3), ("noise_rate", 2), ("confident_learning", 2)]
)
def test_a_class_absent_in_a_fold_shifts_no_column(method, n_found):
    X, y, true, wrong = make_blobs()
    groups = np.arange(len(y))
    groups[(y == "Ia") | (true == "Ia")] = 1000
    with pytest.warns(ObjectWarning, match="have not learned"):
        finder = LabelErrorFinder(GaussianNB(), cv=3, method=method, random_state=0).fit(
            X, y, groups=groups
        )
    held_out = groups == 1000
    column = finder.classes_.tolist().index("Ia")
    np.testing.assert_allclose(finder.oof_proba_.sum(axis=1), 1.0)
    assert (finder.oof_proba_[held_out, column] == 0).all()
    assert not finder.label_errors_[y == "Ia"].any()
    assert np.isnan(finder.label_quality_[y == "Ia"]).all()
    assert (finder.suggested_labels_[y == "Ia"] == "Ia").all()
    rest = ~held_out
    right = finder.classes_[finder.oof_proba_.argmax(axis=1)] == true
    assert right[rest].all()
    assert np.isin(wrong, np.flatnonzero(rest)).sum() == 3
    found = np.flatnonzero(finder.label_errors_ & rest)
    assert len(found) == n_found
    assert set(found) <= set(wrong)


def test_the_only_object_of_a_class_is_not_an_error():
    X, y, *_ = make_blobs(n_wrong=0)
    y = y.astype("U3")
    y[7] = "TDE"
    table = pd.DataFrame(X, index=[f"sn{i}" for i in range(len(X))])
    with pytest.warns(ObjectWarning, match="1 of 120 .*have not learned.*'sn7'"):
        finder = LabelErrorFinder(GaussianNB(), method="disagreement", random_state=0).fit(
            table.rename(columns=str), y
        )
    assert not finder.label_errors_.any()
    assert finder.report_.loc["TDE", "n_judged"] == 0
    assert np.isnan(finder.report_.loc["TDE", "suspect_share"])


class Silent(GaussianNB):
    """Returns NaN for objects below zero."""

    def predict_proba(self, X):
        proba = super().predict_proba(X)
        proba[X[:, 0] < -0.5, 1] = np.nan
        return proba


def test_objects_without_probabilities_are_named():
    X, y, *_ = make_blobs()
    silent = X[:, 0] < -0.5
    assert silent.any()
    with pytest.warns(
        ObjectWarning, match=f"{silent.sum()} of 120 objects have no probabilities"
    ) as caught:
        finder = LabelErrorFinder(Silent(), method="disagreement", random_state=0).fit(X, y)
    assert len(caught) == 1
    assert not finder.label_errors_[silent].any()
    assert np.isnan(finder.oof_proba_[silent]).all()
    assert (finder.suggested_labels_[silent] == y[silent]).all()
    assert finder.label_errors_.any()


class MoreClasses(GaussianNB):
    """Has a first class that no label has."""

    def fit(self, X, y):
        super().fit(X, y)
        self.inner_, self.classes_ = self.classes_, np.array(["AGN", *self.classes_])
        return self

    def predict_proba(self, X):
        self.classes_, known = self.inner_, self.classes_
        proba = super().predict_proba(X)
        self.classes_ = known
        return np.column_stack([0.1 * np.ones(len(X)), 0.9 * proba])


def test_classes_that_only_the_classifier_knows_get_a_column():
    X, y, _, wrong = make_blobs()
    finder = LabelErrorFinder(MoreClasses(), method="disagreement", random_state=0).fit(X, y)
    assert finder.classes_.tolist() == ["AGN", "II", "Ia", "Ib"]
    np.testing.assert_allclose(finder.oof_proba_[:, 0], 0.1)
    assert np.flatnonzero(finder.label_errors_).tolist() == wrong.tolist()


class Coded(GaussianNB):
    """Encodes labels and forgets to decode them."""

    def fit(self, X, y):
        return super().fit(X, np.unique(y, return_inverse=True)[1])


class Unnormalised(GaussianNB):
    def predict_proba(self, X):
        return 2 * super().predict_proba(X) / 3


class Shifted(GaussianNB):
    def predict_proba(self, X):
        return super().predict_proba(X)[:, 1:]


@pytest.mark.parametrize(
    "estimator, error, match",
    [
        (Coded(), ValueError, "different type from the labels"),
        (Unnormalised(), ObjectError, "do not sum to one .objects 'sn"),
        (Shifted(), ValueError, "shape .* 3 classes"),
        (LinearSVC(), ValueError, "LinearSVC has no predict_proba"),
    ],
)
def test_invalid_probabilities_and_classes_are_refused(estimator, error, match):
    X, y, *_ = make_blobs()
    table = pd.DataFrame(X, index=[f"sn{i}" for i in range(len(X))], columns=["a", "b"])
    estimator = make_pipeline(RandomUnderSampler(random_state=0), estimator)
    if "LinearSVC" in match:
        estimator = LinearSVC()
    with pytest.raises(error, match=f"LabelErrorFinder.*{match}"):
        LabelErrorFinder(estimator, random_state=0).fit(table, y)


X_SMALL, Y_SMALL = np.arange(20.0)[:, None], np.array(["a", "b"] * 10)


@pytest.mark.parametrize(
    "options, fit, error, match",
    [
        ({}, {"y": ["a"] * 20}, ValueError, "at least two classes; .* have 1: .'a'"),
        ({}, {"y": ["a", -1] * 10}, ValueError, "at least two classes; .* have 1: .'a'"),
        ({}, {"y": None}, ValueError, "y is None"),
        ({}, {"y": ["a"] * 3}, ValueError, "inconsistent"),
        ({}, {"X": np.empty((0, 1)), "y": []}, ValueError, "0 objects"),
        ({"cv": 11}, {}, ValueError, "n_splits=11"),
        ({"cv": TimeSeriesSplit(3)}, {}, ObjectError, "every labelled object once"),
        ({"cv": LeaveOneGroupOut()}, {}, ValueError, "groups"),
        ({"cv": [([0, 1], range(20))]}, {}, ValueError, "trains on objects that it tests"),
        (
            {"cv": StratifiedKFold(5)},
            {"groups": np.arange(20) % 10},
            ObjectError,
            "groups on both sides",
        ),
        ({"cv": StratifiedKFold(5), "n_repeats": 2}, {}, ValueError, "a cv that shuffles"),
        ({}, {"groups": [0] * 20}, ValueError, "number of groups"),
        ({}, {"groups": [np.nan] + [0.0] * 19}, ObjectError, r"group is missing \(object 0\)"),
        ({}, {"detector": [None] * 20}, ObjectError, "detector is missing"),
        ({"group_column": "sn"}, {}, ValueError, "group_column='sn' is not a column of X"),
        ({"detector_column": "ccd"}, {}, ValueError, "detector_column='ccd' is not a column of X"),
        ({"method": "consensus"}, {}, ValueError, "n_repeats of at least 2"),
        (
            {"cache_dir": "/nowhere", "random_state": None},
            {},
            ValueError,
            "an integer random_state",
        ),
        ({"method": "guess"}, {}, ValueError, "'method' parameter"),
        ({"action": "burn"}, {}, ValueError, "'action' parameter"),
    ],
)
@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
def test_contradictory_input_and_parameters_are_refused(options, fit, error, match):
    finder = LabelErrorFinder(GaussianNB(), **{"random_state": 0, **options})
    with pytest.raises(error, match=match) as caught:
        finder.fit(**{"X": X_SMALL, "y": Y_SMALL, **fit})
    if "inconsistent" not in match:
        assert "LabelErrorFinder" in str(caught.value)


def first_columns(X):
    return X[["a", "b"]]


def test_reports_count_by_class_and_detector():
    X, y, _, wrong = make_blobs()
    detector = np.where(np.isin(np.arange(len(y)), wrong[:4]), 7, 3)
    table = pd.DataFrame(X, columns=["a", "b"]).assign(ccd=detector)
    estimator = make_pipeline(FunctionTransformer(first_columns), GaussianNB())
    finder = LabelErrorFinder(
        estimator, detector_column="ccd", method="disagreement", random_state=0
    ).fit(table, y)
    report = finder.report_
    for label in finder.classes_:
        own = y == label
        row = report.loc[label]
        assert row["n_objects"] == row["n_judged"] == own.sum()
        assert row["n_suspects"] == own[wrong].sum()
        assert row["suspect_share"] == own[wrong].sum() / own.sum()
        assert row["mean_quality"] == pytest.approx(finder.label_quality_[own].mean())
    by_detector = finder.per_detector_report_
    assert by_detector["n_suspects"].to_dict() == {3: 5, 7: 4}
    assert by_detector["n_objects"].to_dict() == {3: 116, 7: 4}
    expected = pd.crosstab(y[wrong], finder.suggested_labels_[wrong])
    pairs = finder.suggestions_.loc[expected.index, expected.columns]
    assert (pairs.to_numpy() == expected.to_numpy()).all()
    assert finder.suggestions_.to_numpy().sum() == len(wrong)
    assert LabelErrorFinder(GaussianNB()).fit(X, y).per_detector_report_ is None


def test_rows_in_another_order_give_the_same_suspects():
    X, y, *_ = make_blobs()
    rows = np.random.default_rng(1).permutation(len(y))
    finder = LabelErrorFinder(GaussianNB(), random_state=0).fit(X, y)
    other = clone(finder).fit(X[rows], y[rows])
    np.testing.assert_array_equal(other.label_errors_, finder.label_errors_[rows])


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_parallel_predictions_are_the_same(n_jobs):
    X, y, *_ = make_blobs()
    finder = LabelErrorFinder(GaussianNB(), random_state=0, n_jobs=n_jobs, verbose=True)
    finder.fit(X, y)
    expected = LabelErrorFinder(GaussianNB(), random_state=0).fit(X, y)
    np.testing.assert_array_equal(finder.oof_proba_, expected.oof_proba_)


def test_progress_is_shown_only_if_requested(capsys):
    X, y, *_ = make_blobs()
    LabelErrorFinder(GaussianNB()).fit(X, y)
    assert capsys.readouterr().err == ""
    LabelErrorFinder(GaussianNB(), verbose=True).fit(X, y)
    assert "LabelErrorFinder: 100%" in capsys.readouterr().err


def test_memory_mapped_rows(tmp_path):
    X, y, _, wrong = make_blobs()
    np.save(tmp_path / "x.npy", X.astype(np.float32))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    finder = LabelErrorFinder(
        GaussianNB(), method="disagreement", random_state=0, cache_dir=tmp_path / "m"
    )
    X_new, _ = finder.fit_resample(mapped, y)
    assert X_new.shape == (len(y) - len(wrong), 2)
    assert np.flatnonzero(finder.label_errors_).tolist() == wrong.tolist()
    assert joblib.hash(np.asarray(mapped)) == joblib.hash(X.astype(np.float32))


def test_light_curves_in_a_pipeline_keep_all_objects_in_prediction():
    X, y = make_check_data(60)
    given = y.copy()
    given[:3] = np.roll(np.unique(y), 1)[np.searchsorted(np.unique(y), y[:3])]
    first = make_pipeline(LightCurveStatistics(), FillZero(), GaussianNB())
    finder = LabelErrorFinder(first, cv=3, random_state=0)
    pipeline = make_pipeline(finder, LightCurveStatistics(), FillZero(), LogisticRegression())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline.fit(X, given, labelerrorfinder__groups=np.arange(60) // 2)
        searched = GridSearchCV(pipeline, {"labelerrorfinder__method": ["disagreement"]}, cv=2)
        searched.fit(X, given)
    fitted = pipeline.named_steps["labelerrorfinder"]
    assert pipeline.predict(X).shape == (60,)
    assert fitted.label_errors_.shape == (60,)
    n_trained = 60 - fitted.label_errors_.sum()
    assert len(fitted.sample_indices_) == n_trained < 60
    assert searched.best_estimator_[0].method == "disagreement"


class FillZero(BaseEstimator):
    def fit(self, X, y=None):
        self.n_ = len(X)
        return self

    def transform(self, X):
        return np.nan_to_num(np.asarray(X, float), posinf=0, neginf=0)


def test_a_class_that_loses_all_objects_is_named():
    X = np.zeros((30, 1))
    y = np.array(["a"] * 20 + ["b"] * 10)
    finder = LabelErrorFinder(DummyClassifier(), method="disagreement", random_state=0)
    with pytest.warns(ObjectWarning, match="no object is left of class 'b'"):
        finder.fit(X, y)
    assert finder.sampling_strategy_ == {"a": 20, "b": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        finder.set_params(action="relabel").fit(X, y)


def test_labels_at_inner_nodes_of_a_tree_are_not_judged():
    X, y, true, wrong = make_blobs()
    tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "Ib": None}})
    given = y.astype("U3")
    given[[0, 1]] = "SN"
    finder = LabelErrorFinder(
        HierarchicalClassifier(LogisticRegression(), taxonomy=tree),
        method="disagreement",
        random_state=0,
    )
    with pytest.warns(ObjectWarning, match="2 of 120 .*have not learned"):
        finder.fit(X, given)
    assert finder.classes_.tolist() == ["II", "Ia", "Ib", "SN"]
    assert not finder.label_errors_[:2].any()
    assert finder.label_errors_[wrong[wrong > 1]].all()
    assert finder.suggested_labels_[:2].tolist() == ["SN", "SN"]

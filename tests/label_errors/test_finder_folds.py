import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from label_blobs import Recorder, make_blobs, numbered
from sklearn import config_context
from sklearn.model_selection import RepeatedStratifiedKFold, ShuffleSplit, StratifiedKFold
from sklearn.naive_bayes import GaussianNB

from skastro.exceptions import ObjectError
from skastro.label_errors import LabelErrorFinder


@pytest.fixture
def seen():
    Recorder.seen = []
    return Recorder.seen


@pytest.mark.parametrize("as_column", [True, False])
def test_groups_stay_on_one_side_of_a_split(seen, as_column):
    X, y, *_ = make_blobs()
    groups = np.arange(len(y)) // 4
    table = pd.DataFrame(numbered(X)).rename(columns=str).assign(sn=groups)
    finder = LabelErrorFinder(Recorder(), n_repeats=2, random_state=0)
    if as_column:
        finder.set_params(group_column="sn").fit(table, y)
    else:
        finder.fit(table, y, groups=groups)
    assert len(seen) == 10
    for trained, tested, _, passed in seen:
        assert not set(groups[trained]) & set(groups[tested])
        assert passed.tolist() == groups[trained].tolist()
    for repeat in (seen[:5], seen[5:]):
        rows = np.concatenate([tested for _, tested, *_ in repeat])
        assert sorted(rows) == list(range(len(y)))


def test_passed_groups_have_precedence_over_the_column(seen):
    X, y, *_ = make_blobs()
    table = pd.DataFrame(numbered(X)).rename(columns=str).assign(sn=np.arange(len(y)))
    groups = np.arange(len(y)) // 6
    LabelErrorFinder(Recorder(), group_column="sn", random_state=0).fit(table, y, groups=groups)
    assert all(not set(groups[a]) & set(groups[b]) for a, b, *_ in seen)


def test_folds_are_stratified_by_detector(seen):
    X, y, *_ = make_blobs(classes=("a", "b"), n_objects=100)
    detector = np.where(np.arange(100) < 80, "ccd1", "ccd2")
    LabelErrorFinder(Recorder(), random_state=0).fit(numbered(X), y, detector=detector)
    for _, tested, *_ in seen:
        assert (detector[tested] == "ccd2").sum() == 4


def test_detectors_rarer_than_folds_are_accepted(seen):
    X, y, *_ = make_blobs()
    detector = np.arange(len(y))
    finder = LabelErrorFinder(Recorder(), random_state=0)
    finder.fit(numbered(X), y, detector=detector)
    for _, tested, *_ in seen:
        assert np.unique(y[tested], return_counts=True)[1].min() >= 7
    assert len(finder.per_detector_report_) == len(y)


def test_unlabelled_objects_are_ignored_and_pass(seen):
    X, y, _, wrong = make_blobs()
    given = y.astype(object)
    given[:6] = -1
    finder = LabelErrorFinder(Recorder(), random_state=0)
    X_new, y_new = finder.fit_resample(numbered(X), given)
    assert all(min(trained) > 5 and min(tested) > 5 for trained, tested, *_ in seen)
    assert all(set(labels) <= {"Ia", "II", "Ib"} for *_, labels, _ in seen)
    assert np.isnan(finder.oof_proba_[:6]).all()
    assert np.isnan(finder.label_quality_[:6]).all()
    assert X_new[:6, 2].tolist() == [0, 1, 2, 3, 4, 5]
    assert y_new[:6].tolist() == [-1] * 6
    assert finder.suggested_labels_[:6].tolist() == [-1] * 6
    assert finder.sample_weight_[:6].tolist() == [1.0] * 6
    assert not set(finder.ranking_) & set(range(6))
    assert finder.report_["n_objects"].sum() == len(y) - 6
    assert finder.label_errors_.sum() == len([row for row in wrong if row > 5])


def test_groups_are_routed_through_a_pipeline(seen):
    X, y, *_ = make_blobs()
    groups = np.arange(len(y)) // 4
    with config_context(enable_metadata_routing=True):
        finder = LabelErrorFinder(Recorder(), random_state=0)
        finder.set_fit_request(groups=True).set_fit_resample_request(groups=True)
        make_pipeline(finder, GaussianNB()).fit(numbered(X), y, groups=groups)
    assert len(seen) == 5
    assert all(not set(groups[a]) & set(groups[b]) for a, b, *_ in seen)


def test_a_splitter_never_sees_unlabelled_objects_as_a_class(seen):
    X, y, *_ = make_blobs()
    given = y.astype(object)
    given[::7] = -1
    finder = LabelErrorFinder(Recorder(), cv=StratifiedKFold(4)).fit(numbered(X), given)
    for trained, tested, labels, _ in seen:
        assert not set(np.arange(0, 120, 7)) & {*trained, *tested}
        assert set(labels) == {"Ia", "II", "Ib"}
    assert np.isnan(finder.oof_proba_).any(axis=1).sum() == len(np.arange(0, 120, 7))


def test_a_splitter_shuffles_anew_in_every_repeat_and_is_left_alone(seen):
    X, y, *_ = make_blobs()
    cv = StratifiedKFold(4, shuffle=True, random_state=7)
    finder = LabelErrorFinder(Recorder(), cv=cv, n_repeats=2, random_state=0)
    first = finder.fit(numbered(X), y).oof_proba_repeats_
    again = finder.fit(numbered(X), y).oof_proba_repeats_
    assert cv.random_state == 7
    assert set(seen[0][1]) != set(seen[4][1])
    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).any()


@pytest.mark.parametrize(
    "cv", [RepeatedStratifiedKFold(n_splits=3, n_repeats=2), ShuffleSplit(4, random_state=0)]
)
def test_a_splitter_that_does_not_test_each_object_once_is_refused(cv):
    X, y, *_ = make_blobs()
    with pytest.raises(ObjectError, match="every labelled object once in a repeat"):
        LabelErrorFinder(GaussianNB(), cv=cv).fit(X, y)

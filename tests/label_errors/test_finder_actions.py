import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import label_binarize
from sklearn.semi_supervised import SelfTrainingClassifier

from skastro.label_errors import LabelErrorFinder
from skastro.label_errors._actions import relabelled
from skastro.testing import make_check_data

TRUE = np.array(["Ia", "Ibc"] * 30)
WRONG = [3, 10, 11]
GIVEN = TRUE.copy()
GIVEN[WRONG] = np.where(TRUE[WRONG] == "Ia", "Ibc", "Ia")
X = np.random.default_rng(0).normal(size=(60, 2)) + 9 * (TRUE == "Ia")[:, None]
CODES = (GIVEN == "Ibc").astype(int)


def make_finder(action, **options):
    options = {"method": "disagreement", "random_state": 0, **options}
    return LabelErrorFinder(GaussianNB(), action=action, **options)


KINDS = {
    "text": GIVEN,
    "objects": GIVEN.astype(object),
    "integers": CODES,
    "narrow": CODES.astype(np.int8),
    "unsigned": CODES.astype(np.uint8),
    "floats": CODES.astype(float),
    "flags": CODES.astype(bool),
    "list": GIVEN.tolist(),
    "series": pd.Series(GIVEN, index=np.arange(60) + 7, name="type"),
    "series of objects": pd.Series(GIVEN.astype(object)),
    "categories": pd.Series(pd.Categorical(GIVEN, categories=["Ibc", "Ia", "IIn"])),
    "frame": pd.DataFrame({"type": GIVEN}),
    "column": CODES[:, None],
}


def as_list(y):
    return np.asarray(y).ravel().tolist()


def same_kind(new, old):
    assert type(new) is type(old)
    if isinstance(old, pd.Series):
        assert new.name == old.name
        assert new.dtype == old.dtype
    if isinstance(old, np.ndarray):
        assert new.dtype == old.dtype
        assert new.shape[1:] == old.shape[1:]


@pytest.mark.parametrize("kind", KINDS)
def test_remove(kind):
    y = KINDS[kind]
    finder = make_finder("remove")
    X_new, y_new = finder.fit_resample(X, y)
    kept = np.delete(np.arange(60), WRONG)
    assert finder.sample_indices_.tolist() == kept.tolist()
    np.testing.assert_array_equal(X_new, X[kept])
    assert as_list(y_new) == np.asarray(y).ravel()[kept].tolist()
    same_kind(y_new, y)
    if isinstance(y, pd.Series):
        assert y_new.index.equals(y.index[kept])


@pytest.mark.parametrize("kind", KINDS)
def test_relabel(kind):
    y = KINDS[kind]
    before = as_list(y)
    X_new, y_new = make_finder("relabel").fit_resample(X, y)
    flip = dict(zip(sorted(set(before)), sorted(set(before), reverse=True)))
    expected = [flip[v] if i in WRONG else v for i, v in enumerate(before)]
    assert as_list(y_new) == expected
    same_kind(y_new, y)
    assert X_new is X
    assert as_list(y) == before


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"flags"}))
def test_unlabel(kind):
    y = KINDS[kind]
    before = as_list(y)
    finder = make_finder("unlabel")
    X_new, y_new = finder.fit_resample(X, y)
    answer = y_new if isinstance(y_new, list) else as_list(y_new)
    assert answer == [-1 if i in WRONG else v for i, v in enumerate(before)]
    assert type(y_new) is type(y)
    assert np.asarray(y_new).dtype.kind == np.asarray(y).dtype.kind.translate(
        str.maketrans({"U": "O", "u": "i"})
    ) or isinstance(y, list)
    assert as_list(y) == before
    assert X_new is X
    assert finder.sample_indices_.tolist() == list(range(60))


def test_boolean_labels_cannot_be_unlabelled():
    with pytest.raises(ValueError, match="LabelErrorFinder: boolean labels cannot hold -1"):
        make_finder("unlabel").fit_resample(X, CODES.astype(bool))


def test_relabelled_strings_are_not_truncated():
    suggested = np.array(["a", "a class of the classifier alone"])
    y_new = relabelled(np.array(["a", "b"]), np.array([False, True]), suggested)
    assert y_new.tolist() == suggested.tolist()


def test_found_again_after_unlabelling():
    finder = make_finder("unlabel")
    _, once = finder.fit_resample(X, GIVEN)
    _, twice = finder.fit_resample(X, once)
    assert once.dtype == object
    assert twice.tolist() == once.tolist()
    assert not finder.label_errors_.any()


def test_unlabelled_suspects_reach_a_semi_supervised_classifier():
    pipeline = make_pipeline(make_finder("unlabel"), SelfTrainingClassifier(GaussianNB()))
    pipeline.fit(X, CODES)
    assert (pipeline[-1].transduction_[WRONG] == 1 - CODES[WRONG]).all()
    assert pipeline.classes_.tolist() == [0, 1]
    assert len(pipeline.predict(X)) == 60


def test_weights_are_the_quality_of_suspects():
    finder = make_finder("downweight").fit(X, GIVEN)
    weights = finder.sample_weight_
    np.testing.assert_array_equal(weights[WRONG], finder.label_quality_[WRONG])
    assert weights[WRONG].max() < 0.1
    assert (np.delete(weights, WRONG) == 1).all()
    weighted = LogisticRegression().fit(X, GIVEN, sample_weight=weights)
    without = LogisticRegression().fit(np.delete(X, WRONG, 0), np.delete(GIVEN, WRONG))
    np.testing.assert_allclose(weighted.coef_, without.coef_, rtol=0.02)


@pytest.mark.parametrize("estimator", [None, LogisticRegression()])
def test_downweighting_in_a_pipeline_is_refused(estimator):
    finder = make_finder("downweight")
    step = finder if estimator is None else make_pipeline(finder, estimator)
    with pytest.raises(ValueError, match="call fit and pass sample_weight_ to the classifier"):
        (step.fit_resample if estimator is None else step.fit)(X, GIVEN)


def test_labels_one_against_all_are_removed_only():
    codes = np.arange(60) % 3
    wide = np.random.default_rng(0).normal(size=(60, 3)) + 9 * np.eye(3)[codes]
    codes[5] = 0
    y = label_binarize(codes, classes=[0, 1, 2])
    _, y_new = make_finder("remove").fit_resample(wide, y)
    np.testing.assert_array_equal(y_new, np.delete(y, 5, 0))
    for action in ("relabel", "unlabel"):
        with pytest.raises(ValueError, match="one column of labels"):
            make_finder(action).fit_resample(wide, y)


def test_light_curves_are_taken_as_they_are():
    frame, y = make_check_data(30)
    options = {"random_state": 0, "method": "disagreement", "action": "remove"}
    finder = LabelErrorFinder(RedshiftOnly(), **options)
    X_new, y_new = finder.fit_resample(frame, y)
    kept = frame.index[~finder.label_errors_]
    assert X_new.index.equals(kept)
    assert X_new.nested_columns == frame.nested_columns
    assert 0 < len(X_new) < 30
    assert X_new.equals(frame.loc[kept])


class RedshiftOnly(GaussianNB):
    def fit(self, X, y):
        return super().fit(X[["redshift"]].to_numpy(), y)

    def predict_proba(self, X):
        return super().predict_proba(X[["redshift"]].to_numpy())

"""DropUnusable: marked objects are left out of the training set, and only of it."""

import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from nested_pandas import NestedFrame
from sklearn.dummy import DummyClassifier

from skastro.exceptions import ObjectError, ObjectWarning
from skastro.preprocessing import MarkQuality
from skastro.resampling import DropUnusable
from skastro.utils.ragged import flatten, nest


@pytest.fixture
def marked():
    X = NestedFrame({"redshift": np.arange(5.0)}, index=list("abcde"))
    rows = {"flux": np.arange(6.0)}
    X = X.assign(lightcurve=nest([0, 1, 1, 3, 4, 6], rows, X.index))
    return X.assign(quality=["", "too few points", np.nan, "too few points", "faint"])


LABELS = ["Ia", "Ia", "II", "KN", "II"]


def test_unmarked_objects_stay_whole_and_in_order(marked):
    drop = DropUnusable()
    with pytest.warns(ObjectWarning, match="3 of 5 objects, left out: 'b', 'd', 'e'"):
        X, y = drop.fit_resample(marked, LABELS)
    assert X.index.tolist() == ["a", "c"]
    assert y == ["Ia", "II"]
    assert flatten(X["lightcurve"])[1]["flux"].tolist() == [0.0, 1.0, 2.0]
    assert drop.sample_indices_.tolist() == [0, 2]
    assert drop.n_dropped_ == 3
    assert drop.reasons_ == {"too few points": 2, "faint": 1}


def test_a_class_that_vanishes_is_named(marked):
    with pytest.warns(ObjectWarning, match="no object is left of class 'KN'"):
        DropUnusable().fit_resample(marked, LABELS)


@pytest.mark.parametrize("dtype", [object, "str", "category"])
def test_any_kind_of_text(marked, dtype):
    X = marked.assign(quality=marked["quality"].astype(dtype))
    with pytest.warns(ObjectWarning):
        assert DropUnusable().fit_resample(X, LABELS)[0].index.tolist() == ["a", "c"]


@pytest.mark.parametrize("nothing", ["", np.nan, None])
def test_nothing_marked_means_no_warning(marked, nothing):
    X = marked.assign(quality=nothing)
    drop = DropUnusable()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        X_new, y_new = drop.fit_resample(X, LABELS)
    assert X_new.equals(X)
    assert y_new == LABELS
    assert (drop.n_dropped_, drop.reasons_) == (0, {})


def test_only_unusable_objects_is_an_error(marked):
    with pytest.raises(ObjectError, match="'quality' marks every object") as error:
        DropUnusable().fit_resample(marked.assign(quality="faint"), LABELS)
    assert error.value.ids == list("abcde")


@pytest.mark.parametrize(
    "change, match",
    [
        (lambda X: X.drop(columns="quality"), "DropUnusable requires the column 'quality'"),
        (lambda X: X.assign(quality=1.5), "column 'quality' holds float64"),
        (lambda X: X.assign(quality=[True, False, True, True, True]), "holds bool"),
        (lambda X: X[["redshift"]].to_numpy(), "DropUnusable requires the column 'quality'"),
        (lambda X: X.iloc[:0], "0 objects"),
    ],
    ids=["missing", "numbers", "flags", "array", "empty"],
)
def test_bad_input_is_refused(marked, change, match):
    X = change(marked)
    with pytest.raises(ValueError, match=match):
        DropUnusable().fit_resample(X, LABELS[: len(X)])


def test_behind_the_filter_only_training_loses_objects(marked):
    rows = {"time": [1.0, 2, 3], "flux": [9.0, 9, 9], "flux_err": [1.0, 1, 1]}
    X = pd.DataFrame({"redshift": [0.1, 0.2, 0.3]})
    X = NestedFrame(X).assign(lightcurve=nest([0, 2, 2, 3], rows))
    model = make_pipeline(
        MarkQuality(min_observations=2), DropUnusable(), DummyClassifier(strategy="most_frequent")
    )
    with pytest.warns(ObjectWarning, match="left out: 1, 2"):
        model.fit(X, ["II", "Ia", "Ia"])
    assert model.predict(X).tolist() == ["II", "II", "II"]

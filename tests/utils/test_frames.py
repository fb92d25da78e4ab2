"""Look-ups, copies and nested arrays of frames against what pandas and nested-pandas do."""

import pickle

import numpy as np
import pandas as pd
import pytest
from nested_pandas import NestedFrame
from nested_pandas.series.ext_array import NestedExtensionArray

from skastro.preprocessing import CleanPhotometry
from skastro.utils.frames import get_array, get_column, get_numbers, replace_columns
from skastro.utils.nested_array import NestedArray, view_of
from skastro.utils.ragged import flatten, keep_rows, nest


@pytest.fixture
def frame():
    rows = {"time": [0.0, 1.0, 2.0], "flux": [1.0, 2.0, 3.0], "flux_err": [1.0, 1.0, 1.0]}
    X = NestedFrame({"z": [0.1, np.nan], "n": pd.array([1, None], "Int64")}, index=["a", "b"])
    return X.assign(lightcurve=nest([0, 2, 3], rows, X.index))


def fluxes(X):
    return flatten(X["lightcurve"])[1]["flux"].tolist()


@pytest.mark.parametrize("name", ["z", "n"])
def test_numbers_are_those_of_the_series(frame, name):
    expected = frame[name].to_numpy(float, na_value=np.nan)
    np.testing.assert_array_equal(get_numbers(frame, name), expected)


def test_the_array_is_that_of_the_column(frame):
    assert flatten(get_array(frame, "lightcurve"))[1]["flux"].tolist() == [1.0, 2.0, 3.0]
    pd.testing.assert_series_equal(get_column(frame, "z"), frame["z"])


def test_a_copy_does_not_change_with_the_frame(frame):
    new = replace_columns(frame, {"q": ["x", "y"]})
    assert type(new) is NestedFrame and new.index.equals(frame.index)
    new.loc["a", "z"] = 9.0
    frame.loc["b", "z"] = 8.0
    assert frame["z"].tolist() == [0.1, 8.0] and new["z"].iloc[0] == 9.0 and np.isnan(new["z"]["b"])
    assert "q" not in frame.columns


def test_a_value_set_in_a_nested_column_stays_in_its_own_frame(frame):
    new = replace_columns(frame, {})
    new.loc["a", "lightcurve"] = None
    assert fluxes(new) == [3.0] and fluxes(frame) == [1.0, 2.0, 3.0]


def test_views_share_their_memory_and_pickle_as_the_class_of_nested_pandas(frame):
    array = frame["lightcurve"].array
    assert array.view().list_array is array.list_array
    assert array.copy().list_array is array.list_array
    assert type(pickle.loads(pickle.dumps(view_of(array)))) is NestedExtensionArray
    assert isinstance(array, NestedArray)


def test_a_step_that_changes_nothing_keeps_the_rows(frame):
    new = CleanPhotometry().fit_transform(frame)
    assert new["lightcurve"].array.list_array is frame["lightcurve"].array.list_array


def test_rows_that_are_all_kept_are_not_copied():
    rows = {"flux": np.arange(3.0)}
    offsets, kept = keep_rows([0, 2, 3], rows, np.ones(3, bool))
    assert kept is rows and offsets.tolist() == [0, 2, 3]

"""Run an estimator and compare its outputs, dense or nested."""

import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd
from nested_pandas import NestedDtype
from scipy import sparse
from sklearn.base import clone

from skastro.exceptions import ObjectWarning
from skastro.utils.ragged import flatten

METHODS = ("transform", "predict_proba", "decision_function", "predict")
TOLERANCE = 1e-5
_REFUSALS = (ValueError, TypeError, KeyError)
_FLOAT64_TOLERANCE = 1e-8


def require(condition, message):
    """Raise AssertionError with `message` unless `condition` holds."""
    if not condition:
        raise AssertionError(message)


@contextmanager
def quiet():
    """Silence the warnings about objects without a prediction or with a degraded one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ObjectWarning)
        yield


def prepare(estimator):
    """Return a clone with every seed fixed."""
    estimator = clone(estimator)
    params = estimator.get_params()
    seeds = {k: 0 for k in params if k == "random_state" or k.endswith("__random_state")}
    return estimator.set_params(**seeds)


def fit(estimator, X, y):
    """Return a clone fitted with every seed fixed."""
    with quiet():
        return prepare(estimator).fit(X, y)


def methods(estimator):
    """Return the names of the methods with one output per object."""
    return [method for method in METHODS if hasattr(estimator, method)]


def outputs(fitted, X):
    """Return the output of each method."""
    with quiet():
        return {method: getattr(fitted, method)(X) for method in methods(fitted)}


def names(estimator):
    """Return the class names of an estimator and of its parts."""
    parts = [v for v in estimator.get_params(deep=True).values() if hasattr(v, "get_params")]
    return {type(part).__name__ for part in [estimator, *parts]}


def refusal(action, estimator, *words):
    """Require that `action` raises an error that names the estimator and has all `words`."""
    try:
        with quiet():
            action()
    except _REFUSALS as error:
        message = str(error)
    except Exception as error:
        kind = type(error).__name__
        raise AssertionError(f"{kind} is no error for bad input: {error}") from error
    else:
        raise AssertionError(f"{type(estimator).__name__} accepted it; expected an error")
    name_given = any(name in message for name in names(estimator))
    require(name_given, f"the error does not name the estimator: {message!r}")
    for word in words:
        require(word in message, f"the error does not name {word!r}: {message!r}")


def fails(action):
    """Return whether `action` raises an error of the kinds allowed for bad input."""
    try:
        with quiet():
            action()
    except _REFUSALS:
        return True
    return False


def take(output, rows):
    """Return some rows of an output."""
    return output.iloc[rows] if hasattr(output, "iloc") else output[rows]


def take_all(given, rows):
    """Return some rows of the output of each method."""
    return {method: take(output, rows) for method, output in given.items()}


def assert_same_outputs(actual, expected, **options):
    """Require the same output of each method; see `assert_same` for the options."""
    for method, output in expected.items():
        try:
            assert_same(actual[method], output, **options)
        except AssertionError as error:
            raise AssertionError(f"{method}: {error}") from error


def assert_same(actual, expected, *, tolerance=TOLERANCE, index=True):
    """Require that two outputs agree: values, NaN, dtypes, index, fields, lengths of objects.

    `tolerance` is that of dense output; frames must agree up to rounding.
    """
    if isinstance(expected, pd.DataFrame):
        require(isinstance(actual, pd.DataFrame), f"{type(actual)} instead of a frame")
        columns = list(actual.columns), list(expected.columns)
        require(columns[0] == columns[1], f"columns {columns[0]} instead of {columns[1]}")
        same = not index or actual.index.equals(expected.index)
        require(same, f"index {list(actual.index)} instead of {list(expected.index)}")
        for name in columns[1]:
            assert_same_column(actual[name], expected[name])
        return
    if sparse.issparse(expected):
        actual, expected = actual.toarray(), expected.toarray()
    assert_close(np.asarray(actual), np.asarray(expected), tolerance, "output")


def assert_same_column(actual, expected):
    """Require that two columns agree, nested or static; float64 more closely than float32."""
    name = expected.name
    if not isinstance(expected.dtype, NestedDtype):
        _assert_close_rows(actual, expected, f"column {name!r}")
        return
    require(isinstance(actual.dtype, NestedDtype), f"column {name!r} is not nested any more")
    (lengths, rows), (expected_lengths, expected_rows) = (
        (np.diff(offsets), fields) for offsets, fields in (flatten(actual), flatten(expected))
    )
    same = np.array_equal(lengths, expected_lengths)
    require(same, f"column {name!r}: objects of {lengths} rows instead of {expected_lengths}")
    fields = list(rows), list(expected_rows)
    require(set(fields[0]) == set(fields[1]), f"fields {fields[0]} instead of {fields[1]}")
    for field, values in expected_rows.items():
        where = f"field {field!r} of {name!r}"
        _assert_close_rows(rows[field], values, where)


def _assert_close_rows(actual, expected, where):
    actual, expected = np.asarray(actual), np.asarray(expected)
    tolerance = _FLOAT64_TOLERANCE if expected.dtype == float else TOLERANCE
    assert_close(actual, expected, tolerance, where)


def assert_close(actual, expected, tolerance, where):
    """Require equal arrays; numbers up to `tolerance` times the largest of their column."""
    require(actual.shape == expected.shape, f"{where}: {actual.shape} is not {expected.shape}")
    same = actual.dtype == expected.dtype or expected.dtype.kind in "OUT"
    require(same, f"{where}: dtype {actual.dtype} is not {expected.dtype}")
    if expected.dtype.kind not in "fc":
        equal = pd.Series(list(actual.ravel())).equals(pd.Series(list(expected.ravel())))
        require(equal, f"{where}: {actual} is not {expected}")
        return
    finite = np.where(np.isfinite(expected), np.abs(expected), 0.0)
    # Columns of one network share the rounding of their largest: float32 keeps seven digits of it.
    floor = 1e-3 if expected.dtype == float else 0.1
    scale = np.maximum(finite.max(axis=0, initial=0.0), floor * finite.max(initial=0.0))
    unequal = np.isnan(actual) != np.isnan(expected)
    with np.errstate(invalid="ignore"):
        unequal |= (np.abs(actual - expected) > tolerance * scale) & (actual != expected)
    worst = f"{where}: {unequal.sum()} of {unequal.size} values differ"
    require(not unequal.any(), f"{worst}: {actual[unequal][:3]} is not {expected[unequal][:3]}")

"""Checks that bad input is refused by name and that additional input is carried along."""

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from skastro.testing._outputs import (
    assert_same,
    assert_same_column,
    assert_same_outputs,
    fails,
    fit,
    outputs,
    prepare,
    refusal,
    require,
)
from skastro.utils.ragged import flatten, nest


def check_zero_objects(estimator, data):
    """`fit` and every method refuse a frame without objects."""
    X, y = data()
    fitted = fit(estimator, X, y)
    refusal(lambda: prepare(estimator).fit(X.iloc[:0], y[:0]), estimator)
    _refused_everywhere(fitted, X.iloc[:0])


def check_missing_nested_column(estimator, data):
    """Refuse a frame without the nested column; the error names the column."""
    X, y = data()
    _refused_in_fit_and_outputs(estimator, X, y, lambda X, c: X.drop(columns=c))


def check_not_nested_column(estimator, data):
    """Numbers instead of the nested column are refused; the error names the column."""
    X, y = data()
    _refused_in_fit_and_outputs(estimator, X, y, lambda X, c: X.assign(**{c: 1.0}))


def check_not_a_frame(estimator, data):
    """Arrays and lists are refused."""
    X, y = data()
    fitted = fit(estimator, X, y)
    array = X.drop(columns=X.nested_columns).to_numpy()
    for other in (array, array.tolist(), None):
        refusal(lambda other=other: prepare(estimator).fit(other, y), estimator)
        _refused_everywhere(fitted, other)


def _refused_in_fit_and_outputs(estimator, X, y, change):
    fitted = fit(estimator, X, y)
    column = _needed_column(estimator, X)
    bad = change(X, column)
    refusal(lambda: prepare(estimator).fit(bad, y), estimator, repr(column))
    _refused_everywhere(fitted, bad, repr(column))


def _needed_column(estimator, X):
    column = estimator.get_params().get("column", X.nested_columns[0])
    return column if column in X.nested_columns else X.nested_columns[0]


def _refused_everywhere(fitted, X, *words):
    for method in outputs_of(fitted):
        refusal(lambda method=method: getattr(fitted, method)(X), fitted, *words)


def outputs_of(fitted):
    """Return the methods that read the frame itself."""
    names = ("transform", "predict_proba", "predict")
    return [method for method in names if hasattr(fitted, method)]


def check_missing_static_column(estimator, data):
    """Require an error for a missing static column that is read; others change no output."""
    X, y = data()
    expected = outputs(fit(estimator, X, y), X)
    for column in X.base_columns:
        less = X.drop(columns=column)
        if fails(lambda less=less: fit(estimator, less, y)):
            refusal(lambda less=less: prepare(estimator).fit(less, y), estimator, repr(column))
            continue
        results = outputs(fit(estimator, less, y), less)
        for method, output in expected.items():
            _assert_same_without(results[method], output, column)


def _assert_same_without(actual, expected, column):
    """Compare outputs; in frames, ignore the column that the input lacked."""
    if isinstance(expected, pd.DataFrame):
        actual, expected = (Z.drop(columns=column, errors="ignore") for Z in (actual, expected))
    assert_same(actual, expected)


def check_missing_field(estimator, data):
    """Require an error for a missing field that is read; others change no output."""
    X, y = data()
    nested = _needed_column(estimator, X)
    fitted = fit(estimator, X, y)
    expected = outputs(fitted, X)
    for field in X[nested].dtype.column_dtypes:
        less = _without_field(X, nested, field)
        if fails(lambda less=less: fit(estimator, less, y)):
            words = repr(nested), repr(field)
            refusal(lambda less=less: prepare(estimator).fit(less, y), estimator, *words)
            _refused_everywhere(fitted, less, *words)
            continue
        results = outputs(fit(estimator, less, y), less)
        for method, output in expected.items():
            if isinstance(output, pd.DataFrame) and nested in output:
                output = _without_field(output, nested, field)
            assert_same(results[method], output)


def _without_field(X, column, field):
    offsets, rows = flatten(X[column])
    rows = {name: values for name, values in rows.items() if name != field}
    return X.assign(**{column: nest(offsets, rows, X.index)})


def check_extra_columns(estimator, data):
    """Further columns and fields change no output; nested output keeps them unchanged."""
    X, y = data()
    expected = outputs(fit(estimator, X, y), X)
    more = _with_extras(X)
    for method, output in outputs(fit(estimator, more, y), more).items():
        if not isinstance(expected[method], pd.DataFrame):
            assert_same(output, expected[method])
            continue
        for column in ("extra_text", "extra_number", "extra_nested"):
            require(column in output, f"column {column!r} is lost")
            assert_same_column(output[column], more[column])
        output = output[[c for c in output.columns if not c.startswith("extra_")]]
        for column in expected[method].columns.intersection(X.nested_columns):
            lost = "extra_field" not in output[column].dtype.column_dtypes
            require(not lost, f"field 'extra_field' of {column!r} is lost")
            output = _without_field(output, column, "extra_field")
        assert_same(output, expected[method])


def _with_extras(X):
    more = X.assign(extra_text=[f"note {i}" for i in range(len(X))], extra_number=np.nan)
    for column in X.nested_columns:
        offsets, rows = flatten(X[column])
        rows["extra_field"] = np.arange(offsets[-1])
        more[column] = nest(offsets, rows, X.index)
    more["extra_nested"] = nest(np.arange(len(X) + 1), {"a": np.arange(len(X))}, X.index)
    return more


def check_rows_move_together(estimator, data):
    """Require that the fields of an observation stay together: an extra one follows its row."""
    X, y = data()
    more = _with_extras(X)
    output = outputs(fit(estimator, more, y), more).get("transform")
    if not isinstance(output, pd.DataFrame):
        return
    for column in output.columns.intersection(X.nested_columns):
        rows = flatten(output[column])[1]
        old_offsets, old_rows = flatten(more[column])
        row = rows["extra_field"]
        for name in {"band", "photflag", "order"} & set(old_rows):
            same = np.asarray(rows[name]) == np.asarray(old_rows[name])[row]
            require(same.all(), f"field {name!r} has moved against 'extra_field'")
        objects = np.searchsorted(old_offsets, row, side="right") - 1
        lengths = np.diff(flatten(output[column])[0])
        same = objects == np.repeat(np.arange(len(output)), lengths)
        require(same.all(), "observations have moved to other objects")


def check_columns_by_name(estimator, data):
    """Other columns than in `fit`, in another order, change no output; a missing one is named."""
    X, y = data()
    fitted = fit(estimator, X, y)
    expected = outputs(fitted, X)
    _assert_same_columns(outputs(fitted, X[list(X.columns[::-1])]), expected)
    _assert_same_columns(outputs(fitted, _with_unread(X)), expected)
    for column in X.base_columns:
        less = X.drop(columns=column)
        if fails(lambda less=less: outputs(fitted, less)):
            _refused_everywhere(fitted, less, repr(column))
            continue
        for method, output in outputs(fitted, less).items():
            _assert_same_without(output, expected[method], column)


def _with_unread(X):
    return X.assign(unread_text=[f"type {i}" for i in range(len(X))], unread_number=np.nan)


def _assert_same_columns(actual, expected):
    """Compare outputs; in frames, the expected columns in any order."""
    for method, output in expected.items():
        frame = isinstance(output, pd.DataFrame)
        assert_same(actual[method][list(output.columns)] if frame else actual[method], output)


def check_repeated_column(estimator, data):
    """Two columns with one name are refused; the error names them."""
    X, y = data()
    column = X.base_columns[0]
    twice = pd.concat([X, X[[column]]], axis=1)
    refusal(lambda: prepare(estimator).fit(twice, y), estimator, repr(column))


def check_y(estimator, data):
    """Require that a transformer ignores y, and that a classifier refuses a wrong y."""
    X, y = data()
    if not is_classifier(estimator):
        assert_same_outputs(outputs(fit(estimator, X, None), X), outputs(fit(estimator, X, y), X))
        return
    missing = np.arange(float(len(y)))
    missing[0] = np.nan
    for bad in (None, y[:-1], missing):
        require(fails(lambda bad=bad: prepare(estimator).fit(X, bad)), f"fit accepts y = {bad}")


CHECKS = (
    check_zero_objects,
    check_missing_nested_column,
    check_not_nested_column,
    check_not_a_frame,
    check_missing_static_column,
    check_missing_field,
    check_extra_columns,
    check_rows_move_together,
    check_columns_by_name,
    check_repeated_column,
    check_y,
)

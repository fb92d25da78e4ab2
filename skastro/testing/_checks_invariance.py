"""Checks that the output of an object depends on that object alone, however X is stored."""

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas.series.ext_array import NestedExtensionArray

from skastro.testing._outputs import (
    assert_same_outputs,
    fails,
    fit,
    outputs,
    quiet,
    refusal,
    require,
    take,
    take_all,
)
from skastro.utils.ragged import flatten, nest, one_chunk, sort_rows

_LOOSE = 1e-3


def check_subset_invariance(estimator, data):
    """Objects one by one, and half of them, have the same outputs as among all."""
    X, y = data()
    fitted = fit(estimator, X, y)
    expected = outputs(fitted, X)
    for i in range(4):
        rows = np.array([i])
        assert_same_outputs(outputs(fitted, X.iloc[rows]), take_all(expected, rows))
    rows = np.arange(0, len(X), 2)
    assert_same_outputs(outputs(fitted, X.iloc[rows]), take_all(expected, rows))


def check_order_invariance(estimator, data):
    """Permuted objects have permuted outputs."""
    X, y = data()
    fitted = fit(estimator, X, y)
    rows = np.random.default_rng(0).permutation(len(X))
    assert_same_outputs(outputs(fitted, X.iloc[rows]), take_all(outputs(fitted, X), rows))


def check_slice_invariance(estimator, data):
    """Require for a slice, whose offsets may not start with 0, its part of the outputs."""
    X, y = data()
    fitted = fit(estimator, X, y)
    expected = outputs(fitted, X)
    for part in (slice(5, len(X)), slice(2, 7)):
        assert_same_outputs(outputs(fitted, X.iloc[part]), take_all(expected, part))
        views = {c: _view(X[c], part) for c in X.nested_columns}
        views = pd.DataFrame(X.iloc[part]).assign(**views)
        assert_same_outputs(outputs(fitted, views), take_all(expected, part))


def _view(series, part):
    """Slice a nested column as Arrow does it, without moving the rows."""
    lists = one_chunk(series.array.list_array).slice(part.start, part.stop - part.start)
    return pd.Series(NestedExtensionArray(lists), index=series.index[part])


def check_concat_invariance(estimator, data):
    """Predict and fit a frame of several chunks as one of a single chunk."""
    X, y = data()
    fitted = fit(estimator, X, y)
    expected = outputs(fitted, X)
    chunked = pd.concat([X.iloc[:5], X.iloc[5:6], X.iloc[6:]])
    assert_same_outputs(outputs(fitted, chunked), expected)
    assert_same_outputs(outputs(fit(estimator, chunked, y), X), expected)


def check_repeated_objects(estimator, data):
    """Repeated objects with the same index label have their outputs twice, unmixed."""
    X, y = data()
    fitted = fit(estimator, X, y)
    rows = np.array([0, 3, 0, 1, 1])
    assert_same_outputs(outputs(fitted, X.iloc[rows]), take_all(outputs(fitted, X), rows))


def check_index_kept(estimator, data):
    """Any index (numbers, dates, one label for all objects) leads to the same outputs in order."""
    X, y = data()
    fitted = fit(estimator, X, y)
    expected = outputs(fitted, X)
    n = len(X)
    for index in (np.arange(n)[::-1], ["same"] * n, pd.date_range("2030-01-01", periods=n)):
        renamed = X.set_axis(index)
        frames = {m: o.set_axis(index) if hasattr(o, "iloc") else o for m, o in expected.items()}
        assert_same_outputs(outputs(fitted, renamed), frames)
        assert_same_outputs(outputs(fit(estimator, renamed, y), X), expected)


def check_empty_light_curves(estimator, data):
    """Objects without observations, null or empty, keep their rows and do not affect others."""
    X, y = data()
    fitted = fit(estimator, X, y)
    empty = np.isin(np.arange(len(X)), [0, 4, len(X) - 1])
    emptied = {null: _empty(X, empty, null) for null in (False, True)}
    results = {null: outputs(fitted, Z) for null, Z in emptied.items()}
    full = np.flatnonzero(~empty)
    for result in results.values():
        assert_same_outputs(take_all(result, full), take_all(outputs(fitted, X), full))
    assert_same_outputs(results[True], results[False])
    only = {null: outputs(fitted, Z.iloc[[0]]) for null, Z in emptied.items()}
    for result in only.values():
        assert_same_outputs(result, take_all(results[False], np.array([0])))
    with quiet():
        outputs(fit(estimator, emptied[True], y), X)


def _empty(X, empty, null):
    """Replace the light curves of some objects by null or by none."""
    new = {}
    for column in X.nested_columns:
        lists = one_chunk(X[column].array.list_array)
        kept = lists.filter(pa.array(~empty)).to_pylist()
        filled = np.full(len(X), None, object)
        filled[~empty] = np.fromiter(kept, object, len(kept))
        if not null:
            filled[empty] = np.fromiter([[] for _ in range(empty.sum())], object, empty.sum())
        values = NestedExtensionArray(pa.array(filled.tolist(), lists.type))
        new[column] = pd.Series(values, index=X.index)
    return X.assign(**new)


def check_one_object(estimator, data):
    """One object alone can be transformed or predicted, and fitted by a transformer."""
    X, y = data()
    if hasattr(estimator, "predict"):
        result = outputs(fit(estimator, X, y), X.iloc[:1])
    else:
        result = outputs(fit(estimator, X.iloc[:1], y[:1]), X.iloc[:1])
    lengths = {method: len(output) for method, output in result.items()}
    require(set(lengths.values()) == {1}, f"one object gives {lengths} rows")


def check_row_order(estimator, data):
    """Shuffled observations inside the objects change no output, in `fit` and afterwards."""
    X, y = data()
    fitted = fit(estimator, X, y)
    shuffled = _map_rows(X, _shuffle)
    results = [outputs(fitted, Z) for Z in (shuffled, X)]
    ordered = [{m: _sort_nested(o) for m, o in result.items()} for result in results]
    assert_same_outputs(*ordered, tolerance=_LOOSE)
    assert_same_outputs(outputs(fit(estimator, shuffled, y), X), results[1], tolerance=_LOOSE)


def _map_rows(X, function):
    new = {c: nest(*function(*flatten(X[c])), X.index) for c in X.nested_columns}
    return X.assign(**new)


def _shuffle(offsets, rows):
    noise = np.random.default_rng(0).random(offsets[-1])
    rows = sort_rows(offsets, {**rows, "_noise": noise}, by="_noise")
    return offsets, {name: values for name, values in rows.items() if name != "_noise"}


def _sort_nested(output):
    if not getattr(output, "nested_columns", None):
        return output
    return _map_rows(output, _sort_by_axis)


def _sort_by_axis(offsets, rows):
    axis = "time" if "time" in rows else "wavelength"
    return offsets, sort_rows(offsets, rows, by=axis)


def check_text_encoding(estimator, data):
    """Plain strings and dictionaries in another order lead to the same outputs."""
    X, y = data()
    fitted = fit(estimator, X, y)
    expected = outputs(fitted, X)
    plain = X.assign(**{c: _plain_text(X[c]) for c in X.nested_columns})
    assert_same_outputs(outputs(fitted, plain), expected)
    assert_same_outputs(outputs(fit(estimator, plain, y), X), expected)
    assert_same_outputs(outputs(fitted, _map_rows(X, _reverse_categories)), expected)


def _plain_text(series):
    lists = one_chunk(series.array.list_array)
    fields = [
        pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type)
        for f in lists.type.value_type
    ]
    plain = pa.array(lists.to_pylist(), pa.list_(pa.struct(fields)))
    return pd.Series(NestedExtensionArray(plain), index=series.index)


def _reverse_categories(offsets, rows):
    return offsets, {
        name: values.set_categories([*values.categories[::-1], "unused"])
        if isinstance(values, pd.Categorical)
        else values
        for name, values in rows.items()
    }


def check_float_width(estimator, data):
    """Fluxes in float64 lead to the same outputs; the fields of X keep their width."""
    X, y = data()
    fitted = fit(estimator, X, y)
    wide = _map_rows(X, _widen)
    results, expected = outputs(fitted, wide), outputs(fitted, X)
    for method, output in expected.items():
        if getattr(output, "nested_columns", None):
            _require_width(output, X)
            _require_width(results[method], wide)
            results[method] = _narrow(results[method], output)
    assert_same_outputs(results, expected, tolerance=_LOOSE)


def _require_width(output, X):
    for column in set(output.nested_columns) & set(X.nested_columns):
        old, new = flatten(X[column])[1], flatten(output[column])[1]
        for name in set(old) & set(new):
            same = old[name].dtype == new[name].dtype or isinstance(old[name], pd.Categorical)
            require(same, f"field {name!r}: {old[name].dtype} becomes {new[name].dtype}")


def _narrow(output, like):
    def narrow(offsets, rows):
        floats = {name for name, values in rows.items() if values.dtype == float}
        return offsets, {
            name: rows[name].astype(values.dtype) if name in floats else rows[name]
            for name, values in flatten(like[column])[1].items()
        }

    new = {}
    for column in like.nested_columns:
        new[column] = nest(*narrow(*flatten(output[column])), output.index)
    return output.assign(**new)


def _widen(offsets, rows):
    return offsets, {
        name: values.astype(float) if values.dtype == np.float32 else values
        for name, values in rows.items()
    }


def check_whole_numbers(estimator, data):
    """Integers as times, wavelengths, fluxes and errors give the outputs of the same floats."""
    X, y = data()
    whole, same = _map_rows(X, _round), _map_rows(_map_rows(X, _round), _as_floats)
    fitted = fit(estimator, same, y)
    results = [
        {method: _with_floats(output) for method, output in outputs(fitted, Z).items()}
        for Z in (whole, same)
    ]
    assert_same_outputs(*results)


_MEASURED = ("time", "wavelength", "flux", "flux_err")


def _round(offsets, rows):
    # Errors stay positive, and fluxes keep more than one digit.
    factor = {"flux": 100.0, "flux_err": 100.0}
    new = {n: np.ceil(rows[n] * factor.get(n, 1.0)).astype(int) for n in _MEASURED if n in rows}
    return offsets, rows | new


def _as_floats(offsets, rows):
    return offsets, rows | {n: rows[n].astype(float) for n in _MEASURED if n in rows}


def _with_floats(output):
    return _map_rows(output, _as_floats) if getattr(output, "nested_columns", None) else output


def check_quality_marks(estimator, data):
    """Objects that an earlier step marked get no numbers, keep the reason, affect no others."""
    X, y = data()
    column = estimator.get_params().get("quality_column")
    if column is None:
        return
    marked = np.isin(np.arange(len(X)), [0, 3])
    fitted, Z = fit(estimator, X, y), X.assign(**{column: np.where(marked, "no use", "")})
    expected, others = outputs(fitted, X), np.flatnonzero(~marked)
    for method, output in outputs(fitted, Z).items():
        if isinstance(output, pd.DataFrame):
            kept = output[column][marked].str.startswith("no use")
            require(kept.all(), f"{method}: reasons become {output[column][marked].tolist()}")
            output = output[expected[method].columns]
        elif method in ("transform", "predict_proba"):
            require(np.isnan(output[marked]).all(), f"{method} returns numbers for marked objects")
        assert_same_outputs(
            {method: take(output, others)}, {method: take(expected[method], others)}
        )


def check_plain_data_frame(estimator, data):
    """Require the same outputs for a pandas DataFrame with the same columns."""
    X, y = data()
    fitted = fit(estimator, X, y)
    plain = pd.DataFrame(X)
    assert_same_outputs(outputs(fitted, plain), outputs(fitted, X))
    assert_same_outputs(outputs(fit(estimator, plain, y), X), outputs(fitted, X))


def check_bad_observation_stays_with_its_object(estimator, data):
    """Require that a flux of NaN changes no other object, or that the error names its object."""
    X, y = data()
    fitted = fit(estimator, X, y)
    spoilt = _map_rows(X, _spoil)
    if fails(lambda: outputs(fitted, spoilt)):
        refusal(lambda: outputs(fitted, spoilt), estimator, repr(X.index[0]))
        return
    others = np.arange(1, len(X))
    expected = {m: take(output, others) for m, output in outputs(fitted, X).items()}
    assert_same_outputs(take_all(outputs(fitted, spoilt), others), expected)


def _spoil(offsets, rows):
    if "flux" not in rows:
        return offsets, rows
    flux = rows["flux"].copy()
    flux[offsets[0] + 3] = np.nan
    return offsets, {**rows, "flux": flux}


CHECKS = (
    check_subset_invariance,
    check_order_invariance,
    check_slice_invariance,
    check_concat_invariance,
    check_repeated_objects,
    check_index_kept,
    check_empty_light_curves,
    check_one_object,
    check_row_order,
    check_text_encoding,
    check_float_width,
    check_whole_numbers,
    check_quality_marks,
    check_plain_data_frame,
    check_bad_observation_stays_with_its_object,
)

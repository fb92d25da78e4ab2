"""Ragged functions against a plain loop over random objects."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nested_pandas.series.ext_array import NestedExtensionArray
from ragged_types import TEXTS, list_type, plain

from skastro.utils import ragged

quick = settings(max_examples=30, deadline=None, derandomize=True)
ROW = st.fixed_dictionaries(
    {
        "time": st.none() | st.floats(-5, 5, width=32),
        "band": st.none() | st.sampled_from(["g", "r", "i", "LSST-Y", "ü"]),
        "flag": st.none() | st.integers(-(2**31), 2**31 - 1),
        "detected": st.none() | st.booleans(),
    }
)
OBJECTS = st.lists(st.none() | st.lists(ROW, max_size=4), max_size=5)


@st.composite
def nested_columns(draw):
    """A nested series of sliced chunks, each with a dictionary of its own, and its objects."""
    type_ = list_type(draw(st.sampled_from(list(TEXTS))), draw(st.booleans()))
    chunks, objects = [], []
    for _ in range(draw(st.integers(1, 3))):
        before, inside, after = draw(OBJECTS), draw(OBJECTS), draw(OBJECTS)
        whole = pa.array(before + inside + after, type_)
        chunks.append(whole.slice(len(before), len(inside)))
        objects += inside
    return pd.Series(NestedExtensionArray(pa.chunked_array(chunks, type_))), objects


@st.composite
def ragged_rows(draw):
    """Offsets and fields with ties, NaN and objects without rows."""
    lengths = draw(st.lists(st.integers(0, 5), max_size=8))
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=int)])
    n = int(offsets[-1])
    number = st.floats(-3, 3, width=16) | st.just(np.nan) | st.just(np.inf)
    rows = {
        "time": np.array(draw(st.lists(number, min_size=n, max_size=n)), float),
        "number": np.array(draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n)), np.int32),
        "row": np.arange(n),
        "band": pd.Categorical.from_codes(np.arange(n) % 3 - 1, ["g", "r"]),
    }
    for values in rows.values():
        if isinstance(values, np.ndarray):
            values.flags.writeable = False
    return offsets, rows


def segments(values, offsets):
    return [values[a:b] for a, b in zip(offsets[:-1], offsets[1:])]


def assert_same_rows(rows, expected):
    assert list(rows) == list(expected)
    for name, values in rows.items():
        np.testing.assert_array_equal(plain(values), plain(expected[name]))


def pick(rows, order):
    return {name: values[np.asarray(order, int)] for name, values in rows.items()}


@quick
@given(nested_columns())
def test_flatten_gives_the_rows_of_every_object(drawn):
    series, objects = drawn
    offsets, rows = ragged.flatten(series)
    assert offsets.dtype == np.int64
    assert offsets[0] == 0
    assert np.diff(offsets).tolist() == [len(o or []) for o in objects]
    flat = [row for o in objects for row in o or []]
    for name in ("time", "flag", "detected"):
        expected = [np.nan if row[name] is None else row[name] for row in flat]
        np.testing.assert_array_equal(np.asarray(rows[name], float), expected)
    assert isinstance(rows["band"], pd.Categorical)
    assert plain(rows["band"]) == [row["band"] for row in flat]


@quick
@given(nested_columns())
def test_nest_inverts_flatten(drawn):
    series, _ = drawn
    offsets, rows = ragged.flatten(series)
    again_offsets, again = ragged.flatten(ragged.nest(offsets, rows, series.index))
    np.testing.assert_array_equal(again_offsets, offsets)
    assert_same_rows(again, rows)
    for name in ("time", "flag", "detected"):
        assert again[name].dtype == rows[name].dtype


@quick
@given(ragged_rows(), st.data())
def test_keep_rows_is_a_mask_on_each_object(drawn, data):
    offsets, rows = drawn
    n = len(rows["row"])
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), bool)
    kept_offsets, kept = ragged.keep_rows(offsets, rows, mask)
    assert np.diff(kept_offsets).tolist() == [int(m.sum()) for m in segments(mask, offsets)]
    assert_same_rows(kept, pick(rows, np.flatnonzero(mask)))


@quick
@given(ragged_rows(), st.sampled_from(["time", "number"]))
def test_sort_rows_is_a_stable_sort_of_each_object(drawn, by):
    offsets, rows = drawn
    ordered = ragged.sort_rows(offsets, rows, by=by)
    parts = segments(rows[by], offsets)
    order = [o + a for o, a in zip([np.argsort(p, kind="stable") for p in parts], offsets)]
    assert_same_rows(ordered, pick(rows, np.concatenate([*order, []])))
    has_nan = np.isnan(ordered[by]).any()
    assert ragged.is_sorted(offsets, ordered[by]) or has_nan


@quick
@given(ragged_rows())
def test_is_sorted_looks_inside_objects_only(drawn):
    offsets, rows = drawn
    expected = all((p[1:] >= p[:-1]).all() for p in segments(rows["time"], offsets))
    assert ragged.is_sorted(offsets, rows["time"]) == expected


@quick
@given(ragged_rows(), st.data())
def test_take_objects_takes_whole_objects(drawn, data):
    offsets, rows = drawn
    n = len(offsets) - 1
    objects = data.draw(st.lists(st.integers(0, n - 1), max_size=6)) if n else []
    taken_offsets, taken = ragged.take_objects(offsets, rows, objects)
    parts = segments(rows["row"], offsets)
    assert np.diff(taken_offsets).tolist() == [len(parts[i]) for i in objects]
    assert_same_rows(taken, pick(rows, np.concatenate([*(parts[i] for i in objects), []])))


@quick
@given(ragged_rows(), st.integers(1, 8))
def test_chunks_cut_the_objects_into_whole_pieces(drawn, max_rows):
    offsets, _ = drawn
    pieces = list(ragged.chunks(offsets, max_rows))
    covered = [i for piece in pieces for i in range(piece.start, piece.stop)]
    assert covered == list(range(len(offsets) - 1))
    for piece, following in zip(pieces, [*pieces[1:], None]):
        n_rows = offsets[piece.stop] - offsets[piece.start]
        assert n_rows <= max_rows or piece.stop - piece.start == 1
        if following is not None:
            assert offsets[piece.stop + 1] - offsets[piece.start] > max_rows


@quick
@given(ragged_rows())
def test_row_positions(drawn):
    offsets, rows = drawn
    parts = segments(rows["row"], offsets)
    ids = [i for i, part in enumerate(parts) for _ in part]
    assert ragged.segment_ids(offsets).tolist() == ids
    assert ragged.row_numbers(offsets).tolist() == [j for p in parts for j in range(len(p))]


@quick
@given(ragged_rows(), st.sampled_from([np.add, np.maximum, np.minimum, np.logical_or, np.fmax]))
@pytest.mark.parametrize("field", ["time", "number"])
def test_segment_reduce_is_the_reduction_of_each_object(field, drawn, ufunc):
    offsets, rows = drawn
    parts = segments(rows[field], offsets)
    expected = [float(ufunc.reduce(part)) if len(part) else -7.0 for part in parts]
    reduced = ragged.segment_reduce(offsets, rows[field], ufunc, empty=-7)
    np.testing.assert_allclose(reduced.astype(float), expected)


@quick
@given(ragged_rows())
def test_segment_reduce_has_one_dtype_with_and_without_empty_objects(drawn):
    offsets, rows = drawn
    filled = offsets[np.concatenate([[True], np.diff(offsets) > 0])]
    for empty in (np.nan, 0, -1):
        reduced = ragged.segment_reduce(offsets, rows["number"], np.add, empty)
        dense = ragged.segment_reduce(filled, rows["number"], np.add, empty)
        assert reduced.dtype == dense.dtype


@quick
@given(ragged_rows())
def test_segment_count_and_first_follow_the_mask(drawn):
    offsets, rows = drawn
    mask = rows["number"] > 0
    parts = segments(rows["row"][mask], ragged.keep_rows(offsets, {}, mask)[0])
    assert ragged.segment_count(offsets, mask).tolist() == [len(part) for part in parts]
    first = ragged.segment_first(offsets, rows["row"], mask, empty=-1)
    assert first.tolist() == [int(part[0]) if len(part) else -1 for part in parts]


@quick
@given(ragged_rows())
def test_segment_argmax_is_the_first_largest_row(drawn):
    offsets, rows = drawn
    values = rows["time"]
    expected = []
    for part, start in zip(segments(values, offsets), offsets):
        part = np.where(np.isnan(part), -np.inf, part)
        expected.append(int(np.argmax(part)) + start if len(part) else -1)
    assert ragged.segment_argmax(offsets, values).tolist() == expected

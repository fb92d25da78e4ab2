"""Ragged functions against known answers and against a plain loop over objects."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nested_pandas.series.ext_array import NestedExtensionArray

from skastro.utils import _arrow, ragged

quick = settings(max_examples=60, deadline=None, derandomize=True)

ROW = st.fixed_dictionaries(
    {
        "time": st.none() | st.floats(-5, 5, width=32),
        "band": st.none() | st.sampled_from(["g", "r", "i", "LSST-Y", "ü"]),
        "flag": st.none() | st.integers(-(2**31), 2**31 - 1),
        "detected": st.none() | st.booleans(),
    }
)
OBJECTS = st.lists(st.none() | st.lists(ROW, max_size=4), max_size=5)
TEXTS = {
    "plain": pa.string(),
    "large": pa.large_string(),
    "int8": pa.dictionary(pa.int8(), pa.string()),
    "int32": pa.dictionary(pa.int32(), pa.large_string()),
}


def list_type(text, large):
    fields = [("time", pa.float32()), ("band", TEXTS[text]), ("flag", pa.int32())]
    struct = pa.struct([*fields, ("detected", pa.bool_())])
    return pa.large_list(struct) if large else pa.list_(struct)


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


def plain(values):
    """Numbers as they are, text as a list with None for missing."""
    if isinstance(values, pd.Categorical):
        return [None if pd.isna(value) else value for value in values]
    return values


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


def buffer_of(array):
    return np.frombuffer(array.buffers()[1], np.uint8)


@pytest.mark.parametrize("start", [0, 2])
@pytest.mark.parametrize("large", [False, True], ids=["int32", "int64"])
def test_numbers_of_one_chunk_are_views(large, start):
    flux = pa.array(np.arange(6, dtype=np.float32))
    structs = pa.StructArray.from_arrays([flux], ["flux"])
    kind, integer = (pa.LargeListArray, pa.int64()) if large else (pa.ListArray, pa.int32())
    lists = kind.from_arrays(pa.array([0, 2, 2, 5, 6], integer), structs)
    series = pd.Series(NestedExtensionArray(lists.slice(start)))
    offsets, rows = ragged.flatten(series)
    assert offsets.tolist() == ([0, 2, 2, 5, 6] if start == 0 else [0, 3, 4])
    assert rows["flux"].tolist() == flux.to_pylist()[-offsets[-1] :]
    assert np.shares_memory(rows["flux"], buffer_of(flux))
    assert not rows["flux"].flags.writeable


def test_nest_does_not_copy_numbers():
    flux = np.arange(3.0)
    assert np.shares_memory(ragged.flatten(ragged.nest([0, 1, 3], {"f": flux}))[1]["f"], flux)


def test_sorted_rows_are_returned_as_they_are():
    rows = {"time": np.array([1.0, 2.0, 0.0])}
    assert ragged.sort_rows(np.array([0, 2, 3]), rows) is rows


def test_ties_keep_their_order_in_long_objects():
    time = np.random.default_rng(0).integers(0, 5, 3000).astype(float)
    rows = ragged.sort_rows(np.array([0, 1000, 3000]), {"time": time, "row": np.arange(3000)})
    expected = [np.argsort(time[:1000], kind="stable"), np.argsort(time[1000:], kind="stable")]
    np.testing.assert_array_equal(rows["row"], np.concatenate([expected[0], expected[1] + 1000]))


def test_nothing_is_written_into_the_input():
    lists = pa.array([[{"time": 3.0, "flux": 1.0}, {"time": 2.0, "flux": 2.0}], None, []])
    series = pd.Series(NestedExtensionArray(lists))
    before = lists.to_pylist()
    offsets, rows = ragged.flatten(series)
    ragged.sort_rows(offsets, rows)
    ragged.keep_rows(offsets, rows, rows["flux"] > 1)
    ragged.take_objects(offsets, rows, [2, 0, 0])
    ragged.segment_argmax(offsets, rows["flux"])
    ragged.segment_first(offsets, rows["flux"])
    assert series.array.list_array.to_pylist() == before


def test_rows_under_a_missing_object_do_not_leak():
    structs = pa.StructArray.from_arrays([pa.array([1.0, 2, 3])], ["flux"])
    lists = pa.ListArray.from_arrays(
        pa.array([0, 1, 2, 3], pa.int32()), structs, mask=pa.array([False, True, False])
    )
    offsets, rows = ragged.flatten(pd.Series(NestedExtensionArray(lists)))
    assert offsets.tolist() == [0, 1, 1, 2]
    assert rows["flux"].tolist() == [1.0, 3.0]


def test_a_missing_row_is_nan_in_every_field():
    lists = pa.array([[{"flux": 1.0, "flag": 3, "band": "g"}, None]])
    _, rows = ragged.flatten(pd.Series(NestedExtensionArray(lists)))
    np.testing.assert_array_equal(rows["flux"], [1.0, np.nan])
    np.testing.assert_array_equal(rows["flag"], [3, np.nan])
    assert rows["band"].isna().tolist() == [False, True]


@pytest.mark.parametrize("dictionary", [["g", None], ["g", "g"]])
def test_dictionaries_that_pandas_refuses(dictionary):
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0]), pa.array(dictionary))
    structs = pa.StructArray.from_arrays([codes], ["band"])
    lists = pa.ListArray.from_arrays(pa.array([0, 3], pa.int32()), structs)
    _, rows = ragged.flatten(pd.Series(NestedExtensionArray(lists)))
    assert plain(rows["band"]) == [dictionary[i] for i in (0, 1, 0)]


def test_dictionaries_of_numbers_are_numbers():
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0]), pa.array([5, 6]))
    structs = pa.StructArray.from_arrays([codes], ["flag"])
    lists = pa.ListArray.from_arrays(pa.array([0, 3], pa.int32()), structs)
    _, rows = ragged.flatten(pd.Series(NestedExtensionArray(lists)))
    assert rows["flag"].tolist() == [5, 6, 5]


def test_joined_chunks_have_64_bit_offsets():
    chunk = pa.array([[{"time": 1.0}, {"time": 2.0}], []], list_type("plain", large=False))
    joined = _arrow.one_chunk(pa.chunked_array([chunk, chunk]))
    assert joined.offsets.type == pa.int64()
    assert joined.offsets.to_pylist() == [0, 2, 2, 4, 4]
    assert pa.types.is_large_list(ragged.nest([0, 1], {"x": [1.0]}).array.list_array.type)


def test_no_objects_at_all():
    series = ragged.nest([0, 1], {"flux": [1.0], "band": ["g"]}).iloc[:0]
    offsets, rows = ragged.flatten(series)
    assert offsets.tolist() == [0]
    assert len(rows["flux"]) == len(rows["band"]) == 0
    assert ragged.segment_reduce(offsets, rows["flux"], np.add).tolist() == []
    assert list(ragged.chunks(offsets, 3)) == []


def test_only_the_requested_fields_are_opened():
    series = ragged.nest([0, 1], {"time": [1.0], "flux": [2.0]})
    assert list(ragged.flatten(series, ["flux"])[1]) == ["flux"]
    assert ragged.flatten(series, [])[1] == {}


@pytest.mark.parametrize(
    "values, expected",
    [
        (np.array([1, 2], ">f4"), [1.0, 2.0]),
        (np.arange(4.0)[::2], [0.0, 2.0]),
        (np.ma.masked_array([1.0, 2.0], [False, True]), [1.0, np.nan]),
        (pd.array([1, None], dtype="Int32"), [1.0, np.nan]),
        (np.array([True, False]), [1.0, 0.0]),
    ],
    ids=["big-endian", "strided", "masked", "nullable", "flags"],
)
def test_nest_takes_any_numbers(values, expected):
    flat = ragged.flatten(ragged.nest([0, 2], {"x": values}))[1]["x"]
    np.testing.assert_array_equal(flat.astype(float), expected)


@pytest.mark.parametrize(
    "values",
    [np.array(["g", "r"]), np.array([b"g", b"r"]), pd.Series(["g", "r"]), ["g", "r"]],
    ids=["text", "bytes", "series", "list"],
)
def test_nest_takes_any_text(values):
    assert list(ragged.flatten(ragged.nest([0, 2], {"x": values}))[1]["x"]) == ["g", "r"]


@pytest.mark.parametrize(
    "offsets, rows, error, match",
    [
        ([0, 1], {"x": [1.0, 2.0]}, ValueError, "from 0 to the number of rows, 2"),
        ([1, 2], {"x": [1.0, 2.0]}, ValueError, "from 0 to the number of rows"),
        ([], {"x": []}, ValueError, "from 0 to the number of rows"),
        ([0, 2, 1, 2], {"x": [1.0, 2.0]}, ValueError, "must not decrease"),
        ([0, 2], {"x": [1.0, 2.0], "y": [1.0]}, ValueError, "'x': 2, 'y': 1"),
        ([0, 2], {"x": np.array(["g", 3], object)}, TypeError, "field 'x'"),
        ([0.0, 2.0], {"x": [1.0, 2.0]}, TypeError, "whole numbers"),
    ],
)
def test_nest_refuses(offsets, rows, error, match):
    with pytest.raises(error, match=match):
        ragged.nest(offsets, rows)


def test_flatten_names_column_and_field():
    with pytest.raises(TypeError, match="'z' is not nested"):
        ragged.flatten(pd.Series([1.0], name="z"))
    series = ragged.nest([0, 1], {"time": [1.0]}).rename("lightcurve")
    with pytest.raises(KeyError, match="'lightcurve' has no field 'flux'"):
        ragged.flatten(series, ["time", "flux"])


def test_keep_rows_refuses_a_mask_of_another_length():
    with pytest.raises(ValueError, match="2 values for 3 rows"):
        ragged.keep_rows([0, 3], {"x": np.arange(3)}, [True, False])


def test_segment_first_of_text():
    bands = pd.Categorical(["g", "r", "i"])
    assert ragged.segment_first([0, 0, 3], bands, [False, True, True], empty="").tolist() == [
        "",
        "r",
    ]


def test_segment_functions_do_not_read_past_their_objects():
    values = np.array([1.0, 2.0, 100.0])
    assert ragged.segment_reduce([0, 1, 2], values, np.maximum).tolist() == [1.0, 2.0]
    assert ragged.segment_first([0, 0, 2], values).tolist()[1] == 1.0


@pytest.mark.parametrize(
    "reduce", [ragged.segment_median, ragged.segment_argmax, ragged.segment_count]
)
def test_values_and_offsets_that_have_changed_places_are_refused(reduce):
    with pytest.raises(TypeError, match="offsets must be whole numbers, not float"):
        reduce(np.array([1.5, 2.5, 3.5]), np.array([0, 3]))
    with pytest.raises(ValueError, match="has 2 values for 3 rows"):
        reduce(np.array([0, 3]), np.array([1.0, 2.0]))

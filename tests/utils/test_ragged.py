"""Ragged functions against known answers and against a plain loop over objects."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from nested_pandas.series.ext_array import NestedExtensionArray
from ragged_types import list_type, plain

from skastro.utils import _arrow, ragged


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

"""Arrow arrays to NumPy arrays and back, without a copy wherever the memory allows."""

from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa


def one_chunk(lists):
    """Join the chunks of a list array, with 64-bit offsets that cannot overflow.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from skastro.utils.ragged import one_chunk
    >>> one_chunk(pa.chunked_array([[[1, 2]], [[3]]])).to_pylist()
    [[1, 2], [3]]
    """
    if not isinstance(lists, pa.ChunkedArray):
        return lists
    if lists.num_chunks == 0:
        return pa.array([], lists.type)
    if lists.num_chunks == 1:
        return lists.chunk(0)
    if pa.types.is_list(lists.type):
        lists = lists.cast(pa.large_list(lists.type.value_type))
    joined = lists.combine_chunks()
    return joined.chunk(0) if isinstance(joined, pa.ChunkedArray) else joined


def open_lists(lists):
    """Return the offsets from 0 of a list array and the structs that they point into."""
    if len(lists) == 0:
        return np.zeros(1, np.int64), lists.values.slice(0, 0)
    if lists.null_count:
        lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]), lists.flatten()
    offsets = lists.offsets.to_numpy().astype(np.int64, copy=False)
    structs = lists.values.slice(offsets[0], offsets[-1] - offsets[0])
    return (offsets - offsets[0] if offsets[0] else offsets), structs


def open_fields(structs, names):
    """Return one NumPy array or Categorical for each of the named fields of a struct array."""
    known = [field.name for field in structs.type]
    columns = structs.flatten() if structs.null_count else None
    return {
        name: to_numpy(structs.field(name) if columns is None else columns[known.index(name)])
        for name in names
    }


def to_numpy(array):
    """Return numbers as ndarray and text as Categorical; a missing number or flag is NaN."""
    kind = _kind(array.type)
    if kind == "encoded text":
        return _to_categorical(array)
    if kind == "encoded":
        return to_numpy(array.dictionary_decode())
    if kind == "text":
        return _to_categorical(array.dictionary_encode())
    # Arrow makes Python objects of flags with nulls.
    if kind == "flag" and array.null_count:
        array = array.cast(pa.int8())
    return array.to_numpy(zero_copy_only=False)


@lru_cache(maxsize=1024)
def _kind(type_):
    if pa.types.is_dictionary(type_):
        return "encoded text" if _kind(type_.value_type) == "text" else "encoded"
    if pa.types.is_boolean(type_):
        return "flag"
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return "text" if any(is_kind(type_) for is_kind in kinds) else "number"


def _to_categorical(array):
    categories = array.dictionary.to_pylist()
    # Dictionaries of other programs may hold null or repeat a text; pandas refuses both.
    if None in categories or len(set(categories)) < len(categories):
        array = array.dictionary_decode().dictionary_encode()
        categories = array.dictionary.to_pylist()
    codes = array.indices.fill_null(-1) if array.null_count else array.indices
    dtype = _categorical_dtype(tuple(categories))
    codes = codes.to_numpy(zero_copy_only=False)
    return pd.Categorical.from_codes(codes, dtype=dtype, validate=False)


@lru_cache(maxsize=1024)
def _categorical_dtype(categories):
    # The check of the categories takes longer than all other fields of a light curve.
    return pd.CategoricalDtype(pd.Index(categories, dtype=object))


def to_arrow(values, name):
    """Return numbers as a plain Arrow array and text as a dictionary-encoded one."""
    if isinstance(values, np.ma.MaskedArray):
        return pa.array(values)
    if not isinstance(values, pd.Categorical):
        values = np.asarray(values)
        if values.dtype.kind not in "OUST":
            return pa.array(values if values.dtype.isnative else values.astype(values.dtype.name))
        values = pd.Categorical(values)
    codes = values.codes
    missing = codes < 0
    codes = pa.array(codes, mask=missing) if missing.any() else pa.array(codes)
    try:
        categories = pa.array(values.categories.tolist(), pa.string())
    except pa.ArrowException as error:
        raise TypeError(f"field {name!r} holds objects that are not strings: {error}") from None
    return pa.DictionaryArray.from_arrays(codes, categories)

"""Codecs of plain values: numbers, text, containers, arrays, frames, random states."""

from collections import OrderedDict

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from skastro.persistence._codec import Codec

# `astype(str)` takes the space of the longest text for each.
_MOST_TEXT = 2**16
_DTYPE_KINDS = "?biufcMmSUO"
_BIT_GENERATORS = {"PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"}


def _write_array(values, write, path):
    if values.dtype.kind in "OU":
        cells = [write(v, f"{path}[{i}]") for i, v in enumerate(values.ravel().tolist())]
        return {"kind": values.dtype.kind, "cells": cells, "shape": list(values.shape)}
    if values.dtype.names:
        fields = {name: write(values[name], f"{path}[{name!r}]") for name in values.dtype.names}
        return {"fields": list(fields.items()), "shape": list(values.shape)}
    if values.dtype.kind in "Mm":
        counts = write.array(values.astype(np.int64))
        return {"array": counts, "dtype": values.dtype.str}
    if values.dtype.kind == "c":
        parts = np.stack([values.real, values.imag])
        return {"array": write.array(parts), "dtype": values.dtype.str}
    by_column = values.flags.f_contiguous and not values.flags.c_contiguous
    stored = write.array((values.T if by_column else values).astype(values.dtype.newbyteorder("=")))
    return {"array": stored, "dtype": values.dtype.str} | ({"order": "F"} if by_column else {})


def _read_array(node, read):
    if "cells" in node:
        return _text_array(node, read)
    if "fields" in node:
        return _structured(node, read)
    dtype = _dtype(node["dtype"])
    values = read.array(node["array"])
    if dtype.kind in "Mm":
        return values.astype(np.int64).view(dtype)
    if dtype.kind == "c":
        return (values[0] + 1j * values[1]).astype(dtype)
    if node.get("order") == "F":
        values = values.T
    return values.astype(dtype, copy=False)


def _text_array(node, read):
    values = np.empty(len(node["cells"]), object)
    values[:] = [read(cell) for cell in node["cells"]]
    if node["kind"] == "U":
        if not all(isinstance(v, str) and len(v) <= _MOST_TEXT for v in values):
            raise ValueError("a text array does not hold short text")
        values = values.astype(str)
    return values.reshape(node["shape"])


def _structured(node, read):
    fields = {name: read(value) for name, value in node["fields"]}
    shape = tuple(node["shape"])
    # A shape without fields would allocate any size that the file states.
    if not fields or any(values.shape != shape for values in fields.values()):
        raise ValueError(f"the fields of a structured array do not have the shape {shape}")
    table = np.empty(shape, [(name, values.dtype) for name, values in fields.items()])
    for name, values in fields.items():
        table[name] = values
    return table


def _dtype(text):
    dtype = np.dtype(text) if isinstance(text, str) and len(text) < 20 else None
    if dtype is None or dtype.kind not in _DTYPE_KINDS or dtype.kind in "OU":
        raise ValueError(f"{text!r} is not the type of an array in a model file")
    return dtype


def _write_dtype(dtype, write, path):
    return {"v": dtype.str}


def _write_scalar(value, write, path):
    array = np.asarray(value)
    if array.dtype.kind == "U":
        return {"text": str(value)}
    return _write_array(array.reshape(1), write, path)


def _read_scalar(node, read):
    return np.str_(node["text"]) if "text" in node else _read_array(node, read)[0]


def _write_items(values, write, path):
    return {"items": [write(v, f"{path}[{i}]") for i, v in enumerate(values)]}


def _write_set(values, write, path):
    # Sets of text have another order in every process.
    return _write_items(sorted(values, key=repr), write, path)


def _is_list(value):
    """Return whether a value is a list, or the list of columns of a ColumnTransformer below 1.7."""
    return type(value) is list or type(value).__name__ == "_RemainderColsList"


def _items(kind):
    return lambda node, read: kind(read(item) for item in node["items"])


def _write_dict(values, write, path):
    pairs = [[write(k, path), write(v, f"{path}[{k!r}]")] for k, v in values.items()]
    return {"pairs": pairs}


def _read_dict(node, read):
    return {read(key): read(value) for key, value in node["pairs"]}


def _write_frame(frame, write, path):
    columns = [frame[name].to_numpy() for name in frame]
    values = {"names": list(frame.columns), "columns": columns, "index": frame.index.to_numpy()}
    return {"frame": write(values, path)}


def _read_frame(node, read):
    parts = read(node["frame"])
    columns = dict(zip(parts["names"], parts["columns"], strict=True))
    return pd.DataFrame(columns, index=parts["index"])


def _write_series(series, write, path):
    return _write_frame(series.to_frame("values"), write, path) | {"name": write(series.name, path)}


def _read_series(node, read):
    return _read_frame(node, read)["values"].rename(read(node["name"]))


def _write_index(index, write, path):
    return {"values": write(index.to_numpy(), path), "name": write(index.name, path)}


def _read_index(node, read):
    return pd.Index(read(node["values"]), name=read(node["name"]))


def _write_random_state(state, write, path):
    return {"state": write(list(state.get_state()), path)}


def _read_random_state(node, read):
    state = np.random.RandomState()
    state.set_state(tuple(read(node["state"])))
    return state


def _write_generator(generator, write, path):
    return {"state": write(generator.bit_generator.state, path)}


def _read_generator(node, read):
    state = read(node["state"])
    if state["bit_generator"] not in _BIT_GENERATORS:
        raise ValueError(f"{state['bit_generator']!r} is not a bit generator of NumPy")
    bits = getattr(np.random, state["bit_generator"])()
    bits.state = state
    return np.random.Generator(bits)


def _write_slice(value, write, path):
    return _write_items((value.start, value.stop, value.step), write, path)


def _read_slice(node, read):
    return slice(*(read(item) for item in node["items"]))


def _write_complex(value, write, path):
    return _write_items((value.real, value.imag), write, path)


def _read_complex(node, read):
    return complex(*(read(item) for item in node["items"]))


def _write_sparse(matrix, write, path):
    whole = matrix.tocsr()
    parts = [whole.data, whole.indices, whole.indptr, list(whole.shape), matrix.format]
    return {"parts": write(parts, path), "is_array": type(matrix).__name__.endswith("array")}


def _read_sparse(node, read):
    from scipy import sparse

    data, indices, indptr, shape, form = read(node["parts"])
    kind = sparse.csr_array if node["is_array"] else sparse.csr_matrix
    matrix = kind((data, indices, indptr), shape=tuple(shape))
    matrix.check_format(full_check=True)
    return matrix.asformat(form)


def _is_sparse(value):
    return type(value).__module__.startswith("scipy.sparse")


def _is(*types):
    return lambda value: type(value) in types


PLAIN = (
    Codec("float", _is(float), lambda v, *_: {"v": str(v)}, lambda n, _: float(n["v"])),
    Codec("int", _is(int), lambda v, *_: {"v": str(v)}, lambda n, _: int(n["v"])),
    Codec("complex", _is(complex), _write_complex, _read_complex),
    Codec("scalar", lambda v: isinstance(v, np.generic), _write_scalar, _read_scalar),
    Codec("array", lambda v: isinstance(v, np.ndarray), _write_array, _read_array),
    Codec("list", _is_list, _write_items, _items(list)),
    Codec("tuple", _is(tuple), _write_items, _items(tuple)),
    Codec("set", _is(set), _write_set, _items(set)),
    Codec("frozenset", _is(frozenset), _write_set, _items(frozenset)),
    Codec("dict", _is(dict), _write_dict, _read_dict),
    Codec(
        "ordered_dict", _is(OrderedDict), _write_dict, lambda n, r: OrderedDict(_read_dict(n, r))
    ),
    Codec("bunch", _is(Bunch), _write_dict, lambda n, read: Bunch(**_read_dict(n, read))),
    Codec("slice", _is(slice), _write_slice, _read_slice),
    Codec("dtype", lambda v: isinstance(v, np.dtype), _write_dtype, lambda n, _: _dtype(n["v"])),
    Codec("frame", _is(pd.DataFrame), _write_frame, _read_frame),
    Codec("series", _is(pd.Series), _write_series, _read_series),
    Codec("index", lambda v: isinstance(v, pd.Index), _write_index, _read_index),
    Codec("random_state", _is(np.random.RandomState), _write_random_state, _read_random_state),
    Codec("generator", _is(np.random.Generator), _write_generator, _read_generator),
    Codec("sparse", _is_sparse, _write_sparse, _read_sparse),
)
"""Codecs of values whose class is not named by the file."""

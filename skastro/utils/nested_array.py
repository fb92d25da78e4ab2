"""Arrays of nested columns that share their memory, and how they are built from flat arrays."""

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from nested_pandas.series.ext_array import NestedExtensionArray
from numpy.typing import ArrayLike

from skastro.utils import _arrow

Rows: TypeAlias = dict[str, Any]
"""Fields of the rows of all objects: name -> ndarray or Categorical of shape (n_rows,)."""


class NestedArray(NestedExtensionArray):
    """Array of a nested column whose views share its memory.

    pandas takes a view of every column whenever it copies a frame, and nested-pandas rebuilds the
    Arrow arrays for each.

    Parameters
    ----------
    values : pyarrow array
        Lists of structs.

    Examples
    --------
    >>> from skastro.utils.nested_array import NestedArray
    >>> from skastro.utils.ragged import nest
    >>> isinstance(nest([0, 1], {"flux": [1.0]}).array, NestedArray)
    True
    """

    def view(self, dtype: Any = None) -> Any:
        """Return an array that shares the memory of this one."""
        return view_of(self) if dtype is None else super().view(dtype)

    def copy(self) -> "NestedArray":
        """Return an array that shares the memory of this one, which never changes."""
        return view_of(self)

    def __reduce__(self):
        return NestedExtensionArray, (self.list_array,)


def view_of(array: NestedExtensionArray) -> NestedArray:
    """Return an array that shares the memory of the array of a nested column.

    Examples
    --------
    >>> from skastro.utils.nested_array import view_of
    >>> from skastro.utils.ragged import nest
    >>> array = nest([0, 1], {"flux": [1.0]}).array
    >>> view_of(array).list_array is array.list_array
    True
    """
    new = object.__new__(NestedArray)
    new._storage, new._dtype = array._storage, array._dtype
    return new


def nest_array(offsets: ArrayLike, rows: Rows) -> NestedArray:
    """Return the array of the nested column that :func:`skastro.utils.ragged.nest` builds.

    Examples
    --------
    >>> from skastro.utils.nested_array import nest_array
    >>> len(nest_array([0, 1, 3], {"time": [0.0, 1.0, 2.0]}))
    2
    """
    offsets = np.asarray(offsets)
    if len(offsets) and offsets.dtype.kind not in "iu":
        raise TypeError(f"offsets must be whole numbers, not {offsets.dtype}")
    fields = [_arrow.to_arrow(values, name) for name, values in rows.items()]
    lengths = {name: len(field) for name, field in zip(rows, fields)}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"fields must have one length, not {lengths}")
    structs = pa.StructArray.from_arrays(fields, names=list(rows))
    if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != len(structs):
        raise ValueError(f"offsets must run from 0 to the number of rows, {len(structs)}")
    if (np.diff(offsets) < 0).any():
        raise ValueError("offsets must not decrease")
    offsets = pa.array(offsets.astype(np.int64, copy=False))
    # 64-bit offsets: a survey has more than 2**31 observations.
    lists = pa.LargeListArray.from_arrays(offsets, structs)
    return NestedArray(lists)

"""A hash of the values of data, whatever contains them."""

from typing import Any

import joblib
import numpy as np
import pandas as pd
from nested_pandas import NestedDtype

from skastro.utils.ragged import flatten


def fingerprint(X: Any) -> str:
    """Return a hash of the values of `X`, which does not depend on their layout in memory.

    Parameters
    ----------
    X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
        Objects.

    Returns
    -------
    digest : str

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.utils.fingerprint import fingerprint
    >>> fingerprint(np.zeros((2, 2))) == fingerprint(np.zeros((2, 2)))
    True
    >>> fingerprint(np.zeros((2, 2))) == fingerprint(np.zeros((1, 4)))
    False
    """
    if hasattr(X, "columns"):
        X = [X.index.to_numpy(), *((str(name), _parts(X[name])) for name in X.columns)]
    return joblib.hash(X, coerce_mmap=True)


def _parts(column: pd.Series) -> Any:
    # Nested columns are opened as flat arrays, because hashing would pickle a copy of them.
    if isinstance(column.dtype, NestedDtype):
        offsets, rows = flatten(column)
        return offsets, [(name, _parts_of_values(values)) for name, values in rows.items()]
    return _parts_of_values(column.array)


def _parts_of_values(values: Any) -> tuple:
    if isinstance(values, pd.Categorical):
        # Objects: pandas 2 and 3 keep text in different dtypes, and a hash must not differ.
        return values.codes, np.asarray(values.categories, dtype=object)
    return str(values.dtype), np.asarray(values)

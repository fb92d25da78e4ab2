"""A short text that stands for the content of any X."""

import joblib
import numpy as np
import pandas as pd
from nested_pandas import NestedDtype

from skastro.utils.ragged import flatten


def fingerprint(X):
    """Return a hash of the values of `X`: the same for equal content, however it lies in memory.

    Parameters
    ----------
    X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
        Nested columns are opened as flat arrays, so that no copy of them is pickled.

    Returns
    -------
    digest : str

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._fingerprint import fingerprint
    >>> fingerprint(np.zeros((2, 2))) == fingerprint(np.zeros((2, 2)))
    True
    >>> fingerprint(np.zeros((2, 2))) == fingerprint(np.zeros((1, 4)))
    False
    """
    if hasattr(X, "columns"):
        X = [X.index.to_numpy(), *((str(name), _parts(X[name])) for name in X.columns)]
    return joblib.hash(X, coerce_mmap=True)


def _parts(column):
    if isinstance(column.dtype, NestedDtype):
        offsets, rows = flatten(column)
        return offsets, [(name, _parts_of_values(values)) for name, values in rows.items()]
    return _parts_of_values(column.array)


def _parts_of_values(values):
    if isinstance(values, pd.Categorical):
        return values.codes, np.asarray(values.categories, dtype=object)
    return str(values.dtype), np.asarray(values)

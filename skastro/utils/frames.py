"""Columns of frames, without what pandas and nested-pandas repeat in every look-up and copy."""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from nested_pandas import NestedDtype, NestedFrame
from numpy.typing import ArrayLike, NDArray
from pandas.api.extensions import ExtensionArray
from sklearn.utils.validation import validate_data

Frame = TypeVar("Frame", bound=pd.DataFrame)


def get_column(X: pd.DataFrame, name: str) -> pd.Series:
    """Return one column of a frame.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.utils.frames import get_column
    >>> get_column(pd.DataFrame({"redshift": [0.1]}), "redshift").tolist()
    [0.1]
    """
    return pd.DataFrame.__getitem__(X, name)


def get_array(X: pd.DataFrame, name: str) -> NDArray | ExtensionArray:
    """Return the array of one column, to be read only.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.utils.frames import get_array
    >>> get_array(pd.DataFrame({"redshift": [0.1]}), "redshift")
    array([0.1])
    """
    # Private in pandas: its public ways take 20 times as long, 45 times where the column is nested.
    return X._get_column_array(X.columns.get_loc(name))


def get_numbers(X: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return one column as float64, NaN where missing.

    Raises
    ------
    TypeError, ValueError
        The column does not hold numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.utils.frames import get_numbers
    >>> get_numbers(pd.DataFrame({"n": pd.array([1, None], "Int64")}), "n").tolist()
    [1.0, nan]
    """
    values = get_array(X, name)
    if isinstance(values, np.ndarray):
        return values.astype(np.float64, copy=False)
    return pd.Series(values, copy=False).to_numpy(float, na_value=np.nan)


def replace_columns(X: Frame, columns: Mapping[str, Any]) -> Frame:
    """Return a copy of a frame with new or replaced columns.

    Parameters
    ----------
    X : DataFrame of shape (n_objects, n_columns)
        Objects.

    columns : mapping of str -> array-like of shape (n_objects,)
        Columns by name; a Series has the index of `X`.

    Returns
    -------
    X_new : of the type of `X`
        Shares the memory of the other columns; writing into one frame does not change the other.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.utils.frames import replace_columns
    >>> replace_columns(pd.DataFrame({"z": [0.1]}), {"quality": [""]}).columns.tolist()
    ['z', 'quality']
    """
    new = _shallow_copy(X)
    for name, values in columns.items():
        pd.DataFrame.__setitem__(new, name, values)
    return new


def _shallow_copy(X):
    if type(X) is not NestedFrame:
        return X.copy(deep=False)
    # Private in pandas: the constructor of NestedFrame, which `copy` calls, would copy once more
    # and look for nested columns again, which takes 13 times as long.
    manager = X._mgr.copy(deep=False)
    return NestedFrame._from_mgr(manager, manager.axes).__finalize__(X)


def read_dense(estimator: Any, X: ArrayLike, content: str, *, reset: bool) -> NDArray:
    """Return X as rows of numbers, NaN allowed, for an estimator that reads no nested columns.

    Parameters
    ----------
    estimator : estimator object
        Keeps the number and the names of the columns.

    X : array-like of shape (n_objects, n_columns)
        Numbers.

    content : str
        What the rows hold, for the message.

    reset : bool
        True in `fit`; False compares the columns with those of `fit`.

    Returns
    -------
    rows : ndarray of shape (n_objects, n_columns)

    Raises
    ------
    ValueError
        X has nested columns, or is not an array of numbers.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.utils.frames import read_dense
    >>> X, _ = make_light_curves(2, random_state=0)
    >>> read_dense(StandardScaler(), X, "rows of pixels", reset=True)
    Traceback (most recent call last):
    ...
    ValueError: StandardScaler requires rows of pixels; X has the nested column 'lightcurve'
    """
    for name, dtype in getattr(X, "dtypes", pd.Series(dtype=object)).items():
        if isinstance(dtype, NestedDtype):
            owner = type(estimator).__name__
            raise ValueError(f"{owner} requires {content}; X has the nested column {name!r}")
    return validate_data(estimator, X, dtype="numeric", ensure_all_finite=False, reset=reset)

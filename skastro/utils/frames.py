"""Columns of frames, without the search for fields of nested columns in every look-up."""

from collections.abc import Mapping
from typing import Any, TypeVar

import pandas as pd
from nested_pandas import NestedDtype
from numpy.typing import ArrayLike, NDArray
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
    new = X.copy(deep=False)
    for name, values in columns.items():
        pd.DataFrame.__setitem__(new, name, values)
    return new


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

"""Columns of frames, without the search for fields of nested columns in every look-up."""

from collections.abc import Mapping
from typing import Any, TypeVar

import pandas as pd

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

"""Reasons why objects are unusable, in one static text column."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skastro.utils.frames import get_array

_SEPARATOR = "; "


def is_marked(X: pd.DataFrame, quality_column: str) -> NDArray[np.bool_]:
    """Return which objects an earlier step marked as unusable.

    Parameters
    ----------
    X : DataFrame of shape (n_objects, n_columns)
        Objects.

    quality_column : str
        Column with the reason why an object is unusable, or "" for a usable one.

    Returns
    -------
    marked : ndarray of bool of shape (n_objects,)
        False for all objects if `X` has no such column; a missing reason is none.

    Raises
    ------
    ValueError
        The column does not hold text.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.base import is_marked
    >>> is_marked(pd.DataFrame({"quality": ["", "too faint", None]}), "quality").tolist()
    [False, True, False]
    """
    if quality_column not in X.columns:
        return np.zeros(len(X), bool)
    return _reasons(X, quality_column) != ""


def add_reasons(
    X: pd.DataFrame, quality_column: str, faults: Mapping[str, NDArray[np.bool_]]
) -> NDArray[np.object_]:
    """Return the reasons of `X` with the first new one that applies to each object.

    Earlier reasons are kept, and the new one follows after "; ".

    Parameters
    ----------
    X : DataFrame of shape (n_objects, n_columns)
        Objects, with or without the column.

    quality_column : str
        Column with the reason why an object is unusable, or "" for a usable one.

    faults : dict of str -> ndarray of bool of shape (n_objects,)
        New reasons and the objects that they apply to, the most basic first.

    Returns
    -------
    reasons : ndarray of str of shape (n_objects,), dtype object

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skastro.base import add_reasons
    >>> X = pd.DataFrame({"quality": ["", "no redshift", ""]})
    >>> add_reasons(X, "quality", {"too faint": np.array([True, True, False])}).tolist()
    ['too faint', 'no redshift; too faint', '']
    """
    new = np.full(len(X), "", object)
    for reason, mask in reversed(list(faults.items())):
        new[mask] = reason
    if quality_column not in X.columns:
        return new
    earlier = _reasons(X, quality_column)
    both = (earlier != "") & (new != "")
    return earlier + np.where(both, _SEPARATOR, "") + new


def _reasons(X, quality_column):
    texts = np.asarray(get_array(X, quality_column), object)
    if all(isinstance(text, str) for text in texts):
        return texts
    texts = np.where(pd.isna(texts), "", texts)
    if not all(isinstance(text, str) for text in texts):
        dtype = X.dtypes[quality_column]
        raise ValueError(f"column {quality_column!r} must hold text, not {dtype}")
    return texts

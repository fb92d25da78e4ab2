"""Static columns as numbers."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from skastro.utils.frames import get_array, get_numbers
from skastro.utils.missing import mask_missing


def read_numbers(X: pd.DataFrame, column: str, name: str) -> NDArray[np.float64]:
    """Return a static column as numbers, with NaN for missing values.

    Parameters
    ----------
    X : DataFrame of shape (n_objects, n_columns)
        Objects.

    column : str
        Static column.

    name : str
        Estimator named in the error.

    Returns
    -------
    values : ndarray of shape (n_objects,)
        Missing-value sentinels such as -9 are NaN, see
        :func:`skastro.utils.missing.mask_missing`.

    Raises
    ------
    ValueError
        The column does not hold numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.base import read_numbers
    >>> read_numbers(pd.DataFrame({"mwebv": [0.1, -9.0, None]}), "mwebv", "MyStep").tolist()
    [0.1, nan, nan]
    """
    dtype = get_array(X, column).dtype
    if not is_numeric_dtype(dtype):
        raise ValueError(f"{name}: column {column!r} must hold numbers, not {dtype}")
    return np.asarray(mask_missing(column, get_numbers(X, column)), float)

"""Missing-value sentinels: numbers that stand for a missing value in survey files."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

SNANA_CODES = (-9, -99, -999, -9999, 999)
"""Numbers that SNANA and its simulations write where a value is missing."""

BLANK = 1e30
"""Pixels with a larger absolute value are missing; ZTF marks them with the largest float32."""

_ANGLES = {"RA", "DEC", "DECL", "GLON", "GLAT"}
_FULL_CIRCLE = 360
_FAINTEST = 90.0


def missing_codes(name: str, whole: bool = False) -> tuple[int, ...]:
    """Return the codes that can only mean a missing value in a column of this name.

    A coordinate may well be -9 or -99 degrees, so only codes beyond a full circle count there; its
    missing values are -999.  Whole numbers, as counts and identifiers, may be 999.

    Parameters
    ----------
    name : str
        Name of the column; coordinates end in RA, DEC, DECL, GLON or GLAT, alone or after an
        underscore, in any letter case.

    whole : bool, default=False
        The column holds whole numbers.

    Returns
    -------
    codes : tuple of int

    Examples
    --------
    >>> from skastro.utils.missing import missing_codes
    >>> missing_codes("HOSTGAL_PHOTOZ")
    (-9, -99, -999, -9999, 999)
    >>> missing_codes("HOSTGAL_DEC"), missing_codes("NOBS", whole=True)
    ((-999, -9999, 999), (-9, -99, -999, -9999))
    """
    angle = str(name).upper().rpartition("_")[2] in _ANGLES
    codes = [code for code in SNANA_CODES if not (angle and abs(code) <= _FULL_CIRCLE)]
    return tuple(code for code in codes if not (whole and code == SNANA_CODES[-1]))


def mask_missing(name: str, values: NDArray) -> NDArray | pd.api.extensions.ExtensionArray:
    """Replace the missing-value sentinels of a column by NaN; text and flags have none.

    The sentinels are those of :func:`missing_codes`.

    Parameters
    ----------
    name : str
        Name of the column, which decides on its sentinels.

    values : ndarray of shape (n_objects,) or (n_objects, k)
        Values of the column.

    Returns
    -------
    values : ndarray or IntegerArray
        Integers with missing values become pandas' nullable Int64, so that long identifiers stay
        exact.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.utils.missing import mask_missing
    >>> mask_missing("HOSTGAL_MAG_g", np.array([21.5, 999.0])).tolist()
    [21.5, nan]
    """
    if values.dtype.kind not in "fiu":
        return values
    if values.dtype.kind == "f":
        missing = np.isin(values, np.array(missing_codes(name), values.dtype))
        return np.where(missing, values.dtype.type(np.nan), values)
    missing = np.isin(values, missing_codes(name, whole=True))
    if values.ndim > 1 or not missing.any():
        return values
    return pd.arrays.IntegerArray(values.astype(np.int64), missing)


def is_blank(images: ArrayLike) -> NDArray[np.bool_]:
    """Return which pixels hold no brightness: NaN, infinite, or beyond 1e30 in absolute value.

    Parameters
    ----------
    images : array-like of any shape
        Pixels.

    Returns
    -------
    blank : ndarray of bool of the same shape

    Examples
    --------
    >>> from skastro.utils.missing import is_blank
    >>> is_blank([1.0, float("nan"), -3.4e38]).tolist()
    [False, True, True]
    """
    # Not >= BLANK: NaN compares as False and must count.
    return ~(np.abs(images) < BLANK)


def mask_magnitudes(values: ArrayLike) -> NDArray[np.float64]:
    """Replace magnitudes, or errors of magnitudes, that say "not measured" by NaN.

    These are all values of at least 90 in absolute value: 99, 99.9, 999, -99 and -999.

    Parameters
    ----------
    values : array-like of any shape
        Magnitudes or their errors.

    Returns
    -------
    magnitudes : ndarray of float of the same shape

    Examples
    --------
    >>> from skastro.utils.missing import mask_magnitudes
    >>> mask_magnitudes([19.5, 99.0, -999.0]).tolist()
    [19.5, nan, nan]
    """
    values = np.asarray(values, np.float64)
    return np.where(np.abs(values) < _FAINTEST, values, np.nan)

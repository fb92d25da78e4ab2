"""Numbers that stand for a missing value in survey files."""

import numpy as np

SNANA_CODES = (-9, -99, -999, -9999, 999)
"""Numbers that SNANA and its simulations write where a value is missing."""

BLANK = 1e30
"""Pixels beyond it in size are missing; ZTF marks them by the largest number of float32."""

_ANGLES = {"RA", "DEC", "DECL", "GLON", "GLAT"}
_FULL_CIRCLE = 360


def missing_codes(name, whole=False):
    """Return the codes that can only mean a missing value in a column of this name.

    A coordinate may well be -9 or -99 degrees, so that only codes beyond a full circle count
    there; its missing values are -999.  Whole numbers, as counts and identifiers, may be 999.

    Parameters
    ----------
    name : str
        Name of the column; coordinates end in RA, DEC, DECL, GLON or GLAT, alone or behind an
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


def is_blank(images):
    """Return which pixels hold no brightness: NaN, infinite, or beyond 1e30 in size.

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
    return ~(np.abs(images) < BLANK)

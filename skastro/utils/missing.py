"""Numbers that stand for a missing value in SNANA files."""

SNANA_CODES = (-9, -99, -999, -9999, 999)
"""Numbers that SNANA and its simulations write where a value is missing."""

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

"""Standard columns of objects and of observations, and the names that files give them.

Every reader of light curves looks columns up here, so that one object has the same columns with
the same values whatever file it came in.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skastro.utils.missing import mask_missing

STANDARD_COLUMNS = (
    "redshift",
    "redshift_err",
    "mwebv",
    "peak_time",
    "trigger_time",
    "ra",
    "dec",
)
"""Static columns that every reader and the simulator return, in this order; NaN where unknown."""

STANDARD_FIELDS = ("time", "band", "flux", "flux_err", "photflag", "detected")
"""Order of the fields of a light curve; the last two only where the data have them."""

STATIC_ALIASES: dict[str, tuple[str, ...]] = {
    "redshift": ("redshift", "redshift_final", "redshift_cmb", "redshift_helio", "z_final"),
    "mwebv": ("mwebv",),
    "peak_time": ("peak_time", "peakmjd", "search_peakmjd", "sim_peakmjd"),
    "trigger_time": ("trigger_time", "mjd_trigger", "mjd_detect_first"),
    "ra": ("ra",),
    "dec": ("dec", "decl"),
}
"""Names of each static column in files, the preferred one first, in lower case."""

REDSHIFT_ALIASES = (*STATIC_ALIASES["redshift"], "z", "zhd", "zcmb", "zhel")
"""Names of the redshift in a table of redshifts, where ``z`` cannot be a band."""

FIELD_ALIASES: dict[str, tuple[str, ...]] = {
    "time": ("time", "mjd", "midpointtai", "midpointmjdtai", "jd"),
    "band": ("band", "flt", "filter", "filtername", "passband"),
    "flux": ("flux", "fluxcal", "psflux", "psfflux"),
    "flux_err": ("flux_err", "fluxcalerr", "fluxerr", "flux_error", "psfluxerr", "psffluxerr"),
    "mag": ("mag", "magpsf", "magnitude"),
    "mag_err": ("mag_err", "magerr", "emag", "sigmapsf", "e_magnitude"),
    "photflag": ("photflag",),
    "detected": ("detected", "detected_bool"),
}
"""Names of each field of a light curve in files, the preferred one first, in lower case."""

ID_ALIASES = ("object_id", "snid", "cid", "diaobjectid", "objectid", "oid", "id", "name")
"""Names of the identifier in files, the preferred one first, in lower case."""

TYPE_ALIASES = ("sim_gentype", "gentype", "sim_type_index", "sntype")
"""Names of the type number in SNANA's files, the simulated ones first, in lower case."""

_MJD_OF_1970 = 40587.0
_DAY = pd.Timedelta(days=1)
_TRUE = {"true", "t", "yes", "y", "1", "1.0"}
_FALSE = {"false", "f", "no", "n", "0", "0.0"}
_BLANK = {"", "nan", "none", "null", "na", "n/a", "<na>", "-"}
_NO_FLAG = _BLANK | {"-1", "-1.0", "-9", "-9.0"}


def find_column(names: Iterable[str], aliases: Sequence[str]) -> str | None:
    """Return the first of the aliases that is a column, in any letter case.

    Parameters
    ----------
    names : iterable of str
        Columns of a table.

    aliases : sequence of str
        Names in lower case, the preferred one first.

    Returns
    -------
    name : str or None
        The column under its own name, None if there is none.

    Examples
    --------
    >>> from skastro.utils.columns import FIELD_ALIASES, find_column
    >>> find_column(["MJD", " Flt "], FIELD_ALIASES["band"])
    ' Flt '
    """
    # Reversed: of two names that differ in their case, the first counts.
    known = {str(name).strip().lower(): name for name in reversed(list(names))}
    return next((known[alias] for alias in aliases if alias in known), None)


def find_error(names: Iterable[str], source: str) -> str | None:
    """Return the column with the error of the column `source`, or None.

    Examples
    --------
    >>> from skastro.utils.columns import find_error
    >>> find_error(["zHD", "zHDERR"], "zHD")
    'zHDERR'
    """
    lower = str(source).strip().lower()
    return find_column(names, [f"{lower}_err", f"{lower}err", f"{lower}_error"])


def standard_columns(
    names: Iterable[str],
    column: Callable[[str], ArrayLike],
    n_objects: int,
    *,
    redshift: Sequence[str] = STATIC_ALIASES["redshift"],
) -> dict[str, NDArray[np.float64]]:
    """Return the standard static columns of a table of objects.

    An object takes its value from the first column of :data:`STATIC_ALIASES` in which it is not
    missing, and the error of the redshift from the column of the error of the same redshift.

    Parameters
    ----------
    names : iterable of str
        Columns of the table.

    column : callable of str -> array-like of shape (n_objects,)
        Values of a column.

    n_objects : int
        Number of objects.

    redshift : sequence of str, default=``STATIC_ALIASES["redshift"]``
        Names of the redshift, the preferred one first, in lower case.

    Returns
    -------
    columns : dict of str -> ndarray of shape (n_objects,)
        All of :data:`STANDARD_COLUMNS` in their order, NaN where unknown.

    Raises
    ------
    ValueError
        A column does not hold numbers; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.utils.columns import standard_columns
    >>> table = {"REDSHIFT_FINAL": [0.1, -9.0], "REDSHIFT_HELIO": [0.2, 0.3]}
    >>> standard_columns(table, table.get, 2)["redshift"].tolist()
    [0.1, 0.3]
    """
    names = list(names)
    columns = {name: np.full(n_objects, np.nan) for name in STANDARD_COLUMNS}
    for name, aliases in (STATIC_ALIASES | {"redshift": tuple(redshift)}).items():
        for alias in aliases:
            source = find_column(names, [alias])
            if source is None:
                continue
            read = to_dates if name.endswith("_time") else to_numbers
            own, unknown = read(source, column(source)), np.isnan(columns[name])
            columns[name][unknown] = own[unknown]
            error = find_error(names, source) if name == "redshift" else None
            if error is not None:
                unknown &= np.isfinite(own) | np.isnan(columns["redshift_err"])
                columns["redshift_err"][unknown] = to_numbers(error, column(error))[unknown]
    return columns


def to_numbers(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return a column as float64 with NaN for missing values and missing-value sentinels.

    Parameters
    ----------
    name : str
        Name of the column, which decides on its sentinels, see
        :func:`skastro.utils.missing.missing_codes`.

    values : array-like of shape (n,)
        Numbers, or text that holds numbers.

    Returns
    -------
    numbers : ndarray of shape (n,)

    Raises
    ------
    ValueError
        A value is not a number; the message names the column and the value.

    Examples
    --------
    >>> from skastro.utils.columns import to_numbers
    >>> to_numbers("MWEBV", ["0.1", None, "-9"]).tolist()
    [0.1, nan, nan]
    """
    series = pd.Series(values)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        raise ValueError(f"column {name!r} holds dates, not numbers")
    if pd.api.types.is_object_dtype(series.dtype) or pd.api.types.is_string_dtype(series.dtype):
        series = series.mask(series.astype(str).str.strip().str.lower().isin(_BLANK))
    numbers = pd.to_numeric(series, errors="coerce")
    wrong = numbers.isna() & series.notna()
    if wrong.any():
        raise ValueError(f"column {name!r} holds {series[wrong].iloc[0]!r}, which is not a number")
    return mask_missing(str(name), numbers.to_numpy(np.float64, na_value=np.nan))


def to_dates(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return a column of dates as MJD, NaN where missing.

    Parameters
    ----------
    name : str
        Name of the column.

    values : array-like of shape (n,)
        MJD, or dates: datetimes, or text such as ``2026-11-27T12:00:00``, taken as UTC.

    Returns
    -------
    dates : ndarray of shape (n,)

    Raises
    ------
    ValueError
        A value is neither a number nor a date; the message names the column and the value.

    Examples
    --------
    >>> from skastro.utils.columns import to_dates
    >>> to_dates("PEAKMJD", ["2000-01-01T12:00:00", None]).tolist()
    [51544.5, nan]
    """
    series = pd.Series(values)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return _to_mjd(series)
    try:
        return to_numbers(name, series)
    except ValueError:
        # Without a format pandas takes that of the first row for all.
        dates = pd.to_datetime(series, errors="coerce", utc=True, format="ISO8601")
        if (dates.isna() & series.notna()).any():
            raise
        return _to_mjd(dates)


def _to_mjd(dates):
    if getattr(dates.dt, "tz", None) is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    # A difference: pandas keeps dates in s, ms, us or ns.
    return ((dates - pd.Timestamp(0)) / _DAY + _MJD_OF_1970).to_numpy(np.float64)


def to_flags(name: str, values: ArrayLike) -> NDArray[np.bool_]:
    """Return a column of flags as booleans; a missing flag is False.

    Parameters
    ----------
    name : str
        Name of the column, for the message.

    values : array-like of shape (n,)
        Booleans, numbers or text: true, t, yes and 1, false, f, no and 0 in any letter case.
        NaN, None, an empty text, -1 and -9 are missing.

    Returns
    -------
    flags : ndarray of bool, shape (n,)

    Raises
    ------
    ValueError
        A value is none of these; the message names the column and the value.

    Examples
    --------
    >>> from skastro.utils.columns import to_flags
    >>> to_flags("detected", ["True", "f", None, "1"]).tolist()
    [True, False, False, True]
    """
    values = np.asarray(values)
    if values.dtype.kind == "b":
        return values
    distinct, codes = np.unique(values.astype(str), return_inverse=True)
    words = [word.strip().lower() for word in distinct]
    for word in words:
        if word not in _TRUE | _FALSE | _NO_FLAG:
            raise ValueError(f"column {name!r} holds {word!r}, which is not a flag")
    return np.array([word in _TRUE for word in words], bool)[codes.reshape(values.shape)]


def to_identifiers(values: ArrayLike, name: str = "object_id") -> pd.Index:
    """Return identifiers as text, exactly as they are written.

    Parameters
    ----------
    values : array-like of shape (n,)
        Text or integers.

    name : str, default="object_id"
        Name of the column, for the message.

    Returns
    -------
    index : Index of str
        Named ``object_id``.

    Raises
    ------
    ValueError
        An identifier is missing, or the column holds floats, in which long identifiers lose
        digits.

    Examples
    --------
    >>> from skastro.utils.columns import to_identifiers
    >>> to_identifiers(["007", 7]).tolist()
    ['007', '7']
    """
    series = pd.Series(values)
    if series.isna().any():
        row = int(np.flatnonzero(series.isna())[0])
        raise ValueError(f"column {name!r} holds missing identifiers, the first in row {row}")
    if len(series) and pd.api.types.infer_dtype(series) in ("floating", "mixed-integer-float"):
        raise ValueError(
            f"column {name!r} holds fractions, in which long identifiers lose digits; read "
            "identifiers as text or integers"
        )
    # Objects: pandas 3 would make its own text dtype, which compares and hashes differently.
    text = series.astype(str).str.strip().astype(object)
    return pd.Index(text.to_numpy(object), name="object_id", dtype=object)

"""Tables with one row per observation, as surveys and challenges publish them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skastro.exceptions import FormatError, ObjectError, name_objects
from skastro.io._assemble import add_flags, warn_of_unknown_bands, with_standard_columns
from skastro.io._content import naming
from skastro.io._tables import read_table, with_index
from skastro.surveys import Survey, get_survey
from skastro.utils.columns import (
    FIELD_ALIASES,
    ID_ALIASES,
    STANDARD_FIELDS,
    find_column,
    standard_columns,
    to_dates,
    to_flags,
    to_identifiers,
    to_numbers,
)
from skastro.utils.missing import mask_magnitudes
from skastro.utils.photometry import magnitude_to_flux
from skastro.utils.ragged import nest, sort_rows

_MAGNITUDES = {"flux": "mag", "flux_err": "mag_err"}
_ALIASES = {"object_id": ID_ALIASES} | {
    name: FIELD_ALIASES[name] for name in (*STANDARD_FIELDS, *_MAGNITUDES.values())
}
_NEEDED = ("object_id", "time", "band", "flux", "flux_err")
_MJD_IN_JD = 2400000.5


def read_observations(
    source: pd.DataFrame | str | Path,
    statics: pd.DataFrame | str | Path | None = None,
    *,
    names: Mapping[str, str] | None = None,
    bands: Mapping | None = None,
    survey: str | Survey | None = None,
) -> NestedFrame:
    """Read a table with one row per observation as light curves.

    Columns are found by the names they have in ELAsTiCC, PLAsTiCC, LSST and SNANA, in any letter
    case; the rows may be in any order.  Fluxes are used unchanged; without fluxes, magnitudes and
    their errors become FLUXCAL (zero point 27.5), and magnitudes of 90 or more, such as 99, become
    NaN.

    Parameters
    ----------
    source : DataFrame, str or Path
        The table, or its file: CSV or whitespace-separated columns (gzipped or not), or Parquet.
        Identifiers are in a column or the index; in text files they are kept as written.
        Columns that are not standard fields become fields of their name.

    statics : DataFrame, str or Path, default=None
        Table with one row per object, identifiers in a column or the index.  The standard columns
        are found by the names that SNANA and PLAsTiCC give them, as MWEBV or REDSHIFT_HELIO;
        all other columns are kept unchanged.

    names : dict of str -> str, default=None
        Column of each field (object_id, time, band, flux, flux_err, photflag, detected) that is
        not found by itself.

    bands : dict, default=None
        Band of each value in the table, as ``{0: "u", 1: "g"}``; required where they are numbers.

    survey : str or Survey, default=None
        Defines the PHOTFLAG bits, from which the field ``detected`` and the column
        ``trigger_time`` are made, and the known bands.

    Returns
    -------
    X : NestedFrame of shape (n_objects, n_columns)
        Index ``object_id`` as text, in the order of `statics`, else of their first observation;
        an object of `statics` without observations has an empty light curve.  Static columns
        redshift, redshift_err, mwebv, peak_time, trigger_time, ra and dec, always and in this
        order, NaN where unknown or a missing-value sentinel; then the further columns of
        `statics`.  Column ``lightcurve`` with the fields time, band, flux, flux_err and, where
        known, photflag and detected, sorted by time.  Times of a column ``jd`` and dates become
        MJD; a missing ``detected`` is False.

    Raises
    ------
    FormatError
        A file cannot be read, a column cannot be found or has a wrong value, such as a band that is
        not in `bands`; the message names the file, the column and the value.

    ObjectError
        `statics` has an object twice, or lacks objects of the table.

    KeyError
        `survey` is not registered.

    Warns
    -----
    ObjectWarning
        Bands are unknown to `survey`; their observations keep the name of the band.

    See Also
    --------
    skastro.preprocessing.ReplaceMissing : NaN for the sentinels in all other static columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.io import read_observations
    >>> table = pd.DataFrame({"SNID": [7, 8, 7], "MJD": [2.0, 5.0, 1.0], "BAND": ["g", "r", "i"],
    ...                       "FLUXCAL": [9.0, 3.0, 1.0], "FLUXCALERR": [1.0, 1.0, 1.0],
    ...                       "PHOTFLAG": [6144, 4096, 0]})
    >>> X = read_observations(table, survey="LSST")
    >>> X["trigger_time"].to_dict(), X["lightcurve.time"].tolist()
    ({'7': 2.0, '8': 5.0}, [1.0, 2.0, 5.0])
    """
    names, where = dict(names or {}), _where(source, "read_observations")
    table = _open(source, names)
    with naming(where):
        _check_names(names, table)
        found = _find(table, names, _NEEDED)
        owners = to_identifiers(table[found["object_id"]], found["object_id"])
        fields = _fields(table, found, bands)
    frame = _statics(statics, names)
    index = pd.Index(owners.unique() if frame is None else frame.index, name="object_id")
    codes = index.get_indexer(owners)
    if (codes < 0).any():
        raise ObjectError(f"{where}: objects that are not in statics", owners[codes < 0].unique())
    order = np.argsort(codes, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(index)))])
    rows = sort_rows(offsets, {name: values.take(order) for name, values in fields.items()})
    columns = with_standard_columns({} if frame is None else dict(frame), len(index))
    known = None if survey is None else get_survey(survey)
    add_flags(rows, offsets, columns, known)
    rows = {name: rows[name] for name in sorted(rows, key=_field_order)}
    X = NestedFrame(columns, index=index).assign(lightcurve=nest(offsets, rows, index))
    if known is not None:
        warn_of_unknown_bands(X, known, "read_observations")
    return X


def _field_order(name):
    return STANDARD_FIELDS.index(name) if name in STANDARD_FIELDS else len(STANDARD_FIELDS)


def _where(source, owner):
    """Return the name of a file, or of the reader for a frame."""
    return owner if isinstance(source, pd.DataFrame) else str(source)


def _open(source, names):
    """Return a frame in which the index is a column, if it has a name."""
    if isinstance(source, pd.DataFrame):
        return with_index(source)
    return read_table(source, text=[names["object_id"]] if "object_id" in names else ())


def _check_names(names, table):
    for field, name in names.items():
        if field not in _ALIASES:
            raise FormatError(f"names: no such field {field!r}; there are {list(_ALIASES)}")
        if name not in table.columns:
            there = list(table.columns)
            raise FormatError(f"names: no column {name!r} for {field!r}; there are {there}")


def _find(table, names, needed):
    """Return the column of each field that there is."""
    found = {field: find_column(table.columns, aliases) for field, aliases in _ALIASES.items()}
    found |= {field: column for field, column in names.items() if column in table.columns}
    if found["flux"] is not None or None in (found["mag"], found["mag_err"]):
        found |= dict.fromkeys(_MAGNITUDES.values())
    elif set(_MAGNITUDES) <= set(needed):
        needed = [_MAGNITUDES.get(field, field) for field in needed]
    missing = [field for field in needed if found[field] is None]
    if missing:
        raise FormatError(f"no column for {missing[0]!r}; there are {list(table.columns)}")
    return {field: column for field, column in found.items() if column is not None}


def _statics(statics, names):
    if statics is None:
        return None
    where = _where(statics, "read_observations, statics")
    table = _open(statics, names)
    with naming(where):
        column = _find(table, names, ("object_id",))["object_id"]
        index = to_identifiers(table[column], column)
        table = table.drop(columns=column)
        standard = standard_columns(table.columns, table.__getitem__, len(table))
    if index.has_duplicates:
        twice = index[index.duplicated()].unique()
        raise ObjectError(f"{where}: objects that occur more than once", twice)
    kept = {name: table[name].array for name in table.columns if name not in standard}
    return pd.DataFrame(standard | kept, index=index)


def _fields(table, found, bands):
    """Return the fields as arrays, in the order of the table."""
    rows = {
        "time": _times(found["time"], table[found["time"]]),
        "band": _bands(table[found["band"]], bands),
    }
    rows |= _fluxes(table, found)
    if "photflag" in found:
        rows["photflag"] = _photflag(found["photflag"], table[found["photflag"]])
    if "detected" in found:
        rows["detected"] = to_flags(found["detected"], table[found["detected"]])
    further = [name for name in table.columns if name not in found.values()]
    return rows | {str(name): _array(table[name]) for name in further}


def _fluxes(table, found):
    """Return flux and error, of magnitudes if there are no fluxes."""
    if "mag" in found:
        names = [found[name] for name in _MAGNITUDES.values()]
        magnitudes = [mask_magnitudes(_numbers(name, table[name])) for name in names]
        return dict(zip(_MAGNITUDES, magnitude_to_flux(*magnitudes)))
    fluxes = {name: table[found[name]] for name in _MAGNITUDES}
    return {
        name: values.to_numpy()
        if values.dtype in (np.float32, np.float64)
        else _numbers(found[name], values)
        for name, values in fluxes.items()
    }


def _numbers(name, values):
    """Return numbers unchanged: an observation may have the value of a sentinel."""
    to_numbers(name, values)
    return pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _photflag(name, values):
    numbers = _numbers(name, values)
    if np.isnan(numbers).any():
        raise FormatError(f"missing values in column {name!r}")
    # -9 says missing, but has nearly all bits set.
    return np.where(numbers < 0, 0, numbers).astype(np.int32)


def _times(name, values):
    """Return the times as MJD; -9 is a valid time, because there are no sentinels here."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        times = values.to_numpy(np.float64, na_value=np.nan)
    else:
        times = to_dates(name, values)
    if str(name).strip().lower() == "jd":
        times = times - _MJD_IN_JD
    if not np.isfinite(times).all():
        row = int(np.flatnonzero(~np.isfinite(times))[0])
        raise FormatError(
            f"column {name!r} holds {str(values.iloc[row])!r} in row {row}, which is not a time"
        )
    return times


def _bands(values, bands):
    if bands is not None:
        unknown = sorted(set(values.dropna()) - set(bands), key=str)
        if unknown:
            raise FormatError(
                f"column {values.name!r} holds {name_objects(unknown)}, which are not in "
                f"bands={dict(bands)}"
            )
        values = values.map(bands)
    if values.isna().any():
        raise FormatError(f"missing bands in column {values.name!r}")
    if len(values) and pd.api.types.is_numeric_dtype(values.dtype):
        raise FormatError(f"column {values.name!r} holds numbers; pass `bands` with their names")
    return pd.Categorical(values.astype(str).str.strip().astype(object))


def _array(values):
    """Return a further field as numbers or text."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return pd.Categorical(values.astype(object).map(str, na_action="ignore"))
    return (
        values.to_numpy(np.float64, na_value=np.nan) if values.isna().any() else values.to_numpy()
    )

"""Tables with one row an observation, as surveys and challenges publish them."""

from pathlib import Path

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skastro.exceptions import FormatError, ObjectError
from skastro.io._fits_table import FitsTable
from skastro.io._snana import add_flags
from skastro.io._snana_statics import read_statics
from skastro.surveys import get_survey
from skastro.utils.ragged import nest, sort_rows

_ALIASES = {
    "object_id": ("object_id", "snid", "id", "oid", "diaobjectid"),
    "time": ("time", "mjd", "midpointtai"),
    "band": ("band", "flt", "filter", "filtername", "passband"),
    "flux": ("flux", "fluxcal", "psflux"),
    "flux_err": ("flux_err", "fluxcalerr", "fluxerr", "flux_error", "psfluxerr"),
    "photflag": ("photflag",),
    "detected": ("detected", "detected_bool"),
}
_NEEDED = ("object_id", "time", "band", "flux", "flux_err")


def read_observations(source, statics=None, *, names=None, bands=None, survey=None):
    """Read a table with one row an observation as light curves.

    Columns are found by the names they have in ELAsTiCC, PLAsTiCC and SNANA, in any letter case;
    the rows may be in any order.  Fluxes are taken as they are.

    Parameters
    ----------
    source : DataFrame, str or Path
        The table, or its ``.csv`` (``.gz`` too) or Parquet file.  Identifiers are in a column or
        the index.  Columns that are none of the standard fields become fields of their name.

    statics : DataFrame, str or Path, default=None
        One row an object, identifiers in a column or the index.  Its columns are kept as they
        are; those that SNANA names otherwise, as MWEBV or REDSHIFT_HELIO, are added under the
        standard names of :func:`read_snana`, there with NaN for missing codes.

    names : dict of str -> str, default=None
        Column of each field (object_id, time, band, flux, flux_err, photflag, detected) that is
        not found by itself.

    bands : dict, default=None
        Band of each value in the table, as ``{0: "u", 1: "g"}``; needed where they are numbers.

    survey : str or Survey, default=None
        Gives the PHOTFLAG bits, from which the field ``detected`` and the column
        ``trigger_time`` are made, and the known bands.

    Returns
    -------
    X : NestedFrame of shape (n_objects, n_columns)
        Index ``object_id`` as text, in the order of `statics`, else of their first observation;
        an object of `statics` without observations has an empty light curve.  Column
        ``lightcurve`` with the fields time, band, flux, flux_err and, as far as known, photflag
        and detected, sorted by time.

    Raises
    ------
    FormatError
        A column cannot be found, or identifiers or bands are missing or no names.

    ObjectError
        `statics` has an object twice, or lacks objects of the table.

    KeyError
        A band is not in `bands` or not one of `survey`.

    See Also
    --------
    skastro.preprocessing.ReplaceMissing : NaN for the codes in all other static columns.

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
    table, names = _open(source), names or {}
    _check_names(names, table)
    found = _find(table, names, _NEEDED, "read_observations")
    owners = _identifiers(table[found["object_id"]])
    frame = _statics(statics, names)
    index = pd.Index(owners.unique() if frame is None else frame.index, name="object_id")
    codes = index.get_indexer(owners)
    if (codes < 0).any():
        raise ObjectError("read_observations: not in statics", owners[codes < 0].unique())
    order = np.argsort(codes, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(index)))])
    rows = {name: values.take(order) for name, values in _fields(table, found, bands).items()}
    rows = sort_rows(offsets, rows)
    columns = {} if frame is None else dict(frame)
    _use_survey(survey, rows, offsets, columns)
    return NestedFrame(columns, index=index).assign(lightcurve=nest(offsets, rows, index))


def _open(source):
    """Return a frame in which the index is a column, if it has a name."""
    if not isinstance(source, pd.DataFrame):
        path = Path(source).expanduser()
        is_csv = ".csv" in [suffix.lower() for suffix in path.suffixes]
        source = pd.read_csv(path) if is_csv else pd.read_parquet(path)
    named = source.index.name is not None
    return source.reset_index() if named else source


def _check_names(names, table):
    strange = [
        f"{field!r}: {name!r}"
        for field, name in names.items()
        if field not in _ALIASES or name not in table.columns
    ]
    if strange:
        raise FormatError(f"read_observations: no such field or column in names: {strange[0]}")


def _find(table, names, needed, owner):
    """Return the column of each field that there is."""
    lower = {str(column).lower(): column for column in reversed(table.columns)}
    found = {
        field: next((lower[alias] for alias in aliases if alias in lower), None)
        for field, aliases in _ALIASES.items()
    }
    found |= {field: column for field, column in names.items() if column in table.columns}
    missing = [field for field in needed if found[field] is None]
    if missing:
        raise FormatError(f"{owner}: no column for {missing[0]!r}; there are {list(table.columns)}")
    return {field: column for field, column in found.items() if column is not None}


def _identifiers(values):
    if values.isna().any() or pd.api.types.is_float_dtype(values.dtype):
        raise FormatError(
            f"read_observations: column {values.name!r} holds missing identifiers or fractions"
        )
    return pd.Index(values.astype(str).astype(object), name="object_id")


def _statics(statics, names):
    if statics is None:
        return None
    table = _open(statics)
    column = _find(table, names, ("object_id",), "read_observations, statics")["object_id"]
    index = _identifiers(table[column])
    if index.has_duplicates:
        twice = index[index.duplicated()].unique()
        raise ObjectError("read_observations: statics has objects twice", twice)
    table = table.drop(columns=column)
    numbers = table.select_dtypes("number").astype(float)
    standard = {}
    if len(numbers.columns):
        standard = read_statics(FitsTable(numbers.to_records(index=False), {}, "statics"), ())
    added = {name: values for name, values in standard.items() if name not in table.columns}
    return table.assign(**added).set_index(index)


def _fields(table, found, bands):
    """Return the fields as arrays, in the order of the table."""
    rows = {
        "time": table[found["time"]].to_numpy(np.float64, na_value=np.nan),
        "band": _bands(table[found["band"]], bands),
    }
    for name in ("flux", "flux_err"):
        values = table[found[name]]
        kind = values.dtype if values.dtype in (np.float32, np.float64) else np.float64
        rows[name] = values.to_numpy(kind, na_value=np.nan)
    if "photflag" in found and not table[found["photflag"]].hasnans:
        rows["photflag"] = table[found["photflag"]].to_numpy(np.int32)
    elif "photflag" in found:
        raise FormatError(f"read_observations: missing values in column {found['photflag']!r}")
    if "detected" in found:
        rows["detected"] = table[found["detected"]].to_numpy(bool)
    further = [name for name in table.columns if name not in found.values()]
    return rows | {str(name): _array(table[name]) for name in further}


def _bands(values, bands):
    if bands is not None:
        unknown = sorted(set(values.dropna()) - set(bands), key=str)
        if unknown:
            raise KeyError(f"read_observations: bands={bands} lacks {unknown}")
        values = values.map(bands)
    if values.isna().any():
        raise FormatError(f"read_observations: missing bands in column {values.name!r}")
    if pd.api.types.is_numeric_dtype(values.dtype):
        raise FormatError(f"read_observations: column {values.name!r} holds numbers; give `bands`")
    return pd.Categorical(values.astype(str).str.strip().astype(object))


def _array(values):
    text = not pd.api.types.is_numeric_dtype(values.dtype)
    return pd.Categorical(values.astype(object)) if text else values.to_numpy()


def _use_survey(survey, rows, offsets, columns):
    if survey is None:
        return
    known = get_survey(survey)
    known.band_wavelengths(rows["band"])
    add_flags(rows, offsets, columns, known)

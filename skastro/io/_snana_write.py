"""Write SNANA FITS files that any reader of SNANA files understands."""

from pathlib import Path

import numpy as np
import pandas as pd
from astropy.io import fits
from nested_pandas import NestedDtype

from skastro.exceptions import ObjectError
from skastro.io._snana_boundaries import SEPARATOR
from skastro.surveys import Survey, get_survey
from skastro.utils.columns import to_identifiers
from skastro.utils.missing import missing_codes
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import flatten, segment_ids

_NAMES = {
    "redshift": "REDSHIFT_FINAL",
    "redshift_err": "REDSHIFT_FINAL_ERR",
    "mwebv": "MWEBV",
    "peak_time": "PEAKMJD",
    "trigger_time": "MJD_TRIGGER",
    "ra": "RA",
    "dec": "DEC",
}
# FITS has no unsigned integers except bytes; they become the next larger signed type.
_FORMATS = {
    "f8": ("D", "f8"),
    "f4": ("E", "f4"),
    "f2": ("E", "f4"),
    "i8": ("K", "i8"),
    "u8": ("K", "i8"),
    "u4": ("K", "i8"),
    "i4": ("J", "i4"),
    "u2": ("J", "i4"),
    "i2": ("I", "i2"),
    "i1": ("I", "i2"),
    "u1": ("B", "u1"),
    "b1": ("L", "b1"),
}
_OBSERVATION = ("time", "band", "flux", "flux_err")


def write_snana(
    X: pd.DataFrame,
    prefix: str | Path,
    *,
    survey: str | Survey | None = None,
    compress: bool = False,
) -> tuple[Path, Path]:
    """Write a HEAD/PHOT pair with right pointers, separators and checksums.

    Parameters
    ----------
    X : NestedFrame of shape (n_objects, n_columns)
        Objects; the index becomes SNID.  Standard static columns take SNANA's names; names of
        ``type`` become SIM_TYPE_NAME and numbers SNTYPE; other static columns keep their names.
        Missing values become SNANA's sentinel: -9, or -999 for coordinates.  Further fields of
        the light curves become PHOT columns of their name in capitals; ``detected`` is written
        as the detection bit of PHOTFLAG if there is no field ``photflag``, and as a separate
        column where that bit differs from it.

    prefix : str or Path
        ``<prefix>_HEAD.FITS`` and ``<prefix>_PHOT.FITS`` are written; folders are created.

    survey : str or Survey, default=None
        Its name is written to the header.

    compress : bool, default=False
        Write ``.FITS.gz``.

    Returns
    -------
    head, phot : Path
        The written files.

    Raises
    ------
    ObjectError
        Two objects have one identifier.

    ValueError
        `X` has no light curves, a text is not ASCII, or a column cannot be written.

    See Also
    --------
    read_snana : The inverse.

    Examples
    --------
    >>> import tempfile
    >>> from nested_pandas import NestedFrame
    >>> from skastro.io import write_snana
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [59001.0], "band": ["g"], "flux": [30.0], "flux_err": [2.0]}
    >>> X = NestedFrame({"mwebv": [0.5]}).assign(lightcurve=nest([0, 1], rows))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_snana(X, f"{folder}/DES")]
    ['DES_HEAD.FITS', 'DES_PHOT.FITS']
    """
    if "lightcurve" not in getattr(X, "columns", ()):
        raise ValueError("write_snana: X has no nested column 'lightcurve'")
    if X.index.has_duplicates:
        twice = X.index[X.index.duplicated()].unique()
        raise ObjectError("write_snana: identifiers occur more than once", twice)
    offsets, rows = flatten(X["lightcurve"])
    rows = _with_photflag(rows, survey)
    suffix = ".FITS.gz" if compress else ".FITS"
    prefix = Path(prefix)
    prefix.parent.mkdir(parents=True, exist_ok=True)
    head, phot = (prefix.with_name(f"{prefix.name}_{part}{suffix}") for part in ("HEAD", "PHOT"))
    primary = fits.PrimaryHDU()
    if survey is not None:
        primary.header["SURVEY"] = get_survey(survey).name
    _write(phot, primary, _phot_columns(offsets, rows), "Photometry")
    _write(head, primary, _head_columns(X, offsets), "Header")
    return head, phot


def _write(path, primary, columns, name):
    table = fits.BinTableHDU.from_columns(columns, name=name)
    fits.HDUList([primary.copy(), table]).writeto(path, overwrite=True, checksum=True)


def _head_columns(X, offsets):
    """Return identifiers, pointers counted from 1, then the static columns."""
    first = offsets[:-1] + np.arange(len(X)) + 1
    columns = {
        "SNID": to_identifiers(X.index, "index of X").to_numpy(object),
        "NOBS": np.diff(offsets).astype(np.int32),
        "PTROBS_MIN": first.astype(np.int32),
        "PTROBS_MAX": (first + np.diff(offsets) - 1).astype(np.int32),
    }
    for name in X.columns.drop("lightcurve"):
        added = _type_columns(X[name]) if name == "type" else _static_column(name, X[name])
        for new, values in added.items():
            _check_new(new, name, values, columns)
            columns[new] = values
    return [_column(name, values) for name, values in columns.items()]


def _check_new(new, name, values, columns):
    """Raise for a second column of one name in FITS, unless it holds the same."""
    known = {column.upper(): column for column in columns}
    if new.upper() in known:
        there = columns.pop(known[new.upper()])
        if not np.array_equal(there, values, equal_nan=there.dtype.kind == "f"):
            raise ValueError(
                f"write_snana: column {name!r} would be a second column {new.upper()} in FITS with "
                "other values; rename or drop it"
            )


def _static_column(name, values):
    """Return a column under SNANA's name, with sentinels for missing values."""
    if isinstance(values.dtype, NestedDtype):
        raise ValueError(f"write_snana: cannot write the nested column {name!r}; drop it")
    new = _NAMES.get(name, str(name))
    if not pd.api.types.is_numeric_dtype(values.dtype):
        texts = values.astype(object)
        return {new: texts.where(values.notna(), "").to_numpy(object)}
    missing = values.isna().to_numpy()
    if not missing.any():
        return {new: values.to_numpy()}
    kind = np.int64 if pd.api.types.is_integer_dtype(values.dtype) else np.float64
    kind = np.int16 if pd.api.types.is_bool_dtype(values.dtype) else kind
    kind = np.float32 if values.dtype == np.float32 else kind
    # Not always -9, which is a declination: coordinates have a code beyond the circle.
    return {new: values.to_numpy(kind, na_value=missing_codes(new)[0])}


def _type_columns(types):
    """Return names as SIM_TYPE_NAME and numbers as SNTYPE; types may mix both."""
    if pd.api.types.is_numeric_dtype(types.dtype):
        return {"SNTYPE": types.fillna(-9).to_numpy(np.int32)}
    types = types.astype(object)
    is_text = types.map(lambda value: isinstance(value, str)).to_numpy(bool)
    columns = {"SIM_TYPE_NAME": types.where(is_text, "").to_numpy(object)}
    numbers = types[~is_text & types.notna().to_numpy()]
    if len(numbers):
        found = np.full(len(types), -9, np.int32)
        found[~is_text & types.notna().to_numpy()] = numbers.to_numpy(np.int32)
        columns["SNTYPE"] = found
    return columns


def _phot_columns(offsets, rows):
    """Return the observations with a separator row after each object."""
    if (np.asarray(rows["time"]) == SEPARATOR).any():
        raise ValueError(f"write_snana: time {SEPARATOR} is SNANA's mark of the end of an object")
    n_objects = len(offsets) - 1
    place = np.arange(offsets[-1]) + segment_ids(offsets)

    def spread(values, separator):
        out = np.full(offsets[-1] + n_objects, separator, values.dtype)
        out[place] = values
        return out

    columns = [
        _column("MJD", spread(rows["time"].astype(np.float64), SEPARATOR)),
        _column("BAND", spread(_as_bytes("band", rows["band"]), b"-")),
        _column("FLUXCAL", spread(rows["flux"], 0)),
        _column("FLUXCALERR", spread(rows["flux_err"], 0)),
    ]
    for name in [name for name in rows if name not in _OBSERVATION]:
        text = isinstance(rows[name], pd.Categorical)
        values = _as_bytes(name, rows[name]) if text else np.asarray(rows[name])
        columns.append(_column(name.upper(), spread(values, b"" if text else 0)))
    return columns


def _as_bytes(name, texts):
    """Return a Categorical as bytes; missing texts are empty."""
    names = [str(text) for text in texts.categories]
    _check_ascii(name, names)
    width = max(map(len, names), default=1) or 1
    return np.array([*names, ""], f"S{width}")[texts.codes]


def _with_photflag(rows, survey):
    """Return the rows with integer flags; PHOTFLAG holds `detected` as a bit if there is none.

    A field `detected` that differs from the PHOTFLAG bit of the survey is kept.
    """
    rows = dict(rows)
    bit = get_survey(survey).photflag.get("detection", 4096) if survey else 4096
    if "photflag" in rows and np.asarray(rows["photflag"]).dtype.kind == "f":
        rows["photflag"] = np.nan_to_num(rows["photflag"]).astype(np.int32)
    if "detected" not in rows:
        return rows
    # A missing flag, NaN, would be True as a bool.
    detected = is_detected({"detected": rows.pop("detected")})
    if "photflag" not in rows:
        return {**rows, "photflag": np.where(detected, bit, 0).astype(np.int32)}
    told = survey is not None and ((rows["photflag"] & bit != 0) == detected).all()
    return rows if told else {**rows, "detected": detected}


def _check_ascii(name, texts):
    wrong = next((text for text in texts if not text.isascii()), None)
    if wrong is not None:
        raise ValueError(f"write_snana: column {name!r} holds {wrong!r}, which is not ASCII")


def _column(name, values):
    values = np.asarray(values)
    if values.dtype.kind in "OUT":
        texts = [str(text) for text in values]
        _check_ascii(name, texts)
        values = np.array(texts, bytes) if texts else np.zeros(0, "S1")
    if values.dtype.kind == "S":
        return fits.Column(name, f"{max(values.dtype.itemsize, 1)}A", array=values)
    code = values.dtype.str[1:]
    if code not in _FORMATS or (code == "u8" and (values > np.iinfo(np.int64).max).any()):
        raise ValueError(f"write_snana: column {name!r} of dtype {values.dtype} cannot be written")
    kind, dtype = _FORMATS[code]
    return fits.Column(name, kind, array=values.astype(dtype))

"""Write SNANA FITS files that any reader of SNANA files understands."""

from pathlib import Path

import numpy as np
import pandas as pd
from astropy.io import fits

from skastro.exceptions import ObjectError
from skastro.io._snana_boundaries import SEPARATOR
from skastro.surveys import get_survey
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
_MISSING = {"ra": -999.0, "dec": -999.0}
_OBSERVATION = ("time", "band", "flux", "flux_err")


def write_snana(X, prefix, *, survey=None, compress=False):
    """Write a HEAD/PHOT pair with right pointers and separators.

    Parameters
    ----------
    X : NestedFrame of shape (n_objects, n_columns)
        Objects; the index becomes SNID.  Standard static columns take SNANA's names, ``type``
        becomes SIM_TYPE_NAME, or SNTYPE if it holds numbers; other static columns of numbers or
        text keep theirs.  NaN becomes SNANA's code for missing.  Further fields of numbers in
        the light curves become PHOT columns of their name in capitals; ``detected`` is written
        as the detection bit of PHOTFLAG if there is no field ``photflag``.

    prefix : str or Path
        ``<prefix>_HEAD.FITS`` and ``<prefix>_PHOT.FITS`` are written; folders are made.

    survey : str or Survey, default=None
        Named in the header.

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
        `X` has no light curves, or a text is not ASCII.

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
        raise ValueError("write_snana needs a nested column 'lightcurve'")
    if X.index.has_duplicates:
        raise ObjectError("write_snana: identifiers twice", X.index[X.index.duplicated()].unique())
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
    fits.HDUList([primary.copy(), table]).writeto(path, overwrite=True)


def _head_columns(X, offsets):
    """Return identifiers, pointers counted from 1, then the static columns."""
    first = offsets[:-1] + np.arange(len(X)) + 1
    columns = [
        _column("SNID", X.index.astype(str).to_numpy(object)),
        _column("NOBS", np.diff(offsets).astype(np.int32)),
        _column("PTROBS_MIN", first.astype(np.int32)),
        _column("PTROBS_MAX", (first + np.diff(offsets) - 1).astype(np.int32)),
    ]
    for name in X.columns.drop("lightcurve"):
        values = X[name]
        if name == "type":
            number = pd.api.types.is_numeric_dtype(values.dtype)
            columns.append(_column("SNTYPE" if number else "SIM_TYPE_NAME", values.to_numpy()))
        elif pd.api.types.is_numeric_dtype(values.dtype):
            numbers = values.fillna(_MISSING.get(name, -9)) if values.hasnans else values
            columns.append(_column(_NAMES.get(name, name), numbers.to_numpy()))
        else:
            columns.append(_column(_NAMES.get(name, name), values.fillna("").to_numpy(object)))
    return columns


def _phot_columns(offsets, rows):
    """Observations with a separator row after each object."""
    n_objects = len(offsets) - 1
    place = np.arange(offsets[-1]) + segment_ids(offsets)

    def spread(values, separator):
        out = np.full(offsets[-1] + n_objects, separator, values.dtype)
        out[place] = values
        return out

    width = max((len(band) for band in rows["band"].categories), default=1)
    bands = rows["band"].categories.to_numpy(str).astype(f"S{width}")[rows["band"].codes]
    columns = [
        _column("MJD", spread(rows["time"].astype(np.float64), SEPARATOR)),
        _column("BAND", spread(bands, b"-")),
        _column("FLUXCAL", spread(rows["flux"], 0)),
        _column("FLUXCALERR", spread(rows["flux_err"], 0)),
    ]
    for name in [name for name in rows if name not in _OBSERVATION]:
        columns.append(_column(name.upper(), spread(np.asarray(rows[name]), 0)))
    return columns


def _with_photflag(rows, survey):
    """Give the rows PHOTFLAG in place of `detected`, which it holds as a bit."""
    rows = dict(rows)
    detected = rows.pop("detected", None)
    if detected is not None and "photflag" not in rows:
        bit = get_survey(survey).photflag.get("detection", 4096) if survey else 4096
        rows["photflag"] = np.where(detected, bit, 0).astype(np.int32)
    return rows


def _column(name, values):
    kinds = {"f8": "D", "f4": "E", "i8": "K", "i4": "J", "i2": "I", "b1": "L", "u1": "B"}
    values = np.asarray(values)
    if values.dtype.kind in "OUT":
        texts = values.astype(str)
        if not all(text.isascii() for text in texts):
            raise ValueError(f"write_snana: column {name!r} holds text that is not ASCII")
        values = texts.astype(bytes)
    if values.dtype.kind == "S":
        return fits.Column(name, f"{max(values.dtype.itemsize, 1)}A", array=values)
    return fits.Column(name, kinds[values.dtype.str[1:]], array=values)

"""SNANA's text format: one file an object."""

from pathlib import Path

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skastro.exceptions import FormatError, ObjectError
from skastro.utils.missing import mask_missing
from skastro.utils.ragged import nest, sort_rows

_STATICS = {
    "redshift": ("REDSHIFT_FINAL", "REDSHIFT_CMB", "REDSHIFT_HELIO"),
    "mwebv": ("MWEBV",),
    "peak_time": ("PEAKMJD", "SEARCH_PEAKMJD", "SIM_PEAKMJD"),
    "ra": ("RA",),
    "dec": ("DEC", "DECL"),
}
_FIELDS = {
    "time": ("MJD",),
    "band": ("BAND", "FLT"),
    "flux": ("FLUXCAL",),
    "flux_err": ("FLUXCALERR",),
    "photflag": ("PHOTFLAG",),
}


def read_snana_text(paths):
    """Read objects in SNANA's text format.

    Parameters
    ----------
    paths : str, Path or list of them
        One file an object.

    Returns
    -------
    X : NestedFrame
        As of :func:`read_snana`: index ``object_id``, column ``lightcurve``, static columns
        redshift, redshift_err, mwebv, peak_time, ra, dec and type (SNTYPE), NaN where missing.

    Raises
    ------
    FormatError
        Files that cannot be read, all of them together by name.

    ObjectError
        Two files hold one SNID.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.io import read_snana_text
    >>> lines = ["SNID: 7", "MWEBV: 0.1", "NOBS: 1", "VARLIST: MJD FLT FLUXCAL FLUXCALERR",
    ...          "OBS: 56000.5 g 10.0 1.0"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "7.DAT"
    ...     _ = path.write_text(chr(10).join(lines))
    ...     read_snana_text(path)["mwebv"].to_dict()
    {'7': 0.1}
    """
    paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
    objects, faults = [], []
    for path in paths:
        try:
            objects.append(_read_object(Path(path)))
        except FormatError as error:
            faults.append(str(error))
    if faults:
        raise FormatError(f"{len(faults)} of {len(paths)} files: " + "; ".join(faults))
    statics = pd.DataFrame([static for static, _ in objects]).set_index("object_id")
    if statics.index.has_duplicates:
        twice = statics.index[statics.index.duplicated()].unique()
        raise ObjectError("read_snana_text: SNID in more than one file", twice)
    offsets = np.concatenate([[0], np.cumsum([len(rows["time"]) for _, rows in objects])])
    names = [name for name in _FIELDS if all(name in rows for _, rows in objects)]
    rows = {name: np.concatenate([own[name] for _, own in objects]) for name in names}
    X = NestedFrame(statics)
    return X.assign(lightcurve=nest(offsets, sort_rows(offsets, rows), X.index))


def _read_object(path):
    """Return static values and rows of one file."""
    header, names, observations = {}, None, []
    for line in path.read_text(errors="replace").splitlines():
        key, colon, text = line.partition(":")
        words = text.split()
        if not colon or line.lstrip().startswith("#"):
            continue
        if key == "VARLIST":
            names = words
        elif key == "OBS":
            observations.append(words)
        elif words:
            header.setdefault(key.strip(), words)
    _check(path, header, names, observations)
    return _statics(header), _rows(names, observations)


def _check(path, header, names, observations):
    if "SNID" not in header or names is None:
        raise FormatError(f"{path}: no SNID or no VARLIST")
    for aliases in list(_FIELDS.values())[:4]:
        if not set(aliases) & set(names):
            raise FormatError(f"{path}: VARLIST has no {' or '.join(aliases)}")
    short = [i for i, words in enumerate(observations, 1) if len(words) < len(names)]
    if short:
        raise FormatError(f"{path}: OBS line {short[0]} has fewer than {len(names)} values")
    expected = int(header.get("NOBS", [len(observations)])[0])
    if expected != len(observations):
        raise FormatError(
            f"{path}: NOBS is {expected}, but there are {len(observations)} OBS lines"
        )


def _statics(header):
    """Return the standard static values; an error follows `+-`."""
    found = {"object_id": header["SNID"][0], "redshift_err": np.nan}
    for name, keys in _STATICS.items():
        key = next((key for key in keys if key in header), None)
        words = header[key] if key else ["-9999"]
        found[name] = _number(key or name, words[0])
        if name == "redshift" and words[1:2] == ["+-"]:
            found["redshift_err"] = _number("REDSHIFT_ERR", words[2])
    if "SNTYPE" in header:
        found["type"] = int(header["SNTYPE"][0])
    order = ["object_id", "redshift", "redshift_err", "mwebv", "peak_time", "ra", "dec", "type"]
    return {name: found[name] for name in order if name in found}


def _number(name, word):
    return float(mask_missing(name, np.array([float(word)]))[0])


def _rows(names, observations):
    columns = dict(zip(names, zip(*observations))) if observations else dict.fromkeys(names, ())
    kinds = {"time": float, "band": object, "photflag": np.int32}
    rows = {}
    for field, aliases in _FIELDS.items():
        name = next((alias for alias in aliases if alias in columns), None)
        if name is not None:
            rows[field] = np.array(columns[name], kinds.get(field, np.float32))
    return rows

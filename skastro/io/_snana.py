"""SNANA FITS files as one frame of objects with their light curves."""

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from tqdm.auto import tqdm

from skastro.exceptions import FormatError, ObjectError
from skastro.io._fits_table import open_table
from skastro.io._readme import read_readme
from skastro.io._snana_files import find_heads, phot_of
from skastro.io._snana_rows import read_rows
from skastro.io._snana_statics import read_statics, read_types
from skastro.surveys import get_survey, list_surveys
from skastro.utils.ragged import flatten, nest, segment_first, sort_rows

_ZERO_POINT = 27.5


def read_snana(path, *, survey=None, columns=None, types=None, progress=False):
    """Read SNANA FITS files, simulated or real.

    Objects are cut by the pointers of the HEAD or by the separators of the PHOT file, whichever
    is proven right; files in which neither is are refused.  Times are sorted inside each object.
    Observations with NaN flux are kept: :class:`skastro.preprocessing.CleanPhotometry` drops
    them.

    Parameters
    ----------
    path : str, Path or list of them
        A HEAD file, a folder, a glob pattern, or a list; ``.FITS`` or ``.FITS.gz`` in any letter
        case.  Each PHOT file lies beside its HEAD.

    survey : str or Survey, default=None
        Gives the PHOTFLAG bits and the known bands; by default the registered survey that the
        header names, if any.

    columns : sequence of str, default=None
        Further HEAD columns to keep under their own names, such as ``HOSTGAL_PHOTOZ``.  One with
        several numbers an object becomes columns ``NAME_0``, ``NAME_1``, …

    types : dict, default=None
        Names of types, by number or by the name in the file.

    progress : bool, default=False
        Show a progress bar over the files.

    Returns
    -------
    X : NestedFrame of shape (n_objects, n_columns)
        Index ``object_id``: SNID as text.  Column ``lightcurve`` with the fields time [MJD],
        band, flux [FLUXCAL, zero point 27.5], flux_err, and, where PHOTFLAG is there, photflag
        and detected.  Static columns as far as the files have them: redshift, redshift_err,
        mwebv, peak_time, trigger_time, ra, dec [degrees], type.  Missing codes are NaN.

    Raises
    ------
    FileNotFoundError
        Nothing there, or a HEAD without its PHOT.

    FormatError
        A file is truncated, lacks a column, or cannot be cut into objects.

    ObjectError
        Two objects have one SNID.

    KeyError
        A band is unknown to a `survey` that was given, or a requested column is in no file.

    References
    ----------
    .. [1] Kessler et al. 2009, PASP 121, 1028: SNANA.

    Examples
    --------
    >>> import tempfile
    >>> from nested_pandas import NestedFrame
    >>> from skastro.io import read_snana, write_snana
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [59001.0], "band": ["g"], "flux": [30.0], "flux_err": [2.0]}
    >>> X = NestedFrame({"redshift": [0.5], "type": ["SNIa"]}, index=["SN2026a"])
    >>> X = X.assign(lightcurve=nest([0, 1], rows, X.index))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     heads = write_snana(X, f"{folder}/LSST-0001", survey="LSST")
    ...     read_snana(folder)[["redshift", "type"]].to_dict("index")
    {'SN2026a': {'redshift': 0.5, 'type': 'SNIa'}}
    """
    heads = find_heads(path)
    columns = [columns] if isinstance(columns, str) else list(columns or ())
    bar = tqdm(heads, disable=not progress, unit="file")
    frames = [_read_pair(head, survey, columns, types) for head in bar]
    _refuse_duplicates(frames, heads)
    seen = {name for frame in frames for name in frame.columns}
    lost = [c for c in columns if c not in seen and f"{c}_0" not in seen]
    if lost:
        raise KeyError(f"read_snana: no file has the column {lost[0]!r}")
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    X = filled[0] if len(filled) == 1 else pd.concat(_with_same_fields(filled))
    statics = [name for name in X.columns if name != "lightcurve"]
    return NestedFrame(X[[*statics, "lightcurve"]])


def _read_pair(head, survey, columns, types):
    """One HEAD and its PHOT."""
    phot = phot_of(head)
    with open_table(head) as table:
        identifiers = _identifiers(table)
        n_obs, pointers = _counts(table)
        statics = read_statics(table, columns)
        kinds = read_types(table, _readme_types(head), types)
        known = _survey(survey, table.header)
        zero_point = float(table.header.get("ZP_FLUXCAL", _ZERO_POINT))
    with open_table(phot) as table:
        offsets, rows = read_rows(table, n_obs, pointers)
    if survey is not None:
        known.band_wavelengths(rows["band"])
    if zero_point != _ZERO_POINT:
        factor = np.float32(10 ** (0.4 * (_ZERO_POINT - zero_point)))
        rows |= {name: rows[name] * factor for name in ("flux", "flux_err")}
    rows = sort_rows(offsets, rows)
    add_flags(rows, offsets, statics, known)
    if kinds is not None:
        statics["type"] = kinds
    X = NestedFrame(_one_dimensional(statics), index=identifiers)
    return X.assign(lightcurve=nest(offsets, rows, X.index))


def _identifiers(table):
    values = table.column(table.require("SNID"))
    return pd.Index(values.astype(str).astype(object), name="object_id", dtype=object)


def _counts(table):
    """NOBS and the pointers; either may be missing, but not both."""
    first, last = (table.find(name) for name in ("PTROBS_MIN", "PTROBS_MAX"))
    pointers = None
    if first and last:
        pointers = (table.column(first).astype(np.int64), table.column(last).astype(np.int64))
    if table.find("NOBS"):
        return table.column("NOBS").astype(np.int64), pointers
    if pointers is None:
        raise FormatError(f"{table.name}: neither NOBS nor PTROBS_MIN and PTROBS_MAX")
    return pointers[1] - pointers[0] + 1, pointers


def _readme_types(head):
    """GENTYPE_TO_NAME of the only README beside the HEAD file."""
    readmes = [f for f in head.parent.iterdir() if f.name.lower().endswith(".readme")]
    return read_readme(readmes[0]).types if len(readmes) == 1 else {}


def _survey(survey, header):
    if survey is not None:
        return get_survey(survey)
    named = str(header.get("SURVEY", "")).strip()
    return get_survey(named) if named.lower() in [s.lower() for s in list_surveys()] else None


def add_flags(rows, offsets, statics, survey):
    """Add the field detected, and the trigger time where the HEAD has none."""
    bits = survey.photflag if survey is not None and "photflag" in rows else {}
    if "detection" in bits:
        rows["detected"] = (rows["photflag"] & bits["detection"]) != 0
    first_bit = bits.get("trigger", bits.get("detection"))
    if first_bit is None or "trigger_time" in statics:
        return
    flagged = (rows["photflag"] & first_bit) != 0
    trigger = segment_first(rows["time"], offsets, flagged)
    if first_bit != bits.get("detection") and "detected" in rows:
        first_detection = segment_first(rows["time"], offsets, rows["detected"])
        trigger = np.where(np.isnan(trigger), first_detection, trigger)
    statics["trigger_time"] = trigger


def _one_dimensional(statics):
    """Columns with several numbers an object become one column a number."""
    flat = {}
    for name, values in statics.items():
        if values.ndim == 1:
            flat[name] = values
        else:
            wide = values.reshape(len(values), -1)
            flat |= {f"{name}_{i}": wide[:, i] for i in range(wide.shape[1])}
    return flat


def _refuse_duplicates(frames, heads):
    identifiers = pd.Index(np.concatenate([frame.index.to_numpy(object) for frame in frames]))
    twice = identifiers[identifiers.duplicated()].unique()
    if len(twice):
        files = [h.name for h, f in zip(heads, frames) if f.index.isin(twice).any()]
        raise ObjectError(f"read_snana: SNID occurs more than once in {', '.join(files)}", twice)


def _with_same_fields(frames):
    """Give all light curves the union of the fields: no flag is 0, not detected."""
    kinds = [frame["lightcurve"].dtype.column_dtypes for frame in frames]
    if all(kind == kinds[0] for kind in kinds):
        return frames
    fields = {name: None for kind in kinds for name in kind}
    return [_fill_fields(frame, fields) for frame in frames]


def _fill_fields(frame, fields):
    offsets, rows = flatten(frame["lightcurve"])
    blank = {"photflag": np.zeros(offsets[-1], np.int32), "detected": np.zeros(offsets[-1], bool)}
    rows = {name: rows.get(name, blank.get(name)) for name in fields}
    rows |= {name: rows[name].astype(np.float64) for name in ("flux", "flux_err")}
    return frame.assign(lightcurve=nest(offsets, rows, frame.index))

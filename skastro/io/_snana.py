"""SNANA FITS files as one frame of objects with their light curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from tqdm.auto import tqdm

from skastro.exceptions import FormatError
from skastro.io._assemble import add_flags, join_frames, warn_of_unknown_bands
from skastro.io._content import naming
from skastro.io._fits_table import open_table
from skastro.io._many import check_choices, read_each, settle_duplicates
from skastro.io._readme import read_readme
from skastro.io._snana_files import SnanaPair, find_heads, find_pairs
from skastro.io._snana_rows import read_rows
from skastro.io._snana_statics import is_binary, read_binary_types, read_statics, read_types
from skastro.surveys import Survey, find_survey, get_survey
from skastro.utils.columns import to_identifiers
from skastro.utils.ragged import nest, sort_rows

_ZERO_POINT = 27.5


def read_snana(
    path: str | Path | Sequence[str | Path],
    *,
    survey: str | Survey | None = None,
    columns: Sequence[str] | None = None,
    types: Mapping | str | None = None,
    duplicates: str = "raise",
    errors: str = "raise",
    progress: bool = False,
) -> NestedFrame:
    """Read SNANA FITS files, simulated or real.

    Objects are separated by the pointers of the HEAD file or by the separator rows of the PHOT
    file, whichever is proven right; files for which neither is proven are refused.  Times are
    sorted within each object.  Observations with NaN flux are kept:
    :class:`skastro.preprocessing.CleanPhotometry` drops them.

    Parameters
    ----------
    path : str, Path or list of them
        A HEAD file, a folder, a glob pattern, or a list; ``.FITS`` or ``.FITS.gz`` in any letter
        case.  Each PHOT file is next to its HEAD file.

    survey : str or Survey, default=None
        Defines the PHOTFLAG bits and the known bands; by default the registered survey that the
        header names, if any.

    columns : sequence of str, default=None
        Further HEAD columns to keep under their own names, such as ``HOSTGAL_PHOTOZ``.  A column
        with several numbers per object becomes the columns ``NAME_0``, ``NAME_1``, …

    types : dict or "Ia", default=None
        Names of types, by number or by the name in the file.  With ``"Ia"`` every object has
        the type ``"Ia"`` or ``"nonIa"``: from the column of the simulation README if there is one,
        else from the name of its type.

    duplicates : {"raise", "number", "first"}, default="raise"
        What to do with objects that share an identifier: raise an error, append ``_2``, ``_3``,
        … to the further ones, or keep the first.

    errors : {"raise", "skip"}, default="raise"
        What to do with files that cannot be read: raise an error, or leave them out with one
        warning and list them in ``X.attrs["skipped_files"]``.

    progress : bool, default=False
        Show a progress bar over the files.

    Returns
    -------
    X : NestedFrame of shape (n_objects, n_columns)
        Index ``object_id``: SNID as text.  Static columns redshift, redshift_err, mwebv,
        peak_time, trigger_time, ra and dec [degrees], always and in this order, NaN where
        unknown; the requested columns; type where the files know it, as names, or as numbers if
        they know no name.  Nested column ``lightcurve`` with the fields time [MJD], band,
        flux [FLUXCAL, zero point 27.5], flux_err, and, where the files have PHOTFLAG, photflag
        and detected.

    Raises
    ------
    FileNotFoundError
        There is no file, or a HEAD file without its PHOT file.

    FormatError
        Files are damaged, lack a column, or cannot be separated into objects; the message names
        each file with the cause.

    ObjectError
        Two objects have one SNID and ``duplicates="raise"``.

    KeyError
        `survey` is not registered, or a requested column is in no file.

    Warns
    -----
    ObjectWarning
        Files are left out (``errors="skip"``), or bands are unknown to a `survey` that was given;
        their observations keep the name of the band.

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
    check_choices("read_snana", duplicates, errors)
    given = None if survey is None else get_survey(survey)
    columns = [columns] if isinstance(columns, str) else list(columns or ())
    is_binary(types)
    pairs = find_pairs(find_heads(path))
    pairs, frames, skipped = read_each(
        tqdm(pairs, disable=not progress, unit="file"),
        lambda pair: read_pair(pair, given, columns, types),
        owner="read_snana",
        errors=errors,
    )
    seen = {name for frame in frames for name in frame.columns}
    lost = [c for c in columns if c not in seen and f"{c}_0" not in seen]
    if lost:
        raise KeyError(f"read_snana: no file has the column {lost[0]!r}")
    files = np.repeat([pair.head.name for pair in pairs], [len(frame) for frame in frames])
    X = settle_duplicates(
        join_frames(frames), duplicates=duplicates, owner="read_snana", files=files
    )
    if given is not None:
        warn_of_unknown_bands(X, given, "read_snana")
    if errors == "skip":
        X.attrs["skipped_files"] = skipped
    return X


def read_identifiers(head: Path) -> pd.Index:
    """Return the identifiers of the objects of one HEAD file as text."""
    with open_table(head) as table, naming(head):
        return to_identifiers(table.column(table.require("SNID")), "SNID")


def read_pair(
    pair: SnanaPair,
    survey: Survey | None,
    columns: Sequence[str],
    types: Mapping | str | None,
) -> NestedFrame:
    """Return the objects of one HEAD file and its PHOT file, see :func:`read_snana`."""
    head, phot = pair.head, pair.require_phot()
    with open_table(head) as table, naming(head):
        identifiers = to_identifiers(table.column(table.require("SNID")), "SNID")
        n_obs, pointers = _counts(table)
        statics = read_statics(table, columns)
        kinds = _types(table, pair.readme, types)
        survey = survey or find_survey(table.keyword("SURVEY", ""))
        zero_point = float(table.keyword("ZP_FLUXCAL", _ZERO_POINT))
    with open_table(phot) as table:
        offsets, rows = read_rows(table, n_obs, pointers)
    if zero_point != _ZERO_POINT:
        factor = np.float32(10 ** (0.4 * (_ZERO_POINT - zero_point)))
        rows |= {name: rows[name] * factor for name in ("flux", "flux_err")}
    rows = sort_rows(offsets, rows)
    add_flags(rows, offsets, statics, survey)
    statics = _one_dimensional(statics)
    if kinds is not None:
        statics["type"] = kinds
    X = NestedFrame(statics, index=identifiers)
    return X.assign(lightcurve=nest(offsets, rows, X.index))


def _counts(table):
    """Return NOBS and the pointers; either may be missing, but not both."""
    first, last = (table.find(name) for name in ("PTROBS_MIN", "PTROBS_MAX"))
    pointers = None
    if first and last:
        pointers = (_whole(table, first), _whole(table, last))
    if pointers is None and not table.find("NOBS"):
        raise FormatError(f"{table.name}: neither NOBS nor PTROBS_MIN and PTROBS_MAX")
    n_obs = _whole(table, "NOBS") if table.find("NOBS") else pointers[1] - pointers[0] + 1
    if (n_obs < 0).any():
        raise FormatError(
            f"{table.name}: a negative number of observations in object "
            f"{int((n_obs < 0).argmax()) + 1}"
        )
    return n_obs, pointers


def _whole(table, name):
    values = table.column(name)
    if values.ndim > 1 or not pd.api.types.is_integer_dtype(values.dtype) or pd.isna(values).any():
        raise FormatError(f"{table.name}: column {name!r} must hold one integer per object")
    return np.asarray(values, np.int64)


def _types(table, readme, types):
    readme = None if readme is None else read_readme(readme)
    if is_binary(types):
        return read_binary_types(table, readme.is_ia if readme else {})
    return read_types(table, readme.types if readme else {}, types)


def _one_dimensional(statics):
    """Split columns with several numbers per object into one column per number."""
    flat = {}
    for name, values in statics.items():
        if values.ndim == 1:
            flat[name] = values
        else:
            wide = values.reshape(len(values), -1)
            flat |= {f"{name}_{i}": wide[:, i] for i in range(wide.shape[1])}
    return flat

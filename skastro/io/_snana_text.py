"""SNANA's text format: one file per object."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from nested_pandas import NestedFrame

from skastro.exceptions import FormatError
from skastro.io._assemble import add_flags, fill_fields, warn_of_unknown_bands
from skastro.io._content import read_bytes
from skastro.io._many import check_choices, read_each, settle_duplicates
from skastro.io._snana_rows import SPELLINGS
from skastro.io._snana_statics import is_binary, read_binary_types, read_statics, read_types
from skastro.surveys import Survey, find_survey, get_survey
from skastro.utils.columns import (
    FIELD_ALIASES,
    STANDARD_FIELDS,
    STATIC_ALIASES,
    find_column,
    to_flags,
    to_identifiers,
    to_numbers,
)
from skastro.utils.ragged import nest, sort_rows

_NEEDED = ("time", "band", "flux", "flux_err")
# Fluxes are float32 as in SNANA's FITS files, so that both readers return the same numbers.
_KINDS = {"time": np.float64, "flux": np.float32, "flux_err": np.float32}
_NUMERIC = {
    f"{alias}{end}".upper()
    for aliases in STATIC_ALIASES.values()
    for alias in aliases
    for end in ("", "_err")
}
_ENDINGS = (".dat", ".txt", ".dat.gz", ".txt.gz")


def read_snana_text(
    paths: str | Path | Sequence[str | Path],
    *,
    survey: str | Survey | None = None,
    columns: Sequence[str] | None = None,
    types: Mapping | str | None = None,
    duplicates: str = "raise",
    errors: str = "raise",
) -> NestedFrame:
    """Read objects in SNANA's text format.

    An object gets the same columns with the same values as from SNANA's FITS files by
    :func:`read_snana`.

    Parameters
    ----------
    paths : str, Path or list of them
        Files of one object each, gzipped or not, or folders of ``.DAT`` and ``.TXT`` files.

    survey : str or Survey, default=None
        Defines the PHOTFLAG bits and the known bands; by default the registered survey that each
        file names, if any.

    columns : sequence of str, default=None
        Further keys of the header to keep under their own names, such as ``HOSTGAL_PHOTOZ``; NaN
        for the objects without them.

    types : dict or "Ia", default=None
        Names of types as for :func:`read_snana`.

    duplicates : {"raise", "number", "first"}, default="raise"
        What to do with objects that share an identifier: raise an error, append ``_2``, ``_3``,
        … to the further ones, or keep the first.

    errors : {"raise", "skip"}, default="raise"
        What to do with files that cannot be read: raise an error, or leave them out with one
        warning and list them in ``X.attrs["skipped_files"]``.

    Returns
    -------
    X : NestedFrame of shape (n_objects, n_columns)
        As from :func:`read_snana`.

    Raises
    ------
    FileNotFoundError
        There is no file.

    FormatError
        Files that cannot be read, all of them by name with the cause.

    ObjectError
        Two files have one SNID and ``duplicates="raise"``.

    KeyError
        `survey` is not registered, or a requested key is in no file.

    Warns
    -----
    ObjectWarning
        As :func:`read_snana`.

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
    check_choices("read_snana_text", duplicates, errors)
    is_binary(types)
    given = None if survey is None else get_survey(survey)
    columns = [columns] if isinstance(columns, str) else list(columns or ())
    files, objects, skipped = read_each(
        _files(paths), _read_object, owner="read_snana_text", errors=errors
    )
    lost = [c for c in columns if not any(c.upper() in header for header, _ in objects)]
    if lost:
        raise KeyError(f"read_snana_text: no file has the key {lost[0]!r}")
    X = _frame(objects, columns, types, given)
    names = [file.name for file in files]
    X = settle_duplicates(X, duplicates=duplicates, owner="read_snana_text", files=names)
    if given is not None:
        warn_of_unknown_bands(X, given, "read_snana_text")
    if errors == "skip":
        X.attrs["skipped_files"] = skipped
    return X


def _files(paths):
    paths = [paths] if isinstance(paths, str | Path) else list(paths)
    files = []
    for path in (Path(path).expanduser() for path in paths):
        found = [path]
        if path.is_dir():
            found = sorted(f for f in path.iterdir() if f.name.lower().endswith(_ENDINGS))
        files += found
    if not files:
        where = ", ".join(map(str, paths)) or "an empty list"
        raise FileNotFoundError(f"read_snana_text: no .DAT or .TXT file in {where}")
    return files


class HeaderTable:
    """Headers of text files as columns; a key that a file lacks is None.

    Parameters
    ----------
    headers : list of dict of str -> str
        Value of each key of each file, keys in capitals.

    Examples
    --------
    >>> from skastro.io._snana_text import HeaderTable
    >>> HeaderTable([{"RA": "1.5"}, {}]).column("ra").tolist()
    [1.5, nan]
    """

    name = "read_snana_text"

    def __init__(self, headers: list[dict[str, str]]):
        self._headers = headers
        self.names = list({key: None for header in headers for key in header})

    def __len__(self):
        return len(self._headers)

    def find(self, *names):
        """Return the first of `names` that a header has, or None."""
        return find_column(self.names, [name.lower() for name in names])

    def column(self, name):
        """Return the values of a key; numbers where all of them are."""
        words = np.array([header.get(name.upper()) for header in self._headers], object)
        return _as_numbers(words)


def _as_numbers(words):
    for kind in (int, float):
        try:
            return np.array([kind(word) for word in words])
        except (TypeError, ValueError, OverflowError):
            continue
    try:
        return np.array([np.nan if word is None else float(word) for word in words])
    except ValueError:
        return words


def _read_object(path):
    """Return the header and the rows of one file."""
    header, names, observations = {}, None, []
    text = read_bytes(path).decode("utf-8-sig", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        key, colon, rest = line.partition(":")
        words, key = rest.split("#")[0].split(), key.strip().upper()
        if not colon or key.startswith("#"):
            continue
        if key in ("VARLIST", "VARNAMES"):
            names = words
        elif key == "OBS":
            observations.append((number, words))
        elif words and key not in header:
            header |= _value_and_error(path, number, key, words)
    _check(path, header, names, observations)
    return header, _rows(path, names, observations)


def _value_and_error(path, number, key, words):
    """Return a key and, after ``+-``, its error."""
    if words[1:2] != ["+-"]:
        return {key: words[0]}
    if len(words) < 3:
        raise FormatError(f"{path}, line {number}: no error after +- of {key}")
    return {key: words[0], f"{key}_ERR": words[2]}


def _check(path, header, names, observations):
    if "SNID" not in header or names is None:
        raise FormatError(f"{path}: no SNID or no VARLIST")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FormatError(f"{path}: VARLIST has {twice[0]} twice")
    for field in _NEEDED:
        if find_column(names, FIELD_ALIASES[field]) is None:
            raise FormatError(f"{path}: VARLIST has no {SPELLINGS[field]}")
    for number, words in observations:
        if len(words) < len(names):
            raise FormatError(
                f"{path}, line {number}: OBS with {len(words)} values, fewer than the "
                f"{len(names)} of VARLIST"
            )
    expected = _integer(path, "NOBS", header.get("NOBS", str(len(observations))))
    if expected != len(observations):
        raise FormatError(
            f"{path}: NOBS is {expected}, but there are {len(observations)} OBS lines"
        )
    for key in set(header) & _NUMERIC:
        _number(path, key, header[key])


def _integer(path, key, word):
    try:
        return int(word)
    except ValueError:
        raise FormatError(f"{path}: {key} is {word!r}, which is not an integer") from None


def _number(path, key, word):
    try:
        return to_numbers(key, [word])
    except ValueError:
        raise FormatError(f"{path}: {key} is {word!r}, which is not a number") from None


def _rows(path, names, observations):
    """Return the fields of the observations, sorted by time."""
    width = len(names)
    values = [words[:width] for _, words in observations]
    columns = dict(zip(names, zip(*values))) if values else dict.fromkeys(names, ())
    rows = {}
    for field in (*_NEEDED, "photflag", "detected"):
        name = find_column(names, FIELD_ALIASES[field])
        if name is not None:
            rows[field] = _field(path, field, name, columns[name])
    return sort_rows(np.array([0, len(values)]), rows)


def _field(path, field, name, words):
    try:
        if field == "band":
            return np.array(words, object)
        if field == "detected":
            return to_flags(name, np.array(words, str))
        if field == "photflag":
            # -9 says missing, but has nearly all bits set.
            return np.array([max(int(word), 0) for word in words], np.int32)
        return np.array(words, _KINDS[field])
    except (ValueError, OverflowError) as error:
        raise FormatError(f"{path}: column {name} of the OBS lines: {error}") from None


def _frame(objects, columns, types, survey):
    """Return the objects as one frame."""
    table = HeaderTable([header for header, _ in objects])
    statics = read_statics(table, [column.upper() for column in columns])
    statics |= {column: statics.pop(column.upper()) for column in columns}
    rows = _flagged([rows for _, rows in objects], table, survey, statics)
    kinds = read_binary_types(table, {}) if is_binary(types) else read_types(table, {}, types)
    if kinds is not None:
        statics["type"] = kinds
    index = to_identifiers([header["SNID"] for header, _ in objects], "SNID")
    offsets = np.concatenate([[0], np.cumsum([len(own["time"]) for own in rows])])
    fields = [name for name in STANDARD_FIELDS if any(name in own for own in rows)]
    rows = [fill_fields(own, fields) for own in rows]
    joined = {name: np.concatenate([own[name] for own in rows]) for name in fields}
    return NestedFrame(statics, index=index).assign(lightcurve=nest(offsets, joined, index))


def _flagged(objects, table, survey, statics):
    """Return the rows with the flags of the survey of each file, and fill in trigger times."""
    named = table.column("SURVEY").astype(str) if table.find("SURVEY") else [""] * len(objects)
    flagged = []
    for i, (rows, name) in enumerate(zip(objects, named)):
        rows, own = dict(rows), {"trigger_time": statics["trigger_time"][i : i + 1]}
        add_flags(rows, np.array([0, len(rows["time"])]), own, survey or find_survey(name))
        statics["trigger_time"][i] = own["trigger_time"][0]
        flagged.append(rows)
    return flagged

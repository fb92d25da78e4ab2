"""Spectra in plain text: columns separated by blanks or commas."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.table import Table
from numpy.typing import NDArray

from skastro.exceptions import FormatError
from skastro.io._spectrum_columns import pick_columns, split_unit, to_angstrom

_FIELDS = ("wavelength", "flux", "flux_err")
_ECSV = "# %ECSV"


def read_text_spectrum(path: Path, content: bytes, unit: str | None) -> dict[str, Any]:
    """Return the fields of a spectrum in text; ``#`` begins a comment.

    Columns are found by the names in the first line, or in the last comment above the numbers.
    Without names two or three columns are wavelength, flux and its error; of more columns the
    error is unknown.

    Parameters
    ----------
    path : Path
        The file, for messages.

    content : bytes
        The file, decompressed, in UTF-8 or Latin-1.

    unit : str or None
        Unit of the wavelengths that replaces that of the file.

    Returns
    -------
    rows : dict of str -> ndarray
        wavelength [Angstrom], flux and, if there is one, flux_err; and "stated", the unit that
        the file states, or None.

    Raises
    ------
    FormatError
        Lines of different length, words that are not numbers, or less than two columns.
    """
    text = _decode(path, content)
    names, table = _read_ecsv(text) if text.startswith(_ECSV) else _read_words(path, text)
    if names is None:
        rows, stated = dict(zip(_FIELDS[: _n_fields(path, table)], table.T)), None
    else:
        picks = pick_columns(path, names)
        columns = dict(zip(names, table.T))
        rows = {f: (c(columns[n]) if c else columns[n]) for f, (n, c) in picks.items()}
        name, is_log = picks["wavelength"]
        stated = None if is_log else split_unit(name)[1]
    wavelength = to_angstrom(path, rows["wavelength"], unit or stated or "Angstrom")
    return {**rows, "wavelength": wavelength, "stated": stated}


def _n_fields(path: Path, table: NDArray) -> int:
    if table.shape[1] < 2:
        raise FormatError(f"{path}: one column; wavelength and flux are needed")
    return 3 if table.shape[1] == 3 else 2


def _decode(path: Path, content: bytes) -> str:
    """Return the text without a byte order mark."""
    if b"\0" in content:
        raise FormatError(f"{path}: neither text nor FITS")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _read_ecsv(text: str) -> tuple[list[str] | None, NDArray]:
    """Return names with their units in brackets, and the numbers."""
    table = Table.read(text, format="ascii.ecsv")
    names = [f"{n} [{table[n].unit}]" if table[n].unit else n for n in table.colnames]
    columns = [np.ma.filled(table[n].astype(float), np.nan) for n in table.colnames]
    return names, np.column_stack(columns)


def _read_words(path: Path, text: str) -> tuple[list[str] | None, NDArray]:
    """Return the names of the columns, or None, and the numbers, shape (n_rows, n_columns)."""
    lines, comments = [], []
    for number, line in enumerate(text.splitlines(), 1):
        bare, _, remark = line.partition("#")
        if bare.strip():
            lines.append((number, bare.strip()))
        elif not lines and remark.strip():
            comments.append(remark)
    if not lines:
        raise FormatError(f"{path}: holds no spectrum")
    first = _split(lines[0][1])
    if _is_number(first[0]):
        names = _commented_names(path, comments, len(first))
        return names, _to_numbers(path, lines, len(first))
    names = _names(lines[0][1])
    return names, _to_numbers(path, lines[1:], len(names))


def _to_numbers(path: Path, lines: list[tuple[int, str]], width: int) -> NDArray:
    """Return the numbers in numbered lines, shape (n_lines, width)."""
    if lines and "," not in lines[0][1]:
        try:
            table = np.loadtxt([line for _, line in lines], ndmin=2)
        # The slow way below finds the line that is wrong.
        except ValueError:
            table = None
        if table is not None and table.shape[1] == width:
            return table
    rows = [_split(line) for _, line in lines]
    for (number, _), row in zip(lines, rows):
        if len(row) != width:
            raise FormatError(f"{path}, line {number}: {len(row)} values, {width} expected")
    try:
        return np.array([[float(word) for word in row] for row in rows]).reshape(-1, width)
    except ValueError as error:
        raise FormatError(f"{path}: {error}") from None


def _commented_names(path: Path, comments: list[str], n_columns: int) -> list[str] | None:
    """Return the names in the last comment that names the columns, None without one."""
    for names in map(_names, reversed(comments)):
        try:
            pick_columns(path, names)
        except FormatError:
            continue
        if len(names) == n_columns:
            return names
    return None


def _names(line: str) -> list[str]:
    """Split a line of names; a unit in brackets belongs to the name before it."""
    names: list[str] = []
    for word in _split(line):
        if names and word.startswith(("(", "[")):
            names[-1] += f" {word}"
        else:
            names.append(word)
    return names


def _split(line: str) -> list[str]:
    if "," in line:
        return [word.strip() or "nan" for word in next(csv.reader([line]))]
    return line.split()


def _is_number(word: str) -> bool:
    return not np.isnan(pd.to_numeric(word, errors="coerce")) or word.lower() == "nan"

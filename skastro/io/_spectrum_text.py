"""Spectra in plain text: columns between blanks or commas."""

import csv
import warnings

import numpy as np
import pandas as pd

from skastro.exceptions import FormatError
from skastro.io._spectrum_columns import pick_columns, to_angstrom

_FIELDS = ("wavelength", "flux", "flux_err")


def read_text_spectrum(path, unit):
    """Return the fields of a spectrum in text; ``#`` begins a comment.

    With a line of names the columns are found by name, without by position: wavelength, flux and,
    if there is one, the error.

    Raises
    ------
    FormatError
        Lines of different length, words that are not numbers, or less than two columns.
    """
    names, table = _read_table(path)
    if len(table) == 0:
        raise FormatError(f"{path}: holds no spectrum")
    if names is None:
        if table.shape[1] < 2:
            raise FormatError(f"{path}: one column; wavelength and flux are needed")
        rows = dict(zip(_FIELDS, table.T))
    else:
        picks = pick_columns(path, names)
        columns = dict(zip(names, table.T))
        rows = {f: (c(columns[n]) if c else columns[n]) for f, (n, c) in picks.items()}
    return {**rows, "wavelength": to_angstrom(path, rows["wavelength"], unit)}


def _read_table(path):
    """Return the names of the columns, or None, and the numbers, shape (n_rows, n_columns)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return None, np.loadtxt(path, comments="#", ndmin=2)
    except ValueError:
        return _read_words(path)


def _read_words(path):
    """Read commas, names and gaps, and say which line is at fault."""
    with open(path, errors="replace") as file:
        lines = (line.split("#", 1)[0].strip() for line in file)
        lines = [(number, line) for number, line in enumerate(lines, 1) if line]
    if not lines:
        raise FormatError(f"{path}: holds no spectrum")
    words = [_split(line) for _, line in lines]
    names = None if _is_number(words[0][0]) else words[0]
    body = words if names is None else words[1:]
    width = len(words[0])
    short = next((k for k, row in enumerate(body) if len(row) != width), None)
    if short is not None:
        number = lines[len(lines) - len(body) + short][0]
        raise FormatError(f"{path}, line {number}: {len(body[short])} values, {width} expected")
    try:
        return names, np.array(body, dtype=object).reshape(len(body), width).astype(float)
    except ValueError as error:
        raise FormatError(f"{path}: {error}") from None


def _split(line):
    if "," in line:
        return [word.strip() or "nan" for word in next(csv.reader([line]))]
    return line.split()


def _is_number(word):
    return not np.isnan(pd.to_numeric(word, errors="coerce")) or word.lower() == "nan"

"""Tables with a header line as text: CSV, and columns separated by blanks, tabs or semicolons."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pandas as pd
import pyarrow as pa

from skastro.exceptions import FormatError
from skastro.io._content import naming, read_text
from skastro.utils.columns import ID_ALIASES

_DELIMITERS = (",", ";", "\t")
_PARQUET = (".parquet", ".pq")


def is_csv(path: Path) -> bool:
    """Return whether a file is a text table by its name, compressed or not.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skastro.io._tables import is_csv
    >>> is_csv(Path("a.CSV.gz")), is_csv(Path("a.parquet"))
    (True, False)
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    return bool({".csv", ".txt", ".dat", ".tsv"} & set(suffixes))


def read_table(path: str | Path, *, text: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table from a text or Parquet file, with its index as columns.

    Parameters
    ----------
    path : str or Path
        The file; Parquet by its extension, else text.

    text : sequence of str, default=()
        See :func:`read_csv`.

    Returns
    -------
    table : DataFrame

    Raises
    ------
    FormatError
        The file cannot be read; the message names it and the cause.
    """
    path = Path(path).expanduser()
    if path.suffix.lower() not in _PARQUET:
        return read_csv(path, text=text)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    with naming(path, pa.ArrowException, OSError):
        table = pd.read_parquet(path)
    return with_index(table)


def with_index(table: pd.DataFrame) -> pd.DataFrame:
    """Return a frame in which a named index is a column."""
    return table.reset_index() if table.index.name is not None else table


def read_csv(path: str | Path, *, text: Sequence[str] | None = ()) -> pd.DataFrame:
    """Read a table with a header line; every line must have as many values as the header.

    The delimiter is the comma, semicolon or tab of the header, else blanks.  Lines that start
    with ``#`` and empty lines are left out, as is a byte order mark.  Identifiers are read as
    text, so that 007 stays 007.

    Parameters
    ----------
    path : str or Path
        The file, gzipped or not.

    text : sequence of str, default=()
        Further columns to read as text; all of them if None.

    Returns
    -------
    table : DataFrame of shape (n_rows, n_columns)

    Raises
    ------
    FormatError
        The file is empty, damaged or not UTF-8, has two columns of one name, or a line whose number
        of values differs from the header; the message names the file and the line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skastro.io._tables import read_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "x.csv"
    ...     _ = path.write_text("SNID,z" + chr(10) + "007,0.5")
    ...     read_csv(path).to_dict("list")
    {'SNID': ['007'], 'z': [0.5]}
    """
    lines = [
        (number, line)
        for number, line in enumerate(_lines(read_text(path)), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise FormatError(f"{path}: empty")
    delimiter = next((mark for mark in _DELIMITERS if mark in lines[0][1]), None)
    names = _split(lines[0][1], delimiter)
    _check_names(path, names)
    _check_width(path, lines, delimiter, len(names))
    # Identifiers as text: 007 stays 007, and long numbers keep their digits.
    kinds = str if text is None else {n: str for n in names if _is_identifier(n) or n in text}
    with naming(path):
        table = pd.read_csv(
            StringIO("\n".join(line for _, line in lines)),
            sep=delimiter or r"\s+",
            dtype=kinds,
            names=names,
            header=0,
            # Otherwise pandas makes an index of the first column where lines have one value more.
            index_col=False,
            skipinitialspace=True,
        )
    return table.drop(columns=[n for n in names if not n and table[n].isna().all()])


def _lines(text):
    # str.splitlines would also cut at form feeds and other separators inside values.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _is_identifier(name):
    return name.strip().lower() in ID_ALIASES


def _split(line, delimiter):
    if delimiter is None:
        return line.split()
    if '"' in line:
        return [word.strip() for word in next(csv.reader([line], delimiter=delimiter))]
    return [word.strip() for word in line.split(delimiter)]


def _check_names(path, names):
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FormatError(f"{path}: several columns named {twice[0]!r}")


def _check_width(path, lines, delimiter, width):
    """Raise for the first line with more or fewer values than the header."""
    for number, line in lines:
        if delimiter is None or '"' in line:
            found = len(_split(line, delimiter))
        else:
            found = line.count(delimiter) + 1
        if found != width:
            raise FormatError(
                f"{path}, line {number}: {found} values, but the header has {width} columns "
                "(a decimal comma or a trailing delimiter?)"
            )

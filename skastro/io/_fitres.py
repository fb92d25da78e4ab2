"""FITRES tables of SNANA."""

import shlex
from pathlib import Path

import pandas as pd

from skastro.exceptions import FormatError
from skastro.io._content import naming, read_bytes


def read_fitres(path: str | Path) -> pd.DataFrame:
    """Read a FITRES table.

    Parameters
    ----------
    path : str or Path
        The file, gzipped or not.

    Returns
    -------
    table : DataFrame of shape (n_objects, n_columns)
        Index ``object_id``: CID as text, in full length.  Other columns are numbers where all
        their values are.

    Raises
    ------
    FormatError
        The file has no VARNAMES line, names a column twice, or has a line with the wrong number of
        values; the message names the line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.io import read_fitres
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "x.FITRES"
    ...     _ = path.write_text("VARNAMES: CID zHD" + chr(10) + "SN: 0042 0.5")
    ...     read_fitres(path)["zHD"].to_dict()
    {'0042': 0.5}
    """
    names, rows = None, []
    text = read_bytes(path).decode("utf-8-sig", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].split()
        if words[:1] == ["VARNAMES:"]:
            with naming(path):
                names = _names(line)
        elif words[:1] in (["SN:"], ["ROW:"], ["GAL:"]):
            if names is None or len(words) - 1 != len(names):
                expected = "no VARNAMES line" if names is None else f"{len(names)} expected"
                raise FormatError(f"{path}, line {number}: {len(words) - 1} values, {expected}")
            rows.append(words[1:])
    if not names:
        raise FormatError(f"{path}: no VARNAMES line, so this is not a FITRES table")
    table = pd.DataFrame(rows, columns=names, dtype=object).set_index(names[0])
    table.index.name = "object_id"
    return table.apply(_as_numbers)


def _names(line):
    """Return the names of the columns; a nameless last one, as pandas writes it, is no column."""
    names = shlex.split(line, comments=True)[1:]
    names = names[:-1] if names[-1:] and names[-1].startswith("Unnamed:") else names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"VARNAMES has {twice[0]} twice")
    return names


def _as_numbers(column):
    numbers = pd.to_numeric(column, errors="coerce")
    texts = column[numbers.isna()].str.lower()
    return numbers if texts.isin(["nan", "-nan"]).all() else column

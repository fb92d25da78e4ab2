"""FITRES tables of SNANA."""

import gzip
import shlex
from pathlib import Path

import pandas as pd

from skastro.exceptions import FormatError


def read_fitres(path):
    """Read a FITRES table.

    Parameters
    ----------
    path : str or Path
        The file, ``.gz`` or not.

    Returns
    -------
    table : DataFrame of shape (n_objects, n_columns)
        Index ``object_id``: CID as text, in full length.  Other columns are numbers where all
        their values are.

    Raises
    ------
    FormatError
        No VARNAMES line, or a line with another number of values; the line is named.

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
    path = Path(path)
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    names, rows = None, []
    with opened(path, "rt", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            words = line.split("#")[0].split()
            if words[:1] == ["VARNAMES:"]:
                names = _names(line)
            elif words[:1] in (["SN:"], ["ROW:"], ["GAL:"]):
                if names is None or len(words) - 1 != len(names):
                    expected = "no VARNAMES line" if names is None else f"{len(names)} expected"
                    raise FormatError(f"{path}, line {number}: {len(words) - 1} values, {expected}")
                rows.append(words[1:])
    if names is None:
        raise FormatError(f"{path}: no line VARNAMES, so no FITRES table")
    table = pd.DataFrame(rows, columns=names, dtype=object).set_index(names[0])
    table.index.name = "object_id"
    return table.apply(_as_numbers)


def _names(line):
    """Return the names of the columns; a nameless last one, as pandas writes it, is no column."""
    names = shlex.split(line, comments=True)[1:]
    return names[:-1] if names[-1:] and names[-1].startswith("Unnamed:") else names


def _as_numbers(column):
    numbers = pd.to_numeric(column, errors="coerce")
    texts = column[numbers.isna()].str.lower()
    return numbers if texts.isin(["nan", "-nan"]).all() else column

"""Catalogues of redshifts for objects that are already read."""

from pathlib import Path

import pandas as pd

from skastro.exceptions import FormatError, ObjectError
from skastro.io._content import naming, read_bytes
from skastro.io._fitres import read_fitres
from skastro.io._tables import read_csv, read_table
from skastro.utils.columns import (
    ID_ALIASES,
    REDSHIFT_ALIASES,
    find_column,
    standard_columns,
    to_identifiers,
)

_MISSING = ("raise", "keep", "nan")


def read_redshift_table(path: str | Path) -> pd.DataFrame:
    """Read a table of redshifts: CSV, whitespace-separated columns, Parquet or FITRES.

    Parameters
    ----------
    path : str or Path
        The file, gzipped or not, with columns for the identifier (object_id, SNID, CID, id,
        name), the redshift (redshift, z, zHD) and, if there is one, its error (redshift_err,
        z_err, zHDERR), in any letter case.

    Returns
    -------
    table : DataFrame of shape (n_objects, 2)
        Index ``object_id`` as text; columns redshift and redshift_err, NaN where unknown or a
        missing-value sentinel such as -9.

    Raises
    ------
    FormatError
        The file cannot be read, a column cannot be found, or a redshift is not a number; the
        message names the file and the cause.

    ObjectError
        An identifier occurs twice.

    See Also
    --------
    join_redshifts : Use the table for a frame of objects.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.io import read_redshift_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "z.csv"
    ...     _ = path.write_text("SNID,z" + chr(10) + "007,0.5")
    ...     read_redshift_table(path)["redshift"].to_dict()
    {'007': 0.5}
    """
    path = Path(path).expanduser()
    with naming(path):
        return _standard(_open(path), str(path))


def join_redshifts(X: pd.DataFrame, table: pd.DataFrame, *, missing: str = "raise") -> pd.DataFrame:
    """Replace the redshifts of a frame by those of a table, joined by identifier.

    Parameters
    ----------
    X : NestedFrame
        Objects; the index is the identifier.

    table : DataFrame
        Columns redshift and redshift_err, index the identifier, as from
        :func:`read_redshift_table`.  Identifiers are compared as text.

    missing : {"raise", "keep", "nan"}, default="raise"
        For objects that are not in the table: an error that names them, their own redshift, or
        NaN.

    Returns
    -------
    X_new : NestedFrame
        The same objects in the same order.

    Raises
    ------
    ObjectError
        Objects are not in the table and ``missing="raise"``, or the table has an identifier
        twice.

    ValueError
        Identifiers are floats, or the table lacks a column.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.io import join_redshifts
    >>> X = pd.DataFrame({"redshift": [0.1, 0.2], "redshift_err": 0.0}, index=["a", "b"])
    >>> table = pd.DataFrame({"redshift": [0.3], "redshift_err": [0.01]}, index=["b"])
    >>> join_redshifts(X, table, missing="keep")["redshift"].tolist()
    [0.1, 0.3]
    """
    if missing not in _MISSING:
        raise ValueError(f"join_redshifts: missing={missing!r} is not 'raise', 'keep' or 'nan'")
    if "redshift" not in table:
        raise ValueError(f"join_redshifts: the table has no column 'redshift', only {list(table)}")
    index = to_identifiers(X.index, "index of X")
    table = table.set_axis(to_identifiers(table.index, "index of the table"), axis=0)
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()].unique()
        raise ObjectError("join_redshifts: identifiers that occur twice in the table", twice)
    known = index.isin(table.index)
    if missing == "raise" and not known.all():
        raise ObjectError(
            "join_redshifts: objects that are not in the table; missing='keep' keeps their "
            "redshift, missing='nan' makes it NaN",
            X.index[~known],
        )
    found = table.reindex(index=index, columns=["redshift", "redshift_err"]).set_axis(X.index)
    columns = {name: found[name].astype(float) for name in found}
    if missing == "keep":
        columns = {n: v.where(known, X[n]) if n in X else v for n, v in columns.items()}
    return X.assign(**columns)


def _open(path):
    if path.suffix.lower() in (".parquet", ".pq"):
        table = read_table(path)
        has_id = find_column(table.columns, ID_ALIASES) is not None
        return table if has_id else table.rename_axis("object_id").reset_index()
    if b"VARNAMES:" in read_bytes(path):
        return read_fitres(path).reset_index()
    return read_csv(path, text=None)


def _standard(table, where):
    identifier = find_column(table.columns, ID_ALIASES)
    redshift = find_column(table.columns, REDSHIFT_ALIASES)
    if identifier is None or redshift is None:
        wanted, aliases = ("an identifier", ID_ALIASES), ("a redshift", REDSHIFT_ALIASES)
        what, names = wanted if identifier is None else aliases
        raise FormatError(
            f"{where}: no column with {what} (one of {', '.join(names)}); "
            f"it has {', '.join(map(str, table.columns))}"
        )
    index = to_identifiers(table[identifier], identifier)
    if index.has_duplicates:
        twice = index[index.duplicated()].unique()
        raise ObjectError(f"{where}: identifiers that occur twice", twice)
    columns = standard_columns(
        table.columns.drop(identifier), table.__getitem__, len(table), redshift=REDSHIFT_ALIASES
    )
    return pd.DataFrame({n: columns[n] for n in ("redshift", "redshift_err")}, index=index)

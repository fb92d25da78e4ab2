"""Another catalogue of redshifts for the same objects."""

from pathlib import Path

import pandas as pd

from skastro.exceptions import ObjectError
from skastro.io._fitres import read_fitres

_IDS = ("object_id", "id", "snid", "cid", "name")
_REDSHIFTS = ("redshift", "z", "zhd", "redshift_final")
_ERRORS = ("redshift_err", "z_err", "zerr", "zhderr", "redshift_final_err")


def read_redshift_table(path):
    """Read a table of redshifts: CSV, Parquet or FITRES.

    Parameters
    ----------
    path : str or Path
        Columns for the identifier (object_id, id, SNID, CID, name), the redshift (redshift, z,
        zHD) and, if there is one, its error (redshift_err, z_err, zHDERR), in any letter case.

    Returns
    -------
    table : DataFrame of shape (n_objects, 2)
        Index ``object_id`` as text; columns redshift and redshift_err, NaN where unknown.

    Raises
    ------
    KeyError
        A column cannot be found.

    ObjectError
        An identifier occurs twice.

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
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".csv":
        table = pd.read_csv(path, dtype=object)
    elif suffix in (".parquet", ".pq"):
        table = pd.read_parquet(path).reset_index()
    else:
        table = read_fitres(path).reset_index()
    return _standard(table, str(path))


def join_redshifts(X, table, *, missing="raise"):
    """Replace the redshifts of a frame by those of a table, joined by identifier.

    Parameters
    ----------
    X : NestedFrame
        Objects; the index is the identifier.

    table : DataFrame
        Columns redshift and redshift_err, index the identifier, as of
        :func:`read_redshift_table`.

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
        Objects are not in the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.io import join_redshifts
    >>> X = pd.DataFrame({"redshift": [0.1, 0.2], "redshift_err": 0.0}, index=["a", "b"])
    >>> table = pd.DataFrame({"redshift": [0.3], "redshift_err": [0.01]}, index=["b"])
    >>> join_redshifts(X, table, missing="keep")["redshift"].tolist()
    [0.1, 0.3]
    """
    if missing not in ("raise", "keep", "nan"):
        raise ValueError(f"join_redshifts: missing={missing!r} is not 'raise', 'keep' or 'nan'")
    if table.index.has_duplicates:
        raise ObjectError("join_redshifts: identifiers twice in the table", _twice(table.index))
    known = X.index.isin(table.index)
    if missing == "raise" and not known.all():
        raise ObjectError("join_redshifts: not in the table", X.index[~known])
    found = table.reindex(X.index)
    columns = {name: found[name] for name in ("redshift", "redshift_err")}
    if missing == "keep":
        columns = {name: values.where(known, X[name]) for name, values in columns.items()}
    return X.assign(**columns)


def _standard(table, name):
    lower = {str(column).lower(): column for column in table.columns}

    def find(aliases):
        return next((lower[alias] for alias in aliases if alias in lower), None)

    identifier, redshift, error = find(_IDS), find(_REDSHIFTS), find(_ERRORS)
    if identifier is None or redshift is None:
        raise KeyError(f"{name}: needs one of {_IDS} and one of {_REDSHIFTS}; has {list(lower)}")
    index = pd.Index(table[identifier].astype(str), name="object_id")
    if index.has_duplicates:
        raise ObjectError(f"{name}: identifiers twice", _twice(index))
    values = {"redshift": table[redshift], "redshift_err": table[error] if error else None}
    return pd.DataFrame(values).astype(float).set_axis(index)


def _twice(index):
    return index[index.duplicated()].unique()

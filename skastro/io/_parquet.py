"""Frames with nested columns as Parquet."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from nested_pandas import NestedDtype, NestedFrame
from nested_pandas.series.ext_array import NestedExtensionArray

_KEY = b"skastro"


def write_parquet(X, path, *, chunk_size=10_000):
    """Write a frame with nested columns to one Parquet file, compressed with zstd.

    Parameters
    ----------
    X : NestedFrame
        Objects; index, static and nested columns and ``attrs`` are kept.

    path : str or Path
        The file.

    chunk_size : int, default=10_000
        Objects in a row group, the unit in which :func:`iter_parquet` reads.

    Returns
    -------
    path : Path

    See Also
    --------
    read_parquet : The inverse.

    Examples
    --------
    >>> import tempfile
    >>> from nested_pandas import NestedFrame
    >>> from skastro.io import read_parquet, write_parquet
    >>> from skastro.utils.ragged import nest
    >>> X = NestedFrame({"z": [0.5]}, index=["SN1"])
    >>> X = X.assign(lightcurve=nest([0, 2], {"flux": [1.0, 2.0]}, X.index))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_parquet(write_parquet(X, f"{folder}/x.parquet"))["lightcurve.flux"].tolist()
    [1.0, 2.0]
    """
    table = _to_table(X)
    pq.write_table(table, path, compression="zstd", row_group_size=chunk_size)
    return Path(path)


def read_parquet(path, columns=None):
    """Read a frame that :func:`write_parquet` wrote, exactly as it was.

    Parameters
    ----------
    path : str, Path or list of them
        Files, or folders of ``*.parquet``; several are joined in order.

    columns : sequence of str, default=None
        Columns to read; all by default.

    Returns
    -------
    X : NestedFrame

    Raises
    ------
    FileNotFoundError
        A folder holds no Parquet file.

    KeyError
        A column is missing.

    Examples
    --------
    >>> import tempfile
    >>> from nested_pandas import NestedFrame
    >>> from skastro.io import read_parquet, write_parquet
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_parquet(NestedFrame({"z": [0.5], "b": [1]}), f"{folder}/x.parquet")
    ...     read_parquet(path, ["b"]).columns.tolist()
    ['b']
    """
    frames = [_read_file(file, columns) for file in _files(path)]
    if len(frames) == 1:
        return frames[0]
    return NestedFrame(pd.concat(frames))


def iter_parquet(path, columns=None):
    """Yield frames row group by row group, so that memory holds one at a time.

    Parameters
    ----------
    path, columns
        As in :func:`read_parquet`.

    Yields
    ------
    X : NestedFrame

    Examples
    --------
    >>> import tempfile
    >>> from nested_pandas import NestedFrame
    >>> from skastro.io import iter_parquet, write_parquet
    >>> X = NestedFrame({"z": [0.1, 0.2, 0.3]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_parquet(X, f"{folder}/x.parquet", chunk_size=2)
    ...     [len(frame) for frame in iter_parquet(path)]
    [2, 1]
    """
    for file in _files(path):
        with pq.ParquetFile(file) as parquet:
            wanted, described = _wanted(parquet.schema_arrow, columns, file)
            for group in range(parquet.num_row_groups):
                yield _to_frame(parquet.read_row_group(group, wanted), described)


def count_parquet(path):
    """Return the number of objects in Parquet files without reading them.

    Examples
    --------
    >>> import tempfile
    >>> from nested_pandas import NestedFrame
    >>> from skastro.io import count_parquet, write_parquet
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     count_parquet(write_parquet(NestedFrame({"z": [0.1, 0.2]}), f"{folder}/x.parquet"))
    2
    """
    return sum(pq.read_metadata(file).num_rows for file in _files(path))


def _files(path):
    if isinstance(path, (list, tuple)):
        return [file for one in path for file in _files(one)]
    path = Path(path)
    if not path.is_dir():
        return [path]
    files = sorted(path.rglob("*.parquet"))
    if not files:
        raise FileNotFoundError(f"no *.parquet in {path}")
    return files


def _to_table(X):
    nested = [name for name in X.columns if isinstance(X[name].dtype, NestedDtype)]
    statics = pa.Table.from_pandas(
        pd.DataFrame(X[[c for c in X.columns if c not in nested]]), preserve_index=True
    )
    table = statics
    for name in nested:
        table = table.append_column(name, X[name].array.list_array)
    described = {"nested": nested, "columns": list(X.columns), "attrs": X.attrs}
    return table.replace_schema_metadata(
        {**(statics.schema.metadata or {}), _KEY: json.dumps(described).encode()}
    )


def _wanted(schema, columns, file):
    """Columns to read, index included, and the description in the file's metadata."""
    metadata = schema.metadata or {}
    known = {"nested": [], "columns": [], "attrs": {}}
    described = json.loads(metadata.get(_KEY, b"{}")) or known
    if columns is None:
        return None, described
    missing = [name for name in columns if name not in schema.names]
    if missing:
        raise KeyError(f"{file} has no column {missing[0]!r}; it has {schema.names}")
    pandas = json.loads(metadata.get(b"pandas", b"{}"))
    index = [name for name in pandas.get("index_columns", []) if isinstance(name, str)]
    nested = [name for name in described["nested"] if name in columns]
    return [*columns, *index], {**described, "nested": nested, "columns": list(columns)}


def _read_file(file, columns):
    with pq.ParquetFile(file) as parquet:
        wanted, described = _wanted(parquet.schema_arrow, columns, file)
        return _to_frame(parquet.read(wanted), described)


def _to_frame(table, described):
    statics = table.drop_columns(described["nested"])
    X = NestedFrame(statics.to_pandas())
    for name in described["nested"]:
        X[name] = pd.Series(NestedExtensionArray(table[name]), index=X.index)
    X.attrs = described["attrs"]
    return X[described["columns"]] if described["columns"] else X

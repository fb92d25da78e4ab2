"""Frames with nested columns as Parquet."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from nested_pandas import NestedDtype, NestedFrame
from nested_pandas.series.ext_array import NestedExtensionArray

from skastro.exceptions import FormatError
from skastro.io._content import naming
from skastro.io._many import check_choices, read_each, settle_duplicates
from skastro.io._parquet_digest import DIGEST, as_read, digest

_KEY = b"skastro"
_SOURCE = b"skastro_source"


def write_parquet(
    X: pd.DataFrame,
    path: str | Path,
    *,
    chunk_size: int = 10_000,
    source: Mapping | None = None,
) -> Path:
    """Write a frame with nested columns to one Parquet file, compressed with zstd.

    Every page carries a checksum, and so does the description of the columns.

    Parameters
    ----------
    X : NestedFrame
        Objects; index, static and nested columns and ``attrs`` are kept.

    path : str or Path
        The file.

    chunk_size : int, default=10_000
        Objects per row group, the unit in which :func:`iter_parquet` reads.

    source : dict, default=None
        Where the objects come from, as JSON; kept in the metadata of the file.

    Returns
    -------
    path : Path

    Raises
    ------
    ValueError
        A column mixes kinds of values, or ``X.attrs`` holds what JSON cannot.

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
    table = _to_table(X, source, chunk_size)
    groups = [min(chunk_size, len(table) - first) for first in _starts(table, chunk_size)] or [0]
    metadata = table.schema.metadata | {DIGEST: digest(as_read(table), groups).encode()}
    pq.write_table(
        table.replace_schema_metadata(metadata),
        path,
        compression="zstd",
        row_group_size=chunk_size,
        write_page_checksum=True,
    )
    return Path(path)


def read_parquet(
    path: str | Path | Sequence[str | Path],
    columns: Sequence[str] | None = None,
    *,
    duplicates: str = "raise",
    errors: str = "raise",
) -> NestedFrame:
    """Read a frame that :func:`write_parquet` wrote, exactly as it was.

    Checksums are verified as far as the files have them.

    Parameters
    ----------
    path : str, Path or list of them
        Files, or folders of ``*.parquet``; several are joined in order.

    columns : sequence of str, default=None
        Columns to read; all by default.

    duplicates : {"raise", "number", "first"}, default="raise"
        What to do with objects of several files that share an identifier: raise an error, append
        ``_2``, ``_3``, … to the further ones, or keep the first.  The index of a single file, or
        one without text, stays as it is.

    errors : {"raise", "skip"}, default="raise"
        What to do with files that cannot be read: raise an error, or leave them out with one
        warning and list them in ``X.attrs["skipped_files"]``.

    Returns
    -------
    X : NestedFrame

    Raises
    ------
    FileNotFoundError
        There is no file, or a folder holds no Parquet file.

    FormatError
        Files are damaged; the message names each of them.

    ObjectError
        Objects of several files share an identifier and ``duplicates="raise"``.

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
    check_choices("read_parquet", duplicates, errors)
    paths, frames, skipped = read_each(
        _files(path),
        lambda file: _read_file(file, columns),
        owner="read_parquet",
        errors=errors,
    )
    X = frames[0]
    if len(frames) > 1:
        X = NestedFrame(pd.concat(frames))
        files = np.repeat([path.name for path in paths], [len(frame) for frame in frames])
        # A RangeIndex begins anew in every file: numbers are no identifiers.
        if not pd.api.types.is_numeric_dtype(X.index.dtype):
            X = settle_duplicates(X, duplicates=duplicates, owner="read_parquet", files=files)
    if errors == "skip":
        X.attrs["skipped_files"] = skipped
    return X


def iter_parquet(
    path: str | Path | Sequence[str | Path], columns: Sequence[str] | None = None
) -> Iterator[NestedFrame]:
    """Yield frames row group by row group, so that memory holds one at a time.

    Parameters
    ----------
    path, columns
        As in :func:`read_parquet`.

    Yields
    ------
    X : NestedFrame

    Raises
    ------
    FileNotFoundError, FormatError, KeyError
        As in :func:`read_parquet`.

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
        with _open(file) as parquet:
            wanted, described = _wanted(parquet, columns, file)
            for group in range(parquet.num_row_groups):
                with naming(f"{file}, row group {group}", *_BROKEN):
                    X = _to_frame(_read_group(parquet, group, wanted, described), described)
                yield X


def find_row_groups(path: str | Path | Sequence[str | Path]) -> list[tuple[Path, int, int]]:
    """Return file, number and length of every row group, in the order of :func:`read_parquet`."""
    found = []
    for file in _files(path):
        with _open(file) as parquet:
            footer = parquet.metadata
            found += [(file, i, footer.row_group(i).num_rows) for i in range(footer.num_row_groups)]
    return found


def read_row_group(file: Path, group: int, columns: Sequence[str] | None = None) -> NestedFrame:
    """Return the objects of one row group; errors name it."""
    with _open(file) as parquet:
        wanted, described = _wanted(parquet, columns, file)
        with naming(f"{file}, row group {group}", *_BROKEN):
            return _to_frame(_read_group(parquet, group, wanted, described), described)


def count_parquet(path: str | Path | Sequence[str | Path]) -> int:
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
    total = 0
    for file in _files(path):
        with naming(file, *_BROKEN):
            total += pq.read_metadata(file).num_rows
    return total


def read_source(path: str | Path) -> dict | None:
    """Return what :func:`write_parquet` was told as `source`; None if the file is no such file.

    Examples
    --------
    >>> import tempfile
    >>> from nested_pandas import NestedFrame
    >>> from skastro.io import write_parquet
    >>> from skastro.io._parquet import read_source
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_parquet(NestedFrame({"z": [0.1]}), f"{folder}/x.parquet", source={"a": 1})
    ...     read_source(path)
    {'a': 1}
    """
    try:
        metadata = pq.read_metadata(path).metadata or {}
        return json.loads(metadata[_SOURCE])
    except (OSError, KeyError, ValueError, pa.ArrowException):
        return None


# A damaged footer makes Arrow raise any of these, and allocate what it claims to hold.
_BROKEN = (OSError, pa.ArrowException, KeyError, TypeError, IndexError, MemoryError, OverflowError)


def _files(path):
    if isinstance(path, list | tuple):
        return [file for one in path for file in _files(one)]
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"no such Parquet file: {path}")
    if not path.is_dir():
        return [path]
    files = sorted(path.rglob("*.parquet"))
    if not files:
        raise FileNotFoundError(f"no *.parquet in {path}")
    return files


def _open(file):
    with naming(file, *_BROKEN):
        return pq.ParquetFile(file, page_checksum_verification=True)


def _to_table(X, source, chunk_size):
    nested = [name for name in X.columns if isinstance(X[name].dtype, NestedDtype)]
    plain = pd.DataFrame(X[[c for c in X.columns if c not in nested]])
    try:
        statics = pa.Table.from_pandas(plain, preserve_index=True)
    except pa.ArrowException as error:
        raise ValueError(f"write_parquet: a column mixes kinds of values: {error}") from error
    table = statics
    for name in nested:
        table = table.append_column(name, X[name].array.list_array)
    rows = {
        name: [_count_rows(table[name][i : i + chunk_size]) for i in _starts(table, chunk_size)]
        for name in nested
    }
    described = {"nested": nested, "columns": list(X.columns), "attrs": X.attrs, "rows": rows}
    metadata = (statics.schema.metadata or {}) | {_KEY: _as_json(described)}
    if source is not None:
        metadata[_SOURCE] = json.dumps(source).encode()
    return table.replace_schema_metadata(metadata)


def _as_json(described):
    try:
        return json.dumps(described).encode()
    except TypeError as error:
        raise ValueError(f"write_parquet: X.attrs must hold what JSON can: {error}") from None


def _wanted(parquet, columns, file):
    """Return the columns to read, index included, and the description in the file's metadata."""
    schema = parquet.schema_arrow
    metadata = schema.metadata or {}
    groups = [parquet.metadata.row_group(i).num_rows for i in range(parquet.num_row_groups)]
    written = parquet.metadata.metadata or {}
    agree = all(written.get(key) == value for key, value in metadata.items())
    right = agree and metadata.get(DIGEST, b"").decode() == digest(schema, groups or [0])
    if DIGEST in metadata and not right:
        raise FormatError(f"{file}: damaged, the checksum of its description does not fit")
    described = json.loads(metadata.get(_KEY, b"{}")) or _unknown(schema)
    if columns is None:
        return None, described
    missing = [name for name in columns if name not in schema.names]
    if missing:
        raise KeyError(f"{file} has no column {missing[0]!r}; it has {schema.names}")
    pandas = json.loads(metadata.get(b"pandas", b"{}"))
    index = [name for name in pandas.get("index_columns", []) if isinstance(name, str)]
    nested = [name for name in described["nested"] if name in columns]
    return [*columns, *index], {**described, "nested": nested, "columns": list(columns)}


def _lists(schema):
    """Return the columns of lists of structs, which other programs write for nested columns."""
    kinds = {field.name: field.type for field in schema}
    return [
        name
        for name, kind in kinds.items()
        if (pa.types.is_list(kind) or pa.types.is_large_list(kind))
        and pa.types.is_struct(kind.value_type)
    ]


def _read_file(file, columns):
    with _open(file) as parquet:
        with naming(file):
            wanted, described = _wanted(parquet, columns, file)
        with naming(file, *_BROKEN):
            # Arrow cannot join dictionaries inside nested columns across row groups.
            groups = range(parquet.num_row_groups)
            tables = [_read_group(parquet, group, wanted, described) for group in groups]
            if not tables:
                return _to_frame(parquet.read(wanted), described)
            return _to_frame(pa.concat_tables(tables), described)


def _read_group(parquet, group, wanted, described):
    """Return a row group; headers of pages, which have no checksum, may lie about its rows."""
    table = parquet.read_row_group(group, wanted)
    for name in described["nested"]:
        expected = described.get("rows", {}).get(name)
        # A frame of no objects is a single row group that the writer does not count.
        if expected is not None and _count_rows(table[name]) != (expected or [0])[group]:
            raise ValueError(f"damaged, row group {group} of column {name!r} lost rows")
    return table


def _count_rows(lists):
    return pc.sum(pc.list_value_length(lists)).as_py() or 0


def _starts(table, chunk_size):
    return range(0, len(table), chunk_size)


def _unknown(schema):
    """Return the description of a table that other programs made."""
    return {"nested": _lists(schema), "columns": [], "attrs": {}}


def table_to_frame(table: pa.Table) -> NestedFrame:
    """Return a table of any program as a frame."""
    return _to_frame(table, _unknown(table.schema))


def _to_frame(table, described):
    statics = table.drop_columns(described["nested"])
    X = NestedFrame(statics.to_pandas())
    for name in described["nested"]:
        X[name] = pd.Series(NestedExtensionArray(table[name]), index=X.index)
    X.attrs = described["attrs"]
    return X[described["columns"]] if described["columns"] else X

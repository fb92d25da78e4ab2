"""Sets of objects as HATS catalogues."""

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas.series.ext_array import NestedExtensionArray

from skastro.exceptions import ObjectError
from skastro.io import read_data

if TYPE_CHECKING:
    from lsdb import Catalog


def to_hats(
    data: pd.DataFrame | str | Path,
    path: str | Path,
    *,
    survey: Any = None,
    ra_column: str = "ra",
    dec_column: str = "dec",
    partition_rows: int = 10_000,
    catalog_name: str | None = None,
    overwrite: bool = False,
) -> "Catalog":
    """Write objects as a HATS catalogue, which LSDB reads partition by partition.

    Parameters
    ----------
    data : NestedFrame, str or Path
        Objects with their positions, or a file or folder for :func:`skastro.io.read_data`: SNANA,
        Parquet, and others.  Memory holds all of them.

    path : str or Path
        Folder of the catalogue.

    survey : str or Survey, default=None
        Passed on to :func:`skastro.io.read_data`.

    ra_column, dec_column : str, default="ra", "dec"
        Positions [deg].

    partition_rows : int, default=10_000
        Largest number of objects per partition, the unit of work.

    catalog_name : str, default=None
        Name of the catalogue; that of the folder by default.

    overwrite : bool, default=False
        Whether to replace a catalogue.

    Returns
    -------
    catalog : lsdb.Catalog
        The written catalogue.  The index of the objects is its column ``object_id``.

    Raises
    ------
    ObjectError
        Objects without a position, or identifiers that occur twice.

    FileExistsError
        There is something at `path` already.

    ImportError
        LSDB is not installed (extra ``lsdb``).

    Examples
    --------
    >>> import tempfile, dask
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.distributed import to_hats
    >>> X, _ = make_light_curves(20, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with dask.config.set(scheduler="synchronous"):
    ...         len(to_hats(X, f"{folder}/survey"))
    20
    """
    lsdb = _import_lsdb()
    if Path(path).exists() and not overwrite:
        raise FileExistsError(f"to_hats: {path} exists; overwrite=True replaces it")
    X: Any = data if isinstance(data, pd.DataFrame) else read_data(data, survey=survey)
    _check(X, ra_column, dec_column)
    catalog = lsdb.from_dataframe(
        X.rename_axis("object_id").reset_index(),
        ra_column=ra_column,
        dec_column=dec_column,
        partition_rows=partition_rows,
        catalog_name=catalog_name or Path(path).name,
    )
    catalog.write_catalog(path, overwrite=overwrite, progress_bar=False)
    return lsdb.open_catalog(path)


def _check(X, ra_column, dec_column):
    for name in (ra_column, dec_column):
        if name not in X.columns:
            raise ValueError(f"to_hats: X has no column {name!r}, only {list(X.columns)}")
        lost = ~np.isfinite(X[name].to_numpy(float, na_value=np.nan))
        if lost.any():
            raise ObjectError(f"to_hats: column {name!r} holds no position", X.index[lost])
    again = X.index.duplicated()
    if again.any():
        raise ObjectError("to_hats: identifiers occur more than once", X.index[again])


def _import_lsdb():
    try:
        import lsdb
        from dask.base import normalize_token
    except ImportError:
        raise ImportError("catalogues need LSDB: install skastro[lsdb]") from None
    normalize_token.register(NestedExtensionArray, _token)
    return lsdb


class _Hash(io.RawIOBase):
    """A file that keeps the hash of what is written to it."""

    def __init__(self):
        super().__init__()
        self.hash = hashlib.blake2b(digest_size=16)

    def writable(self):
        return True

    def write(self, content):
        self.hash.update(content)
        return len(content)


def _token(array):
    """Return the hash of the content; Dask's own would make one frame per object."""
    table, sink = pa.table({"nested": array.list_array}), _Hash()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return "NestedExtensionArray", sink.hash.hexdigest()

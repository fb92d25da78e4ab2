"""Objects in Parquet files, of which a part at a time is in memory."""

import copy
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame

from skastro.io._parquet import find_row_groups, read_row_group, table_to_frame


class ParquetFrame:
    """Objects in Parquet files, read one row group at a time.

    Networks that read light curves take it as `X`, in `fit` as in prediction:
    :class:`skastro.neural_network.RecurrentClassifier` and
    :class:`skastro.neural_network.TransformerClassifier`.  For everything else it is an iterable
    of frames, as :func:`skastro.feature_extraction.transform_to_npy` takes them.

    Parameters
    ----------
    path : str, Path or list of them
        Files of :func:`write_parquet`, or folders of ``*.parquet``.

    columns : sequence of str, default=None
        Columns to read; all by default.

    n_blocks : int, default=4
        Number of row groups in memory at a time.  In every epoch of a training the row groups
        come in a new random order, and objects are shuffled among so many of them.

    Attributes
    ----------
    blocks : ndarray of int of shape (n_objects,)
        Number of the row group of each object.

    Raises
    ------
    FileNotFoundError, FormatError
        As :func:`read_parquet`; a row group that cannot be read is named.

    ValueError
        `n_blocks` is below 1.

    See Also
    --------
    iter_parquet : The frames of a file one after the other.

    Examples
    --------
    >>> import tempfile
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.io import ParquetFrame, write_parquet
    >>> from skastro.preprocessing import FirstDetection
    >>> X, y = make_light_curves(25, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_parquet(X.assign(type=y), f"{folder}/x.parquet", chunk_size=10)
    ...     frame = ParquetFrame(path)
    ...     dated = frame.map(FirstDetection().fit(X))
    ...     len(frame), [len(block) for block in dated], frame["type"].tolist() == list(y)
    (25, [10, 10, 5], True)
    """

    def __init__(
        self,
        path: str | Path | Sequence[str | Path],
        *,
        columns: Sequence[str] | None = None,
        n_blocks: int = 4,
    ):
        if n_blocks < 1:
            raise ValueError(f"ParquetFrame: n_blocks={n_blocks} must be at least 1")
        self.path = path
        self.n_blocks = n_blocks
        self._columns = None if columns is None else list(columns)
        self._groups = [group for group in find_row_groups(path) if group[-1]]
        self._steps: list = []
        self.blocks = np.repeat(np.arange(len(self._groups)), [n for *_, n in self._groups])

    def __len__(self) -> int:
        return len(self.blocks)

    def __iter__(self) -> Iterator[NestedFrame]:
        return (self.read_block(i) for i in range(self.n_row_groups))

    @property
    def n_row_groups(self) -> int:
        """Number of row groups."""
        return len(self._groups)

    @cached_property
    def columns(self) -> pd.Index:
        """Names of the columns."""
        return self.read_block(0).columns

    @cached_property
    def index(self) -> pd.Index:
        """Identifiers of all objects."""
        parts = [read_row_group(file, number, []).index for file, number, _ in self._groups]
        return parts[0].append(parts[1:])

    def __getitem__(self, name: str) -> pd.Series:
        """Return a static column of all objects, such as the labels.

        Raises
        ------
        KeyError
            There is no such column.
        """
        if not isinstance(name, str):
            raise KeyError(f"ParquetFrame: {name!r} is not the name of a column")
        parts = [read_row_group(file, number, [name])[name] for file, number, _ in self._groups]
        return pd.concat(parts)

    def read_block(self, number: int) -> NestedFrame:
        """Return the objects of one row group, transformed by the steps of :meth:`map`."""
        file, group, _ = self._groups[number]
        X = read_row_group(file, group, self._columns)
        for step in self._steps:
            X = step.transform(X)
        return X

    def map(self, transformer: Any) -> Self:
        """Return the objects as a transformer changes them, whenever they are read.

        Parameters
        ----------
        transformer : estimator or Pipeline
            Fitted, for instance on a sample; it changes neither number nor order of the objects.

        Returns
        -------
        mapped : ParquetFrame
        """
        mapped = copy.copy(self)
        for name in ("columns", "index"):
            mapped.__dict__.pop(name, None)
        mapped._steps = [*self._steps, transformer]
        return mapped


def from_arrow(table: pa.Table) -> NestedFrame:
    """Return an Arrow table as a frame, with its columns of lists of structs as nested columns.

    Spark, Ray and Polars hand over Parquet files of :func:`write_parquet` in this form.

    Parameters
    ----------
    table : pyarrow.Table
        One row per object.

    Returns
    -------
    X : NestedFrame
        Nested columns share the memory of the table.  Every column of the table is a column, also
        one that pandas wrote as an index.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from skastro.io import from_arrow
    >>> table = pa.table({"object_id": ["SN1"], "lightcurve": [[{"time": 1.0, "flux": 2.0}]]})
    >>> from_arrow(table)["lightcurve.flux"].tolist()
    [2.0]
    """
    return table_to_frame(table.replace_schema_metadata())

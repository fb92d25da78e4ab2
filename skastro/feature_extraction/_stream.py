"""Features of more objects than memory holds."""

import copy
import json
import os
from collections.abc import Iterable
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from nested_pandas import NestedDtype
from tqdm.auto import tqdm

from skastro.utils.locks import lock
from skastro.utils.ragged import flatten

_WITHOUT_EFFECT = {"n_jobs", "progress", "verbose"}


def transform_to_npy(
    transformer: Any,
    X: pd.DataFrame | Iterable[pd.DataFrame],
    path: str | Path,
    *,
    n_objects: int | None = None,
    chunk_size: int = 200,
    resume: bool = True,
    progress: bool = False,
) -> np.memmap:
    """Write the dense rows of a fitted transformer to a ``.npy`` file, chunk by chunk.

    Memory holds one chunk at a time.  Until everything is written the rows are in
    ``<path>.partial``, and ``<path>.progress`` records the finished chunks; then the file is
    renamed in one step.  An earlier file of that name stays until then.  After an interruption,
    such as Ctrl-C or a kill, the same call resumes after the last finished chunk.

    ``<path>.manifest.json`` stays next to the file: the parameters of the transformer, and hashes
    of it and of the objects of every chunk.  The same call again reads and compares the objects,
    but transforms nothing; a call with another transformer rewrites the file.

    Parameters
    ----------
    transformer : estimator
        Fitted, with ``transform`` to rows of a fixed width.

    X : DataFrame, ParquetFrame, or iterable of DataFrames
        Objects: one frame, or many as :func:`skastro.io.iter_parquet` yields them.

    path : str or Path
        The ``.npy`` file; read it with ``numpy.load(path, mmap_mode="r")``.

    n_objects : int, default=None
        Number of objects of all frames together; required if `X` is an iterable of frames.

    chunk_size : int, default=200
        Number of objects transformed at a time; an interruption loses at most this many.

    resume : bool, default=True
        Continue an unfinished file of the same transformer and the same objects, or keep a
        finished one; False starts again.

    progress : bool, default=False
        Show a progress bar.

    Returns
    -------
    rows : memmap of shape (n_objects, n_features), dtype float32
        The written file, opened for reading.

    Raises
    ------
    ValueError
        `n_objects` is missing or differs from the number of objects in `X`, the unfinished file
        belongs to another transformer, or the file to other objects.

    RuntimeError
        Another run writes the same file.

    OSError
        The disk has no room for the whole file; nothing is left of it.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from skastro.feature_extraction import StaticColumns, transform_to_npy
    >>> X = pd.DataFrame({"redshift": [0.5, 0.25, 1.0]})
    >>> columns = StaticColumns(["redshift"]).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     transform_to_npy(columns, X, f"{folder}/rows.npy", chunk_size=2).tolist()
    [[0.5], [0.25], [1.0]]
    """
    # The readers import much of astropy, which features for a frame do not require.
    from skastro.io import ParquetFrame

    if isinstance(X, ParquetFrame):
        n_objects = len(X)
    elif hasattr(X, "columns"):
        X, n_objects = [X], len(X)
    if n_objects is None:
        raise ValueError("transform_to_npy requires n_objects when X is not a single frame")
    chunks = chain.from_iterable(_pieces(frame, chunk_size) for frame in X)
    with lock(path, "transform_to_npy"), tqdm(**_bar(n_objects, progress)) as bar:
        unfinished = _Unfinished(Path(path), _describe(transformer, n_objects, chunk_size), resume)
        written = _write_chunks(transformer, chunks, unfinished, n_objects, bar)
        if written != n_objects:
            raise ValueError(
                f"transform_to_npy: X holds {written} objects while n_objects={n_objects}"
            )
        return unfinished.finish()


def _bar(n_objects, progress):
    return {"total": n_objects, "disable": not progress, "unit": "objects"}


def _pieces(frame, chunk_size):
    return (frame.iloc[i : i + chunk_size] for i in range(0, len(frame), chunk_size))


def _write_chunks(transformer, chunks, unfinished, n_objects, bar):
    """Write the missing chunks; return the number of objects seen."""
    stop = 0
    for number, chunk in enumerate(chunks):
        start, stop = stop, stop + len(chunk)
        if stop > n_objects:
            raise ValueError(f"transform_to_npy: X holds more than n_objects={n_objects} objects")
        hashed = _hash_objects(chunk)
        if not unfinished.has(number, hashed):
            features = np.asarray(transformer.transform(chunk), np.float32)
            unfinished.write(slice(start, stop), features, hashed, n_objects)
        bar.update(len(chunk))
    return stop


class _Unfinished:
    """The file under its temporary name, with the record of what is finished."""

    def __init__(self, path, described, resume):
        self.path = path
        self.partial = path.with_name(path.name + ".partial")
        self.record = path.with_name(path.name + ".progress")
        self.manifest = path.with_name(path.name + ".manifest.json")
        self.described = described
        self.rows, self.chunks, self.is_finished = None, [], False
        if resume and self.record.exists() and self.partial.exists():
            self._continue(_read_record(self.record))
        elif resume and self.path.exists() and self.manifest.exists():
            self._keep(_read_record(self.manifest))

    def _continue(self, record):
        if record.get("fingerprint") != self.described["fingerprint"]:
            self._refuse(self.partial, "another transformer, n_objects or chunk_size")
        self.chunks = record["chunks"]
        self.rows = np.lib.format.open_memmap(self.partial, mode="r+")

    def _keep(self, record):
        """Keep a finished file of the same transformer."""
        if record.get("fingerprint") == self.described["fingerprint"]:
            self.chunks, self.is_finished = record["chunks"], True

    def _refuse(self, path, what):
        state = "unfinished" if path == self.partial else "finished"
        raise ValueError(
            f"transform_to_npy: {path} is {state} and belongs to {what}; repeat its own call, or "
            f"pass resume=False to start again"
        )

    def has(self, number, hashed):
        """Return whether this chunk is finished; raise an error if its objects have changed."""
        if number >= len(self.chunks):
            return False
        if self.chunks[number] != hashed:
            self._refuse(self.path if self.is_finished else self.partial, "other objects")
        return True

    def write(self, part, features, hashed, n_objects):
        """Write one chunk, and record it once it is on the disk."""
        if self.rows is None:
            self.rows = _reserve(self.partial, (n_objects, features.shape[1]))
        self.rows[part] = features
        self.rows.flush()
        self.chunks.append(hashed)
        self._write_record(self.record)

    def _write_record(self, path):
        new = path.with_name(path.name + ".new")
        new.write_text(json.dumps(self.described | {"chunks": self.chunks}))
        os.replace(new, path)

    def finish(self):
        """Rename the file to its final name, and return its rows."""
        self.rows = None
        if not self.is_finished:
            # A file must never be next to the manifest of another.
            self.manifest.unlink(missing_ok=True)
            os.replace(self.partial, self.path)
            self._write_record(self.manifest)
        self.record.unlink(missing_ok=True)
        return np.load(self.path, mmap_mode="r")


def _read_record(path):
    try:
        record = json.loads(path.read_text())
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _reserve(path, shape):
    """Create a file whose whole size is reserved: a full sparse one would end in a bus error."""
    try:
        rows = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        path.unlink(missing_ok=True)
        size = 4 * shape[0] * shape[1] / 1e6
        raise OSError(
            error.errno, f"transform_to_npy: no room for {size:.1f} MB: {error.strerror}", str(path)
        ) from None
    return rows


def _describe(transformer, n_objects, chunk_size):
    """Return the parameters, and a hash of them and of the learned state.

    Parameters that do not change the result are not hashed.
    """
    plain = copy.deepcopy(transformer)
    names = plain.get_params(deep=True) if hasattr(plain, "get_params") else {}
    ignored = [name for name in names if name.rpartition("__")[2] in _WITHOUT_EFFECT]
    if ignored:
        plain.set_params(**dict.fromkeys(ignored))
    return {
        "skastro": version("skastro"),
        "transformer": repr(transformer),
        "n_objects": n_objects,
        "chunk_size": chunk_size,
        "fingerprint": joblib.hash((plain, n_objects, chunk_size)),
    }


def _hash_objects(frame):
    """Hash the index and the values of all columns, however they are stored."""
    values = [pd.util.hash_pandas_object(frame.index.to_series()).to_numpy()]
    for name in frame.columns:
        column = frame[name]
        if isinstance(column.dtype, NestedDtype):
            offsets, rows = flatten(column)
            values += [offsets, *(pd.util.hash_array(v, categorize=False) for v in rows.values())]
        else:
            values.append(pd.util.hash_pandas_object(column, index=False).to_numpy())
    return joblib.hash((list(map(str, frame.columns)), values))

"""Features of more objects than memory holds."""

import json
from itertools import chain
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm


def transform_to_npy(transformer, X, path, *, n_objects=None, chunk_size=1000, progress=False):
    """Write the dense rows of a fitted transformer to a ``.npy`` file, chunk by chunk.

    Memory holds one chunk at a time.  An interrupted call goes on after its last finished chunk
    when it is called again with the same arguments: a file ``<path>.progress`` says how far it
    came and vanishes at the end.

    Parameters
    ----------
    transformer : estimator
        Fitted, with ``transform`` to rows of a fixed width.

    X : DataFrame, or iterable of DataFrames
        Objects: one frame, or many as :func:`skastro.io.iter_parquet` yields them.

    path : str or Path
        The ``.npy`` file; read it with ``numpy.load(path, mmap_mode="r")``.

    n_objects : int, default=None
        Number of objects of all frames together; needed if `X` is not a single frame.

    chunk_size : int, default=1000
        Objects that are transformed at a time.

    progress : bool, default=False
        Show a progress bar.

    Returns
    -------
    rows : memmap of shape (n_objects, n_features), dtype float32
        The written file, opened for reading.

    Raises
    ------
    ValueError
        `n_objects` is missing or differs from the objects that came, or the unfinished file
        there is of another shape.

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
    if hasattr(X, "columns"):
        X, n_objects = [X], len(X)
    if n_objects is None:
        raise ValueError("transform_to_npy needs n_objects when X is not a single frame")
    path = Path(path)
    record = path.with_name(path.name + ".progress")
    chunks = chain.from_iterable(_pieces(frame, chunk_size) for frame in X)
    done = json.loads(record.read_text())["done"] if record.exists() and path.exists() else 0
    bar = tqdm(total=n_objects, initial=done, disable=not progress, unit="objects")
    with bar:
        written = _write_chunks(transformer, chunks, path, record, n_objects, done, bar)
    if written != n_objects:
        raise ValueError(f"transform_to_npy: {written} objects came while n_objects={n_objects}")
    record.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


def _pieces(frame, chunk_size):
    return (frame.iloc[i : i + chunk_size] for i in range(0, len(frame), chunk_size))


def _write_chunks(transformer, chunks, path, record, n_objects, done, bar):
    """Write the chunks that begin at `done` or later; return the number of objects seen."""
    rows, stop = None, 0
    for chunk in chunks:
        start, stop = stop, stop + len(chunk)
        if stop > n_objects:
            raise ValueError(f"transform_to_npy: more than n_objects={n_objects} objects came")
        if stop <= done:
            continue
        features = np.asarray(transformer.transform(chunk), np.float32)
        if rows is None:
            rows = _open(path, (n_objects, features.shape[1]), resume=done > 0)
        rows[start:stop] = features
        rows.flush()
        record.write_text(json.dumps({"done": stop}))
        bar.update(stop - max(start, done))
    return stop


def _open(path, shape, resume):
    if not resume:
        return np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    rows = np.lib.format.open_memmap(path, mode="r+")
    if rows.shape != shape:
        raise ValueError(f"{path} holds an unfinished array of shape {rows.shape}, not {shape}")
    return rows

"""Stamps in files: the layout of Tomo-e Gozen, arrays of one class each, FITS cutouts."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from skastro.exceptions import FormatError, name_objects
from skastro.io._cutouts import decode_cutout, place

_LABELS = {"artifact": 0, "galx_artificial_real": 1, "rand_artificial_real": 1}
_ROWS_AT_ONCE = 4_096
_IN_MEMORY = 2**30


class Stamps(NamedTuple):
    """What :func:`read_stamps` returns; row i of everything is one candidate.

    Attributes
    ----------
    X : ndarray of shape (n_stamps, height * width * channels)
        Pixels, flattened from (height, width, channel); a memory map where possible.

    y : ndarray of int of shape (n_stamps,)
        1 for real, 0 for bogus; -1 where the files do not tell.

    metadata : DataFrame of shape (n_stamps, n_columns)
        Detector or file, and the columns of the table beside the images.

    image_shape : tuple of 3 ints
        (height, width, channels).

    Examples
    --------
    >>> from skastro.io import Stamps
    >>> Stamps._fields
    ('X', 'y', 'metadata', 'image_shape')
    """

    X: np.ndarray
    y: np.ndarray
    metadata: pd.DataFrame
    image_shape: tuple


def read_stamps(source, *, out=None):
    r"""Read stamps in the layout of Tomo-e Gozen, or arrays that hold one class each.

    Parameters
    ----------
    source : str, Path or dict of path -> int
        Folder with ``imagesNN.npy``, of shape (n, height, width, channels), and ``paramsNN.csv``
        of the same n rows, for each detector NN; or arrays with the label of all their stamps, as
        ``{"real.npy": 1, "bogus.npy": 0}``.

    out : str or Path, default=None
        File ``.npy`` to which several arrays are joined, some stamps at a time; it is
        overwritten.  Needed beyond 1 GB; below, they are joined in memory.

    Returns
    -------
    stamps : Stamps
        Named tuple of X, y, metadata and image_shape.  X is a memory map of the only array, or of
        `out`, and is never in memory as a whole.

    Raises
    ------
    FormatError
        No arrays, a table without its array or the reverse, numbers of rows or shapes that
        differ, unknown types of objects, or more than 1 GB without `out`.

    Notes
    -----
    Labels come from the column object_type: artifact is bogus, galx_artificial_real and
    rand_artificial_real (injected stars) are real.  Bogus may hide true transients.

    References
    ----------
    .. [1] I. Takahashi et al., PASJ 74, 946 (2022), data of doi:10.5281/zenodo.6691804.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skastro.io import read_stamps
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder) / "images07.npy", np.zeros((2, 29, 29, 3), np.float32))
    ...     table = "object_type\nartifact\nrand_artificial_real\n"
    ...     _ = (Path(folder) / "params07.csv").write_text(table)
    ...     stamps = read_stamps(folder)
    >>> stamps.y.tolist(), stamps.metadata["detector"].tolist(), stamps.image_shape
    ([0, 1], [7, 7], (29, 29, 3))
    """
    if isinstance(source, dict):
        parts = [_one_class(Path(path), label) for path, label in source.items()]
    else:
        parts = [_detector(*pair) for pair in _pairs(Path(source))]
    if not parts:
        raise FormatError(f"read_stamps: no arrays in {source}")
    shapes = {part.image_shape for part in parts}
    if len(shapes) > 1:
        raise FormatError(f"read_stamps: stamps of several shapes: {sorted(shapes)}")
    y = np.concatenate([part.y for part in parts])
    metadata = pd.concat([part.metadata for part in parts], ignore_index=True)
    return Stamps(_joined([part.X for part in parts], out), y, metadata, parts[0].image_shape)


def read_fits_stamps(files, *, size=29, labels=None):
    """Read FITS cutouts of candidates.

    Parameters
    ----------
    files : sequence of tuples of paths
        The files of each candidate, one a channel, such as (science, reference, difference);
        gzipped or not.

    size : int, default=29
        Side of the stamps; larger cutouts are cut at their middle, smaller ones padded with NaN
        at the end.

    labels : array-like of int of shape (n_stamps,), default=None
        1 for real, 0 for bogus; -1 for all by default.

    Returns
    -------
    stamps : Stamps
        The metadata names the first file of each.

    Raises
    ------
    FormatError
        Files that cannot be read, named together; candidates with other numbers of files.

    Examples
    --------
    >>> from skastro.io import read_fits_stamps
    >>> read_fits_stamps([("nowhere.fits",)])
    Traceback (most recent call last):
    ...
    skastro.exceptions.FormatError: read_fits_stamps: 1 files cannot be read: 'nowhere.fits'
    """
    files = [(row,) if isinstance(row, str | Path) else tuple(row) for row in files]
    widths = {len(row) for row in files}
    if len(widths) != 1 or 0 in widths:
        raise FormatError(f"read_fits_stamps: candidates have {sorted(widths)} files")
    images = np.empty((len(files), size, size, widths.pop()), np.float32)
    broken = []
    for i, row in enumerate(files):
        for channel, path in enumerate(row):
            try:
                images[i, ..., channel] = place(decode_cutout(Path(path).read_bytes()), size)
            except (OSError, EOFError, ValueError, TypeError):
                broken.append(str(path))
    if broken:
        raise FormatError(
            f"read_fits_stamps: {len(broken)} files cannot be read: {name_objects(broken)}"
        )
    y = np.full(len(files), -1) if labels is None else np.asarray(labels, int)
    if len(y) != len(files):
        raise FormatError(f"read_fits_stamps: {len(y)} labels for {len(files)} candidates")
    metadata = pd.DataFrame({"file": [str(row[0]) for row in files]})
    return Stamps(images.reshape(len(images), -1), y, metadata, images.shape[1:])


def _pairs(folder):
    """Array and table of each detector, in order."""
    if not folder.is_dir():
        raise FormatError(f"read_stamps: {folder} is no folder")
    arrays = {p.stem.removeprefix("images"): p for p in sorted(folder.glob("images*.npy"))}
    tables = {p.stem.removeprefix("params"): p for p in sorted(folder.glob("params*.csv"))}
    alone = sorted(set(arrays) ^ set(tables))
    if alone:
        raise FormatError(f"read_stamps: {folder}: array or table is missing of {alone}")
    return [(number, arrays[number], tables[number]) for number in arrays]


def _detector(number, array, table):
    part, metadata = _open(array), pd.read_csv(table)
    if len(metadata) != len(part.X):
        raise FormatError(
            f"read_stamps: {array.name} holds {len(part.X)} stamps, {table.name} {len(metadata)}"
        )
    if "object_type" not in metadata:
        raise FormatError(f"read_stamps: {table.name} has no column object_type")
    y = metadata["object_type"].map(_LABELS)
    if y.isna().any():
        strange = sorted(set(metadata["object_type"][y.isna()].astype(str)))
        raise FormatError(f"read_stamps: {table.name}: unknown object_type {strange}")
    digits = re.search(r"\d+", number)
    metadata.insert(0, "detector", int(digits.group()) if digits else number)
    return part._replace(y=y.to_numpy(int), metadata=metadata)


def _one_class(path, label):
    part = _open(path)
    metadata = pd.DataFrame({"file": np.full(len(part.X), path.name)})
    return part._replace(y=np.full(len(part.X), label), metadata=metadata)


def _open(path):
    """Memory map of an array, one row a stamp."""
    try:
        images = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise FormatError(f"read_stamps: {path}: {error}") from None
    if images.ndim != 4:
        raise FormatError(f"read_stamps: {path} has the shape {images.shape}; it takes four axes")
    X = images.reshape(len(images), -1)
    return Stamps(X, np.empty(0), pd.DataFrame(), images.shape[1:])


def _joined(arrays, out):
    if len(arrays) == 1 and out is None:
        return arrays[0]
    shape = sum(map(len, arrays)), arrays[0].shape[1]
    dtype = np.result_type(*arrays)
    if out is None and shape[0] * shape[1] * dtype.itemsize > _IN_MEMORY:
        raise FormatError(
            f"read_stamps: {shape[0]} stamps need {shape[0] * shape[1] * dtype.itemsize / 1e9:.1f} "
            "GB; name a file with out= to join them on disk"
        )
    joined = (
        np.empty(shape, dtype)
        if out is None
        else np.lib.format.open_memmap(out, "w+", dtype, shape)
    )
    start = 0
    for array in arrays:
        for first in range(0, len(array), _ROWS_AT_ONCE):
            some = array[first : first + _ROWS_AT_ONCE]
            joined[start : start + len(some)] = some
            start += len(some)
    if out is None:
        return joined
    joined.flush()
    return np.load(out, mmap_mode="r")

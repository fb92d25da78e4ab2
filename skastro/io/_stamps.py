"""Stamps in files: the layout of Tomo-e Gozen, arrays of one class each, FITS cutouts."""

import re
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skastro.exceptions import FormatError, ObjectWarning
from skastro.io._cutouts import decode_cutout, place
from skastro.io._many import check_choices, read_each
from skastro.io._tables import read_csv

_LABELS = {"artifact": 0, "galx_artificial_real": 1, "rand_artificial_real": 1}
_MOST_NAMED = 5
_ROWS_AT_ONCE = 4_096
_IN_MEMORY = 2**30


class Stamps(NamedTuple):
    """Result of :func:`read_stamps`; row i of everything is one candidate.

    Attributes
    ----------
    X : ndarray of shape (n_stamps, height * width * channels)
        Pixels, flattened from (height, width, channel); a memory map where possible.

    y : ndarray of int of shape (n_stamps,)
        1 for real, 0 for bogus, -1 for unlabelled.

    metadata : DataFrame of shape (n_stamps, n_columns)
        Detector or file, and the columns of the table next to the images; for
        :func:`read_fits_stamps` also ``quality``, the reason why a stamp is NaN, or "".

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


def read_stamps(
    source: str | Path | dict[str | Path, int],
    *,
    out: str | Path | None = None,
    errors: str = "raise",
) -> Stamps:
    r"""Read stamps in the layout of Tomo-e Gozen, or arrays that hold one class each.

    Parameters
    ----------
    source : str, Path or dict of path -> int
        Folder with ``imagesNN.npy``, of shape (n, height, width, channels), and ``paramsNN.csv``
        of the same n rows, for each detector NN; or arrays with the label of all their stamps, as
        ``{"real.npy": 1, "bogus.npy": 0}``.

    out : str or Path, default=None
        File ``.npy`` into which several arrays are joined, some stamps at a time; it is
        overwritten.  Required beyond 1 GB; below, the arrays are joined in memory.

    errors : {"raise", "skip"}, default="raise"
        Raise if a detector or array cannot be read, or leave it out with one warning.

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

    ValueError
        `errors` is not one of its options.

    Warns
    -----
    ObjectWarning
        Files that are left out with ``errors="skip"``, with the reasons.

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
    check_choices("read_stamps", errors=errors)
    if isinstance(source, dict):
        jobs = {Path(path): partial(_one_class, Path(path), y) for path, y in source.items()}
    else:
        jobs = {files[1]: partial(_detector, *files) for files in _pairs(Path(source))}
    if not jobs:
        raise FormatError(f"read_stamps: no arrays in {source}")
    _, parts, _ = read_each(jobs, lambda path: jobs[path](), owner="read_stamps", errors=errors)
    shapes = {part.image_shape for part in parts}
    if len(shapes) > 1:
        raise FormatError(f"read_stamps: stamps of several shapes: {sorted(shapes)}")
    y = np.concatenate([part.y for part in parts])
    metadata = pd.concat([part.metadata for part in parts], ignore_index=True)
    return Stamps(_joined([part.X for part in parts], out), y, metadata, parts[0].image_shape)


def read_fits_stamps(
    files: Sequence[str | Path | Sequence[str | Path]],
    *,
    size: int = 29,
    labels: ArrayLike | None = None,
    errors: str = "raise",
) -> Stamps:
    """Read FITS cutouts of candidates.

    Parameters
    ----------
    files : sequence of tuples of paths
        The files of each candidate, one per channel, such as (science, reference, difference);
        gzipped or not.

    size : int, default=29
        Side of the stamps [pixels]; larger cutouts are cropped to their middle, smaller ones
        padded with NaN at the end.

    labels : array-like of int of shape (n_stamps,), default=None
        1 for real, 0 for bogus; -1 for all by default.

    errors : {"raise", "skip"}, default="raise"
        Raise if files cannot be read, or fill the stamps of their candidates with NaN, with the
        reason in ``metadata["quality"]`` and one warning.

    Returns
    -------
    stamps : Stamps
        The metadata names the first file of each candidate.

    Raises
    ------
    FormatError
        Files that cannot be read, all of them by name with the reason; candidates with different
        numbers of files; no candidates.

    ValueError
        `errors` is not one of its options.

    Warns
    -----
    ObjectWarning
        Files that cannot be read with ``errors="skip"``.

    Examples
    --------
    >>> from skastro.io import read_fits_stamps
    >>> read_fits_stamps([("nowhere.fits",)])
    Traceback (most recent call last):
    ...
    skastro.exceptions.FormatError: read_fits_stamps: 1 files cannot be read: nowhere.fits: ...
    """
    check_choices("read_fits_stamps", errors=errors)
    rows = [(row,) if isinstance(row, str | Path) else tuple(row) for row in files]
    widths = {len(row) for row in rows}
    if len(widths) != 1 or 0 in widths:
        raise FormatError(f"read_fits_stamps: candidates have {sorted(widths)} files")
    y = np.full(len(rows), -1) if labels is None else np.asarray(labels, int)
    if len(y) != len(rows):
        raise FormatError(f"read_fits_stamps: {len(y)} labels for {len(rows)} candidates")
    images = np.full((len(rows), size, size, widths.pop()), np.nan, np.float32)
    faults = [_fill(image, row) for image, row in zip(images, rows)]
    _tell_faults([fault for fault in faults if fault], errors)
    metadata = pd.DataFrame({"file": [str(row[0]) for row in rows], "quality": faults})
    return Stamps(images.reshape(len(images), -1), y, metadata, images.shape[1:])


def _fill(image: NDArray, paths: tuple) -> str:
    """Fill the channels of one stamp; return the reason if a file cannot be read."""
    for channel, path in enumerate(paths):
        try:
            image[..., channel] = place(decode_cutout(Path(path).read_bytes()), len(image))
        # Decoders of damaged files raise nearly every built-in type, zlib.error and VerifyError.
        except Exception as error:
            image[:] = np.nan
            return f"{path}: {str(error) or type(error).__name__}"
    return ""


def _tell_faults(faults: list[str], errors: str) -> None:
    if not faults:
        return
    rest = f" and {len(faults) - _MOST_NAMED} more" if len(faults) > _MOST_NAMED else ""
    named = "; ".join(faults[:_MOST_NAMED]) + rest
    message = f"read_fits_stamps: {len(faults)} files cannot be read: {named}"
    if errors == "raise":
        raise FormatError(message)
    warnings.warn(message, ObjectWarning, stacklevel=3)


def _pairs(folder: Path) -> list[tuple[str, Path, Path]]:
    """Return number, array and table of each detector, in order."""
    if not folder.is_dir():
        raise FormatError(f"read_stamps: {folder} is not a folder")
    arrays = {p.stem.removeprefix("images"): p for p in sorted(folder.glob("images*.npy"))}
    tables = {p.stem.removeprefix("params"): p for p in sorted(folder.glob("params*.csv"))}
    alone = sorted(set(arrays) ^ set(tables))
    if alone:
        raise FormatError(f"read_stamps: {folder}: array or table is missing of {alone}")
    return [(number, arrays[number], tables[number]) for number in arrays]


def _detector(number: str, array: Path, table: Path) -> Stamps:
    part, metadata = _open(array), read_csv(table)
    if len(metadata) != len(part.X):
        raise FormatError(
            f"read_stamps: {array.name} holds {len(part.X)} stamps, {table.name} {len(metadata)}"
        )
    if "object_type" not in metadata:
        raise FormatError(f"read_stamps: {table.name} has no column object_type")
    y = metadata["object_type"].map(_LABELS)
    if y.isna().any():
        unknown = sorted(set(metadata["object_type"][y.isna()].astype(str)))
        raise FormatError(f"read_stamps: {table.name}: unknown object_type {unknown}")
    digits = re.search(r"\d+", number)
    metadata.insert(0, "detector", int(digits.group()) if digits else number)
    return part._replace(y=y.to_numpy(int), metadata=metadata)


def _one_class(path: Path, label: int) -> Stamps:
    part = _open(path)
    metadata = pd.DataFrame({"file": np.full(len(part.X), path.name)})
    return part._replace(y=np.full(len(part.X), label), metadata=metadata)


def _open(path: Path) -> Stamps:
    """Memory-map an array, one row per stamp."""
    try:
        images = np.load(path, mmap_mode="r")
    # The header of an array is parsed as Python; a damaged one raises many types.
    except Exception as error:
        raise FormatError(f"read_stamps: {path}: {error}") from None
    if images.ndim != 4:
        raise FormatError(f"read_stamps: {path} has the shape {images.shape}, not four axes")
    X = images.reshape(len(images), -1)
    return Stamps(X, np.empty(0), pd.DataFrame(), images.shape[1:])


def _joined(arrays: list[NDArray], out: str | Path | None) -> NDArray:
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
        # Some rows at a time: the whole of a memory map may not fit into memory.
        for first in range(0, len(array), _ROWS_AT_ONCE):
            some = array[first : first + _ROWS_AT_ONCE]
            joined[start : start + len(some)] = some
            start += len(some)
    if isinstance(joined, np.memmap):
        joined.flush()
        return np.load(str(out), mmap_mode="r")
    return joined

"""Image cutouts in FITS, gzipped or not, put into frames of one size."""

import gzip
import io
import warnings
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from skastro.utils.missing import is_blank


def decode_cutout(content: bytes | str | Path) -> NDArray[np.float32]:
    """Return the first image of a FITS file in memory.

    Parameters
    ----------
    content : bytes or path-like
        The file, gzipped or not.

    Returns
    -------
    image : ndarray of shape (height, width), dtype float32
        Pixels that :func:`skastro.utils.missing.is_blank` calls missing are NaN.

    Raises
    ------
    OSError, EOFError, ValueError
        The content is not FITS, is truncated, or holds no image; a damaged file may raise other
        errors of its decoder.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from astropy.io import fits
    >>> from skastro.io._cutouts import decode_cutout
    >>> file = io.BytesIO()
    >>> fits.PrimaryHDU(np.eye(2)).writeto(file)
    >>> decode_cutout(file.getvalue()).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    source: str | Path | io.BytesIO
    if isinstance(content, bytes):
        is_packed = content[:2] == b"\x1f\x8b"
        source = io.BytesIO(gzip.decompress(content) if is_packed else content)
    else:
        source = content
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)
        with fits.open(source, memmap=False) as hdus:
            for hdu in hdus:
                if hdu.data is not None and hdu.data.ndim == 2:
                    image = np.asarray(hdu.data)
                    return np.where(is_blank(image), np.nan, image).astype(np.float32)
    raise ValueError("no image in the file")


def place(
    image: NDArray, size: int, corner: tuple[bool, bool] = (False, False)
) -> NDArray[np.float32]:
    """Place an image in a frame of `size` pixels, cropped to its middle or padded with NaN.

    Parameters
    ----------
    image : ndarray of shape (height, width)
        The cutout.

    size : int
        Side of the frame.

    corner : tuple of 2 bool, default=(False, False)
        Whether the missing rows and columns are the first ones, because the cutout is at the lower
        edge of the detector.

    Returns
    -------
    frame : ndarray of shape (size, size), dtype float32

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.io._cutouts import place
    >>> place(np.ones((1, 2)), 2, corner=(True, False)).tolist()
    [[nan, nan], [1.0, 1.0]]
    """
    frame = np.full((size, size), np.nan, np.float32)
    source, target = [], []
    for length, is_first in zip(image.shape, corner):
        cut = max(length - size, 0) // 2
        common = min(length, size)
        start = size - common if is_first else 0
        source.append(slice(cut, cut + common))
        target.append(slice(start, start + common))
    frame[tuple(target)] = image[tuple(source)]
    return frame


def recentre(frame: NDArray, size: int) -> NDArray[np.float32]:
    """Crop a square frame to its middle, or pad it with NaN symmetrically.

    Parameters
    ----------
    frame : ndarray of shape (side, side)
        The frame.

    size : int
        New side.

    Returns
    -------
    frame : ndarray of shape (size, size), dtype float32

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.io._cutouts import recentre
    >>> recentre(np.eye(3), 1).tolist(), recentre(np.ones((1, 1)), 3)[1].tolist()
    ([[1.0]], [nan, 1.0, nan])
    """
    pad = max(size // 2 - len(frame) // 2, 0)
    cut = max(len(frame) // 2 - size // 2, 0)
    common = min(size - pad, len(frame) - cut)
    new = np.full((size, size), np.nan, np.float32)
    old = slice(cut, cut + common)
    new[pad : pad + common, pad : pad + common] = frame[old, old]
    return new

"""Rotated, mirrored and shifted stamps."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def orient_stamps(images: ArrayLike, numbers: ArrayLike) -> NDArray:
    """Return stamps in given orientations.

    Parameters
    ----------
    images : array-like of shape (n_stamps, height, width, channels)
        The stamps.

    numbers : array-like of int of shape (n_stamps,)
        Number of quarter turns modulo 4; from 4 on the stamp is mirrored first.  0 is the identity,
        and all eight are the symmetries of a square.

    Returns
    -------
    images : ndarray of shape (n_stamps, height, width, channels)

    Raises
    ------
    ValueError
        A number outside 0..7, or a quarter turn of stamps that are not square.

    Examples
    --------
    >>> from skastro.augmentation import orient_stamps
    >>> orient_stamps([[[[1], [2]], [[3], [4]]]], [1])[..., 0].tolist()
    [[[2, 4], [1, 3]]]
    """
    images, numbers = np.asarray(images), np.asarray(numbers)
    if ((numbers < 0) | (numbers > 7)).any():
        raise ValueError("orient_stamps: orientations must be integers from 0 to 7")
    if images.shape[1] != images.shape[2] and (numbers % 2).any():
        raise ValueError(
            f"orient_stamps: stamps of shape {images.shape[1:3]} cannot be rotated by 90 degrees"
        )
    turned = np.empty_like(images)
    for number in range(8):
        chosen = numbers == number
        part = images[chosen][:, :, ::-1] if number >= 4 else images[chosen]
        turned[chosen] = np.rot90(part, number % 4, axes=(1, 2)) if chosen.any() else part
    return turned


def shift_stamps(images: ArrayLike, rows: ArrayLike, columns: ArrayLike) -> NDArray:
    """Return stamps shifted by whole pixels; new pixels repeat the border.

    Parameters
    ----------
    images : array-like of shape (n_stamps, height, width, channels)
        The stamps.

    rows, columns : array-like of int of shape (n_stamps,)
        Pixels down and to the right.

    Returns
    -------
    images : ndarray of shape (n_stamps, height, width, channels)

    Examples
    --------
    >>> from skastro.augmentation import shift_stamps
    >>> shift_stamps([[[[1], [2]], [[3], [4]]]], [0], [1])[..., 0].tolist()
    [[[1, 1], [3, 3]]]
    """
    images = np.asarray(images)
    height, width = images.shape[1:3]
    row = np.clip(np.arange(height) - np.asarray(rows)[:, None], 0, height - 1)
    column = np.clip(np.arange(width) - np.asarray(columns)[:, None], 0, width - 1)
    return images[np.arange(len(images))[:, None, None], row[:, :, None], column[:, None]]

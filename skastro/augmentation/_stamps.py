"""Turned, mirrored and shifted stamps."""

import numpy as np


def orient_stamps(images, numbers):
    """Return stamps in given orientations of a square.

    Parameters
    ----------
    images : array-like of shape (n_stamps, height, width, channels)
        The stamps.

    numbers : array-like of int of shape (n_stamps,)
        Quarter turns are ``number % 4``; from 4 on a stamp is mirrored before.  0 changes nothing,
        and all eight are the symmetries of a square.

    Returns
    -------
    images : ndarray of shape (n_stamps, height, width, channels)

    Raises
    ------
    ValueError
        Numbers beyond 0..7, or quarter turns of stamps that are not square.

    Examples
    --------
    >>> from skastro.augmentation import orient_stamps
    >>> orient_stamps([[[[1], [2]], [[3], [4]]]], [1])[..., 0].tolist()
    [[[2, 4], [1, 3]]]
    """
    images, numbers = np.asarray(images), np.asarray(numbers)
    if ((numbers < 0) | (numbers > 7)).any():
        raise ValueError("orient_stamps: orientations are numbers from 0 to 7")
    if images.shape[1] != images.shape[2] and (numbers % 2).any():
        raise ValueError(f"orient_stamps: stamps of {images.shape[1:3]} have no quarter turns")
    turned = np.empty_like(images)
    for number in range(8):
        chosen = numbers == number
        part = images[chosen][:, :, ::-1] if number >= 4 else images[chosen]
        turned[chosen] = np.rot90(part, number % 4, axes=(1, 2)) if chosen.any() else part
    return turned


def shift_stamps(images, rows, columns):
    """Return stamps moved by whole pixels; what comes in repeats the border.

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

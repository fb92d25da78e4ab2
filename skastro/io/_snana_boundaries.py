"""Boundaries between the objects of a SNANA PHOT table."""

import numpy as np
from numpy.typing import NDArray

from skastro.exceptions import FormatError

SEPARATOR = -777.0
"""MJD of the row after each object."""


def object_starts(
    n_rows: int,
    separators: NDArray,
    n_obs: NDArray,
    pointers: tuple[NDArray, NDArray] | None,
    name: str,
) -> NDArray:
    """Return the first row of each object, confirmed by two independent sources.

    The pointers of the HEAD file are used if every span has NOBS rows, starts at the start of the
    table or behind a separator, holds no separator, ends before a separator or at the end of the
    table, and belongs to one object only.  Otherwise the separators are used, if they make as many
    objects as the HEAD file has, each with its NOBS rows.

    Parameters
    ----------
    n_rows : int
        Rows of the PHOT table, separators included.

    separators : ndarray of int
        Rows of the separators, in increasing order.

    n_obs : ndarray of int of shape (n_objects,)
        NOBS of the HEAD.

    pointers : tuple of 2 ndarrays of shape (n_objects,), or None
        PTROBS_MIN and PTROBS_MAX: first and last row, counted from 1.

    name : str
        Name of the file, for messages.

    Returns
    -------
    starts : ndarray of int of shape (n_objects,)
        First row of each object, counted from 0.

    Raises
    ------
    FormatError
        Neither pointers nor separators can be right; the message contains both counts.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.io._snana_boundaries import object_starts
    >>> stale = (np.array([1, 9]), np.array([2, 11]))
    >>> object_starts(6, np.array([2]), np.array([2, 3]), stale, "x").tolist()
    [0, 3]
    """
    right = _right_pointers(n_rows, separators, n_obs, pointers)
    if right.all():
        # PTROBS counts rows from 1.
        return pointers[0] - 1 if pointers is not None else np.zeros(0, np.int64)
    starts, lengths = _segments(n_rows, separators)
    if len(starts) == len(n_obs) and (lengths == n_obs).all():
        return starts
    common = min(len(lengths), len(n_obs))
    raise FormatError(
        f"{name}: its {n_rows} rows cannot be cut into the {len(n_obs)} objects of the HEAD file: "
        f"{int(right.sum())} of {len(n_obs)} pointers are right, and the separators make "
        f"{len(starts)} objects, {int((lengths[:common] == n_obs[:common]).sum())} of them with "
        f"NOBS rows"
    )


def _right_pointers(n_rows, separators, n_obs, pointers):
    """Return which pointers agree with NOBS and with the separators."""
    if pointers is None:
        return np.zeros(len(n_obs), bool)
    # PTROBS counts rows from 1, and PTROBS_MAX is the last row itself.
    start, stop = pointers[0] - 1, pointers[1]
    right = (stop - start == n_obs) & (start >= 0) & (stop <= n_rows)
    inside = np.searchsorted(separators, stop) - np.searchsorted(separators, start)
    right &= (inside == 0) & ((stop == n_rows) | np.isin(stop, separators))
    right &= (start == 0) | np.isin(start - 1, separators)
    _, owner, counts = np.unique(start, return_inverse=True, return_counts=True)
    return right & ((counts[owner] == 1) | (n_obs == 0))


def _segments(n_rows, separators):
    """Return starts and lengths of the runs between separators; the last may be missing."""
    stops = separators
    if n_rows and (len(separators) == 0 or separators[-1] != n_rows - 1):
        stops = np.append(separators, n_rows)
    starts = np.concatenate([[0], stops[:-1] + 1]).astype(np.int64)[: len(stops)]
    return starts, stops - starts

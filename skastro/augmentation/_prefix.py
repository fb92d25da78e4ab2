"""Partial light curves: what was known of an object at earlier dates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike, NDArray

from skastro.utils.ragged import flatten, is_sorted, nest, row_numbers, segment_ids
from skastro.utils.random import RandomState, as_generator

_SPACINGS = ("even", "log")


def draw_prefixes(
    X: pd.DataFrame,
    n_prefixes: int | Literal["all"] = 7,
    *,
    spacing: Literal["even", "log"] = "even",
    min_observations: int = 1,
    column: str = "lightcurve",
    random_state: RandomState = None,
) -> tuple[NestedFrame, NDArray[np.intp]]:
    """Copy each object several times, with light curves that end at earlier dates.

    A copy has the observations of its object from the first one up to some date; observations at
    the same time stay together.  The copies of an object are consecutive, the shortest first and
    the complete light curve last; no length occurs twice.

    Parameters
    ----------
    X : NestedFrame of shape (n_objects, n_columns)
        Objects with their light curves, sorted by time.

    n_prefixes : int or "all", default=7
        Maximum number of incomplete copies of an object, drawn at random; ``"all"`` makes every
        possible one.

    spacing : {"even", "log"}, default="even"
        Draw the number of observations uniformly, or uniformly in its logarithm, which favours
        short copies.

    min_observations : int, default=1
        Minimum number of observations of an incomplete copy.

    column : str, default="lightcurve"
        Nested column with the light curves; all other columns are copied unchanged.

    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the random numbers.

    Returns
    -------
    X_new : NestedFrame of shape (n_copies, n_columns)
        The copies; the index repeats that of `X`.

    objects : ndarray of int of shape (n_copies,)
        Row of `X` that each is a copy of.

    Raises
    ------
    ValueError
        The light curves are not sorted by time, or a parameter is out of range.

    See Also
    --------
    skastro.resampling.AugmentSampler : Makes copies in `fit` only.

    Notes
    -----
    Static columns computed from complete light curves, such as the time of the peak, contain
    information from the future of the copies: compute them from the copies instead.

    References
    ----------
    .. [1] Shah et al. 2025, ORACLE (arXiv:2501.01496).

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.augmentation import draw_prefixes
    >>> from skastro.utils.ragged import flatten, nest
    >>> X = NestedFrame({"z": [0.1, 0.2]}, index=["a", "b"])
    >>> X = X.assign(lightcurve=nest([0, 3, 4], {"time": [1.0, 2.0, 2.0, 5.0]}, X.index))
    >>> X_new, objects = draw_prefixes(X, "all")
    >>> X_new.index.tolist(), objects.tolist()
    (['a', 'a', 'b'], [0, 0, 1])
    >>> flatten(X_new["lightcurve"])[0].tolist()
    [0, 1, 4, 5]
    """
    _check_parameters(n_prefixes, spacing, min_observations)
    offsets, rows = _open(X, column)
    if not is_sorted(offsets, rows["time"]):
        raise ValueError(f"draw_prefixes: field 'time' of {column!r} must be sorted")
    objects, lengths = _incomplete(offsets, rows["time"], min_observations)
    if n_prefixes != "all":
        drawn = _draw(objects, lengths, n_prefixes, spacing, as_generator(random_state))
        objects, lengths = objects[drawn], lengths[drawn]
    objects = np.concatenate([objects, np.arange(len(X))])
    lengths = np.concatenate([lengths, np.diff(offsets)])
    order = np.lexsort((lengths, objects))
    objects = objects[order]
    new_offsets, new_rows = take_prefixes(offsets, rows, objects, lengths[order])
    statics = X[[name for name in X.columns if name != column]].iloc[objects]
    copies = NestedFrame(statics).assign(**{column: nest(new_offsets, new_rows, statics.index)})
    return copies[list(X.columns)], objects


def take_prefixes(
    offsets: ArrayLike, rows: Mapping[str, Any], objects: ArrayLike, lengths: ArrayLike
) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Return the first `lengths` rows of each of `objects` (indices, repeats allowed).

    Parameters
    ----------
    offsets : ndarray of shape (n_objects + 1,)
        Object ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    rows : dict of str -> ndarray or Categorical of shape (n_rows,)
        The fields.

    objects : ndarray of int of shape (n_copies,)
        Object of each copy.

    lengths : ndarray of int of shape (n_copies,)
        Number of rows of each copy.

    Returns
    -------
    new_offsets : ndarray of shape (n_copies + 1,)

    new_rows : dict of str -> ndarray or Categorical

    Raises
    ------
    ValueError
        A length is negative or larger than the object.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import take_prefixes
    >>> rows = {"flux": np.array([1.0, 2.0, 3.0])}
    >>> offsets, rows = take_prefixes(np.array([0, 2, 3]), rows, [1, 0, 0], [1, 1, 2])
    >>> offsets.tolist(), rows["flux"].tolist()
    ([0, 1, 2, 4], [3.0, 1.0, 1.0, 2.0])
    """
    objects, lengths = np.asarray(objects, np.intp), np.asarray(lengths, np.int64)
    if ((lengths < 0) | (lengths > np.diff(offsets)[objects])).any():
        raise ValueError("take_prefixes: a length is negative or larger than the object")
    new_offsets = np.concatenate([[0], np.cumsum(lengths)])
    shift = np.asarray(offsets)[objects] - new_offsets[:-1]
    picked = np.arange(new_offsets[-1]) + np.repeat(shift, lengths)
    return new_offsets, {name: values.take(picked) for name, values in rows.items()}


def _open(X, column):
    if column not in getattr(X, "columns", ()):
        raise ValueError(f"draw_prefixes requires a frame with a nested column {column!r}")
    offsets, rows = flatten(X[column])
    if "time" not in rows:
        raise ValueError(f"draw_prefixes: column {column!r} has no field 'time', only {list(rows)}")
    return offsets, rows


def _check_parameters(n_prefixes, spacing, min_observations):
    if n_prefixes != "all" and not (isinstance(n_prefixes, int | np.integer) and n_prefixes >= 0):
        raise ValueError(
            f"draw_prefixes: n_prefixes={n_prefixes!r} must be a non-negative int or 'all'"
        )
    if spacing not in _SPACINGS:
        raise ValueError(f"draw_prefixes: spacing={spacing!r} is not one of {_SPACINGS}")
    if min_observations < 0:
        raise ValueError(f"draw_prefixes: min_observations={min_observations} must not be negative")


def _incomplete(offsets, time, min_observations):
    """Return object and length of every prefix that ends before the last time."""
    lengths = row_numbers(offsets) + 1
    ids = segment_ids(offsets)
    later = np.flatnonzero((time[1:] > time[:-1]) & (ids[1:] == ids[:-1]))
    ends = later[lengths[later] >= min_observations]
    return ids[ends], lengths[ends]


def _draw(objects, lengths, n_prefixes, spacing, rng):
    """Return positions of at most `n_prefixes` of each object, without replacement.

    Each gets an exponential waiting time whose rate is its weight; the shortest ones are drawn.
    """
    waiting = rng.exponential(size=len(lengths)) * (lengths if spacing == "log" else 1)
    order = np.lexsort((waiting, objects))
    starts = np.searchsorted(objects, objects)
    return order[np.arange(len(order)) - starts < n_prefixes]

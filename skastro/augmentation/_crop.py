"""Windows of light curves, as another survey or season would have observed them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import NDArray

from skastro.utils.ragged import (
    flatten,
    keep_rows,
    nest,
    segment_ids,
    segment_reduce,
    take_objects,
)
from skastro.utils.random import RandomState, as_generator


def draw_crops(
    X: pd.DataFrame,
    n_crops: int = 3,
    *,
    days: float = 153.0,
    min_observations: int = 3,
    column: str = "lightcurve",
    random_state: RandomState = None,
) -> tuple[NestedFrame, NDArray[np.intp]]:
    """Copy each object several times, keeping the observations inside windows at random dates.

    The start of a window is uniform between the first observation and the last one minus its
    length.  The complete light curve comes first, then its crops.  A light curve shorter than the
    window and a window with too few observations yield no crop.

    Parameters
    ----------
    X : NestedFrame of shape (n_objects, n_columns)
        Objects with their light curves.

    n_crops : int, default=3
        Maximum number of crops of an object.

    days : float, default=153
        Length of the window in days; 153 are the 51 bins of 3 days of Allam & McEwen.

    min_observations : int, default=3
        Minimum number of observations of a crop.

    column : str, default="lightcurve"
        Nested column with the light curves; other columns are copied unchanged.

    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the random numbers.

    Returns
    -------
    X_new : NestedFrame of shape (n_copies, n_columns)
        Light curves and crops; the index repeats that of `X`.

    objects : ndarray of int of shape (n_copies,)
        Row of `X` that each is a copy of.

    Raises
    ------
    ValueError
        A parameter is out of range.

    See Also
    --------
    skastro.resampling.AugmentSampler : Makes copies in `fit` only.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.augmentation import draw_crops
    >>> from skastro.utils.ragged import flatten, nest
    >>> X = NestedFrame(index=["a"])
    >>> X = X.assign(lightcurve=nest([0, 4], {"time": [0.0, 1.0, 8.0, 9.0]}, X.index))
    >>> X_new, objects = draw_crops(X, 2, days=8.5, min_observations=1, random_state=0)
    >>> [len(curve) for curve in X_new["lightcurve"]], objects.tolist()
    ([4, 2, 2], [0, 0, 0])
    """
    if n_crops < 0 or days <= 0 or min_observations < 1:
        raise ValueError(
            f"draw_crops: n_crops={n_crops} must not be negative, days={days} and "
            f"min_observations={min_observations} must be positive"
        )
    offsets, rows = flatten(X[column])
    rng = as_generator(random_state)
    first = segment_reduce(offsets, rows["time"], np.minimum, empty=0.0)
    room = segment_reduce(offsets, rows["time"], np.maximum, empty=0.0) - first - days
    objects = np.repeat(np.arange(len(X)), np.where(room > 0, n_crops, 0))
    start = first[objects] + rng.uniform(0, np.maximum(room[objects], 0))
    crop_offsets, crop_rows = take_objects(offsets, rows, objects)
    since = crop_rows["time"] - start[segment_ids(crop_offsets)]
    crop_offsets, crop_rows = keep_rows(crop_offsets, crop_rows, (since >= 0) & (since <= days))
    enough = np.flatnonzero(np.diff(crop_offsets) >= min_observations)
    crop_offsets, crop_rows = take_objects(crop_offsets, crop_rows, enough)
    objects = np.concatenate([np.arange(len(X)), objects[enough]])
    crops = _frame(X, objects[len(X) :], crop_offsets, crop_rows, column)
    order = np.argsort(objects, kind="stable")
    return NestedFrame(_joined(X, crops)).iloc[order], objects[order]


def _frame(X, objects, offsets, rows, column):
    statics = X[[name for name in X.columns if name != column]].iloc[objects]
    frame = NestedFrame(statics).assign(**{column: nest(offsets, rows, statics.index)})
    return frame[list(X.columns)]


def _joined(X, crops):
    """Concatenate two frames of the same columns."""
    return pd.concat([X, crops]) if len(crops) else X

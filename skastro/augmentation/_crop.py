"""Windows of light curves, as other surveys or seasons would have seen them."""

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skastro.utils.ragged import (
    flatten,
    keep_rows,
    nest,
    segment_ids,
    segment_reduce,
    take_objects,
)


def draw_crops(X, n_crops=3, *, days=153.0, min_observations=3, column="lightcurve", rng=None):
    """Copy each object several times, with the observations inside of windows at random dates.

    A window begins where it may, from the first observation to the last one less its length.
    The complete light curve comes first, then its crops; a light curve shorter than the window
    and a window with too few observations give no crop.

    Parameters
    ----------
    X : NestedFrame of shape (n_objects, n_columns)
        Objects with their light curves.

    n_crops : int, default=3
        Largest number of crops of an object.

    days : float, default=153
        Length of the window; 153 are the 51 bins of 3 days of Allam & McEwen.

    min_observations : int, default=3
        Smallest number of observations of a crop.

    column : str, default="lightcurve"
        Nested column with the light curves; other columns are copied as they are.

    rng : int, Generator or None, default=None
        Source of randomness, as for :func:`numpy.random.default_rng`.

    Returns
    -------
    X_new : NestedFrame of shape (n_copies, n_columns)
        Light curves and crops; the index repeats that of `X`.

    objects : ndarray of int of shape (n_copies,)
        Row of `X` of which each is a copy.

    Raises
    ------
    ValueError
        A parameter is impossible.

    See Also
    --------
    skastro.resampling.AugmentSampler : Makes copies in `fit` alone.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.augmentation import draw_crops
    >>> from skastro.utils.ragged import flatten, nest
    >>> X = NestedFrame(index=["a"])
    >>> X = X.assign(lightcurve=nest([0, 4], {"time": [0.0, 1.0, 8.0, 9.0]}, X.index))
    >>> X_new, objects = draw_crops(X, 2, days=8.5, min_observations=1, rng=0)
    >>> [len(curve) for curve in X_new["lightcurve"]], objects.tolist()
    ([4, 2, 2], [0, 0, 0])
    """
    if n_crops < 0 or days <= 0 or min_observations < 1:
        raise ValueError(
            f"draw_crops: n_crops={n_crops}, days={days} and min_observations={min_observations} "
            "must be positive"
        )
    offsets, rows = flatten(X[column])
    rng = np.random.default_rng(rng)
    first = segment_reduce(np.minimum, rows["time"], offsets, empty=0.0)
    room = segment_reduce(np.maximum, rows["time"], offsets, empty=0.0) - first - days
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
    """Put two frames of the same columns one below the other."""
    return pd.concat([X, crops]) if len(crops) else X

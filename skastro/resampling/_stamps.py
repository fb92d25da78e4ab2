"""More stamps, as rotated, mirrored and shifted copies of the existing ones."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import Interval

from skastro.augmentation import orient_stamps, shift_stamps
from skastro.resampling._base import RANDOM_STATE, RowPicker, take_labels
from skastro.utils.random import RandomState, as_generator


class StampAugmentSampler(RowPicker):
    """Add copies of stamps in other orientations, shifted by whole pixels.

    Made for classifiers that do not rotate stamps themselves, such as forests.  In a
    :class:`ResamplingPipeline` it acts only in `fit`.  The originals come first, unchanged.

    Parameters
    ----------
    n_copies : int, default=7
        Number of copies of every stamp.

    image_shape : tuple of 3 ints or None, default=(29, 29, 3)
        (height, width, channels) of the stamp in the first columns of `X`; other columns are
        copied.  None: all columns are one row of pixels.

    max_shift : int, default=1
        Largest shift of a copy along each axis [pixels].

    random_state : int, RandomState, Generator or None, default=None
        Source of randomness; pass an integer for reproducible results.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_resampled,)
        Row of `X` of each stamp returned; use it as the groups of a split, so that no copy crosses
        the split.

    orientations_ : ndarray of shape (n_resampled,)
        Orientation of each stamp, see :func:`skastro.augmentation.orient_stamps`.  The first
        seven copies of a square stamp have different orientations.

    n_features_in_ : int
        Number of columns of `X`.

    See Also
    --------
    skastro.neural_network.StampCNNClassifier : Rotates the stamps of every batch itself.

    Examples
    --------
    >>> from skastro.datasets import make_stamps
    >>> from skastro.resampling import StampAugmentSampler
    >>> X, y, _ = make_stamps(10, random_state=0)
    >>> X_new, y_new = StampAugmentSampler(random_state=0).fit_resample(X, y)
    >>> X_new.shape, bool((y_new[10:20] == y).all())
    ((80, 2523), True)
    """

    _parameter_constraints = {
        "n_copies": [Interval(Integral, 1, None, closed="left")],
        "image_shape": [tuple, list, None],
        "max_shift": [Interval(Integral, 0, None, closed="left")],
        "random_state": RANDOM_STATE,
    }

    def __init__(
        self,
        n_copies: int = 7,
        *,
        image_shape: tuple[int, int, int] | None = (29, 29, 3),
        max_shift: int = 1,
        random_state: RandomState = None,
    ):
        self.n_copies = n_copies
        self.image_shape = image_shape
        self.max_shift = max_shift
        self.random_state = random_state

    def _fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        rows = self._pick(X, y)
        X_new = np.array(_safe_indexing(X, rows))
        height, width, channels = self._shape(X_new.shape[1])
        n, n_pixels = len(rows), height * width * channels
        copies = slice(len(rows) // (self.n_copies + 1), None)
        images = X_new[copies, :n_pixels].reshape(-1, height, width, channels)
        images = orient_stamps(images, self.orientations_[copies])
        images = shift_stamps(images, *self._shifts[:, copies])
        X_new[copies, :n_pixels] = images.reshape(-1, n_pixels)
        return _like(X, X_new, n), take_labels(y, rows)

    def _pick_rows(self, X: Any, y: Any) -> NDArray[np.intp]:
        n, rng = len(y), as_generator(self.random_state)
        height, width, _ = self._shape(np.shape(X)[1])
        possible = np.arange(8) if height == width else np.arange(0, 8, 2)
        start = np.zeros(n, int) if height == width else rng.integers(len(possible), size=n)
        others = (start + np.arange(1, self.n_copies + 1)[:, None]) % len(possible)
        self.orientations_ = np.concatenate([np.zeros(n, int), possible[others].ravel()])
        size = 2, n * (self.n_copies + 1)
        self._shifts = rng.integers(-self.max_shift, self.max_shift + 1, size)
        return np.tile(np.arange(n), self.n_copies + 1)

    def _shape(self, n_columns: int) -> tuple[int, int, int]:
        shape = (1, n_columns, 1) if self.image_shape is None else tuple(self.image_shape)
        if len(shape) != 3 or min(shape) < 1 or np.prod(shape) > n_columns:
            raise ValueError(
                f"StampAugmentSampler: image_shape {shape} does not match X of {n_columns} columns"
            )
        return shape


def _like(X: Any, values: NDArray, n: int) -> Any:
    """Return values as a DataFrame if `X` is one."""
    if not hasattr(X, "columns"):
        return values
    index = np.resize(np.asarray(X.index), n)
    return type(X)(values, columns=X.columns, index=index)

"""Steps on image stamps in dense rows."""

import math
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skastro.exceptions import ObjectError
from skastro.utils.frames import read_dense
from skastro.utils.missing import is_blank

_PIXELS_AT_ONCE = 2**22
_FLAT = 1e-6
_NORMALIZATIONS = ("minmax", "standardize_asinh", "asinh_minmax", "noise_asinh")


class StampTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Transform stamps one by one: rows of pixels to rows of pixels.

    The first columns of `X` are the stamp, flattened from ``image_shape``; others follow the new
    stamp unchanged.  Pixels with absolute values above 1e30, which surveys use for masked ones,
    become NaN.  A few stamps are processed at a time, so that in addition to `X`, which may be
    memory mapped, only the result is in memory.  A subclass implements ``_change(images)``, from
    (n, height, width, channels) to the same axes in other sizes, and ``_output_shape(shape)``.

    See Also
    --------
    CropStamps, FillStamps, NormalizeStamps : The transformers.

    Examples
    --------
    >>> from skastro.preprocessing import NormalizeStamps, StampTransformer
    >>> issubclass(NormalizeStamps, StampTransformer)
    True
    """

    _parameter_constraints: dict = {"image_shape": [tuple, list, None]}

    def __init__(self, *, image_shape: tuple[int, int, int] | None = (29, 29, 3)):
        self.image_shape = image_shape

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Check the shape; nothing is learned from the pixels.

        Parameters
        ----------
        X : array-like of shape (n_stamps, n_columns)
            Pixels, then other columns.

        y : None
            Ignored.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            There are fewer columns than pixels.

        ObjectError
            Stamps hold infinity.
        """
        values = self._validate(X, reset=True)
        shape = self._shape(values.shape[1])
        self.output_shape_ = self._output_shape(shape)
        self._n_features_out = math.prod(self.output_shape_) + values.shape[1] - math.prod(shape)
        return self

    def transform(self, X: ArrayLike) -> NDArray | pd.DataFrame:
        """Return the changed stamps.

        Parameters
        ----------
        X : array-like of shape (n_stamps, n_columns)
            Pixels, then other columns; NaN is allowed.

        Returns
        -------
        X_new : ndarray of shape (n_stamps, n_new_columns), dtype float32 or that of `X`
        """
        check_is_fitted(self)
        values = self._validate(X, reset=False)
        shape = self._shape(values.shape[1])
        n_pixels, n_new = math.prod(shape), math.prod(self.output_shape_)
        dtype = values.dtype if values.dtype.kind == "f" else np.float64
        out = np.empty((len(values), self._n_features_out), dtype)
        for part in _parts(values):
            images = values[part, :n_pixels].reshape(-1, *shape).astype(dtype)
            images[is_blank(images)] = np.nan
            out[part, :n_new] = self._change(images).reshape(len(images), -1)
            out[part, n_new:] = values[part, n_pixels:]
        return out

    def _validate(self, X, *, reset):
        X = read_dense(self, X, "stamps, flattened to rows of pixels", reset=reset)
        infinite = [
            part.start + np.flatnonzero(np.isinf(X[part]).any(axis=1)) for part in _parts(X)
        ]
        if any(map(len, infinite)):
            raise ObjectError(
                f"{type(self).__name__}: Input X contains infinity", np.concatenate(infinite)
            )
        return X

    def _shape(self, n_columns):
        shape = (1, n_columns, 1) if self.image_shape is None else tuple(self.image_shape)
        if len(shape) != 3 or min(shape) < 1 or math.prod(shape) > n_columns:
            raise ValueError(
                f"{type(self).__name__}: image_shape must be (height, width, channels) of at most "
                f"{n_columns} pixels, the columns of X, not {shape}"
            )
        return shape

    def _output_shape(self, shape):
        return shape

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class CropStamps(StampTransformer):
    """Crop stamps to their centre, or pad them.

    Parameters
    ----------
    size : int or tuple of 2 ints, default=29
        New height and width.  Where a difference to the old one is odd, the extra row or column
        is cut from or added at the end.

    fill : {"median", "nan"} or float, default="median"
        Value of padded pixels: the median of the channel of the stamp, NaN, or a number.

    image_shape : tuple of 3 ints or None, default=(29, 29, 3)
        (height, width, channels) of the stamps in the first columns of X; None: all columns are
        one row of pixels.

    Attributes
    ----------
    output_shape_ : tuple of 3 ints
        Shape of the new stamps.

    n_features_in_ : int
        Columns of `X`.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.preprocessing import CropStamps
    >>> CropStamps((1, 2), image_shape=(3, 4, 1)).fit_transform(np.arange(12.0)[None]).tolist()
    [[5.0, 6.0]]
    """

    _parameter_constraints: dict = {
        "size": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "fill": [StrOptions({"median", "nan"}), Real],
        **StampTransformer._parameter_constraints,
    }

    def __init__(
        self,
        size: int | tuple[int, int] = 29,
        *,
        fill: str | float = "median",
        image_shape: tuple[int, int, int] | None = (29, 29, 3),
    ):
        super().__init__(image_shape=image_shape)
        self.size = size
        self.fill = fill

    def _output_shape(self, shape):
        if self.image_shape is None:
            return shape
        sides = (self.size, self.size) if isinstance(self.size, Integral) else tuple(self.size)
        if len(sides) != 2 or min(sides) < 1:
            raise ValueError(f"CropStamps: size={self.size!r} must be one or two positive numbers")
        return (*sides, shape[2])

    def _change(self, images):
        height, width, channels = self.output_shape_
        new = np.empty((len(images), height, width, channels), images.dtype)
        new[:] = _medians(images) if self.fill == "median" else float(self.fill)
        (source_rows, rows), (source_columns, columns) = (
            _middle(old, size) for old, size in zip(images.shape[1:3], (height, width))
        )
        new[:, rows, columns] = images[:, source_rows, source_columns]
        return new


class FillStamps(StampTransformer):
    """Replace missing pixels by the median of their channel.

    Parameters
    ----------
    max_missing : float, default=0.5
        Largest share of missing pixels in a channel that are filled.  A stamp with more in any
        channel becomes NaN as a whole: networks ignore it in `fit` and leave it unclassified.

    image_shape : tuple of 3 ints or None, default=(29, 29, 3)
        (height, width, channels) of the stamps in the first columns of X; None: all columns are
        one row of pixels.

    Attributes
    ----------
    output_shape_ : tuple of 3 ints
        Shape of the stamps.

    n_features_in_ : int
        Columns of `X`.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.preprocessing import FillStamps
    >>> FillStamps(image_shape=(1, 3, 1)).fit_transform([[1.0, np.nan, 3.0]]).tolist()
    [[1.0, 2.0, 3.0]]
    """

    _parameter_constraints = {
        "max_missing": [Interval(Real, 0, 1, closed="left")],
        **StampTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        max_missing: float = 0.5,
        image_shape: tuple[int, int, int] | None = (29, 29, 3),
    ):
        super().__init__(image_shape=image_shape)
        self.max_missing = max_missing

    def _change(self, images):
        missing = np.isnan(images)
        filled = np.where(missing, _medians(images), images)
        filled[(missing.mean(axis=(1, 2)) > self.max_missing).any(axis=1)] = np.nan
        return filled


class NormalizeStamps(StampTransformer):
    """Scale each channel of each stamp.

    The networks for stamps do this themselves; this step is for other classifiers.

    Parameters
    ----------
    method : str, default="minmax"
        "minmax": scale to [0, 1] (`simple` of Tomo-e Gozen).  "standardize_asinh": standardise, and
        add asinh of half the counts as further channels (`complex`).  "asinh_minmax": scale asinh
        of half the counts to [0, 1] (`norm1`).  "noise_asinh": asinh of the difference from the
        median in units of the noise, 1.4826 times the median absolute deviation, divided so that
        ten times the noise becomes 1.  "asinh": asinh of half the counts.

    image_shape : tuple of 3 ints or None, default=(29, 29, 3)
        (height, width, channels) of the stamps in the first columns of X; None: all columns are
        one row of pixels.

    Attributes
    ----------
    output_shape_ : tuple of 3 ints
        Shape of the new stamps.

    n_features_in_ : int
        Columns of `X`.

    Notes
    -----
    A flat stamp becomes zero: the range or standard deviation is at least 1e-6 of its largest
    absolute value.  Missing pixels are ignored and stay missing.

    References
    ----------
    .. [1] I. Takahashi et al., PASJ 74, 946 (2022).

    Examples
    --------
    >>> from skastro.preprocessing import NormalizeStamps
    >>> NormalizeStamps(image_shape=(1, 3, 1)).fit_transform([[5.0, 7.0, 6.0]]).tolist()
    [[0.0, 1.0, 0.5]]
    """

    _parameter_constraints = {
        "method": [StrOptions({"asinh", *_NORMALIZATIONS})],
        **StampTransformer._parameter_constraints,
    }

    def __init__(
        self,
        method: str = "minmax",
        *,
        image_shape: tuple[int, int, int] | None = (29, 29, 3),
    ):
        super().__init__(image_shape=image_shape)
        self.method = method

    def _output_shape(self, shape):
        factor = 2 if self.method == "standardize_asinh" else 1
        return (*shape[:2], factor * shape[2])

    def _change(self, images):
        if self.method == "noise_asinh":
            return _noise_asinh(images)
        asinh = np.arcsinh(images / 2)
        if self.method == "asinh":
            return asinh
        if self.method == "standardize_asinh":
            return np.concatenate([_standardized(images), asinh], axis=3)
        return _minmax(asinh if self.method == "asinh_minmax" else images)


def _parts(X):
    """Slices of some rows each."""
    step = max(1, _PIXELS_AT_ONCE // X.shape[1])
    return (slice(start, start + step) for start in range(0, len(X), step))


def _medians(images):
    """Medians of the channels; 0 for those without a value, without a warning."""
    empty = np.isnan(images).all(axis=(1, 2), keepdims=True)
    return np.nanmedian(np.where(empty, 0, images), axis=(1, 2), keepdims=True)


def _middle(old, new):
    """Slices of the old and of the new axis that hold the common middle."""
    cut, pad = max(old - new, 0) // 2, max(new - old, 0) // 2
    common = min(old, new)
    return slice(cut, cut + common), slice(pad, pad + common)


def _minmax(images):
    low, high = (_reduced(function, images) for function in (np.fmin, np.fmax))
    return (images - low) / _at_least(high - low, np.maximum(np.abs(low), np.abs(high)))


def _noise_asinh(images):
    away = images - _medians(images)
    noise = _at_least(1.4826 * _medians(np.abs(away)), _reduced(np.fmax, np.abs(away)))
    return np.arcsinh(away / noise) / np.arcsinh(10.0).astype(away.dtype)


def _standardized(images):
    count = np.maximum((~np.isnan(images)).sum(axis=(1, 2), keepdims=True), 1)
    away = images - np.nansum(images, axis=(1, 2), keepdims=True) / count
    std = np.sqrt(np.nansum(away**2, axis=(1, 2), keepdims=True) / count)
    return away / _at_least(std, _reduced(np.fmax, np.abs(images)))


def _reduced(function, images):
    return function.reduce(images, axis=(1, 2), keepdims=True)


def _at_least(scale, size):
    return np.maximum(scale, np.fmax(_FLAT * size, 1e-30).astype(scale.dtype))

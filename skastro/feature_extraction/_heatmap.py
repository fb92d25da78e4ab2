"""Gaussian-process images of light curves, normalised for a convolutional network."""

import math
from collections.abc import Sequence

import numpy as np
from sklearn.base import clone
from sklearn.utils._param_validation import StrOptions

from skastro.base import LightCurveFeatures, read_numbers
from skastro.feature_extraction._gp import GPInterpolate
from skastro.utils.dust import extinction_magnitudes
from skastro.utils.ragged import segment_median

_CHANNELS = ("mean", "std")


class Heatmap(LightCurveFeatures):
    """Return normalised images of light curves, wavelength by time by channel.

    A row is an image of shape ``output_shape_``, flattened: the channels of a pixel are adjacent,
    as in SCONE's own images.

    Parameters
    ----------
    interpolator : GPInterpolate, default=None
        Makes the images, from the same `column` and `quality_column`; ``GPInterpolate()`` by
        default.

    normalization : {"maximum", "none"}, default="maximum"
        Divide each image, mean and standard deviation alike, by the maximum of its mean, as
        SCONE does [1]_, or leave it in units of flux.  The divisor is at least the largest
        absolute value of the mean, for objects that fade below their template, and at least the
        median flux error of the object, so that an object lost in the noise does not get huge
        values.

    channels : tuple of str, default=("mean", "std")
        Channels to keep, in this order.

    dust : {None, "scone"}, default=None
        "scone" adds the extinction in magnitudes to the mean, for parity with SCONE's own heat
        maps only: it mixes units.  To correct for dust use
        :class:`skastro.preprocessing.Deredden` before this step.

    mwebv_column : str, default="mwebv"
        Column with E(B-V) of the Milky Way [mag].  Read for ``dust="scone"``.

    brightness : bool, default=False
        Append one column with log10 of the divisor of the normalisation.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    interpolator_ : GPInterpolate
        The fitted interpolator.

    output_shape_ : tuple of 3 ints
        Wavelengths, times, channels of the image.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    GPInterpolate : The images before normalisation.
    skastro.neural_network.HeatmapCNNClassifier : The network that reads the rows.

    References
    ----------
    .. [1] Qu, Sako, Möller & Doux 2021, AJ 162, 67 (arXiv:2106.04370).

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.feature_extraction import GPInterpolate, Heatmap
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [0.0, 5.0, 9.0], "band": ["g", "r", "g"],
    ...         "flux": [10.0, 30.0, 20.0], "flux_err": [1.0, 1.0, 1.0]}
    >>> X = NestedFrame({"peak_time": [5.0]}).assign(lightcurve=nest([0, 3], rows))
    >>> heatmap = Heatmap(GPInterpolate(times=[-5, 0, 5], wavelengths=[4800, 6200]))
    >>> float(heatmap.fit_transform(X)[0, ::2].max())
    1.0
    """

    _parameter_constraints = {
        "interpolator": [GPInterpolate, None],
        "normalization": [StrOptions({"maximum", "none"})],
        "channels": ["array-like"],
        "dust": [StrOptions({"scone"}), None],
        "mwebv_column": [str],
        "brightness": ["boolean"],
        **LightCurveFeatures._parameter_constraints,
    }

    def __init__(
        self,
        interpolator: GPInterpolate | None = None,
        *,
        normalization: str = "maximum",
        channels: Sequence[str] = _CHANNELS,
        dust: str | None = None,
        mwebv_column: str = "mwebv",
        brightness: bool = False,
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(quality_column=quality_column, column=column)
        self.interpolator = interpolator
        self.normalization = normalization
        self.channels = channels
        self.dust = dust
        self.mwebv_column = mwebv_column
        self.brightness = brightness

    def _learn(self, X):
        interpolator = GPInterpolate() if self.interpolator is None else clone(self.interpolator)
        columns = {"column": self.column, "quality_column": self.quality_column}
        self.interpolator_ = interpolator.set_params(**columns).fit(X)
        self.output_shape_ = (*self.interpolator_.output_shape_[:2], len(self.channels))

    def _features(self, offsets, rows, X):
        images = self.interpolator_.interpolate(X).grid
        if self.dust == "scone":
            images[:, 0] += self._extinction(X)
        divisor = _divisor(images[:, 0], segment_median(offsets, rows["flux_err"]))
        scale = divisor if self.normalization == "maximum" else np.ones_like(divisor)
        return self._flat(images, scale[:, None], np.log10(divisor))

    def _flat(self, images, scale, brightness):
        """Return rows of pixels with the channels last, divided by `scale`, in one copy."""
        n_objects, n_channels = len(images), len(self.channels)
        size = n_channels * math.prod(images.shape[2:])
        rows = np.empty((n_objects, size + self.brightness), np.float32)
        for place, channel in enumerate(self.channels):
            image = images[:, _CHANNELS.index(channel)].reshape(n_objects, -1)
            np.divide(image, scale, out=rows[:, place:size:n_channels])
        if self.brightness:
            rows[:, -1] = brightness
        return rows

    def _extinction(self, X):
        """A(lambda) in magnitudes, shape (n_objects, n_wavelengths, 1)."""
        ratio = extinction_magnitudes(self.interpolator_.wavelengths_)
        return (read_numbers(X, self.mwebv_column, "Heatmap")[:, None] * ratio)[:, :, None]

    def _feature_names(self):
        names = self.interpolator_.get_feature_names_out().reshape(-1, len(_CHANNELS))
        names = names[:, [_CHANNELS.index(c) for c in self.channels]].ravel()
        return [*names, "log10_maximum"] if self.brightness else names

    def _required_columns(self):
        return (self.mwebv_column,) if self.dust == "scone" else ()

    def _check_parameters(self):
        unknown = [c for c in self.channels if c not in _CHANNELS]
        if unknown or not len(self.channels):
            raise ValueError(f"Heatmap: channels={self.channels} must be among {_CHANNELS}")


def _divisor(mean, noise):
    """Return the positive divisor of each image, at least its noise; NaN for an image of NaN."""
    largest = np.abs(mean).reshape(len(mean), -1).max(axis=1)
    # At least the noise: divided by their own maximum alone, faint objects had pixels up to 1e5.
    divisor = np.fmax(largest, np.where(noise > 0, noise, 0.0))
    divisor = np.where(divisor > 0, divisor, 1.0)
    return np.where(np.isnan(largest), np.nan, divisor).astype(np.float32)

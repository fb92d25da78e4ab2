"""Gaussian-process images of light curves, normalised for a convolutional network."""

import numpy as np
from sklearn.base import clone

from skastro.base import LightCurveFeatures
from skastro.feature_extraction._gp import GPInterpolate
from skastro.utils.dust import extinction_magnitudes

_CHANNELS = ("mean", "std")
_NORMALIZATIONS = ("maximum", "none")


class Heatmap(LightCurveFeatures):
    """Turn light curves into normalised images of wavelength by time.

    Parameters
    ----------
    interpolator : GPInterpolate, default=None
        Makes the images, from the same `column` and `quality_column`; ``GPInterpolate()`` by
        default.

    normalization : {"maximum", "none"}, default="maximum"
        Divide each image, mean and standard deviation alike, by the maximum of its mean, as
        SCONE does [1]_, or leave it in units of flux.  Where the mean is nowhere positive its
        largest absolute value takes the place of the maximum.

    channels : tuple of str, default=("mean", "std")
        Channels to keep, in this order.

    dust : {None, "scone"}, default=None
        "scone" adds the extinction in magnitudes to the mean, for parity with SCONE's own heat
        maps only: it mixes units.  To correct for dust put
        :class:`skastro.preprocessing.Deredden` before this step.

    mwebv_column : str, default="mwebv"
        Column of `X` with E(B-V), read for ``dust="scone"``.

    brightness : bool, default=False
        Append one column with log10 of the maximum that the normalisation takes away.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    interpolator_ : GPInterpolate
        The fitted interpolator.

    output_shape_ : tuple of 3 ints
        Channels, wavelengths, times of the image.

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
    >>> float(heatmap.fit_transform(X)[0, :6].max())
    1.0
    """

    def __init__(
        self,
        interpolator=None,
        *,
        normalization="maximum",
        channels=_CHANNELS,
        dust=None,
        mwebv_column="mwebv",
        brightness=False,
        quality_column="quality",
        column="lightcurve",
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
        self.output_shape_ = (len(self.channels), *self.interpolator_.output_shape_[1:])

    def _features(self, offsets, rows, X):
        images = self.interpolator_.interpolate(X).grid
        if self.dust == "scone":
            images[:, 0] += self._extinction(X)
        maximum = _maximum(images[:, 0])
        if self.normalization == "maximum":
            images /= maximum[:, None, None, None]
        images = images[:, [_CHANNELS.index(channel) for channel in self.channels]]
        features = images.reshape(len(X), -1)
        return np.column_stack([features, np.log10(maximum)]) if self.brightness else features

    def _extinction(self, X):
        """A(lambda) in magnitudes, shape (n_objects, n_wavelengths, 1)."""
        ratio = extinction_magnitudes(self.interpolator_.wavelengths_)
        return (X[self.mwebv_column].to_numpy(float)[:, None] * ratio)[:, :, None]

    def _feature_names(self):
        names = self.interpolator_.get_feature_names_out().reshape(2, -1)
        names = [n for c in self.channels for n in names[_CHANNELS.index(c)]]
        return [*names, "log10_maximum"] if self.brightness else names

    def _required_columns(self):
        return (self.mwebv_column,) if self.dust == "scone" else ()

    def _check_parameters(self):
        unknown = [c for c in self.channels if c not in _CHANNELS]
        if unknown or not self.channels:
            raise ValueError(f"Heatmap: channels={self.channels} must be among {_CHANNELS}")
        if self.normalization not in _NORMALIZATIONS:
            raise ValueError(
                f"Heatmap: normalization={self.normalization!r} is not one of {_NORMALIZATIONS}"
            )
        if self.dust not in (None, "scone"):
            raise ValueError(f"Heatmap: dust={self.dust!r} is neither None nor 'scone'")


def _maximum(mean):
    """Positive scale of each image; NaN for an image of NaN, 1 for one of zeros."""
    flat = mean.reshape(len(mean), -1)
    maximum = flat.max(axis=1)
    largest = np.abs(flat).max(axis=1)
    scale = np.where(maximum > 0, maximum, np.where(largest > 0, largest, 1.0))
    return np.where(np.isnan(maximum), np.nan, scale).astype(np.float32)

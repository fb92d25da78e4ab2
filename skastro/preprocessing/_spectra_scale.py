"""Scale of the flux of spectra."""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skastro.base import SpectrumTransformer
from skastro.utils.ragged import segment_ids, segment_median, segment_reduce


class NormalizeSpectrum(SpectrumTransformer):
    """Scale the flux of each spectrum by its own values.

    A spectrum whose scale is not positive, such as a flux of zeros, becomes NaN.

    Parameters
    ----------
    method : {"median", "minmax", "standard"}, default="median"
        Divide by the median; scale to [0, 1] by ``(flux - min) / (max - min)``; or scale to mean
        0 and standard deviation 1.

    window : (float, float), default=None
        Range of wavelengths [Angstrom], both ends included, whose flux sets the scale; all by
        default.

    column : str, default="spectrum"
        Nested column with the spectra.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    RemoveContinuum : Remove slow changes as well.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import NormalizeSpectrum
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"wavelength": [4000.0, 5000.0, 6000.0], "flux": [1.0, 2.0, 5.0]}
    >>> X = NestedFrame({"z": [0.1]}).assign(spectrum=nest([0, 3], rows))
    >>> scaled = NormalizeSpectrum(method="minmax").fit_transform(X)
    >>> flatten(scaled["spectrum"])[1]["flux"].tolist()
    [0.0, 0.25, 1.0]
    """

    _parameter_constraints = {
        "method": [StrOptions({"median", "minmax", "standard"})],
        "window": [tuple, list, None],
        **SpectrumTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        method: str = "median",
        window: tuple[float, float] | None = None,
        column: str = "spectrum",
    ):
        super().__init__(column=column)
        self.method = method
        self.window = window

    def _check_parameters(self):
        if self.window is not None and not self.window[0] < self.window[1]:
            raise ValueError(f"NormalizeSpectrum: window={self.window} must increase")

    def _transform_spectra(self, offsets, rows, X):
        flux = rows["flux"].astype(float)
        if self.window is not None:
            low, high = self.window
            inside = (rows["wavelength"] >= low) & (rows["wavelength"] <= high)
            flux = np.where(inside, flux, np.nan)
        shift, scale = self._scales(flux, offsets)
        scale = np.where(np.isfinite(scale) & (scale > 0), scale, np.nan)
        lengths = np.diff(offsets)
        return offsets, scaled(rows, np.repeat(1 / scale, lengths), np.repeat(shift, lengths))

    def _scales(self, flux, offsets):
        """Return shift and scale of each object; NaN are left out."""
        if self.method == "median":
            return np.zeros(len(offsets) - 1), segment_median(offsets, flux)
        if self.method == "minmax":
            low = segment_reduce(offsets, flux, np.fmin)
            return low, segment_reduce(offsets, flux, np.fmax) - low
        count = segment_reduce(offsets, np.isfinite(flux).astype(float), np.add)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = segment_reduce(offsets, np.nan_to_num(flux), np.add) / count
            square = np.nan_to_num(flux - mean[segment_ids(offsets)]) ** 2
            return mean, np.sqrt(segment_reduce(offsets, square, np.add) / count)


class ReplaceOutliers(SpectrumTransformer):
    """Replace the flux outside a range by a value.

    Parameters
    ----------
    low, high : float, default=-5, 100
        A flux below `low` or above `high` is replaced; the defaults belong to a flux in units of
        its median.

    value : float, default=0
        The new flux.

    column : str, default="spectrum"
        Nested column with the spectra.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    NormalizeSpectrum : Scale the flux to units of its median first.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import ReplaceOutliers
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"wavelength": [4000.0, 5000.0, 6000.0], "flux": [1.0, 200.0, -6.0]}
    >>> X = NestedFrame({"z": [0.1]}).assign(spectrum=nest([0, 3], rows))
    >>> flatten(ReplaceOutliers().fit_transform(X)["spectrum"])[1]["flux"].tolist()
    [1.0, 0.0, 0.0]
    """

    _parameter_constraints = {
        "low": [Real],
        "high": [Real],
        "value": [Real],
        **SpectrumTransformer._parameter_constraints,
    }

    def __init__(
        self,
        low: float = -5.0,
        high: float = 100.0,
        *,
        value: float = 0.0,
        column: str = "spectrum",
    ):
        super().__init__(column=column)
        self.low = low
        self.high = high
        self.value = value

    def _check_parameters(self):
        if not self.low <= self.high:
            raise ValueError(f"ReplaceOutliers: low={self.low} must not exceed high={self.high}")

    def _transform_spectra(self, offsets, rows, X):
        flux = rows["flux"]
        odd = (flux < self.low) | (flux > self.high)
        return offsets, {**rows, "flux": np.where(odd, flux.dtype.type(self.value), flux)}


class Apodize(SpectrumTransformer):
    r"""Taper both ends of the flux to zero by a cosine bell.

    The weight is :math:`\sin^2(\pi u / 2 f)` at a distance `u` from an end, in units of the
    covered range of wavelengths, that is below the fraction `f`, and 1 elsewhere [1]_.

    Parameters
    ----------
    fraction : float, default=0.05
        Share of the range that is tapered at either end.

    column : str, default="spectrum"
        Nested column with the spectra.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    RemoveContinuum : Bring the mean flux to zero first, with ``mode="subtract"``.

    References
    ----------
    .. [1] Blondin & Tonry 2007, ApJ 666, 1024, section 2.2.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import Apodize
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"wavelength": [4000.0, 5000.0, 6000.0], "flux": [1.0, 1.0, 1.0]}
    >>> X = NestedFrame({"z": [0.1]}).assign(spectrum=nest([0, 3], rows))
    >>> flatten(Apodize().fit_transform(X)["spectrum"])[1]["flux"].tolist()
    [0.0, 1.0, 0.0]
    """

    _parameter_constraints = {
        "fraction": [Interval(Real, 0, 0.5, closed="right")],
        **SpectrumTransformer._parameter_constraints,
    }

    def __init__(self, fraction: float = 0.05, *, column: str = "spectrum"):
        super().__init__(column=column)
        self.fraction = fraction

    def _transform_spectra(self, offsets, rows, X):
        x = np.where(np.isfinite(rows["flux"]), rows["wavelength"], np.nan)
        low, high = (segment_reduce(offsets, x, u) for u in (np.fmin, np.fmax))
        owner = segment_ids(offsets)
        width = np.where(high > low, high - low, np.nan)[owner]
        edge = np.minimum(x - low[owner], high[owner] - x) / width
        weight = np.sin(0.5 * np.pi * np.minimum(edge / self.fraction, 1.0)) ** 2
        return offsets, scaled(rows, np.where(np.isnan(width), 0.0, weight))


def scaled(rows, factor, shift=0.0):
    """Return the rows with ``flux = factor * (flux - shift)`` and its error scaled."""
    flux = rows["flux"]
    new = {"flux": ((flux.astype(float) - shift) * factor).astype(flux.dtype)}
    if "flux_err" in rows:
        error = rows["flux_err"]
        new["flux_err"] = (error.astype(float) * np.abs(factor)).astype(error.dtype)
    return {**rows, **new}

"""Simple statistics of light curves: the baseline that every network has to beat."""

from collections.abc import Sequence
from numbers import Real

import numpy as np

from skastro.base import LightCurveFeatures, find_bands, number_bands
from skastro.surveys import Survey
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import flatten, segment_argmax, segment_ids, segment_reduce

_PER_BAND = (
    "n_observations",
    "n_detections",
    "max_flux",
    "min_flux",
    "mean_flux",
    "std_flux",
    "max_snr",
    "rise_days",
    "fall_days",
    "fraction_above_half",
)


class LightCurveStatistics(LightCurveFeatures):
    """Describe each light curve by statistics of each band, of all bands and of the colours.

    Per band, and for all bands together: number of observations and of detections, largest and
    smallest flux, inverse-variance weighted mean flux, standard deviation of flux, largest S/N,
    days from the first detection to the maximum and from the maximum to the last detection, and
    the share of observations above half of the maximum.  For neighbouring bands: the ratio of
    the largest fluxes as ``asinh(max) - asinh(max)``.  A statistic that does not exist is NaN.

    Parameters
    ----------
    min_snr : float, default=5
        Signal-to-noise ratio that a detection exceeds where the light curves have no field
        ``detected``.

    bands : sequence of str, default=None
        Bands in the order of the output; by default those of the training objects, sorted.
        Observations in other bands count only for all bands together.

    survey : str or Survey, default=None
        Survey that defines the bands and the PHOTFLAG bits, so that "ztfg" is "g"; by default
        names are compared as they are.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    bands_ : list of str
        Bands in the order of the output.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    Heatmap : Images for a convolutional network.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.feature_extraction import LightCurveStatistics
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [0.0, 5.0, 9.0], "band": ["g", "r", "g"],
    ...         "flux": [10.0, 30.0, 20.0], "flux_err": [1.0, 1.0, 1.0]}
    >>> X = NestedFrame({"z": [0.1]}).assign(lightcurve=nest([0, 3], rows))
    >>> LightCurveStatistics().set_output(transform="pandas").fit_transform(X)["max_flux_g"].item()
    20.0
    """

    _parameter_constraints = {
        "min_snr": [Real],
        "bands": ["array-like", None],
        "survey": [str, Survey, None],
        **LightCurveFeatures._parameter_constraints,
    }

    def __init__(
        self,
        *,
        min_snr: float = 5.0,
        bands: Sequence[str] | None = None,
        survey: str | Survey | None = None,
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(quality_column=quality_column, column=column)
        self.min_snr = min_snr
        self.bands = bands
        self.survey = survey

    def _learn(self, X):
        band = flatten(X[self.column], ["band"])[1]["band"]
        self.bands_ = find_bands(band, self.bands, self.survey)

    def _features(self, offsets, rows, X):
        values = {name: rows[name] for name in ("time", "flux", "flux_err")}
        values["detected"] = is_detected(rows, self.min_snr)
        cells, known = self._by_band(offsets, rows["band"])
        by_band = _statistics(cells, {name: v[known] for name, v in values.items()})
        by_band = by_band.reshape(len(X), len(self.bands_), len(_PER_BAND))
        brightest = np.arcsinh(by_band[:, :, _PER_BAND.index("max_flux")])
        overall = _statistics(offsets, values)
        return np.hstack([by_band.reshape(len(X), -1), overall, np.diff(brightest, axis=1)])

    def _by_band(self, offsets, band):
        """Return the offsets of every band of every object, and the rows in that order."""
        n_bands = len(self.bands_)
        position = number_bands(band, self.bands_, self.survey)
        known = np.flatnonzero(position >= 0)
        cell = segment_ids(offsets)[known] * n_bands + position[known]
        counts = np.bincount(cell, minlength=(len(offsets) - 1) * n_bands)
        cells = np.concatenate([[0], np.cumsum(counts)])
        return cells, known[np.argsort(cell, kind="stable")]

    def _feature_names(self):
        per_band = [f"{name}_{band}" for band in self.bands_ for name in _PER_BAND]
        overall = [f"{name}_all" for name in _PER_BAND]
        colours = [f"colour_{b}-{a}" for a, b in zip(self.bands_, self.bands_[1:])]
        return per_band + overall + colours

    def _required_fields(self):
        return ("time", "band", "flux", "flux_err")


def _statistics(offsets, rows):
    """Return the columns of `_PER_BAND` of each segment."""
    time, flux, error = (np.asarray(rows[n], float) for n in ("time", "flux", "flux_err"))
    lengths = np.diff(offsets)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight, count = error**-2.0, np.where(lengths, lengths, np.nan)
        largest = segment_reduce(offsets, flux, np.maximum)
        mean = segment_reduce(offsets, flux, np.add) / count
        # Two passes: the mean of squares minus the squared mean loses all digits of bright sources.
        deviation = flux - np.repeat(mean, lengths)
        first, peak, last = _epochs(time, flux, rows["detected"], offsets)
        above_half = (flux > np.repeat(largest / 2, lengths)).astype(float)
        weighted = segment_reduce(offsets, flux * weight, np.add)
        columns = {
            "n_observations": lengths,
            "n_detections": segment_reduce(offsets, rows["detected"].astype(float), np.add, 0.0),
            "max_flux": largest,
            "min_flux": segment_reduce(offsets, flux, np.minimum),
            "mean_flux": weighted / segment_reduce(offsets, weight, np.add),
            "std_flux": np.sqrt(segment_reduce(offsets, deviation**2, np.add) / count),
            "max_snr": segment_reduce(offsets, flux / error, np.maximum),
            "rise_days": peak - first,
            "fall_days": last - peak,
            "fraction_above_half": segment_reduce(offsets, above_half, np.add, 0.0) / count,
        }
    return np.column_stack([columns[name] for name in _PER_BAND])


def _epochs(time, flux, detected, offsets):
    """Return the times of first detection, maximum and last detection; NaN where none exists."""
    first = segment_reduce(offsets, np.where(detected, time, np.inf), np.minimum)
    last = segment_reduce(offsets, np.where(detected, time, -np.inf), np.maximum)
    at_peak = segment_argmax(offsets, flux)
    peak = np.where(at_peak >= 0, np.append(time, np.nan)[at_peak], np.nan)
    return tuple(np.where(np.isfinite(t), t, np.nan) for t in (first, peak, last))

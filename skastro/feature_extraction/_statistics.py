"""Simple statistics of light curves: the floor that every network has to beat."""

import numpy as np

from skastro.base import LightCurveFeatures
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import flatten, segment_argmax, segment_reduce

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
        Observations in other bands count for all bands together only.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    bands_ : list of str
        Bands in the order of the output.

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

    def __init__(self, *, min_snr=5.0, bands=None, quality_column="quality", column="lightcurve"):
        super().__init__(quality_column=quality_column, column=column)
        self.min_snr = min_snr
        self.bands = bands

    def _learn(self, X):
        band = flatten(X[self.column], ["band"])[1]["band"]
        seen = band.categories[np.unique(band.codes[band.codes >= 0])]
        self.bands_ = sorted(seen) if self.bands is None else list(self.bands)

    def _features(self, offsets, rows, X):
        n_bands = len(self.bands_)
        order = np.array([self._position(band) for band in rows["band"].categories] + [-1])
        position = order[rows["band"].codes]
        object_of_row = np.repeat(np.arange(len(X)), np.diff(offsets))
        values = {name: rows[name] for name in ("time", "flux", "flux_err")}
        values["detected"] = is_detected(rows, self.min_snr)

        known = np.flatnonzero(position >= 0)
        cell = object_of_row[known] * n_bands + position[known]
        known = known[np.argsort(cell, kind="stable")]
        counts = np.bincount(cell, minlength=len(X) * n_bands)
        cells = np.concatenate([[0], np.cumsum(counts)])
        by_band = self._statistics(cells, {k: v[known] for k, v in values.items()})
        overall = self._statistics(offsets, values)

        by_band = by_band.reshape(len(X), n_bands, len(_PER_BAND))
        brightest = np.arcsinh(by_band[:, :, _PER_BAND.index("max_flux")])
        return np.hstack([by_band.reshape(len(X), -1), overall, np.diff(brightest, axis=1)])

    def _position(self, band):
        return self.bands_.index(band) if band in self.bands_ else -1

    def _statistics(self, offsets, rows):
        time, flux, error = (np.asarray(rows[n], float) for n in ("time", "flux", "flux_err"))
        lengths = np.diff(offsets)
        with np.errstate(divide="ignore", invalid="ignore"):
            snr, weight = flux / error, error**-2.0
            detected = rows["detected"]
            count = np.where(lengths, lengths, np.nan)
            largest = segment_reduce(np.maximum, flux, offsets)
            mean = segment_reduce(np.add, flux, offsets) / count
            deviation = flux - np.repeat(mean, lengths)
            first, peak, last = _epochs(time, flux, detected, offsets)
            above_half = (flux > np.repeat(largest / 2, lengths)).astype(float)
            return np.column_stack(
                [
                    lengths,
                    segment_reduce(np.add, detected.astype(float), offsets, 0.0),
                    largest,
                    segment_reduce(np.minimum, flux, offsets),
                    segment_reduce(np.add, flux * weight, offsets)
                    / segment_reduce(np.add, weight, offsets),
                    np.sqrt(segment_reduce(np.add, deviation**2, offsets) / count),
                    segment_reduce(np.maximum, snr, offsets),
                    peak - first,
                    last - peak,
                    segment_reduce(np.add, above_half, offsets, 0.0) / count,
                ]
            )

    def _feature_names(self):
        per_band = [f"{name}_{band}" for band in self.bands_ for name in _PER_BAND]
        overall = [f"{name}_all" for name in _PER_BAND]
        colours = [f"colour_{b}-{a}" for a, b in zip(self.bands_, self.bands_[1:])]
        return per_band + overall + colours

    def _required_fields(self):
        return ("time", "band", "flux", "flux_err")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _epochs(time, flux, detected, offsets):
    """Return the times of first detection, maximum and last detection; NaN where none is."""
    first = segment_reduce(np.minimum, np.where(detected, time, np.inf), offsets)
    last = segment_reduce(np.maximum, np.where(detected, time, -np.inf), offsets)
    at_peak = segment_argmax(flux, offsets)
    peak = np.where(at_peak >= 0, np.append(time, np.nan)[at_peak], np.nan)
    return tuple(np.where(np.isfinite(t), t, np.nan) for t in (first, peak, last))

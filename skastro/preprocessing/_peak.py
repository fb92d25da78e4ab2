"""Peak dates estimated from the light curves themselves."""

from numbers import Real

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from skastro.base import LightCurveTransformer, check_bands, take_known_bands
from skastro.gaussian_process import interpolate_light_curves
from skastro.surveys import Survey, get_survey
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import (
    flatten,
    keep_rows,
    segment_argmax,
    segment_count,
    segment_ids,
    sort_rows,
    take_objects,
)

_CAP = 3
_REACH = 3.0
_GP_DAYS = np.linspace(-40.0, 40.0, 41)


class EstimatePeak(LightCurveTransformer):
    r"""Estimate the peak date of each object from its light curve.

    The zero date is then the same quantity in training and prediction, whatever catalogues call
    ``peak_time``.  "snr" smooths the signal-to-noise ratios :math:`s_j` of all bands together and
    takes the observation where

    .. math:: S_i = \sum_j k_{ij} \max(s_j, 0) / \left(\sum_j k_{ij}\right)^{1/2},\quad
        k_{ij} = \exp(-(t_i - t_j)^2 / 2 w^2)

    is largest.  No :math:`s_j` counts for more than the third largest of the object, so that a
    single outlier does not set the date.  "gp" refines that date: it is where the sum over the
    bands of the mean of a Gaussian process of time and wavelength is largest within 40 days.

    Parameters
    ----------
    method : {"snr", "gp"}, default="snr"
        Smoothed signal-to-noise ratio, or Gaussian process.

    width : float, default=10
        Standard deviation `w` of the smoothing kernel in days.

    min_detections : int, default=1
        Minimum number of detections.  An object with fewer has no estimate: its date is NaN, and
        it is marked in `quality_column`.

    min_snr : float, default=5
        Signal-to-noise ratio that a detection exceeds where the light curves have no field
        ``detected``.

    survey : str or Survey, default="LSST"
        Survey that defines the bands and the PHOTFLAG bits.  Read by ``method="gp"``, which
        ignores observations in other bands with a warning.

    name : str, default="peak_time"
        Static column to write; an existing one is replaced.  Dates in the unit and zero point of
        the times.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    TriggerTime : A date for classification before the peak.
    Window : Cut the light curves around the date.

    Notes
    -----
    Against the simulated peak of 4,418 supernovae, TDEs and superluminous supernovae with three
    detections or more of an LSST simulation, "snr" has a median offset of -1.2 d and a scatter
    (1.48 times the median absolute deviation) of 4.7 d; the single observation with the largest
    S/N has -3.3 d and 7.1 d.  One added outlier of 100 sigma per object changes the offset of
    "snr" by 0.2 d, and the scatter of the single observation to 70 d.  On 585 of the objects "gp"
    has -2.6 d and 3.1 d, where "snr" has -1.1 d and 4.3 d.  With the
    compiled engine "gp" takes 0.54 ms per object of `make_light_curves`, "snr" 0.04 ms (1,000
    objects, one core).

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import EstimatePeak
    >>> from skastro.utils.ragged import nest
    >>> time, flux = [0.0, 8.0, 10.0, 12.0, 20.0, 60.0], [5.0, 20.0, 30.0, 20.0, 5.0, 99.0]
    >>> rows = {"time": time, "flux": flux, "flux_err": [1.0] * 6}
    >>> X = NestedFrame({"z": [0.1]}).assign(lightcurve=nest([0, 6], rows))
    >>> EstimatePeak().fit_transform(X)["peak_time"].tolist()
    [10.0]
    """

    _parameter_constraints = {
        "method": [StrOptions({"snr", "gp"})],
        "width": [Interval(Real, 0, None, closed="neither")],
        "min_detections": [Interval(Real, 0, None, closed="left")],
        "min_snr": [Real],
        "survey": [str, Survey],
        "name": [str],
        "quality_column": [str],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        method: str = "snr",
        *,
        width: float = 10.0,
        min_detections: int = 1,
        min_snr: float = 5.0,
        survey: str | Survey = "LSST",
        name: str = "peak_time",
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.method = method
        self.width = width
        self.min_detections = min_detections
        self.min_snr = min_snr
        self.survey = survey
        self.name = name
        self.quality_column = quality_column

    def _required_fields(self):
        return ("time", "flux", "flux_err", *(("band",) if self.method == "gp" else ()))

    def _described_columns(self):
        return (self.name,)

    def _learn(self, X):
        if self.method == "gp":
            check_bands(flatten(X[self.column], ["band"])[1]["band"], self.survey, "EstimatePeak")

    def _faults(self, offsets, rows, X):
        few = f"fewer than {self.min_detections}" if self.min_detections > 1 else "no"
        return {f"{few} detections to estimate {self.name} from": self._few(offsets, rows)}

    def _few(self, offsets, rows):
        return segment_count(offsets, is_detected(rows, self.min_snr)) < self.min_detections

    def _describe_objects(self, offsets, rows, X):
        few = self._few(offsets, rows)
        offsets, rows = _measured(offsets, rows)
        peak = smoothed_peak(offsets, rows["time"], rows["flux"] / rows["flux_err"], self.width)
        peak[few] = np.nan
        return {self.name: self._refined(offsets, rows, peak, X) if self.method == "gp" else peak}

    def _refined(self, offsets, rows, peak, X):
        """Move the dates to the maximum of the Gaussian process."""
        survey = get_survey(self.survey)
        bands = survey.wavelengths
        offsets, rows, band = take_known_bands(
            offsets, rows, bands, survey, X.index, "EstimatePeak"
        )
        known = np.flatnonzero(np.isfinite(peak))
        offsets, rows = take_objects(offsets, {**rows, "_band": band}, known)
        wavelength = np.array(list(bands.values()))[rows["_band"]]
        seen, place = np.unique(wavelength, return_inverse=True)
        # The grid has the bands of all objects of the call; only those of the object itself count.
        is_own = np.zeros((len(known), len(seen), 1), bool)
        is_own[segment_ids(offsets), place] = True
        measured = (rows["time"], wavelength, rows["flux"], rows["flux_err"])
        fit = interpolate_light_curves(
            offsets, *measured, _GP_DAYS, seen, reference=peak[known], kernel="separable"
        )
        total = np.where(is_own, fit.grid[:, 0], 0.0).sum(axis=1)
        shift = _GP_DAYS[np.nan_to_num(total, nan=-np.inf).argmax(axis=1)]
        peak[known] += np.where(np.isnan(total).any(axis=1), 0.0, shift)
        return peak


def smoothed_peak(
    offsets: NDArray, time: NDArray, snr: NDArray, width: float
) -> NDArray[np.float64]:
    """Return the time of the largest smoothed signal-to-noise ratio of each object.

    Parameters
    ----------
    offsets : ndarray of shape (n_objects + 1,)
        Object ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    time, snr : ndarray of shape (n_rows,)
        Finite, sorted by time inside each object.

    width : float
        Standard deviation of the kernel in units of `time`.

    Returns
    -------
    peak : ndarray of shape (n_objects,)
        NaN for an object without rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.preprocessing._peak import smoothed_peak
    >>> time, snr = np.arange(5.0), np.array([1.0, 2.0, 3.0, 2.0, 1.0])
    >>> smoothed_peak(np.array([0, 5]), time, snr, 1.0).tolist()
    [2.0]
    """
    snr = np.clip(snr, 0.0, _nth_largest(offsets, snr, _CAP)[segment_ids(offsets)])
    total, weight = snr.copy(), np.ones(len(snr))
    ids = segment_ids(offsets)
    for lag in range(1, int(np.diff(offsets).max(initial=0))):
        days = time[lag:] - time[:-lag]
        i = np.flatnonzero((ids[lag:] == ids[:-lag]) & (days < _REACH * width))
        if not len(i):
            break
        kernel = np.exp(-0.5 * (days[i] / width) ** 2)
        total[i] += kernel * snr[i + lag]
        total[i + lag] += kernel * snr[i]
        weight[i] += kernel
        weight[i + lag] += kernel
    best = segment_argmax(offsets, total / np.sqrt(weight))
    return np.append(time, np.nan)[best]


def _nth_largest(offsets, values, n):
    """Return the n-th largest value of each object, or its smallest where it has fewer."""
    order = sort_rows(offsets, {"values": values}, by="values")["values"]
    place = np.maximum(offsets[1:] - n, offsets[:-1])
    return np.where(np.diff(offsets) > 0, np.append(order, np.nan)[place], np.nan)


def _measured(offsets, rows):
    """Return the rows with finite measurements, as float64 sorted by time."""
    names = ("time", "flux", "flux_err")
    rows = rows | {name: rows[name].astype(float) for name in names}
    good = np.logical_and.reduce([np.isfinite(rows[name]) for name in names])
    offsets, rows = keep_rows(offsets, rows, good & (rows["flux_err"] > 0))
    return offsets, sort_rows(offsets, rows)

"""An independent Gaussian process for every band of every object."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import effective_n_jobs

from skastro.gaussian_process._api import _check_out, _check_reference, _check_rows
from skastro.gaussian_process._per_band_fit import check_settings, solve_series
from skastro.gaussian_process._status import Status
from skastro.gaussian_process._task import Model, prepare
from skastro.utils.ragged import segment_ids


@dataclass(frozen=True)
class PerBandInterpolation:
    """Fits and curves of every band of every object, NaN where there is no fit.

    Parameters
    ----------
    amplitude : ndarray of shape (n_objects, n_bands)
        Variance of the process, k(0), in squared units of flux.

    time_scale : ndarray of shape (n_objects, n_bands)
        Length scale in days.

    noise : ndarray of shape (n_objects, n_bands)
        Variance of the white noise in squared units of flux.

    mean_flux : ndarray of shape (n_objects, n_bands)
        Mean of the process; 0 for ``mean="zero"``.

    log_likelihood : ndarray of shape (n_objects, n_bands)
        Natural logarithm, with the term -n/2 ln 2 pi.

    n_evaluations : ndarray of shape (n_objects, n_bands)
        Likelihoods computed, over all starts.

    converged : ndarray of bool of shape (n_objects, n_bands)
        Whether the optimiser stopped for want of further gain.

    status : ndarray of int8 of shape (n_objects, n_bands)
        Codes of :class:`Status`; 0 is success.

    grid : ndarray of shape (n_objects, 2, n_bands, n_times)
        Channel 0 is the mean, channel 1 the standard deviation of the noise-free flux, in units
        of flux.

    Examples
    --------
    >>> from skastro.gaussian_process import interpolate_per_band
    >>> result = interpolate_per_band(
    ...     [0, 4], [0.0, 9.0, 20.0, 31.0], list("gggr"), [9.0, 8.0, 3.0, 5.0], [1.0] * 4, [5.0]
    ... )
    >>> result.mean.shape, result.failed.tolist(), result.reasons.tolist()
    ((1, 2, 1), [[0, 1]], [['', 'too few']])
    """

    amplitude: np.ndarray
    time_scale: np.ndarray
    noise: np.ndarray
    mean_flux: np.ndarray
    log_likelihood: np.ndarray
    n_evaluations: np.ndarray
    converged: np.ndarray
    status: np.ndarray
    grid: np.ndarray

    @property
    def mean(self):
        """View of channel 0."""
        return self.grid[:, 0]

    @property
    def std(self):
        """View of channel 1."""
        return self.grid[:, 1]

    @property
    def reasons(self):
        """Text of each status, empty for success."""
        labels = np.array([""] + [s.label for s in Status if s != Status.OK], dtype=object)
        return labels[self.status]

    @property
    def failed(self):
        """Pairs (object, band) without an answer, shape (n_failed, 2)."""
        return np.argwhere(self.status != Status.OK)


def interpolate_per_band(
    offsets,
    time,
    band,
    flux,
    flux_err,
    times,
    *,
    bands=None,
    reference=None,
    amplitude="free",
    time_scale=(20.0, 150.0),
    noise="free",
    mean="zero",
    error_floor=1e-6,
    min_observations=3,
    n_starts=2,
    n_jobs=None,
    out=None,
):
    r"""Fit each band of each object by itself and predict it on a grid of times.

    The covariance is :math:`A e^{-\Delta t^2 / 2\ell^2} + (\sigma_i^2 + W) \delta_{ij}`: a
    squared exponential, the squared errors of the observations, and white noise.  The three
    hyperparameters maximise the likelihood of the band.  Everything is computed in float64.

    Parameters
    ----------
    offsets : array-like of shape (n_objects + 1,)
        Object ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    time, flux, flux_err : array-like of shape (n_rows,)
        Days, and any unit of flux (or magnitudes) for the last two; errors of zero leave all
        scatter to the white noise.

    band : array-like or Categorical of shape (n_rows,)
        Name of the band of each row.

    times : array-like of shape (n_times,)
        Days after the reference of each object.

    bands : sequence, default=None
        The bands to interpolate, in the order of the result; rows of other bands play no part.
        By default all that occur, sorted.

    reference : array-like of shape (n_objects,), default=None
        Zero of `times` for each object in the units of `time`; 0 by default.

    amplitude, noise : "free", float or (float, float), default="free"
        Variances in squared units of flux, free, fixed or bounded.  Free means within a factor
        exp(10) of the variance of the band, and between 1e-10 and 4 times its squared maximum.

    time_scale : "free", float or (float, float), default=(20, 150)
        In days; free means between 1 and 1000.

    mean : {"zero", "constant"}, default="zero"
        Mean of the process; a constant is estimated by generalised least squares.

    error_floor : float, default=1e-6
        Errors below this fraction of the band's largest absolute flux are raised to it.

    min_observations : int, default=3
        Bands with fewer are not fitted.

    n_starts : {1, 2, 3}, default=2
        Begin at a scale of 20 days, also at 100, also at 3, and keep the best end; three are
        worth their time where `time_scale` is free.

    n_jobs : int, default=None
        Threads as in joblib.

    out : ndarray of shape (n_objects, 2, n_bands, n_times), default=None
        Array to write into, for example a memory map; float64 by default.

    Returns
    -------
    result : PerBandInterpolation
        Mean, standard deviation and fits; `status` says which bands have none and why.

    Raises
    ------
    ValueError
        The arrays do not fit together or an option is unknown; never for a single object.

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams (2006), Gaussian Processes for Machine Learning,
    equations 2.31, 5.8 and 5.9; Y. Sharma et al. (2024), arXiv:2412.08601.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process import interpolate_per_band
    >>> time = np.arange(0.0, 100.0, 5.0)
    >>> flux = 100 * np.exp(-0.5 * ((time - 40) / 20) ** 2)
    >>> result = interpolate_per_band(
    ...     [0, 20], time, ["g"] * 20, flux, np.ones(20), [40.0], bands=["g", "r"]
    ... )
    >>> result.mean[0].round().tolist(), result.reasons[0].tolist()
    ([[100.0], [nan]], ['', 'no observations'])
    """
    model = Model(mean=mean, error_floor=error_floor, min_observations=min_observations)
    model.check()
    settings = {"amplitude": amplitude, "time_scale": time_scale, "noise": noise}
    check_settings(settings, n_starts)
    data = _check_rows(offsets, time, np.zeros(len(time)), flux, flux_err)
    n_objects = len(data[0]) - 1
    times = _check_times(times)
    codes, n_bands = _band_codes(band, bands, len(data[1]))
    out = _check_out(out, (n_objects, 2, n_bands, len(times)), np.float64)
    starts, columns = _split(data, codes, n_bands)
    reference = np.repeat(_check_reference(reference, n_objects), n_bands)
    batch = prepare(starts, *columns, reference, model)
    result = _empty(n_objects, n_bands, batch.status, out)
    solve_series(
        result, batch, model.constant_mean, settings, n_starts, times, effective_n_jobs(n_jobs)
    )
    return result


def _check_times(times):
    times = np.asarray(times, np.float64)
    if times.ndim != 1 or len(times) == 0 or not np.isfinite(times).all():
        raise ValueError("times must be one row of finite numbers")
    return times


def _band_codes(band, bands, n_rows):
    """Return the number of each row's band, -1 for those not asked for, and how many there are."""
    band = pd.Categorical(band)
    if len(band) != n_rows:
        raise ValueError(f"band has {len(band)} entries while there are {n_rows} rows")
    if (band.codes < 0).any():
        raise ValueError(f"band is missing in row {np.flatnonzero(band.codes < 0)[0]}")
    if bands is None:
        bands = sorted(band.categories[np.unique(band.codes)])
    elif isinstance(bands, str) or len(set(bands)) < len(bands):
        raise ValueError(f"bands={bands!r} is not a sequence of different bands")
    of_category = pd.Index(bands).get_indexer(band.categories)
    return of_category[band.codes] if n_rows else np.zeros(0, int), len(bands)


def _split(data, codes, n_bands):
    """Return offsets and columns in which every band of every object is one series."""
    offsets, *columns = data
    series = np.where(codes < 0, -1, segment_ids(offsets) * n_bands + codes)
    order = np.argsort(series, kind="stable")[np.count_nonzero(codes < 0) :]
    counts = np.bincount(series[order], minlength=(len(offsets) - 1) * n_bands)
    return np.concatenate([[0], np.cumsum(counts)]), [column[order] for column in columns]


def _empty(n_objects, n_bands, status, out):
    shape = n_objects, n_bands
    numbers = [np.full(shape, np.nan) for _ in range(5)]
    out[:] = np.nan
    flags = np.zeros(shape, np.int32), np.zeros(shape, bool), status.reshape(shape)
    return PerBandInterpolation(*numbers, *flags, out)

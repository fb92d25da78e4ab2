"""An independent Gaussian process for every band of every object."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike, NDArray

from skastro.gaussian_process._arguments import (
    Limits,
    Model,
    band_codes,
    check_choice,
    check_out,
    check_points,
    check_reference,
    check_rows,
    limits,
)
from skastro.gaussian_process._ascent import Optima, maximize
from skastro.gaussian_process._batch import AMPLITUDE_RANGE, prepare, tasks
from skastro.gaussian_process._engine import Problem, choose_engine, one_blas_thread, run_engine
from skastro.gaussian_process._rbf import RBFSeries
from skastro.gaussian_process._results import PerBandInterpolation, Status
from skastro.utils.ragged import row_numbers, segment_ids, segment_reduce, take_objects

TIME_BOUNDS = (1.0, 1000.0)
NOISE_BOUNDS = (1e-10, 4.0)
STARTS = ((20.0, 0.005), (100.0, 0.02), (3.0, 0.02))
ELEMENTS_A_BLOCK = 100_000


def interpolate_per_band(
    offsets: ArrayLike,
    time: ArrayLike,
    band: ArrayLike,
    flux: ArrayLike,
    flux_err: ArrayLike,
    times: ArrayLike,
    *,
    bands: Sequence | None = None,
    reference: ArrayLike | None = None,
    kernel: str = "rbf",
    amplitude: Limits = "free",
    time_scale: Limits = (20.0, 150.0),
    noise: Limits = "free",
    mean: str = "zero",
    error_floor: float = 1e-6,
    min_observations: int = 3,
    n_starts: int = 2,
    engine: str = "auto",
    n_jobs: int | None = None,
    out: NDArray | None = None,
) -> PerBandInterpolation:
    r"""Fit each band of each object independently and predict it on a grid of times.

    The covariance is :math:`A k(\Delta t / \ell) + (\sigma_i^2 + W) \delta_{ij}`: a squared
    exponential :math:`k(x) = e^{-x^2 / 2}` or a Matern kernel
    :math:`k(x) = (1 + \sqrt 3 x) e^{-\sqrt 3 x}`, the squared errors of the observations, and white
    noise.  The three hyperparameters maximise the likelihood of the band.  Everything is computed
    in float64.

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
        The bands to interpolate, in the order of the result; rows of other bands are ignored.
        By default all that occur, sorted.

    reference : array-like of shape (n_objects,), default=None
        Zero of `times` of each object, in the units of `time`; 0 by default.

    kernel : {"rbf", "matern32"}, default="rbf"
        Squared exponential, at the third power of the rows of a band, or Matern-3/2, linear in
        them.

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
        Bands with fewer observations are not fitted.

    n_starts : {1, 2, 3}, default=2
        Start at a scale of 20 days, also at 100, also at 3, and keep the best optimum; three are
        worth the time if `time_scale` is free.

    engine : {"auto", "numba", "numpy"}, default="auto"
        Implementation of ``kernel="matern32"``.

    n_jobs : int, default=None
        Number of threads, as in joblib.

    out : ndarray of shape (n_objects, 2, n_bands, n_times), default=None
        Array to write into, such as a memory map; float64 by default.

    Returns
    -------
    result : PerBandInterpolation
        Mean, standard deviation and fits; `status` shows which bands have none, and why.

    Raises
    ------
    ValueError
        The arrays do not match or an option is unknown; never because of a single object.

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
    check_choice("kernel", kernel, ("rbf", "matern32"))
    settings = {"amplitude": amplitude, "time_scale": time_scale, "noise": noise}
    _check_settings(settings, n_starts)
    data = check_rows(offsets, time, np.zeros(np.size(time)), flux, flux_err)
    n_objects = len(data[0]) - 1
    times = check_points("times", times)
    codes, n_bands = band_codes(band, bands, len(data[1]))
    out = check_out(out, (n_objects, 2, n_bands, len(times)), np.float64)
    starts, (time, zeros, flux, flux_err) = _split(data, codes, n_bands)
    reference = np.repeat(check_reference(reference, n_objects), n_bands)
    batch = prepare(starts, time, zeros, flux, flux_err, reference, model)
    result = _empty(n_objects, n_bands, batch.status, out)
    boxes = _boxes(batch, model.constant_mean, settings, n_starts)
    if kernel == "rbf":
        blocks, solve = list(_blocks(batch, len(times))), _solve_rbf
    else:
        blocks, solve = tasks(batch), partial(_solve_matern, choose_engine(engine, len(data[1])))
    _solve_blocks(result, batch, blocks, partial(solve, batch, model, boxes, times), n_jobs)
    return result


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


def _check_settings(settings, n_starts):
    """Raise ValueError for invalid limits of hyperparameters or numbers of starts."""
    if n_starts not in range(1, len(STARTS) + 1):
        raise ValueError(f"n_starts={n_starts!r} is not one of 1, 2, 3")
    for name, setting in settings.items():
        _band_limits(name, setting, None)


def _solve_blocks(result, batch, blocks, solve, n_jobs):
    """Fit and predict blocks of series and write them into `result`, in place."""
    n_jobs = effective_n_jobs(n_jobs)
    with one_blas_thread(), ThreadPoolExecutor(n_jobs) as pool:
        each = pool.map if n_jobs > 1 else map
        for block, solved in zip(blocks, each(solve, blocks)):
            _write(result, block, batch.scale[block], *solved, np.diff(batch.offsets)[block])


def _solve_matern(engine, batch, model, boxes, times, block):
    """Return optima, mean fluxes and grid of a block of series by the linear-time engine."""
    model = replace(model, kernel="separable", white_noise=True)
    problem = Problem(batch, *boxes, model, (times, np.zeros(1)), np.dtype(np.float64))
    theta, mean_flux, value, counts, converged, solved, grid = run_engine(engine, problem, block)
    optima = Optima(theta, np.where(solved, value, -np.inf), counts, converged & solved)
    return optima, mean_flux, grid[:, :, 0]


def _write(result, block, scale, optima, mean_flux, grid, lengths):
    where = np.unravel_index(block, result.status.shape)
    numbers = np.exp(optima.theta)
    result.amplitude[where] = numbers[:, 0] * scale**2
    result.time_scale[where] = np.sqrt(numbers[:, 1])
    result.noise[where] = numbers[:, 2] * scale**2
    result.mean_flux[where] = mean_flux * scale
    result.log_likelihood[where] = optima.value - lengths * np.log(scale)
    result.n_evaluations[where], result.converged[where] = optima.n_evaluations, optima.converged
    result.grid[where[0], :, where[1]] = grid * scale[:, None, None]
    lost = tuple(index[~np.isfinite(optima.value)] for index in where)
    result.status[lost] = Status.SINGULAR
    result.grid[lost[0], :, lost[1]] = np.nan
    for name in ("amplitude", "time_scale", "noise", "mean_flux", "log_likelihood"):
        getattr(result, name)[lost] = np.nan


def _solve_rbf(batch, model, boxes, times, block):
    """Return optima, mean fluxes and grid of a block of series by dense matrices."""
    starts, low, high = boxes
    series = _gather(batch, block, model.constant_mean)
    climbs = [maximize(series.evaluate, s[block], low[block], high[block]) for s in starts]
    best = np.argmax([optima.value for optima in climbs], axis=0)
    each = np.arange(len(block))
    chosen = [np.stack(column)[best, each] for column in zip(*climbs)]
    chosen[2] = np.sum([optima.n_evaluations for optima in climbs], axis=0)
    optima = Optima(*chosen)
    solution = series.solve(optima.theta, each)
    return optima, solution.mean_flux, series.predict(optima.theta, solution, times)


def _gather(batch, block, constant_mean):
    """Copy the series of a block into one rectangle."""
    names = ("time", "flux", "variance")
    rows = {name: getattr(batch, name) for name in names}
    offsets, rows = take_objects(batch.offsets, rows, block)
    length = np.diff(offsets)
    place = segment_ids(offsets), row_numbers(offsets)
    # Not the longest of the block: a result would depend on which series are beside it.
    filled = {name: np.ones((len(block), _padded(length).max())) for name in names}
    for name in names:
        filled[name][place] = rows[name]
    return RBFSeries(**filled, length=length, constant_mean=constant_mean)


def _padded(length):
    """Round lengths up by an eighth at most, so that few different ones remain."""
    step = 1 << np.maximum(np.frexp(length)[1] - 4, 0)
    return -(-length // step) * step


def _blocks(batch, n_times):
    """Yield the usable series by padded length, few enough at a time to stay in the cache."""
    usable = batch.usable
    padded = _padded(np.diff(batch.offsets)[usable])
    order = np.argsort(padded, kind="stable")
    for size in np.unique(padded):
        own = usable[order[slice(*np.searchsorted(padded[order], [size, size + 1]))]]
        n_at_once = max(1, int(ELEMENTS_A_BLOCK // (size * max(size, n_times / 4))))
        yield from np.split(own, range(n_at_once, len(own), n_at_once))


def _boxes(batch, constant_mean, settings, n_starts):
    """Return starts (n_starts, n_series, 3) and boxes (n_series, 3) in units of `batch.scale`."""
    variance = _variances(batch, constant_mean)
    around = np.log(variance) + np.array([[-AMPLITUDE_RANGE], [AMPLITUDE_RANGE]])
    unit = 2 * np.log(batch.scale)
    with np.errstate(divide="ignore"):
        metric = 2 * np.log(_band_limits("time_scale", settings["time_scale"], TIME_BOUNDS))
        limits = [
            _variance_limits("amplitude", settings["amplitude"], around, unit),
            np.broadcast_to(metric[:, None], around.shape),
            _variance_limits("noise", settings["noise"], np.log(NOISE_BOUNDS)[:, None], unit),
        ]
    low, high = np.stack([np.broadcast_to(limit, around.shape) for limit in limits], axis=2)
    starts = []
    for days, share in STARTS[:n_starts]:
        scale = np.full_like(variance, 2 * np.log(days))
        start = np.column_stack([np.log(variance), scale, np.log(share * variance)])
        starts.append(np.clip(start, low, high))
    return np.array(starts), low, high


def _variance_limits(name, setting, free, unit):
    """Return the logarithms of the limits, (2, n_series), in units of the scaled flux."""
    if isinstance(setting, str):
        return free
    return np.log(_band_limits(name, setting, None))[:, None] - unit


def _band_limits(name, setting, free):
    """Return the limits of a hyperparameter in natural units; the noise alone may be zero."""
    is_number = not isinstance(setting, str)
    if name == "noise" and is_number and np.array_equal(np.ravel(setting), [0.0]):
        return 0.0, 0.0
    return limits(name, setting, free)


def _variances(batch, constant_mean):
    """Return the mean square of each series about the mean of the process, one where unusable."""
    lengths = np.maximum(np.diff(batch.offsets), 1)
    flux = batch.flux
    if constant_mean:
        center = segment_reduce(batch.offsets, flux, np.add, empty=0.0) / lengths
        flux = flux - np.repeat(center, np.diff(batch.offsets))
    square = segment_reduce(batch.offsets, flux**2, np.add, empty=0.0) / lengths
    return np.where(np.isfinite(square) & (square > 0), square, 1.0)

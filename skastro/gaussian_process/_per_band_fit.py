"""From scaled series to fits and curves, in blocks of about equal length."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from skastro.gaussian_process._ascent import maximize_all
from skastro.gaussian_process._rbf import RBFSeries
from skastro.gaussian_process._status import Status
from skastro.gaussian_process._task import AMPLITUDE_RANGE, _limits
from skastro.utils.ragged import row_numbers, segment_ids, segment_reduce, take_objects

TIME_BOUNDS = (1.0, 1000.0)
NOISE_BOUNDS = (1e-10, 4.0)
STARTS = ((20.0, 0.005), (100.0, 0.02), (3.0, 0.02))
ELEMENTS_A_BLOCK = 100_000


def check_settings(settings, n_starts):
    """Raise ValueError for limits of hyperparameters or numbers of starts that make no sense."""
    if n_starts not in range(1, len(STARTS) + 1):
        raise ValueError(f"n_starts={n_starts!r} is none of 1, 2, 3")
    for name, setting in settings.items():
        _band_limits(name, setting, None)


def solve_series(result, batch, constant_mean, settings, n_starts, times, n_jobs):
    """Fit and predict all usable series of `batch` and write them into `result`, in place."""
    theta, low, high = _boxes(batch, constant_mean, settings, n_starts)
    blocks = list(_blocks(batch, len(times)))

    def solve(block):
        return block, *_solve(
            batch, block, constant_mean, theta[:, block], low[block], high[block], times
        )

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(n_jobs) as pool:
        for block, *answer in pool.map(solve, blocks) if n_jobs > 1 else map(solve, blocks):
            _write(result, block, batch.scale[block], *answer, np.diff(batch.offsets)[block])


def _write(result, block, scale, optima, solution, grid, lengths):
    where = np.unravel_index(block, result.status.shape)
    numbers = np.exp(optima.theta)
    result.amplitude[where] = numbers[:, 0] * scale**2
    result.time_scale[where] = np.sqrt(numbers[:, 1])
    result.noise[where] = numbers[:, 2] * scale**2
    result.mean_flux[where] = solution.mean_flux * scale
    result.log_likelihood[where] = optima.value - lengths * np.log(scale)
    result.n_evaluations[where], result.converged[where] = optima.n_evaluations, optima.converged
    result.grid[where[0], :, where[1]] = grid * scale[:, None, None]
    lost = tuple(index[~np.isfinite(optima.value)] for index in where)
    result.status[lost] = Status.SINGULAR
    result.grid[lost[0], :, lost[1]] = np.nan
    for name in ("amplitude", "time_scale", "noise", "mean_flux", "log_likelihood"):
        getattr(result, name)[lost] = np.nan


def _solve(batch, block, constant_mean, theta, low, high, times):
    series = _gather(batch, block, constant_mean)
    climbs = [maximize_all(series.evaluate, start, low, high) for start in theta]
    best = np.argmax([optima.value for optima in climbs], axis=0)
    each = np.arange(len(block))
    chosen = [np.stack(column)[best, each] for column in zip(*climbs)]
    chosen[2] = np.sum([optima.n_evaluations for optima in climbs], axis=0)
    optima = type(climbs[0])(*chosen)
    solution = series.solve(optima.theta, each)
    return optima, solution, series.predict(optima.theta, solution, times)


def _gather(batch, block, constant_mean):
    """Copy the series of a block into one rectangle."""
    names = ("time", "flux", "variance")
    rows = {name: getattr(batch, name) for name in names}
    offsets, rows = take_objects(batch.offsets, rows, block)
    length = np.diff(offsets)
    place = segment_ids(offsets), row_numbers(offsets)
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
    """Return the logarithms of climbs limits, (2, n_series), in units of the scaled flux."""
    if isinstance(setting, str):
        return free
    return np.log(_band_limits(name, setting, None))[:, None] - unit


def _band_limits(name, setting, free):
    """Return the limits of a hyperparameter in natural units; the noise alone may be zero."""
    is_number = not isinstance(setting, str)
    if name == "noise" and is_number and np.array_equal(np.ravel(setting), [0.0]):
        return 0.0, 0.0
    return _limits(name, setting, free)


def _variances(batch, constant_mean):
    """Return the mean square of each series about the mean of the process, one where unusable."""
    lengths = np.maximum(np.diff(batch.offsets), 1)
    flux = batch.flux
    if constant_mean:
        center = segment_reduce(np.add, flux, batch.offsets, empty=0.0) / lengths
        flux = flux - np.repeat(center, np.diff(batch.offsets))
    square = segment_reduce(np.add, flux**2, batch.offsets, empty=0.0) / lengths
    return np.where(np.isfinite(square) & (square > 0), square, 1.0)

"""Posterior samples of one light curve, and the loop over objects.

Dense for any kernel, by Kronecker factors for the separable one.
"""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from scipy.linalg.lapack import dpotrf, dpotrs, dtrtrs

from skastro.gaussian_process._arguments import (
    Model,
    check_reference,
    mark_hyperparameters,
    stack_hyperparameters,
)
from skastro.gaussian_process._batch import prepare
from skastro.gaussian_process._dense import make_process
from skastro.gaussian_process._engine import one_blas_thread
from skastro.gaussian_process._kernels import VALUE
from skastro.gaussian_process._results import Status
from skastro.utils.random import as_generator

JITTERS = (0.0, *10.0 ** np.arange(-12, -5))


def factorise(covariance, unit):
    """Return the lower Cholesky factor, with the least jitter in `unit` that it takes, or None.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process._draw import factorise
    >>> factorise(np.ones((2, 2)), 1.0).round(3).tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """
    for jitter in JITTERS:
        raised = covariance.copy()
        np.einsum("ii->i", raised)[:] += jitter * unit
        factor, info = dpotrf(raised.T, lower=1, overwrite_a=1, clean=1)
        if info == 0:
            return factor
    return None


def draw_dense(rows, state, kernel, times, wavelengths, n_samples, generator):
    """Return draws at points (times, wavelengths), shape (n_samples, n_points), or None.

    Mean and covariance are those of Rasmussen and Williams (2006), equation 2.24.
    """
    if len(times) == 0:
        return np.empty((n_samples, 0))
    amplitude = np.exp(state.theta[0])
    cross = amplitude * _correlation(state, kernel, rows[0], rows[1], times, wavelengths)
    covariance = amplitude * _correlation(state, kernel, times, wavelengths, times, wavelengths)
    whitened = dtrtrs(state.factor, cross, lower=1)[0]
    covariance -= whitened.T @ whitened
    factor = factorise(covariance, amplitude)
    if factor is None:
        return None
    mean = state.weights @ cross + state.mean_flux
    return mean + generator.standard_normal((n_samples, len(times))) @ factor.T


def draw_separable(rows, state, times, wavelengths, n_samples, generator):
    """Return draws on a grid, shape (n_samples, n_wavelengths, n_times), or None.

    A draw of the prior on (grid and observed wavelengths) x (grid and observed dates) becomes one
    of the posterior by Matheron's rule, Wilson et al. (2020), equation 12.
    """
    time, wavelength, flux, variance = rows
    all_times, place = np.unique(np.concatenate([times, time]), return_inverse=True)
    all_bands, band = np.unique(np.concatenate([wavelengths, wavelength]), return_inverse=True)
    in_time = _correlation_1d(all_times, state.theta[1])
    in_band = _correlation_1d(all_bands, state.theta[2])
    factors = factorise(in_band, 1.0), factorise(in_time, 1.0)
    if factors[0] is None or factors[1] is None:
        return None
    normal = generator.standard_normal((n_samples, len(all_bands), len(all_times)))
    prior = np.exp(0.5 * state.theta[0]) * (factors[0] @ normal @ factors[1].T)
    n_bands, n_times = len(wavelengths), len(times)
    noise = np.sqrt(variance) * generator.standard_normal((n_samples, len(time)))
    observed = prior[:, band[n_bands:], place[n_times:]] + noise
    missing = dpotrs(state.factor, (flux - state.mean_flux - observed).T, lower=1)[0]
    spread = np.zeros((n_samples, len(all_bands), len(time)))
    spread[:, band[n_bands:], np.arange(len(time))] = missing.T
    mixed = in_band[band[:n_bands]] @ spread
    correction = np.exp(state.theta[0]) * mixed @ in_time[place[n_times:]][:, place[:n_times]]
    drawn = prior[:, band[:n_bands]][:, :, place[:n_times]]
    return drawn + correction + state.mean_flux


def draw_linear(process, state, times, wavelengths, n_samples, generator):
    """Return draws at points (times, wavelengths), shape (n_samples, n_points), or None.

    Matheron's rule as in :func:`draw_separable`, in time and memory linear in rows and points: the
    draw of the prior is a path of the state-space model, the correction a filter.
    """
    at, place = np.unique(times, return_inverse=True)
    colours, colour = np.unique(wavelengths, return_inverse=True)
    all_times, when = np.unique(np.concatenate([at, process.time]), return_inverse=True)
    all_bands, band = np.unique(np.concatenate([colours, process.bands]), return_inverse=True)
    factor = factorise(_correlation_1d(all_bands, state.theta[2]), 1.0)
    if factor is None:
        return None
    paths = prior_paths(all_times, state.theta[1], (n_samples, len(all_bands)), generator)
    prior = np.exp(0.5 * state.theta[0]) * (factor @ paths)
    own = band[len(colours) :][process.band], when[len(at) :]
    noise = np.sqrt(process.variance) * generator.standard_normal((n_samples, len(process.time)))
    residual = process.flux - state.mean_flux - prior[:, own[0], own[1]] - noise
    means = process.dual_means(process.look_back(state.theta, at), state, residual)
    shares = process.shares(colours, state.theta)
    correction = np.einsum("spb,pb->sp", means[:, place], shares[colour])
    drawn = prior[:, band[: len(colours)][colour], when[: len(at)][place]]
    return drawn + correction + state.mean_flux


def prior_paths(times, log_metric, shape, generator):
    """Return paths of the process of unit amplitude at sorted times, (*shape, n_times).

    Each step adds the noise that keeps the covariance [[1, 1], [1, 2]] of the states (f, s).
    """
    steps = np.sqrt(3.0) * np.exp(-0.5 * log_metric) * np.diff(times)
    paths = np.empty((len(times), *shape))
    normal = generator.standard_normal((len(times), 2, *shape))
    f, s = normal[0, 0], normal[0, 0] + normal[0, 1]
    paths[0] = f
    for k, a in enumerate(steps, start=1):
        e = np.exp(-2.0 * a)
        var_s, cov = 2.0 - 2.0 * e, 1.0 - e * (1.0 + 2.0 * a)
        var_f = 1.0 - e * (1.0 + 2.0 * a + 2.0 * a * a)
        slope = cov / var_s
        rest = np.sqrt(max(var_f - cov * slope, 0.0))
        new_s = np.sqrt(var_s) * normal[k, 0]
        f, s = (
            np.exp(-a) * (f + a * s) + slope * new_s + rest * normal[k, 1],
            np.exp(-a) * s + new_s,
        )
        paths[k] = f
    return np.moveaxis(paths, 0, -1)


def _correlation(state, kernel, time, wavelength, times, wavelengths):
    s = 3.0 * np.exp(-state.theta[1]) * (time[:, None] - times) ** 2
    q = 3.0 * np.exp(-state.theta[2]) * (wavelength[:, None] - wavelengths) ** 2
    return VALUE[kernel](s, q)[0]


def _correlation_1d(points, log_metric):
    s = 3.0 * np.exp(-log_metric) * (points[:, None] - points) ** 2
    return VALUE["separable"](s, np.zeros((1, 1)))[0]


@dataclass
class DrawJob:
    """Checked, scaled objects with hyperparameters in the engine's units and seeds."""

    batch: object
    theta: np.ndarray
    model: Model
    seeds: np.ndarray

    @classmethod
    def check(cls, data, scales, model, reference, n_samples, random_state):
        """Return the job, or raise ValueError for arguments that make no sense."""
        if n_samples < 1:
            raise ValueError(f"n_samples={n_samples!r} is not a positive integer")
        n_objects = len(data[0]) - 1
        # A seed for every object, usable or not: samples depend neither on threads nor on which
        # fail.
        seeds = as_generator(random_state).integers(2**63, size=n_objects)
        batch = prepare(*data, check_reference(reference, n_objects), model)
        given = stack_hyperparameters(n_objects, *scales)
        theta = mark_hyperparameters(given, batch.scale, batch.status)
        return cls(batch, theta, model, seeds)

    @property
    def n_objects(self):
        """Number of objects, usable or not."""
        return len(self.theta)

    def run(self, draw, n_jobs, targets=None):
        """Yield (object, values in units of flux); record the objects without a result."""
        usable = self.batch.usable
        with one_blas_thread():
            pool = Parallel(n_jobs, prefer="threads", return_as="generator")
            extra = [()] * self.n_objects if targets is None else [(t,) for t in targets]
            drawn = pool(delayed(self._one)(draw, i, *extra[i]) for i in usable)
            for i, values in zip(usable, drawn):
                if values is None:
                    self.batch.status[i] = Status.SINGULAR
                else:
                    yield i, values * self.batch.scale[i]

    def _one(self, draw, i, *target):
        rows = self.batch.rows(i)
        process = make_process(rows, self.model)
        state = process.evaluate(self.theta[i])
        if state is None:
            return None
        return draw(process, rows, state, np.random.default_rng(self.seeds[i]), *target)

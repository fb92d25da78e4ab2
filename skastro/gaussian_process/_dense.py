"""Engine without compilation: NumPy arrays, one object after the other.

Dense matrices and LAPACK; for the separable kernel and more than `LINEAR_FROM` rows the algorithm
that is linear in the rows.
"""

from typing import NamedTuple

import numpy as np

from skastro.gaussian_process._ascent import maximize
from skastro.gaussian_process._likelihood import Likelihood
from skastro.gaussian_process._linear import LinearProcess
from skastro.gaussian_process._predict import predict

LINEAR_FROM = 1000


class Optimum(NamedTuple):
    """Best state of one object, evaluations over all starts, and whether the ascent converged."""

    state: object
    n_evaluations: int
    converged: bool


def solve_object(rows, starts, low, high, model, grid, out):
    """Fit one object from each start, keep the best, and predict when `out` is given.

    Parameters
    ----------
    rows : tuple of ndarray
        Time, wavelength, flux, variance.

    starts : ndarray of shape (n_starts, 3)
        First points; with ``low is None`` the only one is used as it is.

    low, high : ndarray of shape (3,) or None
        Box of the fit, or None to evaluate at the start.

    model : Model
        Kernel and mean.

    grid : tuple of ndarray or None
        Times and wavelengths.

    out : ndarray of shape (2, n_wavelengths, n_times) or None
        Receives mean and standard deviation.

    Returns
    -------
    optimum : Optimum or None
        None when the covariance is singular.
    """
    process = make_process(rows, model)
    optimum = _best(process, np.atleast_2d(starts), low, high)
    if optimum is None or out is None:
        return optimum
    if isinstance(process, LinearProcess):
        process.predict(optimum.state, *grid, out)
    else:
        predict(rows[0], rows[1], optimum.state, model.kernel, *grid, out)
    return optimum


def make_process(rows, model):
    """Return the likelihood of one object, by whichever algorithm is faster for its length."""
    if model.white_noise or (model.kernel == "separable" and len(rows[0]) > LINEAR_FROM):
        return LinearProcess(*rows, model.constant_mean, model.white_noise)
    return Likelihood(*rows, model.kernel, model.constant_mean)


def _best(process, starts, low, high):
    if low is None:
        state = process.evaluate(starts[0])
        return None if state is None else Optimum(state, 1, True)
    boxes = [np.tile(bound, (len(starts), 1)) for bound in (low, high)]
    optima = maximize(_Objective(process), starts, *boxes)
    best = np.argmax(optima.value)
    state = process.evaluate(optima.theta[best])
    if state is None:
        return None
    return Optimum(state, int(optima.n_evaluations.sum()), bool(optima.converged[best]))


class _Objective:
    """The likelihood of one object as the ascent calls it, one start after the other."""

    def __init__(self, process):
        self.process = process

    def __call__(self, theta, problems):
        parts = [self._at(point) for point in theta]
        value, gradient, average = (np.stack(part) for part in zip(*parts))
        return value, gradient, average, None

    def _at(self, theta):
        state = self.process.evaluate(theta)
        if state is None:
            return -np.inf, np.zeros(3), np.zeros((3, 3))
        return state.value, *self.process.local_model(state)

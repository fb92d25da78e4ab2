"""Trust-region Newton ascent; the rules of a step are those of the NumPy engine, compiled."""

import numpy as np
from numba import njit
from numba.extending import overload

from skastro.gaussian_process import _optimize
from skastro.gaussian_process._compiled._likelihood import differentiate, evaluate

MAX_EVALUATIONS = _optimize.MAX_EVALUATIONS
TOLERANCE, NEGLIGIBLE = _optimize.TOLERANCE, _optimize.NEGLIGIBLE
FIRST_RADIUS = _optimize.FIRST_RADIUS
LARGEST_RADIUS, LARGEST_SHARE = _optimize.LARGEST_RADIUS, _optimize.LARGEST_SHARE
FAR_SCALE = _optimize.FAR_SCALE

overload(_optimize.solve_positive)(lambda matrix, vector: _optimize.solve_positive)
overload(_optimize.inverse_square_curvature)(
    lambda matrix, slope: _optimize.inverse_square_curvature
)
overload(_optimize.step_with_last)(lambda matrix, slope, last: _optimize.step_with_last)
free_parameters = njit(cache=True)(_optimize.free_parameters)
newton_step = njit(cache=True)(_optimize.newton_step)
corrected = njit(cache=True)(_optimize.corrected)
updated = njit(cache=True)(_optimize.updated)
adapt = njit(cache=True)(_optimize.adapt)


@njit(cache=True)
def climb(rows, theta, low, high, separable, constant_mean, point, spare, local):
    """Move `theta` to a local maximum; see :func:`skastro.gaussian_process._optimize.maximize`.

    Returns
    -------
    point, spare : Point
        The first belongs to `theta`.

    value, mean_flux : float
        Log likelihood (-inf if the start is singular) and mean.

    n_evaluations : int
    converged : bool
    """
    n_parameters = 3 if low[2] < high[2] else 2
    value, mean_flux = evaluate(rows, theta, separable, constant_mean, point)
    if not np.isfinite(value):
        return point, spare, value, mean_flux, 1, False
    differentiate(rows, point, mean_flux, n_parameters, local)
    damping, radius, correction = 0.0, FIRST_RADIUS, np.zeros((3, 3))
    for n_evaluations in range(2, MAX_EVALUATIONS + 1):
        gradient, average = local.gradient, local.information
        if not (np.isfinite(gradient).all() and np.isfinite(average).all()):
            return point, spare, value, mean_flux, n_evaluations - 1, False
        free = free_parameters(theta, gradient, low, high)
        matrix = corrected(average, correction, free)
        step, promised = newton_step(theta, gradient, matrix, free, low, high, damping, radius)
        if promised < NEGLIGIBLE:
            return point, spare, value, mean_flux, n_evaluations - 1, True
        trial, trial_mean = evaluate(rows, theta + step, separable, constant_mean, spare)
        damping, radius = adapt(trial - value, promised, step, damping, radius)
        is_better = trial > value
        if is_better:
            theta += step
            value, mean_flux, previous = trial, trial_mean, gradient.copy()
            point, spare = spare, point
        if promised < TOLERANCE:
            return point, spare, value, mean_flux, n_evaluations, True
        if is_better:
            differentiate(rows, point, mean_flux, n_parameters, local)
            correction = updated(correction, local.information, previous - local.gradient, step)
    return point, spare, value, mean_flux, MAX_EVALUATIONS, False

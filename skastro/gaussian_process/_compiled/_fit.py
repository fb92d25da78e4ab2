"""Trust-region Newton ascent; the rules of a step are those of the NumPy engine, compiled."""

import numpy as np
from numba import njit

from skastro.gaussian_process import _optimize
from skastro.gaussian_process._compiled._likelihood import (
    differentiate,
    evaluate,
    observed_correction,
)

MAX_EVALUATIONS = _optimize.MAX_EVALUATIONS
TOLERANCE = _optimize.TOLERANCE
FIRST_RADIUS = _optimize.FIRST_RADIUS
EXACT_EVERY = _optimize.EXACT_EVERY

free_parameters = njit(cache=True)(_optimize.free_parameters)
newton_step = njit(cache=True)(_optimize.newton_step)
promised_gain = njit(cache=True)(_optimize.promised_gain)
corrected = njit(cache=True)(_optimize.corrected)
is_finished = njit(cache=True)(_optimize.is_finished)
adapt = njit(cache=True)(_optimize.adapt)


@njit(cache=True)
def climb(lapack, rows, theta, low, high, separable, constant_mean, point, spare, local):
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
    value, mean_flux = evaluate(lapack, rows, theta, separable, constant_mean, point)
    if not np.isfinite(value):
        return point, spare, value, mean_flux, 1, False
    damping, radius, n_accepted, is_new = 0.0, FIRST_RADIUS, 0, True
    correction = np.zeros((3, 3))
    for n_evaluations in range(2, MAX_EVALUATIONS + 1):
        if is_new:
            differentiate(lapack, rows, point, mean_flux, n_parameters, local)
            gradient, information = local.gradient, local.information
            free = free_parameters(theta, gradient, low, high)
            if n_accepted and n_accepted % EXACT_EVERY == 0:
                correction = observed_correction(rows, theta, separable, point, n_parameters, local)
            information = corrected(information, correction, free)
            if not (np.isfinite(gradient).all() and np.isfinite(information).all()):
                return point, spare, value, mean_flux, n_evaluations - 1, False
        step = newton_step(theta, gradient, information, free, low, high, damping, radius)
        promised = promised_gain(gradient, information, step)
        if promised <= 1e-13:
            return point, spare, value, mean_flux, n_evaluations - 1, True
        trial, trial_mean = evaluate(lapack, rows, theta + step, separable, constant_mean, spare)
        gain = trial - value
        finished = is_finished(gain, promised, step, TOLERANCE)
        damping, radius = adapt(gain, promised, step, damping, radius)
        is_new = gain > 0.0
        if is_new:
            theta += step
            value, mean_flux, n_accepted = trial, trial_mean, n_accepted + 1
            point, spare = spare, point
        if finished:
            return point, spare, value, mean_flux, n_evaluations, True
    return point, spare, value, mean_flux, MAX_EVALUATIONS, False

"""Trust-region Newton ascent with the average-information matrix, inside a box.

The rules of one step are plain functions of small arrays; the numba engine compiles them as they
stand, so that both engines take the same path.
"""

from typing import NamedTuple

import numpy as np

MAX_EVALUATIONS = 60
TOLERANCE = 1e-5
FIRST_RADIUS, LARGEST_RADIUS = 1.5, 4.0
EXACT_EVERY = 3


class Optimum(NamedTuple):
    """Result of :func:`maximize`."""

    state: object
    n_evaluations: int
    converged: bool


def maximize(likelihood, start, low, high):
    """Climb from `start` to a local maximum of the log likelihood.

    The matrix of each step is the average information, which needs no product of matrices and is
    always positive definite.  At every third accepted step its difference from the exact Hessian
    is computed, and added from then on wherever the sum is positive definite.

    Parameters
    ----------
    likelihood : Likelihood
        The function of theta.

    start, low, high : ndarray of shape (3,)
        First point and box; a parameter with ``low == high`` is fixed.

    Returns
    -------
    optimum : Optimum or None
        None when the covariance has no Cholesky factor at `start`.

    References
    ----------
    A. R. Gilmour, R. Thompson and B. R. Cullis (1995), Biometrics 51, 1440, for the average
    information.
    """
    state = likelihood.evaluate(start)
    if state is None:
        return None
    damping, radius, n_accepted = 0.0, FIRST_RADIUS, 0
    box, correction = (low, high), np.zeros((3, 3))
    free, gradient, information, correction = _local_model(
        likelihood, state, *box, n_accepted, correction
    )
    for n_evaluations in range(2, MAX_EVALUATIONS + 1):
        if not (np.isfinite(gradient).all() and np.isfinite(information).all()):
            return Optimum(state, n_evaluations - 1, False)
        step = newton_step(state.theta, gradient, information, free, low, high, damping, radius)
        promised = promised_gain(gradient, information, step)
        if promised <= 1e-13:
            return Optimum(state, n_evaluations - 1, True)
        trial = likelihood.evaluate(state.theta + step)
        gain = trial.value - state.value if trial is not None else -np.inf
        if is_finished(gain, promised, step, TOLERANCE):
            return Optimum(trial if gain > 0.0 else state, n_evaluations, True)
        damping, radius = adapt(gain, promised, step, damping, radius)
        if gain > 0.0:
            state, n_accepted = trial, n_accepted + 1
            free, gradient, information, correction = _local_model(
                likelihood, state, *box, n_accepted, correction
            )
    return Optimum(state, MAX_EVALUATIONS, False)


def _local_model(likelihood, state, low, high, n_accepted, correction):
    slopes = likelihood.slopes(state)
    gradient = likelihood.gradient(state, slopes)
    free = free_parameters(state.theta, gradient, low, high)
    information = likelihood.average_information(slopes)
    if n_accepted and n_accepted % EXACT_EVERY == 0:
        correction = likelihood.observed_information(state, slopes) - information
    return free, gradient, corrected(information, correction, free), correction


def free_parameters(theta, gradient, low, high):
    """Return 1.0 for parameters that may move, 0.0 for fixed ones and those held at a bound."""
    held_low = (theta <= low + 1e-12) & (gradient < 0.0)
    held_high = (theta >= high - 1e-12) & (gradient > 0.0)
    return np.where(held_low | held_high | (low >= high), 0.0, 1.0)


def newton_step(theta, gradient, information, free, low, high, damping, radius):
    """Return the damped step of the free parameters, cut to the radius and to the box."""
    matrix = information * free * free.reshape(-1, 1)
    matrix += np.diag(damping * np.diag(matrix) + 1e-10 + (1.0 - free))
    step = np.linalg.solve(matrix, gradient * free)
    longest = np.abs(step).max()
    if longest > radius:
        step *= radius / longest
    return np.minimum(np.maximum(theta + step, low), high) - theta


def promised_gain(gradient, information, step):
    """Return what the quadratic model gains by the step."""
    return np.sum(gradient * step) - 0.5 * np.sum(information * step * step.reshape(-1, 1))


def corrected(information, correction, free):
    """Return the corrected matrix if that of its free parameters is safely positive definite."""
    exact = information + correction
    if not np.isfinite(exact).all():
        return information
    matrix = exact * free * free.reshape(-1, 1) + np.diag(1.0 - free)
    scale = np.sqrt(np.abs(np.diag(matrix))) + 1e-12
    is_positive = np.linalg.eigvalsh(matrix / scale / scale.reshape(-1, 1))[0] > 1e-6
    return exact if is_positive else information


def is_finished(gain, promised, step, tolerance):
    """Say whether no later step can gain more than the tolerance."""
    if gain > 0.0:
        return promised < tolerance and gain > 0.2 * promised
    return promised < 0.01 * tolerance or np.abs(step).max() < 1e-9


def adapt(gain, promised, step, damping, radius):
    """Return damping and radius after a step: looser where the model was right."""
    if gain <= 0.0:
        return max(4.0 * damping, 0.1), 0.3 * np.abs(step).max()
    if gain > 0.5 * promised:
        damping = 0.2 * damping if damping > 1e-3 else 0.0
    if gain > 0.7 * promised:
        radius = min(2.0 * radius, LARGEST_RADIUS)
    return damping, radius

"""Trust-region Newton ascent with the average-information matrix, inside a box."""

from typing import NamedTuple

import numpy as np

MAX_EVALUATIONS = 60
TOLERANCE = 1e-5
FIRST_RADIUS, LARGEST_RADIUS = 1.5, 4.0
AVERAGE_STEPS = 4


class Optimum(NamedTuple):
    """Result of :func:`maximize`."""

    state: object
    n_evaluations: int
    converged: bool


def maximize(likelihood, start, low, high, max_evaluations=MAX_EVALUATIONS, tolerance=TOLERANCE):
    """Climb from `start` to a local maximum of the log likelihood.

    The first steps use the average information, which needs no product of matrices and is always
    positive definite; later ones the exact Hessian wherever it is positive definite.

    Parameters
    ----------
    likelihood : Likelihood
        The function of theta.

    start, low, high : ndarray of shape (3,)
        First point and box; a parameter with ``low == high`` is fixed.

    max_evaluations : int, default=60
        Stop without convergence after so many evaluations.

    tolerance : float, default=1e-5
        Converged when a good step promised less than this gain.

    Returns
    -------
    optimum : Optimum or None
        None when the covariance has no Cholesky factor at `start`.
    """
    state = likelihood.evaluate(start)
    if state is None:
        return None
    n_evaluations, damping, radius = 1, 0.0, FIRST_RADIUS
    n_accepted = 0
    gradient, information = _local_model(likelihood, state, low, high, n_accepted)
    while n_evaluations < max_evaluations:
        step = _step(state.theta, gradient, information, low, high, damping, radius)
        promised = gradient @ step - 0.5 * step @ information @ step
        if promised <= 1e-13:
            return Optimum(state, n_evaluations, True)
        trial = likelihood.evaluate(state.theta + step)
        n_evaluations += 1
        gain = trial.value - state.value if trial is not None else -np.inf
        ratio = gain / promised
        if gain > 0.0:
            state, n_accepted = trial, n_accepted + 1
            if promised < tolerance and ratio > 0.2:
                return Optimum(state, n_evaluations, True)
            damping, radius = _relax(damping, radius, ratio)
            gradient, information = _local_model(likelihood, state, low, high, n_accepted)
        else:
            size = np.abs(step).max()
            if promised < 0.01 * tolerance or size < 1e-9:
                return Optimum(state, n_evaluations, True)
            damping, radius = max(4.0 * damping, 0.1), 0.3 * size
    return Optimum(state, n_evaluations, False)


def _local_model(likelihood, state, low, high, n_accepted):
    slopes = likelihood.slopes(state)
    gradient = likelihood.gradient(state, slopes)
    if n_accepted >= AVERAGE_STEPS:
        exact = likelihood.observed_information(state, slopes)
        if _is_positive(exact, _free(state.theta, gradient, low, high)):
            return gradient, exact
    return gradient, likelihood.average_information(slopes)


def _free(theta, gradient, low, high):
    """Parameters that are not held at their bound by the gradient."""
    held_low = (theta <= low + 1e-12) & (gradient < 0)
    held_high = (theta >= high - 1e-12) & (gradient > 0)
    return ~(held_low | held_high) & (low < high)


def _is_positive(matrix, free):
    inside = matrix[np.ix_(free, free)]
    scale = np.sqrt(np.abs(inside.diagonal())) + 1e-12
    return inside.size > 0 and np.linalg.eigvalsh(inside / np.outer(scale, scale))[0] > 1e-6


def _step(theta, gradient, information, low, high, damping, radius):
    step = np.zeros(len(theta))
    free = _free(theta, gradient, low, high)
    if not free.any():
        return step
    inside = information[np.ix_(free, free)]
    inside = inside + np.diag(damping * inside.diagonal() + 1e-10)
    step[free] = np.linalg.solve(inside, gradient[free])
    step *= min(1.0, radius / np.abs(step).max())
    return np.clip(theta + step, low, high) - theta


def _relax(damping, radius, ratio):
    if ratio > 0.5:
        damping = 0.2 * damping if damping > 1e-3 else 0.0
    if ratio > 0.7:
        radius = min(2.0 * radius, LARGEST_RADIUS)
    return damping, radius

"""Trust-region Newton ascent with the average-information matrix, inside a box.

The rules of one step are plain functions of small arrays; the numba engine compiles them as they
stand, so that both engines take the same path.
"""

from typing import NamedTuple

import numpy as np

MAX_EVALUATIONS = 60
TOLERANCE, NEGLIGIBLE = 1e-5, 2e-7
FIRST_RADIUS, LARGEST_RADIUS = 1.5, 4.0
FAR_SCALE, LARGEST_SHARE = 2 * np.log(60_000.0), 0.98


class Optimum(NamedTuple):
    """Result of :func:`maximize`."""

    state: object
    n_evaluations: int
    converged: bool


def maximize(likelihood, start, low, high):
    """Climb from `start` to a local maximum of the log likelihood.

    The matrix of each step is the average information, which needs no product of matrices and is
    always positive definite, plus a correction learned from the change of the gradient along the
    accepted steps, wherever the sum is positive definite.

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
    information; J. Nocedal and S. J. Wright (2006), Numerical Optimization, section 6.2, and
    M. J. D. Powell (1970), A new algorithm for unconstrained optimization, for the updates.
    """
    state = likelihood.evaluate(start)
    if state is None:
        return None
    gradient, average = _local_model(likelihood, state)
    damping, radius, correction = 0.0, FIRST_RADIUS, np.zeros((3, 3))
    for n_evaluations in range(2, MAX_EVALUATIONS + 1):
        if not (np.isfinite(gradient).all() and np.isfinite(average).all()):
            return Optimum(state, n_evaluations - 1, False)
        free = free_parameters(state.theta, gradient, low, high)
        matrix = corrected(average, correction, free)
        step, promised = newton_step(
            state.theta, gradient, matrix, free, low, high, damping, radius
        )
        if promised < NEGLIGIBLE:
            return Optimum(state, n_evaluations - 1, True)
        trial = likelihood.evaluate(state.theta + step)
        gain = trial.value - state.value if trial is not None else -np.inf
        if promised < TOLERANCE:
            return Optimum(trial if gain > 0.0 else state, n_evaluations, True)
        damping, radius = adapt(gain, promised, step, damping, radius)
        if gain > 0.0:
            previous, state = gradient, trial
            gradient, average = _local_model(likelihood, state)
            correction = updated(correction, average, previous - gradient, step)
    return Optimum(state, MAX_EVALUATIONS, False)


def _local_model(likelihood, state):
    slopes = likelihood.slopes(state)
    return likelihood.gradient(state, slopes), likelihood.average_information(slopes)


def free_parameters(theta, gradient, low, high):
    """Return 1.0 for parameters that may move, 0.0 for fixed ones and those held at a bound."""
    free = np.ones(3)
    for k in range(3):
        held_low = theta[k] <= low[k] + 1e-12 and gradient[k] < 0.0
        held_high = theta[k] >= high[k] - 1e-12 and gradient[k] > 0.0
        if held_low or held_high or low[k] >= high[k]:
            free[k] = 0.0
    return free


def solve_positive(matrix, vector):
    """Solve a positive definite system by its Cholesky factor.

    Returns
    -------
    solution : ndarray
    pivot : float
        The smallest pivot relative to the diagonal; not positive where the system has no answer.
    """
    n = len(vector)
    factor, solution, smallest = np.zeros((n, n)), vector.copy(), 1.0
    for i in range(n):
        for j in range(i + 1):
            rest = matrix[i, j]
            for k in range(j):
                rest -= factor[i, k] * factor[j, k]
            if j < i:
                factor[i, j] = rest / factor[j, j]
                solution[i] -= factor[i, j] * solution[j]
            elif rest > 0.0:
                smallest = min(smallest, rest / matrix[i, i])
                factor[i, i] = np.sqrt(rest)
                solution[i] /= factor[i, i]
            else:
                return solution, -1.0
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            solution[i] -= factor[k, i] * solution[k]
        solution[i] /= factor[i, i]
    return solution, smallest


def newton_step(theta, gradient, information, free, low, high, damping, radius):
    """Return the damped step of the free parameters, cut to radius and box, and its promised gain.

    A wavelength scale that is large and wants to grow is stepped in its inverse square, in units
    of the present one: the likelihood is linear in that, where theta would creep to infinity.
    """
    matrix = information * free * free.reshape(-1, 1)
    for k in range(3):
        matrix[k, k] += 1.0 - free[k]
    slope = gradient * free
    grows = slope[2] > 0.0 and theta[2] > FAR_SCALE
    if grows:
        matrix[2, 2] = inverse_square_curvature(matrix, slope[2])
    damped = matrix.copy()
    for k in range(3):
        damped[k, k] += damping * matrix[k, k] + 1e-10
    step, _ = solve_positive(damped, slope)
    if grows and step[2] > LARGEST_SHARE:
        step = step_with_last(damped, slope, LARGEST_SHARE)
    step *= min(1.0, radius / max(np.abs(step).max(), 1e-300))
    promised = np.sum(slope * step) - 0.5 * np.sum(matrix * step * step.reshape(-1, 1))
    if grows:
        step[2] = -np.log1p(-step[2])
    return np.minimum(np.maximum(theta + step, low), high) - theta, promised


def step_with_last(matrix, slope, last):
    """Return the best step whose last element is given."""
    others = matrix.copy()
    others[2], others[:, 2] = 0.0, 0.0
    others[2, 2] = 1.0
    rest = slope - matrix[:, 2] * last
    rest[2] = last
    step, _ = solve_positive(others, rest)
    return step


def inverse_square_curvature(matrix, slope):
    """Return the last diagonal element in the inverse square, kept positive definite."""
    others = matrix.copy()
    others[2], others[:, 2] = 0.0, 0.0
    others[2, 2] = 1.0
    coupling = matrix[2].copy()
    coupling[2] = 0.0
    solution, _ = solve_positive(others, coupling)
    explained = np.sum(coupling * solution)
    rest = matrix[2, 2] - explained
    return explained + max(rest - slope, 0.05 * rest)


def corrected(average, correction, free):
    """Return the corrected matrix if that of its free parameters is safely positive definite."""
    exact = average + correction
    matrix = exact * free * free.reshape(-1, 1)
    for k in range(3):
        matrix[k, k] += 1.0 - free[k]
    _, pivot = solve_positive(matrix, free)
    return exact if pivot > 1e-6 else average


def updated(correction, average, change, step):
    """Return the correction after a step that lowered the gradient by `change`.

    Symmetric rank one where that is well defined, else Powell's symmetric Broyden update.
    """
    missing = change - np.sum((average + correction) * step, axis=1)
    along, squared = np.sum(missing * step), np.sum(step**2)
    if abs(along) > 0.2 * np.sqrt(np.sum(missing**2) * squared):
        return correction + missing * missing.reshape(-1, 1) / along
    cross = missing * step.reshape(-1, 1)
    outer = step * step.reshape(-1, 1)
    return correction + (cross + cross.T) / squared - along / squared**2 * outer


def adapt(gain, promised, step, damping, radius):
    """Return damping and radius after a step: looser where the model was right."""
    if gain <= 0.0:
        return max(4.0 * damping, 0.1), 0.3 * np.abs(step).max()
    if gain > 0.5 * promised:
        damping = 0.2 * damping if damping > 1e-3 else 0.0
    if gain > 0.7 * promised:
        radius = min(2.0 * radius, LARGEST_RADIUS)
    return damping, radius

"""Newton ascent with the average-information matrix for many small problems at once."""

from typing import NamedTuple

import numpy as np

MAX_EVALUATIONS = 60
TOLERANCE = 1e-5
FIRST_RADIUS, LARGEST_RADIUS = 1.5, 4.0


class Optima(NamedTuple):
    """Result of :func:`maximize_all`, one entry a problem; the value is -inf without a start."""

    theta: np.ndarray
    value: np.ndarray
    n_evaluations: np.ndarray
    converged: np.ndarray


class _Climb:
    """The state of all problems; those that are finished are not computed any more."""

    def __init__(self, evaluate, theta):
        n_problems = len(theta)
        self.theta = theta.copy()
        self.value, *self.model = evaluate(theta, np.arange(n_problems))
        self.damping, self.radius = np.zeros(n_problems), np.full(n_problems, FIRST_RADIUS)
        self.n_evaluations = np.ones(n_problems, np.int32)
        self.converged = np.zeros(n_problems, bool)
        self.active = np.flatnonzero(np.isfinite(self.value))

    def step(self, low, high):
        """Return steps of the active problems and what the quadratic model gains by them."""
        i = self.active
        theta, (gradient, average, observed) = self.theta[i], [part[i] for part in self.model]
        held = (theta <= low[i] + 1e-12) & (gradient < 0)
        held |= (theta >= high[i] - 1e-12) & (gradient > 0)
        free = ~(held | (low[i] >= high[i]))
        information = np.where(is_positive(observed, free)[:, None, None], observed, average)
        matrix = information * free[:, None, :] * free[:, :, None]
        diagonal = np.einsum("ijj->ij", matrix)
        diagonal += self.damping[i, None] * diagonal + 1e-10 + ~free
        step = np.linalg.solve(matrix, (gradient * free)[:, :, None])[:, :, 0]
        longest = np.abs(step).max(axis=1)
        step *= np.minimum(1.0, self.radius[i] / np.maximum(longest, 1e-300))[:, None]
        with np.errstate(invalid="ignore"):
            step = np.where(free, np.clip(theta + step, low[i], high[i]) - theta, 0.0)
        promised = np.einsum("ij,ij->i", gradient, step)
        promised -= 0.5 * np.einsum("ij,ijk,ik->i", step, information, step)
        return step, promised

    def accept(self, trial, step, promised):
        """Move where the trial gains, adapt damping and radius, retire what is finished."""
        i = self.active
        value, *model = trial
        gain = np.nan_to_num(value - self.value[i], nan=-np.inf)
        up, longest = gain > 0, np.abs(step).max(axis=1)
        self.n_evaluations[i] += 1
        moved = i[up]
        self.theta[moved] += step[up]
        self.value[moved] = value[up]
        for old, new in zip(self.model, model):
            old[moved] = new[up]
        good = np.where(gain > 0.5 * promised, 0.2, 1.0) * self.damping[i]
        self.damping[i] = np.where(up, good, np.maximum(4.0 * self.damping[i], 0.1))
        wider = np.minimum(self.radius[i] * np.where(gain > 0.7 * promised, 2.0, 1.0), 4.0)
        self.radius[i] = np.where(up, wider, 0.3 * longest)
        done = np.where(
            up,
            (promised < TOLERANCE) & (gain > 0.2 * promised),
            (promised < 0.01 * TOLERANCE) | (longest < 1e-9),
        )
        self.retire(done)

    def retire(self, done):
        """Mark active problems as converged and drop them."""
        self.converged[self.active[done]] = True
        self.active = self.active[~done]


def is_positive(matrices, free):
    """Say which matrices are safely positive definite in their free parameters."""
    masked = matrices * free[:, None, :] * free[:, :, None]
    scale = np.sqrt(np.abs(np.einsum("ijj->ij", masked))) + 1e-12
    masked = masked / scale[:, None, :] / scale[:, :, None]
    np.einsum("ijj->ij", masked)[:] += ~free
    usable = np.isfinite(masked).all(axis=(1, 2))
    return usable & (np.linalg.eigvalsh(np.where(usable[:, None, None], masked, 0.0))[:, 0] > 1e-6)


def maximize_all(evaluate, start, low, high):
    """Climb from each start to a local maximum inside its box.

    Parameters
    ----------
    evaluate : callable
        ``evaluate(theta, problems)`` with theta of shape (m, n_parameters) and the numbers of
        the m problems returns values (m,), gradients (m, n_parameters), and two matrices
        (m, n_parameters, n_parameters): the average information, always positive definite, and
        minus the Hessian, used where it is so too.  The value is -inf where there is none.

    start, low, high : ndarray of shape (n_problems, n_parameters)
        First points and boxes; a parameter with ``low == high`` is fixed.

    Returns
    -------
    optima : Optima
        Best points, values, numbers of evaluations and flags of convergence.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process._ascent import maximize_all
    >>> def parabola(theta, problems):
    ...     curvature = np.full((len(theta), 1, 1), 2.0)
    ...     return -((theta - 3.0) ** 2)[:, 0], -2 * (theta - 3.0), curvature, curvature
    >>> maximize_all(parabola, np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), 9.0)).theta
    array([[3.]])
    """
    climb = _Climb(evaluate, start)
    for _ in range(MAX_EVALUATIONS - 1):
        if not len(climb.active):
            break
        step, promised = climb.step(low, high)
        finished = promised <= 1e-13
        climb.retire(finished)
        step, promised = step[~finished], promised[~finished]
        if len(step):
            trial = evaluate(climb.theta[climb.active] + step, climb.active)
            climb.accept(trial, step, promised)
    return Optima(climb.theta, climb.value, climb.n_evaluations, climb.converged)

"""Trust-region Newton ascent with the average-information matrix, inside a box.

The matrix of each step is the average information, which is always positive semidefinite, plus a
correction: the exact difference to the Hessian where a problem knows it, otherwise one learned
from the change of the gradient along the accepted steps.

Every rule is written element by element and keeps the parameters in the first axis, so that the
same functions serve one problem, arrays of shape (3,), and many at once, (3, n_problems).  The
numba engines compile the former.

References
----------
A. R. Gilmour, R. Thompson and B. R. Cullis (1995), Biometrics 51, 1440, for the average
information; J. Nocedal and S. J. Wright (2006), Numerical Optimization, section 6.2, and
M. J. D. Powell (1970), A new algorithm for unconstrained optimization, for the updates.
"""

from typing import NamedTuple

import numpy as np

MAX_EVALUATIONS = 60
TOLERANCE, NEGLIGIBLE = 1e-5, 2e-7
FIRST_RADIUS, LARGEST_RADIUS = 1.5, 4.0
# theta is the log of a squared scale: 60,000 Angstrom, ten times the start.
FAR_SCALE, LARGEST_SHARE = 2 * np.log(60_000.0), 0.98
VALUE, DAMPING, RADIUS, PROMISED, LONGEST, COUNT, RUNNING, UP, CONVERGED = range(9)


class Ascent(NamedTuple):
    """State of an ascent: of one problem, or with a last axis of many.

    `numbers` are the value, damping, radius, promised gain and length of the step, number of
    evaluations, and the flags: running, last step accepted, converged.
    """

    theta: np.ndarray
    low: np.ndarray
    high: np.ndarray
    gradient: np.ndarray
    average: np.ndarray
    correction: np.ndarray
    step: np.ndarray
    numbers: np.ndarray


def choose(condition, one, other):
    """Return `one` where the condition holds, else `other`; numba compiles a plain choice."""
    return np.where(condition, one, other)


def begin(ascent, value):
    """Start from the value at `theta`; gradient and average information must be set."""
    numbers = ascent.numbers
    numbers[:] = 0.0
    numbers[VALUE] = value
    numbers[RADIUS] = FIRST_RADIUS
    numbers[COUNT] = 1.0
    numbers[RUNNING] = choose(np.isfinite(value), 1.0, 0.0)


def propose(ascent):
    """Write the next step, or end an ascent that promises no further gain.

    A wavelength scale that is large and wants to grow is stepped in its inverse square, in units
    of the present one: the likelihood is linear in that, where theta would creep to infinity.
    """
    numbers, gradient, step = ascent.numbers, ascent.gradient, ascent.step
    finite = np.isfinite(gradient[0] + gradient[1] + gradient[2] + trace_of(ascent.average))
    free = free_parameters(ascent)
    matrix = safe_information(ascent, free)
    slope = gradient * free
    grows = (slope[2] > 0.0) & (ascent.theta[2] > FAR_SCALE)
    inverse_square = inverse_square_curvature(matrix, slope[2])
    matrix[2, 2] = choose(grows, inverse_square, matrix[2, 2])
    damped = matrix.copy()
    for k in range(3):
        damped[k, k] = damped[k, k] + numbers[DAMPING] * matrix[k, k] + 1e-10
    newton, _ = solve_positive(damped, slope)
    limited = step_with_last(damped, slope, LARGEST_SHARE)
    beyond = grows & (newton[2] > LARGEST_SHARE)
    for k in range(3):
        step[k] = choose(beyond, limited[k], newton[k])
    # 1e-300: a step of zero, where all parameters are held, must not divide zero by zero.
    shrink = np.minimum(1.0, numbers[RADIUS] / np.maximum(longest_of(step), 1e-300))
    for k in range(3):
        step[k] = step[k] * shrink
    numbers[PROMISED] = promised_gain(matrix, slope, step)
    step[2] = choose(grows, -np.log1p(-np.minimum(step[2], LARGEST_SHARE)), step[2])
    for k in range(3):
        moved = np.minimum(np.maximum(ascent.theta[k] + step[k], ascent.low[k]), ascent.high[k])
        # A parameter fixed at zero has the logarithm -inf.
        step[k] = choose(free[k] > 0.0, moved - ascent.theta[k], 0.0)
    numbers[LONGEST] = longest_of(step)
    enough = numbers[PROMISED] < NEGLIGIBLE
    ended = (numbers[RUNNING] > 0.0) & (enough | ~finite)
    numbers[CONVERGED] = choose(ended & finite, 1.0, numbers[CONVERGED])
    numbers[RUNNING] = choose(ended, 0.0, numbers[RUNNING])


def accept(ascent, value):
    """Move where the value has grown, adapt damping and radius, end what has converged."""
    numbers = ascent.numbers
    running = numbers[RUNNING] > 0.0
    gain, promised = value - numbers[VALUE], numbers[PROMISED]
    up = running & (gain > 0.0)
    for k in range(3):
        ascent.theta[k] = ascent.theta[k] + choose(up, ascent.step[k], 0.0)
    numbers[VALUE] = choose(up, value, numbers[VALUE])
    numbers[UP] = choose(up, 1.0, 0.0)
    numbers[COUNT] = numbers[COUNT] + choose(running, 1.0, 0.0)
    damping, radius = numbers[DAMPING], numbers[RADIUS]
    looser = choose(damping > 1e-3, 0.2 * damping, 0.0)
    looser = choose(gain > 0.5 * promised, looser, damping)
    wider = np.minimum(2.0 * radius, LARGEST_RADIUS)
    wider = choose(gain > 0.7 * promised, wider, radius)
    numbers[DAMPING] = choose(up, looser, np.maximum(4.0 * damping, 0.1))
    numbers[RADIUS] = choose(up, wider, 0.3 * numbers[LONGEST])
    done = running & (promised < TOLERANCE)
    numbers[CONVERGED] = choose(done, 1.0, numbers[CONVERGED])
    stopped = done | (numbers[COUNT] >= MAX_EVALUATIONS)
    numbers[RUNNING] = choose(stopped, 0.0, numbers[RUNNING])


def learn(ascent, gradient, average):
    """Take gradient and average information of an accepted step; update the correction.

    Symmetric rank one where that is well defined, else Powell's symmetric Broyden update.
    """
    step, correction = ascent.step, ascent.correction
    up = ascent.numbers[UP] > 0.0
    missing = np.empty_like(step)
    for k in range(3):
        missing[k] = ascent.gradient[k] - gradient[k]
        for m in range(3):
            missing[k] = missing[k] - (average[k, m] + correction[k, m]) * step[m]
    along, squared = dot(missing, step), np.maximum(dot(step, step), 1e-300)
    well_defined = np.abs(along) > 0.2 * np.sqrt(dot(missing, missing) * squared)
    divisor = choose(well_defined, along, 1.0)
    for k in range(3):
        for m in range(3):
            rank_one = missing[k] * missing[m] / divisor
            powell = (missing[k] * step[m] + missing[m] * step[k]) / squared
            powell = powell - along / squared**2 * step[k] * step[m]
            change = choose(well_defined, rank_one, powell)
            correction[k, m] = correction[k, m] + choose(up, change, 0.0)
            ascent.average[k, m] = choose(up, average[k, m], ascent.average[k, m])
        ascent.gradient[k] = choose(up, gradient[k], ascent.gradient[k])


def free_parameters(ascent):
    """Return 1.0 for parameters that may move, 0.0 for fixed ones and those held at a bound."""
    free = np.empty_like(ascent.theta)
    for k in range(3):
        theta, gradient = ascent.theta[k], ascent.gradient[k]
        held_low = (theta <= ascent.low[k] + 1e-12) & (gradient < 0.0)
        held_high = (theta >= ascent.high[k] - 1e-12) & (gradient > 0.0)
        fixed = held_low | held_high | (ascent.low[k] >= ascent.high[k])
        free[k] = choose(fixed, 0.0, 1.0)
    return free


def safe_information(ascent, free):
    """Return the corrected matrix of the free parameters where it is safely positive definite."""
    average, exact = np.empty_like(ascent.average), np.empty_like(ascent.average)
    for k in range(3):
        for m in range(3):
            both = free[k] * free[m]
            average[k, m] = ascent.average[k, m] * both
            exact[k, m] = (ascent.average[k, m] + ascent.correction[k, m]) * both
        average[k, k] = average[k, k] + 1.0 - free[k]
        exact[k, k] = exact[k, k] + 1.0 - free[k]
    _, pivot = solve_positive(exact, free)
    for k in range(3):
        for m in range(3):
            exact[k, m] = choose(pivot > 1e-6, exact[k, m], average[k, m])
    return exact


def solve_positive(matrix, vector):
    """Solve a positive definite system by its Cholesky factor.

    Returns
    -------
    solution : ndarray
        Meaningless where the matrix is not positive definite.

    pivot : float or ndarray
        The smallest pivot relative to the diagonal; not positive where there is no factor.
    """
    factor, solution, smallest = np.empty_like(matrix), vector.copy(), 1.0
    for i in range(3):
        for j in range(i + 1):
            rest = matrix[i, j] + 0.0
            for k in range(j):
                rest = rest - factor[i, k] * factor[j, k]
            if j < i:
                factor[i, j] = rest / factor[j, j]
                solution[i] = solution[i] - factor[i, j] * solution[j]
            else:
                # A pivot that is not a number counts as none.
                relative = choose(rest > 0.0, rest / np.maximum(matrix[i, i], 1e-300), -1.0)
                smallest = np.minimum(smallest, relative)
                factor[i, i] = np.sqrt(choose(rest > 0.0, rest, 1.0))
                solution[i] = solution[i] / factor[i, i]
    for i in range(2, -1, -1):
        for k in range(i + 1, 3):
            solution[i] = solution[i] - factor[k, i] * solution[k]
        solution[i] = solution[i] / factor[i, i]
    return solution, smallest


def step_with_last(matrix, slope, last):
    """Return the best step whose last element is given."""
    rest = slope - matrix[:, 2] * last
    rest[2] = last + 0.0 * rest[2]
    solution, _ = solve_positive(without_last(matrix), rest)
    return solution


def inverse_square_curvature(matrix, slope):
    """Return the last diagonal element in the inverse square, kept positive definite."""
    coupling = matrix[2].copy()
    coupling[2] = 0.0 * coupling[2]
    solution, _ = solve_positive(without_last(matrix), coupling)
    explained = dot(coupling, solution)
    rest = matrix[2, 2] - explained
    return explained + np.maximum(rest - slope, 0.05 * rest)


def without_last(matrix):
    """Return the matrix with the last row and column of the identity."""
    others = matrix.copy()
    for k in range(3):
        others[2, k] = 0.0 * others[2, k]
        others[k, 2] = 0.0 * others[k, 2]
    others[2, 2] = others[2, 2] + 1.0
    return others


def promised_gain(matrix, slope, step):
    """Return what the quadratic model gains by a step."""
    promised = dot(slope, step)
    for k in range(3):
        for m in range(3):
            promised = promised - 0.5 * matrix[k, m] * step[k] * step[m]
    return promised


def dot(a, b):
    """Return the scalar product over the parameters."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def longest_of(step):
    """Return the largest absolute element of a step."""
    return np.maximum(np.abs(step[0]), np.maximum(np.abs(step[1]), np.abs(step[2])))


def trace_of(matrix):
    """Return the sum of the diagonal."""
    return matrix[0, 0] + matrix[1, 1] + matrix[2, 2]


RULES = (
    dot,
    longest_of,
    trace_of,
    solve_positive,
    without_last,
    step_with_last,
    inverse_square_curvature,
    free_parameters,
    safe_information,
    promised_gain,
    begin,
    propose,
    accept,
    learn,
)
"""All functions above, each after those that it calls."""


class Optima(NamedTuple):
    """Result of :func:`maximize`, one entry per problem; the value is -inf without a start."""

    theta: np.ndarray
    value: np.ndarray
    n_evaluations: np.ndarray
    converged: np.ndarray


def new_ascent(theta, low, high):
    """Allocate the state of problems whose starts and boxes have the parameters last."""
    theta, low, high = (np.array(a, np.float64).T.copy() for a in (theta, low, high))
    matrices = [np.zeros((3, *theta.shape)) for _ in range(2)]
    numbers = np.zeros((9, *theta.shape[1:]))
    return Ascent(theta, low, high, np.zeros_like(theta), *matrices, np.zeros_like(theta), numbers)


def maximize(evaluate, start, low, high):
    """Climb from each start to a local maximum inside its box.

    Parameters
    ----------
    evaluate : callable
        ``evaluate(theta, problems)`` with theta of shape (m, 3) and the numbers of the m problems
        returns values (m,), gradients (m, 3), average information (m, 3, 3), positive
        semidefinite, and minus the Hessian (m, 3, 3), or None where it is not known.  The value
        is -inf where there is none.

    start, low, high : ndarray of shape (n_problems, 3)
        First points and boxes; a parameter with ``low == high`` is fixed.

    Returns
    -------
    optima : Optima
        Best points, values, numbers of evaluations and flags of convergence.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process._ascent import maximize
    >>> def parabola(theta, problems):
    ...     curvature = np.tile(2 * np.eye(3), (len(theta), 1, 1))
    ...     return -((theta - 3.0) ** 2).sum(axis=1), -2 * (theta - 3.0), curvature, None
    >>> maximize(parabola, np.zeros((1, 3)), np.zeros((1, 3)), np.full((1, 3), 9.0)).theta
    array([[3., 3., 3.]])
    """
    ascent = new_ascent(start, low, high)
    active = np.arange(len(start))
    value, gradient, average, observed = _evaluate(evaluate, ascent.theta, active)
    ascent.gradient[:], ascent.average[:] = gradient, average
    if observed is not None:
        ascent.correction[:] = observed - average
    begin(ascent, value)
    with np.errstate(all="ignore"):
        while True:
            propose(ascent)
            active = np.flatnonzero(ascent.numbers[RUNNING])
            if not len(active):
                break
            _climb(evaluate, ascent, active)
    theta, numbers = ascent.theta.T.copy(), ascent.numbers
    counts, converged = numbers[COUNT].astype(np.int32), numbers[CONVERGED] > 0
    return Optima(theta, numbers[VALUE].copy(), counts, converged)


def _climb(evaluate, ascent, active):
    """Evaluate the proposed steps of the active problems and take them in."""
    part = Ascent(*(np.ascontiguousarray(array[..., active]) for array in ascent))
    value, gradient, average, observed = _evaluate(evaluate, part.theta + part.step, active)
    accept(part, value)
    learn(part, gradient, average)
    if observed is not None:
        up = part.numbers[UP] > 0
        part.correction[..., up] = (observed - average)[..., up]
    for whole, own in zip(ascent, part):
        whole[..., active] = own


def _evaluate(evaluate, theta, problems):
    """Call `evaluate` with parameters last and return what it returns with parameters first."""
    value, gradient, average, observed = evaluate(np.ascontiguousarray(theta.T), problems)
    value = np.where(np.isnan(value), -np.inf, value)
    matrices = [None if m is None else np.moveaxis(m, 0, -1) for m in (average, observed)]
    return value, np.moveaxis(gradient, 0, -1), *matrices

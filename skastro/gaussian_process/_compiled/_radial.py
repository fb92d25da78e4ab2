"""Radial Matern-3/2 process of one object, dense: likelihood, gradient, information, ascent.

Formulas as in :mod:`skastro.gaussian_process._likelihood`, without temporary arrays.  Rates are
``sqrt(3) / scale``.  Two things decide whether a loop becomes vectors: arrays must be C-contiguous
for the compiler (``a[i][first:]``, not ``a[i, first:]``), and rows that are written need constant
indices.
"""

from typing import NamedTuple

import numpy as np

from skastro.gaussian_process import _ascent
from skastro.gaussian_process._compiled import _rules  # noqa: F401
from skastro.gaussian_process._compiled._exp import LOOSE, exp_negative
from skastro.gaussian_process._compiled._triangles import (
    factorize,
    invert_transposed,
    padded,
    solve_in_place,
    square_upper,
)
from skastro.utils.compiled import inner

LOG_2PI = np.log(2.0 * np.pi)
VALUE, COUNT, RUNNING, UP, CONVERGED = (
    _ascent.VALUE,
    _ascent.COUNT,
    _ascent.RUNNING,
    _ascent.UP,
    _ascent.CONVERGED,
)


class Rows(NamedTuple):
    """Observations of one object, each of shape (n,)."""

    time: np.ndarray
    wavelength: np.ndarray
    flux: np.ndarray
    variance: np.ndarray


class Point(NamedTuple):
    """What is known at one theta: Cholesky factor, slopes and weights alpha.

    Matrices are padded to a multiple of eight rows, the factor by those of the identity.
    """

    factor: np.ndarray
    slopes: np.ndarray
    weights: np.ndarray


class Local(NamedTuple):
    """Gradient and average information, and what they were computed from.

    The inverse factor is the transposed one, zero below its diagonal.
    """

    inverse_factor: np.ndarray
    inverse: np.ndarray
    vectors: np.ndarray
    whitened: np.ndarray
    gradient: np.ndarray
    information: np.ndarray


@inner()
def rates_of(theta):
    """Return amplitude, time rate and wavelength rate of the log hyperparameters."""
    root = np.sqrt(3.0)
    return np.exp(theta[0]), root * np.exp(-0.5 * theta[1]), root * np.exp(-0.5 * theta[2])


@inner(fastmath=LOOSE)
def fill_radial(time, wavelength, rates, value, time_slope, wavelength_slope):
    """Fill lower triangles of the radial kernel and its slopes."""
    amplitude, time_rate, wavelength_rate = rates
    for i in range(len(time)):
        for j in range(i + 1):
            a = (time[i] - time[j]) * time_rate
            b = (wavelength[i] - wavelength[j]) * wavelength_rate
            s, q = a * a, b * b
            r = np.sqrt(s + q)
            decay = amplitude * exp_negative(-r)
            value[i, j] = decay + decay * r
            time_slope[i, j] = 0.5 * decay * s
            wavelength_slope[i, j] = 0.5 * decay * q


@inner()
def fill_lower(rows, theta, value, slopes):
    """Fill the lower triangles of the covariance and of its slopes in the two log scales."""
    fill_radial(rows.time, rows.wavelength, rates_of(theta), value, slopes[0], slopes[1])
    for i in range(len(rows.time)):
        value[i, i] += rows.variance[i]


@inner()
def new_point(n):
    """Allocate a `Point`."""
    n_padded = padded(n)
    factor = np.empty((n_padded, n_padded))
    factor[n:] = 0.0
    for i in range(n, n_padded):
        factor[i, i] = 1.0
    return Point(factor, np.empty((2, n_padded, n_padded)), np.empty(n))


@inner()
def new_local(n):
    """Allocate a `Local`."""
    shape = padded(n), padded(n)
    information = np.zeros((3, 3))
    vectors = np.zeros((2, 3, n))
    return Local(np.zeros(shape), np.empty(shape), vectors[0], vectors[1], np.zeros(3), information)


@inner()
def evaluate(rows, theta, constant_mean, point):
    """Fill `point`; return log likelihood (-inf if singular) and mean flux."""
    n = len(rows.flux)
    fill_lower(rows, theta, point.factor, point.slopes)
    if not factorize(point.factor):
        return -np.inf, 0.0
    mean_flux = 0.0
    if constant_mean:
        point.weights[:] = 1.0
        solve_in_place(point.factor, point.weights)
        total = 0.0
        for i in range(n):
            mean_flux += point.weights[i] * rows.flux[i]
            total += point.weights[i]
        mean_flux /= total
    for i in range(n):
        point.weights[i] = rows.flux[i] - mean_flux
    solve_in_place(point.factor, point.weights)
    value = -0.5 * n * LOG_2PI
    for i in range(n):
        value -= 0.5 * (rows.flux[i] - mean_flux) * point.weights[i] + np.log(point.factor[i, i])
    return (value if np.isfinite(value) else -np.inf), mean_flux


@inner(fastmath=True)
def dot(a, b, n):
    """Return the scalar product of the first `n` elements."""
    total = 0.0
    for i in range(n):
        total += a[i] * b[i]
    return total


@inner(fastmath=True)
def slope_terms(slope, inverse, vector, out):
    """Write ``slope @ vector`` and return the trace of ``inverse @ slope``.

    Both matrices are symmetric and known by their lower triangles.
    """
    out[:] = 0.0
    trace = 0.0
    for i in range(len(vector)):
        row, other, value = slope[i], inverse[i], vector[i]
        total, common = 0.0, 0.0
        for j in range(i):
            total += row[j] * vector[j]
            common += row[j] * other[j]
            out[j] += row[j] * value
        out[i] += total + row[i] * value
        trace += 2.0 * common + row[i] * other[i]
    return trace


@inner(fastmath=True)
def transposed_times(upper, vectors, out):
    """Write the products of a transposed upper triangle and three vectors."""
    out[:] = 0.0
    for j in range(vectors.shape[1]):
        row, a, b, c = upper[j], vectors[0, j], vectors[1, j], vectors[2, j]
        add_scaled_rows(row[j:], (a, b, c), (out[0][j:], out[1][j:], out[2][j:]))


@inner(inline="always")
def add_scaled_rows(row, factors, out):
    """Add `row` times each of three factors to three vectors."""
    a, b, c = factors
    x, y, z = out
    for k in range(len(x)):
        x[k] += a * row[k]
        y[k] += b * row[k]
        z[k] += c * row[k]


@inner()
def differentiate(rows, point, mean_flux, n_parameters, local):
    """Fill `local` with gradient and average information of the first `n_parameters`."""
    n = len(rows.flux)
    invert_transposed(point.factor, local.inverse_factor)
    square_upper(local.inverse_factor, local.inverse)
    trace = float(n)
    first = local.vectors[0]
    for i in range(n):
        trace -= local.inverse[i, i] * rows.variance[i]
        first[i] = rows.flux[i] - mean_flux - rows.variance[i] * point.weights[i]
    local.gradient[0] = 0.5 * (dot(point.weights, local.vectors[0], n) - trace)
    for k in range(1, n_parameters):
        vector = local.vectors[k]
        trace = slope_terms(point.slopes[k - 1], local.inverse, point.weights, vector)
        local.gradient[k] = 0.5 * (dot(point.weights, vector, n) - trace)
    transposed_times(local.inverse_factor, local.vectors, local.whitened)
    for k in range(n_parameters):
        for m in range(n_parameters):
            local.information[k, m] = 0.5 * dot(local.whitened[k], local.whitened[m], n)


@inner()
def climb(rows, theta, low, high, constant_mean, point, spare, local):
    """Move `theta` to a local maximum; see :mod:`skastro.gaussian_process._ascent`.

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
    value, mean_flux = evaluate(rows, theta, constant_mean, point)
    if not np.isfinite(value):
        return point, spare, value, mean_flux, 1, False
    differentiate(rows, point, mean_flux, n_parameters, local)
    correction = np.zeros((3, 3))
    numbers = np.zeros(9)
    ascent = _ascent.Ascent(
        theta,
        low,
        high,
        local.gradient.copy(),
        local.information.copy(),
        correction,
        np.zeros(3),
        numbers,
    )
    _ascent.begin(ascent, value)
    while True:
        _ascent.propose(ascent)
        if numbers[RUNNING] == 0.0:
            break
        trial, trial_mean = evaluate(rows, theta + ascent.step, constant_mean, spare)
        _ascent.accept(ascent, trial)
        if numbers[UP] > 0.0:
            mean_flux = trial_mean
            point, spare = spare, point
        if numbers[RUNNING] == 0.0:
            break
        if numbers[UP] > 0.0:
            differentiate(rows, point, mean_flux, n_parameters, local)
            _ascent.learn(ascent, local.gradient, local.information)
    return point, spare, numbers[VALUE], mean_flux, int(numbers[COUNT]), numbers[CONVERGED] > 0.0

"""Log marginal likelihood, gradient and information; formulas as in the NumPy `_likelihood`."""

from typing import NamedTuple

import numpy as np
from numba import njit

from skastro.gaussian_process._compiled._kernels import fill_lower
from skastro.gaussian_process._compiled._triangles import (
    factorize,
    invert_transposed,
    padded,
    solve_in_place,
    square_upper,
)

LOG_2PI = np.log(2.0 * np.pi)


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
    """Gradient and average information with what they were made of.

    The inverse factor is the transposed one, zero below its diagonal.
    """

    inverse_factor: np.ndarray
    inverse: np.ndarray
    vectors: np.ndarray
    whitened: np.ndarray
    gradient: np.ndarray
    information: np.ndarray


@njit(cache=True)
def new_point(n):
    """Allocate a `Point`."""
    n_padded = padded(n)
    factor = np.empty((n_padded, n_padded))
    factor[n:] = 0.0
    for i in range(n, n_padded):
        factor[i, i] = 1.0
    return Point(factor, np.empty((2, n_padded, n_padded)), np.empty(n))


@njit(cache=True)
def new_local(n):
    """Allocate a `Local`."""
    shape = padded(n), padded(n)
    information = np.zeros((3, 3))
    vectors = np.zeros((2, 3, n))
    return Local(np.zeros(shape), np.empty(shape), vectors[0], vectors[1], np.zeros(3), information)


@njit(cache=True)
def evaluate(rows, theta, separable, constant_mean, point):
    """Fill `point`; return log likelihood (-inf if singular) and mean flux."""
    n = len(rows.flux)
    fill_lower(rows, theta, separable, point.factor, point.slopes)
    if not factorize(point.factor):
        return -np.inf, 0.0
    mean_flux = 0.0
    if constant_mean:
        point.weights[:] = 1.0
        solve_in_place(point.factor, point.weights)
        mean_flux = np.sum(point.weights * rows.flux) / np.sum(point.weights)
    point.weights[:] = rows.flux - mean_flux
    solve_in_place(point.factor, point.weights)
    value = -0.5 * n * LOG_2PI
    for i in range(n):
        value -= 0.5 * (rows.flux[i] - mean_flux) * point.weights[i] + np.log(point.factor[i, i])
    return (value if np.isfinite(value) else -np.inf), mean_flux


@njit(cache=True, fastmath=True)
def dot(a, b, n):
    """Return the scalar product of the first `n` elements."""
    total = 0.0
    for i in range(n):
        total += a[i] * b[i]
    return total


@njit(cache=True, fastmath=True)
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


@njit(cache=True, fastmath=True)
def transposed_times(upper, vectors, out):
    """Write the products of a transposed upper triangle and three vectors."""
    out[:] = 0.0
    for j in range(vectors.shape[1]):
        row, a, b, c = upper[j], vectors[0, j], vectors[1, j], vectors[2, j]
        add_scaled_rows(row[j:], (a, b, c), (out[0][j:], out[1][j:], out[2][j:]))


@njit(inline="always")
def add_scaled_rows(row, factors, out):
    """Add `row` times each of three factors to three vectors."""
    a, b, c = factors
    x, y, z = out
    for k in range(len(x)):
        x[k] += a * row[k]
        y[k] += b * row[k]
        z[k] += c * row[k]


@njit(cache=True)
def differentiate(rows, point, mean_flux, n_parameters, local):
    """Fill `local` with gradient and average information of the first `n_parameters`."""
    n = len(rows.flux)
    invert_transposed(point.factor, local.inverse_factor)
    square_upper(local.inverse_factor, local.inverse)
    trace = float(n)
    for i in range(n):
        trace -= local.inverse[i, i] * rows.variance[i]
    local.vectors[0] = rows.flux - mean_flux - rows.variance * point.weights
    local.gradient[0] = 0.5 * (dot(point.weights, local.vectors[0], n) - trace)
    for k in range(1, n_parameters):
        vector = local.vectors[k]
        trace = slope_terms(point.slopes[k - 1], local.inverse, point.weights, vector)
        local.gradient[k] = 0.5 * (dot(point.weights, vector, n) - trace)
    transposed_times(local.inverse_factor, local.vectors, local.whitened)
    for k in range(n_parameters):
        for m in range(n_parameters):
            local.information[k, m] = 0.5 * dot(local.whitened[k], local.whitened[m], n)

"""Log marginal likelihood, gradient and information; formulas as in the NumPy `_likelihood`."""

from typing import NamedTuple

import numpy as np
from numba import njit

from skastro.gaussian_process._compiled._kernels import (
    fill_lower,
    rates_of,
    sum_radial_curvature,
    sum_separable_curvature,
)
from skastro.gaussian_process._compiled._lapack import factorize, invert, solve_factor

LOG_2PI = np.log(2.0 * np.pi)


class Rows(NamedTuple):
    """Observations of one object, each of shape (n,)."""

    time: np.ndarray
    wavelength: np.ndarray
    flux: np.ndarray
    variance: np.ndarray


class Point(NamedTuple):
    """What is known at one theta: Cholesky factor, slopes (2, n, n) and weights alpha."""

    factor: np.ndarray
    slopes: np.ndarray
    weights: np.ndarray


class Local(NamedTuple):
    """Gradient and average information with what they were made of."""

    inverse: np.ndarray
    vectors: np.ndarray
    gradient: np.ndarray
    information: np.ndarray


@njit(cache=True)
def new_point(n):
    """Allocate a `Point`."""
    return Point(np.empty((n, n)), np.empty((2, n, n)), np.empty(n))


@njit(cache=True)
def new_local(n):
    """Allocate a `Local`."""
    return Local(np.empty((n, n)), np.empty((3, n)), np.zeros(3), np.zeros((3, 3)))


@njit(cache=True)
def evaluate(lapack, rows, theta, separable, constant_mean, point):
    """Fill `point`; return log likelihood (-inf if singular) and mean flux."""
    n = len(rows.flux)
    fill_lower(rows, theta, separable, point.factor, point.slopes)
    if not factorize(lapack, point.factor):
        return -np.inf, 0.0
    mean_flux = 0.0
    if constant_mean:
        point.weights[:] = 1.0
        solve_factor(lapack, point.factor, point.weights)
        mean_flux = np.sum(point.weights * rows.flux) / np.sum(point.weights)
    point.weights[:] = rows.flux - mean_flux
    solve_factor(lapack, point.factor, point.weights)
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
def symmetric_times(lower, vector, out):
    """Write the product of a symmetric matrix, known by its lower triangle, and a vector."""
    out[:] = 0.0
    for i in range(len(vector)):
        row = lower[i]
        total = 0.0
        for j in range(i):
            total += row[j] * vector[j]
            out[j] += row[j] * vector[i]
        out[i] += total + row[i] * vector[i]


@njit(cache=True)
def trace_product(a, b):
    """Return the trace of the product of two symmetric matrices known by lower triangles."""
    total = 0.0
    for i in range(len(a)):
        total += 2.0 * dot(a[i], b[i], i) + a[i, i] * b[i, i]
    return total


@njit(cache=True)
def differentiate(lapack, rows, point, mean_flux, n_parameters, local):
    """Fill `local` with gradient and average information of the first `n_parameters`."""
    n = len(rows.flux)
    local.inverse[:] = point.factor
    invert(lapack, local.inverse)
    trace = float(n)
    for i in range(n):
        trace -= local.inverse[i, i] * rows.variance[i]
    local.vectors[0] = rows.flux - mean_flux - rows.variance * point.weights
    local.gradient[0] = 0.5 * (dot(point.weights, local.vectors[0], n) - trace)
    for k in range(1, n_parameters):
        slope = point.slopes[k - 1]
        symmetric_times(slope, point.weights, local.vectors[k])
        trace = trace_product(local.inverse, slope)
        local.gradient[k] = 0.5 * (dot(point.weights, local.vectors[k], n) - trace)
    solved = np.empty(n)
    for k in range(n_parameters):
        symmetric_times(local.inverse, local.vectors[k], solved)
        for m in range(n_parameters):
            local.information[k, m] = 0.5 * dot(local.vectors[m], solved, n)


@njit(cache=True)
def observed_correction(rows, theta, separable, point, n_parameters, local):
    """Return minus the Hessian less the average information, shape (3, 3)."""
    second = curvature(rows, theta, separable, point, local)
    expected = expected_information(rows, point, n_parameters, local)
    correction = np.zeros((3, 3))
    for k in range(n_parameters):
        for m in range(n_parameters):
            correction[k, m] = local.information[k, m] - expected[k, m] - second[k, m]
    return correction


@njit(cache=True)
def expected_information(rows, point, n_parameters, local):
    """Return the Fisher matrix ``tr(K^-1 K_i K^-1 K_j) / 2``, shape (3, 3)."""
    n, noise = len(rows.flux), rows.variance
    inverse = mirror(local.inverse)
    products = np.empty((3, n, n))
    products[0] = -inverse * noise
    for i in range(n):
        products[0, i, i] += 1.0
    for k in range(1, n_parameters):
        np.dot(inverse, mirror(point.slopes[k - 1]), products[k])
    expected = np.zeros((3, 3))
    for k in range(n_parameters):
        for m in range(k + 1):
            expected[k, m] = 0.5 * trace_of_product(products[k], products[m])
            expected[m, k] = expected[k, m]
    return expected


@njit(cache=True, fastmath=True)
def trace_of_product(a, b):
    """Return the trace of the product of two square matrices."""
    total = 0.0
    for i in range(len(a)):
        for j in range(len(a)):
            total += a[i, j] * b[j, i]
    return total


@njit(cache=True)
def curvature(rows, theta, separable, point, local):
    """Return the part of the Hessian with second derivatives of the kernel, shape (3, 3)."""
    rates, sums = rates_of(theta), np.empty(3)
    time, wavelength, alpha = rows.time, rows.wavelength, point.weights
    if separable:
        sum_separable_curvature(time, wavelength, rates, alpha, local.inverse, sums)
    else:
        sum_radial_curvature(time, wavelength, rates, alpha, local.inverse, sums)
    second = np.empty((3, 3))
    second[0] = local.gradient
    second[:, 0] = local.gradient
    second[1, 1], second[1, 2], second[2, 1], second[2, 2] = sums[0], sums[1], sums[1], sums[2]
    return second


@njit(cache=True, fastmath=True)
def mirror(lower):
    """Return the full symmetric matrix of a lower triangle."""
    full = np.empty_like(lower)
    for i in range(len(lower)):
        for j in range(i + 1):
            full[i, j] = lower[i, j]
            full[j, i] = lower[i, j]
    return full

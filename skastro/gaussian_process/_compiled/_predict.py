"""Mean and standard deviation on the grid for the radial kernel, in float64 or float32.

The squared time distances are computed once an object; each element then costs one square root and
one exponential, and the mean is summed in the same pass.  The variance is ``A - |L^-1 k*|^2``.
"""

import numpy as np
from numba import njit

from skastro.gaussian_process import _predict
from skastro.gaussian_process._compiled._blocks import subtract_explained
from skastro.gaussian_process._compiled._kernels import rates_of
from skastro.utils._compiled_exp import LOOSE, exp_negative

ELEMENTS_AT_ONCE, POINTS_AT_ONCE = 60_000, 512
LARGEST_SQUARE = _predict.LARGEST_SQUARE

coarse_points = njit(cache=True)(_predict.coarse_points)


@njit(cache=True, fastmath=LOOSE)
def fill_cross(squared_time, squared_wavelength, weights, cross, mean):
    """Write the kernel of unit amplitude between observations and a piece of the grid.

    The piece is ``squared_wavelength.shape[1]`` wavelengths long; the mean is added up on the way.
    """
    n, n_times = squared_time.shape
    for i in range(n):
        weight = weights[i]
        for k in range(squared_wavelength.shape[1]):
            q, first = squared_wavelength[i, k], k * n_times
            for j in range(n_times):
                r = np.sqrt(squared_time[i, j] + q)
                decay = exp_negative(-r)
                kernel = decay + decay * r
                cross[i, first + j] = kernel
                mean[first + j] += weight * kernel


@njit(cache=True, fastmath=LOOSE)
def fill_points(rows, rates, times, wavelengths, weights, cross, mean):
    """Do what :func:`fill_cross` does for single points of the grid."""
    for i in range(len(weights)):
        time, wavelength, weight = rows.time[i], rows.wavelength[i], weights[i]
        for j in range(len(times)):
            a = (times[j] - time) * rates[1]
            b = (wavelengths[j] - wavelength) * rates[2]
            r = np.sqrt(a * a + b * b)
            decay = exp_negative(-r)
            kernel = decay + decay * r
            cross[i, j] = kernel
            mean[j] += weight * kernel


@njit(cache=True)
def predict_radial(rows, theta, inverse_factor, alpha, mean_flux, grid, out):
    """Write mean and standard deviation of one object into ``out`` (2, n_wavelengths, n_times).

    The precision of `out` is that of the calculation, but for the points that
    :func:`coarse_points` names; amplitude is one inside.
    """
    rates = rates_of(theta)
    weights, upper = rates[0] * alpha, np.sqrt(rates[0]) * inverse_factor
    single = upper.astype(out.dtype)
    fill_grid(rows, rates, single, weights.astype(out.dtype), mean_flux, grid, out)
    if out.itemsize == 4:
        norm = np.sqrt(np.sum(weights**2))
        points = coarse_points(out[0], out[1], rates[0], largest_column(upper), norm)
        refine(rows, rates, upper, weights, mean_flux, grid, points, out)


@njit(cache=True)
def fill_grid(rows, rates, upper, weights, mean_flux, grid, out):
    """Predict the whole grid, as many wavelengths at a time as fit the cache."""
    times, wavelengths = grid
    n, n_times = len(rows.time), len(times)
    squared_time = np.empty((n, n_times), out.dtype)
    for i in range(n):
        squared_time[i] = np.minimum(((times - rows.time[i]) * rates[1]) ** 2, LARGEST_SQUARE)
    at_once = min(max(ELEMENTS_AT_ONCE // (n * n_times), 1), 4, len(wavelengths))
    cross = np.zeros((len(upper), at_once * n_times), out.dtype)
    strip = np.empty((8, at_once * n_times), out.dtype)
    mean, variance = np.empty(at_once * n_times, out.dtype), np.empty(at_once * n_times, out.dtype)
    for first in range(0, len(wavelengths), at_once):
        some = wavelengths[first : first + at_once]
        width = len(some) * n_times
        distance = (some - rows.wavelength.reshape(-1, 1)) * rates[2]
        squared = np.minimum(distance**2, LARGEST_SQUARE).astype(out.dtype)
        mean[:], variance[:] = 0.0, 1.0
        fill_cross(squared_time, squared, weights, cross, mean)
        subtract_explained(upper, cross, strip, variance, width)
        std = np.sqrt(rates[0] * np.maximum(variance[:width], 0.0))
        out[0, first : first + len(some)] = mean[:width].reshape(-1, n_times) + mean_flux
        out[1, first : first + len(some)] = std.reshape(-1, n_times)


@njit(cache=True)
def refine(rows, rates, upper, weights, mean_flux, grid, points, out):
    """Predict single points of the grid again, in the precision of `upper`."""
    times, wavelengths = grid
    cross, strip = np.zeros((len(upper), POINTS_AT_ONCE)), np.empty((8, POINTS_AT_ONCE))
    for first in range(0, len(points), POINTS_AT_ONCE):
        some = points[first : first + POINTS_AT_ONCE]
        row, column = some // len(times), some % len(times)
        mean, variance = np.zeros(len(some)), np.ones(len(some))
        fill_points(rows, rates, times[column], wavelengths[row], weights, cross, mean)
        subtract_explained(upper, cross, strip, variance, len(some))
        for k in range(len(some)):
            out[0, row[k], column[k]] = mean[k] + mean_flux
            out[1, row[k], column[k]] = np.sqrt(rates[0] * max(variance[k], 0.0))


@njit(cache=True)
def largest_column(upper):
    """Return the largest Euclidean norm of a column."""
    squares = np.zeros(len(upper))
    for row in upper:
        squares += row**2
    return np.sqrt(squares.max())

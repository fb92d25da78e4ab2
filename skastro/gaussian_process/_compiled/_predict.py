"""Mean and standard deviation on the grid for the radial kernel, in float64 or float32.

The squared time distances are computed once an object; each element then costs one square root and
one exponential, and the mean is summed in the same pass.  The variance is ``A - |L^-1 k*|^2``,
four rows of ``L^-1`` at a time: compiled for the very processor, the plain loop over four rows and
four columns is two to three times as fast as the BLAS that comes with SciPy where that does not
recognise the processor, and as fast where it does.
"""

import numpy as np
from numba import njit

from skastro.gaussian_process._compiled._exp import LOOSE, exp_negative
from skastro.gaussian_process._compiled._kernels import rates_of

WAVELENGTHS_AT_ONCE = 4


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


@njit(cache=True, fastmath=True)
def add_four_by_four(factor, i, j, cross, out):
    """Add ``factor[i:i+4, j:j+4] @ cross[j:j+4]`` to the four rows of `out`."""
    a0, a1, a2, a3 = factor[i, j], factor[i, j + 1], factor[i, j + 2], factor[i, j + 3]
    i += 1
    b0, b1, b2, b3 = factor[i, j], factor[i, j + 1], factor[i, j + 2], factor[i, j + 3]
    i += 1
    c0, c1, c2, c3 = factor[i, j], factor[i, j + 1], factor[i, j + 2], factor[i, j + 3]
    i += 1
    d0, d1, d2, d3 = factor[i, j], factor[i, j + 1], factor[i, j + 2], factor[i, j + 3]
    x0, x1, x2, x3 = cross[j], cross[j + 1], cross[j + 2], cross[j + 3]
    out0, out1, out2, out3 = out[0], out[1], out[2], out[3]
    for k in range(cross.shape[1]):
        p, q, r, s = x0[k], x1[k], x2[k], x3[k]
        out0[k] += a0 * p + a1 * q + a2 * r + a3 * s
        out1[k] += b0 * p + b1 * q + b2 * r + b3 * s
        out2[k] += c0 * p + c1 * q + c2 * r + c3 * s
        out3[k] += d0 * p + d1 * q + d2 * r + d3 * s


@njit(cache=True, fastmath=True)
def subtract_squares(four, out):
    """Subtract the squares of four rows."""
    for k in range(len(out)):
        out[k] -= four[0, k] ** 2 + four[1, k] ** 2 + four[2, k] ** 2 + four[3, k] ** 2


@njit(cache=True)
def subtract_explained(factor, cross, four, variance):
    """Subtract the squared columns of the lower triangular ``factor @ cross``."""
    for i in range(0, len(factor), 4):
        four[:] = 0.0
        for j in range(0, i + 4, 4):
            add_four_by_four(factor, i, j, cross, four)
        subtract_squares(four, variance)


@njit(cache=True)
def pad_factor(inverse_factor, factor, dtype_like):
    """Return ``factor * inverse_factor`` with zeros above and rows up to a multiple of four."""
    n = len(inverse_factor)
    padded = np.zeros(((n + 3) // 4 * 4, (n + 3) // 4 * 4), dtype_like.dtype)
    for i in range(n):
        for j in range(i + 1):
            padded[i, j] = factor * inverse_factor[i, j]
    return padded


@njit(cache=True)
def predict_radial(rows, theta, inverse_factor, alpha, mean_flux, grid, out):
    """Write mean and standard deviation of one object into ``out`` (2, n_wavelengths, n_times).

    The precision of `out` is that of the calculation; amplitude is one inside.
    """
    times, wavelengths = grid
    n, n_times = len(rows.time), len(times)
    amplitude, time_rate, wavelength_rate = rates_of(theta)
    factor = pad_factor(inverse_factor, np.sqrt(amplitude), out)
    weights = (amplitude * alpha).astype(out.dtype)
    squared_time = np.empty((n, n_times), out.dtype)
    for i in range(n):
        squared_time[i] = ((times - rows.time[i]) * time_rate) ** 2
    for first in range(0, len(wavelengths), WAVELENGTHS_AT_ONCE):
        some = wavelengths[first : first + WAVELENGTHS_AT_ONCE]
        width = len(some) * n_times
        distance = (some - rows.wavelength.reshape(-1, 1)) * wavelength_rate
        cross, four = np.zeros((len(factor), width), out.dtype), np.empty((4, width), out.dtype)
        mean, variance = np.zeros(width, out.dtype), np.ones(width, out.dtype)
        fill_cross(squared_time, (distance**2).astype(out.dtype), weights, cross, mean)
        subtract_explained(factor, cross, four, variance)
        std = np.sqrt(amplitude * np.maximum(variance, 0.0))
        out[0, first : first + len(some)] = mean.reshape(-1, n_times) + mean_flux
        out[1, first : first + len(some)] = std.reshape(-1, n_times)

"""Mean and standard deviation on the grid for the radial kernel, in float64 or float32.

The squared time distances are computed once an object; each element then costs one square root and
one exponential, and the mean is summed in the same pass.  The variance is
``A - |L^-1 k*|^2`` by products of panels of ``L^-1``, squared while they are in the cache.
"""

import numpy as np
from numba import njit

from skastro.gaussian_process._compiled._blas import multiply
from skastro.gaussian_process._compiled._exp import LOOSE, exp_negative
from skastro.gaussian_process._compiled._kernels import rates_of

WAVELENGTHS_AT_ONCE = 2
PANEL = 24


@njit(cache=True, fastmath=LOOSE)
def cross_row(squared_time, squared_wavelength, weight, cross, mean):
    """Write one observation's kernel of unit amplitude and add its share of the mean."""
    for j in range(len(squared_time)):
        r = np.sqrt(squared_time[j] + squared_wavelength)
        decay = exp_negative(-r)
        kernel = decay + decay * r
        cross[j] = kernel
        mean[j] += weight * kernel


@njit(cache=True, fastmath=True)
def subtract_squares(values, out):
    """Subtract the square of each value."""
    for j in range(len(values)):
        out[j] -= values[j] * values[j]


@njit(cache=True)
def subtract_explained(gemm, inverse_factor, cross, panel, variance):
    """Subtract the squared columns of ``inverse_factor @ cross`` from the variance."""
    n = len(inverse_factor)
    for first in range(0, n, PANEL):
        stop = min(first + PANEL, n)
        multiply(gemm, inverse_factor[first:stop], cross, panel, stop - first, stop)
        for i in range(stop - first):
            subtract_squares(panel[i], variance)


@njit(cache=True)
def predict_radial(gemm, rows, theta, inverse_factor, weights, mean_flux, grid, out):
    """Write mean and standard deviation of one object into ``out`` (2, n_wavelengths, n_times).

    `inverse_factor` and `weights` belong to unit amplitude and have the precision of `out`, as
    `gemm`.
    """
    times, wavelengths = grid
    n, n_times = len(rows.time), len(times)
    amplitude, time_rate, wavelength_rate = rates_of(theta)
    squared_time = np.empty((n, n_times), out.dtype)
    for i in range(n):
        squared_time[i] = ((times - rows.time[i]) * time_rate) ** 2
    width = WAVELENGTHS_AT_ONCE * n_times
    cross, panel = np.empty((n, width), out.dtype), np.empty((PANEL, width), out.dtype)
    mean, variance = np.empty(width, out.dtype), np.empty(width, out.dtype)
    for first in range(0, len(wavelengths), WAVELENGTHS_AT_ONCE):
        some = wavelengths[first : first + WAVELENGTHS_AT_ONCE]
        mean[:], variance[:] = mean_flux, 1.0
        for i in range(n):
            for k in range(len(some)):
                distance = (some[k] - rows.wavelength[i]) * wavelength_rate
                own = slice(k * n_times, (k + 1) * n_times)
                squared = squared_time.dtype.type(distance * distance)
                cross_row(squared_time[i], squared, weights[i], cross[i, own], mean[own])
        subtract_explained(gemm, inverse_factor, cross, panel, variance)
        for k in range(len(some)):
            own = slice(k * n_times, (k + 1) * n_times)
            out[0, first + k] = mean[own]
            out[1, first + k] = np.sqrt(amplitude * np.maximum(variance[own], 0.0))

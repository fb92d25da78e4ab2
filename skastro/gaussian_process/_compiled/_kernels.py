"""Kernel matrices and their slopes, one row at a time.

Rates are ``sqrt(3) / scale``; names and formulas are those of the NumPy module `_kernels`.
"""

import numpy as np
from numba import njit

from skastro.utils._compiled_exp import LOOSE, exp_negative


@njit(cache=True)
def rates_of(theta):
    """Return amplitude, time rate and wavelength rate of the log hyperparameters."""
    root = np.sqrt(3.0)
    return np.exp(theta[0]), root * np.exp(-0.5 * theta[1]), root * np.exp(-0.5 * theta[2])


@njit(cache=True, fastmath=LOOSE)
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


@njit(cache=True, fastmath=LOOSE)
def fill_separable(time, wavelength, rates, value, time_slope, wavelength_slope):
    """Fill lower triangles of the separable kernel and its slopes."""
    amplitude, time_rate, wavelength_rate = rates
    for i in range(len(time)):
        for j in range(i + 1):
            a = abs(time[i] - time[j]) * time_rate
            b = abs(wavelength[i] - wavelength[j]) * wavelength_rate
            decay = amplitude * exp_negative(-(a + b))
            with_a, with_b = decay + decay * a, decay + decay * b
            value[i, j] = with_b + with_b * a
            time_slope[i, j] = 0.5 * a * a * with_b
            wavelength_slope[i, j] = 0.5 * b * b * with_a


@njit(cache=True)
def fill_lower(rows, theta, separable, value, slopes):
    """Fill the lower triangles of the covariance and of its slopes in the two log scales."""
    rates = rates_of(theta)
    if separable:
        fill_separable(rows.time, rows.wavelength, rates, value, slopes[0], slopes[1])
    else:
        fill_radial(rows.time, rows.wavelength, rates, value, slopes[0], slopes[1])
    for i in range(len(rows.time)):
        value[i, i] += rows.variance[i]

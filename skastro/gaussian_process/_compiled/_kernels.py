"""Kernel matrices, their slopes and second derivatives, one row at a time.

Rates are ``sqrt(3) / scale``; names and formulas are those of the NumPy module `_kernels`.
"""

import numpy as np
from numba import njit

from skastro.gaussian_process._compiled._exp import LOOSE, exp_negative


@njit(cache=True)
def rates_of(theta):
    """Return amplitude, time rate and wavelength rate of the log hyperparameters."""
    root = np.sqrt(3.0)
    return np.exp(theta[0]), root * np.exp(-0.5 * theta[1]), root * np.exp(-0.5 * theta[2])


@njit(cache=True, fastmath=LOOSE)
def radial_row(time, wavelength, i, rates, value, time_slope, wavelength_slope):
    """Fill row `i` up to the diagonal for the radial kernel."""
    amplitude, time_rate, wavelength_rate = rates
    for j in range(i + 1):
        a = (time[i] - time[j]) * time_rate
        b = (wavelength[i] - wavelength[j]) * wavelength_rate
        s, q = a * a, b * b
        r = np.sqrt(s + q)
        decay = amplitude * exp_negative(-r)
        value[j] = decay + decay * r
        time_slope[j] = 0.5 * decay * s
        wavelength_slope[j] = 0.5 * decay * q


@njit(cache=True, fastmath=LOOSE)
def separable_row(time, wavelength, i, rates, value, time_slope, wavelength_slope):
    """Fill row `i` up to the diagonal for the separable kernel."""
    amplitude, time_rate, wavelength_rate = rates
    for j in range(i + 1):
        a = abs(time[i] - time[j]) * time_rate
        b = abs(wavelength[i] - wavelength[j]) * wavelength_rate
        decay = amplitude * exp_negative(-(a + b))
        with_a, with_b = decay + decay * a, decay + decay * b
        value[j] = with_b + with_b * a
        time_slope[j] = 0.5 * a * a * with_b
        wavelength_slope[j] = 0.5 * b * b * with_a


@njit(cache=True)
def fill_lower(rows, theta, separable, value, slopes):
    """Fill the lower triangles of the covariance and of its slopes in the two log scales."""
    rates = rates_of(theta)
    for i in range(len(rows.time)):
        if separable:
            separable_row(
                rows.time, rows.wavelength, i, rates, value[i], slopes[0, i], slopes[1, i]
            )
        else:
            radial_row(rows.time, rows.wavelength, i, rates, value[i], slopes[0, i], slopes[1, i])
        value[i, i] += rows.variance[i]


@njit(cache=True, fastmath=LOOSE)
def radial_curvature_row(time, wavelength, i, rates, weight, sums):
    """Add ``weight * d2k`` (tt, tw, ww) of row `i` below the diagonal to `sums`."""
    amplitude, time_rate, wavelength_rate = rates
    tt, tw, ww = 0.0, 0.0, 0.0
    for j in range(i):
        a = (time[i] - time[j]) * time_rate
        b = (wavelength[i] - wavelength[j]) * wavelength_rate
        s, q = a * a, b * b
        r = np.sqrt(s + q + 1e-300)
        decay = amplitude * exp_negative(-r) * weight[j]
        half = 0.5 / r
        tt += decay * (s * s * half - s)
        tw += decay * s * q * half
        ww += decay * (q * q * half - q)
    sums += 0.5 * np.array([tt, tw, ww])


@njit(cache=True, fastmath=LOOSE)
def separable_curvature_row(time, wavelength, i, rates, weight, sums):
    """Add ``weight * d2k`` (tt, tw, ww) of row `i` below the diagonal to `sums`."""
    amplitude, time_rate, wavelength_rate = rates
    tt, tw, ww = 0.0, 0.0, 0.0
    for j in range(i):
        a = abs(time[i] - time[j]) * time_rate
        b = abs(wavelength[i] - wavelength[j]) * wavelength_rate
        decay = amplitude * exp_negative(-(a + b)) * weight[j]
        tt += decay * (1.0 + b) * a * a * (a - 2.0)
        tw += decay * a * a * b * b
        ww += decay * (1.0 + a) * b * b * (b - 2.0)
    sums += 0.25 * np.array([tt, tw, ww])

"""Mean and standard deviation on the grid for the separable kernel.

The kernel of a grid point is a factor of time times a factor of the observation's band.  With the
observations sorted by wavelength, ``L^-1 k*`` is a mixture of one matrix a band, and the variance
a mixture of the products of those: the cost does not depend on the number of wavelengths.
"""

import numpy as np
from numba import njit

from skastro.gaussian_process._compiled._exp import LOOSE, exp_negative
from skastro.gaussian_process._compiled._kernels import rates_of


@njit(cache=True, fastmath=LOOSE)
def matern_row(points, centre, rate, out):
    """Write ``(1 + a) exp(-a)`` with ``a = rate |points - centre|``."""
    for j in range(len(points)):
        a = abs(points[j] - centre) * rate
        decay = exp_negative(-a)
        out[j] = decay + decay * a


@njit(cache=True, fastmath=True)
def add_scaled(factor, values, out):
    """Add ``factor * values`` to `out`."""
    for j in range(len(values)):
        out[j] += factor * values[j]


@njit(cache=True, fastmath=True)
def add_product(a, b, out):
    """Add ``a * b`` to `out`."""
    for j in range(len(a)):
        out[j] += a[j] * b[j]


@njit(cache=True)
def band_starts(wavelength):
    """Return where each run of equal wavelengths begins, and the end."""
    starts = [0]
    for i in range(1, len(wavelength)):
        if wavelength[i] != wavelength[i - 1]:
            starts.append(i)
    starts.append(len(wavelength))
    return np.array(starts)


@njit(cache=True)
def whiten_bands(inverse_factor, in_time, starts):
    """Return ``L^-1 k`` of each band, shape (n_bands, n, n_times); rows above the band are 0."""
    n, n_times = in_time.shape
    whitened = np.zeros((len(starts) - 1, n, n_times))
    for b in range(len(starts) - 1):
        first, stop = starts[b], starts[b + 1]
        columns = inverse_factor[first:, first:stop].copy()
        for i in range(stop - first):
            columns[i, i + 1 :] = 0.0
        np.dot(columns, in_time[first:stop], whitened[b, first:])
    return whitened


@njit(cache=True)
def subtract_bands(whitened, starts, mix, amplitude, variance):
    """Subtract the explained variance: a sum over pairs of bands."""
    n_bands, n, n_times = whitened.shape
    product = np.empty(n_times)
    for b in range(n_bands):
        for d in range(b + 1):
            product[:] = 0.0
            for i in range(starts[b], n):
                add_product(whitened[b, i], whitened[d, i], product)
            twice = amplitude * amplitude * (1.0 if b == d else 2.0)
            for g in range(len(variance)):
                add_scaled(-twice * mix[b, g] * mix[d, g], product, variance[g])


@njit(cache=True)
def predict_separable(rows, theta, inverse_factor, weights, mean_flux, grid, out):
    """Write mean and standard deviation of one object, its rows sorted by wavelength."""
    times, wavelengths = grid
    n, n_times, n_wavelengths = len(rows.time), len(times), len(wavelengths)
    amplitude, time_rate, wavelength_rate = rates_of(theta)
    starts = band_starts(rows.wavelength)
    n_bands = len(starts) - 1
    in_time, mix = np.empty((n, n_times)), np.empty((n_bands, n_wavelengths))
    mean, variance = np.empty((n_wavelengths, n_times)), np.empty((n_wavelengths, n_times))
    mean[:], variance[:] = mean_flux, amplitude
    band_mean = np.empty(n_times)
    for b in range(n_bands):
        matern_row(wavelengths, rows.wavelength[starts[b]], wavelength_rate, mix[b])
        band_mean[:] = 0.0
        for i in range(starts[b], starts[b + 1]):
            matern_row(times, rows.time[i], time_rate, in_time[i])
            add_scaled(weights[i], in_time[i], band_mean)
        for g in range(n_wavelengths):
            add_scaled(amplitude * mix[b, g], band_mean, mean[g])
    whitened = whiten_bands(inverse_factor, in_time, starts)
    subtract_bands(whitened, starts, mix, amplitude, variance)
    out[0] = mean
    out[1] = np.sqrt(np.maximum(variance, 0.0))

"""Mean and standard deviation on the grid for the separable kernel.

The kernel of a grid point is a factor of time times a factor of the observation's band.  With the
observations sorted by wavelength, ``L^-1 k*`` is a mixture of one matrix a band, and the variance
a mixture of the products of those: the cost hardly depends on the number of wavelengths.
"""

import numpy as np
from numba import njit

from skastro.gaussian_process._compiled._blocks import add_product
from skastro.gaussian_process._compiled._kernels import rates_of
from skastro.utils._compiled_exp import LOOSE, exp_negative


@njit(cache=True, fastmath=LOOSE)
def fill_matern(points, centres, rate, out):
    """Write ``(1 + a) exp(-a)`` with ``a = rate |points - centre|``, one row a centre."""
    for i in range(len(centres)):
        for j in range(len(points)):
            a = abs(points[j] - centres[i]) * rate
            decay = exp_negative(-a)
            out[i, j] = decay + decay * a


@njit(cache=True, fastmath=True)
def add_scaled(factor, values, out):
    """Add ``factor * values`` to `out`."""
    for j in range(len(values)):
        out[j] += factor * values[j]


@njit(inline="always")
def add_dot(a, b, out):
    """Add the scalar products of the columns of `a` and `b`, each of four rows."""
    a0, a1, a2, a3 = a[0], a[1], a[2], a[3]
    b0, b1, b2, b3 = b[0], b[1], b[2], b[3]
    for j in range(len(out)):
        out[j] += a0[j] * b0[j] + a1[j] * b1[j] + a2[j] * b2[j] + a3[j] * b3[j]


@njit(cache=True)
def band_starts(wavelength):
    """Return where each run of equal wavelengths begins, and the end."""
    starts = [0]
    for i in range(1, len(wavelength)):
        if wavelength[i] != wavelength[i - 1]:
            starts.append(i)
    starts.append(len(wavelength))
    return np.array(starts)


@njit(cache=True, fastmath=True)
def whiten_bands(upper, in_time, starts):
    """Return ``L^-1 k`` of each band, shape (n_bands, n_padded, n_times).

    Rows above the strip of eight in which the band begins are not set.
    """
    n_bands, n_times = len(starts) - 1, in_time.shape[1]
    whitened, own = np.empty((n_bands, *in_time.shape)), np.zeros(in_time.shape)
    for b in range(n_bands):
        start, stop = starts[b], starts[b + 1]
        own[start:stop] = in_time[start:stop]
        first = start // 8 * 8
        for i in range(first, len(upper), 8):
            rows = whitened[b][i : i + 8]
            rows[:] = 0.0
            for j in range(first, min(stop, i + 8), 4):
                add_product(upper, i, j, own[j : j + 4], rows, n_times)
        own[start:stop] = 0.0
    return whitened


@njit(cache=True, fastmath=True)
def explain(whitened, starts, mix):
    """Return the explained variance in units of the squared amplitude: a sum over pairs of bands.

    `mix` has shape (n_bands, n_wavelengths).
    """
    n_bands, n, n_times = whitened.shape
    products = np.zeros((n_bands * (n_bands + 1) // 2, n_times))
    shares = np.empty((mix.shape[1], len(products)))
    pair = 0
    for b in range(n_bands):
        for d in range(b + 1):
            for i in range(starts[b] // 8 * 8, n, 4):
                add_dot(whitened[b][i : i + 4], whitened[d][i : i + 4], products[pair])
            shares[:, pair] = mix[b] * mix[d] * (1.0 if b == d else 2.0)
            pair += 1
    return np.dot(shares, products)


@njit(cache=True)
def band_means(weights, in_time, starts):
    """Return the mean that each band adds, shape (n_bands, n_times)."""
    means = np.zeros((len(starts) - 1, in_time.shape[1]))
    for b in range(len(means)):
        for i in range(starts[b], starts[b + 1]):
            add_scaled(weights[i], in_time[i], means[b])
    return means


@njit(cache=True)
def predict_separable(rows, theta, upper, weights, mean_flux, grid, out):
    """Write mean and standard deviation of one object, its rows sorted by wavelength."""
    times, wavelengths = grid
    amplitude, time_rate, wavelength_rate = rates_of(theta)
    starts = band_starts(rows.wavelength)
    in_time, mix = np.zeros((len(upper), len(times))), np.empty((len(starts) - 1, len(wavelengths)))
    fill_matern(times, rows.time, time_rate, in_time)
    fill_matern(wavelengths, rows.wavelength[starts[:-1]], wavelength_rate, mix)
    means = band_means(weights, in_time, starts)
    explained = explain(whiten_bands(upper, in_time, starts), starts, mix)
    out[0] = amplitude * np.dot(mix.T.copy(), means) + mean_flux
    out[1] = np.sqrt(np.maximum(amplitude - amplitude * amplitude * explained, 0.0))

r"""Separable Matern-3/2 process: posterior on a grid in linear time, and the loop over objects.

A forward filter, a backward one (the modified Bryson-Frazier recursion: Bierman 1973, Automatica
9, 503), and at each time of the grid the posterior in dual variables: with the band kernel k_w of
any wavelength, the mean is :math:`k_w \cdot M` and the variance :math:`A (1 - k_w^T X k_w)`.
Notation as in :mod:`skastro.gaussian_process._compiled._linear`.
"""

from typing import NamedTuple

import numpy as np

from skastro.gaussian_process._compiled._linear import (
    FREE_SUMS,
    Rows,
    band_kernel,
    climb,
    evaluate,
    new_work,
)
from skastro.utils.compiled import compiled, inner


class Past(NamedTuple):
    """Forward filter: gains and innovations of the rows, sums at the times of the grid."""

    gain: np.ndarray
    innovation: np.ndarray
    sigma: np.ndarray
    left: np.ndarray
    sums: np.ndarray
    event: np.ndarray
    step: np.ndarray


@inner(fastmath=FREE_SUMS)
def decay_rows(y, z, a):
    """Let Y, (2 n_bands, 2 n_bands), and z decay over a scaled time step."""
    n = len(y) // 2
    decay = np.exp(-a)
    e = decay * decay
    for i in range(n):
        f, s = y[i], y[n + i]
        for m in range(2 * n):
            f[m] += a * s[m]
    for i in range(2 * n):
        row = y[i]
        for m in range(n):
            row[m] = e * (row[m] + a * row[n + m])
            row[n + m] *= e
    for i in range(n):
        z[i] = decay * (z[i] + a * z[n + i])
        z[n + i] *= decay


@inner(fastmath=FREE_SUMS)
def take_row(y, z, kernel, band, flux, noise, gain):
    """Take in one row; write its gain; return innovation and variance."""
    n = len(kernel)
    sigma, v = 1.0 + noise, flux
    for i in range(2 * n):
        row, q = y[i], 0.0
        for m in range(n):
            q += row[m] * kernel[m]
        gain[i] = -q
    for m in range(n):
        sigma += kernel[m] * gain[m]
        v -= kernel[m] * z[m]
    gain[band] += 1.0
    gain[n + band] += 1.0
    for i in range(2 * n):
        row, own = y[i], gain[i] / sigma
        z[i] += own * v
        for m in range(2 * n):
            row[m] += own * gain[m]
    for i in range(2 * n):
        gain[i] /= sigma
    return v, sigma


@inner()
def merge(time, times):
    """Return the order of rows (n >= 0) and times of the grid (-1 - g), and the steps before."""
    n_rows, n_times = len(time), len(times)
    event, step = np.empty(n_rows + n_times, np.int64), np.zeros(n_rows + n_times)
    n = g = 0
    now = 0.0
    for s in range(n_rows + n_times):
        is_row = n < n_rows and (g == n_times or time[n] <= times[g])
        at = time[n] if is_row else times[g]
        step[s] = at - now if s > 0 else 0.0
        now = at
        if is_row:
            event[s] = n
            n += 1
        else:
            event[s] = -1 - g
            g += 1
    return event, step


@inner()
def copy_past(y, z, left, sums):
    """Copy the upper half of Y and of z."""
    for i in range(len(sums)):
        sums[i] = z[i]
        for m in range(len(z)):
            left[i, m] = y[i, m]


@inner(inline="always")
def look_back(rows, theta, white, mean_flux, kernel, times):
    """Filter rows and grid forwards; return the `Past`."""
    n = len(kernel)
    amplitude, rate = np.exp(theta[0]), np.sqrt(3.0) * np.exp(-0.5 * theta[1])
    white_noise = np.exp(theta[2]) / amplitude if white else 0.0
    event, step = merge(rows.time, times)
    y, z = np.zeros((2 * n, 2 * n)), np.zeros(2 * n)
    n_rows, n_times = len(rows.time), len(times)
    gain, innovation, sigma = np.empty((n_rows, 2 * n)), np.empty(n_rows), np.empty(n_rows)
    left, sums = np.empty((n_times, n, 2 * n)), np.empty((n_times, n))
    for s in range(len(event)):
        if step[s] > 0.0:
            decay_rows(y, z, rate * step[s])
        k = event[s]
        if k >= 0:
            j = rows.band[k]
            noise, flux = rows.variance[k] / amplitude + white_noise, rows.flux[k] - mean_flux
            innovation[k], sigma[k] = take_row(y, z, kernel[j], j, flux, noise, gain[k])
        else:
            copy_past(y, z, left[-1 - k], sums[-1 - k])
    return Past(gain, innovation, sigma, left, sums, event, step * rate)


@inner(fastmath=FREE_SUMS)
def undo_row(big, small, kernel, band, gain, innovation, sigma, space):
    """Take one row into the sums of the future."""
    n = len(kernel)
    for i in range(n):
        f, s = 0.0, 0.0
        for m in range(n):
            f += kernel[i, m] * gain[m]
            s += kernel[i, m] * gain[n + m]
        space[0, i], space[0, n + i] = f, s
    k, u = space[0], space[1]
    total, known = 0.0, 0.0
    for i in range(2 * n):
        row, product = big[i], 0.0
        for m in range(2 * n):
            product += row[m] * k[m]
        u[i] = product
        total += product * k[i]
        known += k[i] * small[i]
    for i in range(2 * n):
        big[band, i] -= u[i]
    for i in range(2 * n):
        big[i, band] -= u[i]
    big[band, band] += total + 1.0 / sigma
    small[band] += innovation / sigma - known


@inner(fastmath=FREE_SUMS)
def decay_back(big, small, a):
    """Let the sums of the future decay over a scaled time step."""
    n = len(small) // 2
    decay = np.exp(-a)
    e = decay * decay
    for i in range(n):
        f, s = big[i], big[n + i]
        for m in range(2 * n):
            s[m] += a * f[m]
    for i in range(2 * n):
        row = big[i]
        for m in range(n):
            row[n + m] = e * (row[n + m] + a * row[m])
            row[m] *= e
    for i in range(n):
        small[n + i] = decay * (small[n + i] + a * small[i])
        small[i] *= decay


@inner(fastmath=FREE_SUMS)
def combine(left, sums, big, small, kernel, space, mean, explained):
    """Write the dual mean M and the lower triangle of X of one time; `space` is 2 x (n, 2n)."""
    n = len(kernel)
    g, product = space[0], space[1]
    for i in range(n):
        row, out = left[i], g[i]
        out[:] = 0.0
        for p in range(n):
            f, s, shared = row[p], row[n + p], kernel[p]
            for m in range(n):
                out[m] -= f * shared[m]
                out[n + m] -= s * shared[m]
        out[i] += 1.0
        out[n + i] += 1.0
    for i in range(n):
        row, out, total = g[i], product[i], 0.0
        out[:] = 0.0
        for m in range(2 * n):
            other, value = big[m], row[m]
            total += value * small[m]
            for p in range(2 * n):
                out[p] += value * other[p]
        mean[i] = sums[i] + total
    pair = 0
    for i in range(n):
        for m in range(i + 1):
            total = left[i, m]
            for p in range(2 * n):
                total += product[i, p] * g[m, p]
            explained[pair] = total
            pair += 1


@inner(inline="always")
def look_ahead(rows, past, kernel, n_times):
    """Go back through rows and grid; return M (n_bands, n_times) and X (n_pairs, n_times)."""
    n = len(kernel)
    means, pairs = np.empty((n_times, n)), np.empty((n_times, n * (n + 1) // 2))
    big, small = np.zeros((2 * n, 2 * n)), np.zeros(2 * n)
    row_space, grid_space = np.empty((2, 2 * n)), np.empty((2, n, 2 * n))
    for s in range(len(past.event) - 1, -1, -1):
        k = past.event[s]
        if k >= 0:
            undo_row(
                big,
                small,
                kernel,
                rows.band[k],
                past.gain[k],
                past.innovation[k],
                past.sigma[k],
                row_space,
            )
        else:
            g = -1 - k
            combine(past.left[g], past.sums[g], big, small, kernel, grid_space, means[g], pairs[g])
        if past.step[s] > 0.0:
            decay_back(big, small, past.step[s])
    return means.T.copy(), pairs.T.copy()


@inner()
def pair_shares(shares):
    """Return the products of the shares of two bands, (n_wavelengths, n_pairs)."""
    n = len(shares)
    both, pair = np.empty((shares.shape[1], n * (n + 1) // 2)), 0
    for i in range(n):
        for m in range(i + 1):
            for w in range(len(both)):
                both[w, pair] = shares[i, w] * shares[m, w] * (1.0 if i == m else 2.0)
            pair += 1
    return both


@inner()
def mix(means, pairs, shares, mean_flux, amplitude, order, out):
    """Write mean and standard deviation of each wavelength, times in the caller's order."""
    mean, explained = np.dot(shares.T, means), np.dot(pair_shares(shares), pairs)
    for w in range(len(mean)):
        for k in range(len(order)):
            out[0, w, order[k]] = mean[w, k] + mean_flux
            out[1, w, order[k]] = np.sqrt(amplitude * max(1.0 - explained[w, k], 0.0))


@inner(inline="always")
def predict(rows, theta, white, mean_flux, grid, out):
    """Write mean and standard deviation of one object into ``out`` (2, n_wavelengths, n_times)."""
    times, order, wavelengths = grid
    kernel, _ = band_kernel(rows.bands, rows.bands, theta, white)
    shares, _ = band_kernel(rows.bands, wavelengths, theta, white)
    past = look_back(rows, theta, white, mean_flux, kernel, times)
    means, pairs = look_ahead(rows, past, kernel, len(times))
    mix(means, pairs, shares, mean_flux, np.exp(theta[0]), order, out)


@inner()
def rows_of(columns, first, stop):
    """Return the rows of one object with its different wavelengths numbered as they occur."""
    time, band, flux, variance, wavelengths = columns
    number, own = np.full(len(wavelengths), -1), np.empty(stop - first, np.int64)
    n_bands = 0
    for k in range(first, stop):
        if number[band[k]] < 0:
            number[band[k]] = n_bands
            n_bands += 1
        own[k - first] = number[band[k]]
    bands = np.empty(n_bands)
    for k in range(len(number)):
        if number[k] >= 0:
            bands[number[k]] = wavelengths[k]
    return Rows(time[first:stop], own, flux[first:stop], variance[first:stop], bands)


@inner(inline="always")
def best_climb(rows, starts, low, high, white, constant_mean, theta):
    """Climb from each start and leave the best end in `theta`; return what it reached."""
    work = new_work(len(rows.time), len(rows.bands))
    reached, mean_flux, n_evaluations, converged = -np.inf, 0.0, 0, False
    trial = np.empty(3)
    for k in range(len(starts)):
        for m in range(3):
            trial[m] = starts[k, m]
        value, mean, n_own, good = climb(rows, trial, low, high, white, constant_mean, work)
        n_evaluations += n_own
        if value > reached:
            reached, mean_flux, converged = value, mean, good
            for m in range(3):
                theta[m] = trial[m]
    return reached, mean_flux, n_evaluations, converged


@inner(inline="always")
def value_at(rows, theta, white, constant_mean):
    """Return log likelihood and mean flux at given hyperparameters."""
    work = new_work(len(rows.time), len(rows.bands))
    return evaluate(rows, theta, white, constant_mean, work, np.zeros(3), np.zeros((3, 3)))


COLUMNS = "Tuple((i8[::1], f8[::1], i8[::1], f8[::1], f8[::1], f8[::1]))"
SIGNATURE = (
    f"void(i8[::1], {COLUMNS}, f8[:, :, ::1], f8[:, :, ::1], UniTuple(b1, 3), "
    "Tuple((f8[::1], i8[::1], f8[::1])), f8[:, :, :, ::1], f8[:, ::1], f8[:, ::1], i4[::1], "
    "b1[:, ::1])"
)


@compiled(SIGNATURE, nogil=True)
def solve_linear(objects, columns, starts, box, flags, grid, out, theta, numbers, counts, results):
    """Fit and predict `objects`; fill `out` (n, 2, n_wavelengths, n_times) unless it is empty.

    `columns` are offsets, time, band, flux, variance and the wavelengths of the bands, `flags`
    whether the third hyperparameter is white noise, whether the mean is fitted and whether the
    hyperparameters are; `grid` are the sorted times, their places in the output and the
    wavelengths.
    """
    offsets, time, band, flux, variance, wavelengths = columns
    white, constant_mean, fits = flags
    for k in range(len(objects)):
        i = objects[k]
        own = rows_of((time, band, flux, variance, wavelengths), offsets[i], offsets[i + 1])
        if fits:
            value, mean_flux, counts[k], converged = best_climb(
                own, starts[:, i], box[0, i], box[1, i], white, constant_mean, theta[k]
            )
        else:
            for m in range(3):
                theta[k, m] = starts[0, i, m]
            value, mean_flux = value_at(own, theta[k], white, constant_mean)
            counts[k], converged = 1, True
        numbers[k, 0], numbers[k, 1] = mean_flux, value
        results[k, 0], results[k, 1] = converged, np.isfinite(value)
        if np.isfinite(value) and len(out):
            predict(own, theta[k], white, mean_flux, grid, out[k])

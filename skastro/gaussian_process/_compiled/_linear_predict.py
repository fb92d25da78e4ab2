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
    IN_ORDER,
    Rows,
    band_kernel,
    climb,
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
def copy_lane(rows, lanes, k):
    """Copy the first rows of a matrix to lane `k`."""
    for i in range(len(lanes)):
        for m in range(lanes.shape[1]):
            lanes[i, m, k] = rows[i, m]


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
    left, sums = np.zeros(((n_times + 3) // 4, n, 2 * n, 4)), np.zeros(((n_times + 3) // 4, n, 4))
    for s in range(len(event)):
        if step[s] > 0.0:
            decay_rows(y, z, rate * step[s])
        k = event[s]
        if k >= 0:
            j = rows.band[k]
            noise, flux = rows.variance[k] / amplitude + white_noise, rows.flux[k] - mean_flux
            innovation[k], sigma[k] = take_row(y, z, kernel[j], j, flux, noise, gain[k])
        else:
            group, lane = (-1 - k) // 4, (-1 - k) % 4
            copy_lane(y, left[group], lane)
            for i in range(n):
                sums[group, i, lane] = z[i]
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


@inner(fastmath=IN_ORDER)
def weigh_bands(left, kernel, out):
    """Write how the future acts on each band, (n, 2n, 4): the identity minus ``left kernel``."""
    n = len(kernel)
    for i in range(n):
        for m in range(2 * n):
            first, column = (0, m) if m < n else (n, m - n)
            own = 1.0 if i == column else 0.0
            x0, x1, x2, x3 = own, own, own, own
            for p in range(n):
                y, c = left[i, first + p], kernel[p, column]
                x0, x1, x2, x3 = x0 - y[0] * c, x1 - y[1] * c, x2 - y[2] * c, x3 - y[3] * c
            out[i, m, 0], out[i, m, 1], out[i, m, 2], out[i, m, 3] = x0, x1, x2, x3


@inner(fastmath=IN_ORDER)
def dot_lanes(a, b, x, out):
    """Write ``x + a . b`` of rows of four lanes."""
    x0, x1, x2, x3 = x[0], x[1], x[2], x[3]
    for p in range(len(a)):
        y, z = a[p], b[p]
        x0, x1, x2, x3 = x0 + y[0] * z[0], x1 + y[1] * z[1], x2 + y[2] * z[2], x3 + y[3] * z[3]
    out[0], out[1], out[2], out[3] = x0, x1, x2, x3


@inner()
def combine(past, group, big, small, kernel, space, means, pairs):
    """Write the dual mean M and the lower triangle of X of four times; `space` is (n + 1, 2n, 4).

    Four times side by side make vector instructions, whatever the number of bands.
    """
    n, zero, first = len(kernel), small[len(small) - 1], 4 * group
    left, g, product = past.left[group], space[:-1], space[-1]
    weigh_bands(left, kernel, g)
    pair = 0
    for i in range(n):
        dot_lanes(g[i], small[:-1], past.sums[group, i], means[i][first : first + 4])
        for m in range(2 * n):
            dot_lanes(g[i], big[m], zero, product[m])
        for m in range(i + 1):
            dot_lanes(product, g[m], left[i, m], pairs[pair][first : first + 4])
            pair += 1


@inner(inline="always")
def look_ahead(rows, past, kernel, n_times):
    """Go back through rows and grid; return M (n_bands, n_times) and X (n_pairs, n_times).

    The last axis is filled up to a multiple of four.
    """
    n, n_padded = len(kernel), 4 * len(past.left)
    means, pairs = np.empty((n, n_padded)), np.empty((n * (n + 1) // 2, n_padded))
    big, small = np.zeros((2 * n, 2 * n)), np.zeros(2 * n)
    big_lanes, small_lanes = np.zeros((2 * n, 2 * n, 4)), np.zeros((2 * n + 1, 4))
    row_space, grid_space = np.empty((2, 2 * n)), np.empty((n + 1, 2 * n, 4))
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
            group, lane = (-1 - k) // 4, (-1 - k) % 4
            copy_lane(big, big_lanes, lane)
            for i in range(2 * n):
                small_lanes[i, lane] = small[i]
            if lane == 0:
                combine(past, group, big_lanes, small_lanes, kernel, grid_space, means, pairs)
        if past.step[s] > 0.0:
            decay_back(big, small, past.step[s])
    return means, pairs


@inner(fastmath=FREE_SUMS)
def add_scaled(weights, rows, out):
    """Write the sum of `rows` by weight."""
    out[:] = 0.0
    rest = len(weights) % 4
    for i in range(rest):
        a, x = weights[i], rows[i]
        for k in range(len(out)):
            out[k] += a * x[k]
    for i in range(rest, len(weights), 4):
        a, b, c, d = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
        x, y, z, u = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
        for k in range(len(out)):
            out[k] += a * x[k] + b * y[k] + c * z[k] + d * u[k]


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


@inner(fastmath=FREE_SUMS)
def mix(means, pairs, shares, mean_flux, amplitude, out):
    """Write mean and standard deviation of each wavelength."""
    both, own = pair_shares(shares), shares.T.copy()
    for w in range(len(both)):
        mean, std = out[0, w], out[1, w]
        add_scaled(own[w], means, mean)
        add_scaled(both[w], pairs, std)
        for k in range(len(mean)):
            mean[k] += mean_flux
            std[k] = np.sqrt(amplitude * max(1.0 - std[k], 0.0))


@inner(inline="always")
def predict(rows, theta, white, mean_flux, grid, out):
    """Write mean and standard deviation of one object into ``out`` (2, n_wavelengths, n_times)."""
    times, wavelengths = grid
    kernel, _ = band_kernel(rows.bands, rows.bands, theta, white)
    shares, _ = band_kernel(rows.bands, wavelengths, theta, white)
    past = look_back(rows, theta, white, mean_flux, kernel, times)
    means, pairs = look_ahead(rows, past, kernel, len(times))
    mix(means, pairs, shares, mean_flux, np.exp(theta[0]), out)


@inner()
def rows_of(columns, first, stop):
    """Return the rows of one object with its different wavelengths numbered as they occur."""
    time, band, flux, variance, wavelengths = columns
    number, own = np.zeros(len(wavelengths), np.int64), np.empty(stop - first, np.int64)
    n_bands = 0
    for k in range(first, stop):
        if number[band[k]] == 0:
            n_bands += 1
            number[band[k]] = n_bands
        own[k - first] = number[band[k]] - 1
    bands = np.empty(n_bands)
    for k in range(len(number)):
        if number[k] > 0:
            bands[number[k] - 1] = wavelengths[k]
    return Rows(time[first:stop], own, flux[first:stop], variance[first:stop], bands)


COLUMNS = "Tuple((i8[::1], f8[::1], i8[::1], f8[::1], f8[::1], f8[::1]))"
SIGNATURE = (
    f"void(i8[::1], {COLUMNS}, f8[:, :, ::1], f8[:, :, ::1], UniTuple(b1, 3), "
    "UniTuple(f8[::1], 2), f8[:, :, :, ::1], f8[:, ::1], f8[:, ::1], i4[::1], "
    "b1[:, ::1])"
)


@compiled(SIGNATURE, nogil=True)
def solve_linear(objects, columns, starts, box, flags, grid, out, theta, numbers, counts, results):
    """Fit and predict `objects`; fill `out` (n, 2, n_wavelengths, n_times) unless it is empty.

    `columns` are offsets, time, band, flux, variance and the wavelengths of the bands, `flags`
    whether the third hyperparameter is white noise, whether the mean is fitted and whether the
    hyperparameters are; `grid` are the sorted times and the wavelengths.
    """
    offsets, time, band, flux, variance, wavelengths = columns
    white, constant_mean, fits = flags
    trial = np.empty(3)
    for k in range(len(objects)):
        i = objects[k]
        own = rows_of((time, band, flux, variance, wavelengths), offsets[i], offsets[i + 1])
        work = new_work(len(own.time), len(own.bands))
        numbers[k, 0], numbers[k, 1] = 0.0, -np.inf
        for s in range(len(starts)):
            start = starts[s, i]
            low, high = (box[0, i], box[1, i]) if fits else (start, start)
            value, mean, n_evaluations, converged = climb(
                own, start, low, high, fits, (white, constant_mean), work, trial
            )
            counts[k] += n_evaluations
            if value > numbers[k, 1] or s == 0:
                numbers[k, 0], numbers[k, 1], results[k, 0] = mean, value, converged
                for m in range(3):
                    theta[k, m] = trial[m]
        results[k, 1] = np.isfinite(numbers[k, 1])
        if results[k, 1] and len(out):
            predict(own, theta[k], white, numbers[k, 0], grid, out[k])

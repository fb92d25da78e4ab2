"""Radial Matern-3/2 process: mean and standard deviation on the grid, and the loop over objects.

The squared time distances are computed once per object; each element then costs one square root
and one exponential, and the mean is summed in the same pass.  The variance is ``A - |L^-1 k*|^2``,
by products of a triangle and a wide matrix in strips of eight rows: one pass over four rows of the
right factor updates eight rows of the result, so that 32 multiplications share twelve loads.  The
triangle, the transposed inverse of a Cholesky factor, has a multiple of eight rows and zeros below
its diagonal.
"""

import numpy as np

from skastro.gaussian_process import _predict
from skastro.gaussian_process._compiled._exp import LOOSE, exp_negative
from skastro.gaussian_process._compiled._radial import (
    Rows,
    climb,
    evaluate,
    new_local,
    new_point,
    rates_of,
)
from skastro.gaussian_process._compiled._triangles import invert_transposed
from skastro.utils.compiled import compiled, inner

ELEMENTS_AT_ONCE, POINTS_AT_ONCE = 60_000, 512
LARGEST_SQUARE = _predict.LARGEST_SQUARE

coarse_points = inner()(_predict.coarse_points)


@inner(inline="always")
def block_transposed(a, i, j):
    """Return ``a[i:i+4, j:j+4].T`` as four tuples."""
    return (
        (a[i, j], a[i + 1, j], a[i + 2, j], a[i + 3, j]),
        (a[i, j + 1], a[i + 1, j + 1], a[i + 2, j + 1], a[i + 3, j + 1]),
        (a[i, j + 2], a[i + 1, j + 2], a[i + 2, j + 2], a[i + 3, j + 2]),
        (a[i, j + 3], a[i + 1, j + 3], a[i + 2, j + 3], a[i + 3, j + 3]),
    )


@inner(inline="always")
def add_product(upper, i, j, x, out, width):
    """Add ``upper[j:j+4, i:i+8].T @ x`` to the first `width` columns of `out`, eight rows."""
    a, b, c, d = block_transposed(upper, j, i)
    e, f, g, h = block_transposed(upper, j, i + 4)
    x0, x1, x2, x3 = x[0], x[1], x[2], x[3]
    out0, out1, out2, out3 = out[0], out[1], out[2], out[3]
    out4, out5, out6, out7 = out[4], out[5], out[6], out[7]
    for k in range(width):
        p, q, r, s = x0[k], x1[k], x2[k], x3[k]
        out0[k] += a[0] * p + a[1] * q + a[2] * r + a[3] * s
        out1[k] += b[0] * p + b[1] * q + b[2] * r + b[3] * s
        out2[k] += c[0] * p + c[1] * q + c[2] * r + c[3] * s
        out3[k] += d[0] * p + d[1] * q + d[2] * r + d[3] * s
        out4[k] += e[0] * p + e[1] * q + e[2] * r + e[3] * s
        out5[k] += f[0] * p + f[1] * q + f[2] * r + f[3] * s
        out6[k] += g[0] * p + g[1] * q + g[2] * r + g[3] * s
        out7[k] += h[0] * p + h[1] * q + h[2] * r + h[3] * s


@inner(fastmath=True)
def subtract_squares(rows, out, width):
    """Subtract the squares of eight rows."""
    a, b, c, d = rows[0], rows[1], rows[2], rows[3]
    e, f, g, h = rows[4], rows[5], rows[6], rows[7]
    for k in range(width):
        first = a[k] * a[k] + b[k] * b[k] + c[k] * c[k] + d[k] * d[k]
        out[k] -= first + e[k] * e[k] + f[k] * f[k] + g[k] * g[k] + h[k] * h[k]


@inner(fastmath=True)
def subtract_explained(upper, cross, strip, out, width):
    """Subtract the squared columns of ``upper.T @ cross``; `strip` is work space of eight rows."""
    for i in range(0, len(upper), 8):
        strip[:] = 0.0
        for j in range(0, i + 8, 4):
            add_product(upper, i, j, cross[j : j + 4], strip, width)
        subtract_squares(strip, out, width)


@inner(fastmath=LOOSE)
def fill_cross(squared_time, squared_wavelength, n_wavelengths, weights, cross, mean):
    """Write the kernel of unit amplitude between observations and a piece of the grid.

    The piece is `n_wavelengths` long; the mean is added up on the way.
    """
    n, n_times = squared_time.shape
    for i in range(n):
        weight = weights[i]
        for k in range(n_wavelengths):
            q, first = squared_wavelength[i, k], k * n_times
            for j in range(n_times):
                r = np.sqrt(squared_time[i, j] + q)
                decay = exp_negative(-r)
                kernel = decay + decay * r
                cross[i, first + j] = kernel
                mean[first + j] += weight * kernel


@inner(fastmath=LOOSE)
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


@inner()
def predict_radial(rows, theta, inverse_factor, alpha, mean_flux, grid, out):
    """Write mean and standard deviation of one object into ``out`` (2, n_wavelengths, n_times).

    The precision of `out` is that of the calculation, but for the points that
    :func:`coarse_points` names; amplitude is one inside.
    """
    rates, n = rates_of(theta), len(inverse_factor)
    weights, upper = np.empty(len(alpha)), np.empty((n, n))
    single, few = np.empty((n, n), out.dtype), np.empty(len(alpha), out.dtype)
    norm = 0.0
    for i in range(len(alpha)):
        weights[i] = few[i] = rates[0] * alpha[i]
        norm += weights[i] * weights[i]
    for i in range(n):
        for j in range(n):
            upper[i, j] = single[i, j] = np.sqrt(rates[0]) * inverse_factor[i, j]
    fill_grid(rows, rates, single, few, mean_flux, grid, out)
    if out.itemsize == 4:
        largest = largest_column(upper)
        points = coarse_points(out[0], out[1], rates[0], largest, np.sqrt(norm))
        refine(rows, rates, upper, weights, mean_flux, grid, points, out)


@inner()
def fill_squares(points, others, rate, out):
    """Write scaled squared distances up to `LARGEST_SQUARE`."""
    for i in range(len(others)):
        for j in range(len(points)):
            distance = (points[j] - others[i]) * rate
            out[i, j] = min(distance * distance, LARGEST_SQUARE)


@inner()
def fill_grid(rows, rates, upper, weights, mean_flux, grid, out):
    """Predict the whole grid, as many wavelengths at a time as fit the cache."""
    times, wavelengths = grid
    n, n_times = len(rows.time), len(times)
    at_once = min(max(ELEMENTS_AT_ONCE // (n * n_times), 1), 4, len(wavelengths))
    size = at_once * n_times
    squared_time, squared = np.empty((n, n_times), out.dtype), np.empty((n, at_once), out.dtype)
    cross, strip = np.zeros((len(upper), size), out.dtype), np.empty((8, size), out.dtype)
    mean, variance = np.empty(size, out.dtype), np.empty(size, out.dtype)
    fill_squares(times, rows.time, rates[1], squared_time)
    for first in range(0, len(wavelengths), at_once):
        some = wavelengths[first : first + at_once]
        width = len(some) * n_times
        fill_squares(some, rows.wavelength, rates[2], squared)
        mean[:], variance[:] = 0.0, 1.0
        fill_cross(squared_time, squared, len(some), weights, cross, mean)
        subtract_explained(upper, cross, strip, variance, width)
        for w in range(len(some)):
            for k in range(n_times):
                point = w * n_times + k
                out[0, first + w, k] = mean[point] + mean_flux
                out[1, first + w, k] = np.sqrt(rates[0] * max(variance[point], 0.0))


@inner()
def refine(rows, rates, upper, weights, mean_flux, grid, points, out):
    """Predict single points of the grid again, in the precision of `upper`."""
    times, wavelengths = grid
    cross, strip = np.zeros((len(upper), POINTS_AT_ONCE)), np.empty((8, POINTS_AT_ONCE))
    mean, variance = np.empty(POINTS_AT_ONCE), np.empty(POINTS_AT_ONCE)
    at, colour = np.empty(POINTS_AT_ONCE), np.empty(POINTS_AT_ONCE)
    for first in range(0, len(points), POINTS_AT_ONCE):
        width = min(POINTS_AT_ONCE, len(points) - first)
        mean[:], variance[:] = 0.0, 1.0
        for k in range(width):
            point = points[first + k]
            at[k], colour[k] = times[point % len(times)], wavelengths[point // len(times)]
        fill_points(rows, rates, at[:width], colour[:width], weights, cross, mean)
        subtract_explained(upper, cross, strip, variance, width)
        for k in range(width):
            row, column = points[first + k] // len(times), points[first + k] % len(times)
            out[0, row, column] = mean[k] + mean_flux
            out[1, row, column] = np.sqrt(rates[0] * max(variance[k], 0.0))


@inner()
def largest_column(upper):
    """Return the largest Euclidean norm of a column."""
    squares, largest = np.zeros(len(upper)), 0.0
    for i in range(len(upper)):
        for j in range(len(upper)):
            squares[j] += upper[i, j] * upper[i, j]
    for j in range(len(upper)):
        largest = max(largest, squares[j])
    return np.sqrt(largest)


@inner()
def rows_of(columns, i):
    """Return the rows of one object."""
    offsets, time, wavelength, flux, variance = columns
    first, stop = offsets[i], offsets[i + 1]
    return Rows(time[first:stop], wavelength[first:stop], flux[first:stop], variance[first:stop])


COLUMNS = "Tuple((i8[::1], f8[::1], f8[::1], f8[::1], f8[::1]))"
RESULTS = "f8[:, ::1], f8[:, ::1], i4[::1], b1[:, ::1]"


@compiled(f"void(i8[::1], {COLUMNS}, f8[:, :, ::1], f8[:, :, ::1], b1, {RESULTS})", nogil=True)
def fit_radial(objects, columns, starts, box, constant_mean, theta, numbers, counts, results):
    """Fit `objects`; `columns` are offsets, time, wavelength, flux and variance.

    Writes hyperparameters, (mean flux, value), evaluations and (converged, solved).
    """
    for k in range(len(objects)):
        i = objects[k]
        own = rows_of(columns, i)
        n = len(own.time)
        point, spare, local = new_point(n), new_point(n), new_local(n)
        numbers[k, 0], numbers[k, 1], trial = 0.0, -np.inf, np.empty(3)
        for s in range(len(starts)):
            for m in range(3):
                trial[m] = starts[s, i, m]
            point, spare, value, mean_flux, n_evaluations, converged = climb(
                own, trial, box[0, i], box[1, i], constant_mean, point, spare, local
            )
            counts[k] += n_evaluations
            if value > numbers[k, 1]:
                numbers[k, 0], numbers[k, 1] = mean_flux, value
                results[k, 0], results[k, 1] = converged, True
                for m in range(3):
                    theta[k, m] = trial[m]


@compiled(nogil=True)
def predict_objects(objects, columns, constant_mean, grid, out, theta, numbers, results):
    """Predict `objects` at `theta`, filling ``out`` (n, 2, n_wavelengths, n_times).

    Writes (mean flux, value) and whether there is one; `out` may be empty.
    """
    for k in range(len(objects)):
        own = rows_of(columns, objects[k])
        point = new_point(len(own.time))
        mean_flux, value = 0.0, -np.inf
        if np.isfinite(theta[k, 0]):
            value, mean_flux = evaluate(own, theta[k], constant_mean, point)
        numbers[k, 0], numbers[k, 1] = mean_flux, value
        results[k, 1] = np.isfinite(value)
        if results[k, 1] and len(out):
            inverse_factor = np.zeros_like(point.factor)
            invert_transposed(point.factor, inverse_factor)
            predict_radial(own, theta[k], inverse_factor, point.weights, mean_flux, grid, out[k])

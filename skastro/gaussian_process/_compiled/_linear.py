r"""Separable Matern-3/2 process in time linear in the rows.

In time the kernel is that of a Markov process with two states, so that the covariance of rows
sorted by time is semiseparable: its Cholesky factor follows row by row from a matrix
:math:`Y = \sum W W^T / \sigma` of the size of the bands times two, which decays and shears
between rows (Gordon, Agol and Foreman-Mackey 2020, AJ 160, 240; it is the Kalman filter of the
state-space model written in dual variables, in which the band kernel needs no inverse).  Amplitude
is one inside: variances are divided by it.

For a time step the decay is :math:`e^{-a} \begin{pmatrix} 1 & a \\ 0 & 1 \end{pmatrix}` in the
states (f, s) with :math:`a = \sqrt 3 \Delta t / \ell_t`, and both states covary with a new f by 1.
Every number of the fit has four lanes, side by side: the value, and its derivatives in ln A,
ln l_t^2 and in the third hyperparameter, ln l_w^2 or the logarithm of the white noise.

The filter is the cost of a fit, and vector instructions over the lanes halve it.  They require
that the lanes are written out one by one, that all are read before any is written, that each does
the same, and that sums keep their order.
"""

from typing import NamedTuple

import numpy as np

from skastro.gaussian_process import _ascent
from skastro.gaussian_process._compiled import _rules  # noqa: F401
from skastro.utils.compiled import inner

IN_ORDER = {"contract", "nsz", "arcp"}
FREE_SUMS = {"reassoc", *IN_ORDER}
LOG_2PI = np.log(2.0 * np.pi)
COUNT, RUNNING, UP, CONVERGED, VALUE = (
    _ascent.COUNT,
    _ascent.RUNNING,
    _ascent.UP,
    _ascent.CONVERGED,
    _ascent.VALUE,
)


class Rows(NamedTuple):
    """Observations of one object sorted by time; `bands` are its different wavelengths."""

    time: np.ndarray
    band: np.ndarray
    flux: np.ndarray
    variance: np.ndarray
    bands: np.ndarray


class Work(NamedTuple):
    """Sums of the filter with their lanes, and what it finds at each row.

    A row of `pairs`, (n_pairs, 16), holds the elements of Y of one pair of bands i >= m: f_i f_m,
    f_i s_m, s_i f_m, s_i s_m.  `sums`, (4, n_bands, 4), are the f and s sums of the fluxes and of
    ones; `half`, (2, n_bands, 4), and `gain`, (2, n_bands), are what the last row adds to Y:
    ``half gain' + gain half'``.  `found`, (n_rows, 12), is the variance of the innovation in units
    of the amplitude and the innovations of flux and ones; `slope` is -da of the decay in its lane.
    """

    pairs: np.ndarray
    sums: np.ndarray
    half: np.ndarray
    gain: np.ndarray
    found: np.ndarray
    slope: np.ndarray


@inner()
def new_work(n_rows, n_bands):
    """Allocate a `Work`."""
    return Work(
        np.zeros((n_bands * (n_bands + 1) // 2, 16)),
        np.zeros((4, n_bands, 4)),
        np.zeros((2, n_bands, 4)),
        np.zeros((2, n_bands)),
        np.zeros((n_rows, 12)),
        np.zeros(4),
    )


@inner()
def band_kernel(bands, others, theta, white):
    """Return the kernel of two sets of wavelengths and its derivative in ln l_w^2."""
    value, slope = np.empty((len(bands), len(others))), np.empty((len(bands), len(others)))
    rate = np.sqrt(3.0) * np.exp(-0.5 * theta[2])
    for i in range(len(bands)):
        for j in range(len(others)):
            b = 0.0 if white else abs(bands[i] - others[j]) * rate
            decay = np.exp(-b)
            value[i, j], slope[i, j] = (1.0 + b) * decay, 0.5 * b * b * decay
    return value, slope


@inner(fastmath=IN_ORDER)
def move_lane(pairs, r, k, half, gain, i, m, factors):
    """Return one lane of the elements of a pair after the last row and a time step."""
    e, b, c = factors
    f_i, f_m, s_i, s_m = half[0, i, k], half[0, m, k], half[1, i, k], half[1, m, k]
    f = pairs[r, k] + f_i * gain[0, m] + gain[0, i] * f_m
    p = pairs[r, 4 + k] + f_i * gain[1, m] + gain[0, i] * s_m
    q = pairs[r, 8 + k] + s_i * gain[0, m] + gain[1, i] * f_m
    s = pairs[r, 12 + k] + s_i * gain[1, m] + gain[1, i] * s_m
    return e * f + b * (p + q) + c * s, e * p + b * s, e * q + b * s, e * s


@inner(fastmath=IN_ORDER)
def advance(work, a):
    """Add the last row to Y and let it decay over a scaled time step, 0 for none."""
    pairs, half, gain, d = work.pairs, work.half, work.gain, work.slope
    e = np.exp(-2.0 * a)
    factors = e, e * a, e * a * a
    d[2] = -0.5 * a
    for i in range(gain.shape[1]):
        for m in range(i + 1):
            # Literal integers would compile the function once for each.
            r = i * (i + 1) // 2 + m
            f0, p0, q0, s0 = move_lane(pairs, r, np.int64(0), half, gain, i, m, factors)
            f1, p1, q1, s1 = move_lane(pairs, r, np.int64(1), half, gain, i, m, factors)
            f2, p2, q2, s2 = move_lane(pairs, r, np.int64(2), half, gain, i, m, factors)
            f3, p3, q3, s3 = move_lane(pairs, r, np.int64(3), half, gain, i, m, factors)
            d0, d1, d2, d3, y = d[0], d[1], d[2], d[3], pairs[r]
            f, p, q, s = p0 + q0 - 2.0 * f0, s0 - 2.0 * p0, s0 - 2.0 * q0, -2.0 * s0
            y[0], y[1], y[2], y[3] = f0 + d0 * f, f1 + d1 * f, f2 + d2 * f, f3 + d3 * f
            y[4], y[5], y[6], y[7] = p0 + d0 * p, p1 + d1 * p, p2 + d2 * p, p3 + d3 * p
            y[8], y[9], y[10], y[11] = q0 + d0 * q, q1 + d1 * q, q2 + d2 * q, q3 + d3 * q
            y[12], y[13], y[14], y[15] = s0 + d0 * s, s1 + d1 * s, s2 + d2 * s, s3 + d3 * s


@inner(fastmath=IN_ORDER)
def advance_data(sums, a, n_data):
    """Let the sums of the data decay over a scaled time step."""
    decay, d = np.exp(-a), -0.5 * a
    for n in range(n_data):
        zf, zs = sums[2 * n], sums[2 * n + 1]
        for i in range(len(zf)):
            for k in range(4):
                zf[i, k] = decay * (zf[i, k] + a * zs[i, k])
                zs[i, k] *= decay
            zf[i, 2] += d * (zs[i, 0] - zf[i, 0])
            zs[i, 2] -= d * zs[i, 0]


@inner(fastmath=IN_ORDER)
def project(work, kernel, slope, band):
    """Write the products of Y and the kernel of one band to `half`."""
    pairs, half, n = work.pairs, work.half, len(kernel)
    for i in range(n):
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = 0.0
        for m in range(n):
            low, high = min(i, m), max(i, m)
            y, o = pairs[high * (high + 1) // 2 + low], 4 if m > i else 8
            c, d = kernel[band, m], slope[band, m]
            a0, a1, a2, a3 = a0 + y[0] * c, a1 + y[1] * c, a2 + y[2] * c, a3 + y[3] * c
            b0, b1, b2, b3 = b0 + y[o] * c, b1 + y[o + 1] * c, b2 + y[o + 2] * c, b3 + y[o + 3] * c
            a3 += y[0] * d
            b3 += y[o] * d
        half[0, i, 0], half[0, i, 1], half[0, i, 2], half[0, i, 3] = a0, a1, a2, a3
        half[1, i, 0], half[1, i, 1], half[1, i, 2], half[1, i, 3] = b0, b1, b2, b3


@inner(fastmath=IN_ORDER)
def subtract_shares(values, kernel, slope, band, out):
    """Subtract the products of the kernel of one band and the lanes of all bands."""
    v0, v1, v2, v3 = out[0], out[1], out[2], out[3]
    for m in range(len(kernel)):
        c, own = kernel[band, m], values[m]
        v0, v1, v2, v3 = v0 - c * own[0], v1 - c * own[1], v2 - c * own[2], v3 - c * own[3]
        v3 -= slope[band, m] * own[0]
    out[0], out[1], out[2], out[3] = v0, v1, v2, v3


@inner(fastmath=IN_ORDER)
def weigh(work, row, band, n_data):
    """Add one row to the sums of the data; leave what it adds to Y in `half` and `gain`."""
    found, sums = work.found[row], work.sums
    inverse = 1.0 / found[0]
    for c in range(2):
        gain, q = work.gain[c], work.half[c]
        for i in range(len(gain)):
            own = (1.0 if i == band else 0.0) - q[i, 0]
            gain[i] = own * inverse
            for n in range(n_data):
                v, z = found[4 * n + 4 : 4 * n + 8], sums[2 * n + c, i]
                scaled = v[0] * inverse
                z[0] += gain[i] * v[0]
                for k in range(1, 4):
                    z[k] += gain[i] * (v[k] - scaled * found[k]) - q[i, k] * scaled
            q[i, 0] = 0.5 * own
            for k in range(1, 4):
                q[i, k] = -q[i, k] - 0.5 * gain[i] * found[k]


@inner(inline="always")
def filter_rows(rows, theta, white, n_data, work):
    """Run the filter; return whether every variance is positive."""
    kernel, slope = band_kernel(rows.bands, rows.bands, theta, white)
    amplitude, rate = np.exp(theta[0]), np.sqrt(3.0) * np.exp(-0.5 * theta[1])
    white_noise = np.exp(theta[2]) / amplitude if white else 0.0
    work.pairs[:] = 0.0
    work.sums[:] = 0.0
    work.half[:] = 0.0
    work.gain[:] = 0.0
    for n in range(len(rows.time)):
        a = rate * (rows.time[n] - rows.time[n - 1]) if n > 0 else 0.0
        advance(work, a)
        if a > 0.0:
            advance_data(work.sums, a, n_data)
        found, band = work.found[n], rows.band[n]
        noise = rows.variance[n] / amplitude + white_noise
        found[0], found[1], found[2], found[3] = 1.0 + noise, -noise, 0.0, white_noise
        project(work, kernel, slope, band)
        subtract_shares(work.half[0], kernel, slope, band, found)
        if not found[0] > 0.0:
            return False
        for d in range(n_data):
            v = found[4 * d + 4 :]
            v[0], v[1], v[2], v[3] = 1.0 if d else rows.flux[n], 0.0, 0.0, 0.0
            subtract_shares(work.sums[2 * d], kernel, slope, band, v)
        weigh(work, n, band, n_data)
    return True


@inner(fastmath=FREE_SUMS)
def best_mean(found):
    """Return the mean of generalised least squares."""
    weighted, weights = 0.0, 0.0
    for n in range(len(found)):
        one = found[n, 8] / found[n, 0]
        weighted += one * found[n, 4]
        weights += one * found[n, 8]
    return weighted / weights


@inner(fastmath=FREE_SUMS)
def summarise(found, amplitude, mean_flux, gradient, average):
    """Write gradient and information; return the log likelihood.

    The information is that of the innovations, ``sum tau_i tau_j / 2 + v_i v_j / S`` with v_i and
    ``tau_i = S_i / S`` the derivatives of innovation and log variance.  Over data drawn from the
    process its expectation is the Fisher matrix.
    """
    value = -0.5 * len(found) * (LOG_2PI + np.log(amplitude))
    gradient[:] = 0.0
    average[:] = 0.0
    for n in range(len(found)):
        row = found[n]
        v, inverse = row[4] - mean_flux * row[8], 1.0 / (amplitude * row[0])
        value -= 0.5 * (np.log(row[0]) + v * v * inverse)
        for k in range(3):
            tau = row[k + 1] / row[0] + (1.0 if k == 0 else 0.0)
            change = (row[k + 5] - mean_flux * row[k + 9]) * inverse
            gradient[k] -= 0.5 * tau * (1.0 - v * v * inverse) + v * change
            for m in range(3):
                other = row[m + 1] / row[0] + (1.0 if m == 0 else 0.0)
                moved = row[m + 5] - mean_flux * row[m + 9]
                average[k, m] += 0.5 * tau * other + change * moved
    return value


@inner(inline="always")
def evaluate(rows, theta, white, constant_mean, work, gradient, average):
    """Return log likelihood (-inf if singular) and mean flux; write gradient and information."""
    if not filter_rows(rows, theta, white, 2 if constant_mean else 1, work):
        return -np.inf, 0.0
    mean_flux = best_mean(work.found) if constant_mean else 0.0
    value = summarise(work.found, np.exp(theta[0]), mean_flux, gradient, average)
    return (value if np.isfinite(value) else -np.inf), mean_flux


@inner()
def add(a, b, out):
    """Write the sum of two vectors; arrays that are assigned take seconds to compile."""
    for k in range(len(out)):
        out[k] = a[k] + b[k]


@inner(inline="always")
def climb(rows, start, low, high, fits, flags, work, theta):
    """Move from `start` to a local maximum; see :mod:`skastro.gaussian_process._ascent`.

    Without `fits`, evaluate the likelihood at `start` alone.  Writes `theta` and returns value,
    mean flux, number of evaluations and whether it converged.
    """
    white, constant_mean = flags
    gradient, average, numbers = np.zeros(3), np.zeros((3, 3)), np.zeros(9)
    ascent = _ascent.Ascent(
        theta, low, high, np.zeros(3), np.zeros((3, 3)), np.zeros((3, 3)), np.zeros(3), numbers
    )
    trial, mean_flux = np.zeros(3), 0.0
    add(start, ascent.step, theta)
    while True:
        # One call of the filter in the whole program: every other would be compiled again.
        add(theta, ascent.step, trial)
        value, mean = evaluate(rows, trial, white, constant_mean, work, gradient, average)
        if numbers[COUNT] == 0.0:
            _ascent.begin(ascent, value)
            add(gradient, ascent.gradient, ascent.gradient)
            for k in range(3):
                add(average[k], ascent.average[k], ascent.average[k])
            mean_flux = mean
        else:
            _ascent.accept(ascent, value)
            if numbers[UP] > 0.0:
                mean_flux = mean
                _ascent.learn(ascent, gradient, average)
        if fits and numbers[RUNNING] > 0.0:
            _ascent.propose(ascent)
        if not fits or numbers[RUNNING] == 0.0:
            break
    return numbers[VALUE], mean_flux, int(numbers[COUNT]), not fits or numbers[CONVERGED] > 0.0

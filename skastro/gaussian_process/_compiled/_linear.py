r"""Separable Matern-3/2 process in time linear in the rows.

In time the kernel is that of a Markov process with two states, so that the covariance of rows
sorted by time is semiseparable: its Cholesky factor follows row by row from a matrix
:math:`Y = \sum W W^T / \sigma` of the size of the bands times two, which decays and shears
between rows (Gordon, Agol and Foreman-Mackey 2020, AJ 160, 240; it is the Kalman filter of the
state-space model written in dual variables, in which the band kernel needs no inverse).  Amplitude
is one inside: variances are divided by it.

For a time step the decay is :math:`e^{-a} \begin{pmatrix} 1 & a \\ 0 & 1 \end{pmatrix}` in the
states (f, s) with :math:`a = \sqrt 3 \Delta t / \ell_t`, and both states covary with a new f by 1.
Arrays of the fit have four lanes in the last axis: the value, and its derivatives in ln A,
ln l_t^2 and in the third hyperparameter, ln l_w^2 or the logarithm of the white noise.
"""

from typing import NamedTuple

import numpy as np

from skastro.gaussian_process import _ascent
from skastro.gaussian_process._compiled import _rules  # noqa: F401
from skastro.utils.compiled import inner

FREE_SUMS = {"reassoc", "contract", "nsz", "arcp"}
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

    `ff`, `fs`, `ss` are the blocks of Y, (n_bands, n_bands, 4), of `ff` and `ss` lower triangles;
    `zf` and `zs` the sums of the two
    data vectors, flux and ones, (2, n_bands, 4); `qf`, `qs` are work space.  `innovation` is
    (n_rows, 2, 4) and `sigma`, the variance of the innovation in units of the amplitude,
    (n_rows, 4).
    """

    ff: np.ndarray
    fs: np.ndarray
    ss: np.ndarray
    zf: np.ndarray
    zs: np.ndarray
    qf: np.ndarray
    qs: np.ndarray
    kf: np.ndarray
    ks: np.ndarray
    innovation: np.ndarray
    sigma: np.ndarray


@inner()
def new_work(n_rows, n_bands):
    """Allocate a `Work`."""
    square, pair, one = (n_bands, n_bands, 4), (2, n_bands, 4), (n_bands, 4)
    blocks = np.zeros(square), np.zeros(square), np.zeros(square)
    sums = np.zeros(pair), np.zeros(pair)
    space = np.zeros(one), np.zeros(one), np.zeros(n_bands), np.zeros(n_bands)
    return Work(*blocks, *sums, *space, np.zeros((n_rows, 2, 4)), np.zeros((n_rows, 4)))


@inner()
def band_kernel(bands, others, theta, white):
    """Return the kernel of two sets of wavelengths and its derivative in ln l_w^2."""
    shape = len(bands), len(others)
    value, slope = np.ones(shape), np.zeros(shape)
    if white:
        return value, slope
    rate = np.sqrt(3.0) * np.exp(-0.5 * theta[2])
    for i in range(len(bands)):
        for j in range(len(others)):
            b = abs(bands[i] - others[j]) * rate
            decay = np.exp(-b)
            value[i, j], slope[i, j] = (1.0 + b) * decay, 0.5 * b * b * decay
    return value, slope


@inner(fastmath=FREE_SUMS)
def propagate(work, a):
    """Let Y decay over a scaled time step, with the derivative in the time scale."""
    ff, fs, ss = work.ff, work.fs, work.ss
    n, e = len(ff), np.exp(-2.0 * a)
    b, c = e * a, e * a * a
    for i in range(n):
        for m in range(i + 1):
            for k in range(4):
                ff[i, m, k] = e * ff[i, m, k] + b * (fs[i, m, k] + fs[m, i, k]) + c * ss[i, m, k]
    for i in range(n):
        for m in range(i + 1):
            for k in range(4):
                fs[i, m, k] = e * fs[i, m, k] + b * ss[i, m, k]
        for m in range(i):
            for k in range(4):
                fs[m, i, k] = e * fs[m, i, k] + b * ss[i, m, k]
    for i in range(n):
        for m in range(i + 1):
            for k in range(4):
                ss[i, m, k] *= e
    differentiate_time(ff, fs, ss, -0.5 * a)


@inner(fastmath=FREE_SUMS)
def differentiate_time(ff, fs, ss, da):
    """Add the derivative of the decay to the lane of the time scale."""
    for i in range(len(ff)):
        for m in range(i + 1):
            f, p, q, s = ff[i, m, 0], fs[i, m, 0], fs[m, i, 0], ss[i, m, 0]
            ff[i, m, 2] += da * (p + q - 2.0 * f)
            ss[i, m, 2] -= 2.0 * da * s
            fs[i, m, 2] += da * (s - 2.0 * p)
            if m < i:
                fs[m, i, 2] += da * (s - 2.0 * q)


@inner(fastmath=FREE_SUMS)
def propagate_data(work, a, n_data):
    """Do the same with the sums of the data."""
    zf, zs, decay, da = work.zf, work.zs, np.exp(-a), -0.5 * a
    for d in range(n_data):
        for i in range(zf.shape[1]):
            for k in range(4):
                zf[d, i, k] = decay * (zf[d, i, k] + a * zs[d, i, k])
                zs[d, i, k] *= decay
            zf[d, i, 2] += da * (zs[d, i, 0] - zf[d, i, 0])
            zs[d, i, 2] -= da * zs[d, i, 0]


@inner(fastmath=FREE_SUMS)
def project(work, kernel, slope):
    """Write the products of Y and the kernel of one band to `qf` and `qs`."""
    ff, fs, qf, qs = work.ff, work.fs, work.qf, work.qs
    for i in range(len(kernel)):
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = 0.0
        for m in range(len(kernel)):
            x, y = ff[max(i, m), min(i, m)], fs[m, i]
            c, d = kernel[m], slope[m]
            a0 += x[0] * c
            a1 += x[1] * c
            a2 += x[2] * c
            a3 += x[3] * c + x[0] * d
            b0 += y[0] * c
            b1 += y[1] * c
            b2 += y[2] * c
            b3 += y[3] * c + y[0] * d
        qf[i, 0], qf[i, 1], qf[i, 2], qf[i, 3] = a0, a1, a2, a3
        qs[i, 0], qs[i, 1], qs[i, 2], qs[i, 3] = b0, b1, b2, b3


@inner(fastmath=FREE_SUMS)
def innovate(work, row, kernel, slope, flux, noise, white_noise, n_data):
    """Write innovations and their variance, with lanes, of one row."""
    sigma, qf, zf = work.sigma[row], work.qf, work.zf
    sigma[0], sigma[1], sigma[2], sigma[3] = 1.0 + noise, -noise, 0.0, white_noise
    for m in range(len(kernel)):
        for k in range(4):
            sigma[k] -= kernel[m] * qf[m, k]
        sigma[3] -= slope[m] * qf[m, 0]
    for d in range(n_data):
        v = work.innovation[row, d]
        v[0], v[1], v[2], v[3] = flux if d == 0 else 1.0, 0.0, 0.0, 0.0
        for m in range(len(kernel)):
            for k in range(4):
                v[k] -= kernel[m] * zf[d, m, k]
            v[3] -= slope[m] * zf[d, m, 0]


@inner(fastmath=FREE_SUMS)
def weigh(work, row, band, n_data):
    """Add one row to the data sums; leave gains in `kf`, `ks` and half changes in `qf`, `qs`."""
    qf, qs, kf, ks, sigma = work.qf, work.qs, work.kf, work.ks, work.sigma[row]
    inverse = 1.0 / sigma[0]
    for i in range(len(kf)):
        own = 1.0 if i == band else 0.0
        of, os = own - qf[i, 0], own - qs[i, 0]
        kf[i], ks[i] = of * inverse, os * inverse
        for d in range(n_data):
            v, zf, zs = work.innovation[row, d], work.zf[d, i], work.zs[d, i]
            scaled = v[0] * inverse
            zf[0] += kf[i] * v[0]
            zs[0] += ks[i] * v[0]
            for k in range(1, 4):
                change = v[k] - scaled * sigma[k]
                zf[k] += kf[i] * change - qf[i, k] * scaled
                zs[k] += ks[i] * change - qs[i, k] * scaled
        qf[i, 0], qs[i, 0] = 0.5 * of, 0.5 * os
        for k in range(1, 4):
            qf[i, k] = -qf[i, k] - 0.5 * kf[i] * sigma[k]
            qs[i, k] = -qs[i, k] - 0.5 * ks[i] * sigma[k]


@inner(fastmath=FREE_SUMS)
def add_products(block, g, k, h, q, whole):
    """Add ``g q' + k h'`` to a block or its lower triangle, all lanes at once."""
    for i in range(len(k)):
        a, b, c, d, e = g[i, 0], g[i, 1], g[i, 2], g[i, 3], k[i]
        row = block[i]
        for m in range(len(k) if whole else i + 1):
            x, y, z = q[m], h[m], row[m]
            z[0] += a * x + e * y[0]
            z[1] += b * x + e * y[1]
            z[2] += c * x + e * y[2]
            z[3] += d * x + e * y[3]


@inner(inline="always")
def filter_rows(rows, theta, white, n_data, work):
    """Run the filter; return whether every variance is positive."""
    kernel, slope = band_kernel(rows.bands, rows.bands, theta, white)
    amplitude, rate = np.exp(theta[0]), np.sqrt(3.0) * np.exp(-0.5 * theta[1])
    white_noise = np.exp(theta[2]) / amplitude if white else 0.0
    for array in (work.ff, work.fs, work.ss):
        array[:] = 0.0
    work.zf[:] = 0.0
    work.zs[:] = 0.0
    for n in range(len(rows.time)):
        if n > 0 and rows.time[n] > rows.time[n - 1]:
            a = rate * (rows.time[n] - rows.time[n - 1])
            propagate(work, a)
            propagate_data(work, a, n_data)
        j = rows.band[n]
        noise = rows.variance[n] / amplitude + white_noise
        project(work, kernel[j], slope[j])
        innovate(work, n, kernel[j], slope[j], rows.flux[n], noise, white_noise, n_data)
        if not work.sigma[n, 0] > 0.0:
            return False
        weigh(work, n, j, n_data)
        add_products(work.ff, work.qf, work.kf, work.qf, work.kf, False)
        add_products(work.fs, work.qf, work.kf, work.qs, work.ks, True)
        add_products(work.ss, work.qs, work.ks, work.qs, work.ks, False)
    return True


@inner(fastmath=FREE_SUMS)
def best_mean(work):
    """Return the mean of generalised least squares."""
    weighted, weights = 0.0, 0.0
    for n in range(len(work.sigma)):
        one = work.innovation[n, 1, 0] / work.sigma[n, 0]
        weighted += one * work.innovation[n, 0, 0]
        weights += one * work.innovation[n, 1, 0]
    return weighted / weights


@inner(fastmath=FREE_SUMS)
def summarise(work, amplitude, mean_flux, gradient, average):
    """Write gradient and information; return the log likelihood.

    The information is that of the innovations, ``sum tau_i tau_j / 2 + v_i v_j / S`` with v_i and
    ``tau_i = S_i / S`` the derivatives of innovation and log variance.  Over data drawn from the
    process its expectation is the Fisher matrix.
    """
    value = -0.5 * len(work.sigma) * (LOG_2PI + np.log(amplitude))
    gradient[:] = 0.0
    average[:] = 0.0
    tau, v = np.zeros(4), np.zeros(4)
    for n in range(len(work.sigma)):
        sigma = work.sigma[n]
        inverse = 1.0 / (amplitude * sigma[0])
        for k in range(4):
            v[k] = work.innovation[n, 0, k] - mean_flux * work.innovation[n, 1, k]
            tau[k] = sigma[k] / sigma[0]
        tau[1] += 1.0
        value -= 0.5 * (np.log(sigma[0]) + v[0] * v[0] * inverse)
        for k in range(3):
            own, change = tau[k + 1], v[k + 1] * inverse
            gradient[k] -= 0.5 * own * (1.0 - v[0] * v[0] * inverse) + v[0] * change
            for m in range(3):
                average[k, m] += 0.5 * own * tau[m + 1] + change * v[m + 1]
    return value


@inner(inline="always")
def evaluate(rows, theta, white, constant_mean, work, gradient, average):
    """Return log likelihood (-inf if singular) and mean flux; write gradient and information."""
    if not filter_rows(rows, theta, white, 2 if constant_mean else 1, work):
        return -np.inf, 0.0
    mean_flux = best_mean(work) if constant_mean else 0.0
    value = summarise(work, np.exp(theta[0]), mean_flux, gradient, average)
    return (value if np.isfinite(value) else -np.inf), mean_flux


@inner(inline="always")
def climb(rows, theta, low, high, white, constant_mean, work):
    """Move `theta` to a local maximum; see :mod:`skastro.gaussian_process._ascent`.

    Returns value, mean flux, number of evaluations and whether it converged.
    """
    gradient, average, numbers = np.zeros(3), np.zeros((3, 3)), np.zeros(9)
    value, mean_flux = evaluate(rows, theta, white, constant_mean, work, gradient, average)
    ascent = _ascent.Ascent(
        theta, low, high, gradient.copy(), average.copy(), np.zeros((3, 3)), np.zeros(3), numbers
    )
    _ascent.begin(ascent, value)
    if numbers[RUNNING] > 0.0:
        _ascent.propose(ascent)
    while numbers[RUNNING] > 0.0:
        trial = theta + ascent.step
        value, mean = evaluate(rows, trial, white, constant_mean, work, gradient, average)
        _ascent.accept(ascent, value)
        if numbers[UP] > 0.0:
            mean_flux = mean
            _ascent.learn(ascent, gradient, average)
        if numbers[RUNNING] > 0.0:
            _ascent.propose(ascent)
    return numbers[VALUE], mean_flux, int(numbers[COUNT]), numbers[CONVERGED] > 0.0

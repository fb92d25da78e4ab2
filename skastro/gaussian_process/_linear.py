r"""Separable Matern-3/2 process in time linear in the rows, with NumPy: one object, any length.

The algorithm is that of :mod:`skastro.gaussian_process._compiled._linear`, which explains it; one
row costs some thirty calls of NumPy, about a hundred times the compiled step.  It serves objects
that are too long for dense matrices, and posterior samples of them.
"""

from typing import NamedTuple

import numpy as np

LOG_2PI = np.log(2.0 * np.pi)


class LinearState(NamedTuple):
    """Likelihood at one vector of hyperparameters, with gradient and information."""

    theta: np.ndarray
    value: float
    mean_flux: float
    gradient: np.ndarray
    average: np.ndarray


class Past(NamedTuple):
    """Forward filter: gains, variances, sums at the times of the grid, and the order of events."""

    gain: np.ndarray
    sigma: np.ndarray
    left: np.ndarray
    order: np.ndarray
    step: np.ndarray


class LinearProcess:
    """Separable process of one light curve.

    Parameters
    ----------
    time, wavelength, flux, variance : ndarray of shape (n,)
        Observations, float64, in any order.

    constant_mean : bool, default=False
        Subtract the generalised least-squares mean.

    white : bool, default=False
        The third hyperparameter is the logarithm of a white noise instead of that of the squared
        wavelength scale, and all wavelengths are one.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process._linear import LinearProcess
    >>> one = LinearProcess(np.zeros(1), np.zeros(1), np.ones(1), np.ones(1))
    >>> round(one.evaluate(np.zeros(3)).value, 4)
    -1.5155
    """

    def __init__(self, time, wavelength, flux, variance, constant_mean=False, white=False):
        order = np.argsort(time, kind="stable")
        self.time, self.flux, self.variance = time[order], flux[order], variance[order]
        self.bands, self.band = np.unique(wavelength[order], return_inverse=True)
        self.constant_mean = constant_mean
        self.white = white

    def evaluate(self, theta):
        """Return the `LinearState` at `theta`, or None where the covariance is singular."""
        theta = np.asarray(theta, np.float64)
        filtered = self._filter(theta)
        if filtered is None:
            return None
        sigma, data = filtered
        ones = data[:, 1, :1] / sigma[:, :1]
        mean_flux = 0.0
        if self.constant_mean:
            mean_flux = float((ones * data[:, 0, :1]).sum() / (ones * data[:, 1, :1]).sum())
        state = _summarise(theta, sigma, data[:, 0] - mean_flux * data[:, 1], mean_flux)
        return state if np.isfinite(state.value) else None

    def local_model(self, state):
        """Return gradient and information."""
        return state.gradient, state.average

    def expected_information(self, theta):
        """Return the Fisher matrix, shape (3, 3), or None where the covariance is singular.

        The derivatives of the innovations are linear in earlier innovations, which are white: the
        filter carries their covariance along.
        """
        moments = _Moments(len(self.bands))
        return None if self._filter(theta, moments.take) is None else moments.information

    def _filter(self, theta, visit=None):
        """Return variances (n, 4) and innovations of flux and ones (n, 2, 4), with lanes."""
        kernel, slope = self._kernel(self.bands, theta)
        steps = _steps(self.time, theta)
        noise, white = self._noise(theta)
        n = len(kernel)
        y, z = np.zeros((3, 4, n, n)), np.zeros((2, 2, 4, n))
        sigma, data = np.empty((len(noise), 4)), np.empty((len(noise), 2, 4))
        for k, j in enumerate(self.band):
            if steps[k] > 0:
                _propagate(y, z, steps[k])
            qf, qs = y[0] @ kernel[j], kernel[j] @ y[1]
            qf[3] += y[0, 0] @ slope[j]
            qs[3] += slope[j] @ y[1, 0]
            sigma[k] = [1.0 + noise[k], -noise[k], 0.0, white] - qf @ kernel[j]
            sigma[k, 3] -= slope[j] @ qf[0]
            if not sigma[k, 0] > 0:
                return None
            if visit is not None:
                visit(steps[k], j, kernel[j], slope[j], np.hstack([qf, qs]), sigma[k])
            data[k] = -(z[0] @ kernel[j])
            data[k, :, 3] -= z[0, :, 0] @ slope[j]
            data[k, :, 0] += self.flux[k], 1.0
            _update(y, z, j, qf, qs, sigma[k], data[k])
        return sigma, data

    def predict(self, state, times, wavelengths, out):
        """Write mean and standard deviation into ``out`` (2, n_wavelengths, n_times)."""
        order = np.argsort(times, kind="stable")
        past = self.look_back(state.theta, times[order])
        means = self.dual_means(past, state, (self.flux - state.mean_flux)[None])[0]
        explained = self._dual_covariances(past, state.theta)
        shares = self.shares(wavelengths, state.theta)
        out[0][:, order] = shares @ means.T + state.mean_flux
        known = np.einsum("wi,tij,wj->wt", shares, explained, shares, optimize=True)
        out[1][:, order] = np.exp(0.5 * state.theta[0]) * np.sqrt(np.maximum(1.0 - known, 0.0))

    def shares(self, wavelengths, theta):
        """Return the correlation of any wavelengths with the bands."""
        return self._kernel(wavelengths, theta)[0]

    def _kernel(self, wavelengths, theta):
        """Return the kernel of any wavelengths and the bands, and its derivative in ln l_w^2."""
        if self.white:
            shape = len(wavelengths), len(self.bands)
            return np.ones(shape), np.zeros(shape)
        b = np.abs(wavelengths[:, None] - self.bands) * (np.sqrt(3.0) * np.exp(-0.5 * theta[2]))
        return (1.0 + b) * np.exp(-b), 0.5 * b * b * np.exp(-b)

    def _noise(self, theta):
        """Return noise and white noise in units of the amplitude."""
        white = np.exp(theta[2] - theta[0]) if self.white else 0.0
        return self.variance * np.exp(-theta[0]) + white, white

    def look_back(self, theta, times):
        """Filter the rows and the sorted `times` forwards, without the data."""
        kernel, _ = self._kernel(self.bands, theta)
        noise, _ = self._noise(theta)
        order, step = _merge(self.time, times, theta)
        n, n_rows = len(kernel), len(self.time)
        y = np.zeros((2 * n, 2 * n))
        gain, sigma = np.empty((n_rows, 2 * n)), np.empty(n_rows)
        left = np.empty((len(times), n, 2 * n))
        for k, a in zip(order, step):
            y = _decay(y, a) if a > 0 else y
            if k >= n_rows:
                left[k - n_rows] = y[:n]
                continue
            j = self.band[k]
            own = -(y[:, :n] @ kernel[j])
            sigma[k] = 1.0 + noise[k] + kernel[j] @ own[:n]
            own[[j, n + j]] += 1.0
            gain[k] = own / sigma[k]
            y = y + np.outer(own, gain[k])
        return Past(gain, sigma, left, order, step)

    def dual_means(self, past, state, data):
        """Return M, (n_vectors, n_times, n_bands), of data vectors (n_vectors, n_rows)."""
        kernel, _ = self._kernel(self.bands, state.theta)
        n, n_rows = len(kernel), len(self.time)
        z, innovations = np.zeros((len(data), 2 * n)), np.empty(data.shape)
        means = np.empty((len(data), len(past.left), n))
        for k, a in zip(past.order, past.step):
            z = _decay_vectors(z, a) if a > 0 else z
            if k >= n_rows:
                means[:, k - n_rows] = z[:, :n]
            else:
                v = innovations[:, k] = data[:, k] - z[:, :n] @ kernel[self.band[k]]
                z = z + np.outer(v, past.gain[k])
        small = np.zeros((len(data), 2 * n))
        lifted = (past.gain.reshape(-1, 2, n) @ kernel).reshape(-1, 2 * n)
        for k, a in zip(past.order[::-1], past.step[::-1]):
            if k >= n_rows:
                means[:, k - n_rows] += small @ _weights(past.left[k - n_rows], kernel).T
            else:
                small[:, self.band[k]] += innovations[:, k] / past.sigma[k] - small @ lifted[k]
            small = _decay_vectors(small, a, back=True) if a > 0 else small
        return means

    def _dual_covariances(self, past, theta):
        """Return X, (n_times, n_bands, n_bands)."""
        kernel, _ = self._kernel(self.bands, theta)
        n, n_rows = len(kernel), len(self.time)
        big, explained = np.zeros((2 * n, 2 * n)), np.empty((len(past.left), n, n))
        lifted = (past.gain.reshape(-1, 2, n) @ kernel).reshape(-1, 2 * n)
        for k, a in zip(past.order[::-1], past.step[::-1]):
            if k >= n_rows:
                left = past.left[k - n_rows]
                weights = _weights(left, kernel)
                explained[k - n_rows] = left[:, :n] + weights @ big @ weights.T
            else:
                j, product = self.band[k], big @ lifted[k]
                big[j] -= product
                big[:, j] -= product
                big[j, j] += lifted[k] @ product + 1.0 / past.sigma[k]
            big = _decay(big, a, back=True) if a > 0 else big
        return explained


class _Moments:
    """Covariance of the data sums and their derivatives, (4 x 2 n_bands) squared."""

    def __init__(self, n_bands):
        self.n = n_bands
        self.covariance = np.zeros((8 * n_bands, 8 * n_bands))
        self.information = np.zeros((3, 3))

    def take(self, a, j, kernel, slope, q, sigma):
        """Take in one row; `q` has shape (4, 2 n_bands) and `sigma` (4,)."""
        if a > 0:
            self._transform(self._decay(a))
        change = np.zeros((4, 4, 2 * self.n))
        change[range(4), range(4), : self.n] = -kernel
        change[3, 0, : self.n] = -slope
        change = change.reshape(4, -1)
        size = change.shape[1]
        tau = sigma[1:] / sigma[0] + [1.0, 0.0, 0.0]
        known = change[1:] @ self.covariance @ change[1:].T
        self.information += 0.5 * np.outer(tau, tau) + known / sigma[0]
        gain = -q[0] / sigma[0]
        gain[[j, self.n + j]] += 1.0 / sigma[0]
        change[0] = 0.0
        added = np.einsum("km,i->kim", change, gain).reshape(size, size)
        self._transform(np.eye(size) + added)
        noise = -(q + np.outer(sigma, gain)) / sigma[0]
        noise[0] = gain
        self.covariance += sigma[0] * np.outer(noise, noise)

    def _decay(self, a):
        """Return the matrix of a scaled time step."""
        own = np.exp(-a) * np.array([[1.0, a], [0.0, 1.0]])
        slope = -0.5 * a * np.exp(-a) * np.array([[-1.0, 1.0 - a], [0.0, -1.0]])
        lanes = np.zeros((4, 4))
        lanes[2, 0] = 1.0
        unit = np.eye(self.n)
        return np.kron(np.eye(4), np.kron(own, unit)) + np.kron(lanes, np.kron(slope, unit))

    def _transform(self, matrix):
        self.covariance = matrix @ self.covariance @ matrix.T


def _summarise(theta, sigma, v, mean_flux):
    """Return the `LinearState` of filtered rows."""
    variance = np.exp(theta[0]) * sigma[:, 0]
    tau = sigma[:, 1:] / sigma[:, :1] + [1.0, 0.0, 0.0]
    square = v[:, 0] ** 2 / variance
    change = v[:, 1:] / variance[:, None]
    value = -0.5 * float(np.sum(LOG_2PI + np.log(variance) + square))
    gradient = -0.5 * (1.0 - square) @ tau - v[:, 0] @ change
    average = 0.5 * tau.T @ tau + change.T @ v[:, 1:]
    return LinearState(theta, value, mean_flux, gradient, average)


def _propagate(y, z, a):
    """Let the sums decay over a scaled time step; lane 2 is the derivative in ln l_t^2."""
    ff, fs, ss = y
    decay, da = np.exp(-a), -0.5 * a
    ff += a * (fs + fs.transpose(0, 2, 1) + a * ss)
    fs += a * ss
    y *= decay * decay
    ff[2] += da * (fs[0] + fs[0].T - 2.0 * ff[0])
    fs[2] += da * (ss[0] - 2.0 * fs[0])
    ss[2] -= 2.0 * da * ss[0]
    z[0] += a * z[1]
    z *= decay
    z[0, :, 2] += da * (z[1, :, 0] - z[0, :, 0])
    z[1, :, 2] -= da * z[1, :, 0]


def _update(y, z, j, qf, qs, sigma, data):
    """Add one row of band `j` to the sums."""
    unit = np.zeros(qf.shape[1])
    unit[j] = 1.0
    gains, halves = [], []
    for q, own in ((qf, z[0]), (qs, z[1])):
        weight = unit - q[0]
        gain = weight / sigma[0]
        change = data - np.outer(data[:, 0] / sigma[0], sigma)
        change[:, 0] = data[:, 0]
        own += change[:, :, None] * gain
        own[:, 1:] -= (data[:, 0] / sigma[0])[:, None, None] * q[1:]
        half = -q - 0.5 * sigma[:, None] * gain
        half[0] = 0.5 * weight
        gains.append(gain)
        halves.append(half)
    for block, (r, c) in zip(y, ((0, 0), (0, 1), (1, 1))):
        block += halves[r][:, :, None] * gains[c]
        block += gains[r][:, None] * halves[c][:, None, :]


def _decay(y, a, back=False):
    """Return a symmetric matrix of (f, s) sums after a scaled time step, or before it."""
    n = len(y) // 2
    to, source = (slice(n, None), slice(n)) if back else (slice(n), slice(n, None))
    y = y.copy()
    y[to] += a * y[source]
    y[:, to] += a * y[:, source]
    return y * np.exp(-2.0 * a)


def _decay_vectors(z, a, back=False):
    """Return rows of (f, s) sums after a scaled time step, or before it."""
    n = z.shape[1] // 2
    to, source = (slice(n, None), slice(n)) if back else (slice(n), slice(n, None))
    z = z.copy()
    z[:, to] += a * z[:, source]
    return z * np.exp(-a)


def _weights(left, kernel):
    """Return how the future acts on each band, (n_bands, 2 n_bands)."""
    n = len(kernel)
    return np.tile(np.eye(n), 2) - np.hstack([left[:, :n] @ kernel, left[:, n:] @ kernel])


def _steps(time, theta):
    return np.sqrt(3.0) * np.exp(-0.5 * theta[1]) * np.diff(time, prepend=time[:1])


def _merge(time, times, theta):
    """Return rows (k < n_rows) and times of the grid (n_rows + g) in order, and the steps."""
    both = np.concatenate([time, times])
    order = np.argsort(both, kind="stable")
    return order, _steps(both[order], theta)

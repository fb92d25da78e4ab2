r"""Squared-exponential covariance with white noise for many short series at once.

.. math:: K = A\,e^{-\Delta t^2 / 2 \ell^2} + \mathrm{diag}(\sigma^2) + W\,1,
   \qquad \theta = (\ln A, \ln \ell^2, \ln W).

Series of unequal length are stored in arrays of shape (n_series, n); a series is padded with
uncorrelated points of variance one, which change neither the likelihood nor the prediction.
"""

from typing import NamedTuple

import numpy as np

LOG_2PI = np.log(2.0 * np.pi)
# Finite: with infinity the slopes of padding would be infinity times zero, NaN.
_FAR = 1e30


class Solution(NamedTuple):
    """What value, gradient and prediction share at one theta of each series."""

    value: np.ndarray
    inverse_factor: np.ndarray
    residual: np.ndarray
    weights: np.ndarray
    mean_flux: np.ndarray
    shape: np.ndarray


class RBFSeries:
    """Log marginal likelihood and prediction of series of about equal length.

    Parameters
    ----------
    time, flux, variance : ndarray of shape (n_series, n)
        Observations; anything after the end of a series.

    length : ndarray of shape (n_series,)
        Number of observations of each series.

    constant_mean : bool, default=False
        Subtract the generalised least-squares mean of each series.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process._rbf import RBFSeries
    >>> one = np.ones((1, 1))
    >>> series = RBFSeries(one, one, one, np.array([1]))
    >>> series.solve(np.array([[0.0, 0.0, -np.inf]]), np.array([0])).value.round(4).tolist()
    [-1.5155]
    """

    def __init__(self, time, flux, variance, length, constant_mean=False):
        self.own = np.arange(time.shape[1]) < length[:, None]
        self.time = np.where(self.own, time, _FAR)
        self.flux = np.where(self.own, flux, 0.0)
        self.variance = np.where(self.own, variance, 1.0)
        self.length = length
        self.constant_mean = constant_mean
        pairs = self.own[:, :, None] & self.own[:, None, :]
        self.squared = np.where(pairs, (time[:, :, None] - time[:, None, :]) ** 2, _FAR)

    def solve(self, theta, some):
        """Return the `Solution` of the series `some`; the value is -inf where it is singular."""
        amplitude, metric, white = np.exp(theta.T)[:, :, None]
        shape = np.exp(self.squared[some] * (-0.5 / metric[:, :, None]))
        covariance = amplitude[:, :, None] * shape
        np.einsum("ijj->ij", covariance)[:] += self.variance[some] + white * self.own[some]
        factor, singular = _cholesky(covariance)
        inverse_factor = np.linalg.inv(factor)
        residual, mean_flux = self._residual(inverse_factor, some)
        whitened = _times(inverse_factor, residual)
        value = -0.5 * np.einsum("ij,ij->i", whitened, whitened)
        value -= (
            np.log(np.einsum("ijj->ij", factor)).sum(axis=1) + 0.5 * LOG_2PI * self.length[some]
        )
        value = np.where(singular | ~np.isfinite(value), -np.inf, value)
        weights = _times(inverse_factor.transpose(0, 2, 1), whitened)
        return Solution(value, inverse_factor, residual, weights, mean_flux, shape)

    def evaluate(self, theta, some):
        """Return values, gradients, average and observed information of the series `some`."""
        # A slice is a view; an index would copy every array of the block.
        some = slice(None) if len(some) == len(self.length) else some
        solution = self.solve(theta, some)
        amplitude, metric, white = np.exp(theta.T)[:, :, None]
        inverse = solution.inverse_factor.transpose(0, 2, 1) @ solution.inverse_factor
        half = self.squared[some] * (0.5 / metric[:, :, None])
        slope = half * solution.shape
        slope *= amplitude[:, :, None]
        white = white * self.own[some]
        noise = self.variance[some] + white
        weights = solution.weights
        vectors = np.stack(
            [solution.residual - noise * weights, _times(slope, weights), white * weights], axis=1
        )
        whitened = vectors @ solution.inverse_factor.transpose(0, 2, 1)
        average = 0.5 * whitened @ whitened.transpose(0, 2, 1)
        traces, expected = _traces(inverse, slope, noise, white)
        gradient = 0.5 * (np.einsum("ipj,ij->ip", vectors, weights) - traces)
        half -= 1.0
        slope *= half
        bend = np.einsum("ij,ij->i", weights, _times(slope, weights))
        bend -= np.einsum("ijk,ijk->i", inverse, slope)
        observed = 2.0 * average - expected - _curvature(gradient, 0.5 * bend)
        return solution.value, gradient, average, observed

    def predict(self, theta, solution, times):
        """Return mean and standard deviation of the noise-free flux, (n_series, 2, n_times)."""
        amplitude, metric, _ = np.exp(theta.T)[:, :, None, None]
        cross = amplitude * np.exp((self.time[:, :, None] - times) ** 2 * (-0.5 / metric))
        grid = np.empty((len(theta), 2, len(times)))
        grid[:, 0] = (solution.weights[:, None] @ cross)[:, 0] + solution.mean_flux[:, None]
        whitened = solution.inverse_factor @ cross
        explained = np.einsum("ijk,ijk->ik", whitened, whitened)
        grid[:, 1] = np.sqrt(np.maximum(amplitude[:, 0] - explained, 0.0))
        return grid

    def _residual(self, inverse_factor, some):
        flux, own = self.flux[some], self.own[some]
        if not self.constant_mean:
            return flux, np.zeros(len(flux))
        ones = _times(inverse_factor, own.astype(float))
        data = _times(inverse_factor, flux)
        mean_flux = np.einsum("ij,ij->i", ones, data) / np.einsum("ij,ij->i", ones, ones)
        return flux - mean_flux[:, None] * own, mean_flux


def _times(matrices, vectors):
    return (matrices @ vectors[:, :, None])[:, :, 0]


def _traces(inverse, slope, noise, white):
    """Return ``tr P_i`` and the Fisher matrices ``tr(P_i P_j) / 2`` with ``P_i = K^-1 K_i``.

    The first and the last ``P_i`` differ from one and zero by ``K^-1`` times a diagonal matrix.
    """
    scaled = inverse @ slope
    rows = np.einsum("ijk,ijk->ij", inverse, scaled)
    own = np.einsum("ijj->ij", inverse)
    square = inverse * inverse
    square_noise, square_white = _times(square, noise), _times(square, white)
    t = np.einsum("ijj->i", scaled)
    w, o = np.einsum("ij,ij->i", own, white), np.einsum("ij,ij->i", own, noise)
    n = inverse.shape[1]
    aa = n - 2 * o + np.einsum("ij,ij->i", noise, square_noise)
    at = t - np.einsum("ij,ij->i", noise, rows)
    aw = w - np.einsum("ij,ij->i", noise, square_white)
    tt = np.einsum("ijk,ikj->i", scaled, scaled)
    tw = np.einsum("ij,ij->i", white, rows)
    ww = np.einsum("ij,ij->i", white, square_white)
    traces = np.stack([n - o, t, w], axis=1)
    expected = np.stack([aa, at, aw, at, tt, tw, aw, tw, ww], axis=1)
    return traces, 0.5 * expected.reshape(-1, 3, 3)


def _curvature(gradient, bend):
    """Return ``(alpha' K_ij alpha - tr K^-1 K_ij) / 2``, mostly the gradient once more."""
    curvature = np.zeros((len(gradient), 3, 3))
    curvature[:, 0, 0], curvature[:, 2, 2] = gradient[:, 0], gradient[:, 2]
    curvature[:, 0, 1] = curvature[:, 1, 0] = gradient[:, 1]
    curvature[:, 1, 1] = bend
    return curvature


def _cholesky(matrices):
    """Return factors, the identity where there is none, and where that is."""
    singular = np.zeros(len(matrices), bool)
    try:
        # NumPy refuses the whole stack for one matrix that is not positive definite.
        return np.linalg.cholesky(matrices), singular
    except np.linalg.LinAlgError:
        factors = np.broadcast_to(np.eye(matrices.shape[1]), matrices.shape).copy()
        for i, matrix in enumerate(matrices):
            try:
                factors[i] = np.linalg.cholesky(matrix)
            except np.linalg.LinAlgError:
                singular[i] = True
        return factors, singular

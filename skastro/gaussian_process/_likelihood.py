r"""Log marginal likelihood of one light curve, its gradient and its information matrices.

With :math:`K = A k + \mathrm{diag}(\sigma^2)` and :math:`\alpha = K^{-1} (f - m)`, Rasmussen and
Williams (2006), equations 2.30 and 5.9:

.. math::
   \ln p = -\tfrac12 (f - m)^T \alpha - \tfrac12 \ln |K| - \tfrac n2 \ln 2 \pi, \qquad
   \partial_i \ln p = \tfrac12 \alpha^T K_i \alpha - \tfrac12 \mathrm{tr}\, K^{-1} K_i .
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.blas import dgemm, dsymv
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs

from skastro.gaussian_process._kernels import SLOPES, VALUE

LOG_2PI = np.log(2.0 * np.pi)


class State(NamedTuple):
    """Everything known at one vector of hyperparameters."""

    theta: np.ndarray
    value: float
    factor: np.ndarray
    weights: np.ndarray
    mean_flux: float
    parts: tuple


class Slopes(NamedTuple):
    """Inverse covariance, kernel slopes and the products ``K_i alpha``."""

    inverse: np.ndarray
    matrices: tuple
    vectors: np.ndarray


class Likelihood:
    """Log marginal likelihood of one light curve as a function of theta.

    Parameters
    ----------
    time, wavelength, flux, variance : ndarray of shape (n,)
        Observations, float64.

    kernel : {"radial", "separable"}
        Covariance function.

    constant_mean : bool, default=False
        Subtract the generalised least-squares mean; its profile likelihood has the same gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process._likelihood import Likelihood
    >>> one = Likelihood(np.zeros(1), np.zeros(1), np.ones(1), np.ones(1), "radial")
    >>> round(one.evaluate(np.zeros(3)).value, 4)
    -1.5155
    """

    def __init__(self, time, wavelength, flux, variance, kernel, constant_mean=False):
        self.flux = flux
        self.variance = variance
        self.kernel = kernel
        self.constant_mean = constant_mean
        self.squared_time = 3.0 * (time[:, None] - time) ** 2
        self.squared_wavelength = 3.0 * (wavelength[:, None] - wavelength) ** 2

    def evaluate(self, theta):
        """Return the `State` at `theta`, or None where the covariance is not positive definite."""
        covariance, parts = VALUE[self.kernel](
            self.squared_time * np.exp(-theta[1]), self.squared_wavelength * np.exp(-theta[2])
        )
        covariance *= np.exp(theta[0])
        # The view of einsum is writable; np.diagonal's is not.
        np.einsum("ii->i", covariance)[:] += self.variance
        # The transpose is in Fortran order, so that LAPACK works in place. clean=0 leaves the
        # kernel above the diagonal: read the lower triangle alone.
        factor, info = dpotrf(covariance.T, lower=1, overwrite_a=1, clean=0)
        if info:
            return None
        residual, mean_flux = self._residual(factor)
        weights = dpotrs(factor, residual, lower=1)[0]
        value = (
            -0.5 * (residual @ weights)
            - np.log(factor.diagonal()).sum()
            - 0.5 * len(residual) * LOG_2PI
        )
        if not np.isfinite(value):
            return None
        return State(np.array(theta), float(value), factor, weights, mean_flux, parts)

    def local_model(self, state):
        """Return gradient and average information."""
        slopes = self.slopes(state)
        return self.gradient(state, slopes), self.average_information(slopes)

    def slopes(self, state):
        """Return the matrices that gradient and information share."""
        # dpotri writes the lower triangle alone.
        inverse, _ = dpotri(state.factor, lower=1)
        amplitude = np.exp(state.theta[0])
        matrices = tuple(amplitude * m for m in SLOPES[self.kernel](state.parts))
        vectors = [self.flux - state.mean_flux - self.variance * state.weights]
        vectors += [m @ state.weights for m in matrices]
        return Slopes(inverse, matrices, np.array(vectors))

    def gradient(self, state, slopes):
        """Return the derivative of the value in theta, shape (3,)."""
        diagonal = slopes.inverse.diagonal()
        traces = [len(self.flux) - diagonal @ self.variance]
        lower = np.tril(slopes.inverse)
        traces += [2.0 * np.vdot(lower, m) - diagonal @ m.diagonal() for m in slopes.matrices]
        return 0.5 * (slopes.vectors @ state.weights - traces)

    def average_information(self, slopes):
        """Return ``u_i' K^-1 u_j / 2`` with ``u_i = K_i alpha``, shape (3, 3)."""
        solved = [dsymv(1.0, slopes.inverse, u, lower=1) for u in slopes.vectors]
        return 0.5 * slopes.vectors @ np.array(solved).T

    def expected_information(self, slopes):
        """Return the Fisher matrix ``tr(K^-1 K_i K^-1 K_j) / 2``, shape (3, 3)."""
        products = self._whitened(slopes)
        return 0.5 * np.array([[np.vdot(a, b.T) for b in products] for a in products])

    def _residual(self, factor):
        if not self.constant_mean:
            return self.flux, 0.0
        ones = dpotrs(factor, np.ones(len(self.flux)), lower=1)[0]
        mean_flux = (ones @ self.flux) / ones.sum()
        return self.flux - mean_flux, float(mean_flux)

    def _whitened(self, slopes):
        inverse = _symmetric(slopes.inverse)
        first = -inverse * self.variance
        np.einsum("ii->i", first)[:] += 1.0
        return [first] + [dgemm(1.0, inverse, m.T) for m in slopes.matrices]


def _symmetric(lower):
    full = np.tril(lower)
    full += np.tril(lower, -1).T
    return full

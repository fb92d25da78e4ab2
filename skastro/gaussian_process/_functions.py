r"""Log marginal likelihood of one light curve, its gradient and its Fisher matrix, as functions.

With :math:`K = k + \mathrm{diag}(\sigma^2)`, :math:`\alpha = K^{-1}(f - m)` and
:math:`K_i = \partial K / \partial \ln \phi_i` for the hyperparameters
:math:`\phi = (A, \ell_t, \ell_\lambda)`:

.. math::
   \ln p &= -\tfrac12 (f - m)^T \alpha - \tfrac12 \ln |K| - \tfrac n2 \ln 2\pi, \\
   \frac{\partial \ln p}{\partial \ln \phi_i} &=
   \tfrac12 \mathrm{tr}\,(\alpha\alpha^T - K^{-1}) K_i, \\
   F_{ij} &= \tfrac12 \mathrm{tr}\,K^{-1} K_i K^{-1} K_j .
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.gaussian_process._arguments import Model, check_hyperparameters, check_light_curve
from skastro.gaussian_process._dense import make_process
from skastro.gaussian_process._linear import LinearProcess

_LOG_SQUARED = np.array([1.0, 2.0, 2.0])


def log_marginal_likelihood(
    time: ArrayLike,
    wavelength: ArrayLike,
    flux: ArrayLike,
    flux_err: ArrayLike,
    hyperparameters: ArrayLike,
    *,
    kernel: str = "radial",
    mean: str = "zero",
) -> float:
    """Return the log marginal likelihood of one light curve at given hyperparameters.

    Rasmussen and Williams (2006), equation 5.8.  Neither jitter nor an error floor is applied: the
    covariance is that of the arguments.  For the separable kernel and more than 1,000 observations
    these functions use the algorithm that is linear in them.

    Parameters
    ----------
    time, wavelength, flux, flux_err : array-like of shape (n_observations,)
        Days, Angstrom, and one unit of flux for the last two.

    hyperparameters : array-like of shape (3,)
        Amplitude (variance of the process in squared units of flux), time scale [days] and
        wavelength scale [Angstrom].

    kernel : {"radial", "separable"}, default="radial"
        Matern-3/2 of the distance in the plane (time, wavelength), or the product of one in time
        and one in wavelength.

    mean : {"zero", "constant"}, default="zero"
        Mean of the process; a constant is replaced by its generalised least-squares estimate at
        these hyperparameters (profile likelihood).

    Returns
    -------
    value : float
        Natural logarithm, in the given unit of flux.

    Raises
    ------
    ValueError
        Arrays of unequal shape, values that are not finite, negative errors, hyperparameters
        that are not positive, or an unknown option.

    numpy.linalg.LinAlgError
        The covariance has no Cholesky factor, as for errors of zero at repeated observations.

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams (2006), Gaussian Processes for Machine Learning, MIT
    Press, chapter 5.

    Examples
    --------
    >>> from skastro.gaussian_process import log_marginal_likelihood
    >>> round(log_marginal_likelihood([0.0], [5e3], [1.0], [1.0], [1.0, 20.0, 6e3]), 4)
    -1.5155
    """
    rows = time, wavelength, flux, flux_err
    return _evaluate(rows, hyperparameters, kernel, mean)[1].value


def log_marginal_likelihood_gradient(
    time: ArrayLike,
    wavelength: ArrayLike,
    flux: ArrayLike,
    flux_err: ArrayLike,
    hyperparameters: ArrayLike,
    *,
    kernel: str = "radial",
    mean: str = "zero",
) -> NDArray[np.float64]:
    """Return the derivatives of the log likelihood in the logarithms of the hyperparameters.

    Rasmussen and Williams (2006), equation 5.9.

    Parameters
    ----------
    time, wavelength, flux, flux_err : array-like of shape (n_observations,)
        As in :func:`log_marginal_likelihood`.

    hyperparameters : array-like of shape (3,)
        Amplitude, time scale, wavelength scale.

    kernel, mean : str
        As in :func:`log_marginal_likelihood`.

    Returns
    -------
    gradient : ndarray of shape (3,)
        In ln amplitude, ln time scale, ln wavelength scale.

    Raises
    ------
    ValueError, numpy.linalg.LinAlgError
        As :func:`log_marginal_likelihood`.

    Examples
    --------
    At the best amplitude of a single observation, the squared flux minus the squared error, the
    slope is zero, and a single observation does not constrain the scales.

    >>> from skastro.gaussian_process import log_marginal_likelihood_gradient
    >>> log_marginal_likelihood_gradient([0.0], [5e3], [2.0], [1.0], [3.0, 20.0, 6e3]).tolist()
    [0.0, 0.0, 0.0]
    """
    rows = time, wavelength, flux, flux_err
    process, state = _evaluate(rows, hyperparameters, kernel, mean)
    return process.local_model(state)[0] * _LOG_SQUARED


def fisher_information(
    time: ArrayLike,
    wavelength: ArrayLike,
    flux_err: ArrayLike,
    hyperparameters: ArrayLike,
    *,
    kernel: str = "radial",
) -> NDArray[np.float64]:
    """Return the Fisher matrix of the logarithms of the hyperparameters.

    Expectation of minus the Hessian, or the covariance of the gradient, over data drawn from the
    process: ``tr(K^-1 K_i K^-1 K_j) / 2``.  It does not depend on the fluxes.  Its inverse bounds
    the relative errors of the hyperparameters of such a light curve (Cramer and Rao).

    Parameters
    ----------
    time, wavelength, flux_err : array-like of shape (n_observations,)
        As in :func:`log_marginal_likelihood`.

    hyperparameters : array-like of shape (3,)
        Amplitude, time scale, wavelength scale.

    kernel : {"radial", "separable"}, default="radial"
        As in :func:`log_marginal_likelihood`.

    Returns
    -------
    information : ndarray of shape (3, 3)
        Symmetric and positive semidefinite.

    Raises
    ------
    ValueError, numpy.linalg.LinAlgError
        As :func:`log_marginal_likelihood`.

    Examples
    --------
    One observation without error constrains the amplitude to a relative error of sqrt(2).

    >>> from skastro.gaussian_process import fisher_information
    >>> fisher_information([0.0], [5e3], [0.0], [3.0, 20.0, 6e3])[0].tolist()
    [0.5, 0.0, 0.0]
    """
    rows = time, wavelength, np.zeros(np.shape(time)), flux_err
    process, state = _evaluate(rows, hyperparameters, kernel, "zero")
    if isinstance(process, LinearProcess):
        information = process.expected_information(state.theta)
    else:
        information = process.expected_information(process.slopes(state))
    return information * np.outer(_LOG_SQUARED, _LOG_SQUARED)


def _evaluate(rows, hyperparameters, kernel, mean):
    """Return the process and its state, times taken relative to the first."""
    model = Model(kernel=kernel, mean=mean)
    time, wavelength, flux, flux_err = check_light_curve(*rows)
    numbers = check_hyperparameters(hyperparameters)
    process = make_process((time - time[0], wavelength, flux, flux_err**2), model)
    state = process.evaluate(np.log(numbers) * _LOG_SQUARED)
    if state is None:
        raise np.linalg.LinAlgError("the covariance of the light curve has no Cholesky factor")
    return process, state

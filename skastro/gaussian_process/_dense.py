"""Engine without compilation: NumPy arrays and LAPACK, one object after the other."""

import numpy as np

from skastro.gaussian_process._likelihood import Likelihood
from skastro.gaussian_process._optimize import Optimum, maximize
from skastro.gaussian_process._predict import predict


def solve_object(rows, starts, low, high, model, grid, out):
    """Fit one object from each start, keep the best, and predict when `out` is given.

    Parameters
    ----------
    rows : tuple of ndarray
        Time, wavelength, flux, variance.

    starts : ndarray of shape (n_starts, 3)
        First points; with ``low is None`` the only one is used as it is.

    low, high : ndarray of shape (3,) or None
        Box of the fit, or None to evaluate at the start.

    model : Model
        Kernel and mean.

    grid : tuple of ndarray or None
        Times and wavelengths.

    out : ndarray of shape (2, n_wavelengths, n_times) or None
        Receives mean and standard deviation.

    Returns
    -------
    optimum : Optimum or None
        None when the covariance is singular.
    """
    likelihood = Likelihood(*rows, model.kernel, model.constant_mean)
    optimum = _best(likelihood, starts, low, high)
    if optimum is not None and out is not None:
        predict(rows[0], rows[1], optimum.state, model.kernel, *grid, out)
    return optimum


def _best(likelihood, starts, low, high):
    if low is None:
        state = likelihood.evaluate(starts[0])
        return None if state is None else Optimum(state, 1, True)
    optima = [maximize(likelihood, start, low, high) for start in np.atleast_2d(starts)]
    optima = [optimum for optimum in optima if optimum is not None]
    if not optima:
        return None
    best = max(optima, key=lambda optimum: optimum.state.value)
    return best._replace(n_evaluations=sum(optimum.n_evaluations for optimum in optima))

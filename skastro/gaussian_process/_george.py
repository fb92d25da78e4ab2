"""Reference engine: george's kernel and solver, SciPy's L-BFGS-B, as avocado and SCONE do it."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from skastro.gaussian_process._dense import Optimum

LOG_2 = np.log(2.0)


class GeorgeState(NamedTuple):
    """Hyperparameters and the log likelihood that george reached."""

    theta: np.ndarray
    value: float
    mean_flux: float


def solve_object(rows, starts, low, high, model, grid, out):
    """Do what :func:`skastro.gaussian_process._dense.solve_object` does, with george."""
    time, wavelength, flux, variance = rows
    fits = []
    for start in np.atleast_2d(starts):
        process = _process(start, model)
        try:
            process.compute(np.column_stack([time, wavelength]), np.sqrt(variance))
            fits.append((process, *_fit(process, flux, start, low, high)))
        except np.linalg.LinAlgError:
            continue
    if not fits:
        return None
    process, theta, value, _, converged = max(fits, key=lambda fit: fit[2])
    n_evaluations = sum(fit[3] for fit in fits)
    if out is not None:
        _predict(process, flux, *grid, out)
    return Optimum(GeorgeState(theta, value, 0.0), n_evaluations, converged)


def _process(theta, model):
    import george
    from george import kernels

    if model.kernel != "radial" or model.constant_mean:
        raise ValueError("engine='george' supports only kernel='radial' with mean='zero'")
    kernel = np.exp(theta[0]) * kernels.Matern32Kernel(np.exp(theta[1:]), ndim=2)
    return george.GP(kernel)


def _fit(process, flux, start, low, high):
    """Return theta, log likelihood, evaluations and convergence; george halves the amplitude."""
    shift = np.array([-LOG_2, 0.0, 0.0])
    if low is None:
        return start, process.log_likelihood(flux), 1, True
    free = low < high
    vector = start + shift

    def objective(values):
        vector[free] = values
        process.set_parameter_vector(vector)
        gradient = process.grad_log_likelihood(flux, quiet=True)[free]
        return -process.log_likelihood(flux, quiet=True), -gradient

    bounds = list(zip(low[free] + shift[free], high[free] + shift[free]))
    result = minimize(objective, vector[free], jac=True, bounds=bounds, method="L-BFGS-B")
    # The last point that L-BFGS-B tried need not be its result: set the parameters again.
    objective(result.x)
    return vector - shift, -result.fun, result.nfev, bool(result.success)


def _predict(process, flux, times, wavelengths, out):
    points = np.column_stack([np.tile(times, len(wavelengths)), np.repeat(wavelengths, len(times))])
    mean, variance = process.predict(flux, points, return_var=True)
    out[0] = mean.reshape(out[0].shape)
    out[1] = np.sqrt(np.maximum(variance, 0.0)).reshape(out[1].shape)

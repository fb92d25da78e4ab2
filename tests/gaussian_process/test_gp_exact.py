"""Predictions against arithmetic of more digits, and fits against what lies around their end."""

import numpy as np
import pytest
from scipy.optimize import minimize

from skastro.datasets import make_light_curves
from skastro.gaussian_process import (
    fit_light_curves,
    log_marginal_likelihood,
    log_marginal_likelihood_gradient,
    predict_grid,
)
from skastro.surveys import get_survey
from skastro.utils.ragged import flatten

TIMES, WAVELENGTHS = np.linspace(-20.0, 60.0, 17), np.linspace(3500.0, 9800.0, 4)
SCALES = {"amplitude": 9e4, "time_scale": 25.0, "wavelength_scale": 6000.0}


def bright_light_curve():
    """An explosion at a signal to noise of a thousand, where the variance cancels most."""
    rng = np.random.default_rng(5)
    time = np.sort(rng.uniform(-20, 60, 60))
    wavelength = rng.choice([3670.69, 4826.85, 6223.24, 7545.98, 8590.9, 9710.28], 60)
    flux = 300 * np.exp(-0.5 * ((time - 10) / 15) ** 2 - ((wavelength - 6000) / 4000) ** 2)
    return time, wavelength, flux, np.full(60, 0.3)


def matern(time, wavelength, other_time, other_wavelength, kernel):
    a = np.abs(time[:, None] - other_time) / np.longdouble(SCALES["time_scale"])
    b = np.abs(wavelength[:, None] - other_wavelength) / np.longdouble(SCALES["wavelength_scale"])
    root = np.sqrt(np.longdouble(3))
    if kernel == "separable":
        return SCALES["amplitude"] * (1 + root * a) * (1 + root * b) * np.exp(-root * (a + b))
    r = root * np.hypot(a, b)
    return SCALES["amplitude"] * (1 + r) * np.exp(-r)


def in_extended_precision(kernel):
    """Mean and standard deviation by forward substitution in np.longdouble."""
    time, wavelength, flux, flux_err = map(np.longdouble, bright_light_curve())
    points = [grid.ravel().astype(np.longdouble) for grid in np.meshgrid(TIMES, WAVELENGTHS)]
    cross = matern(time, wavelength, *points, kernel)
    covariance = matern(time, wavelength, time, wavelength, kernel) + np.diag(flux_err**2)
    columns = np.column_stack([flux, cross])
    for i in range(len(time)):
        pivot = np.sqrt(covariance[i, i])
        covariance[i], columns[i] = covariance[i] / pivot, columns[i] / pivot
        factor = covariance[i, i + 1 :].copy()
        columns[i + 1 :] -= factor[:, None] * columns[i]
        covariance[i + 1 :] -= factor[:, None] * covariance[i]
    mean = columns[:, 1:].T @ columns[:, 0]
    std = np.sqrt(SCALES["amplitude"] - (columns[:, 1:] ** 2).sum(axis=0))
    return [a.reshape(len(WAVELENGTHS), -1).astype(float) for a in (mean, std)]


@pytest.mark.parametrize("kernel", ["radial", "separable"])
@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_float64_is_exact_to_nine_digits(engine, kernel):
    mean, std = in_extended_precision(kernel)
    rows = bright_light_curve()
    result = predict_grid(
        [0, len(rows[0])],
        *rows,
        TIMES,
        WAVELENGTHS,
        **SCALES,
        kernel=kernel,
        engine=engine,
        dtype=np.float64,
    )
    assert np.abs(result.mean[0] - mean).max() < 1e-9 * np.abs(mean).max()
    assert np.abs(result.std[0] - std).max() < 1e-9 * std.max()


@pytest.fixture(scope="module")
def survey_rows():
    """Flat arrays of sixty simulated objects of all kinds."""
    X, _ = make_light_curves(60, random_state=3)
    offsets, columns = flatten(X["lightcurve"])
    bands = columns["band"].categories
    wavelength = np.array([get_survey("LSST").wavelength(b) for b in bands])[columns["band"].codes]
    return offsets, columns["time"], wavelength, columns["flux"], columns["flux_err"]


@pytest.mark.parametrize("wavelength_scale", ["free", 6000.0])
@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_no_fit_stops_short_of_a_maximum(survey_rows, engine, wavelength_scale):
    offsets, *columns = survey_rows
    fits = fit_light_curves(*survey_rows, engine=engine, wavelength_scale=wavelength_scale)
    assert fits.converged.all()
    n_free = 3 if wavelength_scale == "free" else 2
    for i in range(len(offsets) - 1):
        rows = [np.asarray(c[offsets[i] : offsets[i + 1]], float) for c in columns]
        end = np.log([fits.amplitude[i], fits.time_scale[i], fits.wavelength_scale[i]])
        assert climb_on(rows, end, n_free) < fits.log_likelihood[i] + 1e-3


def climb_on(rows, end, n_free):
    """Log likelihood after SciPy went on from there, inside the time scales that are allowed."""

    def objective(free):
        point = np.exp(np.concatenate([free, end[n_free:]]))
        gradient = log_marginal_likelihood_gradient(*rows, point)
        return -log_marginal_likelihood(*rows, point), -gradient[:n_free]

    bounds = [end[0] + np.array([-9, 9]), np.log([1.0, 1000.0]), end[2] + np.array([-3, 3])]
    start = np.clip(end[:n_free], *np.transpose(bounds[:n_free]))
    result = minimize(objective, start, jac=True, bounds=bounds[:n_free], method="L-BFGS-B")
    return -result.fun

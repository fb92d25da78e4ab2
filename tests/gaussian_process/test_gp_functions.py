"""Likelihood, gradient and Fisher matrix against definitions, finite differences and george."""

import george
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skastro.gaussian_process import (
    fisher_information,
    fit_light_curves,
    log_marginal_likelihood,
    log_marginal_likelihood_gradient,
)

KERNELS = ["radial", "separable"]
BANDS = np.array([3670.69, 4826.85, 6223.24, 7545.98, 8590.9, 9710.28])
PARTIAL_STEP = 1e-4


def covariance(time, wavelength, flux_err, hyperparameters, kernel):
    """Textbook covariance of the observations, independent of the package."""
    amplitude, l_t, l_w = hyperparameters
    a = np.abs(np.subtract.outer(time, time)) / l_t
    b = np.abs(np.subtract.outer(wavelength, wavelength)) / l_w

    def matern(r):
        return (1 + np.sqrt(3) * r) * np.exp(-np.sqrt(3) * r)

    shape = matern(np.hypot(a, b)) if kernel == "radial" else matern(a) * matern(b)
    return amplitude * shape + np.diag(flux_err**2)


def slopes(time, wavelength, flux_err, hyperparameters, kernel):
    """Derivatives of the covariance in the log hyperparameters, by central differences."""
    for i in range(3):
        sides = []
        for step in (PARTIAL_STEP, -PARTIAL_STEP):
            moved = np.array(hyperparameters)
            moved[i] *= np.exp(step)
            sides.append(covariance(time, wavelength, flux_err, moved, kernel))
        yield (sides[0] - sides[1]) / (2 * PARTIAL_STEP)


@st.composite
def problems(draw):
    """A light curve of 1 to 25 observations at any date, and hyperparameters."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 25))
    time = draw(st.sampled_from([0.0, 59000.0])) + rng.uniform(0, 150, n)
    unit = draw(st.sampled_from([1.0, 1e-12, 1e6]))
    hyperparameters = unit**2 * rng.uniform(0.1, 50), rng.uniform(4, 90), rng.uniform(900, 2e4)
    flux_err = unit * rng.uniform(0.3, 3, n)
    return time, rng.choice(BANDS, n), unit * 5 * rng.normal(size=n), flux_err, hyperparameters


@pytest.mark.parametrize("kernel", KERNELS)
@given(problem=problems())
@settings(max_examples=25, deadline=None)
def test_value_is_the_density_of_a_normal_distribution(kernel, problem):
    time, wavelength, flux, flux_err, hyperparameters = problem
    K = covariance(time, wavelength, flux_err, hyperparameters, kernel)
    expected = -0.5 * (flux @ np.linalg.solve(K, flux) + np.linalg.slogdet(2 * np.pi * K).logabsdet)
    value = log_marginal_likelihood(*problem, kernel=kernel)
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-8)


@pytest.mark.parametrize("mean", ["zero", "constant"])
@pytest.mark.parametrize("kernel", KERNELS)
@given(problem=problems())
@settings(max_examples=25, deadline=None)
def test_gradient_is_the_slope_of_the_value(kernel, mean, problem):
    *rows, hyperparameters = problem
    options = {"kernel": kernel, "mean": mean}
    numeric = np.zeros(3)
    for i in range(3):
        for sign in (1, -1):
            moved = np.array(hyperparameters)
            moved[i] *= np.exp(sign * PARTIAL_STEP)
            value = log_marginal_likelihood(*rows, moved, **options)
            numeric[i] += sign * value / (2 * PARTIAL_STEP)
    gradient = log_marginal_likelihood_gradient(*problem, **options)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
@given(problem=problems())
@settings(max_examples=25, deadline=None)
def test_fisher_matrix_by_its_definition(kernel, problem):
    time, wavelength, _, flux_err, hyperparameters = problem
    inverse = np.linalg.inv(covariance(time, wavelength, flux_err, hyperparameters, kernel))
    products = [inverse @ s for s in slopes(time, wavelength, flux_err, hyperparameters, kernel)]
    expected = 0.5 * np.array([[np.trace(a @ b) for b in products] for a in products])
    result = fisher_information(time, wavelength, flux_err, hyperparameters, kernel=kernel)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)
    assert np.linalg.eigvalsh(result)[0] > -1e-9 * len(time)


@pytest.mark.parametrize("kernel", KERNELS)
def test_fisher_matrix_is_the_covariance_of_the_gradient(kernel):
    """Over light curves drawn from the process the gradient has mean 0 and covariance F."""
    rng = np.random.default_rng(4)
    time, wavelength = rng.uniform(0, 100, 12), rng.choice(BANDS, 12)
    flux_err, hyperparameters = rng.uniform(0.3, 1, 12), np.array([4.0, 20.0, 5000.0])
    factor = np.linalg.cholesky(covariance(time, wavelength, flux_err, hyperparameters, kernel))
    n_draws = 4000
    gradients = np.array(
        [
            log_marginal_likelihood_gradient(
                time, wavelength, factor @ z, flux_err, hyperparameters, kernel=kernel
            )
            for z in rng.normal(size=(n_draws, 12))
        ]
    )
    expected = fisher_information(time, wavelength, flux_err, hyperparameters, kernel=kernel)
    spread = np.sqrt(np.diag(expected))
    assert (np.abs(gradients.mean(axis=0)) < 5 * spread / np.sqrt(n_draws)).all()
    ratio = np.cov(gradients.T) / np.outer(spread, spread)
    np.testing.assert_allclose(ratio, expected / np.outer(spread, spread), atol=0.15)


@given(problem=problems())
@settings(max_examples=25, deadline=None)
def test_value_and_gradient_of_george(problem):
    """george adds 1.25e-12 to the diagonal: fluxes are brought to units near one for it."""
    time, wavelength, flux, flux_err, (amplitude, l_t, l_w) = problem
    unit = flux_err.max()
    kernel = (amplitude / unit**2) * george.kernels.Matern32Kernel([l_t**2, l_w**2], ndim=2)
    process = george.GP(kernel)
    process.compute(np.column_stack([time, wavelength]), flux_err / unit)
    value = process.log_likelihood(flux / unit) - len(flux) * np.log(unit)
    assert log_marginal_likelihood(*problem) == pytest.approx(value, rel=1e-9, abs=1e-7)
    gradient = process.grad_log_likelihood(flux / unit) * [1, 2, 2]
    ours = log_marginal_likelihood_gradient(*problem)
    np.testing.assert_allclose(ours, gradient, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("mean", ["zero", "constant"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_engine_stops_where_the_gradient_vanishes(curves, kernel, mean):
    options = {"kernel": kernel, "mean": mean}
    own = slice(curves.offsets[-2], curves.offsets[-1])
    rows = [c[own] for c in (curves.time, curves.wavelength, curves.flux, curves.flux_err)]
    fits = fit_light_curves([0, len(rows[0])], *rows, **options)
    best = fits.amplitude[0], fits.time_scale[0], fits.wavelength_scale[0]
    value = log_marginal_likelihood(*rows, best, **options)
    assert value == pytest.approx(fits.log_likelihood[0], abs=1e-6)
    gradient = log_marginal_likelihood_gradient(*rows, best, **options)
    information = fisher_information(rows[0], rows[1], rows[3], best, kernel=kernel)
    assert 0.5 * gradient @ np.linalg.solve(information, gradient) < 1e-4


def test_bad_input_is_refused():
    good = [[0.0, 1.0], [5e3, 5e3], [1.0, 2.0], [1.0, 1.0]]
    hyperparameters = [1.0, 20.0, 6e3]
    cases = {
        "flux contains": [*good[:2], [1.0, np.nan], good[3], hyperparameters],
        "negative": [*good[:3], [1.0, -1.0], hyperparameters],
        "wavelength has shape": [good[0], [5e3], *good[2:], hyperparameters],
        "time has shape": [[], [], [], [], hyperparameters],
        "positive": [*good, [1.0, 0.0, 6e3]],
    }
    for message, arguments in cases.items():
        with pytest.raises(ValueError, match=message):
            log_marginal_likelihood(*arguments)
    with pytest.raises(ValueError, match="kernel='cubic'"):
        log_marginal_likelihood(*good, hyperparameters, kernel="cubic")
    with pytest.raises(np.linalg.LinAlgError):
        fisher_information([0.0, 0.0], [5e3, 5e3], [0.0, 0.0], hyperparameters)

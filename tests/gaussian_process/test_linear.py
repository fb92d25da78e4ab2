"""Linear-time engines of the separable kernel against dense formulas, george, differences."""

import george
import numpy as np
import pytest
from conftest import make_light_curve

from skastro.gaussian_process import (
    Padding,
    Status,
    _dense,
    _engine,
    fisher_information,
    fit_light_curves,
    interpolate_light_curves,
    interpolate_per_band,
    log_marginal_likelihood,
    log_marginal_likelihood_gradient,
    predict_grid,
    sample_posterior,
    sample_posterior_at,
)
from skastro.gaussian_process._linear import LinearProcess

BANDS = np.array([3670.69, 4826.85, 6223.24, 7545.98, 8590.9, 9710.28])
TIMES, WAVELENGTHS = np.linspace(-60, 130, 39), np.linspace(3000, 10100, 9)
SCALES = {"amplitude": 9e4, "time_scale": 25.0, "wavelength_scale": 5000.0}
POINT = np.array(list(SCALES.values()))
ENGINES = ["numba", "numpy"]


def rows_of(name):
    """Time, wavelength, flux and error of one object of a kind."""
    time, wavelength, flux, flux_err = make_light_curve(60, seed=4)
    kinds = {
        "one": lambda: [c[:1] for c in (time, wavelength, flux, flux_err)],
        "two": lambda: [c[:2] for c in (time, wavelength, flux, flux_err)],
        "equal times": lambda: [np.full(60, 3.0), wavelength, flux, flux_err],
        "duplicated": lambda: [np.repeat(c, 3) for c in (time, wavelength, flux, flux_err)],
        "single band": lambda: [time, np.full(60, 6e3), flux, flux_err],
        "unsorted": lambda: [c[::-1] for c in (time, wavelength, flux, flux_err)],
        "fifteen bands": lambda: [time, 2000 + 500.0 * (np.arange(60) % 15), flux, flux_err],
        "sixty": lambda: [time, wavelength, flux, flux_err],
        "precise": lambda: [time, wavelength, flux, 1e-4 * np.abs(flux).max() + 0 * flux_err],
        "six hundred": lambda: make_light_curve(600, seed=4),
    }
    return [np.asarray(column, float) for column in kinds[name]()]


KINDS = [
    "one",
    "two",
    "equal times",
    "duplicated",
    "single band",
    "unsorted",
    "fifteen bands",
    "sixty",
    "precise",
    "six hundred",
]


@pytest.fixture(params=KINDS)
def rows(request):
    return rows_of(request.param)


@pytest.fixture
def always_linear(monkeypatch):
    """Make the NumPy engine use the linear algorithm for objects of any length."""
    monkeypatch.setattr(_dense, "LINEAR_FROM", 0)


def matern(distance, scale):
    scaled = np.sqrt(3) * np.abs(distance) / scale
    return (1 + scaled) * np.exp(-scaled)


def covariance(time, wavelength, other_time, other_wavelength):
    """Textbook covariance, independent of the package."""
    in_time = matern(np.subtract.outer(time, other_time), SCALES["time_scale"])
    in_band = matern(np.subtract.outer(wavelength, other_wavelength), SCALES["wavelength_scale"])
    return SCALES["amplitude"] * in_time * in_band


def dense(time, wavelength, flux, flux_err):
    """Log likelihood, mean and standard deviation by dense matrices."""
    K = covariance(time, wavelength, time, wavelength) + np.diag(flux_err**2)
    factor = np.linalg.cholesky(K)
    whitened = np.linalg.solve(factor, flux)
    value = -0.5 * whitened @ whitened - np.log(np.diag(factor)).sum()
    value -= 0.5 * len(flux) * np.log(2 * np.pi)
    points = [axis.ravel() for axis in np.meshgrid(TIMES, WAVELENGTHS)]
    cross = np.linalg.solve(factor, covariance(time, wavelength, *points))
    std = np.sqrt(SCALES["amplitude"] - (cross**2).sum(axis=0))
    shape = len(WAVELENGTHS), len(TIMES)
    return value, (whitened @ cross).reshape(shape), std.reshape(shape)


def predict(rows, engine, **options):
    options = {"kernel": "separable", "dtype": np.float64} | SCALES | options
    return predict_grid([0, len(rows[0])], *rows, TIMES, WAVELENGTHS, engine=engine, **options)


@pytest.mark.parametrize("engine", ENGINES)
def test_likelihood_and_posterior_of_dense_matrices(rows, engine, always_linear):
    value, mean, std = dense(*rows)
    result = predict(rows, engine, error_floor=0)
    assert result.log_likelihood[0] == pytest.approx(value, rel=1e-9)
    largest = np.abs(rows[2]).max()
    assert np.abs(result.mean[0] - mean).max() < 1e-6 * largest
    assert np.abs(result.std[0] - std).max() < 1e-6 * largest


@pytest.mark.parametrize("engine", ENGINES)
def test_likelihood_and_posterior_of_george(rows, engine, always_linear):
    """george adds 1.25e-12 to the diagonal; so small amplitudes are not compared."""
    time, wavelength, flux, flux_err = rows
    squares = SCALES["time_scale"] ** 2, SCALES["wavelength_scale"] ** 2
    kernels = [george.kernels.Matern32Kernel(s, ndim=2, axes=i) for i, s in enumerate(squares)]
    process = george.GP(SCALES["amplitude"] * kernels[0] * kernels[1])
    process.compute(np.column_stack([time, wavelength]), flux_err)
    result = predict(rows, engine, error_floor=0)
    value = process.log_likelihood(flux)
    assert result.log_likelihood[0] == pytest.approx(value, rel=1e-6)
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(TIMES, WAVELENGTHS)])
    mean, variance = process.predict(flux, grid, return_var=True)
    largest = np.abs(flux).max()
    assert np.abs(result.mean[0].ravel() - mean).max() < 1e-6 * largest
    assert np.abs(result.std[0].ravel() - np.sqrt(np.maximum(variance, 0))).max() < 1e-5 * largest


@pytest.mark.parametrize("mean", ["zero", "constant"])
def test_gradient_by_differences(rows, mean, always_linear):
    options = {"kernel": "separable", "mean": mean}
    gradient = log_marginal_likelihood_gradient(*rows, POINT, **options)
    for i in range(3):
        moved = [POINT * np.exp(step * (np.arange(3) == i)) for step in (1e-3, -1e-3)]
        up, down = (log_marginal_likelihood(*rows, point, **options) for point in moved)
        assert gradient[i] == pytest.approx((up - down) / 2e-3, rel=1e-3, abs=1e-3)


def test_fisher_matrix_of_dense_matrices(monkeypatch):
    for kind in KINDS[:8]:
        time, wavelength, _, flux_err = rows_of(kind)
        results = []
        for linear_from in (0, 1000):
            monkeypatch.setattr(_dense, "LINEAR_FROM", linear_from)
            results.append(
                fisher_information(time, wavelength, flux_err, POINT, kernel="separable")
            )
        np.testing.assert_allclose(*results, rtol=1e-6, atol=1e-8)


def test_information_of_the_steps_has_the_fisher_matrix_as_expectation():
    time, wavelength, _, flux_err = rows_of("sixty")
    theta = np.log(POINT) * [1, 2, 2]
    K = covariance(time, wavelength, time, wavelength) + np.diag(flux_err**2)
    draws = np.random.default_rng(0).normal(size=(300, 60)) @ np.linalg.cholesky(K).T
    process = LinearProcess(time, wavelength, draws[0], flux_err**2)
    expected = process.expected_information(theta)
    order = np.argsort(time, kind="stable")
    informations = []
    for flux in draws:
        process.flux = flux[order]
        informations.append(process.evaluate(theta).average)
    spread = np.sqrt(np.diag(expected))
    ratio = np.mean(informations, axis=0) / np.outer(spread, spread)
    np.testing.assert_allclose(ratio, expected / np.outer(spread, spread), atol=0.1)


def test_ten_thousand_rows():
    rows = make_light_curve(10_000, seed=2)
    results = [predict(rows, engine) for engine in ENGINES]
    np.testing.assert_allclose(results[0].log_likelihood, results[1].log_likelihood, rtol=1e-9)
    np.testing.assert_allclose(results[0].grid, results[1].grid, atol=1e-6 * rows[2].max())
    fits = fit_light_curves([0, 10_000], *rows, kernel="separable", engine="numba")
    assert fits.converged[0] and fits.log_likelihood[0] > results[0].log_likelihood[0]


@pytest.mark.parametrize("mean", ["zero", "constant"])
@pytest.mark.parametrize("padding", [None, Padding(6223.24)])
def test_fits_reach_the_likelihood_of_dense_matrices(curves, mean, padding):
    columns = curves.offsets, curves.time, curves.wavelength, curves.flux, curves.flux_err
    options = {"kernel": "separable", "mean": mean, "padding": padding}
    linear, exact = (fit_light_curves(*columns, engine=engine, **options) for engine in ENGINES)
    assert linear.converged.all()
    assert (linear.log_likelihood - exact.log_likelihood).min() > -1e-3


@pytest.mark.parametrize("engine", ENGINES)
def test_fixed_and_bounded_scales(curves, engine, always_linear):
    columns = curves.offsets, curves.time, curves.wavelength, curves.flux, curves.flux_err
    options = {"kernel": "separable", "engine": engine}
    fixed = {"amplitude": 4e4, "time_scale": (30.0, 40.0), "wavelength_scale": 6e3}
    some = curves.offsets[:4], *(c[: curves.offsets[3]] for c in columns[1:])
    fits = fit_light_curves(*some, **options, **fixed)
    np.testing.assert_allclose(fits.amplitude, 4e4, rtol=1e-12)
    np.testing.assert_allclose(fits.wavelength_scale, 6e3, rtol=1e-12)
    assert (fits.time_scale > 30 - 1e-9).all() and (fits.time_scale < 40 + 1e-9).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_every_status(engine, always_linear):
    offsets = [0, 0, 1, 3, 5, 7]
    time = [0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 1.0]
    flux = [1.0, np.nan, 4.0, 1.0, 2.0, 0.0, 0.0]
    error = [1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]
    options = {"kernel": "separable", "engine": engine, "error_floor": 0}
    fits = fit_light_curves(offsets, time, [5e3] * 7, flux, error, **options)
    names = ["NO_OBSERVATIONS", "OK", "NOT_FINITE", "SINGULAR", "FLAT"]
    assert [Status(s).name for s in fits.status] == names


def test_draws_have_the_moments_of_the_posterior(always_linear):
    rows = [column[:15] for column in rows_of("sixty")]
    time, wavelength, flux, flux_err = rows
    at = np.array([-30.0, 0.0, 4.0, 60.0]), np.array([4826.85, 6500.0])
    points = np.tile(at[0], 2), np.repeat(at[1], 4)
    K = covariance(time, wavelength, time, wavelength) + np.diag(flux_err**2)
    cross = covariance(time, wavelength, *points)
    solved = np.linalg.solve(K, cross)
    mean, cov = solved.T @ flux, covariance(*points, *points) - cross.T @ solved
    options = {"n_samples": 8000, "kernel": "separable", "error_floor": 0} | SCALES
    grid = sample_posterior([0, 15], *rows, *at, dtype=np.float64, random_state=0, **options)
    single = sample_posterior_at([0, 15], *rows, [0, 8], *points, random_state=1, **options)
    for draws in (grid.samples[0].reshape(8000, -1), single.samples):
        std = np.sqrt(np.diag(cov))
        assert (np.abs(draws.mean(axis=0) - mean) < 5 * std / np.sqrt(8000)).all()
        error = np.sqrt((np.outer(std, std) ** 2 + cov**2) / 8000)
        assert (np.abs(np.cov(draws.T) - cov) < 5 * error).all()


def test_draws_of_a_long_object():
    rows = make_light_curve(3000, seed=2)
    options = {"kernel": "separable", "random_state": 0, "n_samples": 40} | SCALES
    drawn = sample_posterior([0, 3000], *rows, TIMES, WAVELENGTHS, **options).samples[0]
    expected = predict(rows, "numba")
    off = (drawn.mean(axis=0) - expected.mean[0]) / expected.std[0]
    assert np.abs(off).max() < 5 / np.sqrt(40)


@pytest.mark.parametrize("kernel", ["separable", "radial"])
@pytest.mark.parametrize("size", [1, 5])
def test_an_object_does_not_depend_on_its_chunk(curves, kernel, size):
    columns = curves.time, curves.wavelength, curves.flux, curves.flux_err
    whole = interpolate_light_curves(curves.offsets, *columns, TIMES, WAVELENGTHS, kernel=kernel)
    for first in range(0, 12, size):
        own = curves.offsets[first : first + size + 1]
        part = [column[own[0] : own[-1]] for column in columns]
        result = interpolate_light_curves(own - own[0], *part, TIMES, WAVELENGTHS, kernel=kernel)
        largest = np.abs(result.grid).max()
        off = np.abs(result.grid - whole.grid[first : first + size]).max()
        assert off <= 1e-6 * largest


def test_the_engine_does_not_depend_on_the_job():
    assert len({_engine.choose_engine("auto", n) for n in (0, 1, 300, 10**7)}) == 1


def test_large_jobs_without_numba_are_logged(monkeypatch, caplog):
    monkeypatch.setattr(_engine, "has_numba", lambda: False)
    with caplog.at_level("INFO"):
        assert _engine.choose_engine("auto", 100) == "numpy" and not caplog.records
        assert _engine.choose_engine("auto", 10**6) == "numpy"
    assert "slower than with numba" in caplog.text and "skastro[fast]" in caplog.text


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mean", ["zero", "constant"])
def test_matern_processes_of_each_band(engine, mean):
    """At the fitted hyperparameters, the value and the curve of dense matrices."""
    time, wavelength, flux, flux_err = rows_of("sixty")
    flux = flux + (500 if mean == "constant" else 0)
    band = np.where(wavelength < 6e3, "g", "r")
    options = {"kernel": "matern32", "mean": mean, "error_floor": 0, "engine": engine}
    result = interpolate_per_band([0, 60], time, band, flux, flux_err, TIMES, **options)
    assert (result.status == 0).all() and result.converged.all()
    for k, name in enumerate("gr"):
        own = band == name
        amplitude, scale, noise, center = (
            getattr(result, n)[0, k] for n in ("amplitude", "time_scale", "noise", "mean_flux")
        )
        K = amplitude * matern(np.subtract.outer(time[own], time[own]), scale)
        K += np.diag(flux_err[own] ** 2 + noise)
        cross = amplitude * matern(np.subtract.outer(time[own], TIMES), scale)
        solved = np.linalg.solve(K, np.column_stack([flux[own] - center, cross]))
        value = -0.5 * ((flux[own] - center) @ solved[:, 0] + np.linalg.slogdet(2 * np.pi * K)[1])
        assert result.log_likelihood[0, k] == pytest.approx(value, rel=1e-6)
        np.testing.assert_allclose(result.mean[0, k], center + cross.T @ solved[:, 0], atol=1e-4)
        variance = amplitude - np.einsum("ij,ij->j", cross, solved[:, 1:])
        np.testing.assert_allclose(result.std[0, k], np.sqrt(variance), atol=1e-4)


def test_bounds_and_fixed_values_of_matern_processes():
    time, wavelength, flux, flux_err = rows_of("sixty")
    band = np.where(wavelength < 6e3, "g", "r")
    options = {"amplitude": (50.0, 2e5), "time_scale": 33.0, "noise": 0.0, "kernel": "matern32"}
    result = interpolate_per_band([0, 60], time, band, flux, flux_err, TIMES, **options)
    np.testing.assert_allclose(result.time_scale, 33.0)
    assert (result.noise == 0).all() and result.converged.all()

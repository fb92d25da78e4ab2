"""Every trap in which a Gaussian process of light curves was seen to fall, for both engines."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skastro.gaussian_process import (
    Status,
    _run,
    fit_light_curves,
    interpolate_light_curves,
    log_marginal_likelihood,
    log_marginal_likelihood_gradient,
    predict_grid,
)

TIMES, WAVELENGTHS = np.linspace(-30, 80, 23), np.array([4000.0, 6000.0, 9000.0])
ZERO_DATE = 59000.12695  # as far from a float32 as dates there can be
BANDS = np.array([4826.85, 6223.24, 7545.98, 8590.9])

pytestmark = [
    pytest.mark.parametrize("engine", ["numpy", "numba"]),
    pytest.mark.parametrize("kernel", ["radial", "separable"]),
]


def light_curve(n=40, seed=0):
    """Time, wavelength, flux and error of one supernova with a peak of 100."""
    rng = np.random.default_rng(seed)
    time, wavelength = np.sort(rng.uniform(-40, 90, n)), rng.choice(BANDS, n)
    flux_err = rng.uniform(1, 4, n)
    shape = np.exp(-0.5 * (time / 20) ** 2) * (1.5 - wavelength / 12000)
    return time, wavelength, 100 * shape + flux_err * rng.normal(size=n), flux_err


def solve(rows, offsets=None, **options):
    offsets = [0, len(rows[0])] if offsets is None else offsets
    options = {"dtype": np.float64} | options
    return interpolate_light_curves(offsets, *rows, TIMES, WAVELENGTHS, **options)


def between_good_ones(rows, **options):
    """Solve one object between two good ones; the good ones must not notice."""
    good = light_curve()
    columns = [np.concatenate([g, np.asarray(r, float), g]) for g, r in zip(good, rows)]
    n, m = len(good[0]), len(rows[0])
    result = solve(columns, [0, n, n + m, 2 * n + m], **options)
    alone = solve(good, **options)
    for i in (0, 2):
        assert result.status[i] == Status.OK and result.converged[i]
        np.testing.assert_array_equal(result.grid[i], alone.grid[0])
    return result


def assert_lost(result, status):
    assert result.status[1] == status and result.failed.tolist() == [1]
    assert np.isnan(result.grid[1]).all() and not result.converged[1]
    assert np.isnan([result.amplitude[1], result.time_scale[1], result.log_likelihood[1]]).all()


def assert_fitted(result):
    assert result.status[1] == Status.OK and result.failed.size == 0
    assert np.isfinite(result.grid).all() and np.isfinite(result.log_likelihood).all()
    assert (result.std >= 0).all()


@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_in_time_wavelength_or_flux(engine, kernel, column, value):
    rows = light_curve(seed=1)
    rows[column][5] = value
    assert_lost(between_good_ones(rows, engine=engine, kernel=kernel), Status.NOT_FINITE)


@pytest.mark.parametrize("value", [np.inf, np.nan, -1.0])
def test_errors_that_are_none(engine, kernel, value):
    rows = light_curve(seed=1)
    rows[3][5] = value
    assert_lost(between_good_ones(rows, engine=engine, kernel=kernel), Status.INVALID_ERROR)


def test_zero_errors_at_repeated_observations_without_floor(engine, kernel):
    """The prediction would be finite and meaningless: the covariance decides."""
    rows = np.array([[0.0, 0.0, 9.0], [6e3] * 3, [1.0, 2.0, 3.0], [0.0] * 3])
    offsets = [0, 3]
    lost = solve(rows, offsets, engine=engine, kernel=kernel, error_floor=0.0)
    assert lost.reasons.tolist() == [Status.SINGULAR.reason] and np.isnan(lost.grid).all()
    result = between_good_ones(rows, engine=engine, kernel=kernel)
    assert_fitted(result)
    at_zero = predict_grid(
        [0, 3],
        *rows,
        [0.0],
        [6e3],
        amplitude=result.amplitude[1],
        time_scale=result.time_scale[1],
        wavelength_scale=result.wavelength_scale[1],
        kernel=kernel,
        engine=engine,
        dtype=np.float64,
    )
    assert at_zero.mean.item() == pytest.approx(1.5, abs=1e-2)


def test_signal_to_noise_of_a_million(engine, kernel):
    """The fit must not stop early: no climb from its end by the exact gradient remains."""
    time, wavelength, flux, _ = light_curve(seed=3)
    rows = time, wavelength, flux, np.abs(flux).max() * np.full(len(time), 1e-6)
    fits = fit_light_curves([0, 40], *rows, engine=engine, kernel=kernel)
    assert fits.converged.all()
    best = np.array([fits.amplitude[0], fits.time_scale[0], fits.wavelength_scale[0]])
    value = log_marginal_likelihood(*rows, best, kernel=kernel)
    assert value == pytest.approx(fits.log_likelihood[0], abs=1e-3)
    for step in 0.02 * np.vstack([np.eye(3), -np.eye(3)]):
        assert log_marginal_likelihood(*rows, best * np.exp(step), kernel=kernel) < value + 1e-3
    gradient = log_marginal_likelihood_gradient(*rows, best, kernel=kernel)
    assert np.abs(gradient).max() < 0.05


@pytest.mark.parametrize("factor", [1e-12, 1e-30, 1e12])
def test_units_of_flux(engine, kernel, factor):
    """A fixed number on the diagonal, as george has it, would drown small fluxes."""
    time, wavelength, flux, flux_err = light_curve()
    plain = solve((time, wavelength, flux, flux_err), engine=engine, kernel=kernel)
    rows = time, wavelength, factor * flux, factor * flux_err
    scaled = solve(rows, engine=engine, kernel=kernel)
    expected = plain.log_likelihood - 40 * np.log(factor)
    np.testing.assert_allclose(scaled.log_likelihood, expected, atol=1e-4)
    np.testing.assert_allclose(scaled.grid / factor, plain.grid, atol=0.05)
    np.testing.assert_allclose(scaled.amplitude / factor**2, plain.amplitude, rtol=0.01)


def test_all_flux_is_zero(engine, kernel):
    time, wavelength, flux, flux_err = light_curve(seed=1)
    rows = time, wavelength, 0 * flux, flux_err
    assert_lost(between_good_ones(rows, engine=engine, kernel=kernel), Status.FLAT)


def test_all_flux_is_equal_under_a_constant_mean(engine, kernel):
    time, wavelength, flux, flux_err = light_curve(seed=1)
    rows = time, wavelength, 0 * flux + 7, flux_err
    options = {"engine": engine, "kernel": kernel}
    assert_lost(between_good_ones(rows, mean="constant", **options), Status.FLAT)
    assert_fitted(between_good_ones(rows, **options))


def test_no_observations(engine, kernel):
    rows = [[]] * 4
    assert_lost(between_good_ones(rows, engine=engine, kernel=kernel), Status.NO_OBSERVATIONS)


@pytest.mark.parametrize("mean", ["zero", "constant"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_observations(engine, kernel, n, mean):
    rows = [column[:n] for column in light_curve(seed=1)]
    options = {"engine": engine, "kernel": kernel, "mean": mean}
    if n == 1 and mean == "constant":
        assert_lost(between_good_ones(rows, **options), Status.FLAT)
    else:
        assert_fitted(between_good_ones(rows, **options))
    few = between_good_ones(rows, **options, min_observations=n + 1)
    assert_lost(few, Status.TOO_FEW)


def test_one_observation_has_the_textbook_amplitude(engine, kernel):
    """The likelihood of one flux f with error s has its maximum at A = f^2 - s^2."""
    rows = np.array([[0.0], [6e3], [50.0], [3.0]])
    fits = fit_light_curves([0, 1], *rows, engine=engine, kernel=kernel)
    assert fits.amplitude[0] == pytest.approx(50.0**2 - 3.0**2, rel=0.02)


def test_repeated_observations(engine, kernel):
    """Twice the same observation is once with an error smaller by sqrt(2)."""
    time, wavelength, flux, flux_err = light_curve()
    twice = [np.tile(column, 2) for column in (time, wavelength, flux, flux_err)]
    once = time, wavelength, flux, flux_err / np.sqrt(2)
    scales = {"amplitude": 2500.0, "time_scale": 30.0, "wavelength_scale": 6e3}
    options = {"engine": engine, "kernel": kernel} | scales
    np.testing.assert_allclose(solve(twice, **options).grid, solve(once, **options).grid, atol=1e-6)
    assert_fitted(between_good_ones(twice, engine=engine, kernel=kernel))


def test_pure_noise(engine, kernel):
    time, wavelength, _, flux_err = light_curve(seed=1)
    flux = flux_err * np.random.default_rng(0).normal(size=40)
    result = between_good_ones((time, wavelength, flux, flux_err), engine=engine, kernel=kernel)
    assert_fitted(result)
    assert np.abs(result.mean[1]).max() < 3 * flux_err.max()


def test_all_negative(engine, kernel):
    """The sign of the flux turns the mean around and leaves the rest."""
    time, wavelength, flux, flux_err = light_curve()
    flux = np.abs(flux) + 1
    options = {"engine": engine, "kernel": kernel, "time_scale": (5.0, 80.0)}
    positive = solve((time, wavelength, flux, flux_err), **options)
    negative = solve((time, wavelength, -flux, flux_err), **options)
    np.testing.assert_allclose(negative.log_likelihood, positive.log_likelihood, atol=1e-3)
    np.testing.assert_allclose(negative.mean, -positive.mean, atol=0.5)


def test_one_band_cannot_constrain_the_wavelength_scale(engine, kernel):
    time, wavelength, flux, flux_err = light_curve(seed=1)
    rows = time, np.full(40, 6e3), flux, flux_err
    assert_fitted(between_good_ones(rows, engine=engine, kernel=kernel))


def test_a_grey_object_drives_the_wavelength_scale_to_its_bound(engine, kernel):
    time, wavelength, _, flux_err = light_curve()
    rows = time, wavelength, 100 * np.exp(-0.5 * (time / 20) ** 2), flux_err
    options = {"engine": engine, "kernel": kernel}
    free = fit_light_curves([0, 40], *rows, **options)
    assert np.isfinite(free.log_likelihood[0]) and free.wavelength_scale[0] > 3e4
    held = fit_light_curves([0, 40], *rows, wavelength_scale=(1e3, 2e4), **options)
    assert held.converged[0] and held.wavelength_scale[0] == pytest.approx(2e4)


def test_two_starts_are_never_worse_than_one(engine, kernel):
    parts = [light_curve(n, seed) for seed, n in enumerate([8, 15, 30, 60])]
    rows = [np.concatenate(column) for column in zip(*parts)]
    offsets = np.cumsum([0, 8, 15, 30, 60])
    options = {"engine": engine, "kernel": kernel}
    one = fit_light_curves(offsets, *rows, n_starts=1, **options)
    two = fit_light_curves(offsets, *rows, n_starts=2, **options)
    assert (two.log_likelihood > one.log_likelihood - 1e-3).all()
    assert (two.n_evaluations > one.n_evaluations).all()


def test_hyperparameters_are_never_fitted_in_float32(engine, kernel):
    rows = light_curve()
    options = {"engine": engine, "kernel": kernel}
    single = solve(rows, dtype=np.float32, **options)
    double = solve(rows, dtype=np.float64, **options)
    assert single.grid.dtype == np.float32 and single.amplitude.dtype == np.float64
    for name in ("amplitude", "time_scale", "wavelength_scale", "log_likelihood"):
        np.testing.assert_array_equal(getattr(single, name), getattr(double, name))


@pytest.mark.parametrize("shifted", ["by reference", "on the grid"])
def test_absolute_dates_with_predictions_in_float32(engine, kernel, shifted):
    """MJD 59000 has steps of 0.004 days in float32: distances come first."""
    time, wavelength, _, flux_err = light_curve()
    flux = 100 * np.random.default_rng(0).normal(size=40)
    scales = {"amplitude": 2500.0, "time_scale": 2.0, "wavelength_scale": 6e3}
    options = {"engine": engine, "kernel": kernel} | scales
    rows = time, wavelength, flux, flux_err
    expected = predict_grid([0, 40], *rows, TIMES, WAVELENGTHS, dtype=np.float64, **options)
    dates = TIMES if shifted == "by reference" else TIMES + ZERO_DATE
    result = predict_grid(
        [0, 40],
        time + ZERO_DATE,
        *rows[1:],
        dates,
        WAVELENGTHS,
        reference=[ZERO_DATE] if shifted == "by reference" else None,
        dtype=np.float32,
        **options,
    )
    peak = np.abs(expected.mean).max()
    assert np.abs(result.mean - expected.mean).max() / peak < 1e-4
    assert np.abs(result.std - expected.std).max() / peak < 1e-3


def test_exponential_over_its_whole_range(engine, kernel):
    """From coincidence to underflow: far from all data the prior is left, without NaN."""
    rows = np.array([[0.0], [6e3], [50.0], [3.0]])
    times = np.concatenate([[0.0], np.geomspace(1e-6, 1e6, 400)])
    options = {"amplitude": 2500.0, "time_scale": 1.0, "wavelength_scale": 6e3}
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 1e-5)):
        result = predict_grid(
            [0, 1], *rows, times, [6e3], engine=engine, kernel=kernel, dtype=dtype, **options
        )
        shape = (1 + np.sqrt(3) * times) * np.exp(-np.sqrt(3) * times)
        weight = 2500 * shape / (2500 + 9)
        np.testing.assert_allclose(result.mean[0, 0], 50 * weight, atol=50 * tolerance)
        variance = 2500 * (1 - shape * weight)
        np.testing.assert_allclose(result.std[0, 0] ** 2, variance, atol=2500 * 10 * tolerance)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_blas_has_one_thread_while_objects_are_solved(engine, kernel, n_jobs, monkeypatch):
    seen = []
    original = _run.solve

    def spy(*arguments):
        seen.extend(i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas")
        return original(*arguments)

    monkeypatch.setattr(_run, "solve", spy)
    with threadpool_limits(2, "blas"):
        if n_jobs == 1 or engine == "numba":
            solve(light_curve(), engine=engine, kernel=kernel, n_jobs=n_jobs)
        else:
            monkeypatch.setattr(_run, "_processes", in_this_process)
            solve(light_curve(), engine=engine, kernel=kernel, n_jobs=n_jobs)
    assert seen and set(seen) == {1}


def in_this_process(pool, engine, problem, tasks):
    """What a worker process does, with as many threads as it finds."""
    with threadpool_limits(2, "blas"):
        for where in tasks:
            yield _run._solve_part(engine, problem.take(where), where)


def test_threads_and_serial_runs_agree(engine, kernel):
    parts = [light_curve(n, seed) for seed, n in enumerate([5, 20, 40, 80, 9])]
    rows = [np.concatenate(column) for column in zip(*parts)]
    offsets = np.cumsum([0, 5, 20, 40, 80, 9])
    options = {"engine": engine, "kernel": kernel}
    serial = solve(rows, offsets, n_jobs=1, **options)
    parallel = solve(rows, offsets, n_jobs=2, **options)
    np.testing.assert_array_equal(serial.grid, parallel.grid)


@pytest.mark.parametrize("seed", [0, 1])
def test_an_object_without_colour_is_fitted_to_the_end(seed, engine, kernel):
    """The wavelength scale runs to infinity, and a fit that holds it there is the known answer."""
    rng, n = np.random.default_rng(seed), 400
    time, wavelength = np.sort(rng.uniform(0, 1300, n)), rng.choice(BANDS, n)
    flux = 1000 * np.exp(-0.5 * ((time - 800) / 30) ** 2) + 20 * rng.normal(size=n)
    rows = [0, n], time, wavelength, flux, np.full(n, 20.0)
    free = fit_light_curves(*rows, engine=engine, kernel=kernel)
    held = fit_light_curves(*rows, engine=engine, kernel=kernel, wavelength_scale=1e12)
    assert free.converged[0] and held.converged[0]
    assert free.log_likelihood[0] > held.log_likelihood[0] - 1e-3

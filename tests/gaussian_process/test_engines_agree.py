"""All engines agree, objects do not affect each other, and bad objects have a status."""

import numpy as np
import pytest

from skastro.gaussian_process import Padding, fit_light_curves, interpolate_light_curves

ENGINES = ["numpy", "numba", "george"]
TIMES, WAVELENGTHS = np.linspace(-20, 60, 9), np.array([4000.0, 6000.0, 9000.0])


def bump(n, rng):
    """A made-up transient of n observations in four bands."""
    time = np.sort(rng.uniform(-40, 100, n)) + 59000
    wavelength = rng.choice([4827.0, 6223.0, 7546.0, 8590.0], n)
    shape = np.exp(-0.5 * ((time - 59020) / 18) ** 2) * (1 + (wavelength - 6000) / 9000)
    error = rng.uniform(1, 4, n)
    return time, wavelength, 80 * shape + rng.normal(0, error), error


@pytest.fixture(scope="module")
def objects():
    rng = np.random.default_rng(0)
    parts = [bump(n, rng) for n in (30, 1, 55, 3, 12)]
    offsets = np.concatenate([[0], np.cumsum([len(part[0]) for part in parts])])
    return offsets, [np.concatenate(column) for column in zip(*parts)]


def run(offsets, rows, **options):
    options = {"padding": Padding(6223.0), "dtype": np.float64} | options
    n = len(offsets) - 1
    return interpolate_light_curves(
        offsets, *rows, TIMES, WAVELENGTHS, reference=np.full(n, 59020.0), **options
    )


@pytest.mark.parametrize("engine", ["numba", "george"])
def test_engines_agree_with_numpy(objects, engine):
    expected, result = run(*objects, engine="numpy"), run(*objects, engine=engine)
    np.testing.assert_allclose(result.log_likelihood, expected.log_likelihood, atol=1e-3)
    scale = np.abs(expected.mean).max(axis=(1, 2))[:, None, None]
    well = [0, 2]
    assert (np.abs(result.mean - expected.mean) / scale)[well].max() < 1e-3
    assert (np.abs(result.std - expected.std) / scale)[well].max() < 1e-3


@pytest.mark.parametrize("kernel", ["radial", "separable"])
def test_numba_and_numpy_to_rounding_at_fixed_hyperparameters(objects, kernel):
    fixed = {"amplitude": 900.0, "time_scale": 25.0, "wavelength_scale": 5000.0, "kernel": kernel}
    results = [run(*objects, engine=engine, **fixed) for engine in ("numpy", "numba")]
    np.testing.assert_allclose(results[0].grid, results[1].grid, rtol=1e-8, atol=1e-7)
    np.testing.assert_allclose(results[0].log_likelihood, results[1].log_likelihood, rtol=1e-9)


@pytest.mark.parametrize("kernel", ["radial", "separable"])
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_textbook_formula(objects, engine, kernel):
    """Rasmussen & Williams 2006, equations 2.25, 2.26 and 2.30, by dense matrices."""
    offsets, rows = objects
    own = slice(offsets[2], offsets[3])
    time, wavelength, flux, error = (column[own] for column in rows)
    amplitude, l_t, l_w = 900.0, 25.0, 5000.0

    def covariance(t1, w1, t2, w2):
        a, b = np.subtract.outer(t1, t2) / l_t, np.subtract.outer(w1, w2) / l_w

        def matern(r):
            return (1 + np.sqrt(3) * r) * np.exp(-np.sqrt(3) * r)

        if kernel == "radial":
            return amplitude * matern(np.hypot(a, b))
        return amplitude * matern(np.abs(a)) * matern(np.abs(b))

    K = covariance(time, wavelength, time, wavelength) + np.diag(error**2)
    grid_w, grid_t = (g.ravel() for g in np.meshgrid(WAVELENGTHS, TIMES + 59020, indexing="ij"))
    cross = covariance(grid_t, grid_w, time, wavelength)
    mean = cross @ np.linalg.solve(K, flux)
    variance = amplitude - np.einsum("ij,ji->i", cross, np.linalg.solve(K, cross.T))
    log_likelihood = -0.5 * (
        flux @ np.linalg.solve(K, flux) + np.linalg.slogdet(K)[1] + len(flux) * np.log(2 * np.pi)
    )
    fixed = {"amplitude": amplitude, "time_scale": l_t, "wavelength_scale": l_w}
    result = run(
        [0, len(flux)],
        [time, wavelength, flux, error],
        engine=engine,
        kernel=kernel,
        padding=None,
        **fixed,
    )
    np.testing.assert_allclose(result.mean[0].ravel(), mean, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(result.std[0].ravel() ** 2, variance, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(result.log_likelihood[0], log_likelihood, rtol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_objects_do_not_touch_each_other(objects, engine):
    offsets, rows = objects
    whole = run(offsets, rows, engine=engine)
    for i in range(len(offsets) - 1):
        own = slice(offsets[i], offsets[i + 1])
        alone = run([0, offsets[i + 1] - offsets[i]], [c[own] for c in rows], engine=engine)
        np.testing.assert_allclose(alone.grid[0], whole.grid[i], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_float32_predictions_are_close(objects, engine):
    exact = run(*objects, engine=engine)
    single = run(*objects, engine=engine, dtype=np.float32)
    scale = np.abs(exact.mean).max(axis=(1, 2))[:, None, None]
    assert single.grid.dtype == np.float32
    assert (np.abs(single.mean - exact.mean) / scale).max() < 1e-4


@pytest.mark.parametrize("engine", ENGINES)
def test_bad_objects_are_reported_and_the_others_fitted(objects, engine):
    offsets, rows = objects
    time, wavelength, flux, error = (column.copy() for column in rows)
    flux[offsets[0]] = np.nan
    error[offsets[4]] = np.inf
    result = run(offsets, [time, wavelength, flux, error], engine=engine)
    assert result.failed.tolist() == [0, 4]
    assert all(result.reasons[i] for i in (0, 4))
    assert np.isnan(result.grid[[0, 4]]).all() and np.isfinite(result.grid[1:4]).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_no_observations(engine):
    result = run([0, 0], [np.zeros(0)] * 4, engine=engine)
    assert result.reasons.tolist() == ["no observations"] and np.isnan(result.grid).all()


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("factor", [1e-12, 1e9])
def test_units_of_flux_do_not_matter(objects, engine, factor):
    offsets, (time, wavelength, flux, error) = objects
    options = {"engine": engine, "padding": None}
    plain = run(offsets, [time, wavelength, flux, error], **options)
    scaled = run(offsets, [time, wavelength, flux * factor, error * factor], **options)
    np.testing.assert_allclose(scaled.grid / factor, plain.grid, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(scaled.time_scale, plain.time_scale, rtol=1e-3)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_fixed_and_bounded_scales_are_kept(objects, engine):
    offsets, rows = objects
    fits = fit_light_curves(
        offsets, *rows, time_scale=(10.0, 15.0), wavelength_scale=6000.0, engine=engine
    )
    assert (fits.wavelength_scale == pytest.approx(6000.0)) and (fits.n_evaluations > 0).all()
    assert ((fits.time_scale >= 10 - 1e-9) & (fits.time_scale <= 15 + 1e-9)).all()

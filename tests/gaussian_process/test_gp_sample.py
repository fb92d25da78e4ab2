"""Draws have the mean and the covariance of the textbook posterior, and are reproducible."""

import numpy as np
import pytest

from skastro.gaussian_process import (
    Padding,
    Status,
    _draw,
    fit_light_curves,
    predict_grid,
    sample_posterior,
    sample_posterior_at,
)

KERNELS = ["radial", "separable"]
TIMES, WAVELENGTHS = np.array([-30.0, 0.0, 4.0, 60.0]), np.array([4826.85, 6500.0, 9000.0])
SCALES = {"amplitude": 900.0, "time_scale": 25.0, "wavelength_scale": 5000.0}
N_DRAWS = 20_000


@pytest.fixture(scope="module")
def one():
    """Offsets and columns of one object of 15 observations, some at dates of the grid."""
    rng = np.random.default_rng(2)
    time = np.concatenate([[0.0, 0.0, 4.0], rng.uniform(-40, 50, 12)])
    wavelength = rng.choice([4826.85, 6223.24, 7545.98], 15)
    return [0, 15], time, wavelength, 30 * rng.normal(size=15), rng.uniform(4, 12, 15)


def matern(r):
    return (1 + np.sqrt(3) * r) * np.exp(-np.sqrt(3) * r)


def covariance(kernel, t1, w1, t2, w2):
    a = np.abs(np.subtract.outer(t1, t2)) / SCALES["time_scale"]
    b = np.abs(np.subtract.outer(w1, w2)) / SCALES["wavelength_scale"]
    shape = matern(np.hypot(a, b)) if kernel == "radial" else matern(a) * matern(b)
    return SCALES["amplitude"] * shape


def posterior(kernel, one, t, w):
    """Rasmussen and Williams (2006), equations 2.23 and 2.24, by dense matrices."""
    _, time, wavelength, flux, flux_err = one
    K = covariance(kernel, time, wavelength, time, wavelength) + np.diag(flux_err**2)
    cross = covariance(kernel, time, wavelength, t, w)
    solved = np.linalg.solve(K, cross)
    return solved.T @ flux, covariance(kernel, t, w, t, w) - cross.T @ solved


def assert_moments(draws, mean, cov):
    """Means and covariances of many draws within five standard errors."""
    n = len(draws)
    std = np.sqrt(np.diag(cov))
    assert (np.abs(draws.mean(axis=0) - mean) < 5 * std / np.sqrt(n)).all()
    error = np.sqrt((np.outer(std, std) ** 2 + cov**2) / n)
    assert (np.abs(np.cov(draws.T) - cov) < 5 * error).all()


@pytest.mark.parametrize("kernel", KERNELS)
def test_draws_on_a_grid_have_the_moments_of_the_posterior(kernel, one):
    drawn = sample_posterior(
        *one,
        TIMES,
        WAVELENGTHS,
        n_samples=N_DRAWS,
        kernel=kernel,
        random_state=0,
        dtype=np.float64,
        **SCALES,
    )
    points = np.tile(TIMES, 3), np.repeat(WAVELENGTHS, 4)
    assert_moments(drawn.samples[0].reshape(N_DRAWS, -1), *posterior(kernel, one, *points))


@pytest.mark.parametrize("kernel", KERNELS)
def test_draws_at_points_have_the_moments_of_the_posterior(kernel, one):
    points = np.array([-10.0, 1.0, 1.0, 200.0]), np.array([5e3, 5e3, 8e3, 5e3])
    drawn = sample_posterior_at(
        *one, [0, 4], *points, n_samples=N_DRAWS, kernel=kernel, random_state=1, **SCALES
    )
    assert_moments(drawn.samples, *posterior(kernel, one, *points))


@pytest.mark.parametrize("kernel", KERNELS)
def test_mean_reference_and_padding_are_those_of_the_prediction(kernel, one):
    """With reference dates, padding and a constant mean, as the engine predicts it."""
    offsets, time, wavelength, flux, flux_err = one
    rows = offsets, time + 59000, wavelength, flux + 500, flux_err
    options = {
        "reference": [59000.0],
        "padding": Padding(6223.24, flux=480.0),
        "mean": "constant",
        "kernel": kernel,
        "dtype": np.float64,
        **SCALES,
    }
    expected = predict_grid(*rows, TIMES, WAVELENGTHS, **options)
    drawn = sample_posterior(
        *rows, TIMES, WAVELENGTHS, n_samples=4000, random_state=0, **options
    ).samples[0]
    off = (drawn.mean(axis=0) - expected.mean[0]) / expected.std[0]
    assert np.abs(off).max() < 5 / np.sqrt(4000)
    np.testing.assert_allclose(drawn.std(axis=0), expected.std[0], rtol=0.06)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_fine_grid_of_smooth_curves_still_factorises(kernel, one):
    times = np.linspace(-50, 50, 101)
    scales = {"amplitude": 900.0, "time_scale": 800.0, "wavelength_scale": 1e6}
    drawn = sample_posterior(
        *one, times, [5e3, 5001.0, 9e3], n_samples=50, kernel=kernel, random_state=0, **scales
    )
    assert drawn.status.tolist() == [0]
    expected = predict_grid(*one, times, [5e3, 5001.0, 9e3], kernel=kernel, **scales)
    off = (drawn.samples[0].mean(axis=0) - expected.mean[0]) / expected.std[0]
    assert np.abs(off).max() < 5 / np.sqrt(50)
    assert np.abs(np.diff(drawn.samples[0], axis=2)).max() < 3


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_seed_decides_and_nothing_else(curves, kernel):
    rows = curves.offsets, curves.time, curves.wavelength, curves.flux, curves.flux_err
    options = {"kernel": kernel, **SCALES}
    first = sample_posterior(*rows, TIMES, WAVELENGTHS, random_state=3, **options).samples
    again = sample_posterior(*rows, TIMES, WAVELENGTHS, random_state=3, n_jobs=2, **options)
    other = sample_posterior(*rows, TIMES, WAVELENGTHS, random_state=4, **options).samples
    np.testing.assert_array_equal(first, again.samples)
    assert (first != other).any(axis=(1, 2, 3)).all()
    generator = np.random.default_rng(3)
    drawn = sample_posterior(*rows, TIMES, WAVELENGTHS, random_state=generator, **options)
    np.testing.assert_array_equal(first, drawn.samples)
    broken = curves.flux.copy()
    broken[0] = np.nan
    rows = *rows[:3], broken, rows[4]
    part = sample_posterior(*rows, TIMES, WAVELENGTHS, random_state=3, **options)
    assert part.failed.tolist() == [0]
    np.testing.assert_array_equal(first[1:], part.samples[1:])


@pytest.mark.parametrize("kernel", KERNELS)
def test_equal_objects_get_draws_of_their_own(kernel, one):
    offsets, *rows = one
    twice = [0, 15, 30], *(np.tile(column, 2) for column in rows)
    options = {"kernel": kernel, "random_state": 0, **SCALES}
    drawn = sample_posterior(*twice, [90.0], [5e3], **options).samples
    assert abs(drawn[0] - drawn[1]) > 0.1


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_factor_for_any_jitter(kernel, one, monkeypatch):
    monkeypatch.setattr(_draw, "factorise", lambda covariance, unit: None)
    drawn = sample_posterior(*one, TIMES, WAVELENGTHS, kernel=kernel, **SCALES)
    assert drawn.reasons.tolist() == [Status.SINGULAR.reason] and np.isnan(drawn.samples).all()


@pytest.mark.parametrize("kernel", KERNELS)
def test_objects_without_a_fit_are_nan(kernel):
    rows = [
        [0, 2, 2, 4, 6, 8],
        [0.0, 9.0] * 3 + [0.0, 0.0],
        [5e3] * 8,
        [3.0, 4.0, np.nan, 4.0, 0.0, 0.0, 1.0, 2.0],
        [1.0] * 6 + [0.0] * 2,
    ]
    fits = fit_light_curves(*rows, kernel=kernel, error_floor=0)
    scales = {name: getattr(fits, name) for name in SCALES}
    options = {"kernel": kernel, "error_floor": 0, "random_state": 0, **scales}
    drawn = sample_posterior(*rows, [0.0, 5.0], [5e3], **options)
    assert drawn.failed.tolist() == [1, 2, 3, 4]
    assert np.isnan(drawn.samples[1:]).all() and np.isfinite(drawn.samples[0]).all()
    assert drawn.reasons[1] == "no observations" and drawn.status[2] == Status.NOT_FINITE
    starts = [0, 1, 2, 3, 4, 5]
    at = sample_posterior_at(*rows, starts, [5.0] * 5, [5e3] * 5, **options)
    assert np.isnan(at.samples[0]).tolist() == [False, True, True, True, True]


def test_singular_at_given_hyperparameters():
    rows = [0, 2], [0.0, 0.0], [5e3, 5e3], [1.0, 2.0], [0.0, 0.0]
    drawn = sample_posterior(*rows, [0.0], [5e3], error_floor=0, **SCALES)
    assert drawn.reasons.tolist() == [Status.SINGULAR.reason] and np.isnan(drawn.samples).all()


def test_points_of_an_object_may_be_none_or_not_finite(one):
    offsets, *rows = one
    rows = [[0, 15, 30, 45], *(np.tile(column, 3) for column in rows)]
    points = [0.0, np.nan, 3.0], [5e3, 5e3, 5e3]
    drawn = sample_posterior_at(*rows, [0, 0, 2, 3], *points, random_state=0, **SCALES)
    assert drawn.status.tolist() == [0, Status.NOT_FINITE, 0]
    assert np.isnan(drawn.samples[0]).tolist() == [True, True, False]


def test_bad_arguments_are_refused(one):
    for options, message in [
        ({"n_samples": 0}, "n_samples=0"),
        ({"random_state": "one"}, "random_state='one'"),
        ({"kernel": "cubic"}, "kernel='cubic'"),
    ]:
        with pytest.raises(ValueError, match=message):
            sample_posterior(*one, TIMES, WAVELENGTHS, **SCALES, **options)
    with pytest.raises(ValueError, match="new_offsets are of 2 objects, not of 1"):
        sample_posterior_at(*one, [0, 1, 2], [0.0, 1.0], [5e3, 5e3], **SCALES)

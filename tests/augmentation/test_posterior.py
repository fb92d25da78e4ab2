"""Light curves and grids drawn from the posterior: moments, order, seeds, failures."""

import numpy as np
import pytest

from skastro.augmentation import draw_grids, draw_light_curves
from skastro.gaussian_process import Status, _draw, fit_light_curves, predict_grid

SCALES = ("amplitude", "time_scale", "wavelength_scale")


@pytest.fixture(scope="module")
def rows():
    """Three objects of 12, 0 and 7 observations and one that holds NaN."""
    rng = np.random.default_rng(0)
    n = 24
    flux = 40 * np.exp(-0.5 * (rng.uniform(-2, 2, n)) ** 2) + rng.normal(size=n)
    flux[-1] = np.nan
    time = rng.uniform(0, 60, n)
    wavelength = rng.choice([4800.0, 6200.0, 7500.0], n)
    return [0, 12, 12, 19, 24], time, wavelength, flux, rng.uniform(1, 3, n)


@pytest.mark.parametrize("kernel", ["radial", "separable"])
def test_moments_at_given_points(rows, kernel):
    """Mean and variance are those of the prediction, plus the variance of the stated error."""
    fits = fit_light_curves(*rows, kernel=kernel)
    points = [0, 2, 2, 3, 3], [10.0, 30.0, 5.0], [5e3, 6e3, 6e3], [2.0, 0.0, 9.0]
    n_draws = 5_000
    drawn = draw_light_curves(
        *rows, points, fits=fits, kernel=kernel, n_draws=n_draws, random_state=0
    )
    scales = {name: getattr(fits, name) for name in SCALES}
    grid = predict_grid(
        *rows, [5.0, 10.0, 30.0], [5e3, 6e3], kernel=kernel, dtype=np.float64, **scales
    )
    places = [(0, 0, 1), (0, 1, 2), (2, 1, 0)]
    for row, place in enumerate(places):
        values = drawn.flux[drawn.row == row]
        variance = grid.std[place] ** 2 + points[3][row] ** 2
        assert len(values) == n_draws
        assert values.mean() == pytest.approx(grid.mean[place], abs=5 * np.sqrt(variance / n_draws))
        assert values.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / n_draws))
    np.testing.assert_array_equal(drawn.flux_err, np.array(points[3])[drawn.row])


def test_own_epochs_in_the_order_of_objects(rows):
    offsets, _, _, flux, flux_err = rows
    drawn = draw_light_curves(*rows, n_draws=2, random_state=0)
    assert drawn.source.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert np.diff(drawn.offsets).tolist() == [12, 12, 0, 0, 7, 7, 5, 5]
    for light_curve, source in enumerate(drawn.source):
        own = slice(drawn.offsets[light_curve], drawn.offsets[light_curve + 1])
        assert drawn.row[own].tolist() == list(range(offsets[source], offsets[source + 1]))
    np.testing.assert_array_equal(drawn.flux_err, flux_err[drawn.row])
    off = (drawn.flux - flux[drawn.row]) / drawn.flux_err
    assert 0.5 < np.nanstd(off) < 2.5


def test_objects_that_cannot_be_fitted_are_nan(rows):
    drawn = draw_light_curves(*rows, random_state=0)
    assert drawn.status.tolist() == [0, Status.NO_OBSERVATIONS, 0, Status.NOT_FINITE]
    assert np.isnan(drawn.flux).nonzero()[0].tolist() == list(range(19, 24))
    grids = draw_grids(*rows, [0.0, 9.0], [5e3], n_draws=2, random_state=0)
    assert np.isnan(grids.grid).all(axis=(1, 2, 3)).tolist() == [False] * 2 + [True] * 2 + [
        False,
        False,
        True,
        True,
    ]
    assert grids.status.tolist() == [0, 0, 1, 1, 0, 0, 3, 3]


def test_grids_without_a_draw_are_nan_in_both_channels(rows, monkeypatch):
    monkeypatch.setattr(_draw, "factorise", lambda covariance, unit: None)
    grids = draw_grids(*rows, [0.0, 9.0], [5e3], random_state=0)
    assert np.isnan(grids.grid).all() and (grids.status[[0, 2]] == Status.SINGULAR).all()


def test_invalid_errors_of_an_object_do_not_stop_the_others(rows):
    offsets, time, wavelength, flux, flux_err = rows
    broken = flux_err.copy()
    broken[0], broken[12] = -1.0, np.inf
    drawn = draw_light_curves(offsets, time, wavelength, flux, broken, random_state=0)
    assert drawn.status.tolist() == [Status.INVALID_ERROR, 1, Status.INVALID_ERROR, 3]
    assert np.isnan(drawn.flux).all()


def test_grids_are_draws_with_the_posterior_deviation(rows):
    fits = fit_light_curves(*rows, kernel="separable")
    scales = {name: getattr(fits, name) for name in SCALES}
    grid = [0.0, 20.0, 90.0], [5e3, 8e3]
    reference = [1.0, 2.0, 3.0, 4.0]
    drawn = draw_grids(*rows, *grid, fits=fits, reference=reference, n_draws=4000, random_state=0)
    expected = predict_grid(*rows, *grid, kernel="separable", reference=reference, **scales)
    for i in (0, 2):
        own = drawn.grid[drawn.source == i]
        np.testing.assert_array_equal(own[:, 1], np.broadcast_to(expected.std[i], own[:, 1].shape))
        off = (own[:, 0].mean(axis=0) - expected.mean[i]) / expected.std[i]
        assert np.abs(off).max() < 5 / np.sqrt(4000)
        np.testing.assert_allclose(own[:, 0].std(axis=0), expected.std[i], rtol=0.06)


@pytest.mark.parametrize("draw", [draw_light_curves, draw_grids])
def test_the_seed_decides(rows, draw):
    grid = () if draw is draw_light_curves else ([0.0, 9.0], [5e3])

    def values(seed):
        return draw(*rows, *grid, n_draws=2, random_state=seed)[3 if not grid else 1]

    np.testing.assert_array_equal(values(5), values(5))
    assert np.nanmax(np.abs(values(5) - values(6))) > 0.1
    state = np.random.RandomState(1)
    assert np.nanmax(np.abs(values(state) - values(state))) > 0.1


def test_bad_points_are_refused(rows):
    for points, message in [
        (([0, 1, 1, 1, 1], [0.0], [5e3], [-1.0]), "row 0"),
        (([0, 1, 1, 1, 1], [0.0], [5e3], [1.0, 2.0]), "errors"),
        (([0, 1], [0.0], [5e3], [1.0]), "new_offsets are of 1 objects"),
    ]:
        with pytest.raises(ValueError, match=message):
            draw_light_curves(*rows, points)

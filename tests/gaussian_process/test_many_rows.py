"""Objects of many rows, and fits to the rows around the window alone."""

import numpy as np
import pytest
from conftest import make_light_curve

from skastro.gaussian_process import Padding, Status, interpolate_light_curves, predict_grid

TIMES, WAVELENGTHS = np.linspace(-20, 60, 9), np.array([4000.0, 6000.0, 9000.0])
ENGINES = ["numpy", "numba"]


def seasons(n):
    """One explosion in the middle of 1,600 days of observations."""
    time, wavelength, flux, flux_err = make_light_curve(n, 3)
    time = np.linspace(-800, 800, n)
    flux += 300 * np.exp(-0.5 * (time / 20) ** 2)
    return np.array([0, n]), time, wavelength, flux, flux_err


@pytest.mark.parametrize("n", [400, 700])
def test_engines_agree_on_many_rows(n):
    results = [
        interpolate_light_curves(
            *seasons(n), TIMES, WAVELENGTHS, engine=engine, dtype=np.float64, wavelength_scale=6e3
        )
        for engine in ENGINES
    ]
    np.testing.assert_allclose(results[0].log_likelihood, results[1].log_likelihood, atol=1e-6)
    np.testing.assert_allclose(results[0].grid, results[1].grid, rtol=1e-5, atol=1e-3)
    assert results[0].converged.all() and results[1].converged.all()


@pytest.mark.parametrize("padding", [None, Padding(6000.0)])
@pytest.mark.parametrize("engine", ENGINES)
def test_margin_is_a_cut_of_the_rows(engine, padding):
    offsets, time, *columns = seasons(300)
    options = {"engine": engine, "padding": padding}
    inside = (time >= TIMES[0] - 70) & (time <= TIMES[-1] + 70)
    cut = [0, inside.sum()], time[inside] + 59000, *(c[inside] for c in columns)
    expected = interpolate_light_curves(*cut, TIMES, WAVELENGTHS, reference=[59000], **options)
    result = interpolate_light_curves(
        offsets,
        time + 59000,
        *columns,
        TIMES,
        WAVELENGTHS,
        reference=[59000],
        margin=70.0,
        **options,
    )
    np.testing.assert_array_equal(result.grid, expected.grid)
    assert result.log_likelihood == expected.log_likelihood
    all_rows = interpolate_light_curves(offsets, time, *columns, TIMES, WAVELENGTHS, **options)
    assert not np.allclose(all_rows.log_likelihood, result.log_likelihood)


def test_margin_without_rows_and_with_a_bad_time():
    """Nothing in the window is reported; a time that is not a number is not cut away."""
    result = predict_grid(
        [0, 1, 3],
        [900.0, np.nan, 0.0],
        [6e3, 6e3, 6e3],
        [9.0, 9.0, 9.0],
        [1.0, 1.0, 1.0],
        TIMES,
        WAVELENGTHS,
        margin=100.0,
        amplitude=1.0,
        time_scale=20.0,
        wavelength_scale=6e3,
    )
    assert result.reasons.tolist() == [Status.NO_OBSERVATIONS.reason, Status.NOT_FINITE.reason]


@pytest.mark.parametrize("margin", [-1.0, np.nan])
def test_impossible_margin(margin):
    with pytest.raises(ValueError, match="margin"):
        interpolate_light_curves(*seasons(9), TIMES, WAVELENGTHS, margin=margin)

"""Float32 predictions keep their tolerance where the variance and the mean cancel."""

import numpy as np
import pytest
from conftest import make_light_curve

from skastro.gaussian_process import Padding, fit_light_curves, predict_grid
from skastro.gaussian_process._predict import coarse_points

TIMES, WAVELENGTHS = np.linspace(-30, 150, 90), np.linspace(3000, 10100, 12)


def errors(rows, engine, padding=None, **scales):
    """Largest error of mean and std of each object in units of its largest value."""
    grids = [
        predict_grid(
            *rows, TIMES, WAVELENGTHS, engine=engine, dtype=dtype, padding=padding, **scales
        )
        for dtype in (np.float64, np.float32)
    ]
    exact, single = grids
    peak = np.abs(exact.grid).max(axis=(2, 3))
    return (np.abs(single.grid - exact.grid).max(axis=(2, 3)) / peak).T


def precise(n, signal_to_noise, seed=0):
    """One light curve with tiny errors: the variance at the observations nearly vanishes."""
    time, wavelength, flux, _ = make_light_curve(n, seed)
    flux_err = np.full(n, np.abs(flux).max() / signal_to_noise)
    return np.array([0, n]), time, wavelength, flux, flux_err


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("signal_to_noise", [1e2, 1e3, 1e4, 1e6])
@pytest.mark.parametrize("n", [7, 90])
def test_tolerance_at_any_signal_to_noise(engine, signal_to_noise, n):
    rows = precise(n, signal_to_noise)
    scales = {"amplitude": 1e6, "time_scale": 150.0, "wavelength_scale": 15000.0}
    mean, std = errors(rows, engine, **scales)
    assert mean.max() < 1e-4 and std.max() < 1e-3


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_tolerance_of_a_long_object(engine):
    """Rounding errors of 1,000 rows add up and still stay below."""
    scales = {"amplitude": 1e5, "time_scale": 60.0, "wavelength_scale": 9000.0}
    mean, std = errors(precise(1000, 200.0), engine, **scales)
    assert mean.max() < 1e-4 and std.max() < 1e-3


def test_tolerance_of_fits_with_padding(curves):
    """The long time scales that padding causes are the worst real case."""
    rows = (curves.offsets, curves.time, curves.wavelength, curves.flux, 0.05 * curves.flux_err)
    padding = Padding(7545.98)
    fits = fit_light_curves(*rows, padding=padding, engine="numba")
    names = ("amplitude", "time_scale", "wavelength_scale")
    scales = {name: getattr(fits, name) for name in names}
    for engine in ("numpy", "numba"):
        mean, std = errors(rows, engine, padding, **scales)
        assert mean.max() < 1e-4 and std.max() < 1e-3


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("kernel", ["radial", "separable"])
@pytest.mark.parametrize("scale", [1e-29, 1e29])
def test_length_scales_that_ran_away(engine, kernel, scale):
    """Free wavelength scales do: such squared distances would overflow float32."""
    rows = precise(20, 30.0)
    for scales in ({"time_scale": 20.0, "wavelength_scale": scale}, {"time_scale": scale}):
        scales = {"amplitude": 1e4, "wavelength_scale": 6e3} | scales
        options = {"engine": engine, "kernel": kernel} | scales
        exact, single = (
            predict_grid(*rows, TIMES, WAVELENGTHS, dtype=dtype, **options)
            for dtype in (np.float64, np.float32)
        )
        assert np.abs(single.mean - exact.mean).max() < 1e-4 * rows[3].max()
        assert np.abs(single.std - exact.std).max() < 1e-3 * exact.std.max()


def test_only_what_float32_misses_is_repeated():
    mean, std = np.ones((2, 2), np.float32), np.array([[1.0, 1e-3], [0.5, 1e-5]], np.float32)
    assert coarse_points(mean, std, 1.0, 4.0, 1.0).tolist() == [1, 3]
    assert coarse_points(mean, std, 1.0, 0.04, 1.0).tolist() == [3]
    assert coarse_points(mean, std, 1.0, 4.0, 1e4).tolist() == [0, 1, 2, 3]

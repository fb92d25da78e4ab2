"""Agreement with results made by george, by SciPy's optimiser and by SCONE itself."""

import numpy as np
import pytest
from dust_extinction.parameter_averages import CCM89

from skastro.gaussian_process import (
    Padding,
    fit_light_curves,
    interpolate_light_curves,
    predict_grid,
)

PADDING = {"gp_des_ia": Padding(7545.98), "scone_heatmaps_des": Padding(7828.1)}


def rows(curves):
    return curves.offsets, curves.time, curves.wavelength, curves.flux, curves.flux_err


def relative(ours, reference):
    """Largest difference of each object in units of its largest value."""
    peak = np.abs(reference).reshape(len(reference), -1).max(axis=1)
    return np.abs(ours - reference).reshape(len(reference), -1).max(axis=1) / peak


@pytest.fixture(scope="module")
def reference(oracles):
    return np.load(oracles / "gp_des_ia.npz")


@pytest.mark.parametrize("engine", ["numba", "numpy", "george"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_grid_at_the_hyperparameters_of_the_oracle(des, reference, engine, dtype):
    assert (des.snid == reference["snid"]).all()
    result = predict_grid(
        *rows(des),
        reference["times"],
        reference["wavelengths"],
        amplitude=reference["amplitude2"],
        time_scale=reference["time_scale"],
        wavelength_scale=reference["wave_scale"],
        reference=des.peak,
        padding=PADDING["gp_des_ia"],
        engine=engine,
        dtype=dtype,
    )
    exact = dtype == np.float64
    assert relative(result.mean, reference["mean"]).max() < (1e-6 if exact else 1e-4)
    assert relative(result.std, reference["std"]).max() < (1e-4 if exact else 1e-3)
    np.testing.assert_allclose(result.log_likelihood, reference["log_likelihood"], atol=1e-5)


@pytest.mark.parametrize("engine", ["numba", "numpy", "george"])
def test_own_fit_reaches_the_likelihood_of_the_oracle(des, reference, engine):
    fits = fit_light_curves(*rows(des), padding=PADDING["gp_des_ia"], engine=engine)
    assert (fits.status == 0).all() and fits.converged.all()
    assert (fits.log_likelihood - reference["log_likelihood"]).min() > -1e-3


def test_maps_of_scone(des_readme, oracles):
    """SCONE adds the extinction in magnitudes to the mean: undone here."""
    scone = np.load(oracles / "scone_heatmaps_des.npz")
    order = np.argsort(des_readme.snid)
    objects = order[np.searchsorted(des_readme.snid, scone["snid"], sorter=order)]
    times = np.linspace(0, 180, 180)
    maps = interpolate_light_curves(
        *rows(des_readme),
        times,
        scone["wavelengths"],
        reference=des_readme.peak - 30,
        padding=PADDING["scone_heatmaps_des"],
        engine="numpy",
    )
    extinction = 3.1 * CCM89(Rv=3.1)(1e4 / scone["wavelengths"])[:, None]
    expected = scone["heatmaps"].transpose(0, 3, 1, 2).astype(float)
    expected[:, 0] -= extinction * scone["mwebv"][:, None, None]
    gain = maps.log_likelihood[objects] + scone["neg_log_like"]
    assert gain.min() > -1e-3
    same = gain < 1e-3
    assert same.sum() >= 5
    peak = expected.reshape(6, -1).max(axis=1)
    off = np.abs(maps.grid[objects] - expected).max(axis=(2, 3)) / peak[:, None]
    assert off[same].max() < 1e-3

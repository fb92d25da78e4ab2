"""The preprocessing of CCSNscore and its pixels against its description, spectrum by spectrum."""

import numpy as np
import pytest
from scipy.interpolate import interp1d
from scipy.signal import medfilt
from spectrum_frames import frame, opened, random_spectra

from skastro.datasets import make_spectra
from skastro.exceptions import ObjectError
from skastro.feature_extraction import SpectrumPixels
from skastro.preprocessing import (
    Rebin,
    make_spectrum_preprocessing,
)
from skastro.utils.ragged import flatten


def recipe_by_hand(wavelength, flux, z, window):
    """CCSNscore's chain for one spectrum, from its description."""
    rest = wavelength / (1 + z)
    rest, first = np.unique(rest, return_index=True)
    grid = np.linspace(4200, 9200, 256)
    on_grid = interp1d(rest, flux[first], kind="cubic", bounds_error=False, fill_value=0.0)(grid)
    on_grid = on_grid / np.median(on_grid[50:200])
    on_grid[(on_grid < -5) | (on_grid > 100)] = 0
    on_grid = medfilt(on_grid, window)
    return (on_grid - on_grid.min()) / (on_grid.max() - on_grid.min())


@pytest.mark.parametrize("window", [3, 5])
def test_the_recipe_is_the_recipe(window):
    rng = np.random.default_rng(1)
    redshift = [0.05, 0.3, 0.0]
    spectra = []
    for low, high, n in ((3600, 9900, 900), (4400, 9000, 250), (4000, 9800, 3000)):
        x = np.sort(rng.uniform(low, high, n))
        x[7] = x[6]
        flux = 1e-16 * (2 + np.sin(x / 200) + 0.3 * rng.normal(size=n))
        flux[n // 2] = 4e-14
        spectra.append({"wavelength": x, "flux": flux})
    steps = make_spectrum_preprocessing(window=window)
    X = steps.fit_transform(frame(spectra, redshift=redshift))
    dense = SpectrumPixels().fit_transform(X)
    assert dense.shape == (3, 256) and dense.dtype == np.float32
    for own, z, row in zip(spectra, redshift, dense):
        expected = recipe_by_hand(own["wavelength"], own["flux"], z, window)
        np.testing.assert_allclose(row, expected, atol=2e-7)


def untidy_spectra(n):
    """Spectra with the faults of public catalogues: gaps, repeats, wild pixels, any order."""
    rng = np.random.default_rng(0)
    X, _ = make_spectra(n, random_state=0)
    spectra = []
    for own in opened(X):
        x, flux = own["wavelength"].astype(float), own["flux"].astype(float)
        keep = np.abs(x - rng.uniform(4500, 8500)) > rng.uniform(0, 300)
        order = rng.permutation(np.flatnonzero(keep))
        order = np.concatenate([order, rng.choice(order, 5)])
        flux[rng.choice(len(flux), 3)] *= [1e3, -50, 0]
        flux[rng.choice(len(flux), 2)] = np.nan
        spectra.append({"wavelength": x[order], "flux": flux[order]})
    spectra[0]["wavelength"] = spectra[0]["wavelength"] + 2e4  # in the infrared alone
    return spectra


def test_the_recipe_on_untidy_spectra():
    spectra = untidy_spectra(40)
    redshift = np.linspace(0, 0.1, len(spectra))
    steps = make_spectrum_preprocessing()
    dense = SpectrumPixels().fit_transform(steps.fit_transform(frame(spectra, redshift=redshift)))
    n_compared = 0
    for own, z, row in zip(spectra, redshift, dense):
        good = np.isfinite(own["flux"]) & (own["wavelength"] > 0)
        with np.errstate(all="ignore"):
            expected = recipe_by_hand(own["wavelength"][good], own["flux"][good], z, 5)
        if np.isnan(row).any():
            assert np.isnan(row).all()
            continue
        np.testing.assert_allclose(row, expected, atol=2e-5)
        n_compared += 1
    assert n_compared > 0.95 * len(spectra)


def test_pixels_of_other_grids_and_of_nothing():
    X = frame(random_spectra(errors=False))
    on_grid = Rebin(np.linspace(4000, 9000, 10)).fit_transform(X)
    pixels = SpectrumPixels(mask=True).fit(on_grid)
    rows = pixels.transform(on_grid).reshape(6, *pixels.output_shape_)
    assert np.isnan(rows[[1, 3]]).all()
    assert (rows[0, 1] == 1).all()
    covered = flatten(on_grid["spectrum"])[1]["covered"]
    assert covered.sum() == np.nansum(rows[:, 1])
    other = Rebin(np.linspace(4000, 9001, 10)).fit_transform(X)
    with pytest.raises(ObjectError, match="SpectrumPixels.*grid") as caught:
        pixels.transform(other)
    assert caught.value.ids == [0, 2, 3, 4, 5]
    with pytest.raises(ObjectError, match="no rows in any"):
        SpectrumPixels().fit(on_grid[1:2])
    marked = on_grid.assign(quality=["", "", "bad", "", "", ""])
    assert np.isnan(SpectrumPixels().fit_transform(marked)[2]).all()

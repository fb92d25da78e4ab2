"""Real and made-up light curves as flat arrays."""

from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits

SCONE_WAVELENGTHS = {"g": 4826.85, "r": 6223.24, "i": 7545.98, "z": 8590.90}
README_WAVELENGTHS = {"g": 4827.7, "r": 6434.8, "i": 7828.1, "z": 9181.2}


def read_des(folder, wavelengths, n_objects):
    """First objects of DES_Ia-0001, cut at the separator rows: its pointers are stale."""
    head = fits.getdata(folder / "snana/DES_Ia-0001_HEAD.FITS", 1)
    phot = fits.getdata(folder / "snana/DES_Ia-0001_PHOT.FITS", 1)
    separator = phot["MJD"] == -777
    number = np.cumsum(separator) - separator
    keep = ~separator & (number < n_objects)
    band = np.char.strip(phot["FLT"][keep].astype(str))
    return SimpleNamespace(
        offsets=np.searchsorted(number[keep], np.arange(n_objects + 1)),
        time=phot["MJD"][keep].astype(float),
        wavelength=np.array([wavelengths[b] for b in band]),
        flux=phot["FLUXCAL"][keep].astype(float),
        flux_err=phot["FLUXCALERR"][keep].astype(float),
        snid=np.char.strip(head["SNID"][:n_objects].astype(str)).astype(int),
        peak=head["PEAKMJD"][:n_objects].astype(float),
        mwebv=head["MWEBV"][:n_objects].astype(float),
    )


@pytest.fixture(scope="session")
def des(real_data):
    """The 10 objects of the reference results, with their wavelengths."""
    return read_des(real_data, SCONE_WAVELENGTHS, 10)


@pytest.fixture(scope="session")
def des_readme(real_data):
    """All 40 objects with the wavelengths of the simulation README."""
    return read_des(real_data, README_WAVELENGTHS, 40)


def make_light_curve(n, seed=0, amplitude=300.0):
    """One noisy explosion in six bands: time, wavelength, flux, flux_err."""
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(-40, 110, n))
    wavelength = rng.choice([3670.69, 4826.85, 6223.24, 7545.98, 8590.9, 9710.28], n)
    colour = np.exp(-0.5 * ((wavelength - 6000) / 2500) ** 2)
    shape = np.exp(-time / 25) / (1 + np.exp(-time / 4))
    flux_err = rng.uniform(4, 12, n)
    return time, wavelength, amplitude * colour * shape + flux_err * rng.normal(size=n), flux_err


@pytest.fixture(scope="session")
def curves():
    """Twelve made-up light curves of 5 to 120 observations."""
    parts = [make_light_curve(n, seed) for seed, n in enumerate(np.linspace(5, 120, 12, dtype=int))]
    time, wavelength, flux, flux_err = (np.concatenate(column) for column in zip(*parts))
    offsets = np.concatenate([[0], np.cumsum([len(p[0]) for p in parts])])
    return SimpleNamespace(
        offsets=offsets, time=time, wavelength=wavelength, flux=flux, flux_err=flux_err
    )

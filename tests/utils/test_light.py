"""Magnitudes and extinction laws against astropy and dust_extinction."""

import astropy.units as u
import numpy as np
import pytest
from dust_extinction.parameter_averages import F99

from skastro.utils.dust import extinction_magnitudes
from skastro.utils.photometry import flux_to_magnitude, magnitude_to_flux


def test_fluxcal_agrees_with_ab_magnitudes_of_astropy():
    mag = np.array([15.0, 20.0, 27.5])
    flux, _ = magnitude_to_flux(mag, 0.1)
    jansky = (mag * u.ABmag).to_value(u.Jy)
    np.testing.assert_allclose(flux / flux[-1], jansky / jansky[-1])
    assert flux[-1] == 1.0


def test_round_trip():
    mag, error = flux_to_magnitude(*magnitude_to_flux([18.0, 24.3], [0.02, 0.3]))
    np.testing.assert_allclose(mag, [18.0, 24.3])
    np.testing.assert_allclose(error, [0.02, 0.3])


def test_error_is_the_derivative():
    flux, error = magnitude_to_flux(20.0, 1e-4)
    np.testing.assert_allclose(magnitude_to_flux(20.0 - 1e-4, 0)[0] - flux, error, rtol=1e-3)


@pytest.mark.parametrize("flux", [0.0, -3.0, np.nan])
def test_no_magnitude_of_a_flux_that_is_not_positive(flux):
    assert np.isnan(flux_to_magnitude(flux, 1.0)).all()


def test_extinction_law_by_name():
    wavelengths = np.array([3600.0, 5500.0, 9000.0])
    expected = 2.5 * -np.log10(F99(Rv=2.5).extinguish(wavelengths * u.AA, Ebv=1.0))
    np.testing.assert_allclose(extinction_magnitudes(wavelengths, law="F99", r_v=2.5), expected)

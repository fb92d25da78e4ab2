"""Magnitudes and fluxes."""

import numpy as np

_POGSON = 2.5 / np.log(10)


def magnitude_to_flux(magnitude, magnitude_err, *, zero_point=27.5):
    """Return flux and flux error of a magnitude: ``flux = 10 ** (0.4 (zero_point - mag))``.

    Parameters
    ----------
    magnitude, magnitude_err : array-like
        Magnitude and its error.

    zero_point : float, default=27.5
        Magnitude of flux 1; 27.5 gives SNANA's FLUXCAL.

    Returns
    -------
    flux, flux_err : ndarray
        In the flux of `zero_point`; the error to first order.

    See Also
    --------
    flux_to_magnitude : The inverse.

    Examples
    --------
    >>> from skastro.utils.photometry import magnitude_to_flux
    >>> flux, flux_err = magnitude_to_flux(25.0, 0.1)
    >>> float(flux), round(float(flux_err), 3)
    (10.0, 0.921)
    """
    flux = 10 ** (0.4 * (zero_point - np.asarray(magnitude, float)))
    return flux, flux * np.asarray(magnitude_err, float) / _POGSON


def flux_to_magnitude(flux, flux_err, *, zero_point=27.5):
    """Return magnitude and magnitude error of a flux; NaN where the flux is not positive.

    Parameters
    ----------
    flux, flux_err : array-like
        Flux and its error.

    zero_point : float, default=27.5
        Magnitude of flux 1; 27.5 belongs to SNANA's FLUXCAL.

    Returns
    -------
    magnitude, magnitude_err : ndarray

    See Also
    --------
    magnitude_to_flux : The inverse.

    Examples
    --------
    >>> from skastro.utils.photometry import flux_to_magnitude
    >>> [float(v) for v in flux_to_magnitude(10.0, 0.0)]
    [25.0, 0.0]
    """
    flux = np.asarray(flux, float)
    positive = np.where(flux > 0, flux, np.nan)
    magnitude = zero_point - 2.5 * np.log10(positive)
    return magnitude, _POGSON * np.asarray(flux_err, float) / positive

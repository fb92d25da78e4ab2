"""Spectral shapes: pure functions of rest-frame wavelength."""

from functools import lru_cache

import numpy as np

from skastro.utils.dust import extinction_magnitudes

_HC_OVER_K = 1.438776877e8
_DUST_RANGE = (1000.0, 33000.0)


def planck(wavelength, temperature):
    """Return the blackbody ``B_nu`` up to a constant: ``lambda^-3 / (exp(hc / lambda k T) - 1)``.

    Parameters
    ----------
    wavelength : array-like
        In Angstrom.

    temperature : array-like
        In Kelvin.

    Returns
    -------
    spectrum : ndarray
        In units of ``(5000 Angstrom)^-3``.

    Examples
    --------
    >>> from skastro.datasets._spectra import planck
    >>> bool(planck(4000.0, 20000.0) > planck(8000.0, 20000.0))
    True
    """
    x = np.minimum(_HC_OVER_K / (np.asarray(wavelength) * temperature), 500.0)
    return (np.asarray(wavelength) / 5000.0) ** -3 / np.expm1(x)


def cooling(phase, peak, late, time_scale, earliest=-15.0):
    """Return the temperature ``late + (peak - late) exp(-phase / time_scale)`` in Kelvin.

    Before `earliest` days the temperature is constant.

    Examples
    --------
    >>> from skastro.datasets._spectra import cooling
    >>> cooling([0.0, 1000.0], 12000.0, 5000.0, 20.0).tolist()
    [12000.0, 5000.0]
    """
    return late + (peak - late) * np.exp(-np.maximum(phase, earliest) / time_scale)


def blanketing(wavelength, edge, slope):
    """Return the share of light that line blanketing leaves: ``(lambda / edge) ** slope`` below.

    Redwards of `edge` Angstrom nothing is lost (Nicholl, Guillochon & Berger 2017, ApJ 850, 55,
    section 2.3, use an edge at 3000 and a slope of 1 for superluminous supernovae).

    Examples
    --------
    >>> from skastro.datasets._spectra import blanketing
    >>> blanketing([1500.0, 6000.0], 3000.0, 1.0).tolist()
    [0.5, 1.0]
    """
    return np.minimum(np.asarray(wavelength) / edge, 1.0) ** slope


def thermal(wavelength, temperature, reference, edge=3000.0, slope=0.0):
    """Return a blanketed blackbody relative to its own value at the wavelength `reference`.

    Examples
    --------
    >>> from skastro.datasets._spectra import thermal
    >>> float(thermal(4400.0, 10000.0, 4400.0))
    1.0
    """
    absorbed = blanketing(wavelength, edge, slope) / blanketing(reference, edge, slope)
    return absorbed * planck(wavelength, temperature) / planck(reference, temperature)


def ripple(wavelength, amplitudes, lags):
    """Return smooth deviations of a spectrum in magnitudes, for the scatter of real colours.

    ``sum_k a_k sin(2 pi k ln(lambda / 5000) / 1.2 + lag_k)``: coherent over a filter, different
    from band to band, as the scatter that Guy et al. (2010), A&A 523, A7, section 5.4, find for
    type Ia supernovae (0.02-0.1 mag).

    Parameters
    ----------
    wavelength : ndarray of shape (n_rows,)
        In Angstrom.

    amplitudes, lags : ndarray of shape (n_rows, n_terms)
        In magnitudes and radians.

    Returns
    -------
    deviation : ndarray of shape (n_rows,)

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._spectra import ripple
    >>> ripple(np.array([5000.0]), np.array([[0.1]]), np.array([[np.pi / 2]])).tolist()
    [0.1]
    """
    x = 2 * np.pi * np.log(np.asarray(wavelength) / 5000.0) / 1.2
    terms = zip(np.asarray(amplitudes).T, np.asarray(lags).T)
    return sum(a * np.sin(k * x + lag) for k, (a, lag) in enumerate(terms, start=1))


@lru_cache(maxsize=4)
def _dust_table(law, r_v):
    grid = np.geomspace(*_DUST_RANGE, 2000)
    return grid, extinction_magnitudes(grid, law=law, r_v=r_v)


def dust_ratio(wavelength, *, law="CCM89", r_v=3.1):
    """Return A(lambda) / E(B-V) of `dust_extinction`, interpolated on 2,000 wavelengths.

    Wavelengths outside 1000-33000 Angstrom are clipped.

    Examples
    --------
    >>> from skastro.datasets._spectra import dust_ratio
    >>> dust_ratio([4826.85, 8590.9]).round(2).tolist()
    [3.64, 1.61]
    """
    return np.interp(wavelength, *_dust_table(law, r_v))

"""Extinction laws of the Milky Way by name."""

import astropy.units as u
import numpy as np
from dust_extinction import parameter_averages


def extinction_magnitudes(wavelengths, *, law="CCM89", r_v=3.1):
    """Return A(lambda) / E(B-V) in magnitudes.

    Parameters
    ----------
    wavelengths : array-like
        Wavelengths in Angstrom.

    law : str, default="CCM89"
        Name of a law of one parameter R_V in `dust_extinction.parameter_averages`: ``CCM89``
        (Cardelli, Clayton & Mathis 1989), ``O94``, ``F99``, ``F19``, ``G23``, …

    r_v : float, default=3.1
        Ratio of total to selective extinction.

    Returns
    -------
    ratio : ndarray of the shape of `wavelengths`

    Examples
    --------
    >>> from skastro.utils.dust import extinction_magnitudes
    >>> extinction_magnitudes([5494.5]).round(2).tolist()
    [3.1]
    """
    curve = getattr(parameter_averages, law, None)
    if curve is None:
        raise ValueError(f"unknown extinction law {law!r}; dust_extinction has {_laws()}")
    return r_v * np.asarray(curve(Rv=r_v)(np.asarray(wavelengths, float) * u.AA))


def _laws():
    return [name for name in dir(parameter_averages) if name[:1].isupper() and name[-2:].isdigit()]

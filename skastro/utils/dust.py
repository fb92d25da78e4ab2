"""Extinction laws of the Milky Way by name."""

import numpy as np


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
    # Units and models of astropy take 0.4 s to import, which models without dust do not require.
    import astropy.units as u
    from dust_extinction import parameter_averages

    curve = getattr(parameter_averages, law, None)
    if curve is None:
        known = [n for n in dir(parameter_averages) if n[:1].isupper() and n[-2:].isdigit()]
        raise ValueError(f"unknown extinction law {law!r}; dust_extinction has {known}")
    return r_v * np.asarray(curve(Rv=r_v)(np.asarray(wavelengths, float) * u.AA))

"""Extinction laws of the Milky Way by name."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FEW = 100


def extinction_magnitudes(
    wavelengths: ArrayLike, *, law: str = "CCM89", r_v: float = 3.1
) -> NDArray:
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
    wavelengths = np.asarray(wavelengths, float)
    if wavelengths.size > _FEW:
        return r_v * np.asarray(curve(Rv=r_v)(wavelengths * u.AA))
    # A copy: the cache gives out the same array every time.
    return _known(tuple(wavelengths.ravel().tolist()), curve, r_v).reshape(wavelengths.shape).copy()


@lru_cache(maxsize=256)
def _known(wavelengths, curve, r_v):
    # Checks of units take most of the time for the few bands of a survey.
    import astropy.units as u

    return r_v * np.asarray(curve(Rv=r_v)(np.array(wavelengths) * u.AA))

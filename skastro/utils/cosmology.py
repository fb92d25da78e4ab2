"""Distances in a flat universe with H0 = 70 km/s/Mpc and Omega_m = 0.3."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

_H0, _OMEGA_M = 70.0, 0.3
REDSHIFTS = np.geomspace(1e-4, 10.0, 2000)
"""Redshifts between which distances are interpolated, from 0.0001 to 10."""


def cosmology():
    """Return the universe of astropy.

    Examples
    --------
    >>> from skastro.utils.cosmology import cosmology
    >>> float(cosmology().Om0)
    0.3
    """
    # Networks import this room, and prediction requires no cosmology.
    from astropy.cosmology import FlatLambdaCDM

    return FlatLambdaCDM(H0=_H0, Om0=_OMEGA_M)


@lru_cache(maxsize=1)
def _moduli():
    return cosmology().distmod(REDSHIFTS).value


def distance_modulus(redshift: ArrayLike) -> NDArray[np.float64]:
    """Return the distance modulus ``mu = 5 log10(d_L / 10 pc)``.

    Hogg 1999, astro-ph/9905116, eqs. 16-25, computed by astropy on 2,000 redshifts and interpolated
    linearly in ln z: accurate to 1e-4 mag.

    Parameters
    ----------
    redshift : array-like
        Redshifts from 0.0001 to 10; values outside are clipped.

    Returns
    -------
    modulus : ndarray of the shape of `redshift`
        In magnitudes.

    Examples
    --------
    >>> from skastro.utils.cosmology import distance_modulus
    >>> distance_modulus([0.1, 1.0]).round(2).tolist()
    [38.32, 44.1]
    """
    return np.interp(np.log(np.maximum(redshift, REDSHIFTS[0])), np.log(REDSHIFTS), _moduli())


def redshift_of_modulus(modulus: ArrayLike) -> NDArray[np.float64]:
    """Return the redshift of a distance modulus, the inverse of :func:`distance_modulus`.

    Parameters
    ----------
    modulus : array-like
        In magnitudes; values outside of those of redshifts from 0.0001 to 10 are clipped.

    Returns
    -------
    redshift : ndarray of the shape of `modulus`

    Examples
    --------
    >>> from skastro.utils.cosmology import redshift_of_modulus
    >>> redshift_of_modulus([38.32, 44.1]).round(2).tolist()
    [0.1, 1.0]
    """
    return np.exp(np.interp(np.asarray(modulus, float), _moduli(), np.log(REDSHIFTS)))

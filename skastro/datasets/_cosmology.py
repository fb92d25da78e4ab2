"""Distances and volumes of a flat LCDM universe, from astropy on a grid."""

from functools import lru_cache

import numpy as np
from astropy.cosmology import FlatLambdaCDM

_H0, _OMEGA_M = 70.0, 0.3
_GRID = np.geomspace(1e-4, 10.0, 2000)


@lru_cache(maxsize=1)
def _tables():
    cosmology = FlatLambdaCDM(H0=_H0, Om0=_OMEGA_M)
    volume = cosmology.differential_comoving_volume(_GRID).value
    return cosmology.distmod(_GRID).value, volume


def distance_modulus(redshift):
    """Return the distance modulus ``mu = 5 log10(d_L / 10 pc)``.

    Flat LCDM with H0 = 70 km/s/Mpc and Omega_m = 0.3 (Hogg 1999, astro-ph/9905116, eqs. 16-25),
    computed by astropy on 2,000 redshifts and interpolated linearly in ln z: accurate to 1e-4 mag.

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
    >>> from skastro.datasets._cosmology import distance_modulus
    >>> distance_modulus([0.1, 1.0]).round(2).tolist()
    [38.32, 44.1]
    """
    return np.interp(np.log(np.maximum(redshift, _GRID[0])), np.log(_GRID), _tables()[0])


def draw_redshifts(rng, n, low, high, evolution=0.0):
    """Draw redshifts of events with the rate ``(1 + z) ** evolution`` per comoving volume.

    ``dN/dz`` is proportional to ``dV/dz (1 + z) ** (evolution - 1)``; the -1 is the dilation of
    the rate (e.g. Dilday et al. 2008, ApJ 682, 262, eq. 5).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.

    n : int
        Number of redshifts.

    low, high : float
        Smallest and largest redshift.

    evolution : float, default=0
        Power of (1 + z) of the volumetric rate.

    Returns
    -------
    redshift : ndarray of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._cosmology import draw_redshifts
    >>> z = draw_redshifts(np.random.default_rng(0), 1000, 0.1, 0.5)
    >>> bool(z.min() >= 0.1 and 0.5 >= z.max() > 0.49)
    True
    """
    z = np.linspace(low, high, 2000)
    density = np.interp(z, _GRID, _tables()[1]) * (1 + z) ** (evolution - 1)
    cumulative = np.append(0.0, np.cumsum((density[1:] + density[:-1]) / 2))
    return np.interp(rng.random(n), cumulative / cumulative[-1], z)


def farthest_redshift(magnitude, faintest):
    """Return the redshift at which a flat spectrum of absolute `magnitude` looks `faintest`.

    Solves ``M + mu(z) - 2.5 log10(1 + z) = m`` on the grid; the last term is the K-correction of
    constant f_nu (Hogg et al. 2002, astro-ph/0210394, eq. 8).

    Examples
    --------
    >>> from skastro.datasets._cosmology import farthest_redshift
    >>> round(farthest_redshift(-19.3, 24.0), 2)
    0.98
    """
    apparent = magnitude + _tables()[0] - 2.5 * np.log10(1 + _GRID)
    return float(np.interp(faintest, apparent, _GRID))

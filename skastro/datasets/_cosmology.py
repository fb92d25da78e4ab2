"""Volumes of a flat LCDM universe, from astropy on a grid."""

from functools import lru_cache

import numpy as np

from skastro.utils.cosmology import REDSHIFTS, cosmology, distance_modulus


@lru_cache(maxsize=1)
def _volumes():
    return cosmology().differential_comoving_volume(REDSHIFTS).value


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
    density = np.interp(z, REDSHIFTS, _volumes()) * (1 + z) ** (evolution - 1)
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
    apparent = magnitude + distance_modulus(REDSHIFTS) - 2.5 * np.log10(1 + REDSHIFTS)
    return float(np.interp(faintest, apparent, REDSHIFTS))

"""What a catalogue knows of an object: redshift of the host, dust in front."""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class HostRedshifts:
    """How well the redshifts of host galaxies are known.

    Parameters
    ----------
    missing : float, default=0.25
        Share of extragalactic objects without a host.

    spectroscopic : float, default=0.35
        Share of hosts with a spectrum at redshift 0; it falls as ``exp(-z / 0.5)``.

    photoz_error : float, default=0.03
        Standard deviation of ``(z_phot - z) / (1 + z)``.

    specz_error : float, default=0.0005
        Standard deviation of a spectroscopic redshift.

    outliers : float, default=0.05
        Share of photometric redshifts that are wrong altogether: uniform from 0.01 to 2.

    galactic : float, default=0.1
        Share of objects of the Milky Way that lie in front of a galaxy and get its redshift.

    References
    ----------
    LSST Science Requirements ask for an error of 0.02 (1 + z) and 10 % outliers at most (Ivezic
    et al. 2019, ApJ 873, 111, section 2.1).

    Examples
    --------
    >>> from skastro.datasets import HostRedshifts
    >>> HostRedshifts(missing=0.0, outliers=0.0).photoz_error
    0.03
    """

    missing: float = 0.25
    spectroscopic: float = 0.35
    photoz_error: float = 0.03
    specz_error: float = 0.0005
    outliers: float = 0.05
    galactic: float = 0.1

    def check(self):
        """Refuse shares outside of 0 to 1 and negative errors.

        Raises
        ------
        ValueError
            The message names the parameter.
        """
        for name in (f.name for f in fields(self)):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"HostRedshifts: {name}={value} does not lie between 0 and 1")

    def draw(self, rng, redshift, in_galaxy):
        """Draw measured redshifts.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of random numbers.

        redshift : ndarray of shape (n_objects,)
            True redshifts.

        in_galaxy : bool
            Whether the objects belong to the Milky Way.

        Returns
        -------
        measured, error : ndarray of shape (n_objects,)
            NaN where the redshift is missing.  `error` is the standard deviation without
            outliers, which no catalogue marks.
        """
        n = len(redshift)
        known = rng.random(n) < (self.galactic if in_galaxy else 1 - self.missing)
        z = rng.gamma(3.0, 0.15, n) if in_galaxy else redshift
        has_spectrum = rng.random(n) < self.spectroscopic * np.exp(-z / 0.5)
        error = np.where(has_spectrum, self.specz_error, self.photoz_error * (1 + z))
        measured = _positive_normal(rng, z, error)
        wrong = ~has_spectrum & (rng.random(n) < self.outliers)
        measured = np.where(wrong, rng.uniform(0.01, 2.0, n), measured)
        return np.where(known, measured, np.nan), np.where(known, error, np.nan)


def _positive_normal(rng, mean, error):
    """Draw from a normal distribution; what falls below zero is mirrored, never below 1e-4."""
    return np.maximum(np.abs(rng.normal(mean, error)), 1e-4)


def draw_reddening(rng, n, mean=0.04, uncertainty=0.16):
    """Draw E(B-V) of the Milky Way as catalogued, and as it truly is.

    The catalogue is exponential with `mean`, cut at 0.5 mag, as over a footprint that avoids the
    plane; the truth scatters around it by `uncertainty`, the 16 % of Schlegel, Finkbeiner &
    Davis (1998), ApJ 500, 525.

    Returns
    -------
    catalogued, true : ndarray of shape (n,)
        In magnitudes.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._host import draw_reddening
    >>> catalogued, true = draw_reddening(np.random.default_rng(0), 3)
    >>> bool((true >= 0).all())
    True
    """
    catalogued = np.minimum(rng.exponential(mean, n), 0.5)
    return catalogued, np.maximum(catalogued * rng.normal(1.0, uncertainty, n), 0.0)

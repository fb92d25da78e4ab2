"""Catalogued properties of an object: redshift of its host, foreground dust."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class HostRedshifts:
    """Completeness and errors of the redshifts of host galaxies.

    Parameters
    ----------
    missing : float, default=0.25
        Fraction of extragalactic objects without a host.

    spectroscopic : float, default=0.35
        Fraction of hosts with a spectrum at redshift 0; it decreases as ``exp(-z / 0.5)``.

    photoz_error : float, default=0.03
        Standard deviation of ``(z_phot - z) / (1 + z)``.

    specz_error : float, default=0.0005
        Standard deviation of a spectroscopic redshift.

    outliers : float, default=0.05
        Fraction of photometric redshifts that are outliers, uniform from 0.01 to 2.

    galactic : float, default=0.1
        Fraction of objects of the Milky Way in front of a galaxy, with its redshift.

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

    def check(self) -> None:
        """Raise if a fraction or an error is outside [0, 1].

        Raises
        ------
        ValueError
            The message names the parameter.
        """
        for name in (f.name for f in fields(self)):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"HostRedshifts: {name}={value} is outside [0, 1]")

    def draw(
        self, rng: np.random.Generator, redshift: NDArray, in_galaxy: bool
    ) -> tuple[NDArray, NDArray]:
        """Sample measured redshifts.

        Parameters
        ----------
        rng : numpy.random.Generator
            Generator.

        redshift : ndarray of shape (n_objects,)
            True redshifts.

        in_galaxy : bool
            Whether the objects belong to the Milky Way.

        Returns
        -------
        measured, error : ndarray of shape (n_objects,)
            NaN where the redshift is missing.  `error` is the standard deviation without
            outliers, which catalogues do not mark.
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


def _positive_normal(rng: np.random.Generator, mean: NDArray, error: NDArray) -> NDArray:
    """Sample from a normal distribution folded at zero, at least 1e-4."""
    return np.maximum(np.abs(rng.normal(mean, error)), 1e-4)


def draw_reddening(
    rng: np.random.Generator, n: int, mean: float = 0.04, uncertainty: float = 0.16
) -> tuple[NDArray, NDArray]:
    """Sample catalogued and true E(B-V) of the Milky Way.

    The catalogued value is exponential with `mean`, truncated at 0.5 mag, as for a footprint
    that avoids the Galactic plane.  The true value scatters around it by `uncertainty`, the 16 % of
    Schlegel, Finkbeiner & Davis (1998), ApJ 500, 525.

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

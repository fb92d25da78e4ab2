"""Light curves moved to another redshift through a Gaussian process."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.augmentation._curves import MIN_SNR, Curves
from skastro.augmentation._posterior import draw_light_curves
from skastro.utils.cosmology import distance_modulus, redshift_of_modulus
from skastro.utils.ragged import segment_count, segment_first
from skastro.utils.random import RandomState, as_generator

_LOWEST = 1e-3


def move_redshift(
    curves: Curves,
    redshift: ArrayLike,
    *,
    min_detections: int = 0,
    kernel: str = "separable",
    random_state: RandomState = None,
    n_jobs: int | None = None,
) -> Curves:
    r"""Show objects at another redshift, at the same dates and in the same bands.

    A Gaussian process of each light curve is read where the light of the new observations comes
    from: at the times :math:`t_0 + (t - t_0) (1 + z) / (1 + z')` and the wavelengths
    :math:`\lambda (1 + z) / (1 + z')`, with t0 the first detection.  The flux is that times
    :math:`10^{-0.4 (\mu' - \mu)} (1 + z') / (1 + z)`, with the noise of the old observations, and
    of the process where it knows little.  Objects without redshift, and those that the process
    cannot fit, are not changed.

    Parameters
    ----------
    curves : Curves
        Light curves with the static column ``redshift``.

    redshift : array-like of shape (n_objects,)
        New redshifts.  An object that moves closer keeps its S/N: its errors grow with its flux.
        Wavelengths that were never observed are extrapolated by the process.

    min_detections : int, default=0
        An object that would have fewer detections is not changed.

    kernel : {"radial", "separable"}, default="separable"
        Kernel of the process.

    random_state : int, Generator, RandomState or None, default=None
        Source of the samples and the noise.

    n_jobs : int, default=None
        Number of workers, as in joblib.

    Returns
    -------
    curves : Curves
        With the new redshifts; detections are found again.

    Raises
    ------
    ValueError
        There is no column ``redshift``, or a new redshift is negative.

    References
    ----------
    .. [1] K. Boone, "Avocado", AJ 158, 257 (2019), arXiv:1907.04690, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import move_redshift, read_curves
    >>> from skastro.datasets import make_light_curves
    >>> X, y = make_light_curves(4, classes=["SNIa"], redshift_range=(0.05, 0.1), random_state=0)
    >>> far = move_redshift(read_curves(X, "LSST"), np.full(4, 0.3), random_state=0)
    >>> far.n_objects
    4
    """
    old, new = _redshifts(curves, redshift)
    stretch = (1 + old) / (1 + new)
    time, wavelength = (np.asarray(curves.rows[f], float) for f in ("time", "wavelength"))
    zero = segment_first(curves.offsets, time, curves.rows["detected"])
    zero = curves.per_row(np.where(np.isfinite(zero), zero, 0.0))
    per_row = curves.per_row(stretch)
    at = zero + (time - zero) * per_row
    factor = curves.per_row(_dimming(old, new) / stretch)
    error = np.asarray(curves.rows["flux_err"], float)
    # A brighter source keeps its S/N, as in change_flux: noise cannot be taken away.
    grown = error * np.maximum(factor, 1.0)
    points = curves.offsets, at, wavelength * per_row, grown / factor
    flux = np.asarray(curves.rows["flux"], float)
    drawn = draw_light_curves(
        curves.offsets,
        time,
        wavelength,
        flux,
        error,
        points,
        kernel=kernel,
        random_state=as_generator(random_state),
        n_jobs=n_jobs,
    )
    moved_flux = drawn.flux * factor
    found = np.abs(moved_flux) > MIN_SNR * grown
    moved = (old != new) & (drawn.status == 0)
    moved &= segment_count(curves.offsets, found) >= min_detections
    rows = curves.per_row(moved) > 0
    static = {**curves.static, "redshift": np.where(moved, new, curves.static["redshift"])}
    return curves.with_rows(
        flux=np.where(rows, moved_flux, flux),
        flux_err=np.where(rows, grown, error),
        detected=np.where(rows, found, curves.rows["detected"]).astype(bool),
    )._replace(static=static)


def draw_redshifts(
    curves: Curves,
    *,
    nearest: float = 1.0,
    farthest: float = 1.5,
    random_state: RandomState = None,
) -> NDArray[np.float64]:
    """Sample for each object a redshift at which another survey would see it.

    Parameters
    ----------
    curves : Curves
        Light curves with the static column ``redshift``.

    nearest, farthest : float, default=1, 1.5
        Limits of the ratio of the luminosity distance to the present one, which is uniform in its
        logarithm.

    random_state : int, Generator, RandomState or None, default=None
        Source of randomness.

    Returns
    -------
    redshift : ndarray of shape (n_objects,)
        NaN where the present ones are missing.

    Raises
    ------
    ValueError
        `nearest` is not positive, or larger than `farthest`.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, draw_redshifts
    >>> curves = Curves(np.zeros(3, int), {}, {"redshift": np.array([0.1, np.nan])})
    >>> z = draw_redshifts(curves, random_state=0)
    >>> bool(z[0] > 0.1), bool(np.isnan(z[1]))
    (True, True)
    """
    redshift = np.asarray(curves.static["redshift"], float)
    if not 0 < nearest <= farthest:
        raise ValueError(
            f"draw_redshifts: nearest={nearest} and farthest={farthest} must satisfy "
            f"0 < nearest <= farthest"
        )
    low, high = 5 * np.log10([nearest, farthest])
    step = low + (high - low) * as_generator(random_state).random(len(redshift))
    return redshift_of_modulus(distance_modulus(redshift) + step)


def _redshifts(curves, redshift):
    """Return old and new redshifts, the same where one of them is missing."""
    if "redshift" not in curves.static:
        raise ValueError("move_redshift requires the static column 'redshift'")
    old, new = np.asarray(curves.static["redshift"], float), np.asarray(redshift, float)
    if (new < 0).any():
        raise ValueError("move_redshift: a new redshift is negative")
    known = np.isfinite(old) & np.isfinite(new)
    old = np.maximum(np.where(known, old, _LOWEST), _LOWEST)
    return old, np.where(known, np.maximum(new, _LOWEST), old)


def _dimming(old, new):
    """Return the ratio of fluxes per unit of luminosity distance squared."""
    return 10 ** (0.4 * (distance_modulus(old) - distance_modulus(new)))

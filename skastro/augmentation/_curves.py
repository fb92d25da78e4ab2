"""Light curves as another survey would have measured them: pure functions of ragged arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.utils.ragged import keep_rows, segment_ids, take_objects
from skastro.utils.random import RandomState, as_generator

PIVOT = 5500.0
"""Wavelength at which a change of colour leaves the flux unchanged [Angstrom]."""

MIN_SNR = 5.0
_N_WAVES = 6


class Curves(NamedTuple):
    """Light curves and static columns of some objects as arrays.

    Parameters
    ----------
    offsets : ndarray of shape (n_objects + 1,)
        Object ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    rows : dict of str -> array of shape (n_rows,)
        time [days], wavelength [Angstrom], flux, flux_err, detected (bool), in order of time;
        further fields travel with their rows.

    static : dict of str -> ndarray of shape (n_objects,)
        Static columns by name; NaN where missing.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves
    >>> rows = {"time": np.zeros(1), "wavelength": np.full(1, 6200.0), "flux": np.full(1, 9.0),
    ...         "flux_err": np.ones(1), "detected": np.ones(1, bool)}
    >>> Curves(np.array([0, 1]), rows, {"redshift": np.array([0.1])}).n_objects
    1
    """

    offsets: NDArray[np.int64]
    rows: Mapping[str, Any]
    static: Mapping[str, NDArray]

    @property
    def n_objects(self) -> int:
        """Number of objects."""
        return len(self.offsets) - 1

    def with_rows(self, **fields: Any) -> Curves:
        """Return the same objects with some fields replaced."""
        return self._replace(rows={**self.rows, **fields})

    def per_row(self, values: ArrayLike) -> NDArray:
        """Repeat one value per object for each of its rows."""
        return np.repeat(np.asarray(values, float), np.diff(self.offsets))

    def take(self, objects: ArrayLike) -> Curves:
        """Return some objects; repeats are allowed."""
        chosen = np.asarray(objects)
        offsets, rows = take_objects(self.offsets, dict(self.rows), chosen)
        return Curves(offsets, rows, {name: v[chosen] for name, v in self.static.items()})


def change_flux(
    curves: Curves, magnitudes: ArrayLike, *, random_state: RandomState = None
) -> Curves:
    """Make observations fainter or brighter, with the noise that they would then have.

    A fainter source has the same sky: its error does not change, and noise is added for the part
    that the scaling removes.  A brighter one keeps its S/N: the error is scaled like the flux,
    because noise cannot be taken away.  Detections are found again, ``|flux| > 5 flux_err``.

    Parameters
    ----------
    curves : Curves
        Light curves.

    magnitudes : array-like of shape (n_objects,) or (n_rows,)
        Change of magnitude of each object or observation; positive is fainter.

    random_state : int, Generator, RandomState or None, default=None
        Source of the noise.

    Returns
    -------
    curves : Curves

    References
    ----------
    .. [1] K. Boone, "Avocado", AJ 158, 257 (2019), arXiv:1907.04690, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, change_flux
    >>> rows = {"time": np.zeros(1), "wavelength": np.full(1, 6200.0), "flux": np.full(1, 9.0),
    ...         "flux_err": np.ones(1), "detected": np.ones(1, bool)}
    >>> brighter = change_flux(Curves(np.array([0, 1]), rows, {}), [-2.5])
    >>> float(brighter.rows["flux"][0]), float(brighter.rows["flux_err"][0])
    (90.0, 10.0)
    """
    magnitudes = np.asarray(magnitudes, float)
    flux, error = (np.asarray(curves.rows[name], float) for name in ("flux", "flux_err"))
    if magnitudes.shape != flux.shape or len(magnitudes) == curves.n_objects != len(flux):
        magnitudes = curves.per_row(magnitudes)
    factor = 10 ** (-0.4 * magnitudes)
    lost = np.sqrt(np.maximum(1 - factor**2, 0.0))
    flux = flux * factor + lost * error * as_generator(random_state).standard_normal(len(flux))
    return _measured(curves, flux, error * np.maximum(factor, 1.0))


def tilt_spectrum(
    curves: Curves, slopes: ArrayLike, *, pivot: float = PIVOT, random_state: RandomState = None
) -> Curves:
    """Multiply fluxes by ``(wavelength / pivot) ** slope``: another colour or calibration.

    A slope of -2 turns flux per frequency into flux per wavelength.  It also stands for what no
    set of templates knows well: the ultraviolet, dust, zero points, Vega against AB magnitudes.

    Parameters
    ----------
    curves : Curves
        Light curves.

    slopes : array-like of shape (n_objects,)
        Power of the wavelength.

    pivot : float, default=5500
        Wavelength at which the flux does not change [Angstrom].

    random_state : int, Generator, RandomState or None, default=None
        Source of the noise of :func:`change_flux`.

    Returns
    -------
    curves : Curves

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, tilt_spectrum
    >>> rows = {"time": np.zeros(1), "wavelength": np.full(1, 11000.0), "flux": np.full(1, 9.0),
    ...         "flux_err": np.ones(1), "detected": np.ones(1, bool)}
    >>> float(tilt_spectrum(Curves(np.array([0, 1]), rows, {}), [1.0]).rows["flux"][0].round(3))
    18.0
    """
    ratio = np.log10(np.asarray(curves.rows["wavelength"], float) / pivot)
    magnitudes = -2.5 * ratio * curves.per_row(slopes)
    return change_flux(curves, magnitudes, random_state=random_state)


def distort(
    curves: Curves,
    magnitudes: ArrayLike,
    *,
    days: float = 25.0,
    width: float = 0.25,
    random_state: RandomState = None,
) -> Curves:
    """Multiply fluxes by smooth random functions of date and wavelength: errors of templates.

    Templates of two simulations differ in second maxima, tails and late colours.  The change of
    magnitude of each object is a sample of a stationary Gaussian process, approximated by six
    random waves [1]_.

    Parameters
    ----------
    curves : Curves
        Light curves.

    magnitudes : array-like of shape (n_objects,)
        Standard deviation of the change [mag].

    days : float, default=25
        Length scale of the dates [days].

    width : float, default=0.25
        Length scale of the natural logarithm of the wavelength; neighbouring bands differ by 0.2 to
        0.3.

    random_state : int, Generator, RandomState or None, default=None
        Source of the functions, and of the noise of :func:`change_flux`.

    Returns
    -------
    curves : Curves

    References
    ----------
    .. [1] A. Rahimi and B. Recht, "Random features for large-scale kernel machines", NIPS 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, distort
    >>> rows = {"time": np.array([0.0, 0.1, 300.0]), "wavelength": np.full(3, 6200.0),
    ...         "flux": np.full(3, 9.0), "flux_err": np.ones(3), "detected": np.ones(3, bool)}
    >>> flux = distort(Curves(np.array([0, 3]), rows, {}), [0.3], random_state=1).rows["flux"]
    >>> bool(abs(flux[2] / flux[0] - 1) > 0.1)
    True
    """
    rng, shape = as_generator(random_state), (curves.n_objects, _N_WAVES)
    ids = segment_ids(curves.offsets)
    of_time, of_wavelength = rng.standard_normal((2, *shape))
    lag = rng.uniform(0, 2 * np.pi, shape)
    time = np.asarray(curves.rows["time"], float) / days
    colour = np.log(np.asarray(curves.rows["wavelength"], float) / PIVOT) / width
    change = np.zeros(len(time))
    for k in range(_N_WAVES):
        change += np.cos(time * of_time[ids, k] + colour * of_wavelength[ids, k] + lag[ids, k])
    change *= np.sqrt(2 / _N_WAVES) * curves.per_row(magnitudes)
    return change_flux(curves, change, random_state=rng)


def stretch_time(curves: Curves, factors: ArrayLike, reference: ArrayLike) -> Curves:
    """Make light curves faster or slower around a reference date of each object.

    Parameters
    ----------
    curves : Curves
        Light curves.

    factors : array-like of shape (n_objects,)
        Positive; 2 makes a light curve twice as long.

    reference : array-like of shape (n_objects,)
        Dates that do not change [days].

    Returns
    -------
    curves : Curves

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, stretch_time
    >>> curves = Curves(np.array([0, 2]), {"time": np.array([10.0, 14.0])}, {})
    >>> stretch_time(curves, [0.5], [12.0]).rows["time"].tolist()
    [11.0, 13.0]
    """
    zero = curves.per_row(reference)
    time = zero + (np.asarray(curves.rows["time"], float) - zero) * curves.per_row(factors)
    return curves.with_rows(time=time)


def add_noise(curves: Curves, factors: ArrayLike, *, random_state: RandomState = None) -> Curves:
    """Multiply the flux errors of each object, and add the noise that is then missing.

    Parameters
    ----------
    curves : Curves
        Light curves.

    factors : array-like of shape (n_objects,)
        At least 1: the ratio of the new error to the old one.

    random_state : int, Generator, RandomState or None, default=None
        Source of the noise.

    Returns
    -------
    curves : Curves

    Raises
    ------
    ValueError
        A factor is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, add_noise
    >>> rows = {"time": np.zeros(1), "wavelength": np.full(1, 6200.0), "flux": np.full(1, 9.0),
    ...         "flux_err": np.ones(1), "detected": np.ones(1, bool)}
    >>> noisier = add_noise(Curves(np.array([0, 1]), rows, {}), [3.0], random_state=0)
    >>> float(noisier.rows["flux_err"][0]), bool(noisier.rows["detected"][0])
    (3.0, False)
    """
    factors = np.asarray(factors, float)
    if not (factors >= 1).all():
        raise ValueError("add_noise: factors must be at least 1; noise cannot be taken away")
    flux, error = (np.asarray(curves.rows[name], float) for name in ("flux", "flux_err"))
    ratio = curves.per_row(factors)
    noise = as_generator(random_state).standard_normal(len(flux))
    return _measured(curves, flux + error * np.sqrt(ratio**2 - 1) * noise, error * ratio)


def drop_observations(
    curves: Curves, shares: ArrayLike, *, random_state: RandomState = None
) -> Curves:
    """Drop a random fraction of the observations of each object.

    Parameters
    ----------
    curves : Curves
        Light curves.

    shares : array-like of shape (n_objects,)
        Probability that an observation is left out.

    random_state : int, Generator, RandomState or None, default=None
        Source of randomness.

    Returns
    -------
    curves : Curves

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, drop_observations
    >>> curves = Curves(np.array([0, 2, 4]), {"time": np.arange(4.0)}, {})
    >>> drop_observations(curves, [1.0, 0.0]).offsets.tolist()
    [0, 0, 2]
    """
    chance = as_generator(random_state).random(int(curves.offsets[-1]))
    return _keep(curves, chance >= curves.per_row(shares))


def drop_bands(curves: Curves, share: float, *, random_state: RandomState = None) -> Curves:
    """Drop each band of each object with the probability `share`.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, drop_bands
    >>> rows = {"time": np.arange(3.0), "wavelength": np.array([4800.0, 6200.0, 4800.0])}
    >>> drop_bands(Curves(np.array([0, 3]), rows, {}), 0.0).offsets.tolist()
    [0, 3]
    """
    _, band = np.unique(curves.rows["wavelength"], return_inverse=True)
    shape = curves.n_objects, band.max(initial=0) + 1
    kept = as_generator(random_state).random(shape) >= share
    return _keep(curves, kept[segment_ids(curves.offsets), band])


def drop_gap(curves: Curves, start: ArrayLike, days: ArrayLike) -> Curves:
    """Drop the observations in a gap of some days from `start` on, such as bad weather.

    Parameters
    ----------
    curves : Curves
        Light curves.

    start, days : array-like of shape (n_objects,)
        First date and length of the gap of each object [days].

    Returns
    -------
    curves : Curves

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, drop_gap
    >>> curves = Curves(np.array([0, 4]), {"time": np.arange(4.0)}, {})
    >>> drop_gap(curves, [1.0], [2.0]).rows["time"].tolist()
    [0.0, 3.0]
    """
    since = np.asarray(curves.rows["time"], float) - curves.per_row(start)
    return _keep(curves, (since < 0) | (since >= curves.per_row(days)))


def keep_first_visits(curves: Curves, which: ArrayLike, *, gap: float = 0.2) -> Curves:
    """Keep only the first of several visits in a night.

    Surveys differ in how many visits a night has; two of them half an hour apart trigger on
    sources that a single one does not confirm.

    Parameters
    ----------
    curves : Curves
        Light curves.

    which : array-like of bool of shape (n_objects,)
        Objects to change.

    gap : float, default=0.2
        Longest time between two visits of one night [days].

    Returns
    -------
    curves : Curves

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, keep_first_visits
    >>> curves = Curves(np.array([0, 3]), {"time": np.array([0.0, 0.03, 2.0])}, {})
    >>> keep_first_visits(curves, [True]).rows["time"].tolist()
    [0.0, 2.0]
    """
    time, ids = np.asarray(curves.rows["time"], float), segment_ids(curves.offsets)
    again = np.zeros(len(time), bool)
    again[1:] = (np.diff(time) < gap) & (ids[1:] == ids[:-1])
    return _keep(curves, ~(again & np.asarray(which, bool)[ids]))


def blur_redshift(
    curves: Curves,
    errors: ArrayLike,
    *,
    missing: float = 0.0,
    random_state: RandomState = None,
) -> Curves:
    """Make redshifts less certain: photometric instead of spectroscopic, or missing.

    Parameters
    ----------
    curves : Curves
        With the static columns ``redshift`` and ``redshift_err``; others are not changed.

    errors : array-like of shape (n_objects,)
        Standard deviation to add, in units of 1 + z.

    missing : float, default=0
        Probability that the redshift of an object becomes NaN.

    random_state : int, Generator, RandomState or None, default=None
        Source of randomness.

    Returns
    -------
    curves : Curves

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, blur_redshift
    >>> static = {"redshift": np.array([1.0]), "redshift_err": np.array([0.03])}
    >>> blurred = blur_redshift(Curves(np.array([0, 0]), {}, static), [0.02], random_state=0)
    >>> float(blurred.static["redshift_err"][0].round(3))
    0.05
    """
    static, rng = dict(curves.static), as_generator(random_state)
    lost = rng.random(curves.n_objects) < missing
    if "redshift" in static:
        sigma = np.asarray(errors, float) * (1 + static["redshift"])
        moved = static["redshift"] + sigma * rng.standard_normal(curves.n_objects)
        static["redshift"] = np.where(lost, np.nan, moved)
        if "redshift_err" in static:
            static["redshift_err"] = np.where(lost, np.nan, np.hypot(static["redshift_err"], sigma))
    return curves._replace(static=static)


def _measured(curves, flux, error):
    detected = np.abs(flux) > MIN_SNR * error
    return curves.with_rows(flux=flux, flux_err=error, detected=detected)


def _keep(curves, mask):
    offsets, rows = keep_rows(curves.offsets, dict(curves.rows), mask)
    return curves._replace(offsets=offsets, rows=rows)

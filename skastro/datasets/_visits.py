"""The visits of a survey: seasons, weather, Moon, sequences of bands."""

import numpy as np

_NEW_MOON, _MONTH = 60792.81, 29.530589
_EQUINOX, _YEAR = 60754.38, 365.2422


def illumination(time):
    """Return the illuminated fraction of the Moon, ``(1 - cos(2 pi phase)) / 2``, mean months.

    Examples
    --------
    >>> from skastro.datasets._visits import illumination
    >>> illumination([60792.81, 60807.58]).round(3).tolist()
    [0.0, 1.0]
    """
    return (1 - np.cos(2 * np.pi * (np.asarray(time) - _NEW_MOON) / _MONTH)) / 2


def season_starts(cadence, ra):
    """Return the first day of each season of fields at right ascension `ra` degrees.

    The middle of a season is the day on which the field culminates at midnight, when the Sun is
    opposite in right ascension.

    Returns
    -------
    starts : ndarray of shape (n_objects, n_seasons)
        MJD.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets import get_cadence
    >>> from skastro.datasets._visits import season_starts
    >>> season_starts(get_cadence("LSST"), np.array([0.0, 180.0])).shape
    (2, 1)
    """
    first = _EQUINOX + (np.asarray(ra) - 180) / 360 * _YEAR - cadence.season_length / 2
    first = cadence.start + (first - cadence.start) % _YEAR
    return first[:, None] + _YEAR * np.arange(cadence.n_seasons)


def draw_weather(rng, cadence):
    """Draw for each night of the survey whether it is clear; bad weather comes in spells.

    Lengths of spells are geometric, of bad ones `cloudy_nights` on average.

    Returns
    -------
    clear : ndarray of bool, shape (n_nights,)
        Night 0 is ``cadence.start``.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets import get_cadence
    >>> from skastro.datasets._visits import draw_weather
    >>> len(draw_weather(np.random.default_rng(0), get_cadence("LSST")))
    916
    """
    n_nights = int(np.ceil(_YEAR * (cadence.n_seasons + 1) + cadence.season_length))
    if cadence.clear_fraction == 1:
        return np.ones(n_nights, bool)
    bad = max(cadence.cloudy_nights, 1 / cadence.clear_fraction, 1.0)
    good = max(bad * cadence.clear_fraction / (1 - cadence.clear_fraction), 1.0)
    spells = rng.geometric(1 / np.tile([good, bad], n_nights))
    return np.repeat(np.tile([True, False], n_nights), spells)[:n_nights]


def draw_visits(rng, cadence, ra, clear):
    """Draw the visits of every object.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.

    cadence : Cadence
        The survey.

    ra : ndarray of shape (n_objects,)
        Right ascension in degrees.

    clear : ndarray of bool, shape (n_nights,)
        Weather, from :func:`draw_weather`.

    Returns
    -------
    owner : ndarray of shape (n_visits,)
        Object number of each visit, in increasing order.

    time : ndarray of shape (n_visits,)
        MJD, increasing within each object.

    band : ndarray of shape (n_visits,), dtype int8
        Number of the band in ``cadence.bands``.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets import get_cadence
    >>> from skastro.datasets._visits import draw_visits, draw_weather
    >>> rng, cadence = np.random.default_rng(0), get_cadence("ZTF")
    >>> owner, time, band = draw_visits(rng, cadence, np.zeros(2), draw_weather(rng, cadence))
    >>> sorted(set(owner.tolist())), len(time) == len(band)
    ([0, 1], True)
    """
    single = np.zeros(len(ra), bool)
    if cadence.unpaired:
        single = rng.random(len(ra)) < cadence.unpaired
    owner, night = _draw_nights(rng, cadence, ra, clear, single)
    start = night + cadence.midnight + rng.uniform(-0.12, 0.12, len(night))
    length = min(cadence.visits_per_night, len(cadence.bands))
    first = _draw_first_bands(rng, cadence, start)
    band = np.minimum(first, len(cadence.bands) - length)[:, None] + np.arange(length)
    steps = cadence.revisit * rng.uniform(0.8, 1.2, (len(night), length))
    steps[:, 0] = 0
    kept = np.ones((len(night), length), bool)
    paired = rng.random(len(night)) < cadence.pair_fraction
    kept[:, 1:] = paired[:, None]
    if single.any():
        # Any visit of the sequence, so that no band becomes rarer than in pairs.
        alone = np.arange(length) == rng.integers(length, size=len(night))[:, None]
        kept = np.where(single[owner][:, None], alone, kept)
    time = (start[:, None] + np.cumsum(steps, axis=1))[kept]
    return np.repeat(owner, kept.sum(axis=1)), time, band[kept].astype(np.int8)


def _draw_nights(rng, cadence, ra, clear, single):
    """Return the object number and the day of every clear night on which a field is visited.

    Fields of `single` visits have as many visits as the others.
    """
    length = min(cadence.visits_per_night, len(cadence.bands))
    gap = cadence.night_gap / np.where(single, 1 + cadence.pair_fraction * (length - 1), 1.0)
    expected = cadence.season_length / gap.min(initial=cadence.night_gap)
    n_draws = int(expected + 6 * np.sqrt(expected / cadence.regularity) + 4)
    shape = (len(ra), cadence.n_seasons, n_draws)
    gaps = rng.gamma(cadence.regularity, 1 / cadence.regularity, shape) * gap[:, None, None]
    gaps[..., 0] *= rng.random(shape[:2])
    starts = season_starts(cadence, ra)[..., None]
    nights = np.floor(starts + np.cumsum(gaps, axis=-1)).astype(int)
    season = np.full(len(ra), cadence.season_length)
    if cadence.season_scatter:
        season *= 1 - cadence.season_scatter * rng.random(len(ra))
    kept = nights < starts + season[:, None, None]
    kept[..., 1:] &= nights[..., 1:] > nights[..., :-1]
    kept &= clear[np.minimum(nights - int(cadence.start), len(clear) - 1)]
    return np.nonzero(kept)[0], nights[kept]


def _draw_first_bands(rng, cadence, time):
    tilt = np.outer(2 * illumination(time) - 1, cadence.per_band("moon"))
    weights = np.cumsum(cadence.per_band("shares", 1.0) * np.clip(1 + tilt, 1e-9, None), axis=1)
    chosen = rng.random(len(time)) * weights[:, -1]
    return (chosen[:, None] >= weights[:, :-1]).sum(axis=1)

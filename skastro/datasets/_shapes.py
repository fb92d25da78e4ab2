"""Light-curve shapes: pure functions of time, one at their maximum."""

import numpy as np
from scipy.special import expit, log_expit


def bazin(time, rise, fall):
    """Return the rise and exponential fall of Bazin et al. (2009), A&A 499, 653, eq. 1.

    ``f(t) = exp(-t / fall) / (1 + exp(-t / rise))``, moved and scaled to a maximum of 1 at 0.

    Parameters
    ----------
    time : array-like
        Days from the maximum.

    rise, fall : array-like
        Time scales in days, ``fall > rise``.

    Returns
    -------
    flux : ndarray

    Examples
    --------
    >>> from skastro.datasets._shapes import bazin
    >>> bazin([-10.0, 0.0, 10.0], 3.0, 15.0).round(2).tolist()
    [0.3, 1.0, 0.64]
    """
    at_peak = rise * np.log(fall / rise - 1)
    time = np.asarray(time) + at_peak
    log_peak = -at_peak / fall + log_expit(at_peak / rise)
    return np.exp(-time / fall + log_expit(time / rise) - log_peak)


def radioactive(time, rise, fall, tail=60.0, fraction=0.12):
    """Return a peak followed by a slow tail, as nickel and cobalt power it (Arnett 1982).

    The sum of two :func:`bazin` of the same rise: ``1 - fraction`` falls with `fall`, `fraction`
    with `tail` days.

    Examples
    --------
    >>> from skastro.datasets._shapes import radioactive
    >>> radioactive([0.0, 15.0, 60.0], 3.5, 8.5).round(2).tolist()
    [1.0, 0.35, 0.05]
    """
    early = bazin(time, rise, fall)
    return (1 - fraction) * early + fraction * bazin(time, rise, tail)


def plateau(time, rise, slope, length, drop):
    """Return a type II light curve: rise, sloping plateau, drop, cobalt tail.

    In magnitudes after the maximum: ``slope t / 100`` up to `length`, a logistic fall by `drop`
    over about 25 days, then 0.98 mag in 100 days (Anderson et al. 2014, ApJ 786, 67; Olivares et
    al. 2010, ApJ 715, 833, eq. 3).

    Examples
    --------
    >>> from skastro.datasets._shapes import plateau
    >>> plateau([0.0, 50.0, 150.0], 3.0, 1.0, 100.0, 2.0).round(2).tolist()
    [0.98, 0.63, 0.04]
    """
    after = np.clip(time, 0, None)
    on_plateau = np.minimum(after, length)
    magnitude = slope * on_plateau / 100 + 0.98 * (after - on_plateau) / 100
    magnitude = magnitude + drop * expit((after - length) / 6.0)
    return expit(np.asarray(time) / rise + 4) * 10 ** (-0.4 * magnitude)


def tidal_disruption(time, rise, decay):
    """Return a Gaussian rise and a power-law decay with the exponent -5/3.

    ``exp(-t^2 / (2 rise^2))`` before and ``((t + decay) / decay) ** (-5/3)`` after the maximum
    (van Velzen et al. 2021, ApJ 908, 4, eqs. 1-2).

    Examples
    --------
    >>> from skastro.datasets._shapes import tidal_disruption
    >>> tidal_disruption([-20.0, 0.0, 40.0], 20.0, 40.0).round(2).tolist()
    [0.61, 1.0, 0.31]
    """
    before = np.exp(-0.5 * (np.minimum(time, 0) / rise) ** 2)
    return before * (1 + np.maximum(time, 0) / decay) ** (-5 / 3)


def magnification(time, einstein_time, impact):
    """Return the magnification of a point lens (Paczynski 1986, ApJ 304, 1, eq. 10).

    ``A = (u^2 + 2) / (u sqrt(u^2 + 4))`` with ``u^2 = impact^2 + (t / einstein_time)^2``.

    Examples
    --------
    >>> from skastro.datasets._shapes import magnification
    >>> magnification([0.0, 1000.0], 20.0, 1.0).round(2).tolist()
    [1.34, 1.0]
    """
    squared = impact**2 + (np.asarray(time) / einstein_time) ** 2
    return (squared + 2) / np.sqrt(squared * (squared + 4))


def flare(time, half_time):
    """Return the white-light flare template of Davenport et al. (2014), ApJ 797, 122, eqs. 1, 4.

    A quartic rise from ``-half_time`` and two exponentials afterwards; `half_time` is the width
    at half maximum, in the unit of `time`.

    Examples
    --------
    >>> from skastro.datasets._shapes import flare
    >>> flare([-1.5, 0.0, 1.0], 1.0).round(2).tolist()
    [0.0, 1.0, 0.37]
    """
    t = np.asarray(time) / half_time
    rise = np.polyval([-1.125, -2.246, -0.175, 1.941, 1.0], np.clip(t, -1, 0))
    after = np.maximum(t, 0)
    fall = 0.6890 * np.exp(-1.600 * after) + 0.3030 * np.exp(-0.2783 * after)
    return np.where(t < -1, 0.0, np.where(t < 0, np.maximum(rise, 0), fall / 0.992))


def pulsation(phase, ratios, lags):
    """Return a Fourier series ``sum_k r_k sin(2 pi k phase + lag_k)`` scaled to the range of 1.

    Parameters
    ----------
    phase : ndarray of shape (n_rows,)
        Cycles; only the fraction matters.

    ratios, lags : sequence of float
        Amplitude ratios to the first term, and phases in radians.

    Returns
    -------
    shape : ndarray of shape (n_rows,)
        With zero mean over a cycle and maximum minus minimum of 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._shapes import pulsation
    >>> pulsation(np.array([0.0, 0.25, 0.75]), [1.0], [0.0]).round(3).tolist()
    [0.0, 0.5, -0.5]
    """
    grid = np.linspace(0, 1, 513)
    orders = 2 * np.pi * np.arange(1, len(ratios) + 1)
    curve = np.sin(grid[:, None] * orders + np.asarray(lags)) @ np.asarray(ratios)
    return np.interp(phase % 1, grid, curve / np.ptp(curve))


def damped_random_walk(rng, steps, time_scale, step):
    """Draw stationary Ornstein-Uhlenbeck paths of unit variance on a regular grid.

    Exact: the covariance of two points is ``exp(-|dt| / time_scale)`` (Kelly et al. 2009, ApJ
    698, 895, eq. 2).  By Doob's transformation the path is a weighted running sum of white
    noise, so no step waits for the one before.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.

    steps : int
        Points of each path.

    time_scale, step : ndarray of shape (n_objects,)
        Damping time and grid step in one unit; at most ``600 / (steps - 1)`` times the damping
        time fits into a step, a longer step counts as that.

    Returns
    -------
    paths : ndarray of shape (n_objects, steps)

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._shapes import damped_random_walk
    >>> rng = np.random.default_rng(0)
    >>> damped_random_walk(rng, 50, np.full(3, 100.0), np.ones(3)).shape
    (3, 50)
    """
    ratio = np.minimum(step / time_scale, 600 / max(steps - 1, 1))[:, None]
    noise = rng.standard_normal((len(ratio), steps))
    noise[:, 1:] *= np.sqrt(-np.expm1(-2 * ratio))
    growth = ratio * np.arange(steps)
    return np.cumsum(noise * np.exp(growth), axis=1) * np.exp(-growth)

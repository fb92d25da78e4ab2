"""Toy light curves of four classes that differ in the shape of Bazin's function."""

import numbers

import numpy as np
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from skastro.surveys import Survey, get_survey
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import nest
from skastro.utils.random import RandomState

_PEAK = 40.0
_N_DAYS = 100
# Amplitude, its step from band to band and its scatter; rise and fall [days] with their scatter.
_CLASSES = np.array(
    [
        [100.0, -2.0, 10.0, -5.0, 1.0, 30.0, 1.0],
        [103.0, -2.0, 10.0, -5.0, 1.0, 10.0, 1.0],
        [100.0, 0.0, 5.0, -1.0, 0.2, 10.0, 0.5],
        [100.0, 0.0, 10.0, -10.0, 0.5, 15.0, 1.0],
    ]
)


def bazin(
    days: ArrayLike,
    amplitude: ArrayLike,
    rise: ArrayLike,
    fall: ArrayLike,
    peak: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    r"""Return Bazin's function of the flux of a supernova.

    .. math:: f(t) = A\, \frac{e^{-(t - t_0) / \tau_f}}{1 + e^{(t - t_0) / \tau_r}}

    Parameters
    ----------
    days : array-like
        Time t [days].

    amplitude, rise, fall, peak : array-like
        A, tau_r (negative for a rise), tau_f and t_0 [days]; they are broadcast.

    Returns
    -------
    flux : ndarray
        0 on underflow.

    References
    ----------
    .. [1] G. Bazin et al., A&A 534, A43 (2011), arXiv:1109.0948, equation 1.

    Examples
    --------
    >>> from skastro.datasets import bazin
    >>> bazin([0.0], amplitude=100.0, rise=-5.0, fall=30.0).tolist()
    [50.0]
    """
    since = np.asarray(days, float) - np.asarray(peak, float)
    growth, decay = since / np.asarray(rise, float), since / np.asarray(fall, float)
    return np.asarray(amplitude, float) * np.exp(-decay - np.logaddexp(0.0, growth))


def make_bazin(
    n_objects: int = 1000,
    *,
    drop: float = 0.9,
    noise: float = 0.0,
    survey: str | Survey = "LSST",
    as_grid: bool = False,
    random_state: RandomState = None,
) -> tuple[NestedFrame | dict, NDArray]:
    """Simulate the toy data set of four classes, most of whose daily fluxes are dropped.

    Amplitude, rise and fall time of each band of an object scatter around those of its class.  The
    flux is :func:`bazin` with its peak at day 40, on days 0 to 99; each day of each band is
    dropped with probability `drop`.

    Parameters
    ----------
    n_objects : int, default=1000
        Number of objects, in equal parts for the classes.

    drop : float, default=0.9
        Probability that a point is dropped.

    noise : float, default=0.0
        Standard deviation of Gaussian noise added to the observed flux.

    survey : str or Survey, default="LSST"
        Survey whose first six bands are used.

    as_grid : bool, default=False
        Return arrays on the daily grid instead of light curves.

    random_state : int, RandomState, Generator or None, default=None
        Seed or generator.  NumPy's global random state is neither read nor changed.

    Returns
    -------
    X : NestedFrame with `n_objects` rows
        Index "BAZIN0000001".  Nested column ``lightcurve``: time [days], band, flux, flux_err
        (`noise`, or 1 without noise), detected (S/N above 5).

    y : ndarray of str, shape (n_objects,)
        "bazin0" to "bazin3".

    grid : dict
        Returned instead of X with `as_grid`: ``"flux"`` of shape (n_objects, 101, 6), scaled to
        [0, 1], 0 where dropped, with a first step of zeros as the start of a decoder;
        ``"target"``, the curves without noise and gaps on the same scale; ``"weight"``, 1 where
        observed, 0 elsewhere; ``"minimum"`` and ``"range"``, with
        ``observed = flux * range + minimum`` where observed.

    Raises
    ------
    ValueError
        A parameter is out of range.

    References
    ----------
    .. [1] G. Bazin et al., A&A 534, A43 (2011), arXiv:1109.0948.

    Examples
    --------
    >>> from skastro.datasets import make_bazin
    >>> X, y = make_bazin(8, random_state=0)
    >>> sorted(set(y))
    ['bazin0', 'bazin1', 'bazin2', 'bazin3']
    >>> grid, y = make_bazin(8, as_grid=True, random_state=0)
    >>> grid["flux"].shape
    (8, 101, 6)
    """
    _check(n_objects, drop, noise)
    rng = _generator(random_state)
    bands = list(get_survey(survey).wavelengths)[:6]
    codes = rng.permutation(np.arange(n_objects) % len(_CLASSES))
    truth = _draw_curves(rng, codes, len(bands))
    seen = rng.random(truth.shape) >= drop
    flux = truth + noise * rng.standard_normal(truth.shape)
    y = np.array([f"bazin{i}" for i in range(len(_CLASSES))], object)[codes]
    return (_grid(flux, truth, seen) if as_grid else _frame(flux, seen, noise, bands)), y


def _generator(random_state: RandomState) -> np.random.Generator:
    if isinstance(random_state, np.random.Generator):
        return random_state
    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1))


def _check(n_objects: int, drop: float, noise: float) -> None:
    if not isinstance(n_objects, numbers.Integral) or n_objects < 1:
        raise ValueError(f"make_bazin: n_objects={n_objects!r} is not a positive integer")
    if not 0 <= drop < 1:
        raise ValueError(f"make_bazin: drop must be at least 0 and below 1, not {drop!r}")
    if not 0 <= noise < np.inf:
        raise ValueError(f"make_bazin: noise must not be negative, not {noise!r}")


def _draw_curves(rng: np.random.Generator, codes: NDArray, n_bands: int) -> NDArray[np.float64]:
    """Return curves of shape (n_objects, n_days, n_bands)."""
    mean, step, spread, rise, rise_spread, fall, fall_spread = _CLASSES[codes].T[:, :, None]
    scatter = rng.standard_normal((3, len(codes), n_bands))
    amplitude = mean + step * np.arange(n_bands) + spread * scatter[0]
    rise = rise + rise_spread * scatter[1]
    # A rise of 0 has no curve; classes 0 to 2 come within 5 sigma of it.
    rise = np.minimum(rise, -1e-3)
    fall = fall + fall_spread * scatter[2]
    days = np.arange(_N_DAYS, dtype=float)[None, :, None]
    return bazin(days, amplitude[:, None], rise[:, None], fall[:, None], _PEAK)


def _grid(flux: NDArray, truth: NDArray, seen: NDArray) -> dict:
    values = np.append(flux[seen], 0.0)
    minimum, span = values.min(), np.ptp(values) or 1.0
    start = ((0, 0), (1, 0), (0, 0))
    observed = np.where(seen, (flux - minimum) / span, 0)
    scaled = {"flux": observed, "target": (truth - minimum) / span}
    grid = {name: np.pad(values, start).astype(np.float32) for name, values in scaled.items()}
    weight = np.pad(seen, start).astype(np.float32)
    return {**grid, "weight": weight, "minimum": float(minimum), "range": float(span)}


def _frame(flux: NDArray, seen: NDArray, noise: float, bands: list[str]) -> NestedFrame:
    _, day, band = np.nonzero(seen)
    error = np.full(len(day), noise or 1.0, np.float32)
    observed = flux[seen]
    rows = {
        "time": day.astype(float),
        "band": np.array(bands, object)[band],
        "flux": observed.astype(np.float32),
        "flux_err": error,
    }
    rows["detected"] = is_detected(rows)
    index = [f"BAZIN{i:07d}" for i in range(1, len(flux) + 1)]
    offsets = np.concatenate([[0], np.cumsum(seen.sum(axis=(1, 2)))])
    return NestedFrame(index=index).assign(lightcurve=nest(offsets, rows, index))

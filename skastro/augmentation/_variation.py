"""Random changes of light curves, so that a classifier does not rely on one survey."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike, NDArray

from skastro.augmentation._curves import (
    Curves,
    add_noise,
    blur_redshift,
    change_flux,
    distort,
    drop_bands,
    drop_gap,
    drop_observations,
    keep_first_visits,
    stretch_time,
    tilt_spectrum,
)
from skastro.surveys import Survey, get_survey
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import flatten, nest, segment_count, segment_first
from skastro.utils.random import RandomState, as_generator

_REDSHIFTS = ("redshift", "redshift_err")


@dataclass(frozen=True)
class SurveyVariation:
    """Random changes of colour, brightness, speed, noise, cadence and redshift of light curves.

    Calling it with :class:`Curves` and a random state returns the same objects in the same order,
    a share of them changed.  Each parameter is one difference between a simulation and the sky, or
    between two surveys; 0, or a range without width around 0, switches it off.  A changed object
    that keeps too few detections to be found stays as it was.

    Parameters
    ----------
    share : float, default=0.7
        Share of the objects that are changed.

    slope : (float, float), default=(-2.0, 2.0)
        Range of the power of the wavelength by which fluxes are multiplied, see
        :func:`tilt_spectrum`; -2 turns flux per frequency into flux per wavelength, 2 the reverse.

    magnitude : (float, float), default=(-0.3, 0.8)
        Range of the change of brightness [mag]; positive is fainter.

    stretch : float, default=0.1
        Standard deviation of the natural logarithm of the speed.

    noise : float, default=0.1
        Scale of the natural logarithm of the factor by which errors grow, half normal.

    single_visits : float, default=0.4
        Share of the changed objects that keep one visit per night.

    dropped : float, default=0.3
        Largest share of observations that are left out, uniform from 0.

    lost_bands : float, default=0.03
        Probability that a band of an object is lost.

    gap : float, default=20
        Mean length of a gap in the light curve [days], exponential.

    redshift_error : float, default=0.02
        Largest error added to redshifts, in units of 1 + z, uniform from 0.

    redshift_missing : float, default=0.05
        Probability that a redshift is lost.

    min_detections : int, default=2
        Detections that a changed object must keep.

    distortion : float, default=0
        Standard deviation of a smooth random change of brightness with date and wavelength [mag],
        see :func:`distort`.  For templates that differ from the objects of use; it costs accuracy
        where they agree (benchmarks/science/transfer.md).

    Raises
    ------
    ValueError
        A parameter is out of range.

    See Also
    --------
    draw_variations : Changed copies of the objects of a frame.
    skastro.neural_network.RecurrentClassifier : Changes its light curves in every epoch.

    Notes
    -----
    This is domain randomisation: a network cannot rely on what varies at random in training.
    References: Boone 2019 [1]_ for dimming, noise and cadence.

    References
    ----------
    .. [1] K. Boone, "Avocado", AJ 158, 257 (2019), arXiv:1907.04690.
    .. [2] J. Tobin et al., "Domain randomization", IROS 2017, arXiv:1703.06907.

    Examples
    --------
    >>> from skastro.augmentation import SurveyVariation
    >>> SurveyVariation(stretch=0.2).stretch
    0.2
    """

    share: float = 0.7
    slope: tuple[float, float] = (-2.0, 2.0)
    magnitude: tuple[float, float] = (-0.3, 0.8)
    stretch: float = 0.1
    noise: float = 0.1
    single_visits: float = 0.4
    dropped: float = 0.3
    lost_bands: float = 0.03
    gap: float = 20.0
    redshift_error: float = 0.02
    redshift_missing: float = 0.05
    min_detections: int = 2
    distortion: float = 0.0

    def __post_init__(self):
        for name in ("slope", "magnitude"):
            low, high = getattr(self, name)
            if not low <= high:
                raise ValueError(f"SurveyVariation: {name}={(low, high)} must be increasing")
        for name in ("share", "single_visits", "dropped", "lost_bands", "redshift_missing"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"SurveyVariation: {name}={getattr(self, name)} is not in [0, 1]")
        for name in ("stretch", "noise", "gap", "redshift_error", "min_detections", "distortion"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"SurveyVariation: {name}={getattr(self, name)} is negative")

    def __call__(self, curves: Curves, random_state: RandomState = None) -> Curves:
        """Return the objects, a share of them changed.

        Parameters
        ----------
        curves : Curves
            Light curves in order of time.

        random_state : int, Generator, RandomState or None, default=None
            Source of randomness.

        Returns
        -------
        curves : Curves
            The same number of objects in the same order.
        """
        rng = as_generator(random_state)
        chosen = rng.random(curves.n_objects) < self.share
        changed = self._seen_again(self._other_source(curves, rng), rng)
        found = segment_count(changed.offsets, changed.rows["detected"]) >= self.min_detections
        return choose(curves, changed, chosen & found)

    def _other_source(self, curves, rng):
        """Change what the object is: colour, brightness, speed, known redshift."""
        n = curves.n_objects
        curves = tilt_spectrum(curves, rng.uniform(*self.slope, n), random_state=rng)
        curves = change_flux(curves, rng.uniform(*self.magnitude, n), random_state=rng)
        if self.distortion:
            curves = distort(curves, np.full(n, self.distortion), random_state=rng)
        first = segment_first(curves.offsets, curves.rows["time"], curves.rows["detected"])
        factors = np.exp(self.stretch * rng.standard_normal(n))
        curves = stretch_time(curves, factors, np.where(np.isfinite(first), first, 0.0))
        errors = self.redshift_error * rng.random(n)
        return blur_redshift(curves, errors, missing=self.redshift_missing, random_state=rng)

    def _seen_again(self, curves, rng):
        """Change how the survey looked at it: noise, cadence, bands, gaps."""
        n = curves.n_objects
        # Never below one: noise cannot be taken away.
        factors = np.exp(np.abs(self.noise * rng.standard_normal(n)))
        curves = add_noise(curves, factors, random_state=rng)
        curves = keep_first_visits(curves, rng.random(n) < self.single_visits)
        curves = drop_observations(curves, self.dropped * rng.random(n), random_state=rng)
        curves = drop_bands(curves, self.lost_bands, random_state=rng)
        time = np.asarray(curves.rows["time"], float)
        start = segment_first(curves.offsets, time, rng.random(len(time)) < 0.05, empty=np.inf)
        return drop_gap(curves, start, rng.exponential(self.gap, n) if self.gap else np.zeros(n))

    def switched_off(self, *names: str) -> SurveyVariation:
        """Return the variation without some of its changes, to see what each does.

        Examples
        --------
        >>> from skastro.augmentation import SurveyVariation
        >>> SurveyVariation().switched_off("slope", "gap").slope
        (0.0, 0.0)
        """
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        off = {name: (0.0, 0.0) if isinstance(values[name], tuple) else 0.0 for name in names}
        return SurveyVariation(**(values | off))


def choose(first: Curves, second: Curves, take_second: ArrayLike) -> Curves:
    """Return each object from one of two versions of the same objects.

    Parameters
    ----------
    first, second : Curves
        The same objects with the same fields and static columns.

    take_second : array-like of bool of shape (n_objects,)
        Objects to take from `second`.

    Returns
    -------
    curves : Curves

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import Curves, choose
    >>> one = Curves(np.array([0, 1, 2]), {"time": np.array([1.0, 2.0])}, {})
    >>> two = Curves(np.array([0, 1, 3]), {"time": np.array([5.0, 6.0, 7.0])}, {})
    >>> choose(one, two, [False, True]).rows["time"].tolist()
    [1.0, 6.0, 7.0]
    """
    n, take_second = first.n_objects, np.asarray(take_second, bool)
    offsets = np.append(first.offsets, second.offsets[1:] + first.offsets[-1])
    rows = {name: _joined(v, second.rows[name]) for name, v in first.rows.items()}
    static = {name: np.append(v, second.static[name]) for name, v in first.static.items()}
    return Curves(offsets, rows, static).take(np.arange(n) + n * take_second)


def _joined(first, second):
    if isinstance(first, pd.Categorical):
        codes = np.append(first.codes, second.codes)
        return pd.Categorical.from_codes(codes, dtype=first.dtype)
    return np.append(first, second)


def draw_variations(
    X: pd.DataFrame,
    n_copies: int = 1,
    *,
    variation: Any = None,
    survey: str | Survey = "LSST",
    column: str = "lightcurve",
    random_state: RandomState = None,
) -> tuple[NestedFrame, NDArray[np.intp]]:
    """Copy each object several times, as another survey might have measured it.

    Parameters
    ----------
    X : NestedFrame of shape (n_objects, n_columns)
        Objects with their light curves in order of time: fields time, band, flux, flux_err, and
        perhaps ``detected`` and ``photflag``, whose bit of a detection follows the new fluxes.

    n_copies : int, default=1
        Copies of each object, in addition to the object itself.

    variation : callable, default=SurveyVariation()
        Maps :class:`Curves` and a Generator to Curves of the same objects.

    survey : str or Survey, default="LSST"
        Survey that defines the wavelengths of the bands and the PHOTFLAG bits.

    column : str, default="lightcurve"
        Nested column with the light curves; the columns redshift and redshift_err may change,
        others are copied.

    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the random numbers.

    Returns
    -------
    X_new : NestedFrame of shape (n_objects * (n_copies + 1), n_columns)
        The objects, then their copies; the index repeats that of `X`.

    objects : ndarray of int of shape (n_objects * (n_copies + 1),)
        Row of `X` that each is a copy of.

    Raises
    ------
    ValueError
        `n_copies` is negative.

    KeyError
        A band is unknown to the survey.

    See Also
    --------
    skastro.resampling.AugmentSampler : Makes copies in `fit` only.

    Notes
    -----
    Dates in other columns, such as the time of the peak, are those of the original: let the
    Pipeline find them again after this step, as the recipes do.

    Examples
    --------
    >>> from skastro.augmentation import draw_variations
    >>> from skastro.datasets import make_light_curves
    >>> X, y = make_light_curves(5, classes=["SNIa"], random_state=0)
    >>> X_new, objects = draw_variations(X, 2, random_state=0)
    >>> len(X_new), objects[:6].tolist()
    (15, [0, 1, 2, 3, 4, 0])
    """
    if n_copies < 0:
        raise ValueError(f"draw_variations: n_copies={n_copies} must not be negative")
    variation = SurveyVariation() if variation is None else variation
    rng, survey = as_generator(random_state), get_survey(survey)
    curves = read_curves(X, survey, column=column)
    parts = [NestedFrame(X)]
    parts += [_frame(X, variation(curves, rng), survey, column) for _ in range(n_copies)]
    return NestedFrame(pd.concat(parts)), np.tile(np.arange(len(X)), n_copies + 1)


def read_curves(X: pd.DataFrame, survey: str | Survey, *, column: str = "lightcurve") -> Curves:
    """Return the light curves and redshifts of a frame as :class:`Curves`.

    Parameters
    ----------
    X : NestedFrame of shape (n_objects, n_columns)
        Objects with their light curves.

    survey : str or Survey
        Survey that defines the wavelengths of the bands.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Returns
    -------
    curves : Curves

    Raises
    ------
    KeyError
        A band is unknown to the survey.

    Examples
    --------
    >>> from skastro.augmentation import read_curves
    >>> from skastro.datasets import make_light_curves
    >>> X, y = make_light_curves(5, classes=["SNIa"], random_state=0)
    >>> read_curves(X, "LSST").n_objects
    5
    """
    offsets, rows = flatten(X[column])
    wavelength = get_survey(survey).band_wavelengths(pd.Categorical(rows["band"]))
    rows = rows | {"wavelength": wavelength, "detected": is_detected(rows)}
    static = {name: X[name].to_numpy(float) for name in _REDSHIFTS if name in X.columns}
    return Curves(offsets, rows, static)


def _frame(X, curves, survey, column):
    """Return the frame with the light curves and redshifts of `curves`."""
    rows, old = dict(curves.rows), flatten(X[column])[1]
    if "photflag" in old and "detection" in survey.photflag:
        bit = survey.photflag["detection"]
        rows["photflag"] = (np.asarray(rows["photflag"]) & ~bit) | bit * rows["detected"]
    kept = {name: _of_dtype(rows[name], values.dtype) for name, values in old.items()}
    return NestedFrame(X).assign(**curves.static, **{column: nest(curves.offsets, kept, X.index)})


def _of_dtype(values, dtype):
    return values if isinstance(values, pd.Categorical) else np.asarray(values).astype(dtype)

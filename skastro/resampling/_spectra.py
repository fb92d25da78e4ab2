"""Additional spectra of rare classes, as mixes of the existing ones."""

import warnings
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval

from skastro.augmentation import draw_pairs, mix_spectra, rest_ranges
from skastro.exceptions import ObjectWarning, name_objects
from skastro.resampling._base import (
    RANDOM_STATE,
    RowPicker,
    labels_of_copies,
    seeded_generator,
)
from skastro.utils.random import RandomState


class SpectrumMixSampler(RowPicker):
    """Oversample every class to the same number of spectra with convex mixes of its own spectra.

    A mix has two spectra of one class and one phase group, before or after maximum, with a
    random weight, at the mixed redshift [1]_; see :func:`skastro.augmentation.mix_spectra`.  The
    originals come first, unchanged.  In a :class:`ResamplingPipeline`, before the steps on spectra,
    it acts only in `fit`.

    Parameters
    ----------
    n_per_class : int, default=2000
        Classes with fewer spectra are oversampled to this number; other classes are not changed.

    before_peak : float, default=0.3
        Fraction of the mixes that are made from spectra before maximum, for classes with spectra
        before and after.  Spectra of unknown phase are mixed among themselves, in proportion to
        their number.

    min_overlap : float, default=0.8
        Smallest fraction of the rest-frame wavelengths of the first spectrum that the second
        covers.

    redshift_column : str, default="redshift"
        Column with the redshift; spectra without one are not mixed.

    phase_column : str, default="phase"
        Column with the phase [days]; without it there is one group.

    column : str, default="spectrum"
        Nested column with the spectra in the observer's frame.

    random_state : int, RandomState, Generator or None, default=None
        Source of randomness; pass an integer for reproducible results.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_resampled,)
        Row of `X` of each spectrum returned; of the first parent for a mix.

    partner_indices_ : ndarray of shape (n_resampled,)
        Row of `X` of the second parent; -1 for an original.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`.

    Warns
    -----
    ObjectWarning
        A class has fewer than two spectra to mix, or too few pairs that overlap.

    See Also
    --------
    skastro.augmentation.mix_spectra : The mixes themselves.
    RowSampler : Balance classes by repeating or leaving out objects.

    Notes
    -----
    All columns except redshift and phase are copied from the first parent, including the group of
    a split.  A later step that splits its own training set has mixes of one supernova on both
    sides: split before this sampler.

    References
    ----------
    .. [1] Sharma et al. 2024, arXiv:2412.08601.

    Examples
    --------
    >>> from skastro.datasets import make_spectra
    >>> from skastro.resampling import SpectrumMixSampler
    >>> X, y = make_spectra(20, classes={"Ia": 3, "II": 1}, random_state=0)
    >>> X_new, y_new = SpectrumMixSampler(15, random_state=0).fit_resample(X, y)
    >>> len(X_new), (y_new == "II").sum()
    (30, np.int64(15))
    """

    _parameter_constraints = {
        "n_per_class": [Interval(Integral, 1, None, closed="left")],
        "before_peak": [Interval(Real, 0, 1, closed="both")],
        "min_overlap": [Interval(Real, 0, 1, closed="right")],
        "redshift_column": [str],
        "phase_column": [str, None],
        "column": [str],
        "random_state": RANDOM_STATE,
    }

    def __init__(
        self,
        n_per_class: int = 2000,
        *,
        before_peak: float = 0.3,
        min_overlap: float = 0.8,
        redshift_column: str = "redshift",
        phase_column: str | None = "phase",
        column: str = "spectrum",
        random_state: RandomState = None,
    ):
        self.n_per_class = n_per_class
        self.before_peak = before_peak
        self.min_overlap = min_overlap
        self.redshift_column = redshift_column
        self.phase_column = phase_column
        self.column = column
        self.random_state = random_state

    def _fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        self._check_input(X, y)
        for column in (self.column, self.redshift_column):
            self._required_column(X, column)
        rng = seeded_generator(self.random_state)
        first, second = self._draw(X, np.asarray(y), rng)
        self.sample_indices_ = np.concatenate([np.arange(len(X)), first])
        self.partner_indices_ = np.concatenate([np.full(len(X), -1), second])
        if len(first) == 0:
            return X.copy(), labels_of_copies(y, self.sample_indices_, X)
        mixes = mix_spectra(
            X,
            first,
            second,
            rng.uniform(size=len(first)),
            redshift_column=self.redshift_column,
            phase_column=self.phase_column,
            column=self.column,
        )
        X_new = pd.concat([X, mixes])
        return X_new, labels_of_copies(y, self.sample_indices_, X_new)

    def _pick(self, X: Any, y: Any) -> NDArray[np.intp]:
        self._fit_resample(X, y)
        return self.sample_indices_

    def _draw(self, X: pd.DataFrame, y: NDArray, rng: np.random.Generator) -> NDArray[np.intp]:
        """Return the parents of all mixes."""
        low, high = rest_ranges(X, redshift_column=self.redshift_column, column=self.column)
        usable = high > low
        groups = self._phase_groups(X)
        pairs, lacking = [np.empty((2, 0), np.intp)], []
        for label in np.unique(y):
            missing = self.n_per_class - int(np.count_nonzero(y == label))
            own = np.flatnonzero((y == label) & usable)
            if missing <= 0:
                continue
            shares = self._shares(groups[own])
            options: dict[str, Any] = {"min_overlap": self.min_overlap, "random_state": rng}
            pairs.append(draw_pairs(own, groups[own], shares, low, high, missing, **options))
            if len(pairs[-1][0]) < missing:
                lacking.append(label)
        if lacking:
            warnings.warn(
                f"SpectrumMixSampler: too few pairs of spectra overlap to reach "
                f"n_per_class={self.n_per_class} for class {name_objects(lacking)}",
                ObjectWarning,
                stacklevel=2,
            )
        return np.concatenate(pairs, axis=1)

    def _phase_groups(self, X: pd.DataFrame) -> NDArray[np.str_]:
        if self.phase_column is None or self.phase_column not in X.columns:
            return np.full(len(X), "unknown")
        phase = X[self.phase_column].to_numpy(float)
        known = np.where(phase < 0, "before", "after")
        return np.where(np.isnan(phase), "unknown", known)

    def _shares(self, groups: NDArray) -> dict[str, float]:
        unknown = np.mean(groups == "unknown") if len(groups) else 0.0
        known = 1 - unknown
        return {
            "before": known * self.before_peak,
            "after": known * (1 - self.before_peak),
            "unknown": unknown,
        }

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

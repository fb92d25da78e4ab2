"""Warn when new light curves lie outside what a model was trained on."""

import warnings
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import NDArray
from scipy.stats import binom
from sklearn.utils._param_validation import Interval

from skastro.base import LightCurveTransformer
from skastro.exceptions import DataShiftWarning
from skastro.preprocessing._detections import first_and_last
from skastro.surveys import Survey, get_survey
from skastro.utils.frames import get_numbers
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import flatten, segment_ids, segment_median, segment_reduce

_FEW = 10
_RARE = 1e-3


class CompareWithTraining(LightCurveTransformer):
    """Compare light curves with those of the training set, without changing them.

    `fit` learns, over the objects of the training set, the ranges of the redshift, the largest
    flux, the median flux error, the number of observations, their mean interval, and the date of
    the first detection counted from a reference date, and in which bands objects are observed.
    `transform` issues one warning that summarises how the new objects differ.  A model does not
    extrapolate: fluxes in another unit, dates counted from another event or redshifts beyond the
    training set change its predictions without any other sign.

    Parameters
    ----------
    reference_column : str, default=None
        Column with the reference date of each object, such as ``"peak_time"``; by default dates
        are not compared.

    redshift_column : str, default="redshift"
        Column with the redshift; it is not compared where `X` lacks it.

    survey : str or Survey, default=None
        Survey whose spellings of bands count as one; by default names are compared as they are.

    max_share : float, default=0.1
        Share of objects that may lie outside a range, in addition to the share 2 / (n_training + 1)
        expected by chance.  A warning requires a number of objects outside that has a probability
        below 0.001 at this share, or an object farther outside than the range is wide.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    ranges_ : DataFrame
        Columns ``low``, ``high`` and ``missing``, the share of objects without a value; one row
        per quantity.

    bands_ : Series
        Share of the training objects that are observed in each band.

    n_training_ : int
        Number of objects seen during `fit`.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    MarkQuality : Mark objects that cannot be classified.
    MatchDepth : Shows light curves of another survey at the depth of the training set.

    Examples
    --------
    >>> import warnings
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.preprocessing import CompareWithTraining
    >>> X, _ = make_light_curves(50, random_state=0)
    >>> compare = CompareWithTraining().fit(X)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     _ = compare.transform(X.assign(redshift=X["redshift"] + 5))
    >>> print(caught[0].message)
    CompareWithTraining: the objects differ from the training set: redshift ...
    """

    _parameter_constraints = {
        "reference_column": [str, None],
        "redshift_column": [str],
        "survey": [str, Survey, None],
        "max_share": [Interval(Real, 0, 1, closed="both")],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        reference_column: str | None = None,
        redshift_column: str = "redshift",
        survey: str | Survey | None = None,
        max_share: float = 0.1,
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.reference_column = reference_column
        self.redshift_column = redshift_column
        self.survey = survey
        self.max_share = max_share

    def fit(self, X: NestedFrame, y: Any = None) -> "CompareWithTraining":
        """Learn the ranges of the training set.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        y : ignored
            Present for API consistency.

        Returns
        -------
        self : object
        """
        super().fit(X, y)
        offsets, rows = flatten(X[self.column])
        table = pd.DataFrame(self._quantities(offsets, rows, X), index=X.index)
        self.ranges_ = pd.DataFrame(
            {"low": table.min(), "high": table.max(), "missing": table.isna().mean()}
        )
        self.bands_ = pd.Series(self._band_shares(offsets, rows), dtype=float).rename_axis("band")
        self.n_training_ = len(X)
        return self

    def _required_columns(self):
        return () if self.reference_column is None else (self.reference_column,)

    def _required_fields(self):
        return ("time", "band", "flux", "flux_err")

    def _transform_rows(self, offsets, rows, X):
        table = self._quantities(offsets, rows, X)
        found = [*self._outside(table), *self._missing(table), *self._bands(offsets, rows)]
        if found:
            warnings.warn(
                f"CompareWithTraining: the objects differ from the training set: "
                f"{'; '.join(found)}.  Predictions outside the training set are unreliable; check "
                f"units, zero dates, bands and depth (MatchDepth)",
                DataShiftWarning,
                stacklevel=2,
            )
        return offsets, rows

    def _quantities(self, offsets, rows, X) -> dict[str, NDArray]:
        """Return the value of each quantity for each object, NaN where it is unknown."""
        lengths = np.diff(offsets)
        start = segment_reduce(offsets, np.asarray(rows["time"], float), np.fmin)
        end = segment_reduce(offsets, np.asarray(rows["time"], float), np.fmax)
        known = {
            "largest flux": segment_reduce(offsets, np.asarray(rows["flux"], float), np.fmax),
            "median flux error": segment_median(offsets, np.asarray(rows["flux_err"], float)),
            "number of observations": np.where(lengths > 0, lengths, np.nan),
            "days between observations": (end - start) / np.where(lengths > 1, lengths - 1, np.nan),
        }
        if self.redshift_column in X.columns:
            known[self.redshift_column] = get_numbers(X, self.redshift_column)
        if self.reference_column is not None:
            first = first_and_last(rows["time"], offsets, is_detected(rows))[0]
            name = f"days from {self.reference_column} to the first detection"
            known[name] = first - get_numbers(X, self.reference_column)
        return known

    def _outside(self, table: dict[str, NDArray]):
        # A new object lies outside the range of n others with the probability 2 / (n + 1).
        by_chance = self.max_share + 2 / (self.n_training_ + 1)
        for name, (low, high, _) in zip(self.ranges_.index, self.ranges_.to_numpy().tolist()):
            if name not in table or np.isnan(low):
                continue
            values = table[name][~np.isnan(table[name])]
            n_outside = int(((values < low) | (values > high)).sum())
            if not n_outside:
                continue
            width = high - low
            is_far = ((values < low - width) | (values > high + width)).any()
            rare = binom.sf(n_outside - 1, len(values), min(by_chance, 1.0)) < _RARE
            if rare or (is_far and n_outside / len(values) > by_chance):
                yield (
                    f"{name} {values.min():.4g} to {values.max():.4g}, in training {low:.4g} to "
                    f"{high:.4g} ({n_outside / len(values):.0%} outside)"
                )

    def _missing(self, table: dict[str, NDArray]):
        name = self.redshift_column
        if name in self.ranges_.index:
            before = self.ranges_.loc[name, "missing"]
            now = np.isnan(table[name]).mean() if name in table else 1.0
            if now > before + 0.5:
                yield f"{name} is missing for {now:.0%} of the objects, in training {before:.0%}"

    def _bands(self, offsets, rows):
        shares = self._band_shares(offsets, rows)
        trained = dict(zip(self.bands_.index, self.bands_.tolist()))
        usual = [name for name, share in trained.items() if share > 0.5]
        new = [name for name in shares if name not in trained]
        if new:
            yield f"bands {new} did not occur in training"
        rare = [name for name in usual if shares.get(name, 0.0) < 0.5 * trained[name]]
        if rare and len(offsets) > _FEW:
            yield f"bands {rare}, usual in training, are rare or missing"

    def _band_shares(self, offsets, rows) -> dict[str, float]:
        """Return the share of the objects that are observed in each band, sorted by band."""
        bands = pd.Categorical(rows["band"])
        raw = [self._band(name) for name in bands.categories]
        names = sorted(set(raw))
        number = np.array([*(names.index(name) for name in raw), len(names)], np.intp)
        n_objects = len(offsets) - 1
        seen = np.zeros((n_objects, len(names) + 1), bool)
        seen[segment_ids(offsets), number[bands.codes]] = True
        counts = seen.sum(axis=0).tolist()
        return {name: n / n_objects for name, n in zip(names, counts) if n}

    def _band(self, name: str) -> str:
        if self.survey is None:
            return str(name)
        try:
            return get_survey(self.survey).band(name)
        except KeyError:
            return str(name)

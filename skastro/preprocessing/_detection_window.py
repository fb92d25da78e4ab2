"""Restrict light curves to the time of their detections."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval

from skastro.base import LightCurveTransformer
from skastro.exceptions import ObjectWarning, name_objects
from skastro.preprocessing._detections import first_and_last
from skastro.utils.frames import get_numbers
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import keep_rows, segment_count, sort_rows


class DetectionWindow(LightCurveTransformer):
    """Keep the last non-detections before the trigger and everything until the last detection.

    Before the trigger, non-detections are dropped except for the last `n_before` of them, and
    detections are kept.  From the trigger to the last detection every observation is kept, both
    ends included.  Later observations are dropped.  These are the rules of the first ELAsTiCC
    classifier, now ORACLE [1]_.

    An object without a detection, or without a trigger, keeps no observation; it is marked in
    `quality_column`, and a warning names it.

    Parameters
    ----------
    n_before : int or None, default=1
        Number of non-detections to keep before the trigger; all of them if None.

    until_last : bool, default=True
        Drop the observations after the last detection.

    reference_column : str, default=None
        Column with the reference date of each object, here that of the trigger; the first
        detection by default.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.  It must have the field ``detected``.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    MarkDetections : Add the field ``detected``.
    Window : Cut by days around a reference date.

    Notes
    -----
    The last detection is known only in hindsight.  For the information available on a given date,
    cut with :class:`Window` first.

    References
    ----------
    .. [1] Shah et al. 2025, ORACLE (arXiv:2501.01496).

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import DetectionWindow
    >>> from skastro.utils.ragged import flatten, nest
    >>> detected = [False, False, True, False, True, False]
    >>> rows = {"time": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "detected": detected}
    >>> X = NestedFrame({"mwebv": [0.1]}).assign(lightcurve=nest([0, 6], rows))
    >>> flatten(DetectionWindow().fit_transform(X)["lightcurve"])[1]["time"].tolist()
    [2.0, 3.0, 4.0, 5.0]
    """

    _parameter_constraints = {
        "n_before": [Interval(Integral, 0, None, closed="left"), None],
        "until_last": ["boolean"],
        "reference_column": [str, None],
        "quality_column": [str],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        n_before: int | None = 1,
        until_last: bool = True,
        reference_column: str | None = None,
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.n_before = n_before
        self.until_last = until_last
        self.reference_column = reference_column
        self.quality_column = quality_column

    def _required_columns(self):
        return () if self.reference_column is None else (self.reference_column,)

    def _required_fields(self):
        return ("time", "detected")

    def _faults(self, offsets, rows, X):
        trigger, last = self._dates(offsets, rows, X)
        faults = {"no detection": np.isnan(last)}
        if self.reference_column is not None:
            faults[f"no {self.reference_column}"] = np.isnan(trigger)
        lost = np.logical_or.reduce(list(faults.values())) & (np.diff(offsets) > 0)
        if lost.any():
            warnings.warn(
                f"DetectionWindow: {' or '.join(faults)}, so no observation is kept, for "
                f"{name_objects(X.index[lost])}",
                ObjectWarning,
                stacklevel=3,
            )
        return faults

    def _transform_rows(self, offsets, rows, X):
        rows = sort_rows(offsets, rows)
        time, detected, lengths = rows["time"], is_detected(rows), np.diff(offsets)
        trigger, last = self._dates(offsets, rows, X)
        keep = np.repeat(~np.isnan(trigger) & ~np.isnan(last), lengths)
        if self.n_before is not None:
            quiet = (time < np.repeat(trigger, lengths)) & ~detected
            keep &= ~quiet | (_number_from_the_end(quiet, offsets) <= self.n_before)
        if self.until_last:
            keep &= time <= np.repeat(last, lengths)
        return keep_rows(offsets, rows, keep)

    def _dates(self, offsets, rows, X):
        """Return the dates of the trigger and of the last detection, NaN where there is none."""
        first, last = first_and_last(rows["time"], offsets, is_detected(rows))
        if self.reference_column is None:
            return first, last
        return get_numbers(X, self.reference_column), last


def _number_from_the_end(mask, offsets):
    """Count the rows where `mask` holds backwards within each object: 1 is the last one."""
    counted = np.concatenate([[0], np.cumsum(mask)])
    total = segment_count(offsets, mask)
    return np.repeat(counted[offsets[:-1]] + total, np.diff(offsets)) - counted[1:] + 1

"""Restrict light curves to the time of their detections."""

import warnings

import numpy as np

from skastro.base import LightCurveTransformer
from skastro.exceptions import ObjectWarning, name_objects
from skastro.preprocessing._detections import first_and_last
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import is_sorted, keep_rows, segment_count


class DetectionWindow(LightCurveTransformer):
    """Keep the last non-detections before the trigger and all until the last detection.

    Before the trigger, non-detections are dropped but for the last `n_before` of them;
    detections there stay.  From the trigger to the last detection every observation is kept,
    detection or not; those at the very time of the trigger or of the last detection as well.
    Behind the last detection nothing is kept.  These are the rules of the first ELAsTiCC
    classifier, now ORACLE [1]_.

    An object without detection, or without trigger, keeps no observation, and a warning names
    it.

    Parameters
    ----------
    n_before : int or None, default=1
        Number of non-detections to keep before the trigger; all of them if None.

    until_last : bool, default=True
        Drop the observations after the last detection.

    reference_column : str, default=None
        Column of `X` with the time of the trigger, as ``trigger_time``; the first detection by
        default.

    column : str, default="lightcurve"
        Nested column with the light curves, sorted by time, with the field ``detected``.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    MarkDetections : Adds the field ``detected``.
    Window : Cut by days around a reference time.

    Notes
    -----
    That an observation is the last detection is known only later.  For the state of knowledge
    at a date cut with :class:`Window` first.

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

    def __init__(self, *, n_before=1, until_last=True, reference_column=None, column="lightcurve"):
        super().__init__(column=column)
        self.n_before = n_before
        self.until_last = until_last
        self.reference_column = reference_column

    def _required_columns(self):
        return () if self.reference_column is None else (self.reference_column,)

    def _required_fields(self):
        return ("time", "detected")

    def _check_parameters(self):
        if self.n_before is not None and self.n_before < 0:
            raise ValueError(f"DetectionWindow: n_before={self.n_before} must not be negative")

    def _transform_rows(self, offsets, rows, X):
        time, detected = rows["time"], is_detected(rows)
        if not is_sorted(offsets, time):
            raise ValueError(f"DetectionWindow: field 'time' of {self.column!r} must be sorted")
        first, last = first_and_last(time, offsets, detected)
        trigger = (
            first if self.reference_column is None else X[self.reference_column].to_numpy(float)
        )
        known = ~np.isnan(trigger) & ~np.isnan(first)
        self._warn(X.index[~known & (np.diff(offsets) > 0)])
        lengths = np.diff(offsets)
        keep = np.repeat(known, lengths)
        if self.n_before is not None:
            quiet = (time < np.repeat(trigger, lengths)) & ~detected
            keep &= ~quiet | (_number_from_the_end(quiet, offsets) <= self.n_before)
        if self.until_last:
            keep &= time <= np.repeat(last, lengths)
        return keep_rows(offsets, rows, keep)

    def _warn(self, lost):
        if len(lost):
            trigger = "" if self.reference_column is None else f" or no {self.reference_column!r}"
            warnings.warn(
                f"DetectionWindow: no detection{trigger}, so no observation is kept, for "
                f"{name_objects(lost)}",
                ObjectWarning,
                stacklevel=4,
            )


def _number_from_the_end(mask, offsets):
    """Count the rows where `mask` holds inside each object backwards: 1 is the last one."""
    counted = np.concatenate([[0], np.cumsum(mask)])
    total = segment_count(mask, offsets)
    return np.repeat(counted[offsets[:-1]] + total, np.diff(offsets)) - counted[1:] + 1

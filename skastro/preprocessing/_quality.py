"""Mark light curves that cannot be classified, with the reason."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval

from skastro.base import LightCurveTransformer, is_marked
from skastro.preprocessing._detections import first_and_last
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import (
    row_numbers,
    segment_count,
    segment_first,
    segment_reduce,
    sort_rows,
)

_COUNT = Interval(Integral, 0, None, closed="left")
_NUMBER = Interval(Real, 0, None, closed="left")


class MarkQuality(LightCurveTransformer):
    """Mark the objects that cannot be classified, with the reason in words.

    No objects are dropped.  Feature steps return rows of NaN for marked objects, classifiers leave
    them unclassified, and :class:`skastro.resampling.DropUnusable` leaves them out of the training
    set.

    Parameters
    ----------
    min_observations : int, default=1
        Minimum number of observations.

    min_detections : int, default=0
        Minimum number of detections.  SCONE's paper: 5.

    min_snr : float, default=5
        Signal-to-noise ratio that a detection exceeds where the light curves have no field
        ``detected``.

    min_total_snr : float, default=0
        Minimum root of the sum of squared S/N over the detections.  SCONE's paper: 10.

    min_duration : float, default=0
        Minimum number of days from the first to the last detection.  SCONE's paper: 30.

    max_gap : float, default=inf
        Maximum number of days without an observation before the first detection.  SCONE's
        paper: 50.  An object whose first observation is a detection has no gap.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.  Earlier
        reasons are kept, and the first rule that an object fails is added.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    CleanPhotometry : Drop single observations.

    Notes
    -----
    An object that an earlier step marked and left without observations gets no further reason:
    "no trigger_time" says more than "fewer than 2 observations".

    References
    ----------
    .. [1] Qu, Sako, Möller & Doux 2021, AJ 162, 67 (arXiv:2106.04370).

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import MarkQuality
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [1.0, 2.0], "flux": [9.0, 3.0], "flux_err": [1.0, 1.0]}
    >>> X = NestedFrame({"mwebv": [0.1, 0.2]}).assign(lightcurve=nest([0, 2, 2], rows))
    >>> MarkQuality(min_detections=2).fit_transform(X)["quality"].tolist()
    ['fewer than 2 detections', 'no observations']
    """

    _parameter_constraints = {
        "min_observations": [_COUNT],
        "min_detections": [_COUNT],
        "min_snr": [Real],
        "min_total_snr": [_NUMBER],
        "min_duration": [_NUMBER],
        "max_gap": [Interval(Real, 0, np.inf, closed="both")],
        "quality_column": [str],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        min_observations: int = 1,
        min_detections: int = 0,
        min_snr: float = 5.0,
        min_total_snr: float = 0.0,
        min_duration: float = 0.0,
        max_gap: float = np.inf,
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.min_observations = min_observations
        self.min_detections = min_detections
        self.min_snr = min_snr
        self.min_total_snr = min_total_snr
        self.min_duration = min_duration
        self.max_gap = max_gap
        self.quality_column = quality_column

    def _required_fields(self):
        return ("time", "flux", "flux_err")

    def _faults(self, offsets, rows, X):
        rows = sort_rows(offsets, rows)
        detected = is_detected(rows, self.min_snr)
        first, last = first_and_last(rows["time"], offsets, detected)
        # An earlier step took their observations and gave the reason.
        explained = is_marked(X, self.quality_column) & (np.diff(offsets) == 0)
        few, gap = self.min_observations, _gap_before(rows["time"], offsets, detected)
        faults = {
            "no observations" if few == 1 else f"fewer than {few} observations": (
                np.diff(offsets) < few
            ),
            "no detections"
            if self.min_detections == 1
            else (f"fewer than {self.min_detections} detections"): segment_count(offsets, detected)
            < self.min_detections,
            f"total S/N below {self.min_total_snr:g}": (
                _total_snr(offsets, rows, detected) < self.min_total_snr
            ),
            f"active for less than {self.min_duration:g} days": (
                np.nan_to_num(last - first) < self.min_duration
            ),
            f"more than {self.max_gap:g} days without observation before the first detection": (
                gap > self.max_gap
            ),
        }
        return {reason: mask & ~explained for reason, mask in faults.items()}


def _total_snr(offsets, rows, detected):
    with np.errstate(divide="ignore", invalid="ignore"):
        snr = rows["flux"] / rows["flux_err"]
    return np.sqrt(segment_reduce(offsets, np.where(detected, snr, 0.0) ** 2, np.add, 0.0))


def _gap_before(time, offsets, detected):
    """Days between the first detection and the observation before it; 0 where there is none."""
    gaps = np.diff(time, prepend=time[:1])
    gaps = np.where(row_numbers(offsets) == 0, 0.0, gaps)
    return segment_first(offsets, gaps, detected, empty=0.0)

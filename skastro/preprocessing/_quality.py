"""Mark objects that cannot be classified, and say why."""

import numpy as np

from skastro.base import LightCurveTransformer
from skastro.preprocessing._detections import first_and_last
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import (
    row_numbers,
    segment_count,
    segment_first,
    segment_reduce,
    sort_rows,
)


class MarkQuality(LightCurveTransformer):
    """Mark the objects that cannot be classified with a reason in words.

    No object is dropped: a static text column holds "" for a usable object and the first reason
    against it otherwise.  Feature steps give marked objects rows of NaN, classifiers answer them
    with NaN probabilities, and :class:`skastro.resampling.DropUnusable` leaves them out of the
    training.

    Parameters
    ----------
    min_observations : int, default=1
        Least number of observations.

    min_detections : int, default=0
        Least number of detections.  SCONE's paper: 5.

    min_snr : float, default=5
        Signal-to-noise ratio that a detection exceeds where the light curves have no field
        ``detected``.

    min_total_snr : float, default=0
        Least root of the sum of squared S/N over the detections.  SCONE's paper: 10.

    min_duration : float, default=0
        Least number of days from the first to the last detection.  SCONE's paper: 30.

    max_gap : float, default=inf
        Largest number of days without observation before the first detection.  SCONE's
        paper: 50.  An object whose very first observation is a detection has no gap.

    quality_column : str, default="quality"
        Static column to write.

    column : str, default="lightcurve"
        Nested column with the light curves.

    See Also
    --------
    CleanPhotometry : Drop single observations.

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
    ['fewer than 2 detections', 'fewer than 1 observations']
    """

    def __init__(
        self,
        *,
        min_observations=1,
        min_detections=0,
        min_snr=5.0,
        min_total_snr=0.0,
        min_duration=0.0,
        max_gap=np.inf,
        quality_column="quality",
        column="lightcurve",
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

    def _described_columns(self):
        return (self.quality_column,)

    def _describe_objects(self, offsets, rows, X):
        faults = self._faults(offsets, sort_rows(offsets, rows))
        return {
            self.quality_column: np.select(list(faults.values()), list(faults), default="").astype(
                object
            )
        }

    def _faults(self, offsets, rows):
        """Return {reason: mask of objects}, the most basic reason first."""
        with np.errstate(divide="ignore", invalid="ignore"):
            snr = rows["flux"] / rows["flux_err"]
        detected = is_detected(rows, self.min_snr)
        total = np.sqrt(segment_reduce(np.add, np.where(detected, snr, 0.0) ** 2, offsets, 0.0))
        first, last = first_and_last(rows["time"], offsets, detected)
        duration = np.nan_to_num(last - first)
        return {
            f"fewer than {self.min_observations} observations": np.diff(offsets)
            < self.min_observations,
            f"fewer than {self.min_detections} detections": segment_count(detected, offsets)
            < self.min_detections,
            f"total S/N below {self.min_total_snr:g}": total < self.min_total_snr,
            f"active for less than {self.min_duration:g} days": duration < self.min_duration,
            f"more than {self.max_gap:g} days without observation before the first detection": (
                _gap_before(rows["time"], offsets, detected) > self.max_gap
            ),
        }


def _gap_before(time, offsets, detected):
    """Days between the first detection and the observation before it; 0 where there is none."""
    gaps = np.diff(time, prepend=time[:1])
    gaps = np.where(row_numbers(offsets) == 0, 0.0, gaps)
    return segment_first(gaps, offsets, detected, empty=0.0)

"""When an object was first seen for certain."""

import numpy as np

from skastro.base import LightCurveTransformer
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import is_sorted, segment_first


class TriggerTime(LightCurveTransformer):
    """Add the trigger time: the first detection well after the very first one.

    The trigger is the first detection more than `min_separation` days after the first detection
    of the object [1]_, so that two exposures of one night do not count twice.

    Parameters
    ----------
    min_snr : float, default=5
        Signal-to-noise ratio that a detection exceeds where the light curves have no field
        ``detected``.

    min_separation : float, default=1
        Days that the trigger comes after the first detection at least; exceeded.

    name : str, default="trigger_time"
        Static column to write; an existing one is replaced.  NaN for an object that never
        triggered.

    column : str, default="lightcurve"
        Nested column with the light curves, sorted by time.

    See Also
    --------
    FirstDetection : The very first detection.
    Window : Cut the light curves around the trigger.

    References
    ----------
    .. [1] Qu & Sako 2022, AJ 163, 57, section 2 (arXiv:2111.05539).

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import TriggerTime
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [10.0, 10.1, 14.0], "flux": [9.0, 9.0, 8.0], "flux_err": [1.0, 1.0, 1.0]}
    >>> X = NestedFrame({"mwebv": [0.1]}).assign(lightcurve=nest([0, 3], rows))
    >>> TriggerTime().fit_transform(X)["trigger_time"].tolist()
    [14.0]
    """

    def __init__(
        self, *, min_snr=5.0, min_separation=1.0, name="trigger_time", column="lightcurve"
    ):
        super().__init__(column=column)
        self.min_snr = min_snr
        self.min_separation = min_separation
        self.name = name

    def _required_fields(self):
        return ("time", "flux", "flux_err")

    def _described_columns(self):
        return (self.name,)

    def _describe_objects(self, offsets, rows, X):
        if not is_sorted(offsets, rows["time"]):
            raise ValueError(f"TriggerTime: field 'time' of {self.column!r} must be sorted")
        detected = is_detected(rows, self.min_snr)
        first = segment_first(rows["time"], offsets, detected)
        later = rows["time"] > np.repeat(first, np.diff(offsets)) + self.min_separation
        return {self.name: segment_first(rows["time"], offsets, detected & later)}

"""The date at which an object was confirmed."""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from skastro.base import LightCurveTransformer
from skastro.preprocessing._detections import first_and_last
from skastro.utils.photometry import is_detected


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
        Number of days after the first detection that the trigger must exceed.

    name : str, default="trigger_time"
        Static column to write; an existing one is replaced.  NaN for an object that never
        triggered.

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

    _parameter_constraints = {
        "min_snr": [Real],
        "min_separation": [Interval(Real, 0, None, closed="left")],
        "name": [str],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        min_snr: float = 5.0,
        min_separation: float = 1.0,
        name: str = "trigger_time",
        column: str = "lightcurve",
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
        time, detected = rows["time"], is_detected(rows, self.min_snr)
        first, _ = first_and_last(time, offsets, detected)
        later = time > np.repeat(first, np.diff(offsets)) + self.min_separation
        return {self.name: first_and_last(time, offsets, detected & later)[0]}

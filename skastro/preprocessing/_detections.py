"""Which observations are detections, and when the first one was."""

import numpy as np

from skastro.base import LightCurveTransformer
from skastro.preprocessing._flags import flag_bits, has_bits
from skastro.surveys import get_survey
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import segment_reduce

_FIELDS = {"detected": ("detected",), "photflag": ("photflag",), "snr": ("flux", "flux_err")}


class MarkDetections(LightCurveTransformer):
    """Give every observation the flag ``detected``, by its PHOTFLAG or by its S/N.

    Parameters
    ----------
    by : {"auto", "photflag", "snr"}, default="auto"
        ``"photflag"``: the detection bit of the survey.  ``"snr"``: S/N above `min_snr`.
        ``"auto"`` leaves a field ``detected`` as it is; without one it takes PHOTFLAG if the
        light curves have it and the survey defines a detection bit, and S/N otherwise.  What it
        found in `fit` holds for `transform`.

    survey : str or Survey, default="LSST"
        Defines the PHOTFLAG bit of a detection.

    min_snr : float, default=5
        Signal-to-noise ratio that a detection exceeds.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    by_ : {"detected", "photflag", "snr"}
        The rule in use.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    DetectionWindow : Cut light curves by their detections.
    FirstDetection : Time of the first detection.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import MarkDetections
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"photflag": [0, 4096, 6144, 1024]}
    >>> X = NestedFrame({"mwebv": [0.1]}).assign(lightcurve=nest([0, 4], rows))
    >>> flatten(MarkDetections().fit_transform(X)["lightcurve"])[1]["detected"].tolist()
    [False, True, True, False]
    """

    def __init__(self, by="auto", *, survey="LSST", min_snr=5.0, column="lightcurve"):
        super().__init__(column=column)
        self.by = by
        self.survey = survey
        self.min_snr = min_snr

    def _learn(self, X):
        rule = self._automatic(X) if self.by == "auto" else self.by
        self._check_rule(rule, X[self.column].dtype.column_dtypes)
        self.by_ = rule

    def _automatic(self, X):
        fields = X[self.column].dtype.column_dtypes
        if "detected" in fields:
            return "detected"
        defined = "detection" in get_survey(self.survey).photflag
        return "photflag" if "photflag" in fields and defined else "snr"

    def _check_parameters(self):
        if self.by not in ("auto", "photflag", "snr"):
            raise ValueError(f"MarkDetections: by={self.by!r} is not 'auto', 'photflag' or 'snr'")
        if self.by == "photflag":
            flag_bits("detection", self.survey, "MarkDetections")

    def _check_rule(self, rule, fields):
        missing = [name for name in _FIELDS[rule] if name not in fields]
        if missing:
            raise ValueError(
                f"MarkDetections by {rule!r}: column {self.column!r} has no field "
                f"{missing[0]!r}, only {list(fields)}"
            )

    def _transform_rows(self, offsets, rows, X):
        self._check_rule(self.by_, rows)
        if self.by_ == "detected":
            return offsets, rows
        if self.by_ == "photflag":
            bits = flag_bits("detection", self.survey, "MarkDetections")
            return offsets, {**rows, "detected": has_bits(rows["photflag"], bits)}
        measured = {name: rows[name] for name in _FIELDS["snr"]}
        return offsets, {**rows, "detected": is_detected(measured, self.min_snr)}


class FirstDetection(LightCurveTransformer):
    """Add the time of the first detection of each object.

    Parameters
    ----------
    name : str, default="first_detection"
        Static column to write; an existing one is replaced.  NaN for an object without
        detection.

    column : str, default="lightcurve"
        Nested column with the light curves, with the field ``detected``.

    See Also
    --------
    MarkDetections : Adds the field ``detected``.
    TriggerTime : A detection that confirms the first one, on a later night.
    Window : Takes the column as its `reference_column`, to cut each object some days after it.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import FirstDetection
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [10.0, 14.0, 20.0], "detected": [False, True, True]}
    >>> X = NestedFrame({"mwebv": [0.1]}).assign(lightcurve=nest([0, 3], rows))
    >>> FirstDetection().fit_transform(X)["first_detection"].tolist()
    [14.0]
    """

    def __init__(self, *, name="first_detection", column="lightcurve"):
        super().__init__(column=column)
        self.name = name

    def _required_fields(self):
        return ("time", "detected")

    def _described_columns(self):
        return (self.name,)

    def _describe_objects(self, offsets, rows, X):
        return {self.name: first_and_last(rows["time"], offsets, is_detected(rows))[0]}


def first_and_last(time, offsets, detected):
    """Return the times of the first and the last detection, NaN without any.

    The rows need not be sorted.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.preprocessing._detections import first_and_last
    >>> time, detected = np.array([3.0, 1.0, 2.0, 7.0]), np.array([True, False, True, False])
    >>> [times.tolist() for times in first_and_last(time, [0, 3, 4], detected)]
    [[2.0, nan], [3.0, nan]]
    """
    time = np.where(detected, np.asarray(time, float), np.nan)
    return segment_reduce(np.fmin, time, offsets), segment_reduce(np.fmax, time, offsets)

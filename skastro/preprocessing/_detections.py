"""Which observations are detections, and when the first one was."""

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import StrOptions

from skastro.base import LightCurveTransformer
from skastro.preprocessing._flags import flag_bits, has_bits
from skastro.surveys import Survey, get_survey
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import segment_reduce

_FIELDS = {"detected": ("detected",), "photflag": ("photflag",), "snr": ("flux", "flux_err")}


class MarkDetections(LightCurveTransformer):
    """Add the field ``detected`` to every observation, by its PHOTFLAG or by its S/N.

    Parameters
    ----------
    by : {"auto", "photflag", "snr"}, default="auto"
        ``"photflag"``: the detection bit of the survey.  ``"snr"``: S/N above `min_snr`.
        ``"auto"`` keeps a field ``detected``; without one it takes PHOTFLAG if the light curves
        have it and the survey defines a detection bit, and S/N otherwise.  It looks at the fields
        of each `X`, so that a model trained on one survey reads the light curves of another.

    survey : str or Survey, default="LSST"
        Survey that defines the bands and the PHOTFLAG bits.

    min_snr : float, default=5
        Signal-to-noise ratio that a detection exceeds.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    by_ : {"detected", "photflag", "snr"}
        The rule that applied in `fit`.

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

    _parameter_constraints = {
        "by": [StrOptions({"auto", "photflag", "snr"})],
        "survey": [str, Survey],
        "min_snr": [Real],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        by: str = "auto",
        *,
        survey: str | Survey = "LSST",
        min_snr: float = 5.0,
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.by = by
        self.survey = survey
        self.min_snr = min_snr

    def _learn(self, X):
        self.by_ = self._rule(X[self.column].dtype.column_dtypes)

    def _rule(self, fields):
        """Return the rule that applies, after checking that its fields exist."""
        rule = self._automatic(fields) if self.by == "auto" else self.by
        missing = [name for name in _FIELDS[rule] if name not in fields]
        if missing:
            raise ValueError(
                f"MarkDetections by {rule!r}: column {self.column!r} has no field "
                f"{missing[0]!r}, only {list(fields)}"
            )
        return rule

    def _automatic(self, fields):
        if "detected" in fields:
            return "detected"
        defined = "detection" in get_survey(self.survey).photflag
        return "photflag" if "photflag" in fields and defined else "snr"

    def _check_parameters(self):
        if self.by == "photflag":
            flag_bits("detection", self.survey, "MarkDetections")

    def _transform_rows(self, offsets, rows, X):
        # Not `by_`: a model trained on PHOTFLAG reads alerts with `detected`.
        rule = self._rule(rows)
        if rule == "detected":
            return offsets, rows
        if rule == "photflag":
            bits = flag_bits("detection", self.survey, "MarkDetections")
            return offsets, {**rows, "detected": has_bits(rows["photflag"], bits)}
        measured = {name: rows[name] for name in _FIELDS["snr"]}
        return offsets, {**rows, "detected": is_detected(measured, self.min_snr)}


class FirstDetection(LightCurveTransformer):
    """Add the time of the first detection of each object.

    Parameters
    ----------
    name : str, default="first_detection"
        Static column to write; an existing one is replaced.  NaN for an object without a
        detection.

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

    _parameter_constraints = {"name": [str], **LightCurveTransformer._parameter_constraints}

    def __init__(self, *, name: str = "first_detection", column: str = "lightcurve"):
        super().__init__(column=column)
        self.name = name

    def _required_fields(self):
        return ("time", "detected")

    def _described_columns(self):
        return (self.name,)

    def _describe_objects(self, offsets, rows, X):
        return {self.name: first_and_last(rows["time"], offsets, is_detected(rows))[0]}


def first_and_last(
    time: ArrayLike, offsets: ArrayLike, detected: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the times of the first and the last detection, NaN where there is none.

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
    return segment_reduce(offsets, time, np.fmin), segment_reduce(offsets, time, np.fmax)

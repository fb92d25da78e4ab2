"""Preparation of light curves that ORACLE and the transformers share."""

from collections.abc import Sequence

from skastro.preprocessing import (
    CleanPhotometry,
    CompareWithTraining,
    DetectionWindow,
    FirstDetection,
    MarkDetections,
    ReplaceMissing,
    SelectBands,
)
from skastro.surveys import Survey

STATIC_COLUMNS = ("redshift", "redshift_err", "mwebv")
"""Static columns of the schema; ELAsTiCC's host columns are added by name."""


def detection_steps(
    survey: str | Survey,
    *,
    static: Sequence[str],
    reject: str | int | Sequence[str] | None,
    detections_only: bool = False,
) -> list[tuple]:
    """Return steps that clean light curves and date them by their first detection.

    Examples
    --------
    >>> from skastro.recipes._light_curves import detection_steps
    >>> [name for name, _ in detection_steps("ZTF", static=(), reject="auto")]
    ['clean', 'bands', 'detections', 'first_detection', 'compare']
    """
    return [
        ("clean", CleanPhotometry(reject=reject, survey=survey)),
        ("bands", SelectBands(survey=survey)),
        ("detections", MarkDetections(survey=survey)),
        ("first_detection", FirstDetection()),
        *([("window", DetectionWindow())] if detections_only else []),
        *([("missing", ReplaceMissing(list(static)))] if static else []),
        ("compare", CompareWithTraining(survey=survey)),
    ]

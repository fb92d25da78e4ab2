"""Detections: the flags of the survey come first, and every step calls the same function."""

import numpy as np
import pytest
from nested_pandas import NestedFrame

from skastro.feature_extraction import LightCurveChannels, LightCurveStatistics
from skastro.preprocessing import (
    DetectionWindow,
    FirstDetection,
    MarkDetections,
    MarkQuality,
    TriggerTime,
)
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import flatten, nest

ROWS = {
    "time": np.array([1.0, 3.0, 5.0, 7.0]),
    "band": np.array(["g", "g", "r", "r"]),
    "flux": np.array([50.0, 4.0, 4.0, 5.0]),
    "flux_err": np.ones(4),
}
FLAGGED = {**ROWS, "detected": np.array([False, True, False, True])}


def frame(rows):
    return NestedFrame({"z": [0.1]}).assign(lightcurve=nest([0, 4], rows))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (np.array([True, False]), [True, False]),
        (np.array([1, 0], np.int8), [True, False]),
        (np.array([1.0, np.nan]), [True, False]),
    ],
)
def test_flags_of_the_survey_come_before_the_signal_to_noise_ratio(flags, expected):
    rows = {"flux": np.array([0.0, 9.0]), "flux_err": np.ones(2), "detected": flags}
    assert is_detected(rows).tolist() == expected


def test_without_flags_the_ratio_must_be_exceeded():
    assert is_detected(ROWS).tolist() == [True, False, False, False]
    assert is_detected(ROWS, min_snr=4.5).tolist() == [True, False, False, True]
    assert is_detected({"flux": [np.nan], "flux_err": [1.0]}).tolist() == [False]


def test_text_is_refused():
    with pytest.raises(ValueError, match="'detected' must hold flags"):
        is_detected({"detected": np.array(["yes", "no"])})


def test_every_step_honours_the_flags():
    X = frame(FLAGGED)
    assert TriggerTime().fit_transform(X)["trigger_time"].tolist() == [7.0]
    assert FirstDetection().fit_transform(X)["first_detection"].tolist() == [3.0]
    assert MarkQuality(min_detections=2).fit_transform(X)["quality"].tolist() == [""]
    kept = flatten(DetectionWindow().fit_transform(X)["lightcurve"])[1]
    assert kept["time"].tolist() == [1.0, 3.0, 5.0, 7.0]
    statistics = LightCurveStatistics().set_output(transform="pandas").fit_transform(X)
    assert statistics["n_detections_all"].tolist() == [2.0]
    options = {"method": "mean", "min_snr": 0.5, "normalization": "none", "channels": ["flux"]}
    grid = LightCurveChannels(6, 2, **options).fit_transform(X)
    assert grid.tolist() == [[4.0, 0.0, 0.0, 0.0, 4.0, 5.0]]
    marked = MarkDetections(by="snr").fit_transform(X)
    assert flatten(marked["lightcurve"])[1]["detected"].tolist() == [True, False, False, False]

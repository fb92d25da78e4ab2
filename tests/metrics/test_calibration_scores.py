"""Measures of calibration and their confidence intervals: values known by hand or by formula."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import accuracy_score

from skastro.metrics import (
    bootstrap_interval,
    calibration_scores,
    classwise_calibration_error,
    expected_calibration_error,
    score_by_phase,
)

CLASSES = np.array(["AGN", "II", "Ia"])


def calibrated(n_objects, seed=0):
    """Return labels sampled from probabilities, and these."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet([1, 1, 1], n_objects)
    return CLASSES[(rng.random(n_objects)[:, None] > proba.cumsum(axis=1)).sum(axis=1)], proba


def test_classwise_error_by_hand():
    proba = [[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [np.nan, np.nan]]
    errors = classwise_calibration_error(["II", "Ia", "Ia", "Ia"], proba, labels=["II", "Ia"])
    # Each object has a bin of its own: the distances are 0.1, 0.7 and 0.2.
    np.testing.assert_allclose(errors, [1 / 3, 1 / 3])
    one = classwise_calibration_error(
        ["II", "Ia", "Ia", "Ia"], proba, labels=["II", "Ia"], n_bins=1
    )
    np.testing.assert_allclose(one, [0.6 - 1 / 3, 2 / 3 - 0.4])


def test_scores_by_hand():
    proba = [[0.9, 0.1], [0.7, 0.3], [np.nan, np.nan]]
    scores = calibration_scores(["II", "Ia", "Ia"], proba, labels=["II", "Ia"], n_bins=1)
    assert scores["n_objects"] == 2
    assert scores["accuracy"] == 0.5
    assert scores["ece"] == pytest.approx(0.3)
    assert scores["classwise_ece"] == pytest.approx(0.3)
    assert scores["brier"] == pytest.approx((2 * 0.01 + 2 * 0.49) / 2)
    assert scores["log_loss"] == pytest.approx(-(np.log(0.9) + np.log(0.3)) / 2)
    # The variance of the accuracy, 0.25 / (2 - 1), exceeds 0.3 squared.
    assert scores["rms_error"] == pytest.approx(-np.sqrt(0.16))
    spread = np.sqrt(2 * (0.09 + 0.21) / np.pi) / 2
    assert scores["ece_of_calibrated"] == pytest.approx(spread)


def test_error_of_calibrated_probabilities_is_the_expected_one():
    scores = pd.DataFrame(
        [calibration_scores(*calibrated(400, seed), labels=CLASSES) for seed in range(30)]
    )
    assert scores["ece"].mean() == pytest.approx(scores["ece_of_calibrated"].mean(), rel=0.1)


@pytest.mark.slow  # repeats a simulation
def test_rms_error_does_not_depend_on_the_number_of_objects():
    def mean(n_objects, power):
        found = []
        for seed in range(20):
            y_true, proba = calibrated(n_objects, seed)
            sharp = proba**power / (proba**power).sum(axis=1, keepdims=True)
            found.append(calibration_scores(y_true, sharp, labels=CLASSES)["rms_error"])
        return np.mean(found)

    assert abs(mean(500, 1)) < 0.015
    assert mean(200, 3) == pytest.approx(mean(2000, 3), rel=0.1)


def test_scores_by_date():
    y_true, proba = calibrated(300)
    both = np.stack([proba, proba**3 / (proba**3).sum(axis=1, keepdims=True)], axis=1)
    metric = partial(calibration_scores, labels=CLASSES)
    table = score_by_phase(y_true, both, [1, 30], metric)
    assert table["ece"]["mean"][30] > 2 * table["ece"]["mean"][1]
    assert table["accuracy"]["mean"].nunique() == 1


@pytest.mark.slow  # repeats a simulation
def test_interval_of_a_share_is_the_normal_one():
    rng = np.random.default_rng(0)
    y_true, y_pred = np.zeros(400), (rng.random(400) < 0.2).astype(int)
    share = (y_pred == 0).mean()
    found = bootstrap_interval(accuracy_score, y_true, y_pred, random_state=0)
    half = norm.ppf(0.975) * np.sqrt(share * (1 - share) / 400)
    assert found["score"] == share
    assert found["low"] == pytest.approx(share - half, abs=0.006)
    assert found["high"] == pytest.approx(share + half, abs=0.006)


@pytest.mark.slow  # repeats a simulation
def test_groups_are_resampled_together():
    rng = np.random.default_rng(0)
    y_pred = np.repeat(rng.random(100) < 0.3, 4).astype(int)
    groups = [f"SN{i // 4}" for i in range(400)]
    options = {"random_state": 0, "n_resamples": 400}
    alone = bootstrap_interval(accuracy_score, np.zeros(400), y_pred, **options)
    together = bootstrap_interval(accuracy_score, np.zeros(400), y_pred, groups=groups, **options)
    width = [found["high"] - found["low"] for found in (alone, together)]
    assert width[1] == pytest.approx(2 * width[0], rel=0.2)  # the square root of 4


@pytest.mark.slow  # repeats a simulation
def test_interval_of_the_calibration_error_of_calibrated_probabilities():
    metric = partial(expected_calibration_error, labels=CLASSES)
    found = bootstrap_interval(metric, *calibrated(300), n_resamples=60, random_state=0)
    assert found["low"] < 0.01
    assert found["low"] <= found["score"]
    frame = pd.DataFrame(calibrated(300)[1], columns=CLASSES)
    named = bootstrap_interval(
        expected_calibration_error,
        calibrated(300)[0],
        frame,
        n_resamples=60,
        random_state=0,
    )
    pd.testing.assert_series_equal(found, named)


def test_what_cannot_be_scored():
    with pytest.raises(ValueError, match="all 1 rows of y_proba hold NaN"):
        calibration_scores(["II"], [[np.nan, np.nan]], labels=["II", "Ia"])
    with pytest.raises(ValueError, match="at least two objects or groups"):
        bootstrap_interval(accuracy_score, [1, 1], [1, 1], groups=["a", "a"])

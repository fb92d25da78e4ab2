"""The evaluation report: scores computed by hand, and why one is missing."""

import json

import numpy as np
import pandas as pd
import pytest

from skastro.inspection import EvaluationReport

CLASSES = ["II", "Ia", "Ib"]
PROBA = np.array([[0.8, 0.2, 0.0], [0.1, 0.6, 0.3], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6]])


def test_scores_are_those_computed_by_hand(tmp_path):
    report = EvaluationReport(["II", "Ia", "Ia", "Ib"], PROBA, CLASSES)
    scores = report.scores_
    assert scores["accuracy"] == 0.75
    assert scores["balanced_accuracy"] == pytest.approx((1 + 0.5 + 1) / 3)
    assert scores["f1_macro"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert scores["roc_auc_macro"] == 1.0
    assert scores["log_loss"] == pytest.approx(-np.log([0.8, 0.6, 0.3, 0.6]).mean())
    assert report.confusion_.loc["Ia"].tolist() == [1, 1, 0]
    assert report.undefined_ == {}
    folder = report.to_folder(tmp_path / "report")
    assert json.loads((folder / "scores.json").read_text()) == pytest.approx(scores)
    assert pd.read_csv(folder / "per_class.csv")["n_objects"].tolist() == [1, 2, 1]
    assert (folder / "evaluation.png").read_bytes()[:4] == b"\x89PNG"


def test_one_class_has_no_roc_curve_and_the_reason_is_given(tmp_path):
    report = EvaluationReport(["Ia"] * 4, PROBA, CLASSES)
    assert np.isnan(report.scores_["roc_auc_macro"])
    assert "all scored objects are 'Ia'" in report.undefined_["roc_auc_macro"]
    written = json.loads((report.to_folder(tmp_path) / "scores.json").read_text())
    assert written["roc_auc_macro"] is None
    assert written["undefined"] == report.undefined_


def test_objects_without_a_prediction_are_counted_and_not_scored():
    proba = np.vstack([PROBA, np.full(3, np.nan)])
    scores = EvaluationReport(["II", "Ia", "Ia", "Ib", "Ib"], proba, CLASSES).scores_
    assert scores["n_objects"] == 5 and scores["n_unclassified"] == 1
    assert scores["accuracy"] == 0.75


@pytest.mark.parametrize(
    "labels, proba, message",
    [
        (["II", "Ia", "KN", "Ib"], PROBA, r"labels \['KN'\] are not classes of the model"),
        (["II"], PROBA, r"the shape \(4, 3\), expected \(1, 3\)"),
        (["II"] * 4, np.full((4, 3), np.nan), "no object has a prediction"),
    ],
)
def test_what_is_wrong_is_told(labels, proba, message):
    with pytest.raises(ValueError, match=message):
        EvaluationReport(labels, proba, CLASSES)

"""Prediction tables with sets, confidence and scores of unknown objects."""

import numpy as np
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

from skastro.calibration import ConformalClassifier, MahalanobisDetector
from skastro.recipes import prediction_table


@pytest.fixture
def parts():
    y = np.resize(["II", "Ia"], 60)
    values = np.random.default_rng(0).normal(size=(60, 2)) + 4 * (y == "Ia")[:, None]
    X = pd.DataFrame(values, columns=["a", "b"], index=[f"SN{i}" for i in range(60)])
    return X, y, GaussianNB().fit(X, y)


def test_columns_are_those_asked_for(parts):
    X, y, model = parts
    sets = ConformalClassifier(FrozenEstimator(model), coverage=0.95).fit(X, y).predict_set(X)
    score = -MahalanobisDetector().fit(X, y).score_samples(X)
    table = prediction_table(model, X, sets=sets, ood_score=score, confidence=True)
    assert list(table) == [
        "prob_II",
        "prob_Ia",
        "label",
        "set",
        "confidence",
        "ood_score",
        "reason",
    ]
    np.testing.assert_allclose(table["confidence"], model.predict_proba(X).max(axis=1))
    np.testing.assert_allclose(table["ood_score"], score)
    assert list(prediction_table(model, X)) == ["prob_II", "prob_Ia", "label", "reason"]


def test_sets_are_written_as_classes(parts):
    X, _, model = parts
    sets = [[True, True], [False, True], [False, False]]
    table = prediction_table(model, X[:3], sets=sets)
    assert table["set"].tolist() == ["II|Ia", "Ia", ""]


def test_rows_must_fit_the_objects(parts):
    X, _, model = parts
    with pytest.raises(ValueError, match="prediction_table: sets has the shape"):
        prediction_table(model, X, sets=[[True, False]])
    with pytest.raises(ValueError, match="prediction_table: ood_score has the shape"):
        prediction_table(model, X, ood_score=[0.5])

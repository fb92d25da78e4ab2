"""Prediction tables with sets, confidence and scores of unknown objects."""

import numpy as np
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

from skastro.calibration import ConformalClassifier, GatedClassifier, MahalanobisDetector
from skastro.datasets import make_light_curves
from skastro.neural_network import MultimodalClassifier
from skastro.preprocessing import MarkQuality
from skastro.recipes import (
    make_anomaly_detector,
    make_gate,
    make_oracle,
    make_oracle_features,
    prediction_table,
)
from skastro.utils.ragged import flatten


@pytest.fixture
def parts():
    y = np.resize(["II", "Ia"], 60)
    values = np.random.default_rng(0).normal(size=(60, 2)) + 4 * (y == "Ia")[:, None]
    X = pd.DataFrame(values, columns=["a", "b"], index=[f"SN{i}" for i in range(60)])
    return X, y, GaussianNB().fit(X, y)


def test_columns_are_those_requested(parts):
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


def test_a_model_of_calibration_brings_its_columns(parts):
    X, y, _ = parts
    network = MultimodalClassifier(inputs={"x": (2,)}, max_epochs=10, random_state=0).fit(X, y)
    gate = GatedClassifier(FrozenEstimator(network), max_rejected=0.1, random_state=0).fit(X, y)
    model = ConformalClassifier(FrozenEstimator(gate), coverage=0.8).fit(X, y)
    X = X[:2].copy()
    X.iloc[1] = [90.0, -90.0]
    with pytest.warns(match="unclassified"):
        table = prediction_table(model, X)
    assert list(table)[2:] == ["label", "set", "confidence", "ood_score", "reason"]
    assert table["label"].tolist()[1] == "unclassified"
    assert table["reason"].tolist() == ["", "unlike the training objects"]
    assert table["set"].tolist()[1] == ""
    np.testing.assert_allclose(table["ood_score"], -gate.score_samples(X))


def test_reasons_of_a_pipeline_inside_a_wrapper():
    X, y = make_light_curves(60, classes=["SNIa", "RRL"], random_state=0)
    oracle = make_oracle(static=(), max_epochs=1, unclassified="prior", random_state=0)
    lengths = np.diff(flatten(X["lightcurve"])[0])
    marking = MarkQuality(min_observations=int(np.median(lengths)))
    oracle.steps.insert(-1, ("quality", marking))
    model = ConformalClassifier(FrozenEstimator(oracle.fit(X, y))).fit(X, y)
    expected = prediction_table(oracle, X)["reason"]
    assert (expected != "").any()
    assert prediction_table(model, X)["reason"].tolist() == expected.tolist()


def test_gate_and_anomaly_detector_of_a_recipe():
    X, y = make_light_curves(120, classes=["SNIa", "RRL"], random_state=0)
    X = make_oracle_features().fit_transform(X)
    oracle = FrozenEstimator(make_oracle(max_epochs=1, random_state=0).fit(X, y))
    gate = make_gate(oracle, days=[5.0, 30.0], unclassified="prior", random_state=0).fit(X, y)
    assert gate.is_known(X).mean() > 0.8
    np.testing.assert_allclose(gate.predict_proba_at(X, [10.0]).sum(axis=-1), 1, atol=1e-5)
    detector = make_anomaly_detector(oracle, n_estimators=10, random_state=0).fit(X, y)
    assert (detector.predict(X) == -1).mean() == pytest.approx(0.05, abs=0.02)

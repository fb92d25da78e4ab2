"""Scores of unknown objects: known answers, and detection in the embedding of a network."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.metrics import roc_auc_score

from skastro.calibration import (
    MahalanobisDetector,
    energy_score,
    mutual_information,
)
from skastro.neural_network import HeatmapCNNClassifier


def two_classes(n_objects=200, seed=0):
    y = np.resize(["II", "Ia"], n_objects)
    Z = np.random.default_rng(seed).normal(size=(n_objects, 3))
    return Z + 6 * (y == "Ia")[:, None], y


def test_energy_by_hand():
    logits = [[np.log(2), np.log(3)], [np.nan, 0.0]]
    np.testing.assert_allclose(energy_score(logits), [-np.log(5), np.nan])
    np.testing.assert_allclose(energy_score(logits, 2.0)[0], -2 * np.log(2**0.5 + 3**0.5))


def test_energy_of_probabilities_says_nothing():
    with pytest.raises(ValueError, match="pass the logits"):
        energy_score([[0.2, 0.8], [np.nan, np.nan]])


def test_mutual_information_by_hand():
    samples = [[[0.9, 0.1], [0.5, 0.5], [np.nan] * 2], [[0.1, 0.9], [0.5, 0.5], [0.3, 0.7]]]
    spread = np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1)
    np.testing.assert_allclose(mutual_information(samples), [spread, 0, np.nan], atol=1e-12)
    with pytest.raises(ValueError, match="mutual_information: samples have the shape"):
        mutual_information([[0.5, 0.5]])


def test_distance_is_that_of_scipy():
    Z, y = two_classes()
    model = MahalanobisDetector().fit(Z, y)
    point = [2.0, 3.0, 1.0]
    expected = min(mahalanobis(point, mean, model.precision_) ** 2 for mean in model.means_)
    assert model.score_samples([point])[0] == pytest.approx(-expected)


def test_between_the_classes_is_unknown():
    Z, y = two_classes()
    detector = MahalanobisDetector()
    detector.fit(Z, y)
    assert (detector.predict(two_classes(seed=1)[0]) == 1).mean() > 0.85
    assert (detector.predict(np.full((5, 3), 3.0) + np.eye(5, 3)) == -1).all()
    assert (detector.predict(Z) == -1).mean() == pytest.approx(0.05, abs=0.02)


def test_rows_with_nan_are_no_training_objects_and_never_known():
    Z, y = two_classes()
    detector = MahalanobisDetector()
    expected = detector.fit(Z[5:], y[5:]).score_samples(Z)
    holes = Z.copy()
    holes[:5, 1] = np.nan
    scores = detector.fit(holes, y).score_samples(holes)
    np.testing.assert_allclose(scores[5:], expected[5:])
    assert np.isnan(scores[:5]).all()
    assert (detector.predict(holes)[:5] == -1).all()
    with pytest.raises(ValueError, match="fewer than two rows without NaN"):
        detector.fit(np.full((3, 2), np.nan))


def test_unknown_objects_in_the_embedding_of_a_network():
    rng = np.random.default_rng(0)
    y = np.resize(["II", "Ia"], 80)
    X = rng.normal(size=(80, 96)) + 2 * (y == "Ia")[:, None]
    network = HeatmapCNNClassifier(image_shape=(1, 8, 12), max_epochs=10, random_state=0)
    Z = network.fit(X, y).transform(X)
    unknown = network.transform(rng.normal(size=(40, 96)) * 8)
    scores = MahalanobisDetector().fit(Z, y).score_samples(np.vstack([Z, unknown]))
    assert roc_auc_score(np.repeat([0, 1], [80, 40]), -scores) > 0.8

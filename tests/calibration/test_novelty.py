"""Scores of unknown objects: known answers, and detection in the embedding of a network."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skastro.calibration import (
    MahalanobisDetector,
    energy_score,
    mutual_information,
    predictive_uncertainty,
)
from skastro.neural_network import (
    DeepEnsembleClassifier,
    HeatmapCNNClassifier,
    MultimodalClassifier,
)
from skastro.nn import HierarchicalCrossEntropy
from skastro.taxonomy import Taxonomy


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


class TestLogitsAndSamples:
    """What networks hand to the scores."""

    @pytest.fixture
    def blobs(self):
        y = np.resize(["AGN", "II", "Ia"], 90)
        centres = 3 * (y[:, None] == np.array(["AGN", "II", "Ia"]))
        X = np.random.default_rng(0).normal(size=(90, 3)) + centres
        X[4] = np.nan
        return X, y

    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_softmax_of_the_logits_are_the_probabilities(self, blobs, n_classes):
        X, y = blobs
        y = y if n_classes == 3 else np.where(y == "Ia", "Ia", "other")
        network = MultimodalClassifier(inputs={"x": (3,)}, max_epochs=5, random_state=0)
        with pytest.warns(match="left out of the training"):
            network.fit(X, y)
        logits = network.predict_logits(X)
        assert logits.shape == (90, n_classes)
        with pytest.warns(match="unclassified"):
            proba = network.predict_proba(X)
        np.testing.assert_allclose(softmax(logits, axis=1), proba, atol=1e-6)
        assert np.isnan(energy_score(logits)).tolist() == (np.arange(90) == 4).tolist()

    def test_logits_of_a_taxonomy_are_those_of_its_nodes(self, blobs):
        X, y = np.delete(blobs[0], 4, axis=0), np.delete(blobs[1], 4)
        loss = HierarchicalCrossEntropy(Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}}))
        network = MultimodalClassifier(inputs={"x": (3,)}, criterion=loss, max_epochs=2)
        assert network.fit(X, y).predict_logits(X).shape == (89, network.n_outputs_)

    def test_one_interface_for_members_and_dropout(self, blobs):
        X, y = np.delete(blobs[0], 4, axis=0), np.delete(blobs[1], 4)
        network = MultimodalClassifier(inputs={"x": (3,)}, max_epochs=5, random_state=0)
        ensemble = DeepEnsembleClassifier(network, n_estimators=3, random_state=0).fit(X, y)
        found = predictive_uncertainty(ensemble, X)
        members = ensemble.predict_proba_members(X)
        np.testing.assert_allclose(found.mean, members.mean(axis=0))
        np.testing.assert_allclose(found.spread, members.std(axis=0))
        np.testing.assert_allclose(found.mutual_information, mutual_information(members))
        assert (found.entropy >= found.mutual_information).all()
        pipeline = make_pipeline(StandardScaler(), network).fit(X, y)
        passes = predictive_uncertainty(pipeline, X, n_samples=7)
        assert passes.samples.shape == (7, 89, 3)
        with pytest.raises(TypeError, match="LogisticRegression has no predict_proba_samples"):
            predictive_uncertainty(LogisticRegression().fit(X, y), X)

"""Weights act as weights: 2 is a repeated row, 0 is no row, and only ratios matter."""

import numpy as np
import pytest
from torch import nn

from skastro.neural_network import HeatmapCNNClassifier


class Perceptron(nn.Module):
    """No dropout and no batch normalisation."""

    def __init__(self, image_shape, n_static, n_outputs):
        super().__init__()
        n_pixels = image_shape[0] * image_shape[1] * image_shape[2]
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(n_pixels, 8), nn.Tanh(), nn.Linear(8, n_outputs)
        )

    def forward(self, image, static=None):
        return self.layers(image)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 6)).astype(np.float32)
    y = np.array(["Ia", "II", "KN"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)]
    return X, y, rng.integers(0, 4, 40)


def probabilities(X_train, y_train, X, weights=None, **parameters):
    options = {"module": Perceptron, "batch_size": "all", "validation": None, "lr": 0.05}
    model = HeatmapCNNClassifier(max_epochs=30, random_state=3, **(options | parameters))
    return model.fit(X_train, y_train, sample_weight=weights).predict_proba(X)


def test_integer_weights_are_repetitions(data):
    X, y, weights = data
    weighted = probabilities(X, y, X, weights)
    repeated = probabilities(np.repeat(X, weights, axis=0), np.repeat(y, weights), X)
    np.testing.assert_allclose(weighted, repeated, atol=2e-5)
    assert np.abs(weighted - probabilities(X, y, X)).max() > 0.01


def test_weight_zero_is_not_a_row_even_in_batches_with_all_layers(data):
    X, y, weights = data
    parameters = {"batch_size": 8, "module": HeatmapCNNClassifier().module, "validation": 0.2}
    weighted = probabilities(X, y, X, (weights > 0).astype(float), **parameters)
    removed = probabilities(X[weights > 0], y[weights > 0], X, **parameters)
    np.testing.assert_array_equal(weighted, removed)


def test_only_ratios_of_weights_matter(data):
    X, y, weights = data
    np.testing.assert_allclose(
        probabilities(X, y, X, weights), probabilities(X, y, X, 1e6 * weights), atol=1e-5
    )


def test_class_weight_is_a_sample_weight(data):
    X, y, _ = data
    by_class = {"Ia": 5.0, "II": 1.0, "KN": 0.5}
    a = probabilities(X, y, X, class_weight=by_class)
    b = probabilities(X, y, X, np.array([by_class[label] for label in y]))
    np.testing.assert_array_equal(a, b)
    counts = {label: (y == label).sum() for label in by_class}
    a = probabilities(X, y, X, class_weight="balanced")
    b = probabilities(X, y, X, np.array([1 / counts[label] for label in y]))
    np.testing.assert_allclose(a, b, atol=1e-5)


def test_balanced_counts_only_the_objects_that_take_part(data):
    X, y, weights = data
    a = probabilities(X, y, X, (weights > 0).astype(float), class_weight="balanced")
    b = probabilities(X[weights > 0], y[weights > 0], X, class_weight="balanced")
    np.testing.assert_array_equal(a, b)


def test_weights_count_in_the_validation_loss(data):
    X, y, _ = data
    model = HeatmapCNNClassifier(max_epochs=2, validation=0.5, random_state=0)
    plain = model.fit(X, y).history_["valid_loss"]
    model.fit(X, y, sample_weight=np.where(y == "KN", 50.0, 1.0))
    assert np.abs(model.history_["valid_loss"] - plain).max() > 1e-3


@pytest.mark.parametrize("weights", [np.full(40, -1.0), np.full(40, np.nan), np.zeros(40)])
def test_impossible_weights_are_refused(data, weights):
    X, y, _ = data
    with pytest.raises(ValueError, match=r"(?i)weight"):
        probabilities(X, y, X, weights)

"""A small network of heat maps and its data, for tests of training."""

import numpy as np
import pytest

from skastro.neural_network import HeatmapCNNClassifier


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(2)
    y = np.repeat(["KN", "SNIa", "TDE"], 40)
    X = rng.normal(size=(120, 2, 4, 8)) + np.repeat([0, 0.5, -0.5], 40)[:, None, None, None]
    return np.moveaxis(X, 1, 3).reshape(120, -1).astype(np.float32), y


@pytest.fixture
def model():
    return HeatmapCNNClassifier(image_shape=(4, 8, 2), max_epochs=4, lr=1e-3, random_state=0)

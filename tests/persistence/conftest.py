"""Rows, labels and a path for model files."""

import numpy as np
import pytest
from sklearn.datasets import make_classification


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(80, 6, n_informative=4, n_classes=3, random_state=0)
    return np.abs(X), np.array(["Ia", "II", "Ib"])[y]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"

"""The kernel machine on random convolutions: its kernel, its inputs and its landmarks."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from skastro.neural_network import ConvolutionKernelClassifier, _convolution_kernel

INPUTS = {"redshift": (1,), "spectrum": (1, 32), "map": (1, 3, 3)}


@pytest.fixture
def data():
    """Noise, but for a redshift that decides the class."""
    X = np.random.default_rng(0).normal(size=(80, 44)).astype(np.float32)
    return X, np.where(X[:, 0] > 0, "SLSN", "Ia")


def test_distances_are_means_over_sequences_and_over_other_inputs(data):
    X, y = data
    model = ConvolutionKernelClassifier(INPUTS, other_weight=0.3, random_state=0).fit(X, y)
    rows = model.pipeline_[0].transform(X)
    # redshift, map, two static columns, and 30 kernels in 4 windows
    sizes = np.split((rows**2).mean(axis=0), [1, 10, 12])
    np.testing.assert_allclose([part.sum() for part in sizes], [0.3, 0.3, 0.3, 1], rtol=1e-4)
    nystroem = model.pipeline_[1].transform(rows)
    np.testing.assert_allclose(nystroem @ nystroem.T, rbf_kernel(rows, gamma=1), atol=1e-4)


def test_an_input_that_is_no_sequence_counts_by_its_weight(data):
    X, y = data
    found = [
        ConvolutionKernelClassifier(INPUTS, other_weight=weight, random_state=0)
        .fit(X[:60], y[:60])
        .score(X[60:], y[60:])
        for weight in (0.0, 1.0)
    ]
    assert found[0] < 0.7 and found[1] > 0.8


def test_a_missing_redshift_is_the_mean_one(data):
    X, y = data
    model = ConvolutionKernelClassifier(INPUTS, random_state=0).fit(X, y)
    missing, mean = X.copy(), X.copy()
    missing[:, 0], mean[:, 0] = np.nan, X[:, 0].mean()
    np.testing.assert_allclose(model.predict_proba(missing), model.predict_proba(mean), atol=1e-6)


def test_few_landmarks_span_fewer_functions(data):
    X, y = data
    model = ConvolutionKernelClassifier(n_landmarks=20, random_state=0).fit(X, y)
    assert model.pipeline_[-1].coef_.shape == (1, 20)


def test_chunks_do_not_matter(data, monkeypatch):
    X, y = data
    whole = ConvolutionKernelClassifier(INPUTS, random_state=0).fit(X, y)
    monkeypatch.setattr(_convolution_kernel, "_CHUNK", 7)
    parts = ConvolutionKernelClassifier(INPUTS, random_state=0).fit(X, y)
    np.testing.assert_allclose(parts.predict_proba(X), whole.predict_proba(X), atol=1e-4)


def test_a_sample_defines_the_features_of_a_large_training_set(data, monkeypatch):
    X, y = data
    monkeypatch.setattr(_convolution_kernel, "_LARGEST_SAMPLE", 50)
    model = ConvolutionKernelClassifier(INPUTS, other_weight=1.0, random_state=0).fit(X, y)
    assert model.pipeline_[-1].coef_.shape == (1, 50)
    assert model.score(X, y) > 0.8


def test_too_few_columns_are_refused(data):
    X, y = data
    with pytest.raises(ValueError, match="are 42 columns; X has 40"):
        ConvolutionKernelClassifier(INPUTS).fit(X[:, :40], y)

"""Random convolutions against numpy.convolve."""

import numpy as np
import pytest

from skastro.feature_extraction import RandomConvolutions


def test_features_are_means_of_the_positive_part_of_convolutions():
    X = np.random.default_rng(0).normal(size=(3, 20))
    step = RandomConvolutions(n_kernels=4, kernel_size=5, dilations=[2], window=8, random_state=0)
    features = step.fit_transform(X).reshape(3, 4, 3)
    for i, k in np.ndindex(3, 4):
        kernel = np.zeros(9)
        kernel[::2] = step.kernels_["x"][0, k]
        whole = np.maximum(np.convolve(X[i], kernel[::-1], mode="same"), 0)
        expected = [whole[:8].mean(), whole[8:16].mean(), whole[16:].mean()]
        np.testing.assert_allclose(features[i, k], expected, atol=1e-6)
    np.testing.assert_allclose(step.kernels_["x"].sum(axis=2), 0, atol=1e-6)


def test_sequences_are_convolved_and_other_columns_kept():
    X = np.arange(30.0).reshape(2, 15)
    X[0, :8] = np.nan
    inputs = {"curve": (2, 4), "numbers": (3,)}
    step = RandomConvolutions(inputs, n_kernels=2, window=2, random_state=0).fit(X)
    features = step.transform(X)
    assert features.shape == (2, 2 * 2 * 2 + 3 + 4)
    np.testing.assert_array_equal(features[:, 8:], X[:, 8:])
    assert (features[0, :8] == 0).all()
    names = step.get_feature_names_out()
    assert names[[0, 8, 11]].tolist() == ["curve_0_kernel0_window0", "numbers_0", "static_0"]


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match="inputs=.* are 8 columns; X has 5"):
        RandomConvolutions({"curve": (2, 4)}).fit(np.zeros((2, 5)))
    with pytest.raises(ValueError, match="dilations=.* must be positive"):
        RandomConvolutions(dilations=[0]).fit(np.zeros((2, 5)))

"""Orientations and shifts of stamps, and the sampler that adds them."""

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import make_pipeline
from sklearn.ensemble import RandomForestClassifier

from skastro.augmentation import orient_stamps, shift_stamps
from skastro.nn import orient
from skastro.resampling import StampAugmentSampler

SHAPE = (5, 5, 2)


def rows(n=12, shape=SHAPE):
    return np.random.default_rng(0).normal(size=(n, int(np.prod(shape)))), np.arange(n) % 2


@pytest.mark.parametrize("number", range(8))
def test_orientations_are_those_of_the_networks(number):
    images = np.random.default_rng(1).normal(size=(3, 5, 5, 2))
    found = orient_stamps(images, np.full(3, number))
    expected = orient(torch.from_numpy(images).permute(0, 3, 1, 2), number).permute(0, 2, 3, 1)
    np.testing.assert_array_equal(found, expected.numpy())


def test_shifts_move_down_and_right():
    image = np.zeros((1, 5, 5, 1))
    image[0, 2, 2] = 1
    assert np.argwhere(shift_stamps(image, [1], [-2])[0, ..., 0]).tolist() == [[3, 0]]


def test_quarter_turns_need_squares():
    with pytest.raises(ValueError, match="cannot be rotated"):
        orient_stamps(np.zeros((1, 3, 4, 1)), [1])
    with pytest.raises(ValueError, match="0 to 7"):
        orient_stamps(np.zeros((1, 3, 3, 1)), [8])


def test_the_originals_come_first_and_copies_keep_their_label():
    X, y = rows()
    sampler = StampAugmentSampler(3, image_shape=SHAPE, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_new[:12], X)
    np.testing.assert_array_equal(y_new, y[sampler.sample_indices_])
    assert len(X_new) == 48


def test_without_shift_copies_are_permutations_in_all_orientations():
    X, y = rows()
    sampler = StampAugmentSampler(7, image_shape=SHAPE, max_shift=0, random_state=0)
    X_new, _ = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(
        np.sort(X_new.reshape(8, 12, -1)), np.broadcast_to(np.sort(X), (8, *X.shape))
    )
    assert len(np.unique(X_new, axis=0)) == 96
    first = sampler.orientations_[sampler.sample_indices_ == 0]
    assert sorted(first) == list(range(8))


def test_static_columns_are_copied():
    X, y = rows()
    table = np.column_stack([X, np.arange(12.0)])
    X_new, _ = StampAugmentSampler(2, image_shape=SHAPE, random_state=0).fit_resample(table, y)
    np.testing.assert_array_equal(X_new[:, -1], np.tile(np.arange(12), 3))


def test_frames_stay_frames():
    X, y = rows()
    frame = pd.DataFrame(X, index=[f"c{i}" for i in range(12)])
    X_new, _ = StampAugmentSampler(1, image_shape=SHAPE, random_state=0).fit_resample(frame, y)
    assert X_new.index.tolist() == 2 * frame.index.tolist()


def test_a_forest_learns_a_direction_it_never_saw():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(60, 5, 5, 1))
    y = np.arange(60) % 2
    images[y == 1, :2] += 3
    X = images.reshape(60, -1)
    turned = np.rot90(images, 2, axes=(1, 2)).reshape(60, -1)
    sampler = StampAugmentSampler(image_shape=(5, 5, 1), max_shift=0, random_state=0)
    forest = RandomForestClassifier(50, random_state=0)
    with_turns = make_pipeline(sampler, forest).fit(X, y).score(turned, y)
    assert with_turns > 0.95 > forest.fit(X, y).score(turned, y)


def test_a_shape_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="does not match"):
        StampAugmentSampler().fit_resample(*rows())


def test_lists_are_arrays():
    X, y = rows()
    sampler = StampAugmentSampler(image_shape=SHAPE, random_state=0)
    expected, _ = sampler.fit_resample(X, y)
    found, labels = sampler.fit_resample(X.tolist(), y.tolist())
    np.testing.assert_array_equal(found, expected)
    assert isinstance(labels, list) and len(labels) == 96


def test_the_same_seed_gives_the_same_copies():
    X, y = rows()
    sampler = StampAugmentSampler(image_shape=SHAPE, random_state=0)
    np.testing.assert_array_equal(sampler.fit_resample(X, y)[0], sampler.fit_resample(X, y)[0])

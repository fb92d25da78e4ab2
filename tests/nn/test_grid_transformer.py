"""Transformer over a grid: masks, time, and its place under a classifier of dense rows."""

import numpy as np
import pytest
import torch

from skastro.datasets import make_bazin
from skastro.feature_extraction import LightCurveChannels
from skastro.neural_network import HeatmapCNNClassifier
from skastro.nn import GridTransformerNet

SHAPE = (3, 20, 2)


def grid(n=4, seed=0):
    rng = np.random.default_rng(seed)
    seen = rng.random((n, 3, 20)) < 0.3
    flux = rng.normal(size=(n, 3, 20)) * seen
    return torch.from_numpy(np.stack([flux, seen], axis=3)).float()


@pytest.fixture
def network():
    torch.manual_seed(0)
    return GridTransformerNet(SHAPE, n_outputs=3, dropout=0.0).eval()


def test_empty_steps_at_the_end_have_no_effect(network):
    image = grid()
    longer = torch.cat([image, torch.zeros(4, 3, 7, 2)], dim=2)
    torch.testing.assert_close(network(longer), network(image), atol=1e-6, rtol=0)


def test_a_masked_step_has_no_effect(network):
    image = grid()
    image[:, :, 8] = 0
    changed = image.clone()
    changed[:, :, 8, 0] = 99.0
    torch.testing.assert_close(network(changed), network(image), atol=1e-6, rtol=0)


def test_the_mask_of_the_first_filter_ignores_the_others():
    torch.manual_seed(0)
    first = GridTransformerNet(SHAPE, seen="first", dropout=0.0).eval()
    image = grid()
    image[:, 0, 5] = 0
    image[:, 1, 5] = 1
    changed = image.clone()
    changed[:, 1, 5, 0] = 50
    torch.testing.assert_close(first(changed), first(image), atol=1e-6, rtol=0)
    any_filter = GridTransformerNet(SHAPE, dropout=0.0).eval()
    assert (any_filter(changed) - any_filter(image)).abs().max() > 1e-4


def test_the_date_has_an_effect(network):
    image = torch.zeros(2, 3, 20, 2)
    image[0, 0, 2], image[1, 0, 15] = 1, 1
    found = network(image)
    assert (found[0] - found[1]).abs().max() > 1e-4


def test_an_object_without_observations_has_finite_logits(network):
    assert torch.isfinite(network(torch.zeros(1, 3, 20, 2))).all()


def test_unknown_masks_are_refused():
    with pytest.raises(ValueError, match="seen"):
        GridTransformerNet(SHAPE, seen="last")


@pytest.mark.slow
def test_learns_the_toy_classes_from_channels():
    X, y = make_bazin(300, random_state=0)
    features = LightCurveChannels(
        stop=102, step=3, method="mean", channels=("flux", "mask"), channels_last=True
    )
    rows = features.fit_transform(X)
    model = HeatmapCNNClassifier(
        image_shape=features.output_shape_,
        module=GridTransformerNet,
        max_epochs=12,
        random_state=0,
    )
    assert model.fit(rows[:220], y[:220]).score(rows[220:], y[220:]) > 0.7

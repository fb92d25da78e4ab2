"""SCONE's network against its recipe and against an independent construction."""

import numpy as np
import pytest
import torch
from torch import nn

from skastro.nn import SconeCNN, WideConv
from skastro.nn._image import BatchNorm


def keras_count(network):
    """Keras counts the moving statistics among the parameters, and no batch counter."""
    return sum(v.numel() for k, v in network.state_dict().items() if "num_batches" not in k)


def recipe_count(height, width, channels, n_static, n_outputs):
    def conv(n_in, rows):
        return n_in * rows * 3 * rows + rows + 4

    half = height // 2
    flat = (height // 4) * (width // 4) + n_static
    convolutions = conv(channels, height) + conv(1, height) + 2 * conv(1, half)
    return convolutions + flat * 32 + 32 + 32 * n_outputs + n_outputs


def test_published_number_of_parameters():
    network = SconeCNN((32, 180, 2))
    assert keras_count(network) == 22449
    assert sum(p.numel() for p in network.parameters()) == 22449 - 8


@pytest.mark.parametrize("case", [((32, 180, 2), 0, 6), ((16, 40, 1), 2, 1), ((8, 20, 3), 4, 13)])
def test_number_of_parameters_follows_the_recipe(case):
    shape, n_static, n_outputs = case
    network = SconeCNN(shape, n_static, n_outputs)
    assert keras_count(network) == recipe_count(*shape, n_static, n_outputs)


def reference_forward(network, x, static):
    """Evaluate the published recipe: padding, two-dimensional convolution, transposition, norm."""
    state = network.state_dict()

    def block(x, i):
        channels, height = x.shape[1], x.shape[2]
        weight = state[f"image.{i}.conv.weight"].reshape(height, channels, height, 3)
        rows = nn.functional.conv2d(
            nn.functional.pad(x, (1, 1)), weight, state[f"image.{i}.conv.bias"]
        )
        image = nn.functional.elu(rows).permute(0, 2, 1, 3)
        mean, var = state[f"image.{i}.norm.running_mean"], state[f"image.{i}.norm.running_var"]
        scale, shift = state[f"image.{i}.norm.weight"], state[f"image.{i}.norm.bias"]
        return (image - mean) / torch.sqrt(var + 1e-3) * scale + shift

    x = x.permute(0, 3, 1, 2)
    x = nn.functional.max_pool2d(block(block(x, 0), 1), 2)
    x = nn.functional.max_pool2d(block(block(x, 3), 4), 2)
    x = torch.cat([x.flatten(1), static], 1)
    x = torch.relu(x @ state["head.0.weight"].T + state["head.0.bias"])
    return x @ state["output.weight"].T + state["output.bias"]


def test_forward_equals_the_recipe_with_two_dimensional_convolutions():
    torch.manual_seed(0)
    network = SconeCNN((8, 12, 2), n_static=3, n_outputs=4).double()
    x, static = torch.randn(5, 8, 12, 2).double(), torch.randn(5, 3).double()
    for _ in range(3):
        network(x, static)
    network.eval()
    torch.testing.assert_close(network(x, static), reference_forward(network, x, static))


@pytest.mark.parametrize("height", [1, 2, 3, 5, 32])
@pytest.mark.parametrize("width", [1, 2, 7])
def test_every_image_size_is_accepted(height, width):
    network = SconeCNN((height, width, 2), n_static=1, n_outputs=3)
    for training in (True, False):
        network.train(training)
        for n in (1, 4):
            out = network(torch.randn(n, height, width, 2), torch.randn(n, 1))
            assert out.shape == (n, 3)
            assert torch.isfinite(out).all()


def test_every_pixel_and_static_feature_has_an_effect():
    network = SconeCNN((5, 7, 2), n_static=2).eval()
    x = torch.randn(1, 5, 7, 2, requires_grad=True)
    static = torch.randn(1, 2, requires_grad=True)
    gradients = [torch.zeros_like(x), torch.zeros_like(static)]
    for _ in range(20):
        network(torch.randn_like(x) + x, static + torch.randn_like(static)).sum().backward()
    gradients = x.grad, static.grad
    assert all((g != 0).all() for g in gradients)


def test_initial_weights_have_the_glorot_bound_of_the_two_dimensional_kernel():
    torch.manual_seed(0)
    weight = WideConv(2, 32).conv.weight.detach().numpy()
    bound = np.sqrt(6 / (32 * 3 * 2 + 32 * 3 * 32))
    assert 0.98 * bound < np.abs(weight).max() <= bound


def test_batch_norm_is_that_of_torch_except_for_single_values():
    x = torch.randn(4, 1, 3, 3)
    ours, theirs = BatchNorm(1), nn.BatchNorm2d(1)
    torch.testing.assert_close(ours(x), theirs(x))
    single = torch.full((1, 1, 1, 1), 3.0)
    with pytest.raises(ValueError, match="more than 1 value"):
        theirs(single)
    assert torch.isfinite(ours(single)).all()
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)

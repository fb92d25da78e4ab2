"""Stamp networks: numbers of weights, symmetries, normalisation."""

import itertools

import numpy as np
import pytest
import torch

from skastro.nn import (
    ComplexStampNet,
    FilterResponseNorm,
    ResidualBlock,
    SimpleStampNet,
    SqueezeExcitation,
    StampNormalization,
    orient,
)


def n_weights(module):
    return sum(weights.numel() for weights in module.parameters())


def test_number_of_weights_equals_the_paper():
    assert n_weights(SimpleStampNet()) == 234_242
    assert n_weights(ComplexStampNet(normalization="minmax")) == 2_401_638
    assert n_weights(ComplexStampNet()) == 2_401_638 + 3 * 25 * 32


def test_simple_network_layer_by_layer():
    network = SimpleStampNet().eval()
    image = torch.rand(1, 29, 29, 3)
    x, shapes = network.normalize(image), []
    for layer in network.features:
        x = layer(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes[0] == (32, 25, 25) and shapes[2] == (32, 12, 12) and shapes[3] == (64, 10, 10)
    assert shapes[-1] == (1600,)


@pytest.mark.parametrize("network", [SimpleStampNet, ComplexStampNet])
def test_a_prediction_depends_only_on_its_own_stamp(network):
    torch.manual_seed(0)
    model, images = network().eval(), torch.rand(5, 29, 29, 3)
    torch.testing.assert_close(model(images)[2:3], model(images[2:3]))


@pytest.mark.parametrize("network", [SimpleStampNet, ComplexStampNet])
def test_static_features_have_an_effect(network):
    torch.manual_seed(0)
    model, images = network(n_static=2).eval(), torch.rand(1, 29, 29, 3)
    zero, one = model(images, torch.zeros(1, 2)), model(images, torch.ones(1, 2))
    assert (zero != one).all()


def test_too_small_stamps_are_refused():
    with pytest.raises(ValueError, match="too small"):
        SimpleStampNet((9, 29, 3))


def test_eight_orientations_are_a_group():
    square = torch.arange(9).reshape(3, 3)
    turned = [orient(square, k) for k in range(8)]
    assert len({tuple(t.flatten().tolist()) for t in turned}) == 8
    for j, k in itertools.product(range(8), repeat=2):
        assert any(torch.equal(orient(turned[j], k), t) for t in turned)


def test_orientations_agree_with_numpy():
    image = np.arange(12).reshape(3, 4)
    assert np.array_equal(orient(torch.from_numpy(image), 1), np.rot90(image))
    assert np.array_equal(orient(torch.from_numpy(image), 6), np.rot90(image[:, ::-1], 2))


@pytest.mark.parametrize("method", ["minmax", "asinh_minmax"])
def test_minmax_spans_zero_to_one_in_each_channel(method):
    images = torch.randn(4, 3, 7, 7) * 1e4
    found = StampNormalization(method)(images)
    assert torch.equal(found.amin((-2, -1)), torch.zeros(4, 3))
    torch.testing.assert_close(found.amax((-2, -1)), torch.ones(4, 3))
    if method == "minmax":
        torch.testing.assert_close(
            found, StampNormalization(method)(3 * images + 100), atol=1e-4, rtol=0
        )


def test_standardize_asinh_returns_both_images():
    images = 50 + 9 * torch.randn(2, 3, 7, 7)
    found = StampNormalization("standardize_asinh")(images)
    standard, asinh = found[:, :3], found[:, 3:]
    torch.testing.assert_close(standard.mean((-2, -1)), torch.zeros(2, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(standard.std((-2, -1), correction=0), torch.ones(2, 3))
    torch.testing.assert_close(asinh, torch.asinh(images / 2))


def test_noise_asinh_shows_signal_to_noise_at_any_scale_and_level():
    images = torch.randn(2, 3, 29, 29)
    images[:, :, 14, 14] = 10.0
    found = StampNormalization("noise_asinh")(images)
    torch.testing.assert_close(found[:, :, 14, 14], torch.ones(2, 3), atol=0.1, rtol=0)
    images[:, :, 14, 14] = 1e4
    brighter = StampNormalization("noise_asinh")(3 * images + 100)
    torch.testing.assert_close(brighter[..., :10, :], found[..., :10, :], atol=1e-3, rtol=0)


@pytest.mark.parametrize("method", ["minmax", "asinh_minmax", "standardize_asinh", "noise_asinh"])
@pytest.mark.parametrize("level", [0.0, 1e-30, 3e4, -7.0])
def test_constant_stamps_stay_finite(method, level):
    found = StampNormalization(method)(torch.full((1, 1, 5, 5), level))
    assert torch.isfinite(found).all()
    assert (found[:, 0] == 0).all()


def test_filter_response_norm_by_hand():
    layer, x = FilterResponseNorm(2), torch.randn(3, 2, 4, 4)
    with torch.no_grad():
        layer.gamma[1], layer.beta[1], layer.tau[1], layer.epsilon[1] = 2.0, 0.5, -0.25, -0.01
    power = (x[:, 1] ** 2).mean((1, 2), keepdim=True)
    expected = torch.maximum(2 * x[:, 1] / torch.sqrt(power + 0.01) + 0.5, torch.tensor(-0.25))
    torch.testing.assert_close(layer(x)[:, 1], expected)
    assert n_weights(layer) == 8


def test_squeeze_excitation_of_zero_weights_is_the_input():
    layer = SqueezeExcitation(4)
    for weights in layer.parameters():
        torch.nn.init.zeros_(weights)
    x = torch.randn(2, 4, 3, 3)
    torch.testing.assert_close(layer(x), x)


def test_residual_block_without_residual_is_the_skip_connection():
    block = ResidualBlock(3, 5, stride=2)
    torch.nn.init.zeros_(block.residual[3].weight)
    torch.nn.init.zeros_(block.residual[3].bias)
    x = torch.randn(2, 3, 6, 6)
    expected = torch.einsum("oi,nihw->nohw", block.skip.weight[:, :, 0, 0], x[:, :, ::2, ::2])
    torch.testing.assert_close(block(x), expected + block.skip.bias[:, None, None])

"""Losses of sequences: known values, weights, gradients; the penalty trains."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from skastro.nn import (
    SEQUENCE_LOSSES,
    SequenceLoss,
    bernoulli_kl,
    sequence_loss,
    sparsity_penalty,
)

PREDICTION = torch.tensor([[0.0, 2.0, 5.0], [1.0, 1.0, 1.0]], dtype=torch.float64)
TARGET = torch.tensor([[0.5, 2.0, 1.0], [1.0, 3.0, 0.0]], dtype=torch.float64)
WEIGHT = torch.tensor([[1.0, 2.0, 0.0], [4.0, 0.5, 1.0]], dtype=torch.float64)


def by_hand(kind, prediction, target, weight):
    d = prediction - target
    errors = {
        "mse": d**2,
        "rmse": d**2,
        "mae": np.abs(d),
        "log_cosh": np.log(np.cosh(d)),
        "huber": np.where(np.abs(d) < 1, d**2 / 2, np.abs(d) - 0.5),
        "msle": (np.log1p(prediction) - np.log1p(target)) ** 2,
    }[kind]
    mean = np.average(errors, weights=weight)
    return math.sqrt(mean) if kind == "rmse" else mean


@pytest.mark.parametrize("kind", SEQUENCE_LOSSES)
def test_known_values_with_and_without_weights(kind):
    p, t, w = (tensor.numpy() for tensor in (PREDICTION, TARGET, WEIGHT))
    assert float(sequence_loss(PREDICTION, TARGET, kind=kind)) == pytest.approx(
        by_hand(kind, p, t, np.ones_like(w))
    )
    assert float(sequence_loss(PREDICTION, TARGET, WEIGHT, kind=kind)) == pytest.approx(
        by_hand(kind, p, t, w)
    )
    single = sequence_loss(PREDICTION, TARGET, WEIGHT, kind=kind, reduction="none")
    wanted = [by_hand(kind, *row) for row in zip(p, t, w)]
    np.testing.assert_allclose(single, wanted)
    assert torch.equal(SequenceLoss(kind, reduction="none")(PREDICTION, TARGET, WEIGHT), single)


@pytest.mark.parametrize("kind", SEQUENCE_LOSSES)
def test_gradients_equal_finite_differences(kind):
    prediction = (PREDICTION + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda p: sequence_loss(p, TARGET, WEIGHT, kind=kind), prediction
    )


@pytest.mark.parametrize("kind", SEQUENCE_LOSSES)
def test_values_without_weight_are_ignored(kind):
    spoilt = torch.where(WEIGHT > 0, TARGET, torch.nan)
    prediction = PREDICTION.clone().requires_grad_()
    loss = sequence_loss(prediction, spoilt, WEIGHT, kind=kind)
    loss.backward()
    assert loss.item() == float(sequence_loss(PREDICTION, TARGET, WEIGHT, kind=kind))
    assert torch.isfinite(prediction.grad).all() and prediction.grad[0, 2] == 0
    nothing = sequence_loss(PREDICTION, TARGET, 0 * WEIGHT, kind=kind, reduction="none")
    assert nothing.tolist() == [0, 0]


@pytest.mark.parametrize("kind", SEQUENCE_LOSSES)
def test_extremes_are_finite(kind):
    for gap in (0.0, 1e4):
        prediction = torch.full((1, 2), gap, requires_grad=True)
        sequence_loss(prediction, torch.zeros(1, 2), kind=kind).backward()
        assert torch.isfinite(prediction.grad).all()


def test_divergence_against_scipy():
    rho, activity = 0.05, np.array([0.01, 0.05, 0.5, 0.99])
    wanted = [entropy([rho, 1 - rho], [a, 1 - a]) for a in activity]
    np.testing.assert_allclose(bernoulli_kl(torch.tensor(activity), rho), wanted, atol=1e-15)
    edges = bernoulli_kl(torch.tensor([0.0, 1.0, 7.0]), rho)
    assert torch.isfinite(edges).all() and (edges > 0).all()


def test_penalty_trains_the_weights_to_rho():
    torch.manual_seed(0)
    encoder, decoder = torch.nn.Linear(20, 8), torch.nn.Linear(8, 20)
    before = [float(m.weight.detach().abs().mean()) for m in (encoder, decoder)]
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-2)
    for _ in range(200):
        optimizer.zero_grad()
        sparsity_penalty(encoder, decoder, rho=0.02).backward()
        optimizer.step()
    after = [float(m.weight.detach().abs().mean()) for m in (encoder, decoder)]
    assert min(before) > 0.05
    assert after == pytest.approx([0.02, 0.02], rel=0.25)
    assert encoder.bias.grad is None


def test_alpha_scales_the_penalty():
    layer = torch.nn.Linear(5, 5)
    plain = SequenceLoss()(PREDICTION, TARGET, modules=[layer])
    both = SequenceLoss(alpha=0.3, rho=0.1)(PREDICTION, TARGET, modules=[layer])
    assert float(both - plain) == pytest.approx(0.3 * float(sparsity_penalty(layer, rho=0.1)))


def test_invalid_parameters_are_refused():
    with pytest.raises(ValueError, match="kind"):
        sequence_loss(PREDICTION, TARGET, kind="l7")
    with pytest.raises(ValueError, match="reduction"):
        sequence_loss(PREDICTION, TARGET, reduction="sum")
    with pytest.raises(ValueError, match="rho"):
        bernoulli_kl(PREDICTION, 0)
    with pytest.raises(ValueError, match="no weight"):
        sparsity_penalty(torch.nn.ReLU())

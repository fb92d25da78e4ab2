"""Pairwise and virtual-adversarial losses against sums by hand and known directions."""

import math

import pytest
import torch

from skastro.nn import (
    RealBogusLoss,
    SimpleStampNet,
    adversarial_direction,
    auc_loss,
    partial_auc_loss,
    vat_loss,
)


def pair_sum(scores, labels, margin=0.25, cap=6.0):
    """Return the mean over pairs by two loops."""
    pairs = [
        math.exp(min(max(low - high + margin, 0.0), cap)) - 1
        for high, i in zip(scores.tolist(), labels.tolist())
        if i == 1
        for low, j in zip(scores.tolist(), labels.tolist())
        if j == 0
    ]
    return sum(pairs) / len(pairs)


@pytest.mark.parametrize("seed", range(5))
def test_auc_loss_is_the_sum_over_pairs(seed):
    torch.manual_seed(seed)
    scores, labels = 4 * torch.randn(37), torch.randint(2, (37,))
    assert auc_loss(scores, labels).mean() == pytest.approx(pair_sum(scores, labels), rel=1e-5)


def test_auc_loss_by_hand():
    scores, labels = torch.tensor([1.0, 0.9, -20.0]), torch.tensor([1, 0, 1])
    expected = (math.exp(0.15) - 1 + math.exp(6) - 1) / 2
    assert auc_loss(scores, labels).mean() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("label", [0, 1])
def test_a_batch_of_one_class_has_zero_loss_and_a_gradient(label):
    scores = torch.randn(6, requires_grad=True)
    auc_loss(scores, torch.full((6,), label)).mean().backward()
    assert (scores.grad == 0).all()


def test_auc_loss_vanishes_beyond_the_margin():
    scores, labels = torch.tensor([1.0, 2.0, 0.7]), torch.tensor([1, 1, 0])
    assert auc_loss(scores, labels).sum() == 0
    assert auc_loss(scores, labels, margin=0.4).sum() > 0


def test_partial_auc_uses_only_the_highest_negatives():
    scores = torch.tensor([0.5, 0.9, 0.1, -3.0, 0.8])
    labels = torch.tensor([1, 0, 0, 0, 0])
    expected = pair_sum(torch.tensor([0.5, 0.9, 0.8]), torch.tensor([1, 0, 0]))
    assert partial_auc_loss(scores, labels, beta=0.5).mean() == pytest.approx(expected, rel=1e-6)
    torch.testing.assert_close(partial_auc_loss(scores, labels, beta=1.0), auc_loss(scores, labels))


def test_gradient_of_the_auc_loss():
    labels = torch.tensor([1, 0, 1, 0])
    scores = torch.randn(4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda s: auc_loss(s, labels), scores)


def test_adversarial_direction_of_a_linear_classifier_is_its_normal():
    torch.manual_seed(0)
    layer = torch.nn.Linear(12, 1)
    inputs = torch.randn(9, 12)
    target = torch.sigmoid(layer(inputs)).detach()

    def divergence(x):
        return torch.nn.functional.binary_cross_entropy_with_logits(layer(x), target)

    found = adversarial_direction(divergence, inputs)
    normal = layer.weight.detach()[0] / layer.weight.detach().norm()
    assert (found @ normal).abs().min() > 0.999
    torch.testing.assert_close(found.norm(dim=1), torch.ones(9))


def test_adversarial_direction_hurts_more_than_a_random_one():
    torch.manual_seed(0)
    network = SimpleStampNet((12, 12, 1), normalization="none").eval()
    images = torch.randn(64, 1, 12, 12)
    logits = network.classify(images).detach()
    target = logits.softmax(1)

    def divergence(x):
        return torch.nn.functional.cross_entropy(network.classify(x), target)

    adversarial = vat_loss(network.classify, images, logits, epsilon=1.0)
    least = -(target * target.log()).sum(1).mean()
    chance = []
    for _ in range(20):
        noise = torch.randn_like(images)
        noise /= noise.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
        chance.append(divergence(images + noise).item() - least.item())
    assert adversarial - least > 3 * max(chance)


def test_vat_loss_with_a_generator_leaves_the_global_one_alone():
    network, images = torch.nn.Linear(6, 2), torch.randn(4, 6)
    before = torch.get_rng_state()
    losses = [
        vat_loss(network, images, network(images), generator=torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    ]
    assert torch.equal(torch.get_rng_state(), before)
    assert losses[0] == losses[1]
    torch.manual_seed(1)
    assert vat_loss(network, images, network(images)) == losses[0]


def test_vat_loss_of_one_logit_equals_that_of_two():
    torch.manual_seed(0)
    one = torch.nn.Linear(6, 1, bias=False)
    two = torch.nn.Linear(6, 2, bias=False)
    with torch.no_grad():
        two.weight[0], two.weight[1] = 0.0, one.weight[0]
    inputs = torch.randn(5, 6)
    found = []
    for layer in (one, two):
        torch.manual_seed(1)
        found.append(vat_loss(layer, inputs, layer(inputs)))
    torch.testing.assert_close(*found)


def test_vat_loss_has_no_gradient_in_the_clean_prediction():
    layer = torch.nn.Linear(4, 2)
    inputs, logits = torch.randn(3, 4), torch.randn(3, 2, requires_grad=True)
    vat_loss(layer, inputs, logits).backward()
    assert logits.grad is None and layer.weight.grad.abs().sum() > 0


def test_loss_is_the_weighted_sum_of_its_terms():
    torch.manual_seed(0)
    logits, labels = torch.randn(20, 2), torch.randint(2, (20,))
    found = RealBogusLoss(cross_entropy=0.1, auc=1.0)(logits, labels).mean()
    expected = 0.1 * torch.nn.functional.cross_entropy(logits, labels)
    expected += pair_sum(logits[:, 1] - logits[:, 0], labels)
    assert found == pytest.approx(expected.item(), rel=1e-5)


def test_the_network_is_not_run_if_vat_is_zero():
    loss = RealBogusLoss().regularize(None, {}, torch.zeros(2, 2))
    assert loss is None


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"cross_entropy": 0.0}, "one of them must be positive"),
        ({"auc": -1.0}, "negative"),
        ({"beta": 0.0}, "beta"),
    ],
)
def test_invalid_weights_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        RealBogusLoss(**parameters)


def test_auc_requires_two_classes():
    with pytest.raises(ValueError, match="two classes"):
        RealBogusLoss(auc=1.0)(torch.zeros(3, 3), torch.tensor([0, 1, 2]))

"""The loss that aligns labelled and unlabelled objects."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

from skastro.datasets import make_light_curves
from skastro.neural_network import RecurrentClassifier
from skastro.nn import CoralLoss, CrossEntropy, HierarchicalCrossEntropy, coral_distance
from skastro.taxonomy import Taxonomy

GENERATOR = torch.Generator().manual_seed(0)


def test_distance_of_known_samples():
    first = torch.tensor([[0.0, 0.0], [2.0, 0.0]])  # mean (1, 0), covariance [[2, 0], [0, 0]]
    second = torch.tensor([[0.0, 1.0], [0.0, 3.0]])  # mean (0, 2), covariance [[0, 0], [0, 2]]
    assert float(coral_distance(first, second)) == pytest.approx(5 / 2 + 8 / 16)
    assert float(coral_distance(first, second)) == float(coral_distance(second, first))


def test_distance_does_not_depend_on_the_order():
    first, second = torch.randn(20, 3, generator=GENERATOR), torch.randn(9, 3, generator=GENERATOR)
    mixed = coral_distance(first.flip(0), second[torch.randperm(9)])
    assert float(mixed) == pytest.approx(float(coral_distance(first, second)), rel=1e-5)


def test_batches_without_both_kinds_have_no_distance():
    logits = torch.randn(10, 3)
    for n_labelled in (0, 3, 8, 10):
        inputs = {"labelled": torch.arange(10) < n_labelled}
        assert CoralLoss().regularize(None, inputs, logits) is None
    inputs = {"labelled": torch.arange(10) < 5}
    assert CoralLoss(weight=0.0).regularize(None, inputs, logits) is None
    assert CoralLoss().regularize(None, inputs, logits) > 0


def test_the_last_of_several_positions_is_aligned():
    logits = torch.randn(10, 4, 3)
    inputs, loss = {"labelled": torch.arange(10) < 5}, CoralLoss(weight=1.0)
    expected = loss.regularize(None, inputs, logits[:, -1])
    assert loss.regularize(None, inputs, logits) == expected


def test_losses_are_those_of_the_inner_loss():
    logits, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    torch.testing.assert_close(
        CoralLoss().losses(logits, labels), CrossEntropy().losses(logits, labels)
    )
    smooth = CoralLoss(torch.nn.CrossEntropyLoss(label_smoothing=0.1), weight=0.3)
    assert clone(smooth).get_params()["weight"] == 0.3
    assert smooth(logits, labels) != CoralLoss()(logits, labels)


def test_what_is_refused():
    with pytest.raises(ValueError, match="weight=-1"):
        CoralLoss(weight=-1)
    with pytest.raises(ValueError, match="flat classes"):
        CoralLoss(HierarchicalCrossEntropy(Taxonomy({"A": ["x", "y"]})))


def test_a_network_aligns_unlabelled_objects():
    X, y = make_light_curves(40, classes=["SNIa", "SNII"], random_state=0)
    labels = np.where(np.arange(40) % 2, y, "-1")
    options = {"max_epochs": 2, "validation": None, "random_state": 0}
    plain = RecurrentClassifier(criterion=CoralLoss(weight=0.0), **options).fit(X, labels)
    aligned = RecurrentClassifier(criterion=CoralLoss(weight=5.0), **options).fit(X, labels)
    assert plain.classes_.tolist() == aligned.classes_.tolist() == ["SNII", "SNIa"]
    assert not np.allclose(plain.predict_proba(X), aligned.predict_proba(X))

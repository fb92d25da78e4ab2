"""The contract of a classification loss."""

import pytest
import torch
from sklearn.base import clone
from torch.nn import functional

from skastro.nn import (
    Criterion,
    CrossEntropy,
    HierarchicalCrossEntropy,
    RealBogusLoss,
    TorchCriterion,
    as_criterion,
)
from skastro.taxonomy import Taxonomy

TREE = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
CRITERIA = [
    CrossEntropy(),
    HierarchicalCrossEntropy(TREE, alpha=0.2, node_weight="balanced"),
    RealBogusLoss(auc=0.5, vat=0.1),
    TorchCriterion(torch.nn.CrossEntropyLoss()),
]


@pytest.mark.parametrize("criterion", CRITERIA, ids=repr)
def test_contract(criterion):
    width = criterion.n_outputs(2)
    logits, labels = torch.randn(5, width), torch.tensor([0, 1, 1, 0, 1])
    losses = criterion.losses(logits, labels)
    assert losses.shape == (5,)
    torch.testing.assert_close(criterion(logits, labels), losses.mean())
    unreduced = clone(criterion).set_params(reduction="none")
    torch.testing.assert_close(unreduced(logits, labels), losses)
    n_columns = 2 if criterion.taxonomy is None else len(criterion.taxonomy.nodes)
    assert criterion.log_proba(logits).shape == (5, n_columns)
    learned = criterion.learn(labels.numpy())
    assert type(learned) is type(criterion) and learned.n_outputs(2) == width


@pytest.mark.parametrize("criterion", CRITERIA, ids=repr)
def test_clone_has_equal_parameters(criterion):
    copied = clone(criterion)
    assert copied is not criterion and repr(copied) == repr(criterion)
    assert list(copied.get_params()) == list(criterion.get_params())


def test_plain_losses_are_wrapped():
    logits, labels = torch.randn(4, 3), torch.tensor([0, 1, 2, 2])
    wanted = functional.cross_entropy(logits, labels, reduction="none")
    plain = torch.nn.CrossEntropyLoss()
    for loss in (None, plain, torch.nn.CrossEntropyLoss):
        torch.testing.assert_close(as_criterion(loss).losses(logits, labels), wanted)
    assert plain.reduction == "mean"
    per_object = as_criterion(lambda x, y: functional.cross_entropy(x, y, reduction="none"))
    torch.testing.assert_close(per_object.losses(logits, labels), wanted)
    assert as_criterion(CRITERIA[1]) is CRITERIA[1]


@pytest.mark.parametrize("loss", [None, torch.nn.BCEWithLogitsLoss])
def test_two_classes_share_one_logit(loss):
    criterion = as_criterion(loss)
    assert criterion.n_outputs(2) == 1 and criterion.n_outputs(3) == 3
    logits, labels = torch.randn(4, 1), torch.tensor([0, 1, 1, 0])
    log_proba = criterion.log_proba(logits)
    torch.testing.assert_close(criterion.losses(logits, labels), -log_proba[range(4), labels])


@pytest.mark.parametrize("loss", [functional.cross_entropy, None])
def test_a_loss_without_one_value_per_object_is_refused(loss):
    class Constant(torch.nn.Module):
        def forward(self, logits, labels):
            return logits

    criterion = TorchCriterion(loss if callable(loss) else Constant())
    with pytest.raises(ValueError, match="one loss per object: use reduction='none'"):
        criterion.losses(torch.zeros(4, 3), torch.tensor([0, 1, 2, 2]))


def test_unlabelled_objects_do_not_affect_learned_weights():
    balanced = HierarchicalCrossEntropy(TREE, node_weight="balanced")
    labels = TREE.numbers(["Ia", "II", "Ia"])
    with_gap = balanced.learn([-1, *labels], sample_weight=[9, 1, 1, 1])
    assert with_gap.node_weight.tolist() == balanced.learn(labels).node_weight.tolist()


def test_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match="CrossEntropy: reduction must be"):
        CrossEntropy(reduction="sum")


def test_a_subclass_needs_losses():
    class Empty(Criterion):
        pass

    with pytest.raises(TypeError, match="losses"):
        Empty()

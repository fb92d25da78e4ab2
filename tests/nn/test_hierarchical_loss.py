"""The hierarchical cross-entropy against its formula, written down node by node."""

import copy

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from sklearn.base import clone

from skastro.nn import HierarchicalCrossEntropy
from skastro.taxonomy import ELASTICC, Taxonomy

UNEQUAL = Taxonomy({"r": {"a": {"b": ["c", "d", "e"], "only": {"child": None}}, "f": None}})


def by_formula(taxonomy, logits, label, weights, alpha):
    total, by_name = 0.0, dict(zip(taxonomy.nodes[1:], logits))
    for depth, name in enumerate(taxonomy.path(label)):
        if depth == 0:
            continue
        siblings = taxonomy.children(taxonomy.parent(name))
        log_p = log_softmax([by_name[s] for s in siblings])[siblings.index(name)]
        total -= weights[taxonomy.nodes.index(name)] * np.exp(-alpha * depth) * log_p
    return total


@pytest.mark.parametrize("taxonomy", [ELASTICC, UNEQUAL])
@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_formula(taxonomy, alpha):
    rng = np.random.default_rng(0)
    n = len(taxonomy.nodes)
    weights = rng.uniform(0.5, 2, n)
    logits = rng.normal(0, 20, (n, n - 1))
    loss = HierarchicalCrossEntropy(taxonomy, alpha, weights, reduction="none")
    ours = loss(torch.tensor(logits, dtype=torch.float64), torch.arange(n)).numpy()
    wanted = [by_formula(taxonomy, *pair, weights, alpha) for pair in zip(logits, taxonomy.nodes)]
    np.testing.assert_allclose(ours, wanted, rtol=1e-6, atol=1e-6)


def test_published_value():
    """-log softmax of depth 1 plus e^-.5 times depth 2, by hand."""
    tree = Taxonomy({"root": {"a": ["b", "c"], "d": None}})
    logits = torch.tensor([[1.0, 0.0, 2.0, 0.0]])
    first, second = np.log1p(np.exp(-1)), np.log1p(np.exp(-2))
    wanted = np.exp(-0.5) * first + np.exp(-1.0) * second
    loss = HierarchicalCrossEntropy(tree)(logits, torch.tensor([3]))
    assert loss.item() == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("size", [1e4, 1e6])
def test_large_logits_stay_finite(size):
    rng = np.random.default_rng(1)
    logits = torch.tensor(rng.choice([-size, size], (26, 25)), dtype=torch.float32)
    logits.requires_grad_()
    loss = HierarchicalCrossEntropy(ELASTICC)
    value = loss(logits, torch.arange(26))
    value.backward()
    assert torch.isfinite(value) and torch.isfinite(logits.grad).all()
    assert torch.isfinite(loss.log_proba(logits)).all()


def with_masks(taxonomy, logits, labels, weights, alpha):
    """Return the mean loss with one boolean mask of siblings per node."""
    parents = torch.tensor(taxonomy.parents[1:])
    siblings = parents[:, None] == parents
    shifted = logits[:, None].expand(-1, len(siblings), -1).masked_fill(~siblings, -torch.inf)
    log_p = torch.stack([shifted[:, i].log_softmax(1)[:, i] for i in range(len(siblings))], dim=1)
    weight = taxonomy.is_on_path * weights * np.exp(-alpha * taxonomy.depths)
    return -(log_p * torch.tensor(weight[:, 1:])[labels]).sum(1).mean()


def test_first_and_second_derivatives():
    logits = torch.randn(9, 8, dtype=torch.float64, requires_grad=True)
    labels = torch.arange(9)
    for reduction in ("mean", "none"):
        loss = HierarchicalCrossEntropy(UNEQUAL, 0.3, reduction=reduction)
        assert torch.autograd.gradcheck(lambda x, f=loss: f(x, labels), logits)
        assert torch.autograd.gradgradcheck(lambda x, f=loss: f(x, labels), logits)


def test_alpha_zero_is_the_cross_entropy_of_the_node():
    logits = torch.randn(26, 25, dtype=torch.float64)
    loss = HierarchicalCrossEntropy(ELASTICC, 0.0, reduction="none")
    log_proba = loss.log_proba(logits)
    own = log_proba[torch.arange(26), torch.arange(26)]
    torch.testing.assert_close(loss(logits, torch.arange(26)), -own)


def test_probabilities():
    loss = HierarchicalCrossEntropy(UNEQUAL)
    proba = loss.log_proba(torch.randn(5, 8, dtype=torch.float64)).exp().numpy()
    leaves = proba[:, UNEQUAL.leaf_numbers]
    np.testing.assert_allclose(UNEQUAL.node_proba(leaves), proba)


def test_flat_tree_is_plain_cross_entropy():
    tree = Taxonomy({"root": ["a", "b", "c"]})
    logits, codes = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    ours = HierarchicalCrossEntropy(tree, alpha=0.0)(logits, codes + 1)
    torch.testing.assert_close(ours, torch.nn.functional.cross_entropy(logits, codes))


def test_balanced_weights():
    numbers = UNEQUAL.numbers(["c", "c", "d", "f", "a"])
    loss = HierarchicalCrossEntropy(UNEQUAL, 0.0, "balanced").learn(numbers)
    weight = dict(zip(UNEQUAL.nodes, loss.node_weight))
    assert weight["a"] == pytest.approx(5 / (9 * 4))
    assert weight["c"] == pytest.approx(5 / (9 * 2))
    assert weight["e"] == 1
    doubled = HierarchicalCrossEntropy(UNEQUAL, 0.0, "balanced").learn(
        numbers[:4], sample_weight=[2, 2, 1, 1]
    )
    assert dict(zip(UNEQUAL.nodes, doubled.node_weight))["c"] == pytest.approx(6 / (9 * 4))


def test_named_weights():
    loss = HierarchicalCrossEntropy(UNEQUAL, 0.0, {"f": 3.0}, reduction="none")
    plain = HierarchicalCrossEntropy(UNEQUAL, 0.0, reduction="none")
    logits, labels = torch.randn(2, 8), torch.from_numpy(UNEQUAL.numbers(["f", "c"]))
    torch.testing.assert_close(loss(logits, labels), plain(logits, labels) * torch.tensor([3, 1]))


@pytest.mark.parametrize(
    "arguments",
    [
        {"alpha": -1},
        {"node_weight": [1.0]},
        {"node_weight": "even"},
        {"node_weight": {"nobody": 1}},
        {"reduction": "sum"},
    ],
)
def test_wrong_arguments(arguments):
    with pytest.raises(ValueError, match=r"HierarchicalCrossEntropy|Taxonomy"):
        HierarchicalCrossEntropy(UNEQUAL, **arguments)


def test_deepcopy():
    loss = copy.deepcopy(HierarchicalCrossEntropy(UNEQUAL))
    assert loss.taxonomy == UNEQUAL and not loss.state_dict()


@pytest.mark.parametrize("taxonomy", [ELASTICC, UNEQUAL])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [1.0, 30.0, 1e4])
def test_loss_and_gradient_equal_a_direct_evaluation_with_masks(taxonomy, dtype, size):
    rng = np.random.default_rng(2)
    n = len(taxonomy.nodes)
    logits = rng.normal(0, size, (3 * n, n - 1))
    labels = torch.tensor(rng.permutation(np.tile(np.arange(n), 3)))
    weight = rng.uniform(0.5, 2, n)
    loss = HierarchicalCrossEntropy(taxonomy, 0.3, weight)
    x = torch.tensor(logits, dtype=dtype, requires_grad=True)
    exact = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    if dtype == torch.float32:
        exact = x.detach().double().requires_grad_()
    ours, direct = loss(x, labels), with_masks(taxonomy, exact, labels, weight, 0.3)
    for value in (ours, direct):
        value.backward()
    assert ours.dtype == dtype
    torch.testing.assert_close(ours.double(), direct, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(x.grad.double(), exact.grad, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_not_finite_give_a_loss_that_is_not_finite(value):
    for sibling in (3, 4):
        logits = torch.zeros(2, 8)
        logits[1, sibling] = value
        label = UNEQUAL.numbers(["d", "d"])
        losses = HierarchicalCrossEntropy(UNEQUAL, reduction="none")(logits, torch.tensor(label))
        assert losses.isfinite().tolist() == [True, False]


@pytest.mark.parametrize("label", [-1, 9, 2**40])
def test_a_label_outside_the_tree_is_refused(label):
    with pytest.raises(IndexError):
        HierarchicalCrossEntropy(UNEQUAL)(torch.zeros(2, 8), torch.tensor([1, label]))


@pytest.mark.parametrize("shape", [(2, 7), (2, 9), (3, 8), (1, 8), (8,)])
def test_logits_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="HierarchicalCrossEntropy: logits must have the shape"):
        HierarchicalCrossEntropy(UNEQUAL)(torch.zeros(shape), torch.tensor([1, 2]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_labels_must_be_one_dimensional_integers(dtype):
    loss, logits = HierarchicalCrossEntropy(UNEQUAL), torch.zeros(2, 8, dtype=dtype)
    for labels in (torch.tensor([1.7, 2.0]), torch.tensor([True, False])):
        with pytest.raises(TypeError, match="node numbers of an integer type"):
            loss(logits, labels)
    with pytest.raises(ValueError, match="labels of shape"):
        loss(logits, torch.tensor([[1], [2]]))
    found = [loss(logits, torch.tensor([1, 3], dtype=kind)) for kind in (torch.int64, torch.int32)]
    assert found[0] == found[1]


def test_criterion_is_cloned_and_searched_as_in_scikit_learn():
    loss = clone(HierarchicalCrossEntropy(UNEQUAL, node_weight={"f": 3.0}))
    assert loss.get_params()["node_weight"] == {"f": 3.0} and loss.taxonomy == UNEQUAL
    logits, labels = torch.randn(2, 8), torch.tensor([3, 5])
    changed = loss.set_params(alpha=1.5)(logits, labels)
    built = HierarchicalCrossEntropy(UNEQUAL, 1.5, {"f": 3.0})(logits, labels)
    torch.testing.assert_close(changed, built)
    assert "alpha=1.5" in repr(loss)
    with pytest.raises(ValueError, match="unknown parameters \\['beta'\\]"):
        loss.set_params(beta=1)
    with pytest.raises(ValueError, match="alpha must not be negative"):
        loss.set_params(alpha=-1)

"""The hierarchical cross-entropy against its formula, written down node by node."""

import copy

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

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


def test_gradient():
    logits = torch.randn(9, 8, dtype=torch.float64, requires_grad=True)
    labels = torch.arange(9)
    for reduction in ("mean", "none"):
        loss = HierarchicalCrossEntropy(UNEQUAL, 0.3, reduction=reduction)
        assert torch.autograd.gradcheck(lambda x, f=loss: f(x, labels), logits)


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
    loss = HierarchicalCrossEntropy(UNEQUAL, 0.0, "balanced").counted(numbers)
    weight = dict(zip(UNEQUAL.nodes, loss.node_weight))
    assert weight["a"] == pytest.approx(5 / (9 * 4))
    assert weight["c"] == pytest.approx(5 / (9 * 2))
    assert weight["e"] == 1
    doubled = HierarchicalCrossEntropy(UNEQUAL, 0.0, "balanced").counted(
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


def test_copies():
    loss = copy.deepcopy(HierarchicalCrossEntropy(UNEQUAL))
    assert loss.taxonomy == UNEQUAL and not loss.state_dict()


@pytest.mark.parametrize("taxonomy", [ELASTICC, UNEQUAL])
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("size", [1.0, 30.0, 1e4])
def test_compiled_code_equals_tensors(taxonomy, reduction, size):
    """float32 on the processor is compiled, float64 is not."""
    pytest.importorskip("numba")
    rng = np.random.default_rng(2)
    n = len(taxonomy.nodes)
    logits = torch.tensor(rng.normal(0, size, (3 * n, n - 1)), dtype=torch.float32)
    labels = torch.tensor(rng.permutation(np.tile(np.arange(n), 3)))
    loss = HierarchicalCrossEntropy(taxonomy, 0.3, rng.uniform(0.5, 2, n), reduction)
    found = []
    for dtype in (torch.float32, torch.float64):
        x = logits.to(dtype).T.contiguous().T.requires_grad_()
        value = loss(x, labels)
        assert value.dtype == dtype and value.shape == (() if reduction == "mean" else (3 * n,))
        (value * torch.linspace(1, 2, value.numel())).sum().backward()
        found.append((value.detach().double(), x.grad.double()))
    for compiled, exact in zip(*found):
        torch.testing.assert_close(compiled, exact, rtol=1e-5, atol=1e-6 * size)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_not_hidden(value):
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
    with pytest.raises(ValueError, match="HierarchicalCrossEntropy: logits of shape"):
        HierarchicalCrossEntropy(UNEQUAL)(torch.zeros(shape), torch.tensor([1, 2]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_labels_must_be_a_row_of_whole_numbers(dtype):
    loss, logits = HierarchicalCrossEntropy(UNEQUAL), torch.zeros(2, 8, dtype=dtype)
    for labels in (torch.tensor([1.7, 2.0]), torch.tensor([True, False])):
        with pytest.raises(TypeError, match="not whole numbers of nodes"):
            loss(logits, labels)
    with pytest.raises(ValueError, match="labels of shape"):
        loss(logits, torch.tensor([[1], [2]]))
    found = [loss(logits, torch.tensor([1, 3], dtype=kind)) for kind in (torch.int64, torch.int32)]
    assert found[0] == found[1]


def test_a_second_derivative_of_compiled_code_is_refused():
    pytest.importorskip("numba")
    logits = torch.zeros(1, 8, requires_grad=True)
    value = HierarchicalCrossEntropy(UNEQUAL)(logits, torch.tensor([3]))
    with pytest.raises(RuntimeError, match="second derivative"):
        torch.autograd.grad(value, logits, create_graph=True)


def test_tensors_and_compiled_code_train_alike():
    """The same steps of a linear model, with and without numba at hand."""
    from skastro.nn import _losses

    weights = []
    for has_numba in (_losses.HAS_NUMBA, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_losses, "HAS_NUMBA", has_numba)
            torch.manual_seed(0)
            x, model = torch.randn(64, 5), torch.nn.Linear(5, 25)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
            for _ in range(20):
                optimizer.zero_grad()
                HierarchicalCrossEntropy(ELASTICC)(model(x), torch.arange(64) % 26).backward()
                optimizer.step()
        weights.append(model.weight.detach())
    torch.testing.assert_close(*weights, rtol=1e-4, atol=1e-5)

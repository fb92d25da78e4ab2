"""What classifiers use of the torch modules: criteria and embeddings."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skastro.neural_network import HeatmapCNNClassifier
from skastro.nn import Criterion, HierarchicalCrossEntropy
from skastro.taxonomy import Taxonomy

TREE = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})


def table():
    rng = np.random.default_rng(0)
    y = np.tile(["Ia", "II", "AGN"], 20)
    return rng.normal(size=(60, 8)).astype(np.float32) + (y == "Ia")[:, None], y


def test_parameters_of_the_criterion_are_searched():
    X, y = table()
    loss = HierarchicalCrossEntropy(TREE)
    model = HeatmapCNNClassifier(criterion=loss, max_epochs=1, validation=None, random_state=0)
    search = GridSearchCV(model, {"criterion__alpha": [0.0, 2.0]}, cv=2).fit(X, y)
    assert search.best_estimator_.criterion.alpha == search.best_params_["criterion__alpha"]
    assert loss.alpha == 0.5
    found = [clone(model).set_params(criterion__alpha=a).fit(X, y) for a in (0.0, 2.0)]
    assert not np.allclose(*[m.predict_proba(X) for m in found])


def test_balanced_weights_are_learned_in_fit_and_the_parameter_stays():
    X, y = table()
    loss = HierarchicalCrossEntropy(TREE, node_weight="balanced")
    model = HeatmapCNNClassifier(criterion=loss, max_epochs=1, validation=None, random_state=0)
    model.fit(X[:45], y[:45])
    assert model.criterion is loss and loss.node_weight == "balanced"
    weight = dict(zip(TREE.nodes, model.net_.criterion_.node_weight))
    np.testing.assert_allclose([weight["SN"], weight["Ia"]], [45 / (5 * 30), 45 / (5 * 15)])


def test_transform_returns_the_embedding_of_the_network():
    X, y = table()
    model = HeatmapCNNClassifier(max_epochs=1, validation=None, random_state=0).fit(X, y)
    network = model.net_.module_.eval()
    with torch.no_grad():
        expected = network.embed(torch.from_numpy(X).reshape(60, 1, 8, 1))
    np.testing.assert_allclose(model.transform(X), expected, rtol=1e-5, atol=1e-6)


class OneForAll(Criterion):
    """A loss of the batch, not of its objects."""

    def losses(self, logits, labels):
        return torch.nn.functional.cross_entropy(logits, labels)


class TooWide(HeatmapCNNClassifier):
    """A network with one output too many."""

    def _module(self, source, n_outputs):
        return super()._module(source, n_outputs + 1)


def test_a_loss_without_one_value_per_object_is_named():
    model = HeatmapCNNClassifier(criterion=OneForAll(), max_epochs=1, random_state=0)
    with pytest.raises(ValueError, match=r"OneForAll.losses returns .* \(\) for 32 objects"):
        model.fit(*table())


def test_a_network_with_another_number_of_outputs_is_named():
    with pytest.raises(ValueError, match="returns 4 logits per object instead of 3"):
        TooWide(max_epochs=1, random_state=0).fit(*table())

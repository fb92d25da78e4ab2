"""The loss of a network as a searchable part of the classifier."""

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skastro.neural_network import HeatmapCNNClassifier
from skastro.nn import HierarchicalCrossEntropy
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

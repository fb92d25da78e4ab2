"""Layers of parallel binary classifiers as a tree: SN/AGN/CV, H-rich/H-poor, their sub-types."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from skastro.hierarchy import HierarchicalClassifier, ParallelBinaryClassifier
from skastro.taxonomy import SEDM

pytestmark = pytest.mark.filterwarnings("ignore:.*no training object belongs")
LAYERS = {"1": "Alert", "2": "SN", "3a": "H-rich", "3b": "H-poor"}


def objects(n=330, seed=0):
    """Return objects of all leaves of SEDM around random centres."""
    rng = np.random.default_rng(seed)
    y = np.resize(SEDM.leaves, n)
    centres = dict(zip(SEDM.leaves, np.random.default_rng(1).normal(size=(len(SEDM.leaves), 4))))
    return np.array([3 * centres[label] for label in y]) + rng.normal(size=(n, 4)), y


def layer_labels(y, layer):
    """Return the mask of the objects of one layer and their labels in it."""
    parent = LAYERS[layer]
    below = np.isin(y, SEDM.leaves_below(parent))
    return below, SEDM.at_depth(y[below], len(SEDM.ancestors(parent)) + 1)


def binary():
    return ParallelBinaryClassifier(LogisticRegression(), ambiguity=None)


@pytest.fixture(scope="module")
def gated():
    X, y = objects()
    return HierarchicalClassifier(binary(), taxonomy=SEDM).fit(X, y)


def test_layers_are_gated(gated):
    X, y = objects(seed=2)
    X_train, y_train = objects()
    share = {}
    for layer in LAYERS:
        below, labels = layer_labels(y_train, layer)
        share[layer] = binary().fit(X_train[below], labels)
    proba = dict(zip(gated.taxonomy_.nodes, gated.predict_node_proba(X).T))
    for layer, parent in LAYERS.items():
        given = share[layer].predict_proba(X)
        for label, column in zip(share[layer].classes_, given.T):
            np.testing.assert_allclose(proba[label], proba[parent] * column)
    leaf = dict(zip(gated.classes_, gated.predict_proba(X).T))
    one = share["1"].predict_proba(X)[:, share["1"].classes_ == "SN"][:, 0]
    two = share["2"].predict_proba(X)[:, share["2"].classes_ == "H-rich"][:, 0]
    three = share["3a"].predict_proba(X)[:, share["3a"].classes_ == "IIn"][:, 0]
    np.testing.assert_allclose(leaf["IIn"], one * two * three)
    np.testing.assert_allclose(sum(leaf.values()), 1)
    assert gated.score(X, y) > 0.7


def test_scores_of_a_layer_stay_at_hand(gated):
    X, _ = objects()
    table = gated.estimators_["H-rich"].decision_table(X)
    assert {"score_IIn", "error_IIn", "label", "confidence"} <= set(table.columns)
    assert set(table["label"]) <= set(SEDM.children("H-rich"))


@pytest.mark.parametrize("layer", LAYERS)
def test_any_layer_alone(layer, gated):
    X, y = objects()
    below, labels = layer_labels(y, layer)
    alone = HierarchicalClassifier(binary(), taxonomy=SEDM).fit(X[below], labels)
    assert list(alone.estimators_) == [LAYERS[layer]]
    assert alone.classes_.tolist() == sorted(SEDM.children(LAYERS[layer]))
    np.testing.assert_allclose(
        alone.predict_proba(X), gated.estimators_[LAYERS[layer]].predict_proba(X)
    )


@pytest.mark.parametrize("layers", [("1", "2"), ("2", "3a"), ("2", "3b"), ("1", "2", "3b")])
def test_some_layers_without_the_others(layers, gated):
    X, y = objects()
    parents = {LAYERS[layer] for layer in layers}
    paths = [[n for n in SEDM.path(label) if SEDM.parent(n) in parents] for label in y]
    known = np.array([bool(path) for path in paths])
    labels = np.array([path[-1] for path in paths if path])
    some = HierarchicalClassifier(binary(), taxonomy=SEDM).fit(X[known], labels)
    assert set(some.estimators_) == parents
    for parent in parents:
        np.testing.assert_allclose(
            some.estimators_[parent].predict_proba(X),
            gated.estimators_[parent].predict_proba(X),
        )


def test_layers_trained_apart_are_put_together(gated):
    X, y = objects()
    frozen = {}
    for layer, parent in LAYERS.items():
        below, labels = layer_labels(y, layer)
        frozen[parent] = FrozenEstimator(binary().fit(X[below], labels))
    few = np.arange(0, len(y), 3)
    together = HierarchicalClassifier(binary(), taxonomy=SEDM, node_estimators=frozen)
    together.fit(X[few], y[few])
    np.testing.assert_allclose(together.predict_proba(X), gated.predict_proba(X))


def test_every_label_reads_its_own_channels(gated):
    X, y = objects()
    columns = {"SN": [0, 1], "AGN": [2], "CV": slice(0, 4)}
    first = ParallelBinaryClassifier(LogisticRegression(), columns=columns)
    model = HierarchicalClassifier(binary(), taxonomy=SEDM, node_estimators={"Alert": first})
    labels = model.fit(X, y).estimators_["Alert"].estimators_
    n_read = {label: fitted.n_features_in_ for label, fitted in labels.items()}
    assert n_read == {"AGN": 1, "CV": 4, "SN": 2}
    rows = slice(0, 40)
    given = gated.estimators_["SN"].predict_proba(X[rows])
    np.testing.assert_allclose(model.estimators_["SN"].predict_proba(X[rows]), given)

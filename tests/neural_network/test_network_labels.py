"""Labels that are missing, unlabelled, encoded, or lost by the validation split."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, PredefinedSplit, cross_val_predict, cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data
from torch import nn

from skastro.exceptions import ObjectError
from skastro.neural_network import BaseNetClassifier, HeatmapCNNClassifier, StampCNNClassifier
from skastro.neural_network.inputs import DenseBlocks
from skastro.nn import HierarchicalCrossEntropy
from skastro.taxonomy import Taxonomy

TREE = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})


class Perceptron(nn.Sequential):
    def __init__(self, n_inputs, n_outputs):
        super().__init__(nn.Linear(n_inputs, 32), nn.ReLU(), nn.Linear(32, n_outputs))

    def forward(self, values):
        return super().forward(values)


class PerceptronClassifier(BaseNetClassifier):
    """The example of the docstring of the base."""

    def _read(self, X, *, reset):
        X = validate_data(self, X, dtype="numeric", reset=reset)
        return DenseBlocks(X, {"values": X.shape[1:]}, type(self).__name__)

    def _module(self, source, n_outputs):
        return Perceptron, {"n_inputs": source.shapes["values"][0], "n_outputs": n_outputs}


EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "batches of weighted rows are other batches",
    "check_methods_sample_order_invariance": "embeddings are float32",
}


@parametrize_with_checks(
    [PerceptronClassifier(max_epochs=10, lr=3e-2)], expected_failed_checks=lambda _: EXPECTED
)
def test_a_classifier_written_from_the_docstring_passes_all_checks(estimator, check):
    check(estimator)


def table(n=60):
    rng = np.random.default_rng(0)
    y = np.tile(["Ia", "II", "AGN"], n // 3)
    X = rng.normal(size=(n, 16)) + 2.0 * (y == "Ia")[:, None] - 2.0 * (y == "II")[:, None]
    return X.astype(np.float32), y


def network(**parameters):
    defaults = {"image_shape": (4, 4, 1), "max_epochs": 25, "lr": 2e-2, "random_state": 0}
    return HeatmapCNNClassifier(**(defaults | parameters))


def tree_network(**parameters):
    return network(criterion=HierarchicalCrossEntropy(TREE), **parameters)


def stamps(**parameters):
    return StampCNNClassifier(image_shape=(12, 12, 1), max_epochs=1, random_state=0, **parameters)


MISSING = {
    "None": lambda y: np.where(np.arange(len(y)) == 3, None, y.astype(object)),
    "NaN": lambda y: np.where(np.arange(len(y)) == 3, np.nan, y.astype(object)),
    "pd.NA": lambda y: pd.Series(y, dtype="string").mask(np.arange(len(y)) == 3),
    "category": lambda y: pd.Series(y, dtype="category").mask(np.arange(len(y)) == 3),
}


@pytest.mark.parametrize("kind", MISSING)
@pytest.mark.parametrize("make", [network, tree_network])
def test_missing_labels_are_refused_by_object(kind, make):
    X, y = table()
    with pytest.raises(ObjectError, match="HeatmapCNNClassifier: y holds no label") as error:
        make().fit(X, MISSING[kind](y))
    assert error.value.ids == [3]


@pytest.mark.parametrize(
    "labels",
    [
        [-1, 0, 1],
        [-1.0, 0.0, 1.0],
        ["-1", "bogus", "real"],
        [-1, "bogus", "real"],
        ["-1", "0", "1"],
    ],
    ids=str,
)
def test_unlabelled_objects_are_not_a_class(labels):
    y = np.array(labels, object if isinstance(labels[0], int) and "real" in labels else None)
    X = np.random.default_rng(0).normal(size=(45, 144)).astype(np.float32)
    assert stamps().fit(X, np.tile(y, 15)).classes_.tolist() == labels[1:]


@pytest.mark.parametrize("labels", [[-1, 1], [-1.0, 1.0], ["-1", "1"]], ids=str)
def test_minus_one_beside_one_number_is_a_class(labels):
    X = np.random.default_rng(0).normal(size=(30, 144)).astype(np.float32)
    assert stamps().fit(X, np.tile(labels, 15)).classes_.tolist() == labels


@pytest.mark.parametrize("make", [network, tree_network])
def test_labels_of_pandas(make):
    X, y = table()
    expected = make(max_epochs=1).fit(X, y).predict_proba(X)
    for labels in (pd.Series(y).array, pd.Series(y, dtype="string"), pd.Series(y, dtype=object)):
        np.testing.assert_array_equal(make(max_epochs=1).fit(X, labels).predict_proba(X), expected)


def test_labels_of_another_index_are_refused():
    X, y = table()
    frame = pd.DataFrame(X).add_prefix("pixel").set_index(np.char.mod("SN%d", np.arange(60)))
    labels = pd.Series(y, index=frame.index)
    network(max_epochs=1).fit(frame, labels)
    with pytest.raises(ValueError, match="HeatmapCNNClassifier: y has another index than X"):
        network().fit(frame, labels[::-1])


def test_labels_of_several_types_are_refused():
    X, y = table()
    with pytest.raises(ObjectError, match="different types"):
        network().fit(X, np.where(np.arange(60) == 5, 7, y.astype(object)))


def test_a_validation_split_that_takes_a_class_is_noticed():
    X, y = table()
    order = np.argsort(y, kind="stable")
    two = X[order][:40], y[order][:40]
    with pytest.raises(ValueError, match="holds all objects of 'AGN'.*one class, .*'II'"):
        network(validation=KFold(2)).fit(*two)
    with pytest.raises(ValueError, match="holds all objects of"):
        network(validation=0.5).fit(*two, groups=two[1])
    lost = PredefinedSplit(np.where(y == "Ia", 0, -1))
    with pytest.warns(UserWarning, match="holds all objects of 'Ia', .*never learns"):
        network(validation=lost, max_epochs=1).fit(X, y)


def test_classes_that_never_occur_are_left_out_of_the_taxonomy():
    tree = Taxonomy({"Alert": {"SN": ["Ia", "II", "Ib"], "AGN": ["Sy1", "Sy2"], "CV": None}})
    weight = {"Ia": 2.0, "Ib": 5.0}
    loss = HierarchicalCrossEntropy(tree, node_weight=weight)
    X, y = table()
    model = network(criterion=loss)
    with pytest.warns(UserWarning, match="no training object belongs to the nodes 'CV', 'Ib'"):
        model.fit(X, y)
    assert model.classes_.tolist() == ["AGN", "II", "Ia"]
    assert model.taxonomy_.nodes == ("Alert", "SN", "AGN", "Ia", "II")
    assert model.predict_node_proba(X).shape == (60, 5)
    assert model.net_.criterion_.node_weight == {"Ia": 2.0}
    assert model.criterion is loss
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


TOOLS = {
    "voting": lambda model: VotingClassifier(
        [("net", model), ("other", LogisticRegression())], voting="soft"
    ),
    "stacking": lambda model: StackingClassifier([("net", model)], LogisticRegression(), cv=2),
    "temperature": lambda model: CalibratedClassifierCV(model, method="temperature", cv=3),
    "sigmoid": lambda model: CalibratedClassifierCV(model, method="sigmoid", cv=2),
}


@pytest.mark.parametrize("name", TOOLS)
def test_tools_that_encode_labels_learn_the_right_ones(name):
    X, y = table()
    model = TOOLS[name](tree_network(classes=np.unique(y)))
    assert model.fit(X, y).classes_.tolist() == ["AGN", "II", "Ia"]
    assert (model.predict(X) == y).mean() > 0.8


def test_cross_validated_probabilities_have_the_right_columns():
    X, y = table()
    model = tree_network(classes=np.unique(y))
    proba = cross_val_predict(model, X, y, method="predict_proba", cv=3)
    assert (np.unique(y)[proba.argmax(axis=1)] == y).mean() > 0.6
    with pytest.raises(ValueError, match="set the parameter classes=np.unique"):
        cross_val_predict(tree_network(), X, y, method="predict_proba", cv=3)


def test_encoded_labels_that_do_not_fit_the_names_are_refused():
    X, y = table()
    codes = np.searchsorted(np.unique(y), y)
    with pytest.raises(ValueError, match="run from 0 to 2 while classes has 4 labels"):
        tree_network(classes=["AGN", "II", "Ia", "SN"]).fit(X, codes)
    model = tree_network(classes=np.unique(y)).fit(X, codes)
    assert model.classes_.tolist() == [0, 1, 2]
    named = tree_network().fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), named.predict_proba(X))


def test_priors_stand_in_for_objects_that_cannot_be_classified():
    X, y = table()
    y[:12] = "AGN"
    X[[4, 9]] = np.nan
    with pytest.warns(UserWarning, match="2 of 60 objects are left out"):
        model = network(unclassified="prior", validation=None).fit(X, y)
    share = [np.mean(np.delete(y, [4, 9]) == name) for name in model.classes_]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(model.predict_proba(X)[4], share)
        np.testing.assert_allclose(model.predict_proba_samples(X, 2)[:, 9], [share, share])
        assert model.predict(X)[4] == "AGN"
        embedding = model.transform(X)
    assert np.isnan(embedding[[4, 9]]).all() and np.isfinite(np.delete(embedding, [4, 9], 0)).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = cross_val_score(network(unclassified="prior"), X, y, cv=2, scoring="neg_log_loss")
    assert np.isfinite(scores).all()


def test_priors_of_a_taxonomy_are_shares_of_its_nodes():
    X, y = table()
    y[y == "II"] = np.where(np.arange(20) < 10, "SN", "II")
    X[4] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = tree_network(unclassified="prior", validation=None).fit(X, y)
    nodes = model.predict_node_proba(X)[4]
    assert nodes[0] == 1 and nodes[1] == pytest.approx(nodes[3] + nodes[4])
    np.testing.assert_allclose(nodes[[2, 4, 3]], model.class_prior_)


def test_the_embedding_enters_the_last_layer():
    X, y = table()
    model = network().fit(X, y).set_output(transform="pandas")
    embedding = model.transform(X)
    assert list(embedding.columns) == list(model.get_feature_names_out())
    layer = model.net_.module_.output
    logits = embedding.to_numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(proba, model.predict_proba(X), atol=1e-5)


def test_synonyms_among_the_labels_are_warned_of_once():
    X, y = table()
    tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}}, synonyms={"SNIa": "Ia"})
    model = network(criterion=HierarchicalCrossEntropy(tree), max_epochs=1)
    message = "HeatmapCNNClassifier: y holds synonyms of nodes, 'SNIa'; predictions are the names"
    with pytest.warns(UserWarning, match=message) as found:
        model.fit(X, np.where(y == "Ia", "SNIa", y))
    assert len(found) == 1
    assert model.classes_.tolist() == ["AGN", "II", "Ia"]
    expected = network(criterion=HierarchicalCrossEntropy(tree), max_epochs=1).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))

"""The ensemble is the mean of its members, and everything that they can do."""

import warnings

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression

from skastro.datasets import make_bazin
from skastro.exceptions import UnclassifiedWarning
from skastro.neural_network import (
    DeepEnsembleClassifier,
    HeatmapCNNClassifier,
    RecurrentClassifier,
)
from skastro.nn import HierarchicalCrossEntropy
from skastro.taxonomy import Taxonomy
from skastro.utils.ragged import flatten


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = np.repeat(["SN Ia", "SN II", "KN"], 20)
    X = rng.normal(size=(60, 96)).astype(np.float32) + np.repeat([0, 1, 2], 20)[:, None]
    return X, y


@pytest.fixture(scope="module")
def light_curves():
    X, y = make_bazin(40, random_state=0)
    tree = Taxonomy({"all": {"SN": np.unique(y)[:2].tolist(), "other": np.unique(y)[2:].tolist()}})
    loss = HierarchicalCrossEntropy(tree)
    model = RecurrentClassifier(max_epochs=2, criterion=loss)
    return DeepEnsembleClassifier(model, n_estimators=2, random_state=0).fit(X, y), X


def network(**parameters):
    return HeatmapCNNClassifier(image_shape=(8, 12, 1), max_epochs=3, **parameters)


def test_mean_of_different_members(data):
    X, y = data
    model = DeepEnsembleClassifier(network(), n_estimators=3, random_state=0).fit(X, y)
    members = model.predict_proba_members(X)
    np.testing.assert_allclose(model.predict_proba(X), members.mean(axis=0))
    assert members.std(axis=0).max() > 1e-3
    alone = network(random_state=model.estimators_[1].random_state).fit(X, y)
    np.testing.assert_array_equal(alone.predict_proba(X), members[1])
    np.testing.assert_array_equal(model.predict_proba_samples(X), members)
    samples = model.predict_proba_samples(X, n_samples=4)
    assert samples.shape == (12, 60, 3)
    np.testing.assert_array_equal(samples[4:8], alone.predict_proba_samples(X, 4))


def test_embeddings_of_the_members_stand_side_by_side(data):
    X, y = data
    model = DeepEnsembleClassifier(network(), n_estimators=2, random_state=0).fit(X, y)
    embedding = model.transform(X)
    assert embedding.shape == (60, 64) and embedding.dtype == np.float32
    np.testing.assert_array_equal(embedding[:, 32:], model.estimators_[1].transform(X))
    assert len(model.get_feature_names_out()) == 64


@pytest.mark.parametrize(
    ("method", "arguments"), [("predict_node_proba", ()), ("predict_proba_at", ([5.0, 60.0],))]
)
def test_means_of_what_the_members_return(light_curves, method, arguments):
    model, X = light_curves
    members = [getattr(member, method)(X, *arguments) for member in model.estimators_]
    np.testing.assert_allclose(getattr(model, method)(X, *arguments), np.mean(members, axis=0))


def test_probabilities_in_time_and_paths(light_curves):
    model, X = light_curves
    offsets, rows = flatten(model.predict_proba_in_time(X)["probability"])
    at_end = np.stack([rows[name][offsets[1:] - 1] for name in model.classes_], axis=1)
    np.testing.assert_allclose(at_end, model.predict_proba(X), atol=1e-6)
    deepest = model.taxonomy_.deepest(model.predict_node_proba(X), 0.5)
    assert (model.predict_path(X) == np.array(model.taxonomy_.nodes)[deepest]).all()


def test_objects_without_a_prediction_are_announced_once(data):
    X, y = data
    X[5, 3] = np.nan
    with pytest.warns(UserWarning, match="object 5"):
        model = DeepEnsembleClassifier(network(), n_estimators=2, random_state=0).fit(X, y)
    with pytest.warns(UnclassifiedWarning, match="DeepEnsembleClassifier: 1 of 60") as caught:
        assert np.isnan(model.predict_proba(X)[5]).all()
    assert len(caught) == 1
    with pytest.warns(UnclassifiedWarning):
        labels = model.predict(X)
    assert labels[5] == "unclassified" and np.isin(np.delete(labels, 5), y).all()
    model.unclassified = "prior"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(model.predict_proba(X)[5], model.class_prior_)


@pytest.mark.parametrize("options", [{"n_jobs": 2}, {"n_jobs": 2, "backend": "threading"}])
def test_jobs_and_seed(data, options):
    X, y = data
    one = DeepEnsembleClassifier(network(), n_estimators=2, random_state=1).fit(X, y)
    with parallel_config(**({"backend": "loky"} | options)):
        two = DeepEnsembleClassifier(network(), n_estimators=2, random_state=1).fit(X, y)
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), atol=1e-6)


def test_weights_reach_the_members(data):
    X, y = data
    weights = np.where(y == "KN", 0, 1)
    model = DeepEnsembleClassifier(LogisticRegression(), n_estimators=2)
    plain = LogisticRegression().fit(X, y, weights).predict_proba(X)
    np.testing.assert_allclose(model.fit(X, y, weights).predict_proba(X), plain)
    np.testing.assert_allclose(model.predict_proba_samples(X, 5), [plain, plain])


def test_methods_of_the_members_only(data):
    model = DeepEnsembleClassifier(LogisticRegression())
    for method in ("predict_proba_at", "predict_node_proba", "predict_path", "transform"):
        assert not hasattr(model, method)
    assert not hasattr(DeepEnsembleClassifier(network()), "predict_path")
    assert hasattr(DeepEnsembleClassifier(network()), "transform")

"""The ensemble is the mean of its members, and loses nothing on the way."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from skastro.neural_network import DeepEnsembleClassifier, HeatmapCNNClassifier


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = np.repeat(["SN Ia", "SN II", "KN"], 20)
    X = rng.normal(size=(60, 96)).astype(np.float32) + np.repeat([0, 1, 2], 20)[:, None]
    return X, y


def network(**parameters):
    return HeatmapCNNClassifier(image_shape=(1, 8, 12), max_epochs=3, **parameters)


def test_mean_of_different_members(data):
    X, y = data
    model = DeepEnsembleClassifier(network(), n_estimators=3, random_state=0).fit(X, y)
    members = model.predict_proba_samples(X)
    np.testing.assert_allclose(model.predict_proba(X), members.mean(axis=0))
    assert members.std(axis=0).max() > 1e-3
    alone = network(random_state=model.estimators_[1].random_state).fit(X, y)
    np.testing.assert_array_equal(alone.predict_proba(X), members[1])


def test_objects_without_an_answer_stay_so(data):
    X, y = data
    X[5, 3] = np.nan
    with pytest.warns(UserWarning, match="objects 5"):
        model = DeepEnsembleClassifier(network(), n_estimators=2, random_state=0).fit(X, y)
    assert np.isnan(model.predict_proba(X)[5]).all()
    assert model.predict(X)[5] == "unclassified"
    assert np.isin(np.delete(model.predict(X), 5), y).all()


def test_jobs_and_seed(data):
    X, y = data
    one, two = (
        DeepEnsembleClassifier(network(), n_estimators=2, n_jobs=n, random_state=1).fit(X, y)
        for n in (1, 2)
    )
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), atol=1e-6)


def test_weights_reach_the_members(data):
    X, y = data
    weights = np.where(y == "KN", 0, 1)
    model = DeepEnsembleClassifier(LogisticRegression(), n_estimators=2)
    plain = LogisticRegression().fit(X, y, weights).predict_proba(X)
    np.testing.assert_allclose(model.fit(X, y, weights).predict_proba(X), plain)


def test_methods_of_the_members_only(data):
    assert not hasattr(DeepEnsembleClassifier(LogisticRegression()), "predict_proba_at")

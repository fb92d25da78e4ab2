"""The mean of different classifiers, on ragged and dense X."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skastro.datasets import make_spectra
from skastro.feature_extraction import SpectrumPixels
from skastro.hierarchy import JointClassifier, SoftVotingClassifier
from skastro.neural_network import MultimodalClassifier
from skastro.preprocessing import make_spectrum_preprocessing


def rows(n=60):
    X = np.random.default_rng(0).normal(size=(n, 3))
    return X, np.where(X[:, 0] + X[:, 1] > 0, "Ia", "II")


def test_the_mean_is_that_of_scikit_learn():
    X, y = rows()
    members, weights = [("a", GaussianNB()), ("b", LogisticRegression())], [3, 1]
    ours = SoftVotingClassifier(members, weights=weights).fit(X, y, sample_weight=np.arange(1, 61))
    theirs = VotingClassifier(members, voting="soft", weights=weights)
    theirs.fit(X, y, sample_weight=np.arange(1, 61))
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X))
    assert ours.classes_.tolist() == ["II", "Ia"]
    assert ours.set_params(b__C=3.0).get_params()["b__C"] == 3.0


def test_geometric_mean_adds_the_logarithms():
    X, y = rows()
    members = [("a", GaussianNB()), ("b", LogisticRegression())]
    model = SoftVotingClassifier(members, weights=[3, 1], mean="geometric").fit(X, y)
    first, second = (e.predict_proba(X).clip(1e-4) for e in model.estimators_.values())
    odds = (first[:, 1] / first[:, 0]) ** 0.75 * (second[:, 1] / second[:, 0]) ** 0.25
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], odds / (1 + odds))
    same = SoftVotingClassifier([("a", GaussianNB()), ("b", GaussianNB())], mean="geometric")
    np.testing.assert_allclose(same.fit(X, y).predict_proba(X), first, atol=2e-4)


def test_no_member_alone_excludes_a_class_in_a_geometric_mean():
    X, y = rows()
    sure = DummyClassifier(strategy="constant", constant="Ia")
    members = [("sure", sure), ("prior", DummyClassifier())]
    proba = SoftVotingClassifier(members, mean="geometric").fit(X, y).predict_proba(X)
    prior = (y == "Ia").mean()
    expected = np.sqrt(np.array([1e-4 * (1 - prior), prior]))
    np.testing.assert_allclose(proba[0], expected / expected.sum())


def test_ragged_spectra_and_groups_of_a_network():
    X, y = make_spectra(40, classes=["Ia", "II"], random_state=0)
    steps = make_pipeline(make_spectrum_preprocessing(n_wavelengths=32), SpectrumPixels())
    members = [
        ("linear", make_pipeline(steps, LogisticRegression())),
        ("prior", DummyClassifier()),
    ]
    model = SoftVotingClassifier(members).fit(X, y)
    parts = [model.estimators_[name].predict_proba(X) for name in ("linear", "prior")]
    np.testing.assert_allclose(model.predict_proba(X), np.mean(parts, axis=0))


def test_samples_and_unclassified_objects_of_a_network_are_passed_on():
    X, y = rows()
    network = MultimodalClassifier(max_epochs=2, validation=None, random_state=0)
    kept = DummyClassifier()
    model = SoftVotingClassifier([("network", network), ("prior", kept)]).fit(X, y)
    samples = model.predict_proba_samples(X, n_samples=4)
    assert samples.shape == (4, 60, 2) and (samples.std(axis=0) > 0).all()
    own = model.estimators_["network"].predict_proba_samples(X, n_samples=4)
    np.testing.assert_allclose(samples, (own + kept.fit(X, y).predict_proba(X)) / 2)
    scores = JointClassifier(model).fit(X, y)
    assert (scores.predict_scores(X)[1] > 0).all()
    inputs = {"a": (2,), "b": (1,)}
    gaps = SoftVotingClassifier([("network", network.set_params(inputs=inputs)), ("prior", kept)])
    X[0] = np.nan
    with pytest.warns(UserWarning, match="unclassified"):
        assert gaps.fit(X[1:], y[1:]).predict(X)[0] == "unclassified"
    prior = gaps.set_params(unclassified="prior").fit(X[1:], y[1:])
    np.testing.assert_allclose(prior.predict_proba(X)[0], prior.class_prior_)


def test_bad_members_are_refused():
    X, y = rows()
    for members, weights in (([], None), ([("a", GaussianNB())] * 2, None)):
        with pytest.raises(ValueError, match="empty|not unique"):
            SoftVotingClassifier(members, weights=weights).fit(X, y)
    for weights in ([1], [1, -1], [0, 0]):
        members = [("a", GaussianNB()), ("b", GaussianNB())]
        with pytest.raises(ValueError, match="weights=.* must be 2 numbers"):
            SoftVotingClassifier(members, weights=weights).fit(X, y)
    with pytest.raises(AttributeError, match="predict_proba_samples"):
        SoftVotingClassifier([("a", GaussianNB())]).fit(X, y).predict_proba_samples(X)

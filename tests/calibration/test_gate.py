"""The gate: known objects pass as often as promised, unknown ones do not, at every date."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score

from skastro.calibration import (
    ClassIsolationForest,
    ConformalClassifier,
    GatedClassifier,
    MahalanobisDetector,
    NeighborDetector,
)
from skastro.datasets import make_light_curves
from skastro.exceptions import UnclassifiedWarning
from skastro.feature_extraction import VariabilityStatistics
from skastro.neural_network import MultimodalClassifier, RecurrentClassifier
from skastro.persistence import load_model, save_model
from skastro.preprocessing import FirstDetection
from skastro.utils.ragged import flatten, nest

pytestmark = pytest.mark.slow  # trains networks
CLASSES = np.array(["II", "Ia"])
DAYS = [5.0, 30.0]


def blobs(n_objects, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.choice(CLASSES, n_objects)
    index = [f"SN{i}" for i in range(n_objects)]
    X = rng.normal(size=(n_objects, 3)) + 4 * (y == "Ia")[:, None]
    return pd.DataFrame(X, columns=["a", "b", "c"], index=index), y


@pytest.fixture(scope="module")
def network():
    model = MultimodalClassifier(inputs={"x": (3,)}, max_epochs=10, random_state=0)
    return FrozenEstimator(model.fit(*blobs(200)))


@pytest.fixture(scope="module")
def light_curves():
    X, y = make_light_curves(240, classes=["SNIa", "SNII", "RRL"], random_state=0)
    X = FirstDetection().fit_transform(X)
    usable = X["first_detection"].notna().to_numpy()
    X, y = X[usable], np.asarray(y)[usable]
    network = RecurrentClassifier(
        max_epochs=4, reference_column="first_detection", random_state=0
    ).fit(X[:120], y[:120])
    return FrozenEstimator(network), X[120:], y[120:]


def flat(X, seed=0):
    """Return X with constant fluxes at a S/N of 10."""
    offsets, rows = flatten(X["lightcurve"])
    error, lengths = np.asarray(rows["flux_err"], float), np.diff(offsets)
    level = 10 * np.repeat(np.add.reduceat(error, offsets[:-1]) / lengths, lengths)
    noise = np.random.default_rng(seed).normal(size=len(error))
    rows = {**rows, "flux": level + noise * error}
    return X.assign(lightcurve=nest(offsets, rows, X.index))


@pytest.mark.parametrize(
    "detector",
    [
        None,
        NeighborDetector(),
        ClassIsolationForest(n_estimators=20, random_state=0),
        IsolationForest(n_estimators=20, random_state=0),
    ],
)
def test_known_objects_are_rejected_as_rarely_as_promised(network, detector):
    model = GatedClassifier(network, detector=detector, max_rejected=0.1, random_state=0)
    model.fit(*blobs(2000, seed=1))
    assert model.is_known(blobs(2000, seed=2)[0]).mean() == pytest.approx(0.9, abs=0.03)
    far = pd.DataFrame(np.eye(3) * 60 - 30, columns=["a", "b", "c"])
    assert not model.is_known(far).any()


def test_rejected_objects_are_unclassified_and_named(network):
    model = GatedClassifier(network, random_state=0).fit(*blobs(400, seed=1))
    X = blobs(3)[0]
    X.iloc[1] = [60.0, -60.0, 60.0]
    with pytest.warns(UnclassifiedWarning, match="GatedClassifier: 1 of 3 .*'SN1'"):
        proba = model.predict_proba(X)
    assert np.isnan(proba).all(axis=1).tolist() == [False, True, False]
    np.testing.assert_allclose(proba[[0, 2]], network.predict_proba(X)[[0, 2]])
    with pytest.warns(UnclassifiedWarning):
        assert model.predict(X)[1] == "unclassified"
    prior = GatedClassifier(network, unclassified="prior", random_state=0)
    prior.fit(*blobs(400, seed=1))
    np.testing.assert_allclose(prior.predict_proba(X)[1], prior.class_prior_)


def test_features_beside_the_embedding(light_curves):
    network, X, y = light_curves
    alone = GatedClassifier(network, random_state=0).fit(X, y)
    both = GatedClassifier(network, features=VariabilityStatistics(), random_state=0).fit(X, y)
    is_flat, scores = np.repeat([0, 1], len(X)), []
    for model in (alone, both):
        found = [model.score_samples(part) for part in (X, flat(X))]
        scores.append(roc_auc_score(is_flat, -np.concatenate(found)))
    assert scores[1] > max(scores[0], 0.95)


def test_gate_at_dates(light_curves):
    network, X, y = light_curves
    model = GatedClassifier(
        network,
        features=VariabilityStatistics(),
        days=DAYS,
        max_rejected=0.1,
        reference_column="first_detection",
        random_state=0,
    ).fit(X, y)
    proba = model.predict_proba_at(X, DAYS)
    assert proba.shape == (len(X), 2, 3)
    assert np.isnan(proba).all(axis=2).mean() < 0.2
    np.testing.assert_allclose(
        proba[~np.isnan(proba)], network.predict_proba_at(X, DAYS)[~np.isnan(proba)]
    )
    scores = [model.score_samples_at(part, DAYS)[:, 1] for part in (X, flat(X))]
    assert roc_auc_score(np.repeat([0, 1], len(X)), -np.concatenate(scores)) > 0.75
    assert model.thresholds_at_.index.tolist() == DAYS
    between = model.predict_proba_at(X, [12.0])
    assert np.isnan(between).all(axis=2).mean() < 0.2


def test_without_days_there_is_no_gate_at_dates(light_curves):
    network, X, y = light_curves
    model = GatedClassifier(network, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="predict_proba_at requires the parameter days"):
        model.predict_proba_at(X, DAYS)


def test_the_classifier_is_trained_on_a_part(network):
    X, y = blobs(300)
    model = GatedClassifier(
        MultimodalClassifier(inputs={"x": (3,)}, max_epochs=10, random_state=0), random_state=0
    ).fit(X, y)
    known = model.is_known(X)
    with pytest.warns(UnclassifiedWarning):
        assert (model.predict(X)[known] == y[known]).mean() > 0.9


def test_sets_of_a_gated_classifier(network):
    gate = GatedClassifier(network, unclassified="nan", random_state=0).fit(*blobs(400, seed=1))
    with pytest.warns(match="take no part"):
        sets = ConformalClassifier(FrozenEstimator(gate)).fit(*blobs(400, seed=2))
    X = blobs(2)[0]
    X.iloc[1] = [60.0, -60.0, 60.0]
    with pytest.warns(UnclassifiedWarning):
        assert sets.predict_set(X).any(axis=1).tolist() == [True, False]
    np.testing.assert_allclose(sets.score_samples(X), gate.score_samples(X))
    assert sets.is_known(X).tolist() == [True, False]
    assert not hasattr(ConformalClassifier(network), "is_known")


def test_model_file(light_curves, tmp_path):
    network, X, y = light_curves
    options = {"features": VariabilityStatistics(), "reference_column": "first_detection"}
    model = GatedClassifier(network, days=DAYS, random_state=0, **options).fit(X, y)
    save_model(model, tmp_path / "gate.skastro")
    loaded = load_model(tmp_path / "gate.skastro")
    np.testing.assert_allclose(loaded.score_samples(X), model.score_samples(X), rtol=1e-6)
    np.testing.assert_allclose(
        loaded.predict_proba_at(X, [9.0]), model.predict_proba_at(X, [9.0]), rtol=1e-5
    )


class TestDetectors:
    """Detectors of rows, with known answers."""

    @pytest.fixture
    def sample(self):
        rng = np.random.default_rng(0)
        y = np.resize(CLASSES, 300)
        return rng.normal(size=(300, 3)) + 8 * (y == "Ia")[:, None], y

    @pytest.mark.parametrize(
        "detector",
        [
            MahalanobisDetector(),
            NeighborDetector(),
            ClassIsolationForest(n_estimators=50, random_state=0),
        ],
    )
    def test_share_of_outliers_and_rows_with_nan(self, sample, detector):
        Z, y = sample
        detector.fit(Z, y)
        assert (detector.predict(Z) == -1).mean() == pytest.approx(0.05, abs=0.03)
        assert detector.predict([[4.0, 4.0, 4.0], [0.0, 0.0, 0.0]]).tolist() == [-1, 1]
        assert detector.predict([[np.nan, 0.0, 0.0]]).tolist() == [-1]
        assert np.isnan(detector.decision_function([[np.nan, 0.0, 0.0]])).all()

    def test_distance_to_the_neighbour_by_hand(self):
        detector = NeighborDetector(n_neighbors=2).fit([[0.0], [1.0], [3.0]])
        np.testing.assert_allclose(detector.score_samples([[0.0], [4.0]]), [-1.0, -3.0])

    def test_score_is_that_of_the_best_forest(self, sample):
        Z, y = sample
        detector = ClassIsolationForest(n_estimators=20, random_state=0).fit(Z, y)
        single = [forest.score_samples(Z) for forest in detector.forests_]
        np.testing.assert_array_equal(detector.score_samples(Z), np.max(single, axis=0))
        assert len(single) == 2

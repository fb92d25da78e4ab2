"""Auto-encoder of rows of several inputs, and networks that start from its encoders."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from skastro.exceptions import ObjectError
from skastro.neural_network import MultimodalAutoencoder, MultimodalClassifier
from skastro.neural_network.inputs import MaskedBlocks, MultimodalBlocks
from skastro.persistence import load_model, save_model

INPUTS = {"spec": (1, 64), "lines": (1, 48)}


def waves(n, seed=0):
    """Sine waves of random phase in both inputs, and their phase."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, (n, 1))
    X = np.hstack([np.sin(np.linspace(0, 6, m) + phase) for m in (64, 48)])
    return (X + 0.02 * rng.normal(size=X.shape)).astype(np.float32), phase[:, 0]


def autoencoder(**parameters):
    return MultimodalAutoencoder(inputs=INPUTS, random_state=0, **parameters)


@pytest.fixture(scope="module")
def fitted():
    return autoencoder(max_epochs=25).fit(waves(400)[0])


def source(X, **options):
    rows = MultimodalBlocks(X, INPUTS, "Example")
    return MaskedBlocks(rows, **({"hidden": 0.5, "stretch": 8, "noise": 0.0} | options))


def test_stretches_are_hidden_and_the_target_is_whole():
    X, _ = waves(200)
    batch = (
        source(X)
        .learn(np.arange(200))
        .take(np.arange(200), generator=torch.Generator().manual_seed(0))
    )
    np.testing.assert_allclose(batch["target"], X / X.std(axis=0), rtol=1e-3)
    hidden = batch["spec"][:, 0].numpy() != X[:, :64]
    assert hidden.mean() == pytest.approx(0.5, abs=0.05)
    parts = hidden.reshape(200, 8, 8)
    assert (parts.all(axis=2) | ~parts.any(axis=2)).all()
    assert (batch["spec"][:, 0].numpy()[hidden] == 0).all()


def test_noise_is_in_units_of_the_deviation():
    X, _ = waves(500)
    X[:, :64] *= 100
    scaled = source(X, hidden=0.0, noise=0.1).learn(np.arange(500))
    np.testing.assert_allclose(scaled.scale.deviation, X.std(axis=0), rtol=1e-3)
    batch = scaled.take(np.arange(500), generator=torch.Generator().manual_seed(0))
    change = np.hstack([batch[name][:, 0] for name in INPUTS]) - X
    np.testing.assert_allclose(change.std(axis=0) / X.std(axis=0), 0.1, rtol=0.2)


def test_without_a_generator_nothing_is_hidden():
    X, _ = waves(5)
    batch = source(X).learn(np.arange(5)).take(np.arange(5))
    np.testing.assert_array_equal(batch["spec"][:, 0], X[:, :64])


def test_missing_inputs_weigh_nothing():
    X, _ = waves(6)
    X[:3, :64] = np.nan
    batch = source(X).learn(np.arange(6)).take(np.arange(6))
    assert (batch["weight"][:3, :64] == 0).all()
    assert (batch["weight"][3:] > 0).all() and (batch["weight"][:3, 64:] > 0).all()


def test_hidden_stretches_are_filled_in(fitted):
    X, _ = waves(100, seed=1)
    gaps = X.copy()
    gaps[:, 16:32] = 0
    error = np.mean((fitted.reconstruct(gaps)[:, 16:32] - X[:, 16:32]) ** 2)
    assert error < 0.3 * X[:, 16:32].var()
    assert fitted.history_["train_loss"].iloc[-1] < 0.5 * fitted.history_["train_loss"].iloc[0]


def test_a_missing_input_is_predicted_from_the_other(fitted):
    X, _ = waves(100, seed=1)
    without = X.copy()
    without[:, :64] = np.nan
    found = fitted.reconstruct(without)[:, :64]
    assert np.corrcoef(found.ravel(), X[:, :64].ravel())[0, 1] > 0.5
    without[0] = np.nan
    assert np.isnan(fitted.transform(without)[0]).all()
    assert np.isfinite(fitted.transform(without)[1:]).all()


def test_the_embedding_knows_what_the_rows_are_made_of(fitted):
    X, phase = waves(400)
    X_new, new = waves(100, seed=1)
    labels = [np.digitize(values, [2.1, 4.2]) for values in (phase, new)]
    model = LogisticRegression(max_iter=1000).fit(fitted.transform(X), labels[0])
    assert model.score(fitted.transform(X_new), labels[1]) > 0.9


def test_a_network_starts_from_its_encoders(fitted):
    X, phase = waves(60, seed=2)
    y = np.where(phase < np.pi, "a", "b")
    options = {"inputs": INPUTS, "max_epochs": 1, "lr": 1e-12, "random_state": 0}
    model = MultimodalClassifier(pretrained=FrozenEstimator(fitted), **options).fit(X, y)
    own, other = model.net_.module_.encoders, fitted.net_.module_.encoders
    for name, values in own.named_parameters():
        torch.testing.assert_close(values, other.get_parameter(name), atol=1e-6, rtol=0)
    assert model.pretrained_ is fitted
    plain = MultimodalClassifier(**options).fit(X, y)
    first = next(iter(plain.net_.module_.encoders.parameters()))
    assert not torch.equal(first, next(iter(other.parameters())))


def test_it_is_fitted_on_the_training_rows_unless_frozen():
    X, phase = waves(40)
    y = np.where(phase < np.pi, "a", "b")
    encoder = autoencoder(max_epochs=1)
    options = {"inputs": INPUTS, "max_epochs": 1, "random_state": 0}
    model = MultimodalClassifier(pretrained=encoder, **options).fit(X, y)
    assert not hasattr(encoder, "net_")
    alone = clone(encoder).fit(X)
    np.testing.assert_array_equal(model.pretrained_.transform(X), alone.transform(X))


def test_other_inputs_and_other_encoders_are_errors(fitted):
    X, phase = waves(20)
    y = np.where(phase < np.pi, "a", "b")
    frozen = FrozenEstimator(fitted)
    with pytest.raises(ValueError, match="but those of the auto-encoder are"):
        MultimodalClassifier(inputs={"spec": (1, 112)}, pretrained=frozen).fit(X, y)
    with pytest.raises(ValueError, match="must be a MultimodalAutoencoder, not PCA"):
        MultimodalClassifier(pretrained=PCA()).fit(X, y)
    with pytest.raises(NotFittedError):
        unfitted = FrozenEstimator(autoencoder())
        MultimodalClassifier(inputs=INPUTS, pretrained=unfitted).fit(X, y)
    mlp = {"spec": "mlp", "lines": "mlp"}
    with pytest.raises(ValueError, match="encoders of the auto-encoder have other shapes"):
        MultimodalClassifier(inputs=INPUTS, encoders=mlp, pretrained=frozen).fit(X, y)


def test_gaps_and_rows_without_inputs_are_errors():
    X, _ = waves(4)
    X[1, 3] = np.nan
    with pytest.raises(ObjectError, match="NaN in a part of the input 'spec'"):
        autoencoder().fit(X)
    with pytest.raises(ObjectError, match="MultimodalAutoencoder: no object has an input"):
        autoencoder().fit(np.full((3, 112), np.nan))


def test_it_survives_a_file(fitted, tmp_path):
    X, _ = waves(10)
    save_model(fitted, tmp_path / "encoder.skastro")
    found = load_model(tmp_path / "encoder.skastro")
    np.testing.assert_array_equal(found.transform(X), fitted.transform(X))
    np.testing.assert_array_equal(found.reconstruct(X), fitted.reconstruct(X))

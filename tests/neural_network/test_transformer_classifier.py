"""TransformerClassifier and TransformerAutoencoder on light curves."""

import pickle
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skastro.datasets import make_bazin
from skastro.exceptions import ObjectError
from skastro.neural_network import TransformerAutoencoder, TransformerClassifier
from skastro.neural_network.inputs import Reconstruction
from skastro.nn import HierarchicalCrossEntropy, LightCurveAutoencoderNet, TransformerNet
from skastro.taxonomy import Taxonomy
from skastro.testing import make_check_data
from skastro.utils.ragged import flatten, keep_rows, nest

SMALL = {"size": 16, "feedforward_size": 32}


def network(**parameters):
    module = partial(TransformerNet, **SMALL)
    return TransformerClassifier(
        **({"module": module, "max_epochs": 3, "batch_size": 16, "random_state": 0} | parameters)
    )


def autoencoder(**parameters):
    module = partial(LightCurveAutoencoderNet, **SMALL)
    return TransformerAutoencoder(
        **({"module": module, "max_epochs": 3, "batch_size": 16, "random_state": 0} | parameters)
    )


@pytest.fixture(scope="module")
def data():
    return make_bazin(160, random_state=0)


@pytest.fixture(scope="module")
def trained(data):
    return autoencoder(max_epochs=15, lr=8e-3).fit(data[0])


@pytest.mark.parametrize("causal", [True, False])
def test_a_date_is_the_light_curve_cut_there(causal):
    X, y = make_check_data(30)
    module = partial(TransformerNet, causal=causal, **SMALL)
    model = network(module=module, static=["redshift"], n_prefixes=2).fit(X, y)
    answers = model.predict_proba_at(X, [8.0, 30.0])
    offsets, rows = flatten(X["lightcurve"])
    first = np.minimum.reduceat(rows["time"], offsets[:-1]).repeat(np.diff(offsets))
    for day, found in zip((8.0, 30.0), answers.swapaxes(0, 1)):
        early = np.float32(rows["time"] - first) <= day
        cut = X.assign(lightcurve=nest(*keep_rows(offsets, rows, early), X.index))
        np.testing.assert_allclose(found, model.predict_proba(cut), atol=1e-5)


def test_a_tree_of_classes():
    X, y = make_check_data(30)
    tree = Taxonomy({"root": {"SN": ["Ia", "II"], "AGN": None}})
    model = network(criterion=HierarchicalCrossEntropy(tree)).fit(X, np.resize(tree.leaves, len(y)))
    assert model.predict_node_proba(X).shape == (30, 5)


def test_codes_do_for_a_forest(data, trained):
    X, y = data
    forest = RandomForestClassifier(random_state=0).fit(trained.transform(X[:120]), y[:120])
    assert forest.score(trained.transform(X[120:]), y[120:]) > 0.6
    pipe = make_pipeline(autoencoder(max_epochs=1), RandomForestClassifier(10)).fit(X, y)
    assert pipe.predict(X).shape == y.shape


def test_reconstruction_is_in_the_unit_of_the_flux(data, trained):
    X, _ = data
    _, rows = flatten(X["lightcurve"])
    offsets, found = flatten(trained.reconstruct(X)["lightcurve"])
    np.testing.assert_array_equal(offsets, flatten(X["lightcurve"])[0])
    np.testing.assert_array_equal(found["time"], rows["time"])
    assert (np.asarray(found["band"]) == np.asarray(rows["band"])).all()
    bright = rows["flux"] > 20
    ratio = found["flux"][bright] / rows["flux"][bright]
    assert np.median(ratio) == pytest.approx(1, abs=0.35)
    assert np.corrcoef(found["flux"], rows["flux"])[0, 1] > 0.5


def test_reconstruction_of_objects_it_has_not_seen():
    X, _ = make_bazin(260, random_state=1)
    module = partial(LightCurveAutoencoderNet, size=32, feedforward_size=64)
    model = autoencoder(module=module, max_epochs=25, lr=1e-2).fit(X[:200])
    flux = flatten(X[200:]["lightcurve"])[1]["flux"]
    found = flatten(model.reconstruct(X[200:])["lightcurve"])[1]["flux"]
    assert np.corrcoef(found, flux)[0, 1] > 0.9
    assert np.sqrt(np.mean((found - flux) ** 2)) < 0.45 * np.std(flux)


def test_a_decoder_forced_by_a_teacher(data):
    X, _ = data
    module = partial(LightCurveAutoencoderNet, decoder="sequence", n_heads=2, **SMALL)
    model = autoencoder(module=module, max_epochs=6, lr=5e-3).fit(X)
    losses = model.history_["valid_loss"]
    assert losses.iloc[-1] < 0.6 * losses.iloc[0]
    found = flatten(model.reconstruct(X[:5])["lightcurve"])[1]["flux"]
    alone = flatten(model.reconstruct(X[2:3])["lightcurve"])[1]["flux"]
    start = flatten(X["lightcurve"])[0][2]
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[start : start + len(alone)], alone, rtol=1e-3, atol=1e-2)
    with pytest.raises(ValueError, match="decoder"):
        LightCurveAutoencoderNet(12, 2, decoder="magic")


def test_decode_is_reconstruct(data, trained):
    X = data[0][:3]
    offsets, rows = flatten(trained.reconstruct(X)["lightcurve"])
    zero = flatten(X["lightcurve"])[1]["time"][offsets[:-1]]
    codes = trained.transform(X)
    for i in range(3):
        part = slice(offsets[i], offsets[i + 1])
        days, bands = rows["time"][part] - zero[i], np.asarray(rows["band"])[part]
        grid = trained.decode(codes[[i]], days, trained.bands_)[0]
        column = [trained.bands_.index(band) for band in bands]
        wanted = grid[np.arange(len(days)), column]
        np.testing.assert_allclose(rows["flux"][part], wanted, rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match="columns"):
        trained.decode(codes[:, :3], [0.0], ["g"])
    with pytest.raises(ValueError, match="unknown bands"):
        trained.decode(codes, [0.0], ["K"])


def test_values_weigh_by_their_errors(data):
    X, _ = data
    offsets, rows = flatten(X["lightcurve"])
    error = np.where(np.arange(offsets[-1]) % 2, 50.0, 1.0)
    spoilt = X.assign(lightcurve=nest(offsets, {**rows, "flux_err": error}, X.index))
    model = autoencoder(max_epochs=1).fit(spoilt)
    source = model._read(spoilt, reset=False).scaled(model.scale_)
    batch = source.take(np.arange(1))
    n, scale = offsets[1], model.scale_.flux
    flux = np.asarray(rows["flux"][:n], float) / scale
    variance = (error[:n] / scale) ** 2 / (1 + flux**2)
    np.testing.assert_allclose(batch["target"][0], np.arcsinh(flux), atol=1e-5)
    np.testing.assert_allclose(batch["weight"][0], 1 / (variance + 0.01), rtol=1e-4)
    loss = [model.net_.get_loss(batch["target"] + d, None, batch) for d in (0.0, 1.0)]
    assert loss[0].item() == 0 and loss[1].item() == pytest.approx(0.5, rel=1e-5)
    alike = Reconstruction(source.light_curves, use_errors=False).take(np.arange(2))["weight"]
    np.testing.assert_array_equal(alike.sum(dim=1), np.diff(offsets)[:2])


def test_penalty_makes_weights_small(data):
    sizes = []
    for alpha in (0.0, 10.0):
        model = autoencoder(alpha=alpha, rho=1e-3, max_epochs=6, lr=1e-2).fit(data[0][:80])
        weights = [p for p in model.net_.module_.decoder.parameters() if p.ndim > 1]
        sizes.append(np.mean([float(p.detach().abs().mean()) for p in weights]))
    assert sizes[1] < 0.92 * sizes[0]


@pytest.mark.parametrize("frozen", [True, False])
def test_classifier_starts_from_the_encoder(data, trained, frozen):
    X, y = data
    model = network(pretrained=FrozenEstimator(trained), freeze_encoder=frozen)
    model = clone(model).fit(X, y)
    own = model.net_.module_.encoder.state_dict()
    other = trained.net_.module_.encoder.state_dict()
    assert all(torch.equal(own[name], other[name]) for name in other) == frozen
    assert model.scale_.flux == trained.scale_.flux
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_unfitted_autoencoder_is_trained_on_the_way(data):
    X, y = data
    model = network(pretrained=autoencoder(max_epochs=1), max_epochs=1).fit(X, y)
    assert model.pretrained_ is not model.pretrained
    assert not hasattr(model.pretrained, "net_")


def test_autoencoders_that_do_not_fit(data, trained):
    X, y = data
    with pytest.raises(ValueError, match="another shape"):
        network(pretrained=FrozenEstimator(trained), module=TransformerNet).fit(X, y)
    with pytest.raises(ValueError, match="band_encoding"):
        network(pretrained=FrozenEstimator(trained), band_encoding="embedding").fit(X, y)


def test_objects_without_observations(data, trained):
    X, y = data
    offsets, rows = flatten(X["lightcurve"][:2])
    offsets = np.array([0, offsets[1], offsets[1]])
    rows = {name: values[: offsets[1]] for name, values in rows.items()}
    two = X[:2].assign(lightcurve=nest(offsets, rows, X.index[:2]))
    codes = trained.transform(two)
    assert np.isfinite(codes[0]).all() and np.isnan(codes[1]).all()
    assert len(flatten(trained.reconstruct(two)["lightcurve"])[1]["flux"]) == offsets[1]
    with pytest.raises(ObjectError, match="no object has observations"):
        autoencoder().fit(two[1:])

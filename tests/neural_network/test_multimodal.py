"""Several inputs, any of which may be missing; dropout in prediction."""

from functools import partial

import numpy as np
import pytest
import torch

from skastro.exceptions import ObjectError
from skastro.neural_network import HeatmapCNNClassifier, MultimodalClassifier
from skastro.nn import FusionNet, MLPEncoder, RecurrentEncoder

INPUTS = {"spectrum": (1, 32), "light_curve": (2, 10), "dmdt": (1, 8, 8)}
WIDTHS = {"spectrum": 32, "light_curve": 20, "dmdt": 64}
STARTS = {"spectrum": 0, "light_curve": 32, "dmdt": 52}


def columns(name):
    return slice(STARTS[name], STARTS[name] + WIDTHS[name])


def network(**parameters):
    return MultimodalClassifier(
        **({"inputs": INPUTS, "max_epochs": 15, "lr": 5e-3, "random_state": 0} | parameters)
    )


@pytest.fixture
def data():
    """Two classes separated by the spectrum, or by the light curve, and one static column."""
    rng = np.random.default_rng(0)
    y = np.repeat(["Ia", "II"], 60)
    X = rng.normal(size=(120, 117)).astype(np.float32)
    for name in ("spectrum", "light_curve"):
        X[:, columns(name)] += (y == "Ia")[:, None]
    return X, y


@pytest.mark.parametrize("name", list(INPUTS))
def test_values_of_a_missing_input_are_ignored(data, name):
    X, y = data
    X[::2, columns(name)] = np.nan
    model = network().fit(X, y)
    net = model.net_.module_.eval()
    source = model._read(X, reset=False).scaled(model.scale_)
    batch = source.take(np.arange(8))
    assert not batch["present"][::2, list(INPUTS).index(name)].any()
    with torch.no_grad():
        before = net(**batch)
        batch[name][::2] = torch.randn_like(batch[name][::2])
        np.testing.assert_allclose(net(**batch), before)
        batch[name][1::2] += 1
        assert (net(**batch) - before)[1::2].abs().max() > 1e-4


def test_any_input_alone_is_enough(data):
    X, y = data
    rng = np.random.default_rng(1)
    lost = rng.permutation(120)
    X[lost[:40], columns("spectrum")] = np.nan
    X[lost[40:80], columns("light_curve")] = np.nan
    model = network(max_epochs=30).fit(X, y)
    assert model.score(X, y) > 0.9
    one = {"spectrum": INPUTS["spectrum"]}
    alone = network(inputs=one).fit(data[0][lost[40:], :32], y[lost[40:]])
    assert alone.score(X[lost[40:], :32], y[lost[40:]]) > 0.9


def test_an_object_without_any_input_has_no_prediction(data):
    X, y = data
    X[5, :116] = np.nan
    with pytest.warns(UserWarning, match="object 5"):
        model = network().fit(X, y)
    assert np.isnan(model.predict_proba(X)[5]).all()
    assert np.isnan(model.predict_proba_samples(X, 2)[:, 5]).all()
    assert model.predict(X)[5] == "unclassified"


def test_an_input_with_holes_is_refused(data):
    X, y = data
    X[[3, 7], 60] = np.nan
    with pytest.raises(ObjectError, match="a part of the input 'dmdt'") as error:
        network().fit(X, y)
    assert error.value.ids == [3, 7]


def test_samples_scatter_by_dropout_alone(data):
    X, y = data
    model = network().fit(X, y)
    samples = model.predict_proba_samples(X, 30)
    np.testing.assert_allclose(samples.sum(axis=2), 1, atol=1e-6)
    assert samples.std(axis=0).max() > 1e-3
    assert np.corrcoef(samples.mean(axis=0)[:, 0], model.predict_proba(X)[:, 0])[0, 1] > 0.95
    np.testing.assert_array_equal(model.predict_proba_samples(X, 30), samples)
    np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(X))
    quiet = network(
        encoders={name: partial(MLPEncoder, dropout=0.0) for name in INPUTS},
        module=partial(FusionNet, dropout=0.0),
    ).fit(X, y)
    assert np.ptp(quiet.predict_proba_samples(X, 5), axis=0).max() < 1e-6


def test_samples_leave_batch_normalisation_alone(data):
    X, y = data
    model = network().fit(X, y)
    before = {name: value.clone() for name, value in model.net_.module_.state_dict().items()}
    model.predict_proba_samples(X[:3], 3)
    for name, value in model.net_.module_.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_samples_of_any_network():
    X = np.random.default_rng(0).normal(size=(20, 2 * 8 * 12))
    y = np.repeat([0, 1], 10)
    model = HeatmapCNNClassifier(image_shape=(8, 12, 2), max_epochs=1, random_state=0).fit(X, y)
    assert model.predict_proba_samples(X, 3).shape == (3, 20, 2)


def test_encoders_by_name_and_by_call(data):
    X, y = data
    encoders = {"spectrum": "rnn", "light_curve": partial(RecurrentEncoder, units=4)}
    net = network(encoders=encoders, max_epochs=1).fit(X, y).net_.module_
    kinds = [type(encoder).__name__ for encoder in net.encoders]
    assert kinds == ["RecurrentEncoder", "RecurrentEncoder", "Conv2dEncoder"]
    with pytest.raises(ValueError, match="which are not among the inputs"):
        network(encoders={"spectra": "rnn"}).fit(X, y)
    with pytest.raises(ValueError, match="unknown encoder 'transformer'"):
        network(encoders={"spectrum": "transformer"}).fit(X, y)
    with pytest.raises(ValueError, match="dropouts must have num_layers"):
        RecurrentEncoder((1, 8), num_layers=3)


def test_recurrent_encoder_ends_at_the_last_step_of_each_direction():
    torch.manual_seed(0)
    encoder = RecurrentEncoder((1, 6), num_layers=1, dropouts=(0.0,), hidden_sizes=()).eval()
    sequences = torch.randn(2, 1, 6)
    states, _ = encoder.recurrent[0](sequences.transpose(1, 2))
    both = torch.cat([states[:, -1, :24], states[:, 0, 24:]], dim=1)
    torch.testing.assert_close(encoder(sequences), encoder.dense(both))


def test_shapes_must_fit(data):
    X, y = data
    with pytest.raises(ValueError, match="require 200 columns; X has 117"):
        network(inputs={"a": (200,)}).fit(X, y)
    with pytest.raises(ValueError, match="a name and a shape each"):
        network(inputs={"a": (0,)}).fit(X, y)

"""Every network and recipe survives a model file, and pretrained folders tell their limits."""

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from golden_models import MODELS
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from skastro.augmentation import SurveyVariation
from skastro.datasets import make_light_curves
from skastro.exceptions import DataShiftWarning, FormatError
from skastro.hierarchy import HierarchicalClassifier
from skastro.neural_network import BaseNet, HeatmapCNNClassifier, RecurrentClassifier
from skastro.nn import RecurrentNet
from skastro.persistence import (
    load_model,
    load_pretrained,
    register,
    save_model,
    save_pretrained,
)
from skastro.recipes import make_oracle
from skastro.taxonomy import ELASTICC, Taxonomy

TREE = Taxonomy({"Alert": {"SN": ["SNIa", "SNII"], "RRL": None}})


def through_a_file(monkeypatch, path):
    """Let every fitted network leave `fit` through a model file."""
    original = BaseNet._record

    def record(self):
        original(self)
        loaded = load_model(save_model(self, path, overwrite=True))
        device = self.net_.device
        vars(self).update(vars(loaded))
        assert self.net_.device == device

    monkeypatch.setattr(BaseNet, "_record", record)


@pytest.mark.parametrize("name", [name for name in MODELS if "features" not in name])
def test_networks_of_every_recipe_predict_the_same_after_a_file(name, monkeypatch, tmp_path):
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = MODELS[name]()
        through_a_file(monkeypatch, tmp_path / "model.safetensors")
        np.testing.assert_array_equal(MODELS[name](), expected)


@pytest.fixture(scope="module")
def light_curves():
    return make_light_curves(60, classes=["SNIa", "SNII", "RRL"], random_state=0)


@pytest.fixture(scope="module")
def oracle(light_curves):
    return make_oracle(taxonomy=TREE, max_epochs=2, random_state=0).fit(*light_curves)


def test_a_whole_recipe_at_any_date(oracle, light_curves, tmp_path):
    loaded = load_model(save_model(oracle, tmp_path / "m.safetensors"))
    X, _ = light_curves
    days = [3, 30]
    inner = [model[:-1].transform(X) for model in (oracle, loaded)]
    at = [model[-1].predict_proba_at(rows, days) for model, rows in zip((oracle, loaded), inner)]
    np.testing.assert_array_equal(*at)
    assert loaded[-1].criterion.taxonomy == oracle[-1].criterion.taxonomy


def test_no_path_of_this_machine_is_kept(light_curves, tmp_path):
    checkpoint = tmp_path / "state.pt"
    model = RecurrentClassifier(max_epochs=1, checkpoint=checkpoint).fit(*light_curves)
    path = save_model(model, tmp_path / "m.safetensors")
    assert load_model(path).checkpoint is None
    assert b"state.pt" not in path.read_bytes()


def test_loading_uses_no_global_random_number(oracle, tmp_path):
    path = save_model(oracle, tmp_path / "m.safetensors")
    before = torch.get_rng_state()
    load_model(path)
    assert torch.equal(torch.get_rng_state(), before)


def test_meta_estimators_around_networks(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 8)).astype(np.float32), np.arange(60) % 3
    network = HeatmapCNNClassifier(max_epochs=2, random_state=0)
    calibrated = CalibratedClassifierCV(FrozenEstimator(network.fit(X, y)), method="temperature")
    voting = VotingClassifier([("n", network), ("l", LogisticRegression())], voting="soft")
    tree = Taxonomy({"all": {"a": [0, 1], "b": [2]}})
    hierarchy = HierarchicalClassifier(network, taxonomy=tree)
    for model in (calibrated, voting, hierarchy):
        model.fit(X, y)
        loaded = load_model(save_model(model, tmp_path / "m.safetensors", overwrite=True))
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


class Wide(RecurrentNet):
    """A user's own network."""


def test_own_networks_are_registered(light_curves, tmp_path):
    model = RecurrentClassifier(module=Wide, max_epochs=1, random_state=0).fit(*light_curves)
    with pytest.raises(TypeError, match=r"Wide.*register"):
        save_model(model, tmp_path / "m.safetensors")
    register(Wide)
    loaded = load_model(save_model(model, tmp_path / "m.safetensors"))
    X, _ = light_curves
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("name", ["scone-lsst", "oracle-lsst"])
def test_models_of_the_package_classify_its_simulations(name):
    pretrained = load_pretrained(name)
    classes = ["SNIa", "SNII", "SNIbc"] if "scone" in name else None
    X, y = make_light_curves(150, classes=classes, random_state=99)
    if "scone" in name:
        y = np.where(y == "SNIa", "SNIa", "other")
    else:
        y = ELASTICC.relabel(y)
    assert (pretrained.predict(X) == y).mean() > 0.6
    assert pretrained.bands == sorted("ugrizY")
    assert {"low", "high", "missing"} == set(pretrained.ranges)
    assert "skastro.datasets.make_light_curves" in pretrained.card
    with pytest.warns(DataShiftWarning, match="redshift"):
        pretrained.predict(X.assign(redshift=X["redshift"] + 5))


def test_a_threshold_decides(tmp_path):
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]] * 5), np.array(["II", "II", "Ia", "Ia"] * 5)
    model = LogisticRegression(C=100).fit(X, y)
    for threshold, label in ((0.0, "Ia"), (1.0, "II")):
        folder = save_pretrained(model, tmp_path / label, threshold=threshold)
        assert set(load_pretrained(folder).predict(X)) == {label}
    with pytest.raises(ValueError, match="threshold"):
        save_pretrained(model, tmp_path / "a", threshold=2.0)
    with pytest.raises(FileExistsError):
        save_pretrained(model, tmp_path / "Ia")


def test_what_is_wrong_with_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="scone-lsst"):
        load_pretrained("nothing")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(FormatError, match=r"model\.safetensors"):
        load_pretrained(tmp_path)
    save_pretrained(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"threshold": 0.5}))
    with pytest.raises(FormatError, match=r"config\.json is damaged"):
        load_pretrained(tmp_path)


def test_a_hub_is_queried_for_names_with_a_slash(tmp_path, monkeypatch):
    folder = save_pretrained(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), tmp_path / "m")
    hub = type(sys)("huggingface_hub")
    hub.snapshot_download = lambda name, allow_patterns: {"someone/model": str(folder)}[name]
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert load_pretrained("someone/model").path == folder
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(FileNotFoundError, match="install huggingface_hub"):
        load_pretrained("someone/model")


def test_a_model_without_network_loads_without_torch(tmp_path):
    path = save_model(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), tmp_path / "m")
    code = (
        f"import sys; from skastro.persistence import load_model; load_model({str(path)!r});"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_variation_of_the_training_is_kept(tmp_path):
    X, y = make_light_curves(20, classes=["SNIa", "RRL"], random_state=0)
    variation = SurveyVariation(stretch=0.2)
    model = RecurrentClassifier(max_epochs=1, augment=variation, random_state=0).fit(X, y)
    save_model(model, tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.augment == variation
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))

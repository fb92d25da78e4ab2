"""Model files: what is kept, what is refused, what errors say."""

import json
import os
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from skastro.augmentation import draw_prefixes
from skastro.calibration import ConformalClassifier, GatedClassifier
from skastro.datasets import make_light_curves
from skastro.neural_network import MultimodalClassifier
from skastro.persistence import inspect_model, load_model, model_card, register, save_model
from skastro.persistence._codec import Reader, Writer
from skastro.persistence._plain import PLAIN
from skastro.resampling import AugmentSampler

FOREST = RandomForestClassifier(5, random_state=0)
MODELS = [
    make_pipeline(StandardScaler(), LogisticRegression()),
    FOREST,
    ExtraTreesClassifier(5, random_state=0),
    HistGradientBoostingClassifier(max_iter=5),
    SVC(),
    KNeighborsClassifier(3),
    IsolationForest(n_estimators=5, random_state=0),
    LocalOutlierFactor(novelty=True),
    VotingClassifier([("forest", FOREST), ("linear", LogisticRegression())]),
    StackingClassifier([("forest", FOREST), ("linear", LogisticRegression())], cv=2),
    CalibratedClassifierCV(LogisticRegression(), cv=2, method="sigmoid"),
    make_pipeline(FunctionTransformer(np.log1p), SVC(kernel="linear")),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_predictions_are_equal_to_the_last_bit(model, data, path):
    X, y = data
    model.fit(X, y)
    loaded = load_model(save_model(model, path, overwrite=True))
    for method in ("predict_proba", "decision_function", "predict"):
        if hasattr(model, method):
            np.testing.assert_array_equal(getattr(loaded, method)(X), getattr(model, method)(X))


VALUES = [
    [1, 2.5, None, True, "text", 10**30, 1 + 2j],
    (np.nan, -np.inf, ()),
    {"a": {1, 2}, 3: frozenset({"b"}), (1, "x"): slice(1, None)},
    np.arange(6, dtype=">i2").reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.array(["Ia", "II"]),
    np.array([1, "a", None], object),
    np.array(["2026-01-01"], "M8[D]"),
    np.array([(1, 2.0)], [("n", int), ("x", float)]),
    np.array([1 + 2j, 3.0]),
    np.array(3.0),
    np.zeros((0, 4), np.float32),
    np.float32(0.1),
    np.str_("x"),
    np.dtype("f4"),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_keep_their_type(value):
    write = Writer(PLAIN)
    node = json.loads(json.dumps(write(value, "value")))
    read = Reader(PLAIN, write.arrays)(node)
    assert type(read) is type(value)
    assert repr(read) == repr(value)
    if isinstance(value, np.ndarray):
        assert read.dtype == value.dtype and read.shape == value.shape
        assert read.flags.f_contiguous == value.flags.f_contiguous


def test_frames_and_random_states():
    frame = pd.DataFrame({"x": [1.0, np.nan], 2: ["a", "b"]}, index=["p", "q"])
    values = [frame, frame["x"], np.random.RandomState(3), np.random.default_rng(4)]
    write = Writer(PLAIN)
    node = write(values, "values")
    new_frame, series, state, generator = Reader(PLAIN, write.arrays)(node)
    pd.testing.assert_frame_equal(new_frame, frame)
    pd.testing.assert_series_equal(series, frame["x"])
    assert state.randint(10**9) == np.random.RandomState(3).randint(10**9)
    assert generator.random() == np.random.default_rng(4).random()


def test_one_object_in_two_places_stays_one():
    write = Writer(PLAIN)
    shared = [1]
    first, second = Reader(PLAIN, write.arrays)(write([shared, shared], "values"))
    assert first is second


def test_column_transformer_of_a_frame(path):
    X = pd.DataFrame({"band": ["g", "r", "g"], "flux": [1.0, 2.0, 3.0]})
    model = make_column_transformer((OneHotEncoder(), ["band"]), (StandardScaler(), ["flux"]))
    model.fit(X)
    loaded = load_model(save_model(model, path))
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))


class Shift(TransformerMixin, BaseEstimator):
    """A user's own step."""

    def __init__(self, amount=1.0):
        self.amount = amount

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X + self.amount


def test_own_estimators_are_registered_in_one_line(path):
    with pytest.raises(TypeError, match="model is a .*Shift"):
        save_model(Shift(), path)
    assert not path.exists()
    assert register(Shift) is Shift
    loaded = load_model(save_model(Shift(2.0).fit(None), path))
    assert loaded.transform(1.0) == 3.0
    with pytest.raises(ValueError, match="already"):
        register(StandardScaler)


def test_samplers_of_copies_are_kept(path):
    sampler = AugmentSampler(partial(draw_prefixes, n_prefixes=2), random_state=0)
    save_model(sampler, path)
    X, y = make_light_curves(4, classes=["SNIa"], random_state=0)
    found, expected = (one.fit_resample(X, y)[0] for one in (load_model(path), sampler))
    pd.testing.assert_series_equal(found["lightcurve.flux"], expected["lightcurve.flux"])


def test_a_frozen_classifier_has_the_parameters_of_a_frozen_one(data, path):
    X, y = data
    network = MultimodalClassifier(inputs={"x": (X.shape[1],)}, max_epochs=1, random_state=0)
    gate = GatedClassifier(network, random_state=0).fit(X, y)
    save_model(ConformalClassifier(FrozenEstimator(gate)).fit(X, y), path)
    np.testing.assert_array_equal(load_model(path).predict_proba(X), gate.predict_proba(X))


def test_what_cannot_be_kept_is_named_by_its_place(path):
    model = make_pipeline(FunctionTransformer(lambda X: X), SVC())
    with pytest.raises(TypeError, match=r"model\.steps\[0\]\[1\]\.func"):
        save_model(model, path)


def test_places_on_this_machine_are_left_out(data, path, tmp_path):
    model = make_pipeline(StandardScaler(), SVC(), memory=str(tmp_path)).fit(*data)
    assert load_model(save_model(model, path)).memory is None
    assert str(tmp_path) not in path.read_bytes().decode("latin1")


def test_a_loaded_model_is_quiet(data, path):
    model = RandomForestClassifier(2, verbose=1).fit(*data)
    assert load_model(save_model(model, path)).verbose == 0
    assert model.verbose == 1


def test_an_existing_file_is_kept_unless_requested(data, path):
    model = LogisticRegression().fit(*data)
    save_model(model, path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"model\.safetensors exists; overwrite=True"):
        save_model(FOREST.fit(*data), path)
    assert path.read_bytes() == before
    save_model(FOREST, path, overwrite=True)
    assert isinstance(load_model(path), RandomForestClassifier)
    assert os.listdir(path.parent) == [path.name]


def test_a_write_that_fails_leaves_nothing(data, path, monkeypatch):
    def full_disk(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skastro.persistence._file.save_file", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_model(LogisticRegression().fit(*data), path)
    assert os.listdir(path.parent) == []


def test_missing_folder_and_file_are_named(data, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        save_model(LogisticRegression().fit(*data), tmp_path / "nowhere" / "a")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        inspect_model(tmp_path / "nowhere")


def test_information_and_card(data, path):
    X, y = data
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(pd.DataFrame(X, columns=list("abcdef")), y)
    save_model(model, path, training={"n_objects": 80, "scores": {"accuracy": 0.75}})
    summary = inspect_model(path)["summary"]
    assert summary["classes"] == ["II", "Ia", "Ib"]
    assert summary["columns"] == list("abcdef")
    assert summary["training"] == {"n_objects": 80, "scores": {"accuracy": 0.75}}
    card = model_card(path, description="For tests.")
    assert card.startswith("# model\n\nFor tests.\n")
    assert "| classes | II, Ia, Ib |" in card and "| scores | accuracy: 0.75 |" in card

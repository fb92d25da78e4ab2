"""Model files: what is kept, what is refused, what is told."""

import json
import os
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from skastro.exceptions import FormatError
from skastro.persistence import inspect_model, load_model, model_card, register, save_model
from skastro.persistence._codec import Reader, Writer
from skastro.persistence._file import _digest
from skastro.persistence._plain import PLAIN

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


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(80, 6, n_informative=4, n_classes=3, random_state=0)
    return np.abs(X), np.array(["Ia", "II", "Ib"])[y]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


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


def test_an_existing_file_is_kept_unless_asked(data, path):
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


def rewrite(path, change, *, new_digest=True):
    """Change the JSON of a file; the digest is made to fit, as an attacker would."""
    with safe_open(path, "np") as file:
        header = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    parts = {name: json.loads(header[name]) for name in ("model", "summary", "versions")}
    change(parts["model"])
    header |= {name: json.dumps(part) for name, part in parts.items()}
    if new_digest:
        header["sha256"] = _digest(header, arrays)
    save_file(arrays, path, header)


HOSTILE_NAMES = [
    "os:system",
    "builtins:eval",
    "subprocess:Popen",
    "skastro.io:read_parquet",
    "skastro.cli:main",
    "sklearn.utils:_joblib",
    "sklearn.datasets:load_iris",
    "torch.serialization:load",
    "torch.nn.modules.module:_global_parameter_registration_hooks",
    "sklearn..base:BaseEstimator",
    "../evil:thing",
    "",
    None,
    7,
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=str)
def test_names_outside_the_registry_are_refused(name, data, path):
    save_model(LogisticRegression().fit(*data), path)
    rewrite(path, lambda tree: tree.update({"class": name}))
    with pytest.raises(FormatError, match=r"model\.safetensors .*not allowed"):
        load_model(path)


@pytest.mark.parametrize("name", ["predict", "__class__", "__dict__", "a b", "_cached"])
def test_attributes_that_hide_the_class_are_refused(name, data, path):
    save_model(LogisticRegression().fit(*data), path)
    rewrite(path, lambda tree: tree["state"].append([name, 1]))
    if name == "_cached":
        assert load_model(path)._cached == 1
    else:
        with pytest.raises(FormatError, match="sets the attribute"):
            load_model(path)


def test_parameters_are_checked(data, path):
    save_model(LogisticRegression().fit(*data), path)
    rewrite(path, lambda tree: tree["state"][tree_index(tree, "C")].__setitem__(1, "much"))
    with pytest.raises(FormatError, match="'C' parameter of LogisticRegression"):
        load_model(path)


def tree_index(tree, name):
    return [key for key, _ in tree["state"]].index(name)


def test_a_parameter_that_is_newer_than_the_file_has_its_default(data, path):
    save_model(LogisticRegression(C=3.0).fit(*data), path)
    rewrite(path, lambda tree: tree["state"].pop(tree_index(tree, "C")))
    assert load_model(path).C == 1.0


def test_decision_trees_that_never_end_are_refused(data, path):
    model = RandomForestClassifier(1, max_depth=3, random_state=0).fit(*data)
    save_model(model, path)
    with safe_open(path, "np") as file:
        header = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    node = find_node(json.loads(header["model"]), "tree")
    fields = dict(dict(node["state"]["pairs"])["nodes"]["fields"])
    arrays[fields["left_child"]["array"]][0] = 0
    header["sha256"] = _digest(header, arrays)
    save_file(arrays, path, header)
    with pytest.raises(FormatError, match="not in order"):
        load_model(path)


def find_node(node, tag):
    """First node with a tag."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and node.get("t") == tag:
        return node
    return next((found for child in children if (found := find_node(child, tag))), None)


def test_files_that_are_something_else(data, path, tmp_path):
    import joblib

    joblib.dump(LogisticRegression().fit(*data), path)
    with pytest.raises(FormatError, match="not a model file"):
        load_model(path)
    path.write_bytes(b"")
    with pytest.raises(FormatError, match="cut off"):
        load_model(path)
    path.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(FormatError, match="cut off"):
        load_model(path)
    save_file({"a": np.zeros(2)}, path, {"format": "pt"})
    with pytest.raises(FormatError, match="not a model file of skastro"):
        load_model(path)
    deep = ("[" * 100_000).encode()
    path.write_bytes(struct.pack("<Q", len(deep)) + deep)
    with pytest.raises(FormatError, match="not a model file"):
        inspect_model(path)


def test_a_digest_that_does_not_fit_is_refused(data, path):
    save_model(LogisticRegression().fit(*data), path)
    rewrite(path, lambda tree: tree["state"][tree_index(tree, "C")].__setitem__(1, 2.0))
    assert load_model(path).C == 2.0
    rewrite(
        path,
        lambda tree: tree["state"][tree_index(tree, "C")].__setitem__(1, 3.0),
        new_digest=False,
    )
    with pytest.raises(FormatError, match="its digest does not fit"):
        load_model(path)


@pytest.mark.parametrize("shape", [[10**12], [2**40, 2**20], [-1]])
def test_a_small_file_allocates_no_large_array(shape, data, path):
    model = RandomForestClassifier(1, max_depth=2, random_state=0).fit(*data)
    save_model(model, path)
    rewrite(path, lambda tree: find_fields(tree).update({"shape": shape}))
    with pytest.raises(FormatError, match="do not have the shape"):
        load_model(path)


def find_fields(node):
    """First node of a structured array."""
    if isinstance(node, dict) and "fields" in node:
        return node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return next((found for child in children if (found := find_fields(child))), None)


def test_archives_and_what_torch_saves_are_refused(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../evil.py", "0" * 10**7)
    with pytest.raises(FormatError, match=r"model\.safetensors"):
        load_model(path)
    torch.save({"a": torch.zeros(3)}, path)
    with pytest.raises(FormatError, match=r"model\.safetensors"):
        load_model(path)
    assert os.listdir(path.parent) == [path.name]


def test_a_newer_format_is_refused_by_its_version(data, path):
    save_model(LogisticRegression().fit(*data), path)
    with safe_open(path, "np") as file:
        header = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(arrays, path, header | {"format_version": "2"})
    with pytest.raises(FormatError, match="format version '2'"):
        load_model(path)


def test_damaged_files_are_refused(data, path):
    """A thousand flips, cuts and insertions: each is refused with the path, nothing is executed."""
    save_model(LogisticRegression().fit(*data), path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for number in range(1000):
        damaged = bytearray(whole)
        place = int(rng.integers(len(damaged)))
        if number % 4 == 0:
            del damaged[place:]
        elif number % 4 == 1:
            damaged[place:place] = bytes(rng.integers(0, 256, 3, np.uint8))
        else:
            damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=r"model\.safetensors"):
            load_model(path)


@pytest.mark.parametrize("seed", range(3))
def test_mutated_structures_fail_cleanly(seed, data, path):
    """Values of the JSON tree swapped, digest fitting: a model, or an error that names the file."""
    rng = np.random.default_rng(seed)
    save_model(make_pipeline(StandardScaler(), LogisticRegression()).fit(*data), path)
    original = path.read_bytes()
    odd = [None, -1, 10**9, "os:system", [], {}, {"t": "again", "n": 10**6}, {"t": "object"}, 1e300]
    for _ in range(40):
        path.write_bytes(original)

        def change(tree):
            nodes = list(walk(tree))
            node = nodes[rng.integers(len(nodes))]
            keys = list(node) if isinstance(node, dict) else range(len(node))
            node[keys[int(rng.integers(len(keys)))]] = odd[int(rng.integers(len(odd)))]

        rewrite(path, change)
        try:
            load_model(path)
        except FormatError as error:
            assert "model.safetensors" in str(error)


def walk(node):
    """All dicts and lists of a JSON tree that are not empty."""
    if isinstance(node, dict | list) and node:
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from walk(child)

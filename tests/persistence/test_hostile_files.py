"""Model files that are damaged, or made to execute something, are refused."""

import json
import os
import struct
import zipfile

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn.ensemble import (
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skastro.exceptions import FormatError
from skastro.persistence import inspect_model, load_model, save_model
from skastro.persistence._file import _digest


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
    with pytest.raises(FormatError, match="truncated"):
        load_model(path)
    path.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(FormatError, match="truncated"):
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

"""Imports point downwards only: a module may import from lower layers, never sideways or up."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skastro

PACKAGE = Path(__file__).parents[1] / "skastro"
LAYERS = [
    {"exceptions"},
    {"surveys", "utils"},
    {"taxonomy"},
    {"base"},
    {"io"},
    {"datasets"},
    {"gaussian_process"},
    {"augmentation"},
    {"metrics"},
    {"nn"},
    {"preprocessing"},
    {"feature_extraction", "resampling"},
    {"neural_network"},
    {"adaptation", "calibration", "hierarchy", "label_errors"},
    {"inspection"},
    {"model_selection"},
    {"persistence"},
    {"recipes"},
    {"distributed", "streaming"},
    {"cli", "testing"},
]
"""Subpackages from the ground up; CONTRIBUTING.md and docs/architecture.md have the same order."""

LAYER_OF = {name: i for i, layer in enumerate(LAYERS) for name in layer}
TORCH_ALLOWED = {"nn", "neural_network", "persistence"}
SOURCES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            if node.module == "skastro":
                yield from (f"skastro.{alias.name}" for alias in node.names)
            else:
                yield node.module


def owner(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    here = owner(path)
    for name in imported_modules(path):
        root, *rest = name.split(".")
        if root == "skastro" and rest and rest[0] != here:
            assert LAYER_OF[rest[0]] < LAYER_OF[here], f"{here} may not import {name}"
            assert not any(part[0] == "_" for part in rest), f"{here} imports {name}"
        if root in {"torch", "skorch"}:
            assert here in TORCH_ALLOWED, f"{here} may not import {name}"


def imported_by(statement):
    code = f"{statement}; import sys; print(*sys.modules)"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )


@pytest.mark.parametrize(
    "statement",
    [
        "import skastro",
        "import skastro.io, skastro.datasets, skastro.preprocessing, skastro.feature_extraction, "
        "skastro.resampling, skastro.inspection, skastro.gaussian_process, skastro.label_errors",
    ],
)
def test_torch_is_not_imported(statement):
    assert not {"torch", "skorch"} & imported_by(statement)


def test_importing_skastro_loads_no_subpackage():
    loaded = imported_by("import skastro")
    assert [m for m in loaded if m.startswith("skastro")] == ["skastro"]


def test_subpackages_load_on_first_access():
    assert "skastro.surveys" in imported_by("import skastro; skastro.surveys")


def test_layers_are_the_subpackages():
    names = {p.name.removesuffix(".py") for p in PACKAGE.iterdir() if p.name[0] != "_"}
    assert set(LAYER_OF) == names - {"py.typed"}
    assert set(skastro._SUBMODULES) == set(LAYER_OF)


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_documents_name_every_subpackage(page):
    text = (PACKAGE.parent / page).read_text()
    assert [name for name in LAYER_OF if not re.search(rf"\b{name}\b", text)] == []


def test_test_files_have_names_of_their_own():
    """Pytest imports them by their names alone."""
    names = [path.name for path in (PACKAGE.parent / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))

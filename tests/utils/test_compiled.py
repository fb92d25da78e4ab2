"""Compiled functions are kept where they can be written and made anew when their sources change."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("numba")

from skastro.utils import compiled

SOURCE = """
from skastro.utils.compiled import compiled

@compiled("i8(i8)")
def add_one(x):
    return x + 1
"""


def load(path):
    """Import a module from a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def module(tmp_path):
    """Path of a module with one compiled function."""
    path = tmp_path / "package" / "one.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    return path


def test_machine_code_is_loaded_the_second_time(module):
    first, second = load(module).add_one, load(module).add_one
    assert first(2) == second(2) == 3
    assert sum(first.stats.cache_misses.values()) == 1
    assert sum(second.stats.cache_hits.values()) == 1
    assert list(module.parent.glob("__pycache__/*.nbc"))


def test_packages_without_write_permission_use_the_cache_of_the_user(module, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    (module.parent / "__pycache__").write_text("no folder can be made here")
    function = load(module).add_one
    assert function(2) == 3
    assert Path(function.stats.cache_path).is_relative_to(tmp_path / "home")


def test_the_settings_of_numba_are_those_of_the_user(module):
    from numba.core import config

    before = config.SLP_VECTORIZE
    assert load(module).add_one(2) == 3
    assert config.SLP_VECTORIZE == before


def test_other_types_are_refused_instead_of_compiled(module):
    with pytest.raises(TypeError):
        load(module).add_one("text")


def test_a_change_of_an_imported_module_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "_PACKAGE", tmp_path)
    files = {
        "top.py": "from skastro.room import middle\n",
        "room/middle.py": "from skastro.room.ground import rule\n",
        "room/ground.py": "rule = 1\n",
        "other.py": "unused = 1\n",
    }
    (tmp_path / "room").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    before = compiled.source_stamp(tmp_path / "top.py")
    (tmp_path / "other.py").write_text("unused = 2\n")
    assert compiled.source_stamp(tmp_path / "top.py") == before
    (tmp_path / "room" / "ground.py").write_text("rule = 2\n")
    assert compiled.source_stamp(tmp_path / "top.py") != before

"""Two cached numba wrappers of one function share an entry: one would run the other's code."""

import importlib
import pkgutil

import pytest


@pytest.mark.slow
def test_no_function_is_compiled_and_cached_twice():
    dispatcher = pytest.importorskip("numba.core.registry").CPUDispatcher
    package = importlib.import_module("skastro.gaussian_process._compiled")
    wrappers = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, dispatcher):
                wrappers.setdefault(value.py_func, set()).add(id(value))
    assert len(wrappers) > 10
    twice = [function.__qualname__ for function, ids in wrappers.items() if len(ids) > 1]
    assert not twice

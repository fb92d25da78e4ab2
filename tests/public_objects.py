"""Public classes and functions of the package."""

import importlib
import inspect
import pkgutil

import skastro
import skastro.base


def public_modules():
    names = [m.name for m in pkgutil.walk_packages(skastro.__path__, "skastro.")]
    return [importlib.import_module(n) for n in names if not any(p[0] == "_" for p in n.split("."))]


def public_objects():
    """Functions and classes of the public modules, by their first public name."""
    found = {}
    for module in public_modules():
        known = getattr(module, "__all__", None) or [n for n in vars(module) if n[0] != "_"]
        for name in known:
            value = getattr(module, name)
            own = getattr(value, "__module__", "").startswith("skastro.")
            if own and (inspect.isclass(value) or inspect.isfunction(value)):
                found.setdefault(value, f"{module.__name__}.{name}")
    return {name: value for value, name in found.items()}


PUBLIC = public_objects()

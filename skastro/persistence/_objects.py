"""Codecs of estimators, of plain objects that hold a state, and of classes and functions."""

import functools
import inspect
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skastro.persistence._codec import Codec
from skastro.persistence._registry import find, name_of

_PLACES = {"memory", "cache_dir", "checkpoint"}
"""Parameters that are paths on one machine: they are None in a file."""

_QUIET = {"verbose": 0, "progress": False}
"""Parameters that show progress: a loaded model is quiet."""

_TRANSIENT = {"_parent_callback_ctx"}
"""What scikit-learn sets while a Pipeline is fitted."""


def state_of(value: Any) -> dict:
    """Return the attributes of an object that a file keeps."""
    state = {name: kept for name, kept in vars(value).items() if name not in _TRANSIENT}
    state |= dict.fromkeys(_PLACES & set(state))
    return state | {name: quiet for name, quiet in _QUIET.items() if state.get(name)}


def check_state(cls: type, state: dict) -> None:
    """Refuse attributes that would hide a method or property of a class.

    Raises
    ------
    ValueError
        A name is not an identifier, starts with two underscores or hides part of the class.
    """
    for name in state:
        declared = inspect.getattr_static(cls, name, None) if isinstance(name, str) else None
        hides = callable(declared) or isinstance(declared, property | staticmethod | classmethod)
        if not isinstance(name, str) or not name.isidentifier() or name[:2] == "__" or hides:
            raise ValueError(f"the file sets the attribute {name!r} of a {cls.__name__}")


def _write_object(value, write, path):
    state = state_of(value)
    pairs = [[name, write(part, f"{path}.{name}")] for name, part in state.items()]
    return {"class": name_at(type(value), path), "state": pairs}


def _read_object(node, read):
    cls = find(node["class"])
    if not isinstance(cls, type):
        raise ValueError(f"the file names {node['class']!r}, which is not a class")
    value = read.keep(node, cls.__new__(cls))
    state = {name: read(part) for name, part in node["state"]}
    check_state(cls, state)
    vars(value).update(state)
    if isinstance(value, BaseEstimator):
        _check_parameters(value)
    return value


def _check_parameters(estimator):
    """Check the parameters as `fit` would; one that is new in this version has its default."""
    signature = inspect.signature(type(estimator).__init__).parameters
    for name in set(estimator._get_param_names()) - set(vars(estimator)):
        default = signature[name].default
        setattr(estimator, name, None if default is inspect.Parameter.empty else default)
    # A FrozenEstimator shows the attributes of the estimator inside.
    if hasattr(type(estimator), "_parameter_constraints"):
        estimator._validate_params()


def name_at(thing, path):
    """Return the name of a class or function; a TypeError names its position in the model."""
    try:
        return name_of(thing)
    except TypeError as error:
        raise TypeError(f"{path}: {error}") from None


def _is_state(value):
    try:
        name_of(type(value))
    except TypeError:
        return False
    return hasattr(value, "__dict__")


def _write_partial(value, write, path):
    return {
        "class": name_at(value.func, path),
        "args": write(list(value.args), path),
        "keywords": write(value.keywords, path),
    }


def _read_partial(node, read):
    return functools.partial(find(node["class"]), *read(node["args"]), **read(node["keywords"]))


def _write_ufunc(value, write, path):
    if getattr(np, value.__name__, None) is not value:
        raise TypeError(f"{path} is a ufunc outside NumPy, which a model file cannot hold")
    return {"v": value.__name__}


def _read_ufunc(node, read):
    found = getattr(np, node["v"], None)
    if not isinstance(found, np.ufunc):
        raise ValueError(f"the file names {node['v']!r}, which is not a ufunc of NumPy")
    return found


def _write_type(value, write, path):
    if value.__module__ == "builtins" or issubclass(value, np.generic):
        return {"numpy": np.dtype(value).str if value is not object else "|O"}
    return {"class": name_at(value, path)}


def _read_type(node, read):
    return np.dtype(node["numpy"]).type if "numpy" in node else find(node["class"])


def _is_function(value):
    return type(value).__name__ in {"function", "_ArrayFunctionDispatcher"}


def _write_function(value, write, path):
    return {"name": name_at(value, path)}


def _read_function(node, read):
    return find(node["name"])


OBJECTS = (
    Codec("partial", lambda v: type(v) is functools.partial, _write_partial, _read_partial),
    Codec("ufunc", lambda v: isinstance(v, np.ufunc), _write_ufunc, _read_ufunc),
    Codec("type", lambda v: isinstance(v, type), _write_type, _read_type),
    Codec("function", _is_function, _write_function, _read_function),
    Codec("object", _is_state, _write_object, _read_object),
)
"""Codecs of values whose class the file names."""

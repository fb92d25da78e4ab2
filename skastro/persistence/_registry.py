"""Names in model files: which classes and functions a file may name, and where they are found."""

import importlib
from collections.abc import Callable

_PACKAGES = ("skastro", "sklearn", "imblearn")
_TORCH = ("torch.nn.modules.", "torch.optim.")
_BASES = ("sklearn.base:BaseEstimator", "torch.nn.modules.module:Module", "skorch.net:NeuralNet")
_PARTS = (
    "sklearn._loss.link:BaseLink",
    "sklearn._loss.link:Interval",
    "sklearn._loss.loss:BaseLoss",
    "sklearn.calibration:_CalibratedClassifier",
    "sklearn.ensemble._hist_gradient_boosting.predictor:TreePredictor",
    "sklearn.gaussian_process.kernels:Kernel",
    "sklearn.neural_network._stochastic_optimizers:BaseOptimizer",
)
"""Classes of scikit-learn, or their bases, that fitted estimators hold in addition to
estimators."""

_FUNCTIONS = {
    *(f"numpy:{name}" for name in ("mean", "median", "max", "min", "sum")),
    *(f"sklearn.feature_selection:{name}" for name in ("chi2", "f_classif", "f_regression")),
    *(f"sklearn.feature_selection:mutual_info_{name}" for name in ("classif", "regression")),
    *(f"skastro.augmentation:draw_{name}" for name in ("crops", "prefixes")),
}
_STATES = {
    "skastro:Taxonomy": "skastro.taxonomy._tree:Taxonomy",
    "skastro:StaticScaling": "skastro.neural_network.inputs._static:StaticScaling",
    "skastro:BlockScale": "skastro.neural_network.inputs._dense:BlockScale",
    "skastro:LightCurveScale": "skastro.neural_network.inputs._light_curves:LightCurveScale",
    "skastro:MaskedScale": "skastro.neural_network.inputs._masked:MaskedScale",
    "skastro:FlatTargets": "skastro.neural_network._targets:FlatTargets",
    "skastro:TreeTargets": "skastro.neural_network._targets:TreeTargets",
    "skastro:Grid": "skastro.utils.grid:Grid",
    "skastro:Survey": "skastro.surveys:Survey",
    "skastro:SurveyVariation": "skastro.augmentation._variation:SurveyVariation",
}
"""Plain classes of skastro that fitted estimators hold: name in the file -> current location."""

_registered: dict[str, type | Callable] = {}


def register(thing: type | Callable, name: str | None = None) -> type | Callable:
    """Allow model files to name a class or a function of your own.

    Estimators (subclasses of `sklearn.base.BaseEstimator`), networks (subclasses of
    `torch.nn.Module`) and plain classes whose state is in their ``__dict__`` are all registered
    in this way, before a file with them is saved or loaded.  The function returns its argument,
    so that it serves as a decorator.  Everything in skastro, scikit-learn and imbalanced-learn is
    already known.

    Parameters
    ----------
    thing : class or function
        What a file may name.  A function is never called on loading unless a network's
        parameters hold it.

    name : str, default=None
        Name in the file, ``"module:qualname"`` by default.

    Returns
    -------
    thing : class or function
        The argument.

    Raises
    ------
    ValueError
        The name is already in use, or belongs to a package that is already known.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from skastro.persistence import register
    >>> @register
    ... class MyScaler(BaseEstimator):
    ...     __module__ = "my_package"
    """
    name = name or f"{thing.__module__}:{thing.__qualname__}"
    if name.split(":")[0].split(".")[0] in _PACKAGES:
        raise ValueError(
            f"register: {name!r} belongs to a package whose estimators are already known"
        )
    known = _registered.setdefault(name, thing)
    if known is not thing and f"{known.__module__}:{known.__qualname__}" != name:
        raise ValueError(f"register: {name!r} already stands for {known!r}")
    _registered[name] = thing
    return thing


def name_of(thing: type | Callable) -> str:
    """Return the name of a class or function in a file.

    The name is the shortest public path, so that moving a class between private modules does not
    make old files unreadable.

    Raises
    ------
    TypeError
        A file must not name it.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skastro.persistence._registry import name_of
    >>> name_of(StandardScaler)
    'sklearn.preprocessing:StandardScaler'
    """
    module, attribute = thing.__module__, thing.__qualname__
    for name, known in _registered.items():
        if known is thing:
            return name
    for name, place in _STATES.items():
        if place == f"{module}:{attribute}":
            return name
    parts = module.split(".")
    shortest = 1 if parts[0] == "numpy" else min(2, len(parts))
    paths = [".".join(parts[:i]) for i in range(shortest, len(parts) + 1)]
    for path in paths:
        if getattr(importlib.import_module(path), attribute, None) is thing:
            name = f"{path}:{attribute}"
            break
    else:
        raise TypeError(f"{module}.{attribute} cannot be imported by its name")
    try:
        find(name)
    except ValueError:
        raise TypeError(
            f"a model file may not hold {name!r}; if it is your own class, call "
            f"skastro.persistence.register on it"
        ) from None
    return name


def find(name: str) -> type | Callable:
    """Return the class or function of a name in a file.

    Raises
    ------
    ValueError
        The name is not allowed in a file.

    Examples
    --------
    >>> from skastro.persistence._registry import find
    >>> find("os:system")
    Traceback (most recent call last):
    ...
    ValueError: the file names 'os:system', which is not allowed
    """
    refusal = f"the file names {name!r}, which is not allowed"
    if not isinstance(name, str) or name.count(":") != 1:
        raise ValueError(refusal)
    if name in _registered:
        return _registered[name]
    if name in _STATES:
        return _imported(*_STATES[name].split(":"))
    module, attribute = name.split(":")
    if name in _FUNCTIONS:
        return _imported(module, attribute)
    known = module.split(".")[0] in _PACKAGES or f"{module}.".startswith(_TORCH)
    if not known or not all(part.isidentifier() for part in (*module.split("."), attribute)):
        raise ValueError(refusal)
    found = _imported(module, attribute)
    if not (isinstance(found, type) and _is_allowed(found)):
        raise ValueError(refusal)
    return found


def _imported(module, attribute):
    """Return an attribute of a module, or None; only estimator packages are ever imported."""
    if module.split(".")[-1] in {"conftest", "__main__", "setup"} or ".tests" in module:
        return None
    try:
        return getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None


def _is_allowed(cls):
    """Return whether instances of a class of a known package may occur in a file."""
    if cls.__module__.startswith("torch.optim"):
        return "torch.optim.optimizer:Optimizer" in _ancestors(cls)
    return bool(_ancestors(cls) & {*_BASES, *_PARTS})


def _ancestors(cls):
    return {f"{base.__module__}:{base.__qualname__}" for base in cls.__mro__}

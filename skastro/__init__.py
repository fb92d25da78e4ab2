"""scikit-learn estimators from survey files to class probabilities of astronomical transients."""

import importlib

__version__ = "0.1.0.dev0"

_SUBMODULES = (
    "adaptation",
    "augmentation",
    "base",
    "calibration",
    "cli",
    "datasets",
    "distributed",
    "exceptions",
    "feature_extraction",
    "gaussian_process",
    "hierarchy",
    "inspection",
    "io",
    "label_errors",
    "metrics",
    "model_selection",
    "neural_network",
    "nn",
    "persistence",
    "preprocessing",
    "recipes",
    "resampling",
    "streaming",
    "surveys",
    "taxonomy",
    "testing",
    "utils",
)

__all__ = ["__version__", *_SUBMODULES]


def __getattr__(name):
    if name in _SUBMODULES:
        return importlib.import_module(f"skastro.{name}")
    raise AttributeError(f"module 'skastro' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)

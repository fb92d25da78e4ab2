"""Plain-text summary of the model in a model file."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

_TOLD = ("survey", "bands_", "wavelengths_", "n_iter_", "best_epoch_", "n_features_in_")


def summarize(model: BaseEstimator) -> dict[str, Any]:
    """Return steps, classes, columns and what the fitted parts report, as JSON values.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skastro.persistence._summary import summarize
    >>> summarize(make_pipeline(StandardScaler()))["steps"]
    {'standardscaler': 'StandardScaler'}
    """
    found: dict[str, Any] = {"estimator": type(model).__name__}
    steps = getattr(model, "steps", None) or [(type(model).__name__, model)]
    found["steps"] = {name: type(step).__name__ for name, step in steps}
    for name, key in (("classes_", "classes"), ("feature_names_in_", "columns")):
        value = getattr(model, name, None)
        if value is not None:
            found[key] = plain(value)
    told = {name: _told(step) for name, step in steps}
    return found | {"parts": {name: values for name, values in told.items() if values}}


def _told(step):
    values = {name.rstrip("_"): _attribute(step, name) for name in _TOLD}
    history = _attribute(step, "history_")
    if history is not None and len(history):
        values["last_epoch"] = {name: plain(history[name].iloc[-1]) for name in history}
    return {name: plain(value) for name, value in values.items() if value is not None}


def _attribute(step, name):
    """Return an attribute; properties of meta-estimators may fail."""
    try:
        return getattr(step, name, None)
    except Exception:
        return None


def plain(value: Any) -> Any:
    """Return a JSON value: arrays become lists, and other objects become their names.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.persistence._summary import plain
    >>> plain(np.arange(2)), plain(np.float32(0.5)), plain(np.nan)
    ([0, 1], 0.5, None)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(item) for item in np.asarray(value, object).ravel()[:1000]]
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    return str(getattr(value, "name", type(value).__name__))

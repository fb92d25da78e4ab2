"""Folders of trained models, laid out as repositories of a model hub."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from skastro.exceptions import FormatError
from skastro.persistence._card import model_card
from skastro.persistence._file import write_text
from skastro.persistence._model import load_model, save_model
from skastro.persistence._summary import plain

_MODEL, _CARD, _CONFIG = "model.safetensors", "README.md", "config.json"
_SHIPPED = Path(__file__).parent / "pretrained"


@dataclass(frozen=True)
class PretrainedModel:
    """A trained model with the information required to use it.

    Attributes
    ----------
    model : estimator
        Fitted.  Recipes contain :class:`skastro.preprocessing.CompareWithTraining`, which warns
        with a :class:`skastro.exceptions.DataShiftWarning` where new data lie outside the ranges
        of the training data; ``warnings.simplefilter("error", DataShiftWarning)`` refuses them.

    threshold : float or None
        For two classes: an object belongs to the second class if its probability is at least this
        high.  None for the most probable class.

    bands : list of str
        Bands of the training data.

    ranges : DataFrame or None
        Columns low, high and missing: ranges of the training data, one row per quantity.

    card : str
        Model card in Markdown.

    path : Path
        Folder.

    See Also
    --------
    load_pretrained : Load one.

    Examples
    --------
    >>> from skastro.persistence import load_pretrained
    >>> pretrained = load_pretrained("scone-lsst")
    >>> pretrained.model.classes_.tolist()
    ['SNIa', 'other']
    """

    model: BaseEstimator
    threshold: float | None
    bands: list[str]
    ranges: pd.DataFrame | None
    card: str
    path: Path

    def predict_proba(self, X: Any) -> NDArray:
        """Return the probabilities of the classes, of shape (n_objects, n_classes)."""
        return self.model.predict_proba(X)

    def predict(self, X: Any) -> NDArray:
        """Return the labels of shape (n_objects,), by the threshold where there is one."""
        if self.threshold is None:
            return self.model.predict(X)
        proba = self.predict_proba(X)
        labels = np.asarray(self.model.classes_)[(proba[:, 1] >= self.threshold).astype(int)]
        return np.where(np.isnan(proba).any(axis=1), self.model.predict(X), labels)


def save_pretrained(
    model: BaseEstimator,
    folder: str | os.PathLike,
    *,
    threshold: float | None = None,
    description: str = "",
    training: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a model with its card and its settings to a folder.

    The folder holds ``model.safetensors``, ``README.md`` (the card) and ``config.json``, the
    layout of a repository of a model hub: ``huggingface_hub.upload_folder`` publishes it.

    Parameters
    ----------
    model : estimator
        Fitted.

    folder : path-like
        Folder; it is created if it does not exist.

    threshold : float, default=None
        Decision threshold of the second of two classes.

    description : str, default=""
        Text of the card: intended use, limits, licence, how to cite.

    training : dict, default=None
        As in :func:`save_model`.

    overwrite : bool, default=False
        Replace a model in the folder.

    Returns
    -------
    folder : pathlib.Path

    Raises
    ------
    ValueError
        A threshold for more than two classes, or outside 0 to 1.

    FileExistsError
        There is a model in the folder.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skastro.persistence import load_pretrained, save_pretrained
    >>> model = DecisionTreeClassifier().fit(*load_breast_cancer(return_X_y=True))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_pretrained(save_pretrained(model, folder, threshold=0.9)).threshold
    0.9
    """
    n_classes = len(getattr(model, "classes_", ()))
    if threshold is not None and (n_classes != 2 or not 0 <= threshold <= 1):
        raise ValueError(
            f"save_pretrained: threshold={threshold!r} with {n_classes} classes; expected a "
            f"probability, and two classes"
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = save_model(model, folder / _MODEL, overwrite=overwrite, training=training)
    config = {"threshold": threshold, **_training_data(model)}
    write_text(folder / _CONFIG, json.dumps(config, indent=2) + "\n")
    write_text(folder / _CARD, model_card(path, title=folder.name, description=description))
    return folder


def load_pretrained(name_or_folder: str | os.PathLike) -> PretrainedModel:
    """Load a trained model from a folder, from this package, or from a model hub.

    Parameters
    ----------
    name_or_folder : str or path-like
        A folder of :func:`save_pretrained`; the name of a model that comes with the package,
        ``"scone-lsst"`` or ``"oracle-lsst"``; or the name of a repository such as
        ``"user/model"``, for which the package huggingface_hub is required.

    Returns
    -------
    pretrained : PretrainedModel
        The model and the information required to use it.

    Raises
    ------
    FileNotFoundError
        There is no such folder or name.

    FormatError
        The folder lacks a file, or a file is damaged.

    Examples
    --------
    >>> from skastro.persistence import load_pretrained
    >>> load_pretrained("oracle-lsst").bands
    ['Y', 'g', 'i', 'r', 'u', 'z']
    """
    folder = _folder(name_or_folder)
    missing = [name for name in (_MODEL, _CARD, _CONFIG) if not (folder / name).is_file()]
    if missing:
        raise FormatError(f"load_pretrained: {folder} has no file {missing[0]}")
    try:
        config = json.loads((folder / _CONFIG).read_text())
        ranges = config["ranges"]
        known = {"threshold": config["threshold"], "bands": config["bands"]}
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"load_pretrained: {folder / _CONFIG} is damaged: {error}") from None
    return PretrainedModel(
        model=load_model(folder / _MODEL),
        ranges=None if ranges is None else pd.DataFrame.from_dict(ranges, orient="index"),
        card=(folder / _CARD).read_text(),
        path=folder,
        **known,
    )


def _folder(name_or_folder):
    # A folder of the user comes first, then the package, and only then a download.
    folder = Path(name_or_folder)
    if folder.is_dir():
        return folder
    if (_SHIPPED / folder).is_dir() and folder.name == str(folder):
        return _SHIPPED / folder
    if str(name_or_folder).count("/") == 1 and not folder.is_absolute():
        return Path(_download(str(name_or_folder)))
    shipped = sorted(path.name for path in _SHIPPED.iterdir() if path.is_dir())
    raise FileNotFoundError(
        f"load_pretrained: there is no folder {name_or_folder}; names in this package: {shipped}"
    )


def _download(name):
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise FileNotFoundError(
            f"load_pretrained: there is no folder {name}; to download it, install huggingface_hub"
        ) from None
    return snapshot_download(name, allow_patterns=[_MODEL, _CARD, _CONFIG])


def _training_data(model) -> dict[str, Any]:
    """Return bands and ranges as the model's steps know them."""
    steps = [step for _, step in getattr(model, "steps", [("", model)])]
    shares = next((s.bands_ for s in steps if hasattr(s, "ranges_") and hasattr(s, "bands_")), None)
    ranges = next((s.ranges_ for s in steps if hasattr(s, "ranges_")), None)
    bands: ArrayLike = [] if shares is None else sorted(shares.index)
    table = None if ranges is None else ranges.to_dict(orient="index")
    return {"bands": plain(bands), "ranges": plain(table)}

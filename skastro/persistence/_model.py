"""Save and load fitted estimators without pickle."""

import importlib.metadata
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from skastro.exceptions import FormatError
from skastro.persistence._codec import Reader, Writer
from skastro.persistence._compiled import COMPILED
from skastro.persistence._file import read_file, read_header, write_file
from skastro.persistence._nets import NETS
from skastro.persistence._objects import OBJECTS
from skastro.persistence._plain import PLAIN
from skastro.persistence._summary import summarize

_CODECS = (*NETS, *PLAIN, *COMPILED, *OBJECTS)
_PACKAGES = ("skastro", "scikit-learn", "imbalanced-learn", "torch", "skorch", "numpy", "pandas")


def save_model(
    model: BaseEstimator,
    path: str | os.PathLike,
    *,
    overwrite: bool = False,
    training: dict[str, Any] | None = None,
) -> Path:
    """Write a fitted estimator or Pipeline to one safetensors file.

    The structure is JSON in the header of the file, the arrays follow, and a digest
    covers both.  Reading the file executes nothing that it contains, and it can be read by other
    versions of torch, scikit-learn and NumPy than those it was written with.

    Parameters
    ----------
    model : estimator
        Fitted; of skastro, scikit-learn, imbalanced-learn, or of classes of your own that were
        given to :func:`register`.  A Pipeline may hold any of them.

    path : path-like
        File to write, by custom ``*.safetensors``.

    overwrite : bool, default=False
        Replace an existing file.  The new file appears whole or not at all.

    training : dict, default=None
        What :func:`inspect_model` reports about the training, in addition to what the model knows:
        JSON values such as the number of objects, the name of the data, scores.

    Returns
    -------
    path : pathlib.Path
        The file.

    Raises
    ------
    FileExistsError
        The file exists.

    TypeError
        Something inside `model` cannot be kept in a file; the message names its position.

    See Also
    --------
    load_model : Read the file.
    inspect_model : Read the summary without building the model.

    Notes
    -----
    Not kept: paths on this machine (``memory``, ``cache_dir``, ``checkpoint``), progress bars
    (``verbose``, ``progress``), and the state of a network's optimizer, so that training cannot
    resume from the file.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.persistence import load_model, save_model
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=1000).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_model(model, f"{folder}/iris.safetensors")
    ...     same = load_model(path)
    >>> bool((same.predict_proba(X) == model.predict_proba(X)).all())
    True
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"save_model: the folder {path.parent} does not exist")
    write = Writer(_CODECS)
    try:
        tree = write(model, "model")
    except TypeError as error:
        raise TypeError(f"save_model: {error}") from None
    parts = {
        "summary": summarize(model) | {"training": training or {}},
        "versions": versions(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": tree,
    }
    write_file(path, parts, write.arrays, overwrite=overwrite)
    return path


def load_model(path: str | os.PathLike) -> BaseEstimator:
    """Read an estimator from a file of :func:`save_model`.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    model : estimator
        Fitted, with the same predictions as the one that was saved.

    Raises
    ------
    FileNotFoundError
        There is no such file.

    FormatError
        The file is not a model file, is damaged, of a newer format, or names a class that a model
        file may not name.  Nothing was executed.

    See Also
    --------
    save_model : Write the file; it holds an example.

    Examples
    --------
    >>> from skastro.persistence import load_model
    >>> load_model("nowhere.safetensors")
    Traceback (most recent call last):
    ...
    FileNotFoundError: load_model: there is no file nowhere.safetensors
    """
    path = _existing(path, "load_model")
    parts, arrays = read_file(Path(path))
    try:
        return Reader(_CODECS, arrays)(parts["model"])
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RuntimeError) as error:
        written = ", ".join(f"{k} {v}" for k, v in dict(parts.get("versions") or {}).items())
        raise FormatError(f"load_model: {path} (written with {written}): {error}") from error
    except (RecursionError, OverflowError, MemoryError) as error:
        raise FormatError(f"load_model: {path} cannot be built: {error}") from error


def inspect_model(path: str | os.PathLike) -> dict[str, Any]:
    """Return what a model file says about its model, without building the model.

    Parameters
    ----------
    path : path-like
        A file of :func:`save_model`.

    Returns
    -------
    information : dict
        ``summary`` (steps, classes, columns, bands, survey, training), ``versions``, ``created``.

    Raises
    ------
    FileNotFoundError
        There is no such file.

    FormatError
        The file is not a model file.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skastro.persistence import inspect_model, save_model
    >>> model = DecisionTreeClassifier(max_depth=2).fit(*load_iris(return_X_y=True))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_model(model, f"{folder}/iris.safetensors")
    ...     inspect_model(path)["summary"]["classes"]
    [0, 1, 2]
    """
    parts = read_header(_existing(path, "inspect_model"))
    return {name: part for name, part in parts.items() if name != "model"}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a model depends on.

    Examples
    --------
    >>> from skastro.persistence._model import versions
    >>> sorted(versions())[:3]
    ['imbalanced-learn', 'numpy', 'pandas']
    """
    found = {"python": platform.python_version()}
    return found | {name: importlib.metadata.version(name) for name in _PACKAGES}


def _existing(path, caller):
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{caller}: there is no file {path}")
    return path

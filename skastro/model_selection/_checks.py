"""Checks of splits, and fingerprints of parameters."""

import hashlib
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import get_tags, indexable
from sklearn.utils.validation import _num_samples

from skastro.exceptions import ObjectError
from skastro.utils.labels import check_same_index


def check_input(X: Any, y: Any, estimator: Any, name: str) -> tuple[Any, Any]:
    """Return X and y after the checks that need no estimator.

    Examples
    --------
    >>> from skastro.model_selection._checks import check_input
    >>> from sklearn.naive_bayes import GaussianNB
    >>> check_input([[0.0], [1.0]], None, GaussianNB(), "Search")
    Traceback (most recent call last):
    ...
    ValueError: Search requires y to be passed, but the target y is None
    """
    if y is None and get_tags(estimator).target_tags.required:
        raise ValueError(f"{name} requires y to be passed, but the target y is None")
    check_same_index(X, y, name)
    try:
        X, y = indexable(X, y)
        n_objects = _num_samples(X)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from None
    columns = getattr(X, "columns", None)
    if columns is not None and not columns.is_unique:
        repeated = columns[columns.duplicated()].unique().tolist()
        raise ValueError(f"{name}: X has more than one column of the names {repeated}")
    if n_objects == 0:
        raise ValueError(f"{name}: X holds 0 objects while a minimum of 1 is required")
    return X, y


def check_splits(splits: Sequence, X: Any, groups: ArrayLike | None, name: str) -> None:
    """Raise ObjectError where a training and a test part share objects or groups.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.model_selection._checks import check_splits
    >>> check_splits([(np.array([0, 1]), np.array([1, 2]))], None, None, "Search")
    Traceback (most recent call last):
    ...
    skastro.exceptions.ObjectError: Search: the training and test parts of fold 0 share objects
    (object 1)
    """
    ids = np.asarray(X.index) if isinstance(X, pd.DataFrame) else None
    known = None if groups is None else np.asarray(groups)
    for number, (train, test) in enumerate(splits):
        shared = np.intersect1d(train, test)
        if len(shared):
            raise ObjectError(
                f"{name}: the training and test parts of fold {number} share objects",
                shared if ids is None else ids[shared],
            )
        if known is not None and len(np.intersect1d(known[train], known[test])):
            raise ValueError(
                f"{name}: the training and test parts of fold {number} share groups; use a "
                f"splitter that keeps groups together, such as StratifiedGroupKFold"
            )


def text_of(*values: Any) -> str:
    """Return a hash of parameters, which is the same in every process.

    Examples
    --------
    >>> from skastro.model_selection._checks import text_of
    >>> text_of({"C": 1.0}) == text_of({"C": 1.0}), text_of({"C": 1.0}) == text_of({"C": 2.0})
    (True, False)
    """
    # repr leaves out the middle of long arrays.
    with np.printoptions(threshold=10**6):
        text = repr([_plain(value) for value in values])
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in sorted(value.items(), key=str)}
    if hasattr(value, "get_params") and not isinstance(value, type):
        return type(value).__name__, _plain(value.get_params(deep=False))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    plain = isinstance(value, str | Real | np.ndarray | pd.DataFrame) or value is None
    return value if plain else type(value).__name__

"""Folds of a cross-validation, what the classifier of each fold predicts, and its cache."""

import copy
import os
import tempfile
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from numbers import Integral
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import has_fit_parameter

from skastro.exceptions import ObjectError

Prediction = tuple[NDArray, NDArray[np.float64]]
_ROWS_AT_ONCE = 8192


class Fold(NamedTuple):
    """Rows for training and rows for testing, in one of several repeats."""

    repeat: int
    train: NDArray[np.int64]
    test: NDArray[np.int64]


def make_folds(
    X: Any,
    codes: NDArray[np.int64],
    *,
    cv: Any,
    seeds: Sequence[int | None],
    groups: NDArray | None = None,
    strata: NDArray[np.int64] | None = None,
    name: str = "LabelErrorFinder",
) -> list[Fold]:
    """Split the labelled objects; each is tested once in every repeat.

    Parameters
    ----------
    X : array-like or frame of n_objects rows
        Objects, for splitters that read them.

    codes : ndarray of int of shape (n_objects,)
        Encoded labels; -1 for unlabelled objects, which are ignored.

    cv : int or splitter
        Number of stratified folds, or a splitter.

    seeds : sequence of int or None
        One per repeat.

    groups : ndarray of shape (n_objects,), default=None
        Objects of one group stay on one side of a split.

    strata : ndarray of int of shape (n_objects,), default=None
        Strata for an integer `cv`; by default `codes`.

    name : str
        Estimator named in errors.

    Returns
    -------
    folds : list of Fold

    Raises
    ------
    ObjectError
        Objects that `cv` does not test exactly once, or groups on both sides of a split.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._folds import make_folds
    >>> folds = make_folds(None, np.array([0, 0, 1, 1, -1]), cv=2, seeds=[0])
    >>> sorted(row for fold in folds for row in fold.test.tolist())
    [0, 1, 2, 3]
    """
    split = _split_in_number if isinstance(cv, Integral) else _split_by_splitter
    strata = codes if strata is None else strata
    folds = []
    for repeat, seed in enumerate(seeds):
        try:
            pairs = split(X, codes, strata, groups, cv, seed)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        own = [Fold(repeat, train, test) for train, test in pairs]
        _check(own, codes, groups, name)
        folds += own
    return folds


def _split_in_number(
    X: Any,
    codes: NDArray,
    strata: NDArray,
    groups: NDArray | None,
    n_splits: int,
    seed: int | None,
) -> list[tuple[NDArray, ...]]:
    rows = np.flatnonzero(codes >= 0)
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    splitter = kind(n_splits=n_splits, shuffle=True, random_state=seed)
    inner = None if groups is None else groups[rows]
    with warnings.catch_warnings():
        # Objects whose class no classifier has learned are named later.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        pairs = list(splitter.split(np.zeros(len(rows)), strata[rows], inner))
    return [(rows[train], rows[test]) for train, test in pairs]


def _split_by_splitter(
    X: Any, codes: NDArray, strata: NDArray, groups: NDArray | None, cv: Any, seed: int | None
) -> list[tuple[NDArray, ...]]:
    splitter = check_cv(cv)
    if seed is not None:
        if not getattr(splitter, "shuffle", hasattr(splitter, "random_state")):
            raise ValueError(f"n_repeats > 1 requires a cv that shuffles, not {cv!r}")
        splitter = copy.copy(splitter)
        splitter.random_state = seed
    pairs = splitter.split(X, codes, groups)
    return [tuple(rows[codes[rows] >= 0] for rows in map(np.asarray, pair)) for pair in pairs]


def _check(folds: list[Fold], codes: NDArray, groups: NDArray | None, name: str) -> None:
    times = np.bincount(np.concatenate([fold.test for fold in folds]), minlength=len(codes))
    wrong = (codes >= 0) & (times != 1)
    if wrong.any():
        raise ObjectError(
            f"{name}: cv must test every labelled object once in a repeat", np.flatnonzero(wrong)
        )
    for fold in folds:
        if groups is not None:
            shared = np.intersect1d(groups[fold.train], groups[fold.test])
            if len(shared):
                raise ObjectError(f"{name}: cv puts groups on both sides of a split", shared)
        if np.intersect1d(fold.train, fold.test).size:
            raise ValueError(f"{name}: cv trains on objects that it tests")


def predict_fold(
    estimator: BaseEstimator,
    X: Any,
    y: NDArray,
    groups: NDArray | None,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
) -> Prediction:
    """Fit a clone on some rows and return its classes and probabilities of other rows.

    Parameters
    ----------
    estimator : classifier
        Is cloned.

    X : array-like or frame of n_objects rows
        Objects.  Of a memory map no fold is copied if the classifier has the attribute
        `ignores_zero_weight`: it then ignores objects of weight 0 in training.

    y : ndarray of shape (n_objects,)
        Labels, of which those of `train` are read.

    groups : ndarray of shape (n_objects,) or None
        Passed to a classifier whose `fit` accepts groups.

    train, test : ndarray of int
        Rows.

    Returns
    -------
    classes : ndarray of shape (n_learned,)

    proba : ndarray of shape (len(test), n_learned)

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.label_errors._folds import predict_fold
    >>> X, y = np.array([[0.0], [1.0], [8.0], [9.0]]), np.array(["II", "II", "Ia", "Ia"])
    >>> train, test = np.arange(4), np.array([3])
    >>> classes, proba = predict_fold(GaussianNB(), X, y, None, train, test)
    >>> classes.tolist(), proba.round(2).tolist()
    (['II', 'Ia'], [[0.0, 1.0]])
    """
    options = {}
    if groups is not None and has_fit_parameter(estimator, "groups"):
        options["groups"] = groups
    if is_file_backed(X) and getattr(estimator, "ignores_zero_weight", False):
        # Networks leave out objects of weight zero, so that the map is not copied.
        weight = np.isin(np.arange(len(X)), train).astype(float)
        model = clone(estimator).fit(X, y, sample_weight=weight, **options)
    else:
        options = {name: values[train] for name, values in options.items()}
        model = clone(estimator).fit(_safe_indexing(X, train), y[train], **options)
    parts = np.split(test, np.arange(_ROWS_AT_ONCE, len(test), _ROWS_AT_ONCE))
    parts = parts if is_file_backed(X) else [test]
    proba = [np.asarray(model.predict_proba(_safe_indexing(X, part)), float) for part in parts]
    return np.asarray(model.classes_), np.concatenate(proba)


def is_file_backed(X: Any) -> bool:
    """Return whether an array is a memory map, or a view of one.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._folds import is_file_backed
    >>> is_file_backed(np.zeros(3))
    False
    """
    while isinstance(X, np.ndarray):
        if isinstance(X, np.memmap):
            return True
        X = X.base
    return False


def cached_prediction(
    folder: str | os.PathLike[str] | None,
    fingerprint: str | None,
    estimator: BaseEstimator,
    X: Any,
    y: NDArray,
    groups: NDArray | None,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
) -> Prediction:
    """Return the prediction of a fold from the cache, or compute and store it.

    Parameters
    ----------
    folder : str or Path or None
        Cache with one file per fold; None for no cache.

    fingerprint : str or None
        Represents `X` in the name of the file.

    estimator, X, y, groups, train, test
        See :func:`predict_fold`.

    Returns
    -------
    classes : ndarray of shape (n_learned,)

    proba : ndarray of shape (len(test), n_learned)

    Warns
    -----
    UserWarning
        A file of the cache is damaged; the fold is computed again.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.label_errors._folds import cached_prediction
    >>> X, y = np.array([[0.0], [1.0], [8.0], [9.0]]), np.array(["II", "II", "Ia", "Ia"])
    >>> fold = "X", GaussianNB(), X, y, None, np.arange(4), np.array([3])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     both = cached_prediction(folder, *fold), cached_prediction(folder, *fold)
    >>> [classes.tolist() for classes, _ in both]
    [['II', 'Ia'], ['II', 'Ia']]
    """
    if folder is None:
        return predict_fold(estimator, X, y, groups, train, test)
    content = version("skastro"), fingerprint, estimator, y[train], groups, train, test
    path = Path(folder) / f"{joblib.hash(content)}.npz"
    stored = _read(path) if path.exists() else None
    if stored is not None:
        return stored
    classes, proba = predict_fold(estimator, X, y, groups, train, test)
    # Objects would be pickled, which np.load refuses.
    _write(path, classes=np.array(classes.tolist()), proba=proba)
    return classes, proba


def _read(path: Path) -> Prediction | None:
    try:
        with np.load(path) as stored:
            return stored["classes"], stored["proba"]
    except (BadZipFile, OSError, ValueError, KeyError, EOFError) as error:
        warnings.warn(
            f"LabelErrorFinder: {path} is damaged ({error}); its fold is computed again",
            UserWarning,
            stacklevel=2,
        )
        return None


def _write(path: Path, classes: NDArray, proba: NDArray) -> None:
    """Write a complete file or none at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        try:
            np.savez(file, classes=classes, proba=proba)
        except BaseException:
            os.unlink(file.name)
            raise
    os.replace(file.name, path)

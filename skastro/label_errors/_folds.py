"""Folds of a cross-validation, and what the classifier of each fold answers."""

import copy
import warnings
from numbers import Integral
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import has_fit_parameter

from skastro.exceptions import ObjectError


class Fold(NamedTuple):
    """Rows that train and rows that are tested, in one of several repeats."""

    repeat: int
    train: np.ndarray
    test: np.ndarray


def make_folds(X, codes, *, cv, seeds, groups=None, strata=None, name="LabelErrorFinder"):
    """Split the labelled objects; each is tested once in every repeat.

    Parameters
    ----------
    X : array-like or frame of n_objects rows
        The objects, for splitters that look at them.

    codes : ndarray of int of shape (n_objects,)
        Class numbers, -1 for unlabelled objects, which take no part.

    cv : int or splitter
        Number of stratified folds, or how to split.

    seeds : sequence of int or None
        One a repeat.

    groups : ndarray of shape (n_objects,), default=None
        Objects of one group stay on one side.

    strata : ndarray of int of shape (n_objects,), default=None
        What a number of folds is stratified by; `codes` by default.

    name : str
        Estimator that the errors name.

    Returns
    -------
    folds : list of Fold

    Raises
    ------
    ObjectError
        Objects that `cv` tests not once, or groups on both sides.

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


def _split_in_number(X, codes, strata, groups, n_splits, seed):
    rows = np.flatnonzero(codes >= 0)
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    splitter = kind(n_splits=n_splits, shuffle=True, random_state=seed)
    inner = None if groups is None else groups[rows]
    with warnings.catch_warnings():
        # Objects of a class that no classifier has learned are named later.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        pairs = list(splitter.split(np.zeros(len(rows)), strata[rows], inner))
    return [(rows[train], rows[test]) for train, test in pairs]


def _split_by_splitter(X, codes, strata, groups, cv, seed):
    splitter = check_cv(cv)
    if seed is not None:
        if not getattr(splitter, "shuffle", hasattr(splitter, "random_state")):
            raise ValueError(f"several repeats need a cv that shuffles, not {cv!r}")
        splitter = copy.copy(splitter)
        splitter.random_state = seed
    pairs = splitter.split(X, codes, groups)
    return [tuple(rows[codes[rows] >= 0] for rows in map(np.asarray, pair)) for pair in pairs]


def _check(folds, codes, groups, name):
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
                raise ObjectError(f"{name}: cv puts groups on both sides", shared)
        if np.intersect1d(fold.train, fold.test).size:
            raise ValueError(f"{name}: cv trains on objects that it tests")


def answers_of_fold(estimator, X, y, groups, train, test):
    """Fit a clone on some rows and return its classes and probabilities of other rows.

    Parameters
    ----------
    estimator : classifier
        Is cloned.

    X : array-like or frame of n_objects rows
        The objects.

    y : ndarray of shape (n_objects,)
        Labels; those of `train` are read.

    groups : ndarray of shape (n_objects,) or None
        Passed on to a classifier whose `fit` takes groups.

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
    >>> from skastro.label_errors._folds import answers_of_fold
    >>> X, y = np.array([[0.0], [1.0], [8.0], [9.0]]), np.array(["II", "II", "Ia", "Ia"])
    >>> train, test = np.arange(4), np.array([3])
    >>> classes, proba = answers_of_fold(GaussianNB(), X, y, None, train, test)
    >>> classes.tolist(), proba.round(2).tolist()
    (['II', 'Ia'], [[0.0, 1.0]])
    """
    passed = groups is not None and has_fit_parameter(estimator, "groups")
    options = {"groups": groups[train]} if passed else {}
    model = clone(estimator).fit(_safe_indexing(X, train), y[train], **options)
    proba = np.asarray(model.predict_proba(_safe_indexing(X, test)), dtype=float)
    return np.asarray(model.classes_), proba

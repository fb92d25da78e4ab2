"""Labels and probabilities as the functions of this package need them."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d

from skastro.exceptions import ObjectError, name_objects

UNLABELLED = -1
_SUM_TOLERANCE = 1e-3
_PURE = ("string", "integer", "boolean", "floating")


class Scored(NamedTuple):
    """Labels as numbers of columns, and the probabilities of the columns, sorted by class."""

    codes: np.ndarray
    proba: np.ndarray
    classes: np.ndarray

    @property
    def judged(self):
        """Objects with a label and without NaN among their probabilities."""
        return (self.codes >= 0) & ~np.isnan(self.proba).any(axis=1)


def read_labels(y, name, classes=None):
    """Return the column number of each label, -1 for unlabelled objects, and the classes.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Labels; -1, or the text "-1" that NumPy makes of it among text, is no label.

    name : str
        Function or estimator that the errors name.

    classes : array-like of shape (n_classes,), default=None
        Labels of the columns; those of `y`, sorted, by default.  A -1 among them is a class.

    Returns
    -------
    codes : ndarray of int of shape (n_objects,)

    classes : ndarray of shape (n_classes,)

    Examples
    --------
    >>> from skastro.label_errors._read import read_labels
    >>> codes, classes = read_labels(["Ia", "II", -1], "Finder")
    >>> codes.tolist(), classes.tolist()
    ([1, 0, -1], ['II', 'Ia'])
    """
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None")
    labels = _column(y, name)
    known = None if classes is None else _distinct(classes, name)
    named = np.ones(len(labels), bool) if _has_minus_one(known) else ~is_unlabelled(labels)
    given = _pure(labels[named], "y", name)
    check_classification_targets(given)
    known = np.unique(given) if known is None else known
    codes = np.full(len(labels), UNLABELLED)
    codes[named] = pd.Index(known).get_indexer(given)
    unknown = named & (codes < 0)
    if unknown.any():
        strange = np.unique(given[unknown[named]])
        raise ValueError(f"{name}: y holds the labels {name_objects(strange)}, no classes")
    return codes, known


def is_unlabelled(labels):
    """Return the mask of the labels that are -1.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._read import is_unlabelled
    >>> is_unlabelled(np.array(["Ia", -1], dtype=object)).tolist()
    [False, True]
    """
    if labels.dtype.kind in "iuf":
        return labels == UNLABELLED
    if labels.dtype.kind == "U":
        return labels == str(UNLABELLED)
    if labels.dtype.kind == "O":
        return np.asarray((labels == UNLABELLED) | (labels == str(UNLABELLED)), bool)
    return np.zeros(len(labels), bool)


def read_scored(y, proba, classes, name):
    """Return labels and probabilities after all checks.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Labels; -1 is no label.

    proba : array-like of shape (n_objects, n_classes)
        Probabilities of the classes; a row with NaN belongs to an object without answer.

    classes : array-like of shape (n_classes,) or None
        Labels of the columns; those of `y`, sorted, if None.

    name : str
        Function or estimator that the errors name.

    Returns
    -------
    scored : Scored

    Raises
    ------
    ObjectError
        Rows that are no probabilities, or objects whose label is missing.

    ValueError
        Shapes or labels that do not fit.

    Examples
    --------
    >>> from skastro.label_errors._read import read_scored
    >>> read_scored(["b", "a"], [[0.9, 0.1], [0.8, 0.2]], None, "f").codes.tolist()
    [1, 0]
    """
    proba = np.asarray(proba, dtype=float)
    if proba.ndim != 2 or proba.shape[1] < 2:
        raise ValueError(
            f"{name}: proba must have the shape (n_objects, n_classes) with two classes or more, "
            f"not {proba.shape}"
        )
    codes, classes = read_labels(y, name, classes)
    check_consistent_length(codes, proba)
    if len(classes) != proba.shape[1]:
        raise ValueError(
            f"{name}: proba has {proba.shape[1]} columns for the {len(classes)} classes "
            f"{name_objects(classes)}; name the label of each column with classes="
        )
    check_probabilities(proba, name)
    order = np.argsort(classes)
    codes = np.where(codes < 0, codes, np.argsort(order)[codes])
    return Scored(codes, proba[:, order], classes[order])


def check_probabilities(proba, name):
    """Raise ObjectError for rows outside of [0, 1] or whose sum is not one; NaN rows pass.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._read import check_probabilities
    >>> check_probabilities(np.array([[0.2, 0.8], [np.nan, np.nan]]), "f")
    """
    outside = ((proba < -_SUM_TOLERANCE) | (proba > 1 + _SUM_TOLERANCE)).any(axis=1)
    if outside.any():
        raise ObjectError(f"{name}: proba lies outside of [0, 1]", np.flatnonzero(outside))
    off = np.abs(proba.sum(axis=1) - 1) > _SUM_TOLERANCE
    if off.any():
        raise ObjectError(f"{name}: rows of proba do not sum to one", np.flatnonzero(off))


def _column(y, name):
    try:
        labels = column_or_1d(y, warn=True)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    missing = np.flatnonzero(pd.isna(labels))
    if len(missing):
        raise ObjectError(f"{name}: y holds no label for some rows; -1 is unlabelled", missing)
    return labels


def _pure(labels, what, name):
    """Return labels of one type, never numbers turned into text."""
    if labels.dtype != object:
        return labels
    kind = infer_dtype(labels, skipna=False)
    if len(labels) and kind not in _PURE:
        raise ValueError(f"{name}: {what} holds labels of different types ({kind})")
    return np.array(labels.tolist())


def _distinct(classes, name):
    known = _pure(np.asarray(classes), "classes", name)
    if known.ndim != 1 or len(np.unique(known)) != len(known):
        raise ValueError(f"{name}: classes must be distinct labels, not {known.tolist()}")
    return known


def _has_minus_one(known):
    return known is not None and is_unlabelled(known).any()

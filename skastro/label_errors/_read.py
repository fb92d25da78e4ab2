"""Labels and probabilities after all checks."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length

from skastro.exceptions import ObjectError, name_objects
from skastro.utils.labels import (
    UNLABELLED,
    check_labels,
    is_unlabelled,
    named_classes,
    proba_by_class,
)

_SUM_TOLERANCE = 1e-3


class Scored(NamedTuple):
    """Encoded labels and the probabilities of the classes, in sorted order of the classes."""

    codes: NDArray[np.int64]
    proba: NDArray[np.float64]
    classes: NDArray

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Objects with a label and without NaN among their probabilities."""
        return (self.codes >= 0) & ~np.isnan(self.proba).any(axis=1)


def encode_labels(
    y: ArrayLike, name: str, classes: ArrayLike | None = None, X: Any = None
) -> tuple[NDArray[np.int64], NDArray]:
    """Return encoded labels and their classes.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Labels; see :func:`skastro.utils.labels.is_unlabelled` for unlabelled objects.

    name : str
        Function or estimator named in errors.

    classes : array-like of shape (n_classes,), default=None
        Known classes, the sorted labels of `y` by default.  If -1 is among them it is a class,
        otherwise it is unlabelled.

    X : DataFrame or array-like of shape (n_objects, n_columns), default=None
        Objects.  The index of a DataFrame names them in errors, and must be that of a Series `y`.

    Returns
    -------
    codes : ndarray of int of shape (n_objects,)
        Position of each label in the classes; -1 for unlabelled objects.

    classes : ndarray of shape (n_classes,)

    Raises
    ------
    ObjectError
        Objects without a label (None, NaN, pd.NA) or with a label of another type.

    ValueError
        Continuous labels, or labels that are not among `classes`.

    Examples
    --------
    >>> from skastro.label_errors._read import encode_labels
    >>> codes, classes = encode_labels(["Ia", "II", -1], "Finder")
    >>> codes.tolist(), classes.tolist()
    ([1, 0, -1], ['II', 'Ia'])
    """
    labels = check_labels(y, name, X, allow_unlabelled=True)
    known = None if classes is None else _distinct(classes, name)
    named = ~_unlabelled(labels, known)
    given = _of_one_type(labels[named])
    check_classification_targets(given)
    known = np.unique(given) if known is None else known
    codes = np.full(len(labels), UNLABELLED)
    codes[named] = pd.Index(known).get_indexer(given)
    unknown = named & (codes < 0)
    if unknown.any():
        raise ValueError(
            f"{name}: y holds the labels {name_objects(np.unique(given[unknown[named]]))}, which "
            f"are not among the classes {name_objects(known)}"
        )
    return codes, known


def read_scored(y: ArrayLike, proba: ArrayLike, classes: ArrayLike | None, name: str) -> Scored:
    """Return labels and probabilities after all checks.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Labels; -1 is unlabelled.

    proba : DataFrame or array-like of shape (n_objects, n_classes)
        Probabilities of the classes; NaN for objects without a prediction.

    classes : array-like of shape (n_classes,) or None
        Classes of the columns.  By default the names of the columns of a frame, otherwise the
        sorted labels of `y`.

    name : str
        Function or estimator named in errors.

    Returns
    -------
    scored : Scored

    Raises
    ------
    ObjectError
        Rows that are not probabilities, or objects without a label.

    ValueError
        Shapes or labels that do not fit.

    Examples
    --------
    >>> from skastro.label_errors._read import read_scored
    >>> read_scored(["b", "a"], [[0.9, 0.1], [0.8, 0.2]], None, "f").codes.tolist()
    [1, 0]
    """
    classes = _named_as_labels(named_classes(proba), y) if classes is None else classes
    if classes is not None:
        proba = proba_by_class(proba, classes, name)
    values = np.asarray(proba, dtype=float)
    if values.ndim != 2 or values.shape[1] < 2:
        raise ValueError(
            f"{name}: proba must have the shape (n_objects, n_classes) with at least two classes, "
            f"not {values.shape}"
        )
    codes, known = encode_labels(y, name, classes)
    check_consistent_length(codes, values)
    if len(known) != values.shape[1]:
        raise ValueError(
            f"{name}: proba has {values.shape[1]} columns for the {len(known)} classes "
            f"{name_objects(known)}; pass the class of each column as classes="
        )
    check_probabilities(values, name)
    # cleanlab counts classes in sorted order, whatever order `classes` names.
    order = np.argsort(known)
    codes = np.where(codes < 0, codes, np.argsort(order)[codes])
    return Scored(codes, values[:, order], known[order])


def check_probabilities(proba: NDArray[np.float64], name: str) -> None:
    """Raise ObjectError for rows outside [0, 1] or whose sum is not one; NaN rows pass.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._read import check_probabilities
    >>> check_probabilities(np.array([[0.2, 0.8], [np.nan, np.nan]]), "f")
    """
    outside = ((proba < -_SUM_TOLERANCE) | (proba > 1 + _SUM_TOLERANCE)).any(axis=1)
    if outside.any():
        raise ObjectError(f"{name}: proba lies outside [0, 1]", np.flatnonzero(outside))
    off = np.abs(proba.sum(axis=1) - 1) > _SUM_TOLERANCE
    if off.any():
        raise ObjectError(f"{name}: rows of proba do not sum to one", np.flatnonzero(off))


def _unlabelled(labels: NDArray, known: NDArray | None) -> NDArray[np.bool_]:
    if known is None:
        return is_unlabelled(labels)
    marks = [UNLABELLED, str(UNLABELLED)]
    if pd.Index(known).isin(marks).any():
        return np.zeros(len(labels), bool)
    return np.asarray(pd.Index(labels).isin(marks), bool)


def _named_as_labels(names: list | None, y: Any) -> ArrayLike | None:
    """Return names of columns as numbers if the labels are numbers: a file holds only strings."""
    if names is None or not all(isinstance(name, str) for name in names):
        return names
    numbers = np.asarray(y).dtype.kind in "iufb"
    try:
        return [int(name) for name in names] if numbers else names
    except ValueError:
        return names


def _of_one_type(labels: NDArray) -> NDArray:
    return np.array(labels.tolist()) if labels.dtype == object else labels


def _distinct(classes: ArrayLike, name: str) -> NDArray:
    known = _of_one_type(check_labels(classes, name, allow_unlabelled=True))
    if len(np.unique(known)) != len(known):
        raise ValueError(f"{name}: classes must be distinct labels, not {known.tolist()}")
    return known

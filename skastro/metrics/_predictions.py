"""Labels and predictions as numbers; one rule for objects without a prediction."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_consistent_length

from skastro.base import UNCLASSIFIED, no_prediction
from skastro.exceptions import ObjectError
from skastro.taxonomy import Taxonomy
from skastro.utils.labels import check_no_missing, named_classes, proba_by_class

NO_PREDICTION = (UNCLASSIFIED, "ambiguous")


def as_column(values: Any, argument: str, name: str) -> NDArray:
    """Return values as a one-dimensional array of objects; missing values stay missing."""
    column = np.array(values, dtype=object)
    if column.ndim != 1:
        raise ValueError(f"{name}: {argument} has the shape {column.shape}, not (n_objects,)")
    if not len(column):
        raise ValueError(f"{name}: {argument} holds 0 objects while a minimum of 1 is required")
    return column


def is_predicted(values: NDArray, unclassified: Any = NO_PREDICTION) -> NDArray[np.bool_]:
    """Return the mask of the labels that are not None, not NaN and not `unclassified`."""
    names = [unclassified] if isinstance(unclassified, str) else list(unclassified)
    return ~(pd.isna(values) | pd.Index(values).isin(names))


def true_labels(y_true: Any, name: str) -> NDArray:
    """Return true labels; every object must have one."""
    column = as_column(y_true, "y_true", name)
    ids = y_true.index if isinstance(y_true, pd.Series) else None
    try:
        check_no_missing(column, name, ids)
    except ObjectError as error:
        raise ObjectError(f"{name}: y_true has no label", error.ids) from None
    return column


def check_pairing(y_true: Any, y_pred: Any, name: str) -> None:
    """Raise ValueError if two pandas objects hold the same objects in another order."""
    if not all(isinstance(y, pd.Series | pd.DataFrame) for y in (y_true, y_pred)):
        return
    index, other = y_true.index, y_pred.index
    if not index.equals(other) and index.sort_values().equals(other.sort_values()):
        raise ValueError(
            f"{name}: y_true and y_pred have the same index in another order; pass "
            f"y_pred.loc[y_true.index]"
        )


def class_codes(
    y_true: Any, y_pred: Any, labels: ArrayLike | None, unclassified: Any, name: str
) -> tuple[pd.Index, NDArray[np.intp], NDArray[np.intp]]:
    """Return the classes and the codes of both; -1 is an object without a prediction.

    Classes are `labels`, or by default all labels that occur, sorted.
    """
    true = true_labels(y_true, name)
    pred = as_column(y_pred, "y_pred", name)
    check_consistent_length(true, pred)
    check_pairing(y_true, y_pred, name)
    predicted = is_predicted(pred, unclassified)
    pred[predicted] = _as_written(pred[predicted], true)
    if labels is None:
        labels = sorted_labels(np.concatenate([true, pred[predicted]]))
    index = _distinct(labels, name)
    codes = np.full(len(pred), -1)
    codes[predicted] = _codes(index, pred[predicted], "y_pred", name)
    return index, _codes(index, true, "y_true", name), codes


def scored_codes(
    y_true: Any, y_proba: Any, labels: ArrayLike | None, name: str
) -> tuple[pd.Index, NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """Return the classes, the codes of true labels, the probabilities and the rows predicted.

    Classes are `labels`, by default those that name the columns of a frame, or all true labels,
    sorted.
    """
    true = true_labels(y_true, name)
    check_pairing(y_true, y_proba, name)
    labels = named_classes(y_proba) if labels is None else labels
    index = _distinct(sorted_labels(true) if labels is None else labels, name)
    proba, predicted = check_proba(y_proba, len(true), index, name)
    index = pd.Index(_as_written(index, true), dtype=object)
    return index, _codes(index, true, "y_true", name), proba, predicted


def _as_written(values: Any, reference: NDArray) -> NDArray:
    """Return labels in the type of the true ones: 1 for the "1" of a table read from text."""
    written = {str(label): label for label in reference.tolist()}
    known = set(reference.tolist())
    labels: NDArray = np.empty(len(values), dtype=object)
    # np.array would make one type of numbers and text.
    labels[:] = [v if v in known else written.get(str(v), v) for v in values]
    return labels


def _distinct(labels: ArrayLike, name: str) -> pd.Index:
    index = pd.Index(np.asarray(labels, dtype=object))
    if not index.is_unique:
        repeated = index[index.duplicated()].tolist()
        raise ValueError(f"{name}: labels holds {repeated} more than once")
    return index


def sorted_labels(values: NDArray) -> list:
    """Return the distinct labels, sorted; strings after numbers."""
    return sorted(pd.unique(values), key=lambda label: (isinstance(label, str), label))


def _codes(index: pd.Index, values: NDArray, argument: str, name: str) -> NDArray[np.intp]:
    codes = index.get_indexer(values)
    if (codes < 0).any():
        unknown = sorted_labels(values[codes < 0])
        raise ValueError(f"{name}: {argument} holds {unknown}, which is not in {index.tolist()}")
    return codes


def read_nodes(
    labels: Any, taxonomy: Taxonomy, argument: str, name: str, unclassified: Any = NO_PREDICTION
) -> NDArray[np.intp]:
    """Return the node numbers of labels; -1 is an object without a prediction."""
    is_true = argument == "y_true"
    values = true_labels(labels, name) if is_true else as_column(labels, argument, name)
    known = np.ones(len(values), bool) if is_true else is_predicted(values, unclassified)
    numbers = np.full(len(values), -1)
    numbers[known] = taxonomy.numbers(values[known])
    return numbers


def check_proba(
    proba: Any, n_objects: int, classes: ArrayLike, name: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return probabilities in the order of `classes`, and the mask of the rows predicted."""
    proba = proba_by_class(proba, classes, name)
    shape = n_objects, len(np.asarray(classes))
    if proba.shape != shape:
        raise ValueError(f"{name}: probabilities have the shape {proba.shape}, not {shape}")
    # The sum of float32 probabilities may exceed one.
    wrong = ((proba < 0) | (proba > 1 + 1e-6)).any(axis=1)
    if wrong.any():
        rows = np.flatnonzero(wrong).tolist()
        raise ObjectError(f"{name}: probabilities outside 0 to 1", rows)
    return proba, ~no_prediction(proba)


def divide(above: ArrayLike, below: ArrayLike, empty: float = np.nan) -> NDArray[np.float64]:
    """Divide; `empty` where the denominator is zero."""
    above, below = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    return np.divide(above, below, out=np.full(above.shape, float(empty)), where=below != 0)


def confusion_counts(
    true: NDArray[np.intp], pred: NDArray[np.intp], weights: NDArray, n_classes: int
) -> NDArray[np.float64]:
    """Count objects by true and predicted class; the last column is no prediction (code -1)."""
    columns = n_classes + 1
    cells = true * columns + np.where(pred < 0, n_classes, pred)
    counts = np.bincount(cells, weights, n_classes * columns).astype(float)
    return counts.reshape(n_classes, columns)


def table_scores(counts: NDArray) -> tuple[NDArray[np.float64], ...]:
    """Return purity, efficiency, F1 and both totals of every class from confusion counts."""
    right, n_true, n_pred = np.diag(counts), counts.sum(axis=1), counts[:, :-1].sum(axis=0)
    f1 = divide(2 * right, n_true + n_pred)
    return divide(right, n_pred), divide(right, n_true), f1, n_true, n_pred

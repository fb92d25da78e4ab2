"""Labels and answers of classifiers as numbers; one rule for objects without answer."""

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_consistent_length

from skastro.exceptions import ObjectError

UNCLASSIFIED = ("unclassified", "ambiguous")
NO_ANSWER = "unclassified"


def check_labels(labels, name, caller):
    """Return labels as a one-dimensional array of objects; NaN stays NaN."""
    values = np.asarray(labels, dtype=object)
    if values.ndim != 1:
        raise ValueError(f"{caller}: {name} has the shape {values.shape}, not (n_objects,)")
    if not len(values):
        raise ValueError(f"{caller}: {name} holds 0 objects while a minimum of 1 is required")
    return values


def is_answered(values, unclassified=UNCLASSIFIED):
    """Tell which answers are labels: not None, not NaN, not `unclassified`."""
    names = [unclassified] if isinstance(unclassified, str) else list(unclassified)
    return ~(pd.isna(values) | pd.Index(values).isin(names))


def check_true(y_true, caller):
    """Return true labels; every object must have one."""
    values = check_labels(y_true, "y_true", caller)
    missing = np.flatnonzero(pd.isna(values))
    if len(missing):
        raise ObjectError(f"{caller}: y_true has no label", missing.tolist())
    return values


def class_codes(y_true, y_pred, labels, unclassified, caller):
    """Return the classes and the codes of both; -1 is an object without answer.

    Classes are `labels`, or by default whatever occurs, sorted; anything else is an error.
    """
    true = check_true(y_true, caller)
    pred = check_labels(y_pred, "y_pred", caller)
    check_consistent_length(true, pred)
    answered = is_answered(pred, unclassified)
    if labels is None:
        labels = sorted_labels(np.concatenate([true, pred[answered]]))
    index = check_classes(labels, caller)
    codes = np.full(len(pred), -1)
    codes[answered] = _codes(index, pred[answered], "y_pred", caller)
    return index, _codes(index, true, "y_true", caller), codes


def true_codes(y_true, labels, caller):
    """Return the classes and the codes of true labels."""
    true = check_true(y_true, caller)
    index = check_classes(sorted_labels(true) if labels is None else labels, caller)
    return index, _codes(index, true, "y_true", caller)


def check_classes(labels, caller):
    """Return the classes as an Index of unique names."""
    index = pd.Index(np.asarray(labels, dtype=object))
    if not index.is_unique:
        raise ValueError(f"{caller}: labels {index[index.duplicated()].tolist()} occur twice")
    return index


def sorted_labels(values):
    """Return the different labels, sorted; text after numbers."""
    return sorted(pd.unique(values), key=lambda label: (isinstance(label, str), label))


def _codes(index, values, name, caller):
    codes = index.get_indexer(values)
    if (codes < 0).any():
        strange = sorted_labels(values[codes < 0])
        raise ValueError(f"{caller}: {name} holds {strange}, which is not in {index.tolist()}")
    return codes


def node_numbers(labels, taxonomy, name, caller, unclassified=UNCLASSIFIED):
    """Return the numbers of nodes of a taxonomy; -1 is an object without answer."""
    true = name == "y_true"
    values = check_true(labels, caller) if true else check_labels(labels, name, caller)
    answered = np.ones(len(values), bool) if true else is_answered(values, unclassified)
    numbers = np.full(len(values), -1)
    numbers[answered] = taxonomy.numbers(values[answered].tolist())
    return numbers


def check_proba(proba, n_objects, n_columns, caller):
    """Return probabilities as floats of the right shape and which rows are answered."""
    proba = np.asarray(proba, float)
    if proba.shape != (n_objects, n_columns):
        raise ValueError(
            f"{caller}: probabilities have the shape {proba.shape}, not {(n_objects, n_columns)}"
        )
    answered = ~np.isnan(proba).any(axis=1)
    wrong = ((proba < 0) | (proba > 1 + 1e-6)).any(axis=1)
    if wrong.any():
        rows = np.flatnonzero(wrong).tolist()
        raise ObjectError(f"{caller}: probabilities outside 0 to 1", rows)
    return proba, answered


def divide(above, below, empty=np.nan):
    """Divide; `empty` where the denominator is zero."""
    above, below = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    return np.divide(above, below, out=np.full(above.shape, float(empty)), where=below != 0)


def count_pairs(true, pred, weights, n_classes):
    """Count objects by true and answered class; the last column is no answer (code -1)."""
    columns = n_classes + 1
    cells = true * columns + np.where(pred < 0, n_classes, pred)
    return np.bincount(cells, weights, n_classes * columns).reshape(n_classes, columns)


def table_scores(counts):
    """Return purity, efficiency and F1 of every class from the table of :func:`count_pairs`."""
    right, n_true, n_pred = np.diag(counts), counts.sum(axis=1), counts[:, :-1].sum(axis=0)
    f1 = divide(2 * right, n_true + n_pred)
    return divide(right, n_pred), divide(right, n_true), f1, n_true, n_pred

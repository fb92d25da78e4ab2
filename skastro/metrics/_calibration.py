"""Whether probabilities mean what they say."""

import warnings

import numpy as np
import pandas as pd
from sklearn.utils.validation import _check_sample_weight

from skastro.exceptions import ObjectWarning, name_objects
from skastro.metrics._answers import check_proba, divide, true_codes

_STRATEGIES = ("uniform", "quantile")


def reliability_table(
    y_true, y_proba, *, labels=None, n_bins=10, strategy="uniform", sample_weight=None
):
    """Compare the confidence of the answers with how often they are right, bin by bin.

    The answer is the most probable class and the confidence its probability (Guo et al. 2017).
    For the reliability of one class against the rest use
    :func:`sklearn.calibration.calibration_curve`.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        True labels.

    y_proba : array-like of shape (n_objects, n_classes)
        Probabilities.  A row with NaN states no confidence: it is left out, with a warning that
        counts such rows.

    labels : array-like of shape (n_classes,), default=None
        Names of the columns; the sorted labels of `y_true` by default.

    n_bins : int, default=10
        Number of bins of confidence.

    strategy : {"uniform", "quantile"}, default="uniform"
        Bins of equal width between 0 and 1, or of equal numbers of objects.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects.

    Returns
    -------
    table : DataFrame of shape (n_bins, 5)
        Columns ``start``, ``stop`` (confidences above `start` and up to `stop`), ``weight``,
        ``confidence`` and ``accuracy``, means that are NaN in an empty bin.

    Raises
    ------
    ObjectError
        An object has no true label, or probabilities outside 0 to 1.

    ValueError
        A class in `y_true` has no column; shapes that do not fit; an unknown `strategy`.

    Warns
    -----
    ObjectWarning
        Objects without answer are left out.

    References
    ----------
    Guo et al. 2017, ICML (arXiv:1706.04599).

    Examples
    --------
    >>> from skastro.metrics import reliability_table
    >>> y_proba = [[0.8, 0.2], [0.7, 0.3], [0.1, 0.9]]
    >>> table = reliability_table(["II", "Ia", "Ia"], y_proba, labels=["II", "Ia"], n_bins=4)
    >>> table[["confidence", "accuracy"]].round(2).values.tolist()[2:]
    [[0.7, 0.0], [0.85, 1.0]]
    """
    caller = "reliability_table"
    if strategy not in _STRATEGIES:
        raise ValueError(f"{caller}: strategy is {strategy!r}, not one of {_STRATEGIES}")
    confidence, right, weights = _confidences(y_true, y_proba, labels, sample_weight, caller)
    edges = np.linspace(0, 1, n_bins + 1)
    if strategy == "quantile":
        edges = np.quantile(confidence, edges)
    bins = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, n_bins - 1)
    total, stated, correct = (
        np.bincount(bins, weights * values, n_bins) for values in (1, confidence, right)
    )
    table = {"start": edges[:-1], "stop": edges[1:], "weight": total}
    table |= {"confidence": divide(stated, total), "accuracy": divide(correct, total)}
    return pd.DataFrame(table)


def expected_calibration_error(
    y_true, y_proba, *, labels=None, n_bins=10, strategy="uniform", sample_weight=None
):
    r"""Compute the mean distance between confidence and accuracy.

    .. math:: ECE = \sum_b \frac{n_b}{n} \, |\mathrm{accuracy}_b - \mathrm{confidence}_b|

    over the bins b of :func:`reliability_table` (Guo et al. 2017, equation 3).

    Parameters
    ----------
    y_true, y_proba, labels, n_bins, strategy, sample_weight
        See :func:`reliability_table`.

    Returns
    -------
    error : float
        Between 0 and 1.

    Warns
    -----
    ObjectWarning
        Objects without answer are left out.

    Notes
    -----
    The value depends on the bins and is biased upwards in small samples: compare models on the
    same objects and bins.

    References
    ----------
    Guo et al. 2017, ICML (arXiv:1706.04599).

    Examples
    --------
    >>> from skastro.metrics import expected_calibration_error
    >>> y_proba = [[0.8, 0.2], [0.6, 0.4]]
    >>> round(expected_calibration_error(["II", "II"], y_proba, labels=["II", "Ia"]), 3)
    0.3
    """
    table = reliability_table(
        y_true,
        y_proba,
        labels=labels,
        n_bins=n_bins,
        strategy=strategy,
        sample_weight=sample_weight,
    )
    distance = (table["accuracy"] - table["confidence"]).abs().fillna(0.0)
    return float(np.average(distance, weights=table["weight"]))


def _confidences(y_true, y_proba, labels, sample_weight, caller):
    """Confidence, correctness and weight of the objects that are answered."""
    classes, codes = true_codes(y_true, labels, caller)
    proba, answered = check_proba(y_proba, len(codes), len(classes), caller)
    weights = _check_sample_weight(sample_weight, codes, ensure_non_negative=True)
    if not answered.any():
        raise ValueError(f"{caller}: all {len(answered)} rows of y_proba hold NaN")
    if not answered.all():
        warnings.warn(
            f"{caller}: {(~answered).sum()} of {len(answered)} objects have no answer and are "
            f"left out: rows {name_objects(np.flatnonzero(~answered))}",
            ObjectWarning,
            stacklevel=3,
        )
    proba, codes, weights = proba[answered], codes[answered], weights[answered]
    return proba.max(axis=1), proba.argmax(axis=1) == codes, weights

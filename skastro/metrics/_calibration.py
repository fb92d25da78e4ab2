"""Reliability of probabilities."""

import warnings
from numbers import Integral

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval, StrOptions, validate_params
from sklearn.utils.validation import _check_sample_weight

from skastro.exceptions import ObjectWarning, name_objects
from skastro.metrics._predictions import divide, scored_codes

_CONSTRAINTS = {
    "n_bins": [Interval(Integral, 1, None, closed="left")],
    "strategy": [StrOptions({"uniform", "quantile"})],
}


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def reliability_table(
    y_true: ArrayLike,
    y_proba: ArrayLike | pd.DataFrame,
    *,
    labels: ArrayLike | None = None,
    n_bins: int = 10,
    strategy: str = "uniform",
    sample_weight: ArrayLike | None = None,
) -> pd.DataFrame:
    """Compare the confidence of predictions with their accuracy, bin by bin.

    The confidence is the probability of the most probable class (Guo et al. 2017).  For the
    reliability of one class against the rest use
    :func:`sklearn.calibration.calibration_curve`.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        True labels.

    y_proba : array-like of shape (n_objects, n_classes)
        Probabilities.  A row with NaN has no confidence and is left out with a warning.

    labels : array-like of shape (n_classes,), default=None
        Class of each column; by default the names of the columns of a DataFrame, or the sorted
        labels of `y_true`.

    n_bins : int, default=10
        Number of confidence bins.

    strategy : {"uniform", "quantile"}, default="uniform"
        Bins of equal width between 0 and 1, or with equal numbers of objects.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects.

    Returns
    -------
    table : DataFrame of shape (n_bins, 5)
        Columns ``start``, ``stop`` (confidences above `start` and up to `stop`), ``weight``,
        ``confidence`` and ``accuracy``, which are means and NaN in an empty bin.

    Raises
    ------
    ObjectError
        An object has no true label, or probabilities outside 0 to 1.

    ValueError
        A class in `y_true` without a column; shapes that do not match; an unknown `strategy`.

    Warns
    -----
    ObjectWarning
        Objects without a prediction are left out.

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
    name = "reliability_table"
    confidence, right, weights = _confidences(y_true, y_proba, labels, sample_weight, name)
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
    y_true: ArrayLike,
    y_proba: ArrayLike | pd.DataFrame,
    *,
    labels: ArrayLike | None = None,
    n_bins: int = 10,
    strategy: str = "uniform",
    sample_weight: ArrayLike | None = None,
) -> float:
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
        Objects without a prediction are left out.

    Notes
    -----
    The value depends on the bins and is biased upwards for small samples, so that models should be
    compared on the same objects and bins.

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


def _confidences(
    y_true: ArrayLike,
    y_proba: ArrayLike | pd.DataFrame,
    labels: ArrayLike | None,
    sample_weight: ArrayLike | None,
    name: str,
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Return confidence, correctness and weight of the objects with a prediction."""
    _, codes, proba, predicted = scored_codes(y_true, y_proba, labels, name)
    weights = _check_sample_weight(sample_weight, codes, ensure_non_negative=True)
    if not predicted.any():
        raise ValueError(f"{name}: all {len(predicted)} rows of y_proba hold NaN")
    if not predicted.all():
        warnings.warn(
            f"{name}: {(~predicted).sum()} of {len(predicted)} objects have no prediction and are "
            f"left out: rows {name_objects(np.flatnonzero(~predicted))}",
            ObjectWarning,
            stacklevel=4,
        )
    proba, codes, weights = proba[predicted], codes[predicted], weights[predicted]
    return proba.max(axis=1), proba.argmax(axis=1) == codes, weights

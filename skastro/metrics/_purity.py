"""Samples that astronomers select: purity, efficiency, contamination, figure of merit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from skastro.base import UNCLASSIFIED
from skastro.metrics._predictions import (
    NO_PREDICTION,
    as_column,
    class_codes,
    confusion_counts,
    divide,
    true_labels,
)


def purity_efficiency_table(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    false_weight: float = 3.0,
    sample_weight: ArrayLike | None = None,
    unclassified: str | Sequence[str] = NO_PREDICTION,
) -> pd.DataFrame:
    r"""Describe the sample of each predicted class.

    A class is predicted :math:`n` times, of which :math:`n_t` are right and :math:`n_f` wrong, and
    :math:`N` objects belong to it.  Purity :math:`n_t / n` and contamination :math:`n_f / n` sum
    to one; the efficiency (completeness, recall) is :math:`n_t / N`, and the figure of merit of
    the Supernova Photometric Classification Challenge (Kessler et al. 2010) is

    .. math:: \mathcal{C} = \frac{n_t}{N} \, \frac{n_t}{n_t + W n_f}.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        True labels.

    y_pred : array-like of shape (n_objects,)
        Predictions.  None, NaN and `unclassified` select no class and lower the efficiency.

    labels : array-like of shape (n_classes,), default=None
        Classes in order; by default all that occur, sorted.

    false_weight : float, default=3
        Weight W of wrong objects; 3 in the challenge.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects, such as the natural rates of their classes.

    unclassified : str or sequence of str, default=("unclassified", "ambiguous")
        Labels of objects without a prediction.

    Returns
    -------
    table : DataFrame
        Index ``class``; columns ``n_true``, ``n_selected``, ``n_correct`` (sums of weights),
        ``purity`` and ``contamination`` (NaN if nothing is selected), ``efficiency`` and
        ``figure_of_merit`` (NaN for a class without objects).

    Raises
    ------
    ObjectError
        An object has no true label.

    ValueError
        Labels that are not among `labels`, or different lengths.

    See Also
    --------
    purity_efficiency_curve : One class at every threshold of its probability.
    contamination_table : Composition of each sample.

    References
    ----------
    Kessler et al. 2010, PASP 122, 1415 (arXiv:1008.1024).

    Examples
    --------
    >>> from skastro.metrics import purity_efficiency_table
    >>> table = purity_efficiency_table(["Ia", "Ia", "II", "II"], ["Ia", "Ia", "Ia", None])
    >>> table[["purity", "efficiency", "figure_of_merit"]].round(3).loc["Ia"].tolist()
    [0.667, 1.0, 0.4]
    """
    classes, counts = _count(
        y_true, y_pred, labels, sample_weight, unclassified, "purity_efficiency_table"
    )
    right, selected = np.diag(counts), counts[:, :-1].sum(axis=0)
    scores = _scores(right, selected, counts.sum(axis=1), false_weight)
    return pd.DataFrame(scores, index=classes.rename("class"))


def contamination_table(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    unclassified: str | Sequence[str] = NO_PREDICTION,
) -> pd.DataFrame:
    """Return the true classes in the sample of each predicted class.

    Parameters
    ----------
    y_true, y_pred, labels, sample_weight, unclassified
        See :func:`purity_efficiency_table`.

    Returns
    -------
    table : DataFrame of shape (n_classes + 1, n_classes)
        Rows are samples, the last of objects without a prediction; columns are true classes.
        Rows sum to one; they are NaN if nothing is selected.

    Examples
    --------
    >>> from skastro.metrics import contamination_table
    >>> table = contamination_table(["Ia", "Ia", "II", "II"], ["Ia", "Ia", "Ia", None])
    >>> table.round(3).loc["Ia"].to_dict()
    {'II': 0.333, 'Ia': 0.667}
    """
    name = "contamination_table"
    classes, counts = _count(y_true, y_pred, labels, sample_weight, unclassified, name)
    samples = pd.Index([*classes, UNCLASSIFIED], name="sample")
    shares = divide(counts.T, counts.sum(axis=0)[:, None])
    return pd.DataFrame(shares, samples, classes.rename("class"))


def purity_efficiency_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    pos_label: Any,
    *,
    thresholds: ArrayLike | None = None,
    false_weight: float = 3.0,
    sample_weight: ArrayLike | None = None,
) -> pd.DataFrame:
    """Describe the sample of one class at thresholds of its probability.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        True labels.

    y_score : array-like of shape (n_objects,)
        Probability of the class, or any other score.  An object with NaN is never selected.

    pos_label : label
        The class.

    thresholds : array-like of shape (n_thresholds,), default=None
        Objects with at least this score are selected; by default every score that occurs.

    false_weight : float, default=3
        Weight of wrong objects in the figure of merit.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects.

    Returns
    -------
    table : DataFrame of shape (n_thresholds, 7)
        Index ``threshold``, increasing by default; columns as in :func:`purity_efficiency_table`.

    Raises
    ------
    ObjectError
        An object has no true label.

    ValueError
        No object of the class, no score at all, or different lengths.

    Examples
    --------
    >>> from skastro.metrics import purity_efficiency_curve
    >>> table = purity_efficiency_curve(["Ia", "II", "Ia"], [0.9, 0.6, 0.4], "Ia")
    >>> table[["purity", "efficiency"]].round(2).values.tolist()
    [[0.67, 1.0], [0.5, 0.5], [1.0, 0.5]]
    >>> float(table["figure_of_merit"].idxmax())
    0.9
    """
    name = "purity_efficiency_curve"
    is_class = true_labels(y_true, name) == pos_label
    score = as_column(y_score, "y_score", name).astype(float)
    check_consistent_length(is_class, score)
    weights = _check_sample_weight(sample_weight, is_class, ensure_non_negative=True)
    if not is_class.any():
        raise ValueError(f"{name}: y_true holds no object of the class {pos_label!r}")
    if np.isnan(score).all():
        raise ValueError(f"{name}: all {len(score)} scores are NaN")
    order = np.argsort(-score)
    falling = -score[order][: (~np.isnan(score)).sum()]
    thresholds = np.unique(-falling) if thresholds is None else np.asarray(thresholds, float)
    stops = np.searchsorted(falling, -thresholds, side="right")
    right, selected = (
        np.append(0, np.cumsum(w[order]))[stops] for w in (weights * is_class, weights)
    )
    scores = _scores(right, selected, weights @ is_class, false_weight)
    return pd.DataFrame(scores, index=pd.Index(thresholds, name="threshold"))


def _count(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    labels: ArrayLike | None,
    sample_weight: ArrayLike | None,
    unclassified: Any,
    name: str,
) -> tuple[pd.Index, NDArray[np.float64]]:
    classes, true, pred = class_codes(y_true, y_pred, labels, unclassified, name)
    weights = _check_sample_weight(sample_weight, true, ensure_non_negative=True)
    return classes, confusion_counts(true, pred, weights, len(classes))


def _scores(
    right: NDArray, selected: NDArray, n_true: ArrayLike, false_weight: float
) -> dict[str, Any]:
    purity, efficiency = divide(right, selected), divide(right, n_true)
    pseudo_purity = divide(right, right + false_weight * (selected - right), 0.0)
    return {
        "n_true": n_true,
        "n_selected": selected,
        "n_correct": right,
        "purity": purity,
        "contamination": 1 - purity,
        "efficiency": efficiency,
        "figure_of_merit": efficiency * pseudo_purity,
    }

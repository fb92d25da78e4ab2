"""Samples that astronomers select: purity, efficiency, contamination, figure of merit."""

import numpy as np
import pandas as pd
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from skastro.metrics._answers import (
    NO_ANSWER,
    UNCLASSIFIED,
    check_labels,
    check_true,
    class_codes,
    count_pairs,
    divide,
)


def purity_efficiency_table(
    y_true,
    y_pred,
    *,
    labels=None,
    false_weight=3.0,
    sample_weight=None,
    unclassified=UNCLASSIFIED,
):
    r"""Describe the sample that each answer selects.

    A class is answered :math:`n` times, of which :math:`n_t` rightly and :math:`n_f` wrongly, and
    :math:`N` objects belong to it.  Purity :math:`n_t / n` and contamination :math:`n_f / n` sum
    to one; the efficiency (completeness, recall) is :math:`n_t / N`, and the figure of merit of
    the Supernova Photometric Classification Challenge (Kessler et al. 2010) is

    .. math:: \mathcal{C} = \frac{n_t}{N} \, \frac{n_t}{n_t + W n_f}.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        True labels.

    y_pred : array-like of shape (n_objects,)
        Answers.  None, NaN and `unclassified` select for no class, and lower the efficiency.

    labels : array-like of shape (n_classes,), default=None
        Classes in order; by default those that occur, sorted.

    false_weight : float, default=3
        Weight W of wrong objects; 3 in the challenge.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects, such as rates of the classes in nature.

    unclassified : str or sequence of str, default=("unclassified", "ambiguous")
        Labels of objects without answer.

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
        Labels that are not among `labels`, lengths that differ.

    See Also
    --------
    purity_efficiency_curve : One class at every threshold of its probability.
    contamination_table : Of what a sample consists.

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
    y_true, y_pred, *, labels=None, sample_weight=None, unclassified=UNCLASSIFIED
):
    """Tell of which classes the sample of each answer consists.

    Parameters
    ----------
    y_true, y_pred, labels, sample_weight, unclassified
        See :func:`purity_efficiency_table`.

    Returns
    -------
    table : DataFrame of shape (n_classes + 1, n_classes)
        Rows are samples, the last one that of the objects without answer; columns are true
        classes.  Rows sum to one; they are NaN if nothing is selected.

    Examples
    --------
    >>> from skastro.metrics import contamination_table
    >>> table = contamination_table(["Ia", "Ia", "II", "II"], ["Ia", "Ia", "Ia", None])
    >>> table.round(3).loc["Ia"].to_dict()
    {'II': 0.333, 'Ia': 0.667}
    """
    caller = "contamination_table"
    classes, counts = _count(y_true, y_pred, labels, sample_weight, unclassified, caller)
    samples = pd.Index([*classes, NO_ANSWER], name="sample")
    shares = divide(counts.T, counts.sum(axis=0)[:, None])
    return pd.DataFrame(shares, samples, classes.rename("class"))


def purity_efficiency_curve(
    y_true, y_score, pos_label, *, thresholds=None, false_weight=3.0, sample_weight=None
):
    """Describe the sample of one class at thresholds of its probability.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        True labels.

    y_score : array-like of shape (n_objects,)
        Probability of the class, or any other score.  An object of NaN has no answer and is
        never selected.

    pos_label : label
        The class.

    thresholds : array-like of shape (n_thresholds,), default=None
        Objects of at least this score are selected; by default every score that occurs.

    false_weight : float, default=3
        Weight of wrong objects in the figure of merit.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects.

    Returns
    -------
    table : DataFrame of shape (n_thresholds, 7)
        Index ``threshold``, rising by default; columns as in :func:`purity_efficiency_table`.

    Raises
    ------
    ObjectError
        An object has no true label.

    ValueError
        No object of the class, no score at all, lengths that differ.

    Examples
    --------
    >>> from skastro.metrics import purity_efficiency_curve
    >>> table = purity_efficiency_curve(["Ia", "II", "Ia"], [0.9, 0.6, 0.4], "Ia")
    >>> table[["purity", "efficiency"]].round(2).values.tolist()
    [[0.67, 1.0], [0.5, 0.5], [1.0, 0.5]]
    >>> float(table["figure_of_merit"].idxmax())
    0.9
    """
    caller = "purity_efficiency_curve"
    is_class = check_true(y_true, caller) == pos_label
    score = check_labels(y_score, "y_score", caller).astype(float)
    check_consistent_length(is_class, score)
    weights = _check_sample_weight(sample_weight, is_class, ensure_non_negative=True)
    if not is_class.any():
        raise ValueError(f"{caller}: y_true holds no object of the class {pos_label!r}")
    if np.isnan(score).all():
        raise ValueError(f"{caller}: all {len(score)} scores are NaN")
    order = np.argsort(-score)
    falling = -score[order][: (~np.isnan(score)).sum()]
    thresholds = np.unique(-falling) if thresholds is None else np.asarray(thresholds, float)
    stops = np.searchsorted(falling, -thresholds, side="right")
    right, selected = (
        np.append(0, np.cumsum(w[order]))[stops] for w in (weights * is_class, weights)
    )
    scores = _scores(right, selected, weights @ is_class, false_weight)
    return pd.DataFrame(scores, index=pd.Index(thresholds, name="threshold"))


def _count(y_true, y_pred, labels, sample_weight, unclassified, caller):
    classes, true, pred = class_codes(y_true, y_pred, labels, unclassified, caller)
    weights = _check_sample_weight(sample_weight, true, ensure_non_negative=True)
    return classes, count_pairs(true, pred, weights, len(classes))


def _scores(right, selected, n_true, false_weight):
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

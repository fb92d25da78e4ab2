"""How far predictions can be trusted: abstention, sets of classes, and stability in time."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skastro.metrics._predictions import scored_codes, true_labels
from skastro.taxonomy import Taxonomy


def risk_coverage_curve(
    y_true: ArrayLike,
    y_proba: ArrayLike | pd.DataFrame,
    *,
    labels: ArrayLike | None = None,
    confidence: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return the error rate among the most confident objects, for every number of them.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        True labels.

    y_proba : array-like of shape (n_objects, n_classes)
        Probabilities.  A row with NaN has the lowest confidence and counts as wrong.

    labels : array-like of shape (n_classes,), default=None
        Class of each column; by default the names of the columns of a DataFrame, or the sorted
        labels of `y_true`.

    confidence : array-like of shape (n_objects,), default=None
        Score that ranks the objects, higher for more confident predictions, such as minus an
        out-of-distribution score; by default the probability of the most probable class.

    Returns
    -------
    table : DataFrame of shape (n_thresholds, 3)
        Columns ``threshold`` (objects with at least this confidence are classified), ``coverage``
        (their fraction, increasing) and ``risk`` (fraction of them that is wrong).  Objects of
        equal confidence are classified together.

    Raises
    ------
    ObjectError
        An object has no true label, or probabilities outside 0 to 1.

    ValueError
        Shapes that do not match.

    References
    ----------
    Geifman & El-Yaniv 2017, NeurIPS (arXiv:1705.08500).

    Examples
    --------
    >>> from skastro.metrics import risk_coverage_curve
    >>> y_proba = [[0.9, 0.1], [0.6, 0.4]]
    >>> risk_coverage_curve(["II", "Ia"], y_proba, labels=["II", "Ia"])["risk"].tolist()
    [0.0, 0.5]
    """
    name = "risk_coverage_curve"
    _, codes, proba, predicted = scored_codes(y_true, y_proba, labels, name)
    wrong = ~predicted | (np.nan_to_num(proba).argmax(axis=1) != codes)
    score = proba.max(axis=1) if confidence is None else np.asarray(confidence, float)
    if score.shape != wrong.shape:
        raise ValueError(f"{name}: confidence has the shape {score.shape}, not {wrong.shape}")
    score = np.where(predicted & ~np.isnan(score), score, -np.inf)
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)
    number = np.arange(1, len(order) + 1)
    table = {
        "threshold": score[order],
        "coverage": number / len(order),
        "risk": np.cumsum(wrong[order]) / number,
    }
    return pd.DataFrame(table)[last].reset_index(drop=True)


def area_under_risk_coverage(
    y_true: ArrayLike,
    y_proba: ArrayLike | pd.DataFrame,
    *,
    labels: ArrayLike | None = None,
    confidence: ArrayLike | None = None,
) -> float:
    """Compute the mean risk over all coverages; lower is better.

    Parameters
    ----------
    y_true, y_proba, labels, confidence
        See :func:`risk_coverage_curve`.

    Returns
    -------
    area : float
        Between 0 and 1: the sum of risk times the step in coverage.

    Examples
    --------
    >>> from skastro.metrics import area_under_risk_coverage
    >>> y_proba = [[0.9, 0.1], [0.6, 0.4]]
    >>> area_under_risk_coverage(["II", "Ia"], y_proba, labels=["II", "Ia"])
    0.25
    """
    table = risk_coverage_curve(y_true, y_proba, labels=labels, confidence=confidence)
    return float(table["risk"] @ np.diff(table["coverage"], prepend=0.0))


def coverage_table(
    y_true: ArrayLike, sets: ArrayLike, labels: ArrayLike, *, by: ArrayLike | None = None
) -> pd.DataFrame:
    """Return how often sets contain the true class, and how large they are.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        True labels.

    sets : array-like of bool of shape (n_objects, n_classes) or (n_objects, n_days, n_classes)
        Sets, such as those of :meth:`skastro.calibration.ConformalClassifier.predict_set`.  An
        empty set does not contain the true class.

    labels : array-like of shape (n_classes,)
        Class of each column.

    by : array-like, default=None
        What the rows of the table stand for: keys of shape (n_objects,), such as `y_true`, or,
        for sets at dates, the days of shape (n_days,).  By default one row for all.

    Returns
    -------
    table : DataFrame of shape (n_keys, 4)
        Columns ``n_objects``, ``coverage``, ``mean_size`` and ``empty`` (fraction of empty sets).

    Raises
    ------
    ObjectError
        An object has no true label.

    ValueError
        Labels without a column, or shapes that do not match.

    Examples
    --------
    >>> from skastro.metrics import coverage_table
    >>> sets = [[True, True], [True, False], [False, True]]
    >>> y_true = ["II", "II", "II"]
    >>> coverage_table(y_true, sets, ["II", "Ia"]).loc["all"].round(2).tolist()
    [3.0, 0.67, 1.33, 0.0]
    """
    name, members = "coverage_table", np.asarray(sets, bool)
    codes = pd.Index(np.asarray(labels, object)).get_indexer(true_labels(y_true, name))
    if members.ndim not in (2, 3) or len(members) != len(codes) or (codes < 0).any():
        raise ValueError(
            f"{name}: sets of shape {members.shape} and labels {np.asarray(labels).tolist()} do "
            f"not fit {len(codes)} objects of classes {sorted(set(np.asarray(y_true).tolist()))}"
        )
    if members.ndim == 3:
        days = range(members.shape[1]) if by is None else by
        rows = [_describe(members[:, i], codes) for i in range(members.shape[1])]
        return pd.DataFrame(rows, pd.Index(days, name="days"))
    keys = np.full(len(codes), "all") if by is None else np.asarray(by)
    names = pd.unique(np.sort(keys))
    rows = [_describe(members[keys == key], codes[keys == key]) for key in names]
    return pd.DataFrame(rows, names)


def _describe(members: NDArray[np.bool_], codes: NDArray[np.intp]) -> dict[str, Any]:
    size = members.sum(axis=1)
    inside = members[np.arange(len(codes)), codes]
    return {
        "n_objects": len(codes),
        "coverage": inside.mean(),
        "mean_size": size.mean(),
        "empty": (size == 0).mean(),
    }


def stability_table(
    y_proba: ArrayLike,
    days: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    taxonomy: Taxonomy | None = None,
) -> pd.DataFrame:
    r"""Describe how early and how smoothly the probabilities of each object settle.

    The Wasserstein distance between the probabilities p and q of two dates, the measure of [1]_,
    requires a distance between classes.  With a distance of 1 between any two classes it is
    :math:`\frac{1}{2} \sum_k |p_k - q_k|`; with a taxonomy, where the distance of two classes is
    the number of edges between them, it is :math:`\sum_v |p_v - q_v|` over all nodes v.

    Parameters
    ----------
    y_proba : array-like of shape (n_objects, n_days, n_classes)
        Probabilities at dates; a row with NaN is no prediction yet.

    days : array-like of shape (n_days,)
        Dates, increasing.

    labels : array-like of shape (n_classes,), default=None
        Class of each column, required with a taxonomy.

    taxonomy : Taxonomy, default=None
        Tree that defines the distances between classes.

    Returns
    -------
    table : DataFrame of shape (n_objects, 4)
        Columns ``first_day`` (of a prediction), ``settled_day`` (from which the most probable
        class is the last one), ``n_flips`` (changes of the most probable class) and ``drift``
        (sum of the Wasserstein distances between successive predictions).  Without any prediction
        all but ``n_flips`` are NaN.

    Raises
    ------
    ValueError
        Shapes that do not match, or a taxonomy without `labels`.

    References
    ----------
    .. [1] Zhou et al. 2026, arXiv:2604.23792, who use this distance for the stability of
       classifications; the two columns of days and the flips are not theirs.

    Examples
    --------
    >>> from skastro.metrics import stability_table
    >>> y_proba = [[[0.6, 0.4], [0.2, 0.8], [0.1, 0.9]]]
    >>> stability_table(y_proba, [1, 5, 9]).round(2).loc[0].to_dict()
    {'first_day': 1.0, 'settled_day': 5.0, 'n_flips': 1.0, 'drift': 0.5}
    """
    name, proba, days = "stability_table", np.asarray(y_proba, float), np.asarray(days, float)
    if proba.ndim != 3 or proba.shape[1:2] != days.shape:
        raise ValueError(f"{name}: y_proba has the shape {proba.shape}, days {days.shape}")
    if taxonomy is not None and labels is None:
        raise ValueError(f"{name}: a taxonomy requires labels, the class of each column")
    weights = proba / 2 if taxonomy is None else taxonomy.node_proba(proba, labels)
    rows = [_settle(own, nodes, days) for own, nodes in zip(proba, weights)]
    return pd.DataFrame(rows, columns=["first_day", "settled_day", "n_flips", "drift"])


def _settle(proba: NDArray, weights: NDArray, days: NDArray) -> tuple[float, ...]:
    known = ~np.isnan(proba).any(axis=1)
    if not known.any():
        return np.nan, np.nan, 0, np.nan
    days, best = days[known], proba[known].argmax(axis=1)
    changes = np.flatnonzero(np.diff(best))
    settled = days[changes[-1] + 1] if len(changes) else days[0]
    return days[0], settled, len(changes), np.abs(np.diff(weights[known], axis=0)).sum()

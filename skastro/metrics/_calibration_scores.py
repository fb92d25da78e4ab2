"""Several measures of calibration at once, class by class, and how certain they are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import bootstrap
from sklearn.metrics import brier_score_loss, log_loss

from skastro.metrics._calibration import expected_calibration_error, reliability_table
from skastro.metrics._predictions import scored_codes
from skastro.utils.random import RandomState, as_generator


def classwise_calibration_error(
    y_true: ArrayLike,
    y_proba: ArrayLike | pd.DataFrame,
    *,
    labels: ArrayLike | None = None,
    n_bins: int = 10,
    strategy: str = "uniform",
) -> pd.Series:
    r"""Compute the mean distance between the probability of each class and its frequency.

    .. math:: ECE_k = \sum_b \frac{n_b}{n} \, |\overline{[y = k]}_b - \overline{p_k}_b|

    over bins b of the probability of class k.  The mean over the classes is the classwise
    expected calibration error (Kull et al. 2019, equation 3).

    Parameters
    ----------
    y_true, y_proba, labels
        See :func:`reliability_table`.

    n_bins : int, default=10
        Number of bins of each class.

    strategy : {"uniform", "quantile"}, default="uniform"
        Bins of equal width between 0 and 1, or with equal numbers of objects.

    Returns
    -------
    errors : Series of shape (n_classes,)
        Index: the classes.

    References
    ----------
    Kull et al. 2019, NeurIPS (arXiv:1910.12656).

    Examples
    --------
    >>> from skastro.metrics import classwise_calibration_error
    >>> y_proba = [[0.8, 0.2], [0.6, 0.4]]
    >>> errors = classwise_calibration_error(["II", "II"], y_proba, labels=["II", "Ia"])
    >>> errors.round(3).to_dict()
    {'II': 0.3, 'Ia': 0.3}
    """
    name = "classwise_calibration_error"
    classes, codes, proba, predicted = scored_codes(y_true, y_proba, labels, name)
    codes, proba = codes[predicted], proba[predicted]
    errors = [
        _distance(codes == k, proba[:, k], _bins(proba[:, k], n_bins, strategy))
        for k in range(len(classes))
    ]
    return pd.Series(errors, classes, name="calibration error")


def _bins(values: NDArray, n_bins: int, strategy: str) -> NDArray[np.intp]:
    edges = np.linspace(0, 1, n_bins + 1)
    if strategy == "quantile":
        edges = np.quantile(values, edges)
    return np.clip(np.searchsorted(edges, values, side="left") - 1, 0, n_bins - 1)


def _distance(hit: NDArray[np.bool_], stated: NDArray, bins: NDArray[np.intp]) -> float:
    return float(np.abs(np.bincount(bins, hit - stated)).sum() / len(hit))


def calibration_scores(
    y_true: ArrayLike,
    y_proba: ArrayLike | pd.DataFrame,
    *,
    labels: ArrayLike | None = None,
    n_bins: int = 10,
) -> dict[str, float]:
    r"""Compute several measures of calibration at once.

    A metric for :func:`score_by_phase`.  Objects without a prediction are left out.

    Parameters
    ----------
    y_true, y_proba, labels
        See :func:`reliability_table`.

    n_bins : int, default=10
        Number of bins, with equal numbers of objects.

    Returns
    -------
    scores : dict of str -> float
        ``n_objects`` with a prediction; ``accuracy``; ``ece``, the expected calibration error;
        ``ece_of_calibrated``, its expectation if the probabilities were right,
        :math:`\sum_b \sqrt{2 \sum_{i \in b} p_i (1 - p_i) / \pi} / n` with the confidences p and
        the normal approximation; ``rms_error``, the root of the mean squared distance of
        confidence c and accuracy a without its bias [1]_,
        :math:`\sum_b n_b [(c_b - a_b)^2 - a_b (1 - a_b) / (n_b - 1)] / n`, negative where the
        sum is, so that it is 0 on average for right probabilities;
        ``classwise_ece``, the mean over the classes; ``brier``, from 0 to 2 as by Brier 1950;
        ``log_loss``.

    Raises
    ------
    ValueError
        No object has a prediction.

    References
    ----------
    .. [1] Kumar, Liang & Ma 2019, NeurIPS (arXiv:1909.10155), section 5.

    Examples
    --------
    >>> from skastro.metrics import calibration_scores
    >>> y_proba = [[0.8, 0.2], [0.6, 0.4]]
    >>> scores = calibration_scores(["II", "II"], y_proba, labels=["II", "Ia"], n_bins=1)
    >>> round(scores["ece"], 2), round(scores["brier"], 2)
    (0.3, 0.2)
    """
    classes, codes, proba, predicted = scored_codes(y_true, y_proba, labels, "calibration_scores")
    if not predicted.any():
        raise ValueError(f"calibration_scores: all {len(codes)} rows of y_proba hold NaN")
    codes, proba = codes[predicted], proba[predicted]
    proba = proba / proba.sum(axis=1, keepdims=True)
    given: dict[str, Any] = {"labels": np.arange(len(classes))}
    binned: dict[str, Any] = {**given, "n_bins": n_bins, "strategy": "quantile"}
    return {
        "n_objects": len(codes),
        "accuracy": float((proba.argmax(axis=1) == codes).mean()),
        "ece": expected_calibration_error(codes, proba, **binned),
        "ece_of_calibrated": _error_of_calibrated(codes, proba, binned),
        "rms_error": _rms_error(codes, proba, binned),
        "classwise_ece": float(classwise_calibration_error(codes, proba, **binned).mean()),
        "brier": float(brier_score_loss(codes, proba, scale_by_half=False, **given)),
        "log_loss": float(log_loss(codes, np.clip(proba, 1e-12, 1), **given)),
    }


def _error_of_calibrated(codes: NDArray, proba: NDArray, binned: dict) -> float:
    confidence = proba.max(axis=1)
    bins = _bins(confidence, binned["n_bins"], binned["strategy"])
    variance = np.bincount(bins, confidence * (1 - confidence))
    return float(np.sqrt(2 * variance / np.pi).sum() / len(codes))


def _rms_error(codes: NDArray, proba: NDArray, binned: dict) -> float:
    table = reliability_table(codes, proba, **binned)
    table = table[table["weight"] > 0]
    noise = table["accuracy"] * (1 - table["accuracy"]) / np.maximum(table["weight"] - 1, 1)
    squared = (table["confidence"] - table["accuracy"]) ** 2 - noise
    mean = np.average(squared, weights=table["weight"])
    return float(np.sign(mean) * np.sqrt(abs(mean)))


def bootstrap_interval(
    metric: Callable,
    y_true: ArrayLike,
    y_pred: ArrayLike | pd.DataFrame,
    *,
    groups: ArrayLike | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    method: str = "basic",
    random_state: RandomState = None,
) -> pd.Series:
    """Return a score and its confidence interval by the bootstrap over objects or groups.

    Parameters
    ----------
    metric : callable
        ``metric(y_true, y_pred)`` returns a number, such as a partial of
        :func:`expected_calibration_error` with its `labels`.

    y_true : array-like of shape (n_objects,)
        True labels.

    y_pred : array-like of shape (n_objects, ...)
        Labels or probabilities.

    groups : array-like of shape (n_objects,), default=None
        Objects of one group, such as the spectra of one supernova, are resampled together; each
        object is a group of its own by default.

    confidence_level : float, default=0.95
        Probability that the interval covers the score of the population.

    n_resamples : int, default=1000
        Number of resamples.

    method : {"basic", "percentile"}, default="basic"
        See :func:`scipy.stats.bootstrap`.  The calibration error of a resample is larger than that
        of the sample, since its bins scatter more; "basic" reflects the interval and so corrects
        for it, and its limits may lie below 0.

    random_state : int, RandomState, Generator or None, default=None
        Source of randomness; pass an integer for reproducible results.

    Returns
    -------
    interval : Series of shape (3,)
        ``score``, ``low`` and ``high``.

    Raises
    ------
    ValueError
        Fewer than two groups.

    References
    ----------
    Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13; Davison & Hinkley
    1997, equation 2.10, for the basic interval.

    Examples
    --------
    >>> from sklearn.metrics import accuracy_score
    >>> from skastro.metrics import bootstrap_interval
    >>> y_true, y_pred = ["II", "Ia"] * 50, ["II", "II", "II", "Ia"] * 25
    >>> bootstrap_interval(accuracy_score, y_true, y_pred, random_state=0).round(1).to_dict()
    {'score': 0.8, 'low': 0.7, 'high': 0.8}
    """
    true = np.asarray(y_true)
    pred = y_pred.reset_index(drop=True) if isinstance(y_pred, pd.DataFrame) else np.asarray(y_pred)
    members = _members(len(true) if groups is None else groups)
    if len(members) < 2:  # noqa: PLR2004
        raise ValueError("bootstrap_interval: at least two objects or groups are required")

    def score(chosen: NDArray) -> float:
        rows = np.concatenate([members[i] for i in chosen])
        return metric(true[rows], pred.iloc[rows] if isinstance(pred, pd.DataFrame) else pred[rows])

    found = bootstrap(
        (np.arange(len(members)),),
        score,
        vectorized=False,
        confidence_level=confidence_level,
        n_resamples=n_resamples,
        method=method,
        rng=as_generator(random_state),
    )
    low, high = found.confidence_interval
    return pd.Series({"score": metric(true, pred), "low": low, "high": high})


def _members(groups: Any) -> list[NDArray]:
    """Return the rows of each group; of each object if only their number is given."""
    if isinstance(groups, int):
        return list(np.arange(groups)[:, None])
    codes = pd.factorize(np.asarray(groups))[0]
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1])

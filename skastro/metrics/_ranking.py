"""Scores of binary rankings."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import roc_curve
from sklearn.utils._param_validation import Interval, validate_params

from skastro.utils.labels import check_labels


@validate_params(
    {"tpr": [Interval(Real, 0, 1, closed="right")]}, prefer_skip_nested_validation=True
)
def false_positive_rate_at(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    tpr: float = 0.9,
    pos_label: Any = 1,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the smallest false-positive rate at which a true-positive rate is reached.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        Labels of two classes, one per object.

    y_score : array-like of shape (n_objects,)
        Score of the positive class.  An object with NaN is never selected.

    tpr : float, default=0.9
        Fraction of the positives to keep, in (0, 1].

    pos_label : label, default=1
        The positive class.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects.

    Returns
    -------
    rate : float
        1 if the fraction cannot be reached because positives have no score.

    Raises
    ------
    ValueError
        `tpr` outside (0, 1], infinite scores, or not exactly two classes.

    ObjectError
        An object has no true label.

    See Also
    --------
    sklearn.metrics.make_scorer : ``make_scorer(false_positive_rate_at, greater_is_better=False,
        response_method="predict_proba", tpr=0.99)`` for a search.

    Examples
    --------
    >>> from skastro.metrics import false_positive_rate_at
    >>> false_positive_rate_at([1, 1, 0, 0, 0], [0.9, 0.4, 0.5, 0.2, 0.1], tpr=1.0)
    0.3333333333333333
    """
    y_true = check_labels(y_true, "false_positive_rate_at")
    score = np.array(y_score, float)
    labels = np.unique(y_true)
    if len(labels) != 2 or pos_label not in labels:
        raise ValueError(
            f"false_positive_rate_at: y_true holds {labels.tolist()}, not {pos_label!r} and one "
            f"other class"
        )
    if np.isinf(score).any():
        raise ValueError("false_positive_rate_at: y_score holds infinity")
    missing = np.isnan(score)
    # Below all others: roc_curve refuses NaN and infinity.
    score[missing] = np.nextafter(np.nanmin(score, initial=0.0), -np.inf) - 1.0
    false, true, thresholds = roc_curve(
        y_true, score, pos_label=pos_label, sample_weight=sample_weight, drop_intermediate=False
    )
    # Rates are rounded sums of weights.
    selects = (true >= tpr - 1e-12) & (thresholds > score[missing].max(initial=-np.inf))
    return float(false[selects].min(initial=1.0))

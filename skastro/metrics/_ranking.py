"""What a cut in the score costs."""

import numpy as np
from sklearn.metrics import roc_curve


def false_positive_rate_at(y_true, y_score, *, tpr=0.9, pos_label=1, sample_weight=None):
    """Return the smallest false-positive rate at which the true-positive rate is reached.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        Labels of two classes.

    y_score : array-like of shape (n_objects,)
        Score of the positive class.  An object without one, NaN, is never selected.

    tpr : float, default=0.9
        Share of the positives that has to be kept, in (0, 1].

    pos_label : label, default=1
        The positive class.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects.

    Returns
    -------
    rate : float
        1 where the share cannot be reached because positives have no score.

    Raises
    ------
    ValueError
        `tpr` outside of (0, 1], infinite scores, or not two classes.

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
    if not 0 < tpr <= 1:
        raise ValueError(f"false_positive_rate_at: tpr={tpr!r} does not lie in (0, 1]")
    y_true, score = np.asarray(y_true), np.array(y_score, float)
    labels = np.unique(y_true)
    if len(labels) != 2 or pos_label not in labels:
        raise ValueError(
            f"false_positive_rate_at: y_true holds {labels.tolist()}; it takes {pos_label!r} and "
            f"one other class"
        )
    if np.isinf(score).any():
        raise ValueError("false_positive_rate_at: y_score holds infinity")
    missing = np.isnan(score)
    score[missing] = np.nextafter(np.nanmin(score, initial=0.0), -np.inf) - 1.0
    false, true, thresholds = roc_curve(
        y_true, score, pos_label=pos_label, sample_weight=sample_weight, drop_intermediate=False
    )
    selects = (true >= tpr - 1e-12) & (thresholds > score[missing].max(initial=-np.inf))
    return float(false[selects].min(initial=1.0))

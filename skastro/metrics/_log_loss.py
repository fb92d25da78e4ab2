"""The score of the PLAsTiCC challenge."""

from collections.abc import Mapping
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval, validate_params
from sklearn.utils.validation import _check_sample_weight

from skastro.exceptions import ObjectError
from skastro.metrics._predictions import scored_codes

PLASTICC_CLASS_WEIGHT = dict.fromkeys([6, 16, 42, 52, 53, 62, 65, 67, 88, 90, 92, 95], 1.0) | {
    15: 2.0,
    64: 2.0,
    99: 2.0,
}
"""Weights of the classes in the challenge by their numbers: tidal disruption events (15),
kilonovae (64) and classes not in training (99) count twice."""


@validate_params(
    {"class_weight": [Mapping, None], "eps": [Interval(Real, 0, 0.5, closed="neither")]},
    prefer_skip_nested_validation=True,
)
def plasticc_log_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike | pd.DataFrame,
    *,
    labels: ArrayLike | None = None,
    class_weight: Mapping | None = None,
    sample_weight: ArrayLike | None = None,
    eps: float = 1e-15,
) -> float:
    r"""Compute the weighted logarithmic loss of the PLAsTiCC challenge.

    .. math:: L = - \frac{\sum_j w_j\, \frac{1}{N_j} \sum_{i \in j} \ln p_{ij}}{\sum_j w_j}

    with the weight :math:`w_j` of class j, its :math:`N_j` objects, and the probability
    :math:`p_{ij}` given to the true class (Malz et al. 2019; Hložek et al. 2023).  Before
    weighting, every class counts the same, however many objects it has.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        True labels.

    y_proba : array-like of shape (n_objects, n_classes)
        Probabilities.  Rows are divided by their sums and then clipped to `eps` and 1 - `eps`, as
        in the challenge.  A row with NaN, an object without a prediction, counts as equal
        probabilities, 1 / n_classes.

    labels : array-like of shape (n_classes,), default=None
        Class of each column; by default the names of the columns of a DataFrame, or the sorted
        labels of `y_true`.

    class_weight : dict, default=None
        Positive weights of classes, 1 for classes that are not in it; `PLASTICC_CLASS_WEIGHT`
        holds those of the challenge.  Classes without objects in `y_true` are ignored.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects within their classes.

    eps : float, default=1e-15
        Smallest probability.

    Returns
    -------
    loss : float
        0 is perfect; equal probabilities score the logarithm of the number of classes.

    Raises
    ------
    ObjectError
        An object has no true label, probabilities outside 0 to 1, or only zeros.

    ValueError
        A class in `y_true` without a column; shapes that do not match; a `class_weight` for none
        of the classes, or not positive.

    References
    ----------
    Malz et al. 2019, AJ 158, 171 (arXiv:1809.11145); Hložek et al. 2023, ApJS 267, 25
    (arXiv:2012.12392).

    Examples
    --------
    >>> from skastro.metrics import plasticc_log_loss
    >>> y_proba = [[0.5, 0.5], [0.5, 0.5], [0.2, 0.8]]
    >>> plasticc_log_loss(["Ia", "Ia", "KN"], y_proba, class_weight={"KN": 2})
    0.379...
    """
    name = "plasticc_log_loss"
    classes, codes, proba, predicted = scored_codes(y_true, y_proba, labels, name)
    weights = _check_sample_weight(sample_weight, codes, ensure_non_negative=True)
    proba = np.where(predicted[:, None], proba, 1.0)
    totals = proba.sum(axis=1)
    if not totals.all():
        raise ObjectError(f"{name}: only zeros", np.flatnonzero(totals == 0).tolist())
    own = np.clip(proba[np.arange(len(codes)), codes] / totals, eps, 1 - eps)
    n_objects = np.bincount(codes, weights, len(classes))
    occurs = n_objects > 0
    losses = -np.bincount(codes, weights * np.log(own), len(classes))[occurs] / n_objects[occurs]
    return float(np.average(losses, weights=_class_weights(classes, class_weight, name)[occurs]))


def _class_weights(
    classes: pd.Index, class_weight: Mapping | None, name: str
) -> NDArray[np.float64]:
    if class_weight is None:
        return np.ones(len(classes))
    weights = np.array([class_weight.get(label, 1.0) for label in classes], float)
    if not set(class_weight) & set(classes):
        raise ValueError(
            f"{name}: class_weight is for {list(class_weight)}, but the classes are "
            f"{classes.tolist()}"
        )
    if not (weights > 0).all():
        raise ValueError(f"{name}: class_weight has weights that are not positive")
    return weights

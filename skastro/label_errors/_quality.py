"""How well a label agrees with the probabilities of a classifier that has not seen it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.label_errors._actions import warn_unjudged
from skastro.label_errors._read import Scored, read_scored

_FLOOR = 1e-6


def label_quality_scores(
    y: ArrayLike,
    proba: ArrayLike,
    *,
    classes: ArrayLike | None = None,
    method: str = "self_confidence",
) -> NDArray[np.float64]:
    r"""Score how plausible each label is: 0 is certainly wrong, 1 certainly right.

    With the probability :math:`p_k` of class :math:`k` and the given label :math:`y`:

    * ``"self_confidence"``: :math:`p_y`;
    * ``"normalized_margin"``: :math:`(p_y - \max_{k \ne y} p_k + 1) / 2`;
    * ``"confidence_weighted_entropy"``: :math:`\log(1 + s) / s` with
      :math:`s = -\sum_k p_k \log p_k / (p_y \log K)`, where probabilities below
      :math:`10^{-6}` are raised to this value.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Given labels of any type.  -1 is unlabelled unless it is one of `classes`, see
        :func:`skastro.utils.labels.is_unlabelled`.

    proba : DataFrame or array-like of shape (n_objects, n_classes)
        Out-of-fold probabilities of the classes: from classifiers that were not trained on the
        object.  The columns of a frame are found by the names of the classes.

    classes : array-like of shape (n_classes,), default=None
        Class of each column, as the attribute `classes_` of a classifier.  By default the names
        of the columns of a frame, otherwise the sorted labels of `y`.

    method : str, default="self_confidence"
        ``"self_confidence"``, ``"normalized_margin"`` or ``"confidence_weighted_entropy"``.

    Returns
    -------
    scores : ndarray of shape (n_objects,)
        Between 0 and 1; NaN for unlabelled objects and for rows with NaN.

    Raises
    ------
    ObjectError
        Rows of `proba` that are not probabilities, or objects without a label.

    ValueError
        Unknown method, or labels and columns that do not fit.

    Warns
    -----
    ObjectWarning
        Labelled objects have no probabilities.

    See Also
    --------
    find_label_errors : Which labels are probably wrong.

    Notes
    -----
    The scores are computed by cleanlab.  The floor of the probabilities is ours: without it the
    entropy score calls a row of zeros and a one wrong even where the label is right.

    References
    ----------
    Northcutt, Jiang & Chuang 2021, J. Artif. Intell. Res. 70, 1373; Kuan & Mueller 2022, ICML
    DataPerf workshop.

    Examples
    --------
    >>> from skastro.label_errors import label_quality_scores
    >>> label_quality_scores(["II", "Ia"], [[0.9, 0.1], [0.8, 0.2]]).tolist()
    [0.9, 0.2]
    """
    name = "label_quality_scores"
    if method not in METHODS:
        raise ValueError(f"{name}: method must be one of {sorted(METHODS)}, not {method!r}")
    scored = read_scored(y, proba, classes, name)
    warn_unjudged((scored.codes >= 0) & ~scored.judged, name)
    return quality(scored, method)


def quality(scored: Scored, method: str) -> NDArray[np.float64]:
    """Return the scores of checked labels.

    Examples
    --------
    >>> from skastro.label_errors._quality import quality
    >>> from skastro.label_errors._read import read_scored
    >>> scored = read_scored([1, 0], [[0.9, 0.1], [0.8, 0.2]], None, "f")
    >>> quality(scored, "normalized_margin").round(2).tolist()
    [0.1, 0.8]
    """
    judged = scored.judged
    scores = np.full(len(judged), np.nan)
    scores[judged] = METHODS[method](scored.codes[judged], scored.proba[judged])
    return scores


def _self_confidence(codes: NDArray, proba: NDArray) -> NDArray[np.float64]:
    from cleanlab.rank import get_self_confidence_for_each_label

    return get_self_confidence_for_each_label(codes, proba)


def _normalized_margin(codes: NDArray, proba: NDArray) -> NDArray[np.float64]:
    from cleanlab.rank import get_normalized_margin_for_each_label

    return get_normalized_margin_for_each_label(codes, proba)


def _confidence_weighted_entropy(codes: NDArray, proba: NDArray) -> NDArray[np.float64]:
    from cleanlab.rank import get_confidence_weighted_entropy_for_each_label

    return get_confidence_weighted_entropy_for_each_label(codes, np.maximum(proba, _FLOOR))


def best_other(codes: NDArray, proba: NDArray) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the most probable class other than the given one, and its probability.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._quality import best_other
    >>> best_other(np.array([0]), np.array([[0.7, 0.1, 0.2]]))
    (array([2]), array([0.2]))
    """
    others = proba.copy()
    others[np.arange(len(codes)), codes] = -1.0
    return others.argmax(axis=1), others.max(axis=1)


METHODS: dict[str, Callable[[NDArray, NDArray], NDArray[np.float64]]] = {
    "self_confidence": _self_confidence,
    "normalized_margin": _normalized_margin,
    "confidence_weighted_entropy": _confidence_weighted_entropy,
}

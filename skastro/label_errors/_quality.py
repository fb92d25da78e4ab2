"""How well a label fits the probabilities of a classifier that has not seen it."""

import numpy as np
from scipy.special import entr

from skastro.label_errors._read import read_scored
from skastro.label_errors._tell import warn_unjudged

_FLOOR = 1e-6


def label_quality_scores(y, proba, *, classes=None, method="self_confidence"):
    r"""Score how well each label fits: 0 is certainly wrong, 1 certainly right.

    With the probability :math:`p_k` of class :math:`k` and the given label :math:`y`:

    * ``"self_confidence"``: :math:`p_y`;
    * ``"normalized_margin"``: :math:`(p_y - \max_{k \ne y} p_k + 1) / 2`;
    * ``"confidence_weighted_entropy"``: :math:`\log(1 + s) / s` with
      :math:`s = -\sum_k p_k \log p_k / (p_y \log K)`, where probabilities below
      :math:`10^{-6}` are raised to it.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Given labels of any type; -1 is unlabelled unless it is one of `classes`.

    proba : array-like of shape (n_objects, n_classes)
        Probabilities of the classes, out of fold: from classifiers that have not seen the object.

    classes : array-like of shape (n_classes,), default=None
        Labels of the columns in their order, as the attribute `classes_` of a classifier; the
        sorted labels of `y` by default.

    method : str, default="self_confidence"
        One of the three above.

    Returns
    -------
    scores : ndarray of shape (n_objects,)
        In [0, 1]; NaN for unlabelled objects and for rows of NaN.

    Raises
    ------
    ObjectError
        Rows of `proba` that are no probabilities, or objects whose label is missing.

    ValueError
        An unknown method, or labels and columns that do not fit.

    Warns
    -----
    ObjectWarning
        Labelled objects have no probabilities.

    See Also
    --------
    find_label_errors : Which labels to doubt.

    Notes
    -----
    The scores are those of cleanlab, except that its entropy score calls a row of zeros and a
    one wrong even where the label is right.

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
        raise ValueError(f"{name}: method is {method!r}, not one of {sorted(METHODS)}")
    scored = read_scored(y, proba, classes, name)
    warn_unjudged((scored.codes >= 0) & ~scored.judged, name)
    return quality(scored, method)


def quality(scored, method):
    """Return the scores of labels that are checked already.

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


def _self_confidence(codes, proba):
    return proba[np.arange(len(codes)), codes]


def _normalized_margin(codes, proba):
    return (_self_confidence(codes, proba) - best_other(codes, proba)[1] + 1) / 2


def _confidence_weighted_entropy(codes, proba):
    proba = np.maximum(proba, _FLOOR)
    entropy = entr(proba).sum(axis=1) / np.log(proba.shape[1])
    weighted = entropy / _self_confidence(codes, proba)
    return np.log1p(weighted) / weighted


def best_other(codes, proba):
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


METHODS = {
    "self_confidence": _self_confidence,
    "normalized_margin": _normalized_margin,
    "confidence_weighted_entropy": _confidence_weighted_entropy,
}

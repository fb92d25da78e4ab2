"""Precision, recall and F-score that give credit for the right branch of a taxonomy."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval, StrOptions, validate_params
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from skastro.metrics._predictions import NO_PREDICTION, check_pairing, divide, read_nodes
from skastro.taxonomy import Taxonomy

_CONSTRAINTS = {
    "beta": [Interval(Real, 0, None, closed="neither")],
    "average": [StrOptions({"micro", "macro", "weighted", "samples"}), None],
}


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def hierarchical_precision_recall_fscore(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    taxonomy: Taxonomy,
    *,
    beta: float = 1.0,
    average: str | None = "micro",
    sample_weight: ArrayLike | None = None,
    zero_division: float = 0.0,
    unclassified: str | Sequence[str] = NO_PREDICTION,
) -> tuple:
    r"""Compute hierarchical precision, recall and F-score.

    Each label stands for the set of the nodes on its path, without the root.  With the sets
    :math:`T_i` of the true and :math:`P_i` of the predicted label of object i,

    .. math:: hP = \frac{\sum_i |P_i \cap T_i|}{\sum_i |P_i|}, \quad
        hR = \frac{\sum_i |P_i \cap T_i|}{\sum_i |T_i|}, \quad
        hF_\beta = \frac{(1 + \beta^2)\, hP\, hR}{\beta^2 hP + hR}

    (Kiritchenko et al. 2005; Silla & Freitas 2011).  These are the scores of a multi-label problem
    whose labels are the nodes, and `average` has the same meaning as in scikit-learn.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        Names of nodes, or synonyms.  An object whose class is known only as an inner node has
        that node as its label.

    y_pred : array-like of shape (n_objects,)
        Names of nodes, or synonyms; inner nodes are cautious predictions.  None, NaN,
        `unclassified` and the root are no prediction: their set is empty, so that they miss every
        node of the true path.

    taxonomy : Taxonomy
        Taxonomy of the labels.

    beta : float, default=1.0
        Weight of the recall in the F-score.

    average : {"micro", "macro", "weighted", "samples"} or None, default="micro"
        "micro": the sums over objects above.  "macro": scores of single nodes, averaged over the
        nodes that occur in `y_true` or `y_pred`; "weighted": the same, weighted by the objects
        below the node.  "samples": scores of single objects, averaged (hiclass calls this
        macro).  None: an array with one score per node.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects.

    zero_division : {0.0, 1.0, nan}, default=0.0
        Score where the denominator is zero; averages ignore NaN.

    unclassified : str or sequence of str, default=("unclassified", "ambiguous")
        Labels of objects without a prediction.

    Returns
    -------
    precision, recall, fscore : float, or ndarray of shape (n_nodes - 1,) if `average` is None
        In the order of ``taxonomy.nodes[1:]``.

    Raises
    ------
    ObjectError
        An object has no true label.

    ValueError
        Labels that are not in the taxonomy, different lengths, or an unknown `average`.

    See Also
    --------
    classification_report_by_level : Flat scores at each level of the taxonomy.

    Notes
    -----
    A prediction below the true node counts its additional nodes as wrong: for an object known only
    as "SN", the prediction "SNIa" has half the precision of "SN".  For objects that are known only
    coarsely, compare at the levels at which they are known, see :func:`scores_by_level`.

    References
    ----------
    Silla & Freitas 2011, Data Mining and Knowledge Discovery 22, 31; Kiritchenko, Matwin & Famili
    2005, BioLINK SIG.

    Examples
    --------
    >>> from skastro.metrics import hierarchical_precision_recall_fscore
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> hierarchical_precision_recall_fscore(["Ia", "II"], ["Ia", "SN"], tree)
    (1.0, 0.75, 0.857...)
    """
    name = "hierarchical_precision_recall_fscore"
    check_pairing(y_true, y_pred, name)
    true = _paths(y_true, taxonomy, "y_true", name, unclassified)
    pred = _paths(y_pred, taxonomy, "y_pred", name, unclassified)
    check_consistent_length(true, pred)
    weights = _check_sample_weight(sample_weight, true, ensure_non_negative=True)
    counts = _counts(true, pred, weights, average)
    scores = _scores(counts, beta, zero_division)
    if average is None:
        return scores
    if average == "samples":
        return tuple(_mean(score, weights) for score in scores)
    if average == "micro":
        return tuple(float(score) for score in scores)
    occurs = np.asarray((true | pred).any(axis=0))
    shares = counts[2] if average == "weighted" else np.ones(len(occurs))
    return tuple(_mean(score[occurs], shares[occurs]) for score in scores)


def hierarchical_precision_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    taxonomy: Taxonomy,
    *,
    average: str | None = "micro",
    sample_weight: ArrayLike | None = None,
    zero_division: float = 0.0,
    unclassified: str | Sequence[str] = NO_PREDICTION,
) -> Any:
    """Compute the fraction of the predicted nodes that are on the true paths.

    Parameters
    ----------
    y_true, y_pred, taxonomy, average, sample_weight, zero_division, unclassified
        See :func:`hierarchical_precision_recall_fscore`.

    Returns
    -------
    precision : float, or ndarray of shape (n_nodes - 1,) if `average` is None

    Examples
    --------
    >>> from skastro.metrics import hierarchical_precision_score
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> hierarchical_precision_score(["Ia", "II"], ["II", "SN"], tree)
    0.666...
    """
    options = _options(average, sample_weight, zero_division, unclassified)
    return hierarchical_precision_recall_fscore(y_true, y_pred, taxonomy, **options)[0]


def hierarchical_recall_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    taxonomy: Taxonomy,
    *,
    average: str | None = "micro",
    sample_weight: ArrayLike | None = None,
    zero_division: float = 0.0,
    unclassified: str | Sequence[str] = NO_PREDICTION,
) -> Any:
    """Compute the fraction of the nodes on the true paths that are predicted.

    Parameters
    ----------
    y_true, y_pred, taxonomy, average, sample_weight, zero_division, unclassified
        See :func:`hierarchical_precision_recall_fscore`.

    Returns
    -------
    recall : float, or ndarray of shape (n_nodes - 1,) if `average` is None

    Examples
    --------
    >>> from skastro.metrics import hierarchical_recall_score
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> hierarchical_recall_score(["Ia", "II"], ["II", "unclassified"], tree)
    0.25
    """
    options = _options(average, sample_weight, zero_division, unclassified)
    return hierarchical_precision_recall_fscore(y_true, y_pred, taxonomy, **options)[1]


def hierarchical_f1_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    taxonomy: Taxonomy,
    *,
    average: str | None = "micro",
    sample_weight: ArrayLike | None = None,
    zero_division: float = 0.0,
    unclassified: str | Sequence[str] = NO_PREDICTION,
) -> Any:
    """Compute the harmonic mean of hierarchical precision and recall.

    Parameters
    ----------
    y_true, y_pred, taxonomy, average, sample_weight, zero_division, unclassified
        See :func:`hierarchical_precision_recall_fscore`.

    Returns
    -------
    f1 : float, or ndarray of shape (n_nodes - 1,) if `average` is None

    Examples
    --------
    >>> from skastro.metrics import hierarchical_f1_score
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> hierarchical_f1_score(["Ia", "II", "AGN"], ["Ia", "Ia", "AGN"], tree)
    0.8
    """
    options = _options(average, sample_weight, zero_division, unclassified)
    return hierarchical_precision_recall_fscore(y_true, y_pred, taxonomy, **options)[2]


def _options(
    average: str | None, sample_weight: Any, zero_division: float, unclassified: Any
) -> dict[str, Any]:
    return {
        "average": average,
        "sample_weight": sample_weight,
        "zero_division": zero_division,
        "unclassified": unclassified,
    }


def _paths(
    labels: ArrayLike, taxonomy: Taxonomy, argument: str, name: str, unclassified: Any
) -> NDArray[np.bool_]:
    """Return which nodes below the root are on the path of each label."""
    numbers = read_nodes(labels, taxonomy, argument, name, unclassified)
    return taxonomy.is_on_path[numbers, 1:] & (numbers >= 0)[:, None]


def _counts(
    true: NDArray[np.bool_], pred: NDArray[np.bool_], weights: NDArray, average: str | None
) -> tuple[NDArray, ...]:
    """Return weighted numbers of right, predicted and true nodes: total, per object or node."""
    matrices = (true & pred, pred, true)
    if average == "samples":
        return tuple(matrix.sum(axis=1) for matrix in matrices)
    by_node = tuple(weights @ matrix for matrix in matrices)
    return tuple(n.sum() for n in by_node) if average == "micro" else by_node


def _scores(
    counts: tuple[NDArray, ...], beta: float, empty: float
) -> tuple[NDArray[np.float64], ...]:
    n_right, n_pred, n_true = counts
    precision, recall = divide(n_right, n_pred, empty), divide(n_right, n_true, empty)
    below = beta**2 * n_true + n_pred
    return precision, recall, divide((1 + beta**2) * n_right, below, empty)


def _mean(values: NDArray, weights: NDArray) -> float:
    known = ~np.isnan(values)
    if not weights[known].sum():
        return float("nan")
    return float(np.average(values[known], weights=weights[known]))

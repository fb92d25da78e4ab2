"""Precision, recall and F-score that give credit for the right branch of a tree."""

import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from skastro.metrics._answers import UNCLASSIFIED, divide, node_numbers

_AVERAGES = ("micro", "macro", "weighted", "samples", None)


def hierarchical_precision_recall_fscore(
    y_true,
    y_pred,
    taxonomy,
    *,
    beta=1.0,
    average="micro",
    sample_weight=None,
    zero_division=0.0,
    unclassified=UNCLASSIFIED,
):
    r"""Compute hierarchical precision, recall and F-score.

    Each label stands for the set of the nodes on its path, the root left out.  With the sets
    :math:`T_i` of the true and :math:`P_i` of the predicted label of object i,

    .. math:: hP = \frac{\sum_i |P_i \cap T_i|}{\sum_i |P_i|}, \quad
        hR = \frac{\sum_i |P_i \cap T_i|}{\sum_i |T_i|}, \quad
        hF_\beta = \frac{(1 + \beta^2)\, hP\, hR}{\beta^2 hP + hR}

    (Kiritchenko et al. 2005; Silla & Freitas 2011).  These are the scores of a multi-label problem
    whose labels are the nodes, and `average` means what it means in scikit-learn.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        Names of nodes, or synonyms.  An object whose class is known only as an inner node has
        that node as its label.

    y_pred : array-like of shape (n_objects,)
        Names of nodes, or synonyms; inner nodes are cautious answers.  None, NaN and
        `unclassified` are objects without answer, as is the root: their set is empty, so that
        they miss every node of the true path.

    taxonomy : Taxonomy
        Tree of the labels.

    beta : float, default=1.0
        Weight of the recall in the F-score.

    average : {"micro", "macro", "weighted", "samples"} or None, default="micro"
        "micro": the sums over objects above.  "macro": scores of single nodes, averaged over the
        nodes that occur in `y_true` or `y_pred`; "weighted": the same, weighted by the objects
        below the node.  "samples": scores of single objects, averaged (what hiclass calls
        macro).  None: an array, one score a node.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects.

    zero_division : {0.0, 1.0, nan}, default=0.0
        Score where the denominator is zero; NaN takes no part in averages.

    unclassified : str or sequence of str, default=("unclassified", "ambiguous")
        Labels of objects without answer.

    Returns
    -------
    precision, recall, fscore : float, or ndarray of shape (n_nodes - 1,) if `average` is None
        In the order of ``taxonomy.nodes[1:]``.

    Raises
    ------
    ObjectError
        An object has no true label.

    ValueError
        Labels that are not in the tree, lengths that differ, or an unknown `average`.

    See Also
    --------
    classification_report_by_level : Flat scores at each level of the tree.

    Notes
    -----
    A prediction below the true node counts its additional nodes as wrong: "SNIa" for an object
    known only as "SN" has precision 1/2 of what "SN" has.  Where objects are known only coarsely
    rather compare at the levels at which they are known, see :func:`scores_by_level`.

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
    caller = "hierarchical_precision_recall_fscore"
    if average not in _AVERAGES:
        raise ValueError(f"{caller}: average is {average!r}, not one of {_AVERAGES}")
    true = _paths(y_true, taxonomy, "y_true", caller, unclassified)
    pred = _paths(y_pred, taxonomy, "y_pred", caller, unclassified)
    check_consistent_length(true, pred)
    weights = _check_sample_weight(sample_weight, true, ensure_non_negative=True)
    counts = _counts(true, pred, weights, average)
    scores = _scores(*counts, beta, zero_division)
    if average is None:
        return scores
    if average == "samples":
        return tuple(_mean(score, weights) for score in scores)
    if average == "micro":
        return tuple(float(score) for score in scores)
    occurs = (true | pred).any(axis=0)
    shares = counts[2] if average == "weighted" else np.ones(len(occurs))
    return tuple(_mean(score[occurs], shares[occurs]) for score in scores)


def hierarchical_precision_score(
    y_true,
    y_pred,
    taxonomy,
    *,
    average="micro",
    sample_weight=None,
    zero_division=0.0,
    unclassified=UNCLASSIFIED,
):
    """Compute the share of the predicted nodes that are on the true paths.

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
    y_true,
    y_pred,
    taxonomy,
    *,
    average="micro",
    sample_weight=None,
    zero_division=0.0,
    unclassified=UNCLASSIFIED,
):
    """Compute the share of the nodes on the true paths that are predicted.

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
    y_true,
    y_pred,
    taxonomy,
    *,
    average="micro",
    sample_weight=None,
    zero_division=0.0,
    unclassified=UNCLASSIFIED,
):
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


def _options(average, sample_weight, zero_division, unclassified):
    return {
        "average": average,
        "sample_weight": sample_weight,
        "zero_division": zero_division,
        "unclassified": unclassified,
    }


def _paths(labels, taxonomy, name, caller, unclassified):
    """Which nodes below the root are on the path of each label."""
    numbers = node_numbers(labels, taxonomy, name, caller, unclassified)
    return taxonomy.is_on_path[numbers, 1:] & (numbers >= 0)[:, None]


def _counts(true, pred, weights, average):
    """Weighted numbers of right, predicted and true nodes: in all, by object or by node."""
    matrices = (true & pred, pred, true)
    if average == "samples":
        return tuple(matrix.sum(axis=1) for matrix in matrices)
    by_node = tuple(weights @ matrix for matrix in matrices)
    return tuple(n.sum() for n in by_node) if average == "micro" else by_node


def _scores(n_right, n_pred, n_true, beta, empty):
    precision, recall = divide(n_right, n_pred, empty), divide(n_right, n_true, empty)
    below = beta**2 * n_true + n_pred
    return precision, recall, divide((1 + beta**2) * n_right, below, empty)


def _mean(values, weights):
    known = ~np.isnan(values)
    if not weights[known].sum():
        return float("nan")
    return float(np.average(values[known], weights=weights[known]))

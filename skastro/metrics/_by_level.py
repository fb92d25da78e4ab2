"""Flat scores at each level of a taxonomy."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _check_sample_weight

from skastro.base import UNCLASSIFIED
from skastro.metrics._levels import Level, check_node_proba, levels, true_positions
from skastro.metrics._predictions import NO_PREDICTION, divide, table_scores
from skastro.taxonomy import Taxonomy


def scores_by_level(
    y_true: ArrayLike,
    y_pred: ArrayLike | pd.DataFrame,
    taxonomy: Taxonomy,
    *,
    sample_weight: ArrayLike | None = None,
    unclassified: str | Sequence[str] = NO_PREDICTION,
) -> pd.DataFrame:
    """Score predictions at each level of a taxonomy.

    The classes at depth d are the nodes at this depth and the leaves above it; the classes at the
    greatest depth are all leaves.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        Names of nodes, or synonyms.  An object whose label is an inner node is ignored at the
        levels below it; column ``n_unknown`` counts such objects.

    y_pred : array-like of shape (n_objects,) or (n_objects, n_nodes)
        Names of nodes, or probabilities of all nodes in the order of ``taxonomy.nodes`` or as a
        DataFrame with columns named by node, of which the most probable class of each level is
        predicted.  None, NaN, `unclassified`, nodes above the level, and a NaN among the
        probabilities of the level are no prediction and count as wrong; column
        ``n_unclassified`` counts them.

    taxonomy : Taxonomy
        Taxonomy of the labels.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects.

    unclassified : str or sequence of str, default=("unclassified", "ambiguous")
        Labels of objects without a prediction.

    Returns
    -------
    scores : DataFrame
        Index ``depth``; columns ``n_classes``, ``n_objects``, ``n_unknown``, ``n_unclassified``
        (these three unweighted), ``accuracy``, ``balanced_accuracy`` (mean recall of the classes
        with objects), ``macro_f1`` (mean over the classes with objects or predictions) and
        ``weighted_f1`` (weighted by the objects of the class).

    Raises
    ------
    ObjectError
        An object has no true label, or probabilities outside 0 to 1.

    ValueError
        Labels that are not in the taxonomy, or shapes that do not match.

    See Also
    --------
    classification_report_by_level : The same for each class.
    hierarchical_f1_score : One number for the whole taxonomy.

    Examples
    --------
    >>> from skastro.metrics import scores_by_level
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> scores = scores_by_level(["Ia", "II", "AGN"], ["Ia", "Ia", "AGN"], tree)
    >>> scores[["accuracy", "macro_f1"]].round(3).to_dict("index")
    {1: {'accuracy': 1.0, 'macro_f1': 1.0}, 2: {'accuracy': 0.667, 'macro_f1': 0.556}}
    """
    found = levels(y_true, y_pred, taxonomy, sample_weight, unclassified, "scores_by_level")
    rows = {level.depth: _summary(level) for level in found}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("depth")


def classification_report_by_level(
    y_true: ArrayLike,
    y_pred: ArrayLike | pd.DataFrame,
    taxonomy: Taxonomy,
    *,
    sample_weight: ArrayLike | None = None,
    unclassified: str | Sequence[str] = NO_PREDICTION,
) -> pd.DataFrame:
    """Report precision, recall and F1 of every class at every level of a taxonomy.

    Parameters
    ----------
    y_true, y_pred, taxonomy, sample_weight, unclassified
        See :func:`scores_by_level`, which also counts the objects that are ignored at a level
        because their class is not known there.

    Returns
    -------
    report : DataFrame
        Index ``depth`` and ``class``; columns ``precision`` (NaN for a class that is never
        predicted), ``recall`` (NaN for a class without objects), ``f1-score`` (NaN for a class with
        neither), ``support`` and ``n_predicted``, both weighted.

    Examples
    --------
    >>> from skastro.metrics import classification_report_by_level
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> report = classification_report_by_level(["Ia", "II", "AGN"], ["Ia", "Ia", "AGN"], tree)
    >>> report.loc[2, ["precision", "recall"]].T.to_dict("list")
    {'AGN': [1.0, 1.0], 'Ia': [0.5, 1.0], 'II': [nan, 0.0]}
    """
    name = "classification_report_by_level"
    found = levels(y_true, y_pred, taxonomy, sample_weight, unclassified, name)
    names = ["precision", "recall", "f1-score", "support", "n_predicted"]
    tables = {
        level.depth: pd.DataFrame(
            dict(zip(names, table_scores(level.counts))), [taxonomy.nodes[i] for i in level.nodes]
        )
        for level in found
    }
    return pd.concat(tables, names=["depth", "class"])


def confusion_matrix_by_level(
    y_true: ArrayLike,
    y_pred: ArrayLike | pd.DataFrame,
    taxonomy: Taxonomy,
    *,
    sample_weight: ArrayLike | None = None,
    unclassified: str | Sequence[str] = NO_PREDICTION,
) -> dict[int, pd.DataFrame]:
    """Count objects by true and predicted class at every level of a taxonomy.

    Parameters
    ----------
    y_true, y_pred, taxonomy, sample_weight, unclassified
        See :func:`scores_by_level`.

    Returns
    -------
    matrices : dict of int -> DataFrame of shape (n_classes, n_classes + 1)
        By depth; rows are true classes, columns predicted classes, the last "unclassified".

    Examples
    --------
    >>> from skastro.metrics import confusion_matrix_by_level
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> confusion_matrix_by_level(["Ia", "II", "AGN"], ["Ia", "Ia", "SN"], tree)[1]
           SN  AGN  unclassified
    SN    2.0  0.0           0.0
    AGN   1.0  0.0           0.0
    """
    name = "confusion_matrix_by_level"
    found = levels(y_true, y_pred, taxonomy, sample_weight, unclassified, name)
    matrices = {}
    for level in found:
        names = [taxonomy.nodes[i] for i in level.nodes]
        matrices[level.depth] = pd.DataFrame(level.counts, names, [*names, UNCLASSIFIED])
    return matrices


def top_k_accuracy_by_level(
    y_true: ArrayLike,
    node_proba: ArrayLike | pd.DataFrame,
    taxonomy: Taxonomy,
    *,
    k: Sequence[int] = (1, 2, 3),
    sample_weight: ArrayLike | None = None,
) -> pd.DataFrame:
    """Compute how often the true class is among the k most probable at each level of a taxonomy.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        Names of nodes, or synonyms.  An object is ignored at the levels below its label.

    node_proba : array-like of shape (n_objects, n_nodes)
        Probabilities of all nodes in the order of ``taxonomy.nodes``, or a DataFrame with columns
        named by node.  With a NaN at a level the true class is never among the k there.

    taxonomy : Taxonomy
        Taxonomy of the labels.

    k : sequence of int, default=(1, 2, 3)
        Numbers of most probable classes to consider.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects.

    Returns
    -------
    accuracies : DataFrame of shape (n_depths, len(k))
        Index ``depth``, columns ``k``; NaN at a level where no object has a label.  Classes as
        probable as the true class are ranked before it, so that equal probabilities score nothing.

    Examples
    --------
    >>> from skastro.metrics import top_k_accuracy_by_level
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> proba = tree.node_proba([[0.1, 0.3, 0.6], [0.7, 0.2, 0.1]])  # AGN, Ia, II
    >>> top_k_accuracy_by_level(["Ia", "II"], proba, tree).round(2).values.tolist()
    [[0.5, 1.0, 1.0], [0.0, 0.5, 1.0]]
    """
    name = "top_k_accuracy_by_level"
    table = true_positions(y_true, taxonomy, name)
    n_objects = len(table[1][1])
    weights = _check_sample_weight(sample_weight, table[1][1], ensure_non_negative=True)
    proba = check_node_proba(node_proba, n_objects, taxonomy, name)
    rows = {}
    for depth, (nodes, codes) in table.items():
        shares = proba[:, nodes]
        own = np.take_along_axis(shares, np.maximum(codes, 0)[:, None], axis=1)
        unknown = np.isnan(shares).any(axis=1)
        rank = np.where(unknown, np.inf, (shares >= own).sum(axis=1))
        used = weights * (codes >= 0)
        rows[depth] = [float(divide(used @ (rank <= n), used.sum())) for n in k]
    columns = pd.Index(k, name="k")
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("depth")


def _summary(level: Level) -> dict[str, float]:
    counts = level.counts
    _, recall, f1, n_true, n_pred = table_scores(counts)
    occurs = (n_true > 0) | (n_pred > 0)
    return {
        "n_classes": len(level.nodes),
        "n_objects": len(level.true),
        "n_unknown": int((~level.known).sum()),
        "n_unclassified": int((level.pred < 0).sum()),
        "accuracy": float(divide(np.trace(counts), n_true.sum())),
        "balanced_accuracy": _mean(recall, n_true > 0),
        "macro_f1": _mean(f1, occurs),
        "weighted_f1": _mean(f1, n_true),
    }


def _mean(values: NDArray, weights: NDArray) -> float:
    weights = weights * ~np.isnan(values)
    return float(divide(np.nan_to_num(values) @ weights, weights.sum()))

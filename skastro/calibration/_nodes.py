"""Nodes of a taxonomy that cover the true class as often as promised."""

import numpy as np
from numpy.typing import NDArray

from skastro.calibration._quantiles import conformal_quantile
from skastro.taxonomy import Taxonomy


def node_scores(
    tree: Taxonomy, proba: NDArray, classes: NDArray, y: NDArray
) -> NDArray[np.float64]:
    """Return the largest probability of a wrong node on the way to the most probable leaf.

    Parameters
    ----------
    tree : Taxonomy
        Taxonomy of the classes.

    proba : ndarray of shape (n_objects, n_classes)
        Probabilities.

    classes : ndarray of shape (n_classes,)
        Class of each column.

    y : ndarray of shape (n_objects,)
        True classes.

    Returns
    -------
    scores : ndarray of shape (n_objects,)
        0 if every node on the way holds the object; NaN for a row with NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._nodes import node_scores
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> classes, proba = np.array(["AGN", "II", "Ia"]), np.array([[0.1, 0.2, 0.7]] * 3)
    >>> node_scores(tree, proba, classes, np.array(["Ia", "II", "AGN"])).round(1).tolist()
    [0.0, 0.7, 0.9]
    """
    node_proba = tree.node_proba(proba, classes)
    last = tree.deepest(node_proba, 0.0)
    wrong = tree.is_on_path[last] & ~tree.is_on_path[tree.numbers(y)]
    # A product, so that NaN stays NaN.
    return np.where(wrong, node_proba, 0.0 * node_proba).max(axis=1)


def node_threshold(scores: NDArray, codes: NDArray, coverage: float, by_class: bool) -> float:
    """Return the probability that a node must exceed.

    Parameters
    ----------
    scores : ndarray of shape (n_objects,)
        Of :func:`node_scores`.

    codes : ndarray of int of shape (n_objects,)
        Number of the true class of each object.

    coverage : float
        Between 0 and 1.

    by_class : bool
        Whether each class must be covered: the largest threshold of any class.

    Returns
    -------
    threshold : float

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._nodes import node_threshold
    >>> scores, codes = np.array([0.0, 0.0, 0.6, 0.2]), np.array([0, 0, 1, 1])
    >>> node_threshold(scores, codes, 0.6, False), node_threshold(scores, codes, 0.6, True)
    (0.2, 0.6)
    """
    parts = [scores[codes == k] for k in np.unique(codes)] if by_class else [scores]
    return max(conformal_quantile(part, coverage) for part in parts)


def covering_nodes(tree: Taxonomy, proba: NDArray, classes: NDArray, threshold: float) -> NDArray:
    """Return the name of the last node on the way whose probability exceeds the threshold.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._nodes import covering_nodes
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> classes, proba = np.array(["AGN", "II", "Ia"]), np.array([[0.1, 0.2, 0.7]])
    >>> covering_nodes(tree, proba, classes, 0.7).tolist()
    ['SN']
    """
    node_proba = tree.node_proba(proba, classes)
    # `deepest` includes nodes at its threshold, which the quantile excludes.
    return tree.names(tree.deepest(node_proba, np.nextafter(threshold, np.inf)))

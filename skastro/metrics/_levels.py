"""True and predicted nodes of a taxonomy, cut at a level."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from skastro.metrics._predictions import (
    check_pairing,
    check_proba,
    confusion_counts,
    read_nodes,
)
from skastro.taxonomy import Taxonomy


@dataclass
class Level:
    """Objects whose class is known at one level of a taxonomy.

    Attributes
    ----------
    depth : int
        Number of edges between the root and the level.

    nodes : ndarray of int of shape (n_classes,)
        Numbers of the nodes that are the classes of this level.

    known : ndarray of bool of shape (n_objects,)
        Objects whose label is deep enough.

    true, pred : ndarray of int of shape (n_known,)
        Positions in `nodes`; -1 is no prediction at this level.

    weights : ndarray of shape (n_known,)
        Weights of the objects.

    Examples
    --------
    >>> from skastro.metrics._levels import levels
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> first, second = levels(["Ia", "SN"], ["II", "AGN"], tree, None, "unclassified", "f")
    >>> first.true.tolist(), first.pred.tolist(), second.known.tolist()
    ([0, 0], [0, 1], [True, False])
    """

    depth: int
    nodes: NDArray[np.intp]
    known: NDArray[np.bool_]
    true: NDArray[np.intp]
    pred: NDArray[np.intp]
    weights: NDArray[np.float64]

    @property
    def counts(self) -> NDArray[np.float64]:
        """Weighted objects by true and predicted class; the last column is no prediction."""
        return confusion_counts(self.true, self.pred, self.weights, len(self.nodes))


def levels(
    y_true: ArrayLike,
    y_pred: Any,
    taxonomy: Taxonomy,
    sample_weight: ArrayLike | None,
    unclassified: Any,
    name: str,
) -> list[Level]:
    """Return one Level for each depth from 1 to that of the deepest leaves."""
    check_pairing(y_true, y_pred, name)
    true = read_nodes(y_true, taxonomy, "y_true", name)
    weights = _check_sample_weight(sample_weight, true, ensure_non_negative=True)
    predicted = _predicted(true, y_pred, taxonomy, unclassified, name)
    found = []
    for depth in depths(taxonomy):
        nodes = level_nodes(taxonomy, depth)
        codes = positions(true, taxonomy, nodes)
        known = codes >= 0
        pred = predicted(nodes)[known]
        found.append(Level(depth, nodes, known, codes[known], pred, weights[known]))
    return found


def depths(taxonomy: Taxonomy) -> range:
    """Return the depths below the root."""
    return range(1, taxonomy.depths.max() + 1)


def level_nodes(taxonomy: Taxonomy, depth: int) -> NDArray[np.intp]:
    """Return the numbers of the nodes at `depth` and of the leaves above it, in their order."""
    leaves = np.isin(np.arange(len(taxonomy.nodes)), taxonomy.leaf_numbers)
    return np.flatnonzero((taxonomy.depths == depth) | (leaves & (taxonomy.depths < depth)))


def positions(
    numbers: NDArray[np.intp], taxonomy: Taxonomy, nodes: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return the position of each node's ancestor in `nodes`; -1 for nodes above the level."""
    on_path = taxonomy.is_on_path[:, nodes]
    codes = np.where(on_path.any(axis=1), on_path.argmax(axis=1), -1)
    # -1, an object without a prediction, finds the entry at the end.
    return np.append(codes, -1)[numbers]


def true_positions(
    y_true: ArrayLike, taxonomy: Taxonomy, name: str
) -> dict[int, tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return {depth: (nodes, positions of the true nodes in them)}."""
    true = read_nodes(y_true, taxonomy, "y_true", name)
    table = {depth: level_nodes(taxonomy, depth) for depth in depths(taxonomy)}
    return {d: (nodes, positions(true, taxonomy, nodes)) for d, nodes in table.items()}


def _predicted(
    true: NDArray, y_pred: Any, taxonomy: Taxonomy, unclassified: Any, name: str
) -> Callable[[NDArray], NDArray]:
    """Return the function from a level to the positions of the predictions in its nodes."""
    if np.ndim(y_pred) == 2:
        proba = check_node_proba(y_pred, len(true), taxonomy, name)
        return lambda nodes: _most_probable(proba[:, nodes])
    numbers = read_nodes(y_pred, taxonomy, "y_pred", name, unclassified)
    check_consistent_length(true, numbers)
    return lambda nodes: positions(numbers, taxonomy, nodes)


def check_node_proba(
    node_proba: Any, n_objects: int, taxonomy: Taxonomy, name: str
) -> NDArray[np.float64]:
    """Return probabilities of all nodes as floats."""
    if np.shape(node_proba)[1:] != (len(taxonomy.nodes),):
        raise ValueError(
            f"{name}: probabilities have the shape {np.shape(node_proba)}, but the taxonomy has "
            f"{len(taxonomy.nodes)} nodes; taxonomy.node_proba(proba, classes) sums those of "
            f"classes to those of nodes"
        )
    return check_proba(node_proba, n_objects, taxonomy.nodes, name)[0]


def _most_probable(shares: NDArray) -> NDArray[np.intp]:
    unknown = np.isnan(shares).any(axis=1)
    return np.where(unknown, -1, np.nan_to_num(shares).argmax(axis=1))

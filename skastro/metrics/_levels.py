"""True and answered nodes of a tree, cut at a level."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from skastro.metrics._answers import check_proba, count_pairs, node_numbers


@dataclass
class Level:
    """Objects whose class is known at one level of a tree.

    Attributes
    ----------
    depth : int
        Steps from the root.

    nodes : ndarray of int of shape (n_classes,)
        Numbers of the nodes that are the classes of this level.

    known : ndarray of bool of shape (n_objects,)
        Objects whose label is deep enough.

    true, pred : ndarray of int of shape (n_known,)
        Positions in `nodes`; -1 is no answer at this level.

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
    nodes: np.ndarray
    known: np.ndarray
    true: np.ndarray
    pred: np.ndarray
    weights: np.ndarray

    @property
    def counts(self):
        """Weighted objects by true and answered class; the last column is no answer."""
        return count_pairs(self.true, self.pred, self.weights, len(self.nodes))


def levels(y_true, y_pred, taxonomy, sample_weight, unclassified, caller):
    """Return one Level for each depth from 1 to that of the deepest leaves."""
    true = node_numbers(y_true, taxonomy, "y_true", caller)
    weights = _check_sample_weight(sample_weight, true, ensure_non_negative=True)
    answers = _answers(true, y_pred, taxonomy, unclassified, caller)
    found = []
    for depth in depths(taxonomy):
        nodes = level_nodes(taxonomy, depth)
        codes = positions(true, taxonomy, nodes)
        known = codes >= 0
        pred = answers(nodes)[known]
        found.append(Level(depth, nodes, known, codes[known], pred, weights[known]))
    return found


def depths(taxonomy):
    """Return the levels below the root."""
    return range(1, taxonomy.depths.max() + 1)


def level_nodes(taxonomy, depth):
    """Return the numbers of the nodes at `depth` and of the leaves above it, in their order."""
    leaves = np.isin(np.arange(len(taxonomy.nodes)), taxonomy.leaf_numbers)
    return np.flatnonzero((taxonomy.depths == depth) | (leaves & (taxonomy.depths < depth)))


def positions(numbers, taxonomy, nodes):
    """Return where the ancestor of each node stands in `nodes`; -1 for nodes above the level."""
    on_path = taxonomy.is_on_path[:, nodes]
    codes = np.where(on_path.any(axis=1), on_path.argmax(axis=1), -1)
    return np.append(codes, -1)[numbers]


def true_positions(y_true, taxonomy, caller):
    """Return {depth: (nodes, positions of the true nodes in them)}."""
    true = node_numbers(y_true, taxonomy, "y_true", caller)
    table = {depth: level_nodes(taxonomy, depth) for depth in depths(taxonomy)}
    return {d: (nodes, positions(true, taxonomy, nodes)) for d, nodes in table.items()}


def _answers(true, y_pred, taxonomy, unclassified, caller):
    """Return the function from a level to the positions of the answers in its nodes."""
    if np.ndim(y_pred) == 2:
        proba = check_node_proba(y_pred, len(true), taxonomy, caller)
        return lambda nodes: _most_probable(proba[:, nodes])
    numbers = node_numbers(y_pred, taxonomy, "y_pred", caller, unclassified)
    check_consistent_length(true, numbers)
    return lambda nodes: positions(numbers, taxonomy, nodes)


def check_node_proba(node_proba, n_objects, taxonomy, caller):
    """Return probabilities of all nodes as floats."""
    if np.shape(node_proba)[1:] != (len(taxonomy.nodes),):
        raise ValueError(
            f"{caller}: probabilities have the shape {np.shape(node_proba)}, but the tree has "
            f"{len(taxonomy.nodes)} nodes; taxonomy.node_proba(proba, classes) sums those of "
            f"classes to those of nodes"
        )
    return check_proba(node_proba, n_objects, len(taxonomy.nodes), caller)[0]


def _most_probable(shares):
    unknown = np.isnan(shares).any(axis=1)
    return np.where(unknown, -1, np.nan_to_num(shares).argmax(axis=1))

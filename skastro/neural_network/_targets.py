"""Meaning of the logits of a network: flat classes, or the nodes of a taxonomy."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from skastro.exceptions import name_objects
from skastro.taxonomy import (
    EncodedLabels,
    NodeLabels,
    node_numbers,
    read_node_labels,
    trained_taxonomy,
)


class FlatTargets:
    """Flat classes; a single logit is that of the second of two classes.

    Parameters
    ----------
    labels : array-like of shape (n,)
        Labels of all classes, repeats allowed.

    Examples
    --------
    >>> import torch
    >>> from skastro.neural_network._targets import FlatTargets
    >>> targets = FlatTargets(["Ia", "II", "Ia"])
    >>> targets.classes.tolist(), targets.codes(["Ia", "II"], "MyClassifier").tolist()
    (['II', 'Ia'], [1, 0])
    >>> targets.probabilities(torch.zeros(1, 1)).tolist()
    [[0.5, 0.5]]
    """

    def __init__(self, labels: ArrayLike):
        self.classes = np.unique(labels)

    def codes(self, y: ArrayLike, name: str) -> NDArray[np.int64]:
        """Return the class numbers of labels; errors name the estimator `name`.

        Raises
        ------
        ValueError
            Labels that are not among the classes.
        """
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            raise ValueError(
                f"{name}: y holds {name_objects(unknown)}, which is not among the classes "
                f"{self.classes.tolist()}"
            )
        return np.searchsorted(self.classes, y)

    def names(self, codes: NDArray[np.int64]) -> NDArray:
        """Return the labels of class numbers."""
        return self.classes[codes]

    def prior(self, codes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the share of each class in some class numbers."""
        return np.bincount(codes, minlength=len(self.classes)) / max(len(codes), 1)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Turn logits of shape (..., n_outputs) into probabilities of the classes."""
        if logits.shape[-1] == 1:
            logits = torch.cat([torch.zeros_like(logits), logits], dim=-1)
        return torch.softmax(logits, dim=-1)

    def is_right(self, logits: Tensor, codes: Tensor) -> Tensor:
        """Return whether the most probable class is the label."""
        return self.probabilities(logits).argmax(-1) == codes


class TreeTargets:
    """Nodes of a taxonomy; the classes are its leaves, and labels may be any node.

    Parameters
    ----------
    criterion : HierarchicalCrossEntropy
        Holds the taxonomy and turns logits into probabilities.

    labels : NodeLabels or EncodedLabels
        Labels that decide the classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._targets import TreeTargets
    >>> from skastro.nn import HierarchicalCrossEntropy
    >>> from skastro.taxonomy import Taxonomy, read_node_labels
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> labels = read_node_labels(np.array(["Ia", "SN"]), tree, None, "MyClassifier")
    >>> TreeTargets(HierarchicalCrossEntropy(tree), labels).classes.tolist()
    ['AGN', 'II', 'Ia']
    """

    def __init__(self, criterion: Any, labels: NodeLabels | EncodedLabels):
        self.criterion = criterion
        self.taxonomy = criterion.taxonomy
        self.whole_taxonomy, self.encoded_names = labels.tree, labels.encoded
        # A class that is not a leaf of the trained tree is never predicted: its node is -1.
        self.classes, self._leaf_numbers = labels.columns(self.taxonomy)

    def codes(self, y: ArrayLike, name: str) -> NDArray[np.int64]:
        """Return the node numbers of labels; unknown ones are a ValueError."""
        y = np.asarray(y)
        labels = read_node_labels(y, self.whole_taxonomy, self.encoded_names, name, warn=False)
        return node_numbers(self.whole_taxonomy.names(labels.numbers), self.taxonomy, name)

    def names(self, codes: NDArray[np.int64]) -> NDArray:
        """Return the names of node numbers."""
        return self.taxonomy.names(codes)

    def prior(self, codes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the share of each class; an inner node counts equally for all leaves below it."""
        share = self.taxonomy.is_on_path[self.taxonomy.leaf_numbers][:, codes].astype(float)
        by_number = np.zeros(len(self.taxonomy.nodes) + 1)
        by_number[self.taxonomy.leaf_numbers] = (share / share.sum(axis=0)).mean(axis=1)
        return by_number[self._leaf_numbers]

    def node_prior(self, class_prior: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the prior of every node, from that of the classes."""
        known = self._leaf_numbers >= 0
        return class_prior[known] @ self.taxonomy.is_on_path[self._leaf_numbers[known]]

    def node_probabilities(self, logits: Tensor) -> Tensor:
        """Turn logits of shape (..., n_outputs) into probabilities of all nodes."""
        nodes = self.criterion.log_proba(logits.flatten(0, -2)).exp()
        return nodes.unflatten(0, logits.shape[:-1]) if logits.ndim > 2 else nodes

    def probabilities(self, logits: Tensor) -> Tensor:
        """Turn logits of shape (..., n_outputs) into probabilities of the classes."""
        found = self.node_probabilities(logits)[..., self._leaf_numbers]
        return found.masked_fill(torch.from_numpy(self._leaf_numbers < 0), 0.0)

    def is_right(self, logits: Tensor, codes: Tensor) -> Tensor:
        """Return whether the most probable leaf is the label or lies below it."""
        leaf = self._leaf_numbers[self.probabilities(logits).argmax(-1).cpu().numpy()]
        return torch.from_numpy(self.taxonomy.is_on_path[leaf, codes.cpu().numpy()])


def trained_criterion(criterion: Any, labels: NodeLabels | EncodedLabels, name: str) -> Any:
    """Return the criterion of the part of its taxonomy that training labels reach.

    Parameters
    ----------
    criterion : HierarchicalCrossEntropy
        Loss with a taxonomy.

    labels : NodeLabels or EncodedLabels
        Labels of the training objects.

    name : str
        Estimator named in the error and the warning.

    Warns
    -----
    UserWarning
        Nodes without a training object are left out.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from skastro.neural_network._targets import trained_criterion
    >>> from skastro.nn import HierarchicalCrossEntropy
    >>> from skastro.taxonomy import Taxonomy, read_node_labels
    >>> tree = Taxonomy({"SN": ["Ia", "II", "Ib"]})
    >>> labels = read_node_labels(np.array(["Ia", "II"]), tree, None, "MyClassifier")
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     loss = trained_criterion(HierarchicalCrossEntropy(tree), labels, "MyClassifier")
    >>> loss.taxonomy.leaves
    ('Ia', 'II')
    """
    tree = criterion.taxonomy
    if not len(labels.numbers):
        return criterion
    trained = trained_taxonomy(tree, labels.numbers, name)
    return criterion if trained is tree else _restricted(criterion, trained)


def _restricted(criterion, tree):
    params = criterion.get_params()
    weight = params.get("node_weight")
    if isinstance(weight, Mapping):
        params["node_weight"] = {n: value for n, value in weight.items() if n in tree.nodes}
    elif weight is not None and not isinstance(weight, str):
        params["node_weight"] = np.asarray(weight)[criterion.taxonomy.numbers(list(tree.nodes))]
    return type(criterion)(**(params | {"taxonomy": tree}))

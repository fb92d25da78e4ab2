"""What the logits of a network stand for: flat classes, or the nodes of a taxonomy."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from skastro.exceptions import name_objects
from skastro.taxonomy import Taxonomy


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
    >>> targets.classes.tolist(), targets.codes(["Ia", "II"]).tolist()
    (['II', 'Ia'], [1, 0])
    >>> targets.probabilities(torch.zeros(1, 1)).tolist()
    [[0.5, 0.5]]
    """

    def __init__(self, labels: ArrayLike):
        self.classes = np.unique(labels)

    def codes(self, y: ArrayLike) -> NDArray[np.int64]:
        """Return the class numbers of labels.

        Raises
        ------
        ValueError
            Labels that are not among the classes.
        """
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            raise ValueError(
                f"y holds {name_objects(unknown)}, which is not among the classes "
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
        Knows the taxonomy and turns logits into probabilities.

    names : sequence of str, default=None
        What integers among the labels stand for; the classes are these integers then.

    Examples
    --------
    >>> from skastro.neural_network._targets import TreeTargets
    >>> from skastro.nn import HierarchicalCrossEntropy
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> TreeTargets(HierarchicalCrossEntropy(tree)).classes.tolist()
    ['AGN', 'II', 'Ia']
    """

    def __init__(self, criterion: Any, names: NDArray | None = None):
        self.criterion = criterion
        self.taxonomy = criterion.taxonomy
        self.encoded_names = names
        leaves = np.array(self.taxonomy.leaves)
        order = np.argsort(leaves)
        self.classes, self._leaf_numbers = leaves[order], self.taxonomy.leaf_numbers[order]
        if names is not None:
            numbers = dict(zip(self.taxonomy.leaves, self.taxonomy.leaf_numbers.tolist()))
            self.classes = np.arange(len(names))
            # A name that is no leaf of the tree is never predicted: its probability is 0.
            self._leaf_numbers = np.array([numbers.get(name, -1) for name in names.tolist()])

    def codes(self, y: ArrayLike) -> NDArray[np.int64]:
        """Return the node numbers of labels; unknown ones are a ValueError."""
        return self.taxonomy.numbers(decode(y, self.taxonomy, self.encoded_names))

    def names(self, codes: NDArray[np.int64]) -> NDArray:
        """Return the names of node numbers."""
        return self.taxonomy.names(codes)

    def prior(self, codes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the share of each class; an inner node counts for the leaves below it alike."""
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


def decode(y: ArrayLike, taxonomy: Taxonomy, names: NDArray | None) -> NDArray:
    """Return names of nodes, instead of integers that stand for them.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Labels.

    taxonomy : Taxonomy
        Tree of the classes.

    names : ndarray of str, default=None
        Sorted names; a label i stands for the i-th one.

    Raises
    ------
    ValueError
        Integers that cannot be told from labels which another estimator encoded.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._targets import decode
    >>> from skastro.taxonomy import Taxonomy
    >>> decode([1, 0], Taxonomy({"SN": ["Ia", "II"]}), np.array(["II", "Ia"])).tolist()
    ['Ia', 'II']
    """
    y = np.asarray(y)
    if all(isinstance(label, str) for label in y.tolist()):
        return y
    if names is not None:
        return names[_checked(y.astype(int), names)]
    _refuse_possible_codes(np.unique(y).tolist(), taxonomy)
    return y


def _checked(codes, names):
    # A part of the data without the last label may as well have been encoded for itself.
    if len(codes) and (codes.min() < 0 or codes.max() != len(names) - 1):
        raise ValueError(
            f"the integers in y run from {codes.min()} to {codes.max()} while classes has "
            f"{len(names)} labels.  Either classes is not np.unique(y) of the labels before they "
            f"were encoded, or {str(names[-1])!r} does not occur in this part of the data; a guess "
            f"would mislabel objects"
        )
    return codes


def _refuse_possible_codes(codes, taxonomy):
    integers = sorted(n for n in [*taxonomy.nodes, *taxonomy.synonyms] if not isinstance(n, str))
    largest = len(integers) - 1
    identical = integers == list(range(len(integers))) and codes[-1] == largest
    if codes[-1] <= largest and not identical or not set(codes) <= set(integers):
        raise ValueError(
            f"y holds the numbers {name_objects(codes)}, which are not in the tree or may stand "
            f"for labels that VotingClassifier, StackingClassifier, CalibratedClassifierCV or "
            f"cross_val_predict(method='predict_proba') encoded; set the parameter "
            f"classes=np.unique(y) to the labels before they were encoded"
        )


def reached_part(criterion: Any, y: ArrayLike, names: NDArray | None, owner: str) -> Any:
    """Return the criterion of the part of its taxonomy that labels reach.

    Parameters
    ----------
    criterion : HierarchicalCrossEntropy
        Loss with a taxonomy.

    y : array-like of shape (n_objects,)
        Labels of the training objects.

    names : ndarray of str, default=None
        What integers in `y` stand for.

    owner : str
        Estimator that the warning names.

    Warns
    -----
    UserWarning
        Nodes without a training object are left out.

    Examples
    --------
    >>> import warnings
    >>> from skastro.neural_network._targets import reached_part
    >>> from skastro.nn import HierarchicalCrossEntropy
    >>> from skastro.taxonomy import Taxonomy
    >>> loss = HierarchicalCrossEntropy(Taxonomy({"SN": ["Ia", "II", "Ib"]}))
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     reached_part(loss, ["Ia", "II"], None, "MyClassifier").taxonomy.leaves
    ('Ia', 'II')
    """
    tree = criterion.taxonomy
    numbers = tree.numbers(decode(y, tree, names))
    kept = tree.is_on_path[np.unique(numbers)].any(axis=0)
    if kept.all() or not numbers.any():
        return criterion
    lost = [name for name, keep in zip(tree.nodes, kept) if not keep]
    warnings.warn(
        f"{owner}: no training object belongs to the nodes {name_objects(lost)} of the taxonomy; "
        f"they are left out of taxonomy_ and never predicted",
        UserWarning,
        stacklevel=5,
    )
    edges = [(above, below) for above, below in tree.edges if below not in lost]
    synonyms = {name: node for name, node in tree.synonyms.items() if node not in lost}
    return _restricted(criterion, Taxonomy.from_edges(edges, synonyms=synonyms))


def _restricted(criterion, tree):
    params = criterion.get_params()
    weight = params.get("node_weight")
    if isinstance(weight, Mapping):
        params["node_weight"] = {n: value for n, value in weight.items() if n in tree.nodes}
    elif weight is not None and not isinstance(weight, str):
        params["node_weight"] = np.asarray(weight)[criterion.taxonomy.numbers(list(tree.nodes))]
    return type(criterion)(**(params | {"taxonomy": tree}))

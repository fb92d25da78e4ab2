"""What the logits of a network stand for: classes side by side, or nodes of a tree."""

import numpy as np
import torch

from skastro.exceptions import name_objects


class FlatTargets:
    """Classes side by side; a single logit is that of the second of two classes.

    Parameters
    ----------
    labels : ndarray of shape (n,)
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

    def __init__(self, labels):
        self.classes = np.unique(labels)

    def codes(self, y):
        """Return the class numbers of labels.

        Raises
        ------
        ValueError
            Labels that are no classes.
        """
        strange = np.setdiff1d(y, self.classes)
        if len(strange):
            raise ValueError(
                f"y holds {name_objects(strange)}, which is not among the classes "
                f"{self.classes.tolist()}"
            )
        return np.searchsorted(self.classes, y)

    def names(self, codes):
        """Return the labels of class numbers."""
        return self.classes[codes]

    def probabilities(self, logits):
        """Turn logits of shape (..., n_outputs) into probabilities of the classes."""
        if logits.shape[-1] == 1:
            logits = torch.cat([torch.zeros_like(logits), logits], dim=-1)
        return torch.softmax(logits, dim=-1)

    def is_right(self, logits, codes):
        """Say where the most probable class is the label."""
        return self.probabilities(logits).argmax(-1) == codes


class PartialTargets(FlatTargets):
    """Classes side by side, of which some objects have none: these get the number -1.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Labels; -1 stands for none.

    Examples
    --------
    >>> from skastro.neural_network._targets import PartialTargets
    >>> targets = PartialTargets([1, 0, -1])
    >>> targets.classes.tolist(), targets.codes([-1, 1]).tolist()
    ([0, 1], [-1, 1])
    """

    def __init__(self, labels):
        super().__init__(self._known(np.asarray(labels)))

    def codes(self, y):
        """Return the class numbers of labels, -1 for none; see :meth:`FlatTargets.codes`."""
        y = np.asarray(y)
        codes = np.full(len(y), -1)
        has_label = y != -1
        codes[has_label] = super().codes(self._known(y))
        return codes

    def _known(self, y):
        """Labels that are some, of their own type where text and -1 share an array."""
        known = y[y != -1]
        return np.array(known.tolist()) if y.dtype == object and len(known) else known

    @staticmethod
    def fits(y):
        """Say whether -1 among `y` stands for no label.

        So it does beside text, and beside at least two integers that are not negative; with one
        other class, -1 is a class.

        Examples
        --------
        >>> from skastro.neural_network._targets import PartialTargets
        >>> PartialTargets.fits(np.array([-1, 0, 1])), PartialTargets.fits(np.array([-1, 1]))
        (True, False)
        """
        y = np.asarray(y)
        if y.dtype.kind not in "iO" or not (y == -1).any():
            return False
        others = y[y != -1]
        if y.dtype.kind == "i":
            return bool(len(np.unique(others)) > 1 and others.min() >= 0)
        return all(isinstance(label, str) for label in others)


class TreeTargets:
    """Nodes of a taxonomy; the classes are its leaves, and labels may be any node.

    Parameters
    ----------
    criterion : HierarchicalCrossEntropy
        Knows the taxonomy and turns logits into probabilities.

    Examples
    --------
    >>> from skastro.neural_network._targets import TreeTargets
    >>> from skastro.nn import HierarchicalCrossEntropy
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> TreeTargets(HierarchicalCrossEntropy(tree)).classes.tolist()
    ['AGN', 'II', 'Ia']
    """

    def __init__(self, criterion):
        self.criterion = criterion
        self.taxonomy = criterion.taxonomy
        leaves = np.array(self.taxonomy.leaves)
        order = np.argsort(leaves)
        self.classes, self._leaf_numbers = leaves[order], self.taxonomy.leaf_numbers[order]

    def codes(self, y):
        """Return the node numbers of labels; unknown ones are a ValueError."""
        return self.taxonomy.numbers(y)

    def names(self, codes):
        """Return the names of node numbers."""
        return self.taxonomy.names(codes)

    def node_probabilities(self, logits):
        """Turn logits of shape (..., n_outputs) into probabilities of all nodes."""
        nodes = self.criterion.log_proba(logits.flatten(0, -2)).exp()
        return nodes.unflatten(0, logits.shape[:-1]) if logits.ndim > 2 else nodes

    def probabilities(self, logits):
        """Turn logits of shape (..., n_outputs) into probabilities of the classes."""
        return self.node_probabilities(logits)[..., self._leaf_numbers]

    def is_right(self, logits, codes):
        """Say where the most probable leaf is the label or lies below it."""
        leaf = self._leaf_numbers[self.probabilities(logits).argmax(-1).cpu().numpy()]
        return torch.from_numpy(self.taxonomy.is_on_path[leaf, codes.cpu().numpy()])

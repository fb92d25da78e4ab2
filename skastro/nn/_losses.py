"""Losses that know a tree of classes."""

import importlib.util
from functools import cached_property

import numpy as np
import torch
from torch import nn

HAS_NUMBA = importlib.util.find_spec("numba") is not None
WHOLE_NUMBERS = {torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8}


class HierarchicalCrossEntropy(nn.Module):
    r"""Cross-entropy of every decision on the path from the root to the label.

    .. math:: L = -\sum_{v \in \mathrm{path}(y),\ v \neq \mathrm{root}}
              w_v\, e^{-\alpha d(v)} \log p(v \mid \mathrm{parent}(v)),

    with the depth :math:`d(v)`, 1 for the children of the root, and probabilities that are a
    softmax among siblings [1]_.  The label may be an inner node: its path ends there.  With
    ``alpha=0`` and no weights this is the cross-entropy of the leaf, whose probability is the
    product down the path.

    Parameters
    ----------
    taxonomy : Taxonomy
        The tree.

    alpha : float, default=0.5
        Decay of the weights with depth.

    node_weight : {"balanced"}, dict, array-like of shape (n_nodes,) or None, default=None
        Weights :math:`w_v`; a dict names nodes, and the others get 1.  ``"balanced"`` takes
        :math:`N / (n_\mathrm{nodes} N_v)` with the numbers of training objects at or below v,
        which :meth:`counted` sets.

    reduction : {"mean", "none"}, default="mean"
        Mean over the objects, or one loss an object.

    Attributes
    ----------
    n_outputs : int
        Logits it works on: one a node but the root, in the order of ``taxonomy.nodes[1:]``.

    Notes
    -----
    On the processor, with numba (``skastro[fast]``), loss and gradient of float32 logits come from
    compiled code that takes 1.25 to 1.3 times as long as plain cross-entropy; tensors take six to
    thirteen times as long.  See ``benchmarks/bench_hierarchical_loss.py``.

    Raises
    ------
    ValueError
        alpha is negative or weights do not fit the tree.

    References
    ----------
    .. [1] V. Villar et al., "Hierarchical Cross-entropy Loss for Classification of Astrophysical
       Transients", arXiv:2312.02266.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import HierarchicalCrossEntropy
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> loss = HierarchicalCrossEntropy(tree, alpha=0.0)
    >>> labels = torch.from_numpy(tree.numbers(["Ia", "SN"]))
    >>> torch.exp(-2 * loss(torch.zeros(2, 4), labels)).round(decimals=4)
    tensor(0.1250)
    """

    def __init__(self, taxonomy, alpha=0.5, node_weight=None, reduction="mean"):
        super().__init__()
        if alpha < 0:
            raise ValueError(f"HierarchicalCrossEntropy: alpha must not be negative, not {alpha}")
        if reduction not in {"mean", "none"}:
            raise ValueError(f"HierarchicalCrossEntropy: unknown reduction {reduction!r}")
        self.taxonomy = taxonomy
        self.alpha = alpha
        self.node_weight = node_weight
        self.reduction = reduction
        self.n_outputs = len(taxonomy.nodes) - 1
        self._weight = (self._weights() * np.exp(-alpha * taxonomy.depths)).astype(np.float32)
        on_path = torch.from_numpy((taxonomy.is_on_path * self._weight)[:, 1:])
        self.register_buffer("path_weight", on_path, persistent=False)
        self.group_sizes = [len(children) for children in taxonomy.groups.values()]

    def counted(self, numbers, sample_weight=None):
        """Return a copy whose balanced weights come from training labels.

        Parameters
        ----------
        numbers : array-like of int of shape (n_objects,)
            Node numbers of the labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights of the objects.

        Returns
        -------
        loss : HierarchicalCrossEntropy
            Nodes without objects get weight 1; without ``node_weight="balanced"`` nothing differs.
        """
        weight = self.node_weight
        if isinstance(weight, str):
            n_nodes = len(self.taxonomy.nodes)
            at_node = np.bincount(numbers, sample_weight, minlength=n_nodes)
            below = at_node @ self.taxonomy.is_on_path
            with np.errstate(divide="ignore"):
                weight = np.where(below > 0, below[0] / (n_nodes * below), 1.0)
        return HierarchicalCrossEntropy(self.taxonomy, self.alpha, weight, self.reduction)

    def forward(self, logits, numbers):
        """Return the loss.

        Parameters
        ----------
        logits : Tensor of shape (n_objects, n_nodes - 1)
            Any size of values is fine: no exponential is taken without its maximum.

        numbers : Tensor of int of shape (n_objects,)
            Node numbers of the labels, as `Taxonomy.numbers` gives them.

        Returns
        -------
        loss : Tensor
            A scalar, or of shape (n_objects,) with ``reduction="none"``.

        Raises
        ------
        TypeError
            Labels are no whole numbers.

        ValueError
            Logits and labels do not fit the tree or each other.

        IndexError
            A label is not the number of a node.
        """
        if numbers.dtype not in WHOLE_NUMBERS:
            raise TypeError(
                f"HierarchicalCrossEntropy: labels are {numbers.dtype}, not whole numbers of nodes"
            )
        if numbers.ndim != 1 or logits.shape != (len(numbers), self.n_outputs):
            raise ValueError(
                f"HierarchicalCrossEntropy: logits of shape {tuple(logits.shape)} and labels of "
                f"shape {tuple(numbers.shape)} instead of (n_objects, {self.n_outputs}) and "
                f"(n_objects,)"
            )
        if HAS_NUMBA and logits.device.type == "cpu" and logits.dtype == torch.float32:
            loss, table = self._compiled
            return loss(logits, numbers, table, self._weight, self.reduction == "mean")
        weight = self.path_weight.to(logits.dtype)[numbers]
        losses = -torch.linalg.vecdot(self._conditional(logits), weight)
        return losses.mean() if self.reduction == "mean" else losses

    def log_proba(self, logits):
        """Return the log of the unconditional probability of every node.

        Parameters
        ----------
        logits : Tensor of shape (n_objects, n_nodes - 1)

        Returns
        -------
        log_proba : Tensor of shape (n_objects, n_nodes)
            In the order of ``taxonomy.nodes``; 0 for the root.
        """
        on_path = torch.from_numpy(self.taxonomy.is_on_path[:, 1:])
        return self._conditional(logits) @ on_path.to(logits).T

    @cached_property
    def _compiled(self):
        """Loss of float32 logits on the processor, and its tree."""
        from skastro.nn._path_loss import PathLoss, sibling_table

        return PathLoss.apply, sibling_table(self.taxonomy)

    def _conditional(self, logits):
        """Log softmax among siblings, which stand side by side in breadth-first order."""
        groups = logits.split(self.group_sizes, dim=1)
        return torch.cat([torch.log_softmax(group, dim=1) for group in groups], dim=1)

    def _weights(self):
        nodes, weight = self.taxonomy.nodes, self.node_weight
        if weight is None or isinstance(weight, str):
            if weight not in {None, "balanced"}:
                raise ValueError(f"HierarchicalCrossEntropy: unknown node_weight {weight!r}")
            return np.ones(len(nodes))
        if isinstance(weight, dict):
            weights = np.ones(len(nodes))
            weights[self.taxonomy.numbers(list(weight))] = list(weight.values())
            return weights
        weights = np.asarray(weight, float)
        if weights.shape != (len(nodes),) or not np.isfinite(weights).all() or (weights < 0).any():
            raise ValueError(
                f"HierarchicalCrossEntropy: node_weight needs {len(nodes)} finite weights that "
                f"are not negative, one a node"
            )
        return weights

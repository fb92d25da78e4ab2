"""Cross-entropy over the decisions of a taxonomy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from skastro.nn._criteria import Criterion

if TYPE_CHECKING:
    # At run time this would import scikit-learn.
    from skastro.taxonomy import Taxonomy

INTEGERS = {torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8}


class HierarchicalCrossEntropy(Criterion):
    r"""Cross-entropy of every decision on the path from the root to the label.

    .. math:: L = -\sum_{v \in \mathrm{path}(y),\ v \neq \mathrm{root}}
              w_v\, e^{-\alpha d(v)} \log p(v \mid \mathrm{parent}(v)),

    where :math:`d(v)` is the depth, 1 for the children of the root, and the probabilities are a
    softmax over siblings [1]_.  A label may be an inner node: its path ends there.  With
    ``alpha=0`` and no weights the loss is the cross-entropy of the labelled node, whose
    probability is the product along its path.

    Parameters
    ----------
    taxonomy : Taxonomy
        The classes.

    alpha : float, default=0.5
        Decay of the weights with depth; not negative.

    node_weight : {"balanced"}, dict, array-like of shape (n_nodes,) or None, default=None
        Weights :math:`w_v`.  A dict maps names of nodes to weights, all other nodes get 1.
        ``"balanced"`` stands for :math:`N / (n_\mathrm{nodes} N_v)` with the number of training
        objects :math:`N_v` at or below v, which :meth:`learn` counts.

    reduction : {"mean", "none"}, default="mean"
        Whether calling the criterion returns the mean over the objects or one loss per object.

    Raises
    ------
    ValueError
        `alpha` is negative, or the weights do not fit the taxonomy.

    Notes
    -----
    The logits of each group of siblings are gathered into one row, padded to the largest group,
    so that a single log-softmax serves all groups.  The loss is differentiable twice.

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

    taxonomy: Taxonomy
    _number: Tensor
    _is_padding: Tensor
    _path_weight: Tensor
    _is_on_path: Tensor

    def __init__(
        self,
        taxonomy: Taxonomy,
        alpha: float = 0.5,
        node_weight: str | Mapping[str, float] | ArrayLike | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        if alpha < 0:
            raise ValueError(f"HierarchicalCrossEntropy: alpha must not be negative, not {alpha}")
        self.taxonomy = taxonomy
        self.alpha = alpha
        self.node_weight = node_weight
        number = _padded_groups(list(taxonomy.groups.values()))
        on_path = taxonomy.is_on_path[:, 1:][:, number] * (number >= 0)
        weight = (self._weights() * np.exp(-alpha * taxonomy.depths))[1:][number]
        self._buffer("_number", np.maximum(number, 0))
        self._buffer("_is_padding", number[:, None] < 0)
        self._buffer("_is_on_path", on_path.astype(np.float32))
        self._buffer("_path_weight", (on_path * weight).astype(np.float32))

    def n_outputs(self, n_classes: int | None = None) -> int:
        """Return the number of nodes below the root, regardless of the number of classes.

        The logits are in the order of ``taxonomy.nodes[1:]``.
        """
        return len(self.taxonomy.nodes) - 1

    def learn(
        self, labels: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> HierarchicalCrossEntropy:
        """Return a copy whose balanced weights come from training labels.

        Parameters
        ----------
        labels : array-like of int of shape (n_objects,)
            Node numbers of the labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights of the objects.

        Returns
        -------
        criterion : HierarchicalCrossEntropy
            Nodes without objects get weight 1.  Without ``node_weight="balanced"`` this is the
            criterion itself.
        """
        if not isinstance(self.node_weight, str):
            return self
        n_nodes = len(self.taxonomy.nodes)
        labels = np.asarray(labels)
        weight = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight)
        has_label = labels >= 0
        at_node = np.bincount(labels[has_label], weight[has_label], minlength=n_nodes)
        below = at_node @ self.taxonomy.is_on_path
        with np.errstate(divide="ignore"):
            weight = np.where(below > 0, below[0] / (n_nodes * below), 1.0)
        return type(self)(**(self.get_params() | {"node_weight": weight}))

    def losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return one loss per object.

        Parameters
        ----------
        logits : Tensor of shape (n_objects, n_nodes - 1)
            Of any magnitude: exponentials are taken after subtracting the maximum.

        labels : Tensor of int of shape (n_objects,)
            Node numbers, as returned by `Taxonomy.numbers`.

        Returns
        -------
        losses : Tensor of shape (n_objects,)

        Raises
        ------
        TypeError
            The labels are not integers.

        ValueError
            Logits and labels do not fit the taxonomy or each other.

        IndexError
            A label is not the number of a node.
        """
        self._check(logits, labels)
        weight = self._path_weight.to(logits).index_select(0, labels.long())
        return -(self._conditional(logits) * weight.T).sum(dim=0)

    def log_proba(self, logits: Tensor) -> Tensor:
        """Return the log of the unconditional probability of every node.

        Parameters
        ----------
        logits : Tensor of shape (n_objects, n_nodes - 1)

        Returns
        -------
        log_proba : Tensor of shape (n_objects, n_nodes)
            In the order of ``taxonomy.nodes``; 0 for the root.
        """
        return self._conditional(logits).T @ self._is_on_path.to(logits).T

    def _conditional(self, logits: Tensor) -> Tensor:
        """Return the log-probability of each node given its parent, in padded groups."""
        # With the objects along the last axis, a softmax over few siblings is several times faster.
        groups = logits.T.index_select(0, self._number.to(logits.device))
        # Padding must stay finite: it meets a weight of 0, and 0 times infinity is NaN.
        lowest = torch.finfo(groups.dtype).min / 4
        groups = groups.masked_fill(self._is_padding.to(logits.device), lowest)
        groups = groups.unflatten(0, (len(self.taxonomy.groups), -1))
        return torch.log_softmax(groups, dim=1).flatten(0, 1)

    def _check(self, logits: Tensor, labels: Tensor) -> None:
        if labels.dtype not in INTEGERS:
            raise TypeError(
                f"HierarchicalCrossEntropy: labels must be node numbers of an integer type, not "
                f"{labels.dtype}"
            )
        if labels.ndim != 1 or logits.shape != (len(labels), self.n_outputs()):
            raise ValueError(
                f"HierarchicalCrossEntropy: logits must have the shape "
                f"(n_objects, {self.n_outputs()}) and labels (n_objects,); got logits of shape "
                f"{tuple(logits.shape)} and labels of shape {tuple(labels.shape)}"
            )

    def _buffer(self, name: str, values: NDArray) -> None:
        self.register_buffer(name, torch.from_numpy(values), persistent=False)

    def _weights(self) -> NDArray[np.float64]:
        nodes, weight = self.taxonomy.nodes, self.node_weight
        if weight is None or isinstance(weight, str):
            if weight not in {None, "balanced"}:
                raise ValueError(f"HierarchicalCrossEntropy: unknown node_weight {weight!r}")
            return np.ones(len(nodes))
        if isinstance(weight, Mapping):
            weights = np.ones(len(nodes))
            weights[self.taxonomy.numbers(list(weight))] = list(weight.values())
        else:
            weights = np.asarray(weight, float)
        if weights.shape != (len(nodes),) or not np.isfinite(weights).all() or (weights < 0).any():
            raise ValueError(
                f"HierarchicalCrossEntropy: node_weight must hold {len(nodes)} finite weights that "
                f"are not negative, one per node"
            )
        return weights


def _padded_groups(groups: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the numbers of the logits, one padded row per group; -1 is padding."""
    padded = np.full((len(groups), max(map(len, groups))), -1)
    for row, children in zip(padded, groups):
        row[: len(children)] = children - 1
    return padded.ravel()

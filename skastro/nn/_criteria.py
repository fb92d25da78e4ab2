"""The contract of a classification loss, and the plain torch losses under that contract."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    # At run time this would import scikit-learn.
    from skastro.taxonomy import Taxonomy


class Criterion(nn.Module, ABC):
    """Base class of the losses that train a network classifier.

    A subclass implements :meth:`losses`, one loss per object.  It overrides what differs from
    plain cross-entropy: the number of logits (:meth:`n_outputs`), what the logits mean
    (:meth:`log_proba` and `taxonomy`), weights learned from the training labels (:meth:`learn`),
    and a term that needs no labels (:meth:`regularize`).

    The constructor stores every argument under its own name.  Then :meth:`get_params` and
    :meth:`set_params` work as in scikit-learn, so that ``sklearn.base.clone`` copies a criterion
    and a search over a classifier can vary, for instance, ``criterion__alpha``.

    Parameters
    ----------
    reduction : {"mean", "none"}, default="mean"
        Whether calling the criterion returns the mean over the objects or one loss per object.

    Attributes
    ----------
    taxonomy : Taxonomy or None
        If given, labels are node numbers of this taxonomy.  Otherwise they are class numbers.

    Raises
    ------
    ValueError
        Unknown `reduction`.

    See Also
    --------
    HierarchicalCrossEntropy : Cross-entropy of every decision in a taxonomy.
    RealBogusLoss : Cross-entropy with a pairwise and a virtual-adversarial term.
    as_criterion : Wrap a plain torch loss.

    Examples
    --------
    A focal loss with a parameter that can be searched:

    >>> import torch
    >>> from skastro.nn import Criterion
    >>> class FocalLoss(Criterion):
    ...     def __init__(self, gamma=2.0, reduction="mean"):
    ...         super().__init__(reduction)
    ...         self.gamma = gamma
    ...
    ...     def losses(self, logits, labels):
    ...         log_p = self.log_proba(logits).gather(1, labels[:, None])[:, 0]
    ...         return -((1 - log_p.exp()) ** self.gamma) * log_p
    >>> loss = FocalLoss().set_params(gamma=0.0)
    >>> loss
    FocalLoss(gamma=0.0)
    >>> loss(torch.zeros(3, 2), torch.tensor([0, 1, 1]))
    tensor(0.6931)
    """

    taxonomy: Taxonomy | None = None

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in {"mean", "none"}:
            raise ValueError(
                f"{type(self).__name__}: reduction must be 'mean' or 'none', not {reduction!r}"
            )
        self.reduction = reduction

    @abstractmethod
    def losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return one loss per object.

        Parameters
        ----------
        logits : Tensor of shape (n_objects, n_outputs)
            Output of the network.

        labels : Tensor of int of shape (n_objects,)
            Class numbers, or node numbers of `taxonomy`.

        Returns
        -------
        losses : Tensor of shape (n_objects,)
        """

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the mean of :meth:`losses`, or with ``reduction="none"`` the losses."""
        losses = self.losses(logits, labels)
        return losses.mean() if self.reduction == "mean" else losses

    def n_outputs(self, n_classes: int) -> int:
        """Return the number of logits that the loss expects of the network."""
        return n_classes

    def log_proba(self, logits: Tensor) -> Tensor:
        """Return log-probabilities.

        Parameters
        ----------
        logits : Tensor of shape (n_objects, n_outputs)
            A single logit is that of the second of two classes.

        Returns
        -------
        log_proba : Tensor of shape (n_objects, n_classes) or (n_objects, n_nodes)
            Of the classes, or of all nodes in the order of ``taxonomy.nodes``.
        """
        return torch.log_softmax(two_logits(logits), dim=-1)

    def learn(self, labels: ArrayLike, sample_weight: ArrayLike | None = None) -> Criterion:
        """Return the criterion with the weights that follow from the training labels.

        Parameters
        ----------
        labels : array-like of int of shape (n_objects,)
            Encoded labels of the training part; negative for objects without a label.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights of the objects.

        Returns
        -------
        criterion : Criterion
            A new object where anything was learned; the original is not changed.
        """
        return self

    def regularize(
        self, module: nn.Module, inputs: Mapping[str, Tensor], logits: Tensor
    ) -> Tensor | None:
        """Return a loss that needs no labels; training adds it to each batch.

        Parameters
        ----------
        module : torch.nn.Module
            The network in training mode.

        inputs : dict of str -> Tensor
            Its inputs by name, perhaps on another device than `logits`, and ``labelled``, the mask
            of the objects that have a label.

        logits : Tensor of shape (n_objects, n_outputs) or (n_objects, n_positions, n_outputs)
            Its output for `inputs`.

        Returns
        -------
        loss : Tensor or None
            A scalar; None (the default) if there is no such term.
        """
        return None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor arguments by name; `deep` is accepted and has no effect."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Set constructor arguments, as if the criterion had been built with them.

        Raises
        ------
        ValueError
            Unknown names, or values that the constructor refuses.
        """
        known = self.get_params()
        unknown = sorted(set(params) - set(known))
        if unknown:
            raise ValueError(
                f"{type(self).__name__}: unknown parameters {unknown}; valid ones are "
                f"{sorted(known)}"
            )
        # The constructor checks the values and derives buffers from them.
        self.__init__(**(known | params))  # type: ignore[misc]
        return self

    def extra_repr(self) -> str:
        """Return the arguments that differ from their defaults."""
        defaults = inspect.signature(type(self)).parameters
        return ", ".join(
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if not isinstance(value, nn.Module) and repr(value) != repr(defaults[name].default)
        )


class CrossEntropy(Criterion):
    """Cross-entropy of flat classes; two classes share one logit.

    Parameters
    ----------
    reduction : {"mean", "none"}, default="mean"
        Whether calling the criterion returns the mean over the objects or one loss per object.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import CrossEntropy
    >>> loss = CrossEntropy()
    >>> loss.n_outputs(2), loss.n_outputs(5)
    (1, 5)
    >>> loss(torch.zeros(3, 1), torch.tensor([0, 1, 1]))
    tensor(0.6931)
    """

    def n_outputs(self, n_classes: int) -> int:
        """Return 1 for two classes, otherwise the number of classes."""
        return 1 if n_classes == 2 else n_classes

    def losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return one loss per object; see :meth:`Criterion.losses`."""
        if logits.shape[1] > 1:
            return functional.cross_entropy(logits, labels, reduction="none")
        target = labels.to(logits.dtype)
        return functional.binary_cross_entropy_with_logits(
            logits.squeeze(1), target, reduction="none"
        )


class TorchCriterion(Criterion):
    """A plain torch loss as a criterion; see :func:`as_criterion`.

    Parameters
    ----------
    loss : callable
        Called with logits and class numbers.  If it has an attribute ``reduction``, this is set
        to ``"none"`` during the call.  Two classes share one logit under
        `torch.nn.BCEWithLogitsLoss`.

    reduction : {"mean", "none"}, default="mean"
        Whether calling the criterion returns the mean over the objects or one loss per object.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import TorchCriterion
    >>> loss = TorchCriterion(torch.nn.CrossEntropyLoss(label_smoothing=0.1))
    >>> loss.losses(torch.zeros(2, 3), torch.tensor([0, 1])).shape
    torch.Size([2])
    """

    def __init__(self, loss: Callable[[Tensor, Tensor], Tensor], reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.loss = loss

    def n_outputs(self, n_classes: int) -> int:
        """Return the number of classes, or 1 for two classes under `BCEWithLogitsLoss`."""
        shared = isinstance(self.loss, nn.BCEWithLogitsLoss) and n_classes == 2
        return 1 if shared else n_classes

    def losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return one loss per object; see :meth:`Criterion.losses`.

        Raises
        ------
        ValueError
            The wrapped loss returns anything but one value per object.
        """
        n_objects = len(logits)
        if logits.shape[1] == 1:
            logits, labels = logits.squeeze(1), labels.to(logits.dtype)
        losses = _unreduced(self.loss, logits, labels)
        if losses.shape != (n_objects,):
            name = getattr(self.loss, "__name__", type(self.loss).__name__)
            raise ValueError(
                f"criterion {name} returned a tensor of shape {tuple(losses.shape)} for "
                f"{n_objects} objects; it must return one loss per object: use reduction='none'"
            )
        return losses


def as_criterion(
    criterion: Criterion | nn.Module | type | Callable[[Tensor, Tensor], Tensor] | None,
) -> Criterion:
    """Return a loss as a :class:`Criterion`.

    Parameters
    ----------
    criterion : Criterion, torch loss, class of either, callable or None
        None stands for :class:`CrossEntropy`.  A class is instantiated without arguments.  Any
        other callable is wrapped by :class:`TorchCriterion`.

    Returns
    -------
    criterion : Criterion
        The argument itself if it is a `Criterion` already.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import as_criterion
    >>> as_criterion(None)
    CrossEntropy()
    >>> as_criterion(torch.nn.BCEWithLogitsLoss).n_outputs(2)
    1
    """
    if criterion is None:
        return CrossEntropy()
    if isinstance(criterion, type):
        criterion = criterion()
    return criterion if isinstance(criterion, Criterion) else TorchCriterion(criterion)


def two_logits(logits: Tensor) -> Tensor:
    """Return logits of at least two classes: a single one is that of the second class."""
    if logits.shape[-1] > 1:
        return logits
    return torch.cat([torch.zeros_like(logits), logits], dim=-1)


def _unreduced(loss: Any, logits: Tensor, labels: Tensor) -> Tensor:
    # Set for the call only, because the loss belongs to the user.
    reduction = getattr(loss, "reduction", None)
    if reduction is None:
        return loss(logits, labels)
    loss.reduction = "none"
    try:
        return loss(logits, labels)
    finally:
        loss.reduction = reduction

"""A loss that aligns the outputs for labelled and unlabelled objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike
from torch import Tensor, nn

from skastro.nn._criteria import Criterion, as_criterion

_FEWEST = 4


def coral_distance(first: Tensor, second: Tensor) -> Tensor:
    r"""Return the distance of the means and covariances of two samples.

    .. math:: \frac{1}{d} |\mu_1 - \mu_2|^2 + \frac{1}{4 d^2} |C_1 - C_2|_F^2

    Parameters
    ----------
    first, second : Tensor of shape (n, d) and (m, d)
        Outputs of a network for the two samples.

    Returns
    -------
    distance : Tensor
        A scalar.

    References
    ----------
    .. [1] B. Sun, K. Saenko, "Deep CORAL", ECCV 2016 workshops, arXiv:1607.01719, equation 1.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import coral_distance
    >>> sample = torch.tensor([[0.0], [2.0]])
    >>> float(coral_distance(sample, sample)), float(coral_distance(sample, sample + 1.0))
    (0.0, 1.0)
    """
    size = first.shape[1]
    means = (first.mean(dim=0) - second.mean(dim=0)).square().sum() / size
    spread = _covariance(first) - _covariance(second)
    return means + spread.square().sum() / (4 * size**2)


def _covariance(sample: Tensor) -> Tensor:
    centred = sample - sample.mean(dim=0)
    return centred.T @ centred / max(len(sample) - 1, 1)


class CoralLoss(Criterion):
    """A loss of labelled objects plus the distance of the outputs for labelled and unlabelled ones.

    The unlabelled objects (label -1 in `fit`) are those of another survey: the network learns
    outputs whose means and covariances are the same for both.  If the class frequencies differ, the
    alignment is wrong to that extent.

    Parameters
    ----------
    loss : Criterion or torch loss, default=None
        Loss of flat classes; cross-entropy by default.

    weight : float, default=0.1
        Weight of the distance.

    reduction : {"mean", "none"}, default="mean"
        Whether calling the criterion returns the mean over the objects or one loss per object.

    Raises
    ------
    ValueError
        A negative weight, or a loss with a taxonomy.

    References
    ----------
    .. [1] B. Sun, K. Saenko, "Deep CORAL", ECCV 2016 workshops, arXiv:1607.01719.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import CoralLoss
    >>> loss = CoralLoss(weight=1.0)
    >>> logits = torch.zeros(8, 3)
    >>> labelled = torch.arange(8) < 4
    >>> float(loss.regularize(None, {"labelled": labelled}, logits))
    0.0
    """

    def __init__(self, loss: Any = None, weight: float = 0.1, reduction: str = "mean") -> None:
        super().__init__(reduction)
        if weight < 0:
            raise ValueError(f"CoralLoss: weight={weight} must not be negative")
        self.loss = loss
        self.weight = weight
        self._inner = as_criterion(loss)
        if self._inner.taxonomy is not None:
            raise ValueError("CoralLoss: the loss must have flat classes, without a taxonomy")

    def n_outputs(self, n_classes: int) -> int:
        """Return the number of logits of the inner loss."""
        return self._inner.n_outputs(n_classes)

    def losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return one loss per object; see :meth:`Criterion.losses`."""
        return self._inner.losses(logits, labels)

    def log_proba(self, logits: Tensor) -> Tensor:
        """Return log-probabilities; see :meth:`Criterion.log_proba`."""
        return self._inner.log_proba(logits)

    def learn(self, labels: ArrayLike, sample_weight: ArrayLike | None = None) -> Criterion:
        """Return the criterion with an inner loss that has learned; see :meth:`Criterion.learn`."""
        learned = self._inner.learn(labels, sample_weight)
        if learned is self._inner:
            return self
        return CoralLoss(learned, self.weight, self.reduction)

    def regularize(
        self, module: nn.Module, inputs: Mapping[str, Tensor], logits: Tensor
    ) -> Tensor | None:
        """Return the distance of the outputs; None where a batch lacks one of the two kinds.

        Parameters
        ----------
        module : torch.nn.Module
            Unused.

        inputs : dict of str -> Tensor
            ``labelled``, bool of shape (n_objects,).

        logits : Tensor of shape (n_objects, n_outputs) or (n_objects, n_positions, n_outputs)
            Output of the network; of several positions the last one counts.

        Returns
        -------
        loss : Tensor or None
        """
        labelled = inputs["labelled"].to(logits.device)
        if min(int(labelled.sum()), int((~labelled).sum())) < _FEWEST or not self.weight:
            return None
        last = logits[:, -1] if logits.ndim == 3 else logits
        return self.weight * coral_distance(last[labelled], last[~labelled])

"""Losses for rare positives and few labels: AUC and virtual adversarial training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from skastro.nn._criteria import Criterion, two_logits

_STAMP_INPUTS = ("image", "static")


def auc_loss(scores: Tensor, labels: Tensor, margin: float = 0.25, cap: float = 6.0) -> Tensor:
    r"""Return losses of the objects whose mean is that over all pairs of unequal labels.

    .. math:: L = \left\langle e^{\mathrm{clip}(d_- - d_+ + m,\ 0,\ c)} - 1 \right\rangle_{+,-}

    Parameters
    ----------
    scores : Tensor of shape (n,)
        Differences d of the logits of the positive and the negative class.

    labels : Tensor of shape (n,)
        1 for positive, 0 for negative.

    margin : float, default=0.25
        Margin m by which a positive should exceed a negative.

    cap : float, default=6.0
        Largest exponent c.

    Returns
    -------
    losses : Tensor of shape (n,)
        Zero for negatives; all zero if one of the labels is absent.

    References
    ----------
    .. [1] I. Takahashi et al., PASJ 74, 946 (2022), section 4.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import auc_loss
    >>> auc_loss(torch.tensor([2.0, 0.0]), torch.tensor([1, 0])).tolist()
    [0.0, 0.0]
    """
    return _pair_loss(scores, labels, margin, cap, 1.0)


def partial_auc_loss(
    scores: Tensor, labels: Tensor, beta: float = 0.1, margin: float = 0.25, cap: float = 6.0
) -> Tensor:
    """Return :func:`auc_loss` against only the negatives with the highest scores.

    These determine the true-positive rate at small false-positive rates.

    Parameters
    ----------
    scores, labels : Tensor of shape (n,)
        See :func:`auc_loss`.

    beta : float, default=0.1
        Fraction of the negatives; at least one is used.

    margin, cap : float, default=0.25 and 6.0
        See :func:`auc_loss`.

    Returns
    -------
    losses : Tensor of shape (n,)

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import partial_auc_loss
    >>> scores = torch.tensor([0.0, -9.0, 1.0])
    >>> partial_auc_loss(scores, torch.tensor([1, 0, 0]), beta=0.5).sum() / 3
    tensor(2.4903)
    """
    return _pair_loss(scores, labels, margin, cap, beta)


def _pair_loss(scores: Tensor, labels: Tensor, margin: float, cap: float, beta: float) -> Tensor:
    # Zeros that backward can start from.
    losses = 0.0 * scores
    positive = labels == 1
    above, below = scores[positive], scores[~positive]
    if len(above) == 0 or len(below) == 0:
        return losses
    if beta < 1:
        below = below.topk(max(1, round(beta * len(below)))).values
    # Clamped first: the exponential of a large difference overflows.
    pairs = torch.expm1((below - above[:, None] + margin).clamp(0, cap))
    return losses.masked_scatter(positive, pairs.mean(1) * (len(scores) / len(above)))


def adversarial_direction(
    divergence: Callable[[Tensor], Tensor],
    inputs: Tensor,
    *,
    xi: float = 1.0,
    n_power: int = 1,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return the direction, of length 1 per object, in which a divergence grows fastest.

    Parameters
    ----------
    divergence : callable
        Maps perturbed inputs to a scalar that is smallest without perturbation.

    inputs : Tensor of shape (n, ...)
        Inputs without perturbation.

    xi : float, default=1.0
        Step of the finite difference.

    n_power : int, default=1
        Number of power iterations from a random direction.

    generator : torch.Generator, default=None
        Source of the random direction; by default the global generator of torch.

    Returns
    -------
    direction : Tensor of shape (n, ...)

    References
    ----------
    .. [1] T. Miyato, S. Maeda, M. Koyama, S. Ishii, "Virtual Adversarial Training",
       arXiv:1704.03976, section 3.3.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import adversarial_direction
    >>> slope = torch.tensor([3.0, 4.0])
    >>> found = adversarial_direction(lambda x: (x @ slope).square().sum(), torch.zeros(1, 2))
    >>> found.abs().round(decimals=4).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    noise = torch.empty_like(inputs).normal_(generator=generator)
    direction = _unit(noise)
    for _ in range(n_power):
        direction.requires_grad_()
        with torch.enable_grad():
            (slope,) = torch.autograd.grad(divergence(inputs + xi * direction), direction)
        direction = _unit(slope.detach())
    return direction


def _unit(vectors: Tensor) -> Tensor:
    norm = torch.linalg.vector_norm(vectors.flatten(1), dim=1)
    return vectors / norm.clamp_min(1e-12).view(-1, *[1] * (vectors.ndim - 1))


def vat_loss(
    classify: Callable[[Tensor], Tensor],
    inputs: Tensor,
    logits: Tensor,
    *,
    xi: float = 1.0,
    epsilon: float = 0.1,
    n_power: int = 1,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return the virtual-adversarial loss: cross-entropy of perturbed to clean predictions [1]_.

    Parameters
    ----------
    classify : callable
        Maps inputs to logits (n, n_outputs); a single logit is that of the second of two classes.

    inputs : Tensor of shape (n, ...)
        Normalised inputs; `epsilon` is a length in their space.

    logits : Tensor of shape (n, n_outputs)
        Clean predictions, which are held constant.

    xi, n_power, generator : float, int and torch.Generator
        See :func:`adversarial_direction`.

    epsilon : float, default=0.1
        Length of the perturbation.

    Returns
    -------
    loss : Tensor
        A scalar, which requires no labels.

    References
    ----------
    .. [1] T. Miyato, S. Maeda, M. Koyama, S. Ishii, "Virtual Adversarial Training",
       arXiv:1704.03976.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import vat_loss
    >>> network = torch.nn.Linear(3, 2)
    >>> inputs = torch.zeros(4, 3)
    >>> vat_loss(network, inputs, network(inputs)).ndim
    0
    """
    target = two_logits(logits.detach()).softmax(-1)

    def divergence(perturbed: Tensor) -> Tensor:
        return functional.cross_entropy(two_logits(classify(perturbed)), target)

    direction = adversarial_direction(
        divergence, inputs.detach(), xi=xi, n_power=n_power, generator=generator
    )
    return divergence(inputs.detach() + epsilon * direction)


class RealBogusLoss(Criterion):
    """Weighted sum of cross-entropy, pairwise AUC loss and virtual-adversarial loss.

    Objects without a label enter the virtual-adversarial loss only, which training adds through
    :meth:`regularize` and validation omits.

    Parameters
    ----------
    cross_entropy : float, default=1.0
        Weight of the cross-entropy; 0.1 in [1]_.

    auc : float, default=0.0
        Weight of the pairwise loss, for two classes only; 1.0 in [1]_.

    vat : float, default=0.0
        Weight of the virtual-adversarial loss; 0.1 in [1]_.

    margin, cap : float, default=0.25 and 6.0
        Parameters of :func:`auc_loss`.

    beta : float, default=1.0
        Fraction of the negatives, those with the highest scores, that enter the pairwise loss.

    xi, epsilon, n_power : float, float and int, default=1.0, 0.1 and 1
        Parameters of :func:`vat_loss`; `epsilon` is a length in the space of normalised images.

    reduction : {"mean", "none"}, default="mean"
        Whether calling the criterion returns the mean over the objects or one loss per object.

    Raises
    ------
    ValueError
        Negative weights, or all zero; `beta` outside (0, 1].

    References
    ----------
    .. [1] I. Takahashi et al., PASJ 74, 946 (2022).

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import RealBogusLoss
    >>> loss = RealBogusLoss(cross_entropy=0.0, auc=1.0)
    >>> logits = torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    >>> loss(logits, torch.tensor([1, 0]))
    tensor(2.4903)
    """

    def __init__(
        self,
        cross_entropy: float = 1.0,
        auc: float = 0.0,
        vat: float = 0.0,
        *,
        margin: float = 0.25,
        cap: float = 6.0,
        beta: float = 1.0,
        xi: float = 1.0,
        epsilon: float = 0.1,
        n_power: int = 1,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        if min(cross_entropy, auc, vat) < 0 or cross_entropy == auc == vat == 0:
            raise ValueError(
                "RealBogusLoss: cross_entropy, auc and vat must not be negative, and one of them "
                "must be positive"
            )
        if not 0 < beta <= 1:
            raise ValueError(f"RealBogusLoss: beta must lie in (0, 1], not {beta!r}")
        self.cross_entropy, self.auc, self.vat = cross_entropy, auc, vat
        self.margin, self.cap, self.beta = margin, cap, beta
        self.xi, self.epsilon, self.n_power = xi, epsilon, n_power

    def losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return one loss per labelled object; see :meth:`Criterion.losses`.

        Raises
        ------
        ValueError
            The pairwise loss is on and there are not two classes.
        """
        losses = self.cross_entropy * functional.cross_entropy(logits, labels, reduction="none")
        if self.auc == 0:
            return losses
        if logits.shape[1] != 2:
            raise ValueError(
                f"RealBogusLoss: auc={self.auc!r} requires two classes, not {logits.shape[1]}"
            )
        difference = logits[:, 1] - logits[:, 0]
        pairs = _pair_loss(difference, labels, self.margin, self.cap, self.beta)
        return losses + self.auc * pairs

    def regularize(
        self, module: Any, inputs: Mapping[str, Tensor], logits: Tensor
    ) -> Tensor | None:
        """Return the virtual-adversarial loss; see :meth:`Criterion.regularize`.

        Parameters
        ----------
        module : torch.nn.Module
            Has ``normalize(image)`` and ``classify(normalized, static)``, as the stamp networks.

        inputs : dict of str -> Tensor
            ``image``, optionally ``static``.

        logits : Tensor of shape (n_objects, n_outputs)
            Output of the network for `inputs`.

        Returns
        -------
        loss : Tensor or None
            A scalar; None if ``vat=0``.
        """
        if self.vat == 0:
            return None
        inputs = {name: inputs[name].to(logits.device) for name in _STAMP_INPUTS if name in inputs}
        loss = vat_loss(
            partial(_classify, module, inputs.get("static")),
            module.normalize(inputs["image"]),
            logits,
            xi=self.xi,
            epsilon=self.epsilon,
            n_power=self.n_power,
        )
        return self.vat * loss


def _classify(module: Any, static: Tensor | None, normalized: Tensor) -> Tensor:
    return module.classify(normalized, static)

"""Losses for rare positives and few labels: areas under the curve, virtual adversaries."""

import torch
from torch import nn
from torch.nn import functional


def auc_loss(scores, labels, margin=0.25, cap=6.0):
    r"""Return the loss of every object whose mean is that of all pairs of unlike labels.

    .. math:: L = \left\langle e^{\mathrm{clip}(d_- - d_+ + m,\ 0,\ c)} - 1 \right\rangle_{+,-}

    Parameters
    ----------
    scores : Tensor of shape (n,)
        Differences d of the two logits.

    labels : Tensor of shape (n,)
        1 for positive, 0 for negative.

    margin : float, default=0.25
        Margin m by which a positive has to lie above a negative.

    cap : float, default=6.0
        Largest exponent c.

    Returns
    -------
    losses : Tensor of shape (n,)
        Zero for negatives; all zero where one label is missing.

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


def partial_auc_loss(scores, labels, beta=0.1, margin=0.25, cap=6.0):
    """Return :func:`auc_loss` against the highest-scoring part `beta` of the negatives alone.

    These decide the true-positive rate at small false-positive rates.  At least one negative is
    taken.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import partial_auc_loss
    >>> scores = torch.tensor([0.0, -9.0, 1.0])
    >>> partial_auc_loss(scores, torch.tensor([1, 0, 0]), beta=0.5).sum() / 3
    tensor(2.4903)
    """
    return _pair_loss(scores, labels, margin, cap, beta)


def _pair_loss(scores, labels, margin, cap, beta):
    losses = 0.0 * scores
    positive = labels == 1
    above, below = scores[positive], scores[~positive]
    if len(above) == 0 or len(below) == 0:
        return losses
    if beta < 1:
        below = below.topk(max(1, round(beta * len(below)))).values
    pairs = torch.expm1((below - above[:, None] + margin).clamp(0, cap))
    return losses.masked_scatter(positive, pairs.mean(1) * (len(scores) / len(above)))


def adversarial_direction(divergence, inputs, *, xi=1.0, n_power=1):
    """Return the direction, of length 1 an object, in which a divergence grows fastest.

    Parameters
    ----------
    divergence : callable
        Maps disturbed inputs to a scalar that is smallest without disturbance.

    inputs : Tensor of shape (n, ...)
        Where to begin.

    xi : float, default=1.0
        Length of the finite difference.

    n_power : int, default=1
        Power iterations from a random direction.

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
    direction = _unit(torch.randn_like(inputs))
    for _ in range(n_power):
        direction.requires_grad_()
        with torch.enable_grad():
            (slope,) = torch.autograd.grad(divergence(inputs + xi * direction), direction)
        direction = _unit(slope.detach())
    return direction


def _unit(vectors):
    norm = torch.linalg.vector_norm(vectors.flatten(1), dim=1)
    return vectors / norm.clamp_min(1e-12).view(-1, *[1] * (vectors.ndim - 1))


def vat_loss(classify, inputs, logits, *, xi=1.0, epsilon=0.1, n_power=1):
    """Return the cross-entropy of disturbed predictions to the clean ones, virtual adversaries.

    Parameters
    ----------
    classify : callable
        Maps inputs to logits (n, n_outputs); one logit stands for the second of two classes.

    inputs : Tensor of shape (n, ...)
        Normalised inputs; `epsilon` is a length in their space.

    logits : Tensor of shape (n, n_outputs)
        Clean answers; they are taken as given.

    xi, n_power : float, int
        As of :func:`adversarial_direction`.

    epsilon : float, default=0.1
        Length of the disturbance.

    Returns
    -------
    loss : Tensor
        Scalar.  No label is needed.

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
    target = _two(logits.detach()).softmax(-1)

    def divergence(disturbed):
        return functional.cross_entropy(_two(classify(disturbed)), target)

    direction = adversarial_direction(divergence, inputs.detach(), xi=xi, n_power=n_power)
    return divergence(inputs.detach() + epsilon * direction)


def _two(logits):
    if logits.shape[-1] > 1:
        return logits
    return torch.cat([torch.zeros_like(logits), logits], dim=-1)


class RealBogusLoss(nn.Module):
    """Weighted sum of cross-entropy, pairwise AUC loss and virtual-adversarial loss.

    Objects without a label take part in the virtual-adversarial loss alone, which the training
    adds through :meth:`regularize` and the validation leaves out.

    Parameters
    ----------
    cross_entropy : float, default=1.0
        Weight of the cross-entropy; 0.1 in the paper.

    auc : float, default=0.0
        Weight of the pairwise loss, for two classes; 1.0 in the paper.

    vat : float, default=0.0
        Weight of the virtual-adversarial loss; 0.1 in the paper.

    margin, cap : float, default=0.25, 6.0
        Of :func:`auc_loss`.

    beta : float, default=1.0
        Part of the negatives, the highest ones, that the pairwise loss sees.

    xi, epsilon, n_power : float, float, int, default=1.0, 0.1, 1
        Of :func:`vat_loss`; `epsilon` is a length in the space of normalised images.

    Attributes
    ----------
    n_outputs : int
        2 with a pairwise loss.

    References
    ----------
    .. [1] I. Takahashi et al., PASJ 74, 946 (2022).

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import RealBogusLoss
    >>> loss = RealBogusLoss(cross_entropy=0.0, auc=1.0)
    >>> logits = torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    >>> loss(logits, torch.tensor([1, 0])).mean()
    tensor(2.4903)
    """

    def __init__(
        self,
        cross_entropy=1.0,
        auc=0.0,
        vat=0.0,
        *,
        margin=0.25,
        cap=6.0,
        beta=1.0,
        xi=1.0,
        epsilon=0.1,
        n_power=1,
    ):
        super().__init__()
        if min(cross_entropy, auc, vat) < 0 or cross_entropy == auc == vat == 0:
            raise ValueError("RealBogusLoss: weights must not be negative, and one not zero")
        if not 0 < beta <= 1:
            raise ValueError(f"RealBogusLoss: beta={beta!r} does not lie in (0, 1]")
        self.cross_entropy, self.auc, self.vat = cross_entropy, auc, vat
        self.margin, self.cap, self.beta = margin, cap, beta
        self.adversary = {"xi": xi, "epsilon": epsilon, "n_power": n_power}

    def forward(self, logits, labels):
        """Return one loss an object, of those that have a label.

        Parameters
        ----------
        logits : Tensor of shape (n, n_classes)

        labels : Tensor of int of shape (n,)

        Returns
        -------
        losses : Tensor of shape (n,)
        """
        losses = self.cross_entropy * functional.cross_entropy(logits, labels, reduction="none")
        if self.auc == 0:
            return losses
        if logits.shape[1] != 2:
            raise ValueError(f"RealBogusLoss: auc needs two classes, not {logits.shape[1]}")
        difference = logits[:, 1] - logits[:, 0]
        pairs = _pair_loss(difference, labels, self.margin, self.cap, self.beta)
        return losses + self.auc * pairs

    def regularize(self, module, inputs, logits):
        """Return the loss that needs no labels.

        Parameters
        ----------
        module : torch module
            With ``normalize(image)`` and ``classify(normalized, static)``.

        inputs : dict of str -> Tensor
            ``image`` and perhaps ``static``.

        logits : Tensor of shape (n, n_outputs)
            Its answers.
        """
        if self.vat == 0:
            return logits.new_zeros(())
        static = inputs.get("static")

        def classify(normalized):
            return module.classify(normalized, static)

        normalized = module.normalize(inputs["image"])
        return self.vat * vat_loss(classify, normalized, logits, **self.adversary)

"""Losses of reconstructed sequences with a weight for each value, and a sparsity penalty."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


def _squared(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction - target) ** 2


def _squared_log(prediction: Tensor, target: Tensor) -> Tensor:
    return (torch.log1p(prediction.clamp_min(0)) - torch.log1p(target.clamp_min(0))) ** 2


def _absolute(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction - target).abs()


def _huber(prediction: Tensor, target: Tensor) -> Tensor:
    return functional.huber_loss(prediction, target, reduction="none")


def _log_cosh(prediction: Tensor, target: Tensor) -> Tensor:
    distance = (prediction - target).abs()
    # log(cosh(x)) itself overflows.
    return distance + functional.softplus(-2 * distance) - math.log(2)


_ERRORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": _squared,
    "msle": _squared_log,
    "huber": _huber,
    "mae": _absolute,
    "log_cosh": _log_cosh,
    "rmse": _squared,
}
SEQUENCE_LOSSES = tuple(_ERRORS)


def sequence_loss(
    prediction: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    kind: str = "mse",
    reduction: str = "mean",
) -> Tensor:
    r"""Return the weighted mean error of reconstructed values.

    .. math:: L = \sum_i w_i\, \ell(p_i, t_i) \Big/ \sum_i w_i

    where :math:`\ell` is the squared error (``"mse"``, and with a square root of the mean
    ``"rmse"``), the squared difference of :math:`\log(1 + x)` with negative values set to 0
    (``"msle"``, as in Keras), the absolute error (``"mae"``), the Huber loss with threshold 1
    (``"huber"``), or
    :math:`\log\cosh(p_i - t_i)` (``"log_cosh"``).

    Parameters
    ----------
    prediction, target : Tensor of shape (n_objects, n_values, ...)
        Values; where the weight is 0 they are ignored, even if NaN.

    weight : Tensor of shape (n_objects, ...), default=None
        Weight of each value: a mask of 0 and 1, or 1 / error squared; by default 1.

    kind : {"mse", "msle", "huber", "mae", "log_cosh", "rmse"}, default="mse"
        Error of a value.

    reduction : {"mean", "none"}, default="mean"
        One loss over all values, or one per object, 0 for an object without weight.

    Returns
    -------
    loss : Tensor
        A scalar, or of shape (n_objects,).

    Raises
    ------
    ValueError
        Unknown kind or reduction.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import sequence_loss
    >>> prediction, target = torch.tensor([[1.0, 9.0]]), torch.tensor([[3.0, float("nan")]])
    >>> sequence_loss(prediction, target, weight=torch.tensor([[1.0, 0.0]])).item()
    4.0
    """
    if kind not in _ERRORS:
        raise ValueError(f"sequence_loss: kind must be one of {SEQUENCE_LOSSES}, not {kind!r}")
    if reduction not in {"mean", "none"}:
        raise ValueError(f"sequence_loss: reduction must be 'mean' or 'none', not {reduction!r}")
    weight = torch.ones_like(target) if weight is None else weight.to(prediction.dtype)
    counts = weight > 0
    zero = prediction.new_zeros(())
    # Before the error: a weight of zero times an infinite gradient is NaN.
    errors = _ERRORS[kind](torch.where(counts, prediction, zero), torch.where(counts, target, zero))
    total = (weight * errors).flatten(1).sum(dim=1)
    norm = weight.expand_as(errors).flatten(1).sum(dim=1)
    if reduction == "mean":
        total, norm = total.sum(), norm.sum()
    loss = total / torch.where(norm > 0, norm, torch.ones_like(norm))
    # The root has an infinite gradient at zero.
    tiny = torch.finfo(loss.dtype).tiny
    return torch.where(loss > tiny, loss.clamp_min(tiny).sqrt(), loss) if kind == "rmse" else loss


def bernoulli_kl(activity: Tensor, rho: float) -> Tensor:
    r"""Return the Kullback-Leibler divergence of Bernoulli variables from one with mean `rho`.

    .. math:: \mathrm{KL} = \rho \log\frac{\rho}{a} + (1 - \rho) \log\frac{1 - \rho}{1 - a}

    Parameters
    ----------
    activity : Tensor of any shape
        Means a, clipped to the range from 1e-7 to 1 - 1e-7.

    rho : float
        Target mean, between 0 and 1.

    Returns
    -------
    divergence : Tensor of the same shape
        0 where the activity is `rho`.

    Raises
    ------
    ValueError
        rho is not between 0 and 1.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import bernoulli_kl
    >>> bernoulli_kl(torch.tensor([0.25, 0.5]), rho=0.25).round(decimals=4)
    tensor([0.0000, 0.1308])
    """
    if not 0 < rho < 1:
        raise ValueError(f"bernoulli_kl: rho must be between 0 and 1, not {rho!r}")
    kept = activity.clamp(1e-7, 1 - 1e-7)
    on = rho * (math.log(rho) - torch.log(kept))
    return on + (1 - rho) * (math.log1p(-rho) - torch.log1p(-kept))


def sparsity_penalty(*modules: nn.Module, rho: float = 1e-5) -> Tensor:
    """Return the mean Bernoulli divergence of the absolute weights of modules.

    This is the penalty of PELICAN [1]_ on encoder and decoder.  The activity of a unit (a row of a
    weight matrix) is its mean absolute weight, and :func:`bernoulli_kl` between activity and `rho`
    is averaged over the units.  Only matrices count, not biases and scales.

    Parameters
    ----------
    *modules : torch modules
        Modules whose weights are penalised; the gradient flows into them.

    rho : float, default=1e-5
        Target mean absolute weight.

    Returns
    -------
    penalty : Tensor
        A scalar.

    References
    ----------
    .. [1] J. Pasquet et al., "PELICAN: deeP architecturE for the LIght Curve ANalysis",
       A&A 627, A21 (2019), arXiv:1901.01298.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import sparsity_penalty
    >>> layer = torch.nn.Linear(4, 4)
    >>> sparsity_penalty(layer).backward()
    >>> bool((layer.weight.grad != 0).all())
    True
    """
    matrices = [p for module in modules for p in module.parameters() if p.ndim > 1]
    if not matrices:
        raise ValueError("sparsity_penalty: the modules have no weight matrices")
    activity = torch.cat([matrix.abs().flatten(1).mean(dim=1) for matrix in matrices])
    return bernoulli_kl(activity, rho).mean()


class SequenceLoss(nn.Module):
    """The :func:`sequence_loss`, with the sparsity penalty of PELICAN if modules are passed.

    Parameters
    ----------
    kind : {"mse", "msle", "huber", "mae", "log_cosh", "rmse"}, default="mse"
        Error of a value.

    alpha : float, default=0.0
        Factor of the sparsity penalty; the published value is 0.3.

    rho : float, default=1e-5
        Target mean absolute weight.

    reduction : {"mean", "none"}, default="mean"
        One loss, or one per object.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import SequenceLoss
    >>> SequenceLoss("mae")(torch.zeros(2, 3), torch.ones(2, 3)).item()
    1.0
    """

    def __init__(
        self,
        kind: str = "mse",
        *,
        alpha: float = 0.0,
        rho: float = 1e-5,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        self.kind = kind
        self.alpha = alpha
        self.rho = rho
        self.reduction = reduction

    def forward(
        self,
        prediction: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        modules: Sequence[nn.Module] = (),
    ) -> Tensor:
        """Return the loss; the weights of `modules` are penalised."""
        loss = sequence_loss(prediction, target, weight, kind=self.kind, reduction=self.reduction)
        if self.alpha and modules:
            loss = loss + self.alpha * sparsity_penalty(*modules, rho=self.rho)
        return loss

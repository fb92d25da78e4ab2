"""How much each observation contributes to the output of a network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


def gradient_times_input(
    module: Any, batch: Mapping[str, torch.Tensor], device: torch.device | str
) -> NDArray[np.float32]:
    """Return the share of every observation in the largest logit.

    Parameters
    ----------
    module : torch.nn.Module
        Network with ``encoder.embedding``.

    batch : dict of str -> Tensor
        Its inputs, with the `lengths` of the light curves.

    device : device or str
        Device of the module.

    Returns
    -------
    share : ndarray of shape (n_objects, n_observations)
        Divided by the sum of the absolute values over the object.
    """
    kept = []

    def keep(layer, inputs, output):
        kept.append(output)
        output.retain_grad()

    handle = module.encoder.embedding.register_forward_hook(keep)
    try:
        logits = module(**{name: tensor.to(device) for name, tensor in batch.items()})[:, -1]
    finally:
        handle.remove()
    # A single logit is that of the second class; below zero it speaks for the first.
    best = logits if logits.shape[1] == 1 else logits.amax(dim=1)
    sign = torch.where(best < 0, -1.0, 1.0) if logits.shape[1] == 1 else 1.0
    module.zero_grad()
    (best * sign).sum().backward()
    share = (kept[0] * kept[0].grad).sum(dim=2).detach()
    real = torch.arange(share.shape[1]) < batch["lengths"][:, None]
    share = share.cpu() * real
    return (share / share.abs().sum(dim=1, keepdim=True).clamp_min(1e-30)).numpy()

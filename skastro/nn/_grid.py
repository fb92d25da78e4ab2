"""Transformer over a regular grid of time steps and filters."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from skastro.nn._attention import TimeEncoding, TransformerLayer
from skastro.nn._classifier_net import ClassifierNet, hidden_layers

_SEEN = ("any", "first")


class GridTransformerNet(ClassifierNet):
    """Transformer that classifies light curves on a grid, with one token per time step.

    A token holds the channels of all filters.  The rows of
    :class:`skastro.feature_extraction.LightCurveChannels` with ``channels_last=True`` and the mask
    as the last channel have the required layout.  The network is a module for
    :class:`skastro.neural_network.HeatmapCNNClassifier`.

    Parameters
    ----------
    image_shape : tuple of 3 ints
        (height, width, channels), here the numbers of bands, times and channels; the last channel
        is 1 where a filter was observed.

    n_static : int, default=0
        Number of static features, which are appended to the pooled tokens.

    n_outputs : int, default=2
        Number of logits.

    seen : {"any", "first"}, default="any"
        Time steps that are attended to: those observed in any filter, or in the first filter, as in
        the original code by mistake.

    size, num_layers, n_heads, feedforward_size, dropout, norm_first
        See :class:`EventEncoder`; the original code has 128, 8, 8, 64, 0 and post-norm.

    References
    ----------
    .. [1] T. Allam Jr., J. D. McEwen, "Paying attention to astronomical transients",
       arXiv:2105.06178.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import GridTransformerNet
    >>> GridTransformerNet((6, 51, 2), n_outputs=4)(torch.ones(3, 6, 51, 2)).shape
    torch.Size([3, 4])
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        n_static: int = 0,
        n_outputs: int = 2,
        *,
        seen: str = "any",
        size: int = 64,
        num_layers: int = 2,
        n_heads: int = 4,
        feedforward_size: int = 128,
        dropout: float = 0.1,
        norm_first: bool = True,
    ) -> None:
        super().__init__()
        if seen not in _SEEN:
            raise ValueError(f"GridTransformerNet: seen must be one of {_SEEN}, not {seen!r}")
        self.seen = seen
        self.embedding = nn.Linear(image_shape[0] * image_shape[2], size)
        self.time = TimeEncoding(size)
        self.layers = nn.ModuleList(
            TransformerLayer(
                size,
                n_heads=n_heads,
                feedforward_size=feedforward_size,
                dropout=dropout,
                norm_first=norm_first,
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(size) if norm_first else nn.Identity()
        self.head = hidden_layers([size + n_static, 64], dropout)
        self.output = nn.Linear(64, n_outputs)

    def embed(self, image: Tensor, static: Tensor | None = None) -> Tensor:
        """Return embeddings (n, n_embedding) of grids (n, n_bands, n_times, n_channels)."""
        observed = image[..., -1] > 0
        mask = observed[:, 0] if self.seen == "first" else observed.any(dim=1)
        # A view of the image so far; and a softmax over no token would be NaN.
        mask = mask.clone()
        mask[:, 0] |= ~mask.any(dim=1)
        steps = torch.arange(image.shape[2], dtype=image.dtype, device=image.device)
        tokens = self.embedding(image.permute(0, 2, 1, 3).flatten(2)) + self.time(steps)
        look = mask[:, None].expand(-1, len(steps), -1)
        for layer in self.layers:
            tokens = layer(tokens, look)
        pooled = self.norm(tokens).masked_fill(~mask[:, :, None], -torch.inf).amax(dim=1)
        return self.head(pooled if static is None else torch.cat([pooled, static], dim=1))

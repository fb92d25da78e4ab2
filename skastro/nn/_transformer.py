"""Transformers over the observations of a light curve."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from skastro.nn._attention import Attention, TimeEncoding, TransformerLayer
from skastro.nn._classifier_net import ClassifierNet, hidden_layers
from skastro.nn._observation import DAYS_SCALE, ObservationFeature, visible, without_order

_SHORTEST_PERIOD = 30.0


class EventEncoder(nn.Module):
    """Transformer with one token per observation, at arbitrary times.

    A token is a linear map of the features and the band of its observation plus a
    :class:`TimeEncoding`.  Features that depend on the order of simultaneous observations are
    first replaced by those of all of them together, so that their order has no effect.

    Parameters
    ----------
    n_inputs : int
        Number of features of one observation: those of :class:`ObservationFeature`, then those of
        its band.

    n_bands : int, default=0
        Number of bands with a learned embedding; 0 for none.

    size : int, default=64
        Width of the tokens.

    num_layers : int, default=2
        Number of layers; 8 in the original code of the transformer classifier.

    n_heads : int, default=4
        Number of heads.

    feedforward_size : int, default=128
        Width of the hidden layers of the feed-forward networks.

    dropout : float, default=0.1
        Dropout probability.

    norm_first : bool, default=True
        Whether to normalise before each sublayer (pre-norm) or after it (post-norm).

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import EventEncoder
    >>> seen = torch.ones(2, 5, 5, dtype=torch.bool)
    >>> EventEncoder(n_inputs=12)(torch.zeros(2, 5, 12), seen).shape
    torch.Size([2, 5, 64])
    """

    def __init__(
        self,
        n_inputs: int,
        *,
        n_bands: int = 0,
        size: int = 64,
        num_layers: int = 2,
        n_heads: int = 4,
        feedforward_size: int = 128,
        dropout: float = 0.1,
        norm_first: bool = True,
    ) -> None:
        super().__init__()
        self.size = size
        self.embedding = nn.Linear(n_inputs, size)
        self.time = TimeEncoding(size, shortest=_SHORTEST_PERIOD)
        self.time_map = nn.Linear(size, size, bias=False)
        self.bands = nn.Embedding(n_bands, size) if n_bands else None
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

    def forward(self, observations: Tensor, mask: Tensor, bands: Tensor | None = None) -> Tensor:
        """Return tokens of shape (n_objects, n_observations, size).

        Parameters
        ----------
        observations : Tensor of shape (n_objects, n_observations, n_inputs)
            In ascending order of time.

        mask : Tensor of bool, shape (n_objects, n_observations, n_observations)
            True where an observation (second axis) may attend to another (third).

        bands : Tensor of int of shape (n_objects, n_observations), default=None
            Number of the band of each observation, with ``n_bands > 0``.
        """
        tokens = self.embedding(without_order(observations, mask.any(dim=1)))
        tokens = tokens + self.time_map(
            self.time(DAYS_SCALE * observations[..., ObservationFeature.DAYS])
        )
        if self.bands is not None:
            tokens = tokens + self.bands(bands)
        for layer in self.layers:
            tokens = layer(tokens, mask)
        return self.norm(tokens)


class AttentionPooling(nn.Module):
    """Pool tokens by attention with one learned query, the class token.

    Parameters
    ----------
    size : int
        Width of the tokens.

    n_heads : int, default=4
        Number of heads.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import AttentionPooling
    >>> seen = torch.ones(2, 1, 5, dtype=torch.bool)
    >>> AttentionPooling(8)(torch.zeros(2, 5, 8), seen).shape
    torch.Size([2, 1, 8])
    """

    def __init__(self, size: int, *, n_heads: int = 4) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, 1, size) / size**0.5)
        self.attention = Attention(size, n_heads=n_heads)

    def forward(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """Return the pooled tokens, of shape (n, n_positions, size).

        Parameters
        ----------
        tokens : Tensor of shape (n, n_tokens, size)
            Tokens.

        seen : Tensor of bool, shape (n, n_positions, n_tokens)
            True for the tokens that are pooled at each position.
        """
        return self.attention(self.query.expand(*seen.shape[:2], -1), tokens, seen)

    def importance(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """Return the weight of each token at each position, (n, n_positions, n_tokens)."""
        return self.attention.importance(self.query.expand(*seen.shape[:2], -1), tokens, seen)


def _mean(tokens: Tensor, seen: Tensor) -> Tensor:
    weight = seen.to(tokens.dtype)
    return weight @ tokens / weight.sum(dim=2, keepdim=True)


def _maximum(tokens: Tensor, seen: Tensor) -> Tensor:
    found = [tokens.masked_fill(~one[:, :, None], -torch.inf).amax(1) for one in seen.unbind(1)]
    return torch.stack(found, dim=1)


_POOLING: dict[str, Callable[[Tensor, Tensor], Tensor] | None] = {
    "class": None,
    "mean": _mean,
    "max": _maximum,
}


class TransformerNet(ClassifierNet):
    """Transformer that classifies light curves, complete or cut at any date.

    With ``causal=True`` an observation attends to itself and to simultaneous and earlier ones, and
    one pass predicts at every position.  With ``causal=False`` all observations up to a position
    attend to each other, and each position requires a pass of its own.  Either way a prediction
    does not depend on later observations.

    Parameters
    ----------
    n_inputs : int
        Number of features of one observation, see :class:`EventEncoder`.

    n_outputs : int
        Number of logits.

    n_static : int, default=0
        Number of static features.

    n_bands : int, default=0
        Number of bands with a learned embedding; 0 for none.

    causal : bool, default=True
        Whether observations attend to earlier ones only.

    pooling : {"class", "mean", "max"}, default="class"
        Pooling of the tokens: attention with a learned query, mean or maximum.

    size, num_layers, n_heads, feedforward_size, dropout, norm_first
        See :class:`EventEncoder`.

    static_size : int, default=32
        Width of the dense layer for the static features.

    head_sizes : sequence of int, default=(64,)
        Widths of the dense layers before the last one.

    References
    ----------
    .. [1] T. Allam Jr., J. D. McEwen, "Paying attention to astronomical transients",
       arXiv:2105.06178.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import TransformerNet
    >>> net = TransformerNet(n_inputs=12, n_outputs=3)
    >>> positions, lengths = torch.tensor([[6, 2], [3, 0]]), torch.tensor([7, 4])
    >>> net(torch.zeros(2, 7, 12), positions, lengths).shape
    torch.Size([2, 2, 3])
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        n_static: int = 0,
        n_bands: int = 0,
        causal: bool = True,
        pooling: str = "class",
        size: int = 64,
        num_layers: int = 2,
        n_heads: int = 4,
        feedforward_size: int = 128,
        dropout: float = 0.1,
        norm_first: bool = True,
        static_size: int = 32,
        head_sizes: Sequence[int] = (64,),
    ) -> None:
        super().__init__()
        if pooling not in _POOLING:
            raise ValueError(
                f"TransformerNet: pooling must be one of {sorted(_POOLING)}, not {pooling!r}"
            )
        self.causal = causal
        self.encoder = EventEncoder(
            n_inputs,
            n_bands=n_bands,
            size=size,
            num_layers=num_layers,
            n_heads=n_heads,
            feedforward_size=feedforward_size,
            dropout=dropout,
            norm_first=norm_first,
        )
        self.pooling = _POOLING[pooling] or AttentionPooling(size, n_heads=n_heads)
        self.static = None
        if n_static:
            self.static = nn.Sequential(nn.Linear(n_static, static_size), nn.ReLU())
        width = size + (static_size if n_static else 0)
        self.head = hidden_layers([width, *head_sizes], dropout)
        self.output = nn.Linear([width, *head_sizes][-1], n_outputs)

    def embed(
        self,
        observations: Tensor,
        positions: Tensor,
        lengths: Tensor,
        static: Tensor | None = None,
        bands: Tensor | None = None,
    ) -> Tensor:
        """Return embeddings.

        Parameters
        ----------
        observations : Tensor of shape (n_objects, n_observations, n_inputs)
            In ascending order of time; shorter objects are padded at the end with finite values.

        positions : Tensor of int of shape (n_objects, n_positions)
            Observations after which to predict, from those that are not later; -1 returns NaN.

        lengths : Tensor of int of shape (n_objects,)
            Number of observations of each object.

        static : Tensor of shape (n_objects, n_static), default=None
            Static features.

        bands : Tensor of int of shape (n_objects, n_observations), default=None
            Number of the band of each observation, with ``n_bands > 0``.

        Returns
        -------
        embedding : Tensor of shape (n_objects, n_positions, n_embedding)
        """
        features = self.pooled(observations, positions, lengths, bands)
        if self.static is not None:
            static = self.static(static)[:, None].expand(-1, features.shape[1], -1)
            features = torch.cat([features, static], dim=2)
        return self.head(features).masked_fill(positions[:, :, None] < 0, torch.nan)

    def pooled(
        self, observations: Tensor, positions: Tensor, lengths: Tensor, bands: Tensor | None = None
    ) -> Tensor:
        """Return the pooled tokens at each position, of shape (n_objects, n_positions, size)."""
        seen, tokens = self.tokens(observations, positions, lengths, bands)
        return self.pooling(tokens, seen).view(*positions.shape, -1)

    def tokens(
        self, observations: Tensor, positions: Tensor, lengths: Tensor, bands: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return which tokens each position uses, and the tokens.

        Without ``causal`` the positions of an object are successive rows of both.
        """
        times = observations[..., ObservationFeature.DAYS]
        seen = visible(times, positions.clamp_min(0), lengths)
        if self.causal:
            every = torch.arange(observations.shape[1], device=lengths.device)
            # Padding sees what the last observation sees: a softmax over no token would be NaN.
            last = (lengths[:, None] - 1).clamp_min(0)
            mask = visible(
                observations[..., ObservationFeature.DAYS], torch.minimum(every, last), lengths
            )
            return seen, self.encoder(observations, mask, bands)
        n_positions = positions.shape[1]
        seen = seen.flatten(0, 1)[:, None]
        observations = observations.repeat_interleave(n_positions, dim=0)
        bands = None if bands is None else bands.repeat_interleave(n_positions, dim=0)
        mask = seen.expand(-1, observations.shape[1], -1)
        return seen, self.encoder(observations, mask, bands)

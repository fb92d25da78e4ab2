"""Transformer layers with masks, and continuous encodings of time."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Multi-head attention.

    Parameters
    ----------
    size : int
        Width of the tokens, a multiple of `n_heads`.

    n_heads : int, default=4
        Number of heads.

    dropout : float, default=0.0
        Dropout probability of the attention weights in training.

    Raises
    ------
    ValueError
        `size` is not a multiple of `n_heads`.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import Attention
    >>> Attention(8)(torch.zeros(2, 3, 8), torch.zeros(2, 5, 8)).shape
    torch.Size([2, 3, 8])
    """

    def __init__(self, size: int, *, n_heads: int = 4, dropout: float = 0.0) -> None:
        super().__init__()
        if size % n_heads:
            raise ValueError(f"Attention: size={size} must be a multiple of n_heads={n_heads}")
        self.n_heads = n_heads
        self.dropout = dropout
        self.query = nn.Linear(size, size)
        self.key_value = nn.Linear(size, 2 * size)
        self.out = nn.Linear(size, size)

    def forward(self, queries: Tensor, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the attended values, of shape (n, n_queries, size).

        Parameters
        ----------
        queries : Tensor of shape (n, n_queries, size)
            Tokens that attend.

        tokens : Tensor of shape (n, n_tokens, size)
            Tokens that are attended to.

        mask : Tensor of bool, shape (n, n_queries, n_tokens), default=None
            True where a query may attend to a token; at least one per query.
        """
        key, value = self.key_value(tokens).chunk(2, dim=-1)
        found = functional.scaled_dot_product_attention(
            self._split(self.query(queries)),
            self._split(key),
            self._split(value),
            attn_mask=None if mask is None else mask[:, None],
            dropout_p=self.dropout if self.training else 0.0,
        )
        return self.out(found.transpose(1, 2).flatten(2))

    def importance(self, queries: Tensor, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the attention weights, mean of the heads, of shape (n, n_queries, n_tokens)."""
        key = self._split(self.key_value(tokens).chunk(2, dim=-1)[0])
        query = self._split(self.query(queries))
        scores = query @ key.transpose(2, 3) / math.sqrt(key.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None], -torch.inf)
        return scores.softmax(dim=-1).mean(dim=1)

    def _split(self, tokens: Tensor) -> Tensor:
        return tokens.unflatten(2, (self.n_heads, -1)).transpose(1, 2)


class TransformerLayer(nn.Module):
    """Transformer layer: attention and a feed-forward network with residual connections.

    Parameters
    ----------
    size : int
        Width of the tokens.

    n_heads : int, default=4
        Number of heads.

    feedforward_size : int, default=128
        Width of the hidden layer of the feed-forward network.

    dropout : float, default=0.1
        Dropout probability.

    norm_first : bool, default=True
        Whether to normalise before each sublayer (pre-norm), which trains without a warm-up [2]_,
        or after it (post-norm, as in [1]_).

    cross : bool, default=False
        Whether to attend to the tokens of an encoder between the two sublayers, as a decoder does.

    References
    ----------
    .. [1] A. Vaswani et al., "Attention is all you need", arXiv:1706.03762.
    .. [2] R. Xiong et al., "On Layer Normalization in the Transformer Architecture",
       arXiv:2002.04745.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import TransformerLayer
    >>> TransformerLayer(8)(torch.zeros(2, 5, 8)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(
        self,
        size: int,
        *,
        n_heads: int = 4,
        feedforward_size: int = 128,
        dropout: float = 0.1,
        norm_first: bool = True,
        cross: bool = False,
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.attention = Attention(size, n_heads=n_heads, dropout=dropout)
        self.cross = Attention(size, n_heads=n_heads, dropout=dropout) if cross else None
        self.feedforward = nn.Sequential(
            nn.Linear(size, feedforward_size), nn.GELU(), nn.Linear(feedforward_size, size)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(size) for _ in range(3 if cross else 2))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        tokens: Tensor,
        mask: Tensor | None = None,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """Return tokens of the same shape.

        Parameters
        ----------
        tokens : Tensor of shape (n, n_tokens, size)
            Input.

        mask : Tensor of bool, shape (n, n_tokens, n_tokens), default=None
            True where a token may attend to another.

        memory : Tensor of shape (n, n_memory, size), default=None
            Tokens of the encoder, with ``cross=True``.

        memory_mask : Tensor of bool, shape (n, n_tokens, n_memory), default=None
            True where a token may attend to one of the encoder.
        """
        norms = iter(self.norms)
        tokens = self._residual(tokens, lambda t: self.attention(t, t, mask), next(norms))
        cross = self.cross
        if cross is not None:
            tokens = self._residual(tokens, lambda t: cross(t, memory, memory_mask), next(norms))
        return self._residual(tokens, self.feedforward, next(norms))

    def _residual(
        self, tokens: Tensor, sublayer: Callable[[Tensor], Tensor], norm: nn.Module
    ) -> Tensor:
        if self.norm_first:
            return tokens + self.dropout(sublayer(norm(tokens)))
        return norm(tokens + self.dropout(sublayer(tokens)))


class TimeEncoding(nn.Module):
    """Encode times, regular or not, by sines and cosines of periods in geometric progression.

    Parameters
    ----------
    size : int
        Length of the encoding, an even number.

    shortest, longest : float, default=2.0 and 2000.0
        Shortest and longest period, in the unit of the times.

    learned : bool, default=True
        Whether the frequencies are trained.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import TimeEncoding
    >>> TimeEncoding(4)(torch.zeros(3)).tolist()[0]
    [0.0, 0.0, 1.0, 1.0]
    """

    def __init__(
        self,
        size: int,
        *,
        shortest: float = 2.0,
        longest: float = 2000.0,
        learned: bool = True,
    ) -> None:
        super().__init__()
        periods = torch.logspace(math.log10(shortest), math.log10(longest), size // 2)
        self.frequency = nn.Parameter(2 * math.pi / periods, requires_grad=learned)

    def forward(self, times: Tensor) -> Tensor:
        """Return the encodings of times of any shape, with a last axis of length `size`."""
        phase = times[..., None] * self.frequency
        return torch.cat([phase.sin(), phase.cos()], dim=-1)

"""Layers of transformers with masks, and continuous codes of time."""

import math

import torch
from torch import nn
from torch.nn import functional


class Attention(nn.Module):
    """Multi-head attention by `torch.nn.functional.scaled_dot_product_attention`.

    Parameters
    ----------
    size : int
        Width of the tokens; a multiple of `n_heads`.

    n_heads : int, default=4
        Number of heads.

    dropout : float, default=0.0
        Dropout of the attention in training.

    Raises
    ------
    ValueError
        The heads do not divide the width.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import Attention
    >>> Attention(8)(torch.zeros(2, 3, 8), torch.zeros(2, 5, 8)).shape
    torch.Size([2, 3, 8])
    """

    def __init__(self, size, *, n_heads=4, dropout=0.0):
        super().__init__()
        if size % n_heads:
            raise ValueError(f"Attention: {n_heads} heads do not divide the width {size}")
        self.n_heads = n_heads
        self.dropout = dropout
        self.query = nn.Linear(size, size)
        self.key_value = nn.Linear(size, 2 * size)
        self.out = nn.Linear(size, size)

    def forward(self, queries, tokens, mask=None):
        """Return what the queries find, of shape (n, n_queries, size).

        Parameters
        ----------
        queries : Tensor of shape (n, n_queries, size)
            Who looks.

        tokens : Tensor of shape (n, n_tokens, size)
            What is looked at.

        mask : Tensor of bool, shape (n, n_queries, n_tokens), default=None
            True where a query may look; every query must see something.
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

    def importance(self, queries, tokens, mask=None):
        """Return the attention averaged over the heads, of shape (n, n_queries, n_tokens)."""
        key = self._split(self.key_value(tokens).chunk(2, dim=-1)[0])
        query = self._split(self.query(queries))
        scores = query @ key.transpose(2, 3) / math.sqrt(key.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None], -torch.inf)
        return scores.softmax(dim=-1).mean(dim=1)

    def _split(self, tokens):
        return tokens.unflatten(2, (self.n_heads, -1)).transpose(1, 2)


class TransformerLayer(nn.Module):
    """One layer of a transformer: attention and a feed-forward network, each with a bypass.

    Parameters
    ----------
    size : int
        Width of the tokens.

    n_heads : int, default=4
        Number of heads.

    feedforward_size : int, default=128
        Width inside the feed-forward network.

    dropout : float, default=0.1
        Dropout.

    norm_first : bool, default=True
        Normalise before each part (pre-norm), which trains without a warm-up, or after it.

    cross : bool, default=False
        Add attention to the tokens of an encoder between the two, as a decoder does.

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
        self, size, *, n_heads=4, feedforward_size=128, dropout=0.1, norm_first=True, cross=False
    ):
        super().__init__()
        self.norm_first = norm_first
        options = {"n_heads": n_heads, "dropout": dropout}
        self.attention = Attention(size, **options)
        self.cross = Attention(size, **options) if cross else None
        self.feedforward = nn.Sequential(
            nn.Linear(size, feedforward_size), nn.GELU(), nn.Linear(feedforward_size, size)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(size) for _ in range(3 if cross else 2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens, mask=None, memory=None, memory_mask=None):
        """Return tokens of the same shape; see :class:`Attention` for the masks."""
        norms = iter(self.norms)
        tokens = self._part(tokens, lambda t: self.attention(t, t, mask), next(norms))
        if self.cross is not None:
            tokens = self._part(tokens, lambda t: self.cross(t, memory, memory_mask), next(norms))
        return self._part(tokens, self.feedforward, next(norms))

    def _part(self, tokens, part, norm):
        if self.norm_first:
            return tokens + self.dropout(part(norm(tokens)))
        return norm(tokens + self.dropout(part(tokens)))


class TimeEncoding(nn.Module):
    """Encode any time, regular or not, by sines and cosines of geometric periods.

    Parameters
    ----------
    size : int
        Length of the code; even.

    shortest, longest : float, default=2.0 and 2000.0
        Shortest and longest period, in the unit of the times.

    learned : bool, default=True
        Let training move the frequencies.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import TimeEncoding
    >>> TimeEncoding(4)(torch.zeros(3)).tolist()[0]
    [0.0, 0.0, 1.0, 1.0]
    """

    def __init__(self, size, *, shortest=2.0, longest=2000.0, learned=True):
        super().__init__()
        periods = torch.logspace(math.log10(shortest), math.log10(longest), size // 2)
        self.frequency = nn.Parameter(2 * math.pi / periods, requires_grad=learned)

    def forward(self, times):
        """Return the codes of times of any shape, along a last axis of length `size`."""
        phase = times[..., None] * self.frequency
        return torch.cat([phase.sin(), phase.cos()], dim=-1)

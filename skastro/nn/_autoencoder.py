"""Auto-encoder of light curves with a decoder for arbitrary dates and bands."""

from typing import Any

import torch
from torch import Tensor, nn

from skastro.nn._attention import TimeEncoding, TransformerLayer
from skastro.nn._observation import DAYS_SCALE, ObservationFeature, visible
from skastro.nn._transformer import AttentionPooling, EventEncoder


class CurveDecoder(nn.Module):
    """Decode the flux at any date and band from the embedding of an object.

    Every value depends only on its own date and band and on the embedding, so that a light curve
    is decoded in one pass.

    Parameters
    ----------
    code_size : int
        Length of the embedding.

    n_band_numbers : int
        Number of features of a band.

    size : int, default=64
        Width of the layers.

    num_layers : int, default=3
        Number of layers; the embedding scales and shifts each of them.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn._autoencoder import CurveDecoder
    >>> CurveDecoder(8, 6)(torch.zeros(3, 8), torch.zeros(3, 5), torch.zeros(3, 5, 6)).shape
    torch.Size([3, 5])
    """

    teacher_forced = False

    def __init__(
        self, code_size: int, n_band_numbers: int, *, size: int = 64, num_layers: int = 3
    ) -> None:
        super().__init__()
        self.time = TimeEncoding(size)
        self.query = nn.Linear(size + 1 + n_band_numbers, size)
        self.layers = nn.ModuleList(nn.Linear(size, size) for _ in range(num_layers))
        self.norms = nn.ModuleList(nn.LayerNorm(size) for _ in range(num_layers))
        self.code = nn.ModuleList(nn.Linear(code_size, 2 * size) for _ in range(num_layers))
        self.out = nn.Linear(size, 1)

    def forward(self, code: Tensor, days: Tensor, bands: Tensor) -> Tensor:
        """Return heights of shape (n_objects, n_queries).

        Parameters
        ----------
        code : Tensor of shape (n_objects, code_size)
            Embeddings.

        days : Tensor of shape (n_objects, n_queries)
            Days after the reference date.

        bands : Tensor of shape (n_objects, n_queries, n_band_numbers)
            Features of the band of each query.
        """
        query = torch.cat([self.time(days), days[..., None] / DAYS_SCALE, bands], dim=-1)
        hidden = self.query(query)
        for layer, norm, code_map in zip(self.layers, self.norms, self.code):
            scale, shift = code_map(code)[:, None].chunk(2, dim=-1)
            hidden = hidden + layer(nn.functional.gelu(norm(hidden) * (1 + scale) + shift))
        return self.out(hidden).squeeze(-1)


class SequenceDecoder(nn.Module):
    """Decode the flux of one observation after the other, each from the previous ones.

    A causal transformer that also attends to the embedding.  In training it reads the true
    previous values (teacher forcing, as in the original code); without them it continues from its
    own predictions.

    Parameters
    ----------
    code_size : int
        Length of the embedding.

    n_band_numbers : int
        Number of features of a band.

    size, num_layers, n_heads, feedforward_size, dropout, norm_first
        See :class:`EventEncoder`.

    References
    ----------
    .. [1] A. Vaswani et al., "Attention is all you need", arXiv:1706.03762, section 3.1.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn._autoencoder import SequenceDecoder
    >>> SequenceDecoder(8, 6)(torch.zeros(3, 8), torch.zeros(3, 5), torch.zeros(3, 5, 6)).shape
    torch.Size([3, 5])
    """

    teacher_forced = True

    def __init__(
        self,
        code_size: int,
        n_band_numbers: int,
        *,
        size: int = 64,
        num_layers: int = 2,
        **options: Any,
    ) -> None:
        super().__init__()
        self.time = TimeEncoding(size)
        self.query = nn.Linear(size + 2 + n_band_numbers, size)
        self.code = nn.Linear(code_size, size)
        self.layers = nn.ModuleList(
            TransformerLayer(size, cross=True, **options) for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(size)
        self.out = nn.Linear(size, 1)

    def forward(
        self, code: Tensor, days: Tensor, bands: Tensor, heights: Tensor | None = None
    ) -> Tensor:
        """Return heights of shape (n_objects, n_queries).

        Parameters
        ----------
        code, days, bands : Tensor
            See :class:`CurveDecoder`; queries in ascending order of time.

        heights : Tensor of shape (n_objects, n_queries), default=None
            True values, of which each prediction reads the previous ones; without them the
            decoder requires one pass per query.
        """
        if heights is not None:
            return self._pass(code, days, bands, heights)
        found = torch.zeros_like(days)
        for i in range(days.shape[1]):
            part = slice(0, i + 1)
            found[:, i] = self._pass(code, days[:, part], bands[:, part], found[:, part])[:, -1]
        return found

    def _pass(self, code: Tensor, days: Tensor, bands: Tensor, heights: Tensor) -> Tensor:
        previous = nn.functional.pad(heights[:, :-1], (1, 0))
        numbers = [self.time(days), days[..., None] / DAYS_SCALE, previous[..., None], bands]
        tokens, memory = self.query(torch.cat(numbers, dim=-1)), self.code(code)[:, None]
        n = days.shape[1]
        mask = torch.ones(n, n, dtype=torch.bool, device=days.device).tril().expand(len(days), n, n)
        for layer in self.layers:
            tokens = layer(tokens, mask, memory)
        return self.out(self.norm(tokens)).squeeze(-1)


class LightCurveAutoencoderNet(nn.Module):
    """Auto-encoder: a transformer over observations, an embedding, and a decoder.

    Parameters
    ----------
    n_inputs : int
        Number of features of one observation, see :class:`EventEncoder`.

    n_band_numbers : int
        How many of them are features of its band.

    code_size : int, default=16
        Length of the embedding.

    decoder : {"curve", "sequence"}, default="curve"
        Decode every date and band from the embedding alone, in one pass; or one observation after
        the other, each from the embedding and the previous ones, with teacher forcing in training.

    size, num_layers, n_heads, feedforward_size, dropout, norm_first
        See :class:`EventEncoder`.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import LightCurveAutoencoderNet
    >>> net = LightCurveAutoencoderNet(n_inputs=12, n_band_numbers=2)
    >>> net.embed(torch.zeros(3, 5, 12), torch.tensor([5, 4, 1])).shape
    torch.Size([3, 16])
    """

    def __init__(
        self,
        n_inputs: int,
        n_band_numbers: int,
        *,
        code_size: int = 16,
        decoder: str = "curve",
        size: int = 64,
        num_layers: int = 2,
        n_heads: int = 4,
        feedforward_size: int = 128,
        dropout: float = 0.0,
        norm_first: bool = True,
    ) -> None:
        super().__init__()
        if decoder not in ("curve", "sequence"):
            raise ValueError(
                f"LightCurveAutoencoderNet: decoder must be 'curve' or 'sequence', not {decoder!r}"
            )
        options: dict[str, Any] = {
            "n_heads": n_heads,
            "feedforward_size": feedforward_size,
            "dropout": dropout,
            "norm_first": norm_first,
        }
        self.encoder = EventEncoder(n_inputs, size=size, num_layers=num_layers, **options)
        self.pooling = AttentionPooling(size, n_heads=n_heads)
        self.code = nn.Linear(size, code_size)
        self.decoder: CurveDecoder | SequenceDecoder
        if decoder == "curve":
            self.decoder = CurveDecoder(code_size, n_band_numbers, size=size)
        else:
            self.decoder = SequenceDecoder(
                code_size, n_band_numbers, size=size, num_layers=num_layers, **options
            )

    def embed(self, observations: Tensor, lengths: Tensor) -> Tensor:
        """Return embeddings of shape (n_objects, code_size); see :class:`TransformerNet`."""
        last = (lengths[:, None] - 1).clamp_min(0)
        seen = visible(observations[..., ObservationFeature.DAYS], last, lengths)
        mask = seen.expand(-1, observations.shape[1], -1)
        return self.code(self.pooling(self.encoder(observations, mask), seen)[:, 0])

    def forward(
        self,
        observations: Tensor,
        lengths: Tensor,
        query_days: Tensor,
        query_bands: Tensor,
        query_heights: Tensor | None = None,
    ) -> Tensor:
        """Return the heights at the queries, of shape (n_objects, n_queries).

        `query_heights` are the true heights, for a decoder with teacher forcing.
        """
        code = self.embed(observations, lengths)
        if self.decoder.teacher_forced:
            return self.decoder(code, query_days, query_bands, query_heights)
        return self.decoder(code, query_days, query_bands)

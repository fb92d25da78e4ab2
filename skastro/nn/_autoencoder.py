"""Auto-encoder of light curves with a decoder for any date and band."""

import torch
from torch import nn

from skastro.nn._attention import TimeEncoding, TransformerLayer
from skastro.nn._observation import DAYS_SCALE, ObservationFeature
from skastro.nn._transformer import AttentionPooling, EventEncoder, visible


class CurveDecoder(nn.Module):
    """Give the flux at any date and band from the code of an object.

    Every answer depends on its own date and band and on the code alone, so that a light curve is
    read out in one pass.

    Parameters
    ----------
    code_size : int
        Length of the code.

    n_band_numbers : int
        Numbers that describe a band.

    size : int, default=64
        Width of the layers.

    num_layers : int, default=3
        Number of layers; each is scaled and shifted by the code.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn._autoencoder import CurveDecoder
    >>> CurveDecoder(8, 6)(torch.zeros(3, 8), torch.zeros(3, 5), torch.zeros(3, 5, 6)).shape
    torch.Size([3, 5])
    """

    teacher_forced = False

    def __init__(self, code_size, n_band_numbers, *, size=64, num_layers=3):
        super().__init__()
        self.time = TimeEncoding(size)
        self.query = nn.Linear(size + 1 + n_band_numbers, size)
        self.layers = nn.ModuleList(nn.Linear(size, size) for _ in range(num_layers))
        self.norms = nn.ModuleList(nn.LayerNorm(size) for _ in range(num_layers))
        self.code = nn.ModuleList(nn.Linear(code_size, 2 * size) for _ in range(num_layers))
        self.out = nn.Linear(size, 1)

    def forward(self, code, days, bands):
        """Return heights of shape (n_objects, n_queries).

        Parameters
        ----------
        code : Tensor of shape (n_objects, code_size)
            What is known of the objects.

        days : Tensor of shape (n_objects, n_queries)
            Days after zero.

        bands : Tensor of shape (n_objects, n_queries, n_band_numbers)
            Numbers of the band of each query.
        """
        query = torch.cat([self.time(days), days[..., None] / DAYS_SCALE, bands], dim=-1)
        hidden = self.query(query)
        for layer, norm, code_map in zip(self.layers, self.norms, self.code):
            scale, shift = code_map(code)[:, None].chunk(2, dim=-1)
            hidden = hidden + layer(nn.functional.gelu(norm(hidden) * (1 + scale) + shift))
        return self.out(hidden).squeeze(-1)


class SequenceDecoder(nn.Module):
    """Give the flux of one observation after the other, each from those before it.

    A causal transformer that also looks at the code.  In training it is told the true values
    before each one (teacher forcing, as in the seed); without them it goes on from its own.

    Parameters
    ----------
    code_size : int
        Length of the code.

    n_band_numbers : int
        Numbers that describe a band.

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

    def __init__(self, code_size, n_band_numbers, *, size=64, num_layers=2, **options):
        super().__init__()
        self.time = TimeEncoding(size)
        self.query = nn.Linear(size + 2 + n_band_numbers, size)
        self.code = nn.Linear(code_size, size)
        self.layers = nn.ModuleList(
            TransformerLayer(size, cross=True, **options) for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(size)
        self.out = nn.Linear(size, 1)

    def forward(self, code, days, bands, heights=None):
        """Return heights of shape (n_objects, n_queries).

        Parameters
        ----------
        code, days, bands : Tensor
            As of :class:`CurveDecoder`; queries in order of time.

        heights : Tensor of shape (n_objects, n_queries), default=None
            True values, of which each answer sees those before it; without them, one pass a query.
        """
        if heights is not None:
            return self._pass(code, days, bands, heights)
        found = torch.zeros_like(days)
        for i in range(days.shape[1]):
            part = slice(0, i + 1)
            found[:, i] = self._pass(code, days[:, part], bands[:, part], found[:, part])[:, -1]
        return found

    def _pass(self, code, days, bands, heights):
        previous = nn.functional.pad(heights[:, :-1], (1, 0))
        numbers = [self.time(days), days[..., None] / DAYS_SCALE, previous[..., None], bands]
        tokens, memory = self.query(torch.cat(numbers, dim=-1)), self.code(code)[:, None]
        n = days.shape[1]
        mask = torch.ones(n, n, dtype=torch.bool, device=days.device).tril().expand(len(days), n, n)
        for layer in self.layers:
            tokens = layer(tokens, mask, memory)
        return self.out(self.norm(tokens)).squeeze(-1)


class LightCurveAutoencoderNet(nn.Module):
    """Transformer encoder of observations, a code, and a decoder.

    Parameters
    ----------
    n_inputs : int
        Numbers that describe one observation.

    n_band_numbers : int
        How many of them describe its band.

    code_size : int, default=16
        Length of the code.

    decoder : {"curve", "sequence"}, default="curve"
        Every date and band from the code alone, in one pass; or one observation after the other,
        each from the code and those before it, with teacher forcing in training.

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
        n_inputs,
        n_band_numbers,
        *,
        code_size=16,
        decoder="curve",
        size=64,
        num_layers=2,
        n_heads=4,
        feedforward_size=128,
        dropout=0.0,
        norm_first=True,
    ):
        super().__init__()
        if decoder not in ("curve", "sequence"):
            raise ValueError(
                f"LightCurveAutoencoderNet: decoder must be 'curve' or 'sequence', not {decoder!r}"
            )
        options = {
            "n_heads": n_heads,
            "feedforward_size": feedforward_size,
            "dropout": dropout,
            "norm_first": norm_first,
        }
        self.encoder = EventEncoder(n_inputs, size=size, num_layers=num_layers, **options)
        self.pooling = AttentionPooling(size, n_heads=n_heads)
        self.code = nn.Linear(size, code_size)
        if decoder == "curve":
            self.decoder = CurveDecoder(code_size, n_band_numbers, size=size)
        else:
            self.decoder = SequenceDecoder(
                code_size, n_band_numbers, size=size, num_layers=num_layers, **options
            )

    def embed(self, observations, lengths):
        """Return codes of shape (n_objects, code_size); see :class:`TransformerNet`."""
        last = (lengths[:, None] - 1).clamp_min(0)
        seen = visible(observations[..., ObservationFeature.DAYS], last, lengths)
        mask = seen.expand(-1, observations.shape[1], -1)
        return self.code(self.pooling(self.encoder(observations, mask), seen)[:, 0])

    def forward(self, observations, lengths, query_days, query_bands, query_heights=None):
        """Return the heights at the queries, of shape (n_objects, n_queries).

        `query_heights` are the true ones, for a decoder that is forced by a teacher.
        """
        code = self.embed(observations, lengths)
        if self.decoder.teacher_forced:
            return self.decoder(code, query_days, query_bands, query_heights)
        return self.decoder(code, query_days, query_bands)

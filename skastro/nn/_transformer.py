"""Transformers over the observations of a light curve."""

import torch
from torch import nn

from skastro.nn._attention import Attention, TimeEncoding, TransformerLayer
from skastro.nn._classifier_net import ClassifierNet, hidden_layers
from skastro.nn._observation import DAYS_SCALE, HEIGHT_SCALE, ObservationFeature

_SHORTEST_PERIOD = 30.0


class EventEncoder(nn.Module):
    """Transformer with one token an observation, at whatever times these are.

    A token is a linear map of the numbers and the band of its observation plus a
    :class:`TimeEncoding`.  The numbers that depend on the order of simultaneous observations are
    first made those of all of them together, so that their order changes nothing.

    Parameters
    ----------
    n_inputs : int
        Numbers that describe one observation, as the networks of light curves give them: 10 of
        its time and flux, then those of its band.

    n_bands : int, default=0
        Size of the table of learned band vectors; 0 for none.

    size : int, default=64
        Width of the tokens.

    num_layers : int, default=2
        Number of layers; with the other defaults of the seed: 8.

    n_heads : int, default=4
        Number of heads.

    feedforward_size : int, default=128
        Width inside the feed-forward networks.

    dropout : float, default=0.1
        Dropout.

    norm_first : bool, default=True
        Pre-norm, or post-norm.

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
        n_inputs,
        *,
        n_bands=0,
        size=64,
        num_layers=2,
        n_heads=4,
        feedforward_size=128,
        dropout=0.1,
        norm_first=True,
    ):
        super().__init__()
        self.size = size
        self.embedding = nn.Linear(n_inputs, size)
        self.time = TimeEncoding(size, shortest=_SHORTEST_PERIOD)
        self.time_map = nn.Linear(size, size, bias=False)
        self.bands = nn.Embedding(n_bands, size) if n_bands else None
        options = {"n_heads": n_heads, "feedforward_size": feedforward_size}
        options |= {"dropout": dropout, "norm_first": norm_first}
        self.layers = nn.ModuleList(TransformerLayer(size, **options) for _ in range(num_layers))
        self.norm = nn.LayerNorm(size) if norm_first else nn.Identity()

    def forward(self, observations, mask, bands=None):
        """Return tokens of shape (n_objects, n_observations, size).

        Parameters
        ----------
        observations : Tensor of shape (n_objects, n_observations, n_inputs)
            In order of time.

        mask : Tensor of bool, shape (n_objects, n_observations, n_observations)
            True where an observation (second axis) may look at another (third).

        bands : Tensor of int of shape (n_objects, n_observations), default=None
            Rows of the table of band vectors.
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


def without_order(observations, real):
    """Make the numbers of simultaneous observations independent of their order.

    Parameters
    ----------
    observations : Tensor of shape (n_objects, n_observations, n_inputs)
        In order of time, with the 10 numbers of time and flux in front.

    real : Tensor of bool of shape (n_objects, n_observations)
        False for what is padding or not to be seen.

    Returns
    -------
    observations : Tensor of the same shape
        The time since the observation before is that since the last earlier date, and the highest
        so far includes all simultaneous ones.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn._transformer import without_order
    >>> pair = torch.zeros(1, 2, 10)
    >>> pair[0, :, 4] = pair[0, :, 8] = torch.tensor([1.0, 2.0])
    >>> without_order(pair, torch.ones(1, 2, dtype=torch.bool))[0, :, 8:].tolist()
    [[2.0, 3.0], [2.0, 0.0]]
    """
    times = observations[..., ObservationFeature.DAYS].masked_fill(~real, torch.inf)
    number = torch.arange(times.shape[1], device=times.device).expand_as(times)
    begins = torch.ones_like(real)
    begins[:, 1:] = times[:, 1:] != times[:, :-1]
    first = number.where(begins, 0).cummax(dim=1).values
    ends = begins.roll(-1, dims=1)
    last = number.where(ends, times.shape[1]).flip(1).cummin(dim=1).values.flip(1)
    features = list(observations.unbind(dim=2))
    gap, highest = ObservationFeature.LOG_GAP, ObservationFeature.HIGHEST
    features[gap] = features[gap].gather(1, first)
    features[highest] = features[highest].gather(1, last)
    below = HEIGHT_SCALE * (features[highest] - features[ObservationFeature.HEIGHT])
    features[ObservationFeature.BELOW_HIGHEST] = below
    return torch.stack(features, dim=2)


class AttentionPooling(nn.Module):
    """Gather tokens by one learned query, the class token, which looks at all it may.

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

    def __init__(self, size, *, n_heads=4):
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, 1, size) / size**0.5)
        self.attention = Attention(size, n_heads=n_heads)

    def forward(self, tokens, seen):
        """Return (n, n_answers, size) from tokens and what each answer may see."""
        return self.attention(self.query.expand(*seen.shape[:2], -1), tokens, seen)

    def importance(self, tokens, seen):
        """Return the share of each token in each answer, (n, n_answers, n_tokens)."""
        return self.attention.importance(self.query.expand(*seen.shape[:2], -1), tokens, seen)


def _mean(tokens, seen):
    weight = seen.to(tokens.dtype)
    return weight @ tokens / weight.sum(dim=2, keepdim=True)


def _maximum(tokens, seen):
    found = [tokens.masked_fill(~one[:, :, None], -torch.inf).amax(1) for one in seen.unbind(1)]
    return torch.stack(found, dim=1)


_POOLING = {"class": None, "mean": _mean, "max": _maximum}


class TransformerNet(ClassifierNet):
    """Classify light curves, complete or cut at any date, by a transformer over observations.

    With ``causal`` an observation looks at itself, simultaneous and earlier ones, and one pass
    answers at every position.  Without, all observations up to a position look at each other, and
    each position is a pass of its own.  Either way an answer knows nothing of later observations.

    Parameters
    ----------
    n_inputs : int
        Numbers that describe one observation.

    n_outputs : int
        Number of logits.

    n_static : int, default=0
        Number of static inputs.

    n_bands : int, default=0
        Size of the table of learned band vectors; 0 for none.

    causal : bool, default=True
        Look at earlier observations only.

    pooling : {"class", "mean", "max"}, default="class"
        How tokens become one vector: by a learned query, their mean, their maximum.

    size, num_layers, n_heads, feedforward_size, dropout, norm_first
        See :class:`EventEncoder`.

    static_size : int, default=32
        Width of the dense layer over the static inputs.

    head_sizes : sequence of int, default=(64,)
        Widths of the dense layers before the logits.

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
        n_inputs,
        n_outputs,
        *,
        n_static=0,
        n_bands=0,
        causal=True,
        pooling="class",
        size=64,
        num_layers=2,
        n_heads=4,
        feedforward_size=128,
        dropout=0.1,
        norm_first=True,
        static_size=32,
        head_sizes=(64,),
    ):
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

    def embed(self, observations, positions, lengths, static=None, bands=None):
        """Return embeddings.

        Parameters
        ----------
        observations : Tensor of shape (n_objects, n_observations, n_inputs)
            In order of time; shorter objects are filled at their end with anything finite.

        positions : Tensor of int of shape (n_objects, n_positions)
            Observations after which to answer, from those that are not later; -1 answers NaN.

        lengths : Tensor of int of shape (n_objects,)
            Number of observations of each object.

        static : Tensor of shape (n_objects, n_static), default=None
            Static inputs.

        bands : Tensor of int of shape (n_objects, n_observations), default=None
            Rows of the table of band vectors.

        Returns
        -------
        embedding : Tensor of shape (n_objects, n_positions, n_embedding)
        """
        features = self.pooled(observations, positions, lengths, bands)
        if self.static is not None:
            static = self.static(static)[:, None].expand(-1, features.shape[1], -1)
            features = torch.cat([features, static], dim=2)
        return self.head(features).masked_fill(positions[:, :, None] < 0, torch.nan)

    def pooled(self, observations, positions, lengths, bands=None):
        """Return what is known at each position, of shape (n_objects, n_positions, size)."""
        seen, tokens = self.tokens(observations, positions, lengths, bands)
        return self.pooling(tokens, seen).view(*positions.shape, -1)

    def tokens(self, observations, positions, lengths, bands=None):
        """Return what each answer sees, and the tokens; answers in rows unless causal."""
        times = observations[..., ObservationFeature.DAYS]
        seen = visible(times, positions.clamp_min(0), lengths)
        if self.causal:
            every = torch.arange(observations.shape[1], device=lengths.device)
            last = (lengths[:, None] - 1).clamp_min(0)
            mask = visible(
                observations[..., ObservationFeature.DAYS], torch.minimum(every, last), lengths
            )
            return seen, self.encoder(observations, mask, bands)
        n_answers = positions.shape[1]
        seen = seen.flatten(0, 1)[:, None]
        observations = observations.repeat_interleave(n_answers, dim=0)
        bands = None if bands is None else bands.repeat_interleave(n_answers, dim=0)
        mask = seen.expand(-1, observations.shape[1], -1)
        return seen, self.encoder(observations, mask, bands)


def visible(times, positions, lengths):
    """Return which observations are not later than the one at each position.

    Parameters
    ----------
    times : Tensor of shape (n_objects, n_observations)
        Rising in each object up to its length.

    positions : Tensor of int of shape (n_objects, n_positions)
        Observations, inside the lengths.

    lengths : Tensor of int of shape (n_objects,)
        Number of observations; what follows is padding and never seen.

    Returns
    -------
    seen : Tensor of bool, shape (n_objects, n_positions, n_observations)

    Examples
    --------
    >>> import torch
    >>> from skastro.nn._transformer import visible
    >>> times = torch.tensor([[0.0, 5.0, 5.0, 9.0, 0.0]])
    >>> visible(times, torch.tensor([[0, 1]]), torch.tensor([4])).int().tolist()
    [[[1, 0, 0, 0, 0], [1, 1, 1, 0, 0]]]
    """
    until = times.gather(1, positions)
    real = torch.arange(times.shape[1], device=times.device) < lengths[:, None]
    return (times[:, None, :] <= until[:, :, None]) & real[:, None, :]

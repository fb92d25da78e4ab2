"""Recurrent network over the observations of a light curve."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from skastro.nn._classifier_net import ClassifierNet, hidden_layers

_CELLS = {"gru": nn.GRU, "lstm": nn.LSTM}


class RecurrentNet(ClassifierNet):
    """Recurrent network that classifies light curves after any of their observations.

    Each observation is embedded on its own; a recurrent network runs over observations and
    embeddings in order of time.  The state after an observation, and the mean and the maximum of
    all embeddings up to it, do not depend on later observations.  Together with the static
    features they pass through dense layers to the logits.  Mean and maximum provide the information
    of a table of statistics, so that the recurrent state need not store it.

    With ``embedding_size=0, hidden_size=100, static_size=10, head_sizes=(100, 64), dropout=0`` it
    is the network of ORACLE [1]_: the state only, through a dense layer with tanh.

    Parameters
    ----------
    n_inputs : int
        Number of features of one observation.

    n_outputs : int
        Number of logits.

    n_static : int, default=0
        Number of static features.

    n_bands : int, default=0
        Number of bands with a learned embedding; 0 for none.

    cell : {"gru", "lstm"}, default="gru"
        Type of recurrent layer.

    hidden_size : int, default=96
        Width of the recurrent layers.

    num_layers : int, default=2
        Number of recurrent layers.

    embedding_size : int, default=64
        Width of the embeddings of the observations; 0 for no embeddings, mean and maximum.

    static_size : int, default=32
        Width of the dense layer for the static features.

    band_size : int, default=8
        Length of the embeddings of the bands.

    head_sizes : sequence of int, default=(128, 64)
        Widths of the dense layers before the last one.

    dropout : float, default=0.1
        Dropout probability between the recurrent layers and before the dense ones.

    References
    ----------
    .. [1] V. Shah et al., "ORACLE", arXiv:2501.01496, figure 3.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import RecurrentNet
    >>> net = RecurrentNet(n_inputs=4, n_outputs=3)
    >>> net(torch.zeros(2, 7, 4), torch.tensor([[6, 2], [3, 0]])).shape
    torch.Size([2, 2, 3])
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        n_static: int = 0,
        n_bands: int = 0,
        cell: str = "gru",
        hidden_size: int = 96,
        num_layers: int = 2,
        embedding_size: int = 64,
        static_size: int = 32,
        band_size: int = 8,
        head_sizes: Sequence[int] = (128, 64),
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if cell not in _CELLS:
            raise ValueError(f"RecurrentNet: cell must be one of {sorted(_CELLS)}, not {cell!r}")
        n_inputs += band_size if n_bands else 0
        self.bands = nn.Embedding(n_bands, band_size) if n_bands else None
        self.embedding = _embedding(n_inputs, embedding_size) if embedding_size else None
        self.recurrent = _CELLS[cell](
            n_inputs + embedding_size,
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,
        )
        if embedding_size:
            self.summary: nn.Module = nn.LayerNorm(hidden_size + 2 * embedding_size)
        else:
            self.summary = nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.Tanh())
        self.static = None
        if n_static:
            self.static = nn.Sequential(nn.Linear(n_static, static_size), nn.ReLU())
        width = hidden_size + 2 * embedding_size + (static_size if n_static else 0)
        self.head = hidden_layers([width, *head_sizes], dropout)
        self.output = nn.Linear([width, *head_sizes][-1], n_outputs)

    def embed(
        self,
        observations: Tensor,
        positions: Tensor,
        static: Tensor | None = None,
        bands: Tensor | None = None,
    ) -> Tensor:
        """Return embeddings.

        Parameters
        ----------
        observations : Tensor of shape (n_objects, n_observations, n_inputs)
            In ascending order of time; shorter objects are padded at the end with finite values.

        positions : Tensor of int of shape (n_objects, n_positions)
            Observations after which to predict; -1 returns NaN.

        static : Tensor of shape (n_objects, n_static), default=None
            Static features.

        bands : Tensor of int of shape (n_objects, n_observations), default=None
            Number of the band of each observation, with ``n_bands > 0``.

        Returns
        -------
        embedding : Tensor of shape (n_objects, n_positions, n_embedding)
        """
        if self.bands is not None:
            observations = torch.cat([observations, self.bands(bands)], dim=2)
        features = self._features(observations, positions.clamp_min(0))
        if self.static is not None:
            static = self.static(static)[:, None].expand(-1, features.shape[1], -1)
            features = torch.cat([features, static], dim=2)
        return self.head(features).masked_fill(positions[:, :, None] < 0, torch.nan)

    def _features(self, observations: Tensor, positions: Tensor) -> Tensor:
        """Return the features of the light curve up to the observation at each position."""
        at = torch.arange(len(positions), device=positions.device)[:, None], positions
        if self.embedding is None:
            return self.summary(self.recurrent(observations)[0][at])
        embedded = self.embedding(observations)
        states, _ = self.recurrent(torch.cat([observations, embedded], dim=2))
        mean = embedded.cumsum(dim=1)[at] / (positions + 1)[:, :, None]
        highest = _highest(embedded, positions)
        return self.summary(torch.cat([states[at], mean, highest], dim=2))


def _highest(embedded: Tensor, positions: Tensor) -> Tensor:
    """Return the largest value up to the observation at each position."""
    if torch.is_grad_enabled() or positions.shape[1] > 1:
        at = torch.arange(len(positions), device=positions.device)[:, None], positions
        return embedded.cummax(dim=1).values[at]
    # Ten times faster, but its gradient would be shared among equal values.
    later = torch.arange(embedded.shape[1], device=positions.device) > positions
    return embedded.masked_fill(later[:, :, None], -torch.inf).amax(dim=1, keepdim=True)


def _embedding(n_inputs: int, size: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_inputs, size), nn.ReLU(), nn.Linear(size, size), nn.ReLU())

"""Encoders of single inputs: sequences, images and tables."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


class MLPEncoder(nn.Module):
    """Encode an input of any shape with dense layers.

    Parameters
    ----------
    shape : tuple of int
        Shape of the input of one object.

    size : int, default=32
        Length of the embedding.

    hidden_sizes : sequence of int, default=(64,)
        Widths of the hidden layers.

    dropout : float, default=0.2
        Dropout probability before each layer except the first.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import MLPEncoder
    >>> MLPEncoder((5,), size=8)(torch.zeros(3, 5)).shape
    torch.Size([3, 8])
    """

    def __init__(
        self,
        shape: Sequence[int],
        *,
        size: int = 32,
        hidden_sizes: Sequence[int] = (64,),
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.size = size
        self.layers = nn.Sequential(
            nn.Flatten(), *dense_layers([math.prod(shape), *hidden_sizes, size], dropout)
        )

    def forward(self, values: Tensor) -> Tensor:
        """Return embeddings of shape (n, size)."""
        return self.layers(values)


class Conv1dEncoder(nn.Module):
    """Encode sequences, such as a spectrum or a light curve on a grid, with convolutions.

    Parameters
    ----------
    shape : tuple of 2 ints
        (channels, length).

    size : int, default=32
        Length of the embedding.

    channels : sequence of int, default=(16, 32, 64)
        Output channels of the convolutions, each of which halves the length.

    kernel_size : int, default=7
        Width of the convolutions.

    dropout : float, default=0.2
        Dropout probability before the dense layer.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import Conv1dEncoder
    >>> Conv1dEncoder((1, 256), size=8)(torch.zeros(3, 1, 256)).shape
    torch.Size([3, 8])
    """

    def __init__(
        self,
        shape: tuple[int, int],
        *,
        size: int = 32,
        channels: Sequence[int] = (16, 32, 64),
        kernel_size: int = 7,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.size = size
        layers: list[nn.Module] = []
        n_in, length = shape
        for n_out in channels:
            layers += [
                nn.Conv1d(n_in, n_out, kernel_size, padding=kernel_size // 2),
                nn.BatchNorm1d(n_out),
                nn.ReLU(),
                nn.MaxPool1d(2, ceil_mode=True),
            ]
            n_in, length = n_out, -(-length // 2)
        self.layers = nn.Sequential(
            *layers,
            nn.Flatten(),
            nn.Dropout(dropout),
            *dense_layers([n_in * length, size], dropout),
        )

    def forward(self, sequences: Tensor) -> Tensor:
        """Return embeddings of shape (n, size)."""
        return self.layers(sequences)


class Conv2dEncoder(nn.Module):
    """Encode images with two convolutions, as for the dm-dt maps of CCSNscore [1]_.

    Parameters
    ----------
    shape : tuple of 3 ints
        (channels, height, width).

    size : int, default=8
        Length of the embedding.

    channels : tuple of 2 ints, default=(16, 8)
        Output channels of the 3x3 convolutions.

    hidden_size : int, default=64
        Width of the dense layer before the embedding.

    dropout : float, default=0.5
        Dropout probability between the convolutions.

    References
    ----------
    .. [1] Y. Sharma et al., "CCSNscore", arXiv:2412.08601.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import Conv2dEncoder
    >>> Conv2dEncoder((1, 24, 24))(torch.zeros(3, 1, 24, 24)).shape
    torch.Size([3, 8])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        *,
        size: int = 8,
        channels: tuple[int, int] = (16, 8),
        hidden_size: int = 64,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.size = size
        n_in, height, width = shape
        flat = channels[1] * ((height - 4) // 2) * ((width - 4) // 2)
        self.layers = nn.Sequential(
            nn.Conv2d(n_in, channels[0], 3),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv2d(*channels, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            *dense_layers([flat, hidden_size, size], 0.0),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings of shape (n, size)."""
        return self.layers(images)


class RecurrentEncoder(nn.Module):
    """Encode sequences with LSTM layers and dense layers, as in CCSNscore [1]_.

    The defaults are those for its spectra.  For its light curves they are ``num_layers=3,
    bidirectional=False, dropouts=(0, 0, .5), hidden_sizes=()``.

    Parameters
    ----------
    shape : tuple of 2 ints
        (channels, length).

    size : int, default=8
        Length of the embedding.

    units : int, default=24
        Number of units of each LSTM, in each direction.

    num_layers : int, default=2
        Number of LSTM layers.

    bidirectional : bool, default=True
        Whether to read in both directions.

    dropouts : sequence of float, default=(0.5, 0.1)
        Dropout probability after each layer.

    hidden_sizes : sequence of int, default=(64,)
        Widths of the dense layers before the embedding.

    Notes
    -----
    The weights have the initialisation of Keras, which the paper used, with open forget gates.
    With the initialisation of torch the network does not learn to remember over hundreds of samples
    for many epochs.

    References
    ----------
    .. [1] Y. Sharma et al., "CCSNscore", arXiv:2412.08601.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import RecurrentEncoder
    >>> RecurrentEncoder((1, 256))(torch.zeros(3, 1, 256)).shape
    torch.Size([3, 8])
    """

    def __init__(
        self,
        shape: tuple[int, int],
        *,
        size: int = 8,
        units: int = 24,
        num_layers: int = 2,
        bidirectional: bool = True,
        dropouts: Sequence[float] = (0.5, 0.1),
        hidden_sizes: Sequence[int] = (64,),
    ) -> None:
        super().__init__()
        if len(dropouts) != num_layers:
            raise ValueError(
                f"RecurrentEncoder: dropouts must have num_layers={num_layers} values, not "
                f"{dropouts}"
            )
        self.size = size
        width = units * (2 if bidirectional else 1)
        layers = [
            nn.LSTM(n_in, units, batch_first=True, bidirectional=bidirectional)
            for n_in in [shape[0], *[width] * (num_layers - 1)]
        ]
        for layer in layers:
            _initialize_as_keras(layer)
        self.recurrent = nn.ModuleList(layers)
        self.dropouts = nn.ModuleList(nn.Dropout(dropout) for dropout in dropouts)
        self.dense = nn.Sequential(*dense_layers([width, *hidden_sizes, size], 0.0))

    def forward(self, sequences: Tensor) -> Tensor:
        """Return embeddings of shape (n, size)."""
        states = sequences.transpose(1, 2)
        for layer, dropout in zip(self.recurrent, self.dropouts):
            states, (last, _) = layer(states)
            states = dropout(states)
        n_directions = 2 if self.recurrent[-1].bidirectional else 1
        last = torch.cat(list(last[-n_directions:]), dim=1)
        return self.dense(self.dropouts[-1](last))


ENCODERS: dict[str, Callable[..., nn.Module]] = {
    "mlp": MLPEncoder,
    "conv1d": Conv1dEncoder,
    "conv2d": Conv2dEncoder,
    "rnn": RecurrentEncoder,
}
BY_DIMENSION = {1: "mlp", 2: "conv1d", 3: "conv2d"}


def _initialize_as_keras(lstm: nn.LSTM) -> None:
    """Initialise with open forget gates and orthogonal recurrent weights."""
    units = lstm.hidden_size
    for name, values in lstm.named_parameters():
        if name.startswith("weight_hh"):
            for gate in values.split(units):
                nn.init.orthogonal_(gate)
        elif name.startswith("weight_ih"):
            nn.init.xavier_uniform_(values)
        else:
            nn.init.zeros_(values)
            if name.startswith("bias_ih"):
                nn.init.ones_(values[units : 2 * units])


def dense_layers(sizes: Sequence[int], dropout: float) -> list[nn.Module]:
    """Return linear layers with ReLU and, between them, dropout."""
    layers: list[nn.Module] = []
    for i, (n_in, n_out) in enumerate(zip(sizes, sizes[1:])):
        layers += [nn.Dropout(dropout)] if i and dropout else []
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return layers

"""Encoders of single inputs, and the network that puts them together."""

import math

import torch
from torch import nn

from skastro.nn._classifier_net import ClassifierNet


class MLPEncoder(nn.Module):
    """Encode an input of any shape by dense layers.

    Parameters
    ----------
    shape : tuple of int
        Shape of the input without the batch.

    size : int, default=32
        Length of the code.

    hidden_sizes : sequence of int, default=(64,)
        Widths of the layers before.

    dropout : float, default=0.2
        Dropout before each layer but the first.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import MLPEncoder
    >>> MLPEncoder((5,), size=8)(torch.zeros(3, 5)).shape
    torch.Size([3, 8])
    """

    def __init__(self, shape, *, size=32, hidden_sizes=(64,), dropout=0.2):
        super().__init__()
        self.size = size
        self.layers = nn.Sequential(
            nn.Flatten(), *_dense([math.prod(shape), *hidden_sizes, size], dropout)
        )

    def forward(self, values):
        """Return codes of shape (n, size)."""
        return self.layers(values)


class Conv1dEncoder(nn.Module):
    """Encode sequences by convolutions, as a spectrum or a light curve on a grid.

    Parameters
    ----------
    shape : tuple of 2 ints
        (channels, length).

    size : int, default=32
        Length of the code.

    channels : sequence of int, default=(16, 32, 64)
        Output channels of the convolutions; each halves the length.

    kernel_size : int, default=7
        Width of the convolutions.

    dropout : float, default=0.2
        Dropout before the dense layer.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import Conv1dEncoder
    >>> Conv1dEncoder((1, 256), size=8)(torch.zeros(3, 1, 256)).shape
    torch.Size([3, 8])
    """

    def __init__(self, shape, *, size=32, channels=(16, 32, 64), kernel_size=7, dropout=0.2):
        super().__init__()
        self.size = size
        layers, n_in, length = [], *shape
        for n_out in channels:
            layers += [
                nn.Conv1d(n_in, n_out, kernel_size, padding=kernel_size // 2),
                nn.BatchNorm1d(n_out),
                nn.ReLU(),
                nn.MaxPool1d(2, ceil_mode=True),
            ]
            n_in, length = n_out, -(-length // 2)
        self.layers = nn.Sequential(
            *layers, nn.Flatten(), nn.Dropout(dropout), *_dense([n_in * length, size], dropout)
        )

    def forward(self, sequences):
        """Return codes of shape (n, size)."""
        return self.layers(sequences)


class Conv2dEncoder(nn.Module):
    """Encode images by two convolutions, as the dm-dt maps of CCSNscore [1]_.

    Parameters
    ----------
    shape : tuple of 3 ints
        (channels, height, width).

    size : int, default=8
        Length of the code.

    channels : tuple of 2 ints, default=(16, 8)
        Output channels of the convolutions of 3 by 3.

    hidden_size : int, default=64
        Width of the dense layer before the code.

    dropout : float, default=0.5
        Dropout between the convolutions.

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

    def __init__(self, shape, *, size=8, channels=(16, 8), hidden_size=64, dropout=0.5):
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
            *_dense([flat, hidden_size, size], 0.0),
        )

    def forward(self, images):
        """Return codes of shape (n, size)."""
        return self.layers(images)


class RecurrentEncoder(nn.Module):
    """Encode sequences by LSTM layers and dense layers, as CCSNscore [1]_.

    The defaults are those of its spectra; of its light curves ``num_layers=3,
    bidirectional=False, dropouts=(0, 0, .5), hidden_sizes=()``.

    Parameters
    ----------
    shape : tuple of 2 ints
        (channels, length).

    size : int, default=8
        Length of the code.

    units : int, default=24
        Units of each LSTM, in each direction.

    num_layers : int, default=2
        Number of LSTM layers.

    bidirectional : bool, default=True
        Read in both directions.

    dropouts : sequence of float, default=(0.5, 0.1)
        Dropout after each layer.

    hidden_sizes : sequence of int, default=(64,)
        Widths of the dense layers before the code.

    Notes
    -----
    Weights begin as those of Keras, which the paper used, with open forget gates: over hundreds of
    samples those of torch remember nothing for many epochs.

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
        shape,
        *,
        size=8,
        units=24,
        num_layers=2,
        bidirectional=True,
        dropouts=(0.5, 0.1),
        hidden_sizes=(64,),
    ):
        super().__init__()
        if len(dropouts) != num_layers:
            raise ValueError(
                f"RecurrentEncoder: {num_layers} layers need as many dropouts, not {dropouts}"
            )
        self.size = size
        width = units * (2 if bidirectional else 1)
        self.recurrent = nn.ModuleList(
            nn.LSTM(n_in, units, batch_first=True, bidirectional=bidirectional)
            for n_in in [shape[0], *[width] * (num_layers - 1)]
        )
        for layer in self.recurrent:
            _begin_as_keras(layer)
        self.dropouts = nn.ModuleList(nn.Dropout(dropout) for dropout in dropouts)
        self.dense = nn.Sequential(*_dense([width, *hidden_sizes, size], 0.0))

    def forward(self, sequences):
        """Return codes of shape (n, size)."""
        states = sequences.transpose(1, 2)
        for layer, dropout in zip(self.recurrent, self.dropouts):
            states, (last, _) = layer(states)
            states = dropout(states)
        n_directions = 2 if self.recurrent[-1].bidirectional else 1
        last = torch.cat(list(last[-n_directions:]), dim=1)
        return self.dense(self.dropouts[-1](last))


ENCODERS = {
    "mlp": MLPEncoder,
    "conv1d": Conv1dEncoder,
    "conv2d": Conv2dEncoder,
    "rnn": RecurrentEncoder,
}
_BY_DIMENSION = {1: "mlp", 2: "conv1d", 3: "conv2d"}


class FusionNet(ClassifierNet):
    """Encode several inputs each by its own network and classify by all codes together.

    The code of an input that an object lacks is zero, and the network is told which are there.

    Parameters
    ----------
    inputs : dict of str -> tuple of int
        Name and shape of each input.

    n_outputs : int
        Number of logits.

    n_static : int, default=0
        Number of static inputs.

    encoders : dict of str -> str or callable, default=None
        Encoder of each input: ``"mlp"``, ``"conv1d"``, ``"conv2d"``, ``"rnn"``, or a callable
        that takes the shape and gives a module with the attribute ``size``.  By default what fits
        the number of dimensions.

    hidden_sizes : sequence of int, default=(64,)
        Widths of the dense layers over the codes; () as in CCSNscore.

    dropout : float, default=0.2
        Dropout before the dense layers.

    Raises
    ------
    ValueError
        Encoders of inputs that do not exist, or an unknown name.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import FusionNet
    >>> net = FusionNet({"spectrum": (1, 64), "dmdt": (1, 24, 24)}, n_outputs=2)
    >>> present = torch.tensor([[1.0, 0.0]])
    >>> net(torch.zeros(1, 1, 64), torch.zeros(1, 1, 24, 24), present=present).shape
    torch.Size([1, 2])
    """

    def __init__(
        self, inputs, n_outputs, *, n_static=0, encoders=None, hidden_sizes=(64,), dropout=0.2
    ):
        super().__init__()
        encoders = encoders or {}
        strange = sorted(set(encoders) - set(inputs))
        if strange:
            raise ValueError(f"FusionNet: encoders for {strange}, which are no inputs")
        self.names = tuple(inputs)
        self.encoders = nn.ModuleList(
            _encoder(name, tuple(shape), encoders.get(name)) for name, shape in inputs.items()
        )
        width = sum(encoder.size for encoder in self.encoders) + len(inputs) + n_static
        sizes = [width, *hidden_sizes]
        self.head = nn.Sequential(nn.Dropout(dropout), *_dense(sizes, dropout))
        self.output = nn.Linear(sizes[-1], n_outputs)

    def embed(self, *values, present=None, static=None, **named):
        """Return embeddings of shape (n_objects, n_embedding).

        Parameters
        ----------
        *values, **named : Tensors of shape (n_objects, ...)
            The inputs, in order or by name.

        present : Tensor of shape (n_objects, n_inputs), default=None
            1 where an object has an input, 0 where its values mean nothing; all by default.

        static : Tensor of shape (n_objects, n_static), default=None
            Static inputs.
        """
        values = [*values, *(named[name] for name in self.names[len(values) :])]
        if present is None:
            present = values[0].new_ones(len(values[0]), len(values))
        codes = [
            encoder(value) * present[:, [i]]
            for i, (encoder, value) in enumerate(zip(self.encoders, values))
        ]
        return self.head(torch.cat([*codes, present, *([] if static is None else [static])], 1))


def _encoder(name, shape, encoder):
    if encoder is None:
        encoder = _BY_DIMENSION.get(len(shape), "mlp")
    if isinstance(encoder, str):
        if encoder not in ENCODERS:
            raise ValueError(
                f"FusionNet: input {name!r} has the unknown encoder {encoder!r}; there are "
                f"{sorted(ENCODERS)}"
            )
        encoder = ENCODERS[encoder]
    return encoder(shape)


def _begin_as_keras(lstm):
    """Remember at the begin: forget gates open, recurrent maps orthogonal."""
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


def _dense(sizes, dropout):
    """Linear layers with ReLU and, between them, dropout."""
    layers = []
    for i, (n_in, n_out) in enumerate(zip(sizes, sizes[1:])):
        layers += [nn.Dropout(dropout)] if i and dropout else []
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return layers

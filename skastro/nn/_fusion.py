"""Network that combines several inputs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from skastro.nn._classifier_net import ClassifierNet
from skastro.nn._encoders import BY_DIMENSION, ENCODERS, dense_layers


class FusionNet(ClassifierNet):
    """Encode each input with its own network and classify from all embeddings together.

    The embedding of a missing input is zero, and the network reads which inputs are present.

    Parameters
    ----------
    inputs : dict of str -> tuple of int
        Name and shape of each input.

    n_outputs : int
        Number of logits.

    n_static : int, default=0
        Number of static features.

    encoders : dict of str -> str or callable, default=None
        Encoder of each input: ``"mlp"``, ``"conv1d"``, ``"conv2d"``, ``"rnn"``, or a callable that
        takes the shape and returns a module with the attribute ``size``.  The default follows from
        the number of dimensions.

    hidden_sizes : sequence of int, default=(64,)
        Widths of the dense layers over the embeddings; () as in CCSNscore.

    dropout : float, default=0.2
        Dropout probability before the dense layers.

    Raises
    ------
    ValueError
        Encoders for inputs that do not exist, or an unknown encoder.

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
        self,
        inputs: Mapping[str, Sequence[int]],
        n_outputs: int,
        *,
        n_static: int = 0,
        encoders: Mapping[str, str | Callable[..., nn.Module]] | None = None,
        hidden_sizes: Sequence[int] = (64,),
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        encoders = encoders or {}
        unknown = sorted(set(encoders) - set(inputs))
        if unknown:
            raise ValueError(
                f"FusionNet: encoders has {unknown}, which are not among the inputs {list(inputs)}"
            )
        self.names = tuple(inputs)
        built: list[Any] = [
            _encoder(name, tuple(shape), encoders.get(name)) for name, shape in inputs.items()
        ]
        self.encoders = nn.ModuleList(built)
        width = sum(encoder.size for encoder in built) + len(inputs) + n_static
        sizes = [width, *hidden_sizes]
        self.head = nn.Sequential(nn.Dropout(dropout), *dense_layers(sizes, dropout))
        self.output = nn.Linear(sizes[-1], n_outputs)

    def embed(
        self,
        *values: Tensor,
        present: Tensor | None = None,
        static: Tensor | None = None,
        **named: Tensor,
    ) -> Tensor:
        """Return embeddings of shape (n_objects, n_embedding).

        Parameters
        ----------
        *values, **named : Tensors of shape (n_objects, ...)
            Inputs, in order or by name.

        present : Tensor of shape (n_objects, n_inputs), default=None
            1 where an object has an input, 0 where it is missing; by default all are present.

        static : Tensor of shape (n_objects, n_static), default=None
            Static features.
        """
        inputs = [*values, *(named[name] for name in self.names[len(values) :])]
        if present is None:
            present = inputs[0].new_ones(len(inputs[0]), len(inputs))
        embeddings = [
            encoder(value) * present[:, [i]]
            for i, (encoder, value) in enumerate(zip(self.encoders, inputs))
        ]
        features = [*embeddings, present, *([] if static is None else [static])]
        return self.head(torch.cat(features, dim=1))


def _encoder(
    name: str, shape: tuple[int, ...], encoder: str | Callable[..., nn.Module] | None
) -> nn.Module:
    if encoder is None:
        encoder = BY_DIMENSION.get(len(shape), "mlp")
    if isinstance(encoder, str):
        if encoder not in ENCODERS:
            raise ValueError(
                f"FusionNet: unknown encoder {encoder!r} for the input {name!r}; known ones are "
                f"{sorted(ENCODERS)}"
            )
        encoder = ENCODERS[encoder]
    return encoder(shape)

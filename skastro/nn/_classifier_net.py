"""The contract of a classification network: an embedding and a last layer."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn


class ClassifierNet(nn.Module, ABC):
    """Base class of the networks that return logits.

    A subclass implements :meth:`embed` and sets `output`, the linear layer that maps the embedding
    to logits.  Calling the network applies one after the other.  The embedding is what
    ``transform`` of the classifiers returns, for anomaly detection, neighbours and plots.

    Attributes
    ----------
    output : torch.nn.Linear
        The last layer.

    n_embedding : int
        Length of the embedding.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import ClassifierNet
    >>> class OneHiddenLayer(ClassifierNet):
    ...     def __init__(self, n_inputs, n_outputs):
    ...         super().__init__()
    ...         self.hidden = torch.nn.Linear(n_inputs, 16)
    ...         self.output = torch.nn.Linear(16, n_outputs)
    ...
    ...     def embed(self, values):
    ...         return self.hidden(values).relu()
    >>> network = OneHiddenLayer(5, 3)
    >>> network(torch.zeros(2, 5)).shape, network.embed(torch.zeros(2, 5)).shape
    (torch.Size([2, 3]), torch.Size([2, 16]))
    """

    output: nn.Linear

    @abstractmethod
    def embed(self, *inputs: Any, **named: Any) -> Tensor:
        """Return the embedding.

        Parameters
        ----------
        *inputs, **named : Tensor
            Inputs of the network.

        Returns
        -------
        embedding : Tensor of shape (n_objects, n_embedding)
            Of shape (n_objects, n_positions, n_embedding) if the network predicts at several
            positions of a light curve.
        """

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return logits, of shape (..., n_outputs), for the inputs of :meth:`embed`."""
        return self.output(self.embed(*inputs, **named))

    @property
    def n_embedding(self) -> int:
        return self.output.in_features


def hidden_layers(sizes: Iterable[int], dropout: float) -> nn.Sequential:
    """Return linear layers with ReLU, with dropout before each and at the end."""
    sizes = list(sizes)
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Dropout(dropout), nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Dropout(dropout))

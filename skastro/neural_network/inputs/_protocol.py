"""The protocol of all sources."""

from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray


@runtime_checkable
class Source(Protocol):
    """What a network requires of its input: checked X, read in batches.

    A source never changes.  Every request is an argument of :meth:`take`.

    Attributes
    ----------
    lengths : ndarray of int of shape (n_objects,)
        Number of observations of each object; batches hold objects of similar length.

    reasons : ndarray of str of shape (n_objects,)
        Why an object cannot be used; "" for the others.

    unusable : ndarray of bool of shape (n_objects,)
        Whether there is such a reason.

    scale : object or None
        Result of :meth:`learn`; None before.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import DenseBlocks, Source
    >>> isinstance(DenseBlocks(np.eye(3), {"values": (3,)}, "Example"), Source)
    True
    """

    lengths: NDArray[np.int64]
    reasons: NDArray[np.object_]
    scale: Any

    @property
    def unusable(self) -> NDArray[np.bool_]:
        """Return the mask of the objects that cannot be used."""

    def __len__(self) -> int: ...

    def learn(self, rows: NDArray[np.int64]) -> Self:
        """Return a source scaled to some of its rows, the training rows."""

    def scaled(self, scale: Any) -> Self:
        """Return a source with the scale that another source learned."""

    def keys(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return one number per row that depends on the content of the row alone."""

    def take(
        self, rows: NDArray[np.int64], *, generator: torch.Generator | None = None, **question: Any
    ) -> dict[str, torch.Tensor]:
        """Return the tensors of some rows by name; with a generator, a training sample."""

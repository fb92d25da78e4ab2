"""Dense rows with hidden stretches, together with the values that a network must return."""

import copy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from skastro.neural_network.inputs._dense import BlockScale, DenseBlocks

_CHUNK_ROWS = 2**12
# Of the usual deviation of an input: apodised ends hardly vary, and must not dominate the loss.
_SMALLEST = 0.1


@dataclass(frozen=True)
class MaskedScale:
    """Scale that rows with hidden stretches learn from the training rows.

    Parameters
    ----------
    rows : BlockScale
        Scale of the rows.

    deviation : ndarray of shape (n_values,)
        Standard deviation of each value.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import BlockScale, MaskedScale, StaticScaling
    >>> MaskedScale(BlockScale(StaticScaling(), limit=5.0), np.ones(3)).rows.limit
    5.0
    """

    rows: BlockScale
    deviation: NDArray


class MaskedBlocks:
    """Dense rows as inputs of a network that must return all of them.

    A training sample hides stretches of the inputs, which become zero, and adds noise to the rest.

    Parameters
    ----------
    dense : DenseBlocks or MultimodalBlocks
        The rows; static columns are left out.

    hidden : float
        Share of each input that is hidden.

    stretch : int
        Values that are hidden together.

    noise : float
        Standard deviation of the noise, in units of that of each value.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from skastro.neural_network.inputs import MaskedBlocks, MultimodalBlocks
    >>> blocks = MultimodalBlocks(np.ones((3, 8)), {"a": (1, 8)}, "Example")
    >>> source = MaskedBlocks(blocks, hidden=0.5, stretch=2, noise=0.0).learn(np.arange(3))
    >>> batch = source.take(np.array([1]), generator=torch.Generator().manual_seed(0))
    >>> sorted(batch), batch["target"].tolist()
    (['a', 'present', 'target', 'weight'], [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]])
    """

    def __init__(self, dense: DenseBlocks, *, hidden: float, stretch: int, noise: float):
        self.dense = dense
        self.hidden = hidden
        self.stretch = stretch
        self.noise = noise
        self.scale: Any = None

    @property
    def lengths(self) -> NDArray[np.int64]:
        """1: all rows are equally long."""
        return self.dense.lengths

    @property
    def reasons(self) -> NDArray[np.object_]:
        """Why a row cannot be used; "" for the others."""
        return self.dense.reasons

    @property
    def unusable(self) -> NDArray[np.bool_]:
        """Return the mask of the rows that cannot be used."""
        return self.dense.unusable

    def __len__(self) -> int:
        return len(self.dense)

    def learn(self, rows: NDArray[np.int64]) -> Self:
        """Return the rows scaled to some of them, the training rows."""
        blocks: Any = self.dense.learn(rows)
        n_values = self.dense.edges[-1]
        total, squares, count = (np.zeros(n_values) for _ in range(3))
        for start in range(0, len(rows), _CHUNK_ROWS):
            values = self.dense.X[rows[start : start + _CHUNK_ROWS], :n_values].astype(float)
            total += np.nansum(values, axis=0)
            squares += np.nansum(values**2, axis=0)
            count += np.isfinite(values).sum(axis=0)
        count = np.maximum(count, 1)
        deviation = np.sqrt(np.maximum(squares / count - (total / count) ** 2, 0))
        parts = np.split(deviation, self.dense.edges[1:-1])
        parts = [np.maximum(part, _SMALLEST * np.median(part) or 1.0) for part in parts]
        return self.scaled(MaskedScale(blocks.scale, np.concatenate(parts)))

    def scaled(self, scale: MaskedScale) -> Self:
        """Return the rows with the scale that another source learned."""
        other = copy.copy(self)
        other.scale, other.dense = scale, self.dense.scaled(scale.rows)
        return other

    def keys(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return one number per row that depends on its content alone."""
        return self.dense.keys(rows)

    def take(
        self,
        rows: NDArray[np.int64],
        *,
        generator: torch.Generator | None = None,
        truth: bool = True,
    ) -> dict[str, torch.Tensor]:
        """Return the tensors of some rows by name.

        Parameters
        ----------
        rows : ndarray of int of shape (n,)
            Row numbers.

        generator : torch.Generator, default=None
            Makes a training sample, with hidden stretches and noise.

        truth : bool, default=True
            Whether to return ``target``, the values to reconstruct in units of their deviation, and
            ``weight``, 0 for missing inputs, or the inputs alone, with nothing hidden.
        """
        batch = self.dense.take(rows)
        batch.pop("static", None)
        if not truth:
            return batch
        present = batch.get("present", torch.ones(len(rows), len(self.dense.shapes)))
        deviation = np.split(self.scale.deviation.astype(np.float32), self.dense.edges[1:-1])
        targets, weights = [], []
        for i, name in enumerate(self.dense.shapes):
            whole = batch[name].flatten(1)
            width = torch.from_numpy(deviation[i])
            targets.append(whole / width)
            weights.append(present[:, [i]].expand_as(whole))
            if generator is not None:
                sample = self._sample(whole, width, generator) * present[:, [i]]
                batch[name] = sample.reshape(batch[name].shape)
        return batch | {"target": torch.cat(targets, 1), "weight": torch.cat(weights, 1)}

    def _sample(self, whole, width, generator):
        n_stretches = -(-whole.shape[1] // self.stretch)
        stretches = torch.rand(len(whole), n_stretches, generator=generator) < self.hidden
        gaps = stretches.repeat_interleave(self.stretch, dim=1)[:, : whole.shape[1]]
        noise = self.noise * width * torch.randn(whole.shape, generator=generator)
        return torch.where(gaps, 0.0, whole + noise)

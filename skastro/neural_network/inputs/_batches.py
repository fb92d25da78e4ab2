"""Batches of the rows of a source."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skastro.neural_network.inputs._protocol import Source

_BUCKET = 32


class BatchDataset(torch.utils.data.Dataset):
    """Some rows of a source together with their encoded labels and weights.

    Parameters
    ----------
    source : Source
        Returns the named tensors of a batch.

    rows : ndarray of int of shape (n,)
        Rows of the source.

    codes : ndarray of int of shape (n,), default=None
        Encoded labels, -1 for unlabelled objects; zeros by default.

    weights : ndarray of shape (n,), default=None
        Weights in the loss; they are scaled to a mean of 1.

    generator : torch.Generator, default=None
        Makes every batch a random training sample.

    question : mapping, default=None
        Further arguments of ``source.take``.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import BatchDataset, DenseBlocks
    >>> source = DenseBlocks(np.eye(3), {"image": (1, 1, 3)}, "Example")
    >>> inputs, codes = BatchDataset(source, np.array([2, 0]), np.array([1, 0]))[0]
    >>> inputs["image"].flatten().tolist(), codes.tolist()
    ([0.0, 0.0, 1.0], [1])
    """

    def __init__(
        self,
        source: Source,
        rows: NDArray[np.int64],
        codes: NDArray[np.int64] | None = None,
        weights: NDArray | None = None,
        *,
        generator: torch.Generator | None = None,
        question: Mapping[str, Any] | None = None,
    ):
        self.source = source
        self.rows = rows
        self.codes = np.zeros(len(rows), np.int64) if codes is None else codes
        self.weights = None if weights is None else (weights / weights.mean()).astype(np.float32)
        self.generator = generator
        self.question = dict(question or {})

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Lengths of the rows, for batches of similar length."""
        return self.source.lengths[self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i):
        return self.batch(np.atleast_1d(i))

    def batch(self, positions: NDArray[np.int64]) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """Return (inputs, codes) of the rows at `positions`; inputs may hold sample_weight."""
        inputs = self.source.take(self.rows[positions], generator=self.generator, **self.question)
        if self.weights is not None:
            inputs["sample_weight"] = torch.from_numpy(self.weights[positions])
        return inputs, torch.from_numpy(self.codes[positions])


class BatchIterator:
    """Iterate over the batches of a :class:`BatchDataset`.

    Parameters
    ----------
    dataset : BatchDataset
        What to iterate over.

    batch_size : int, default=128
        Rows per batch; -1 puts all into one.

    shuffle : bool, default=False
        Visit the rows in a new random order in every pass, drawn from the generator of the data
        set.  A last batch of a single row joins the one before it, because batch normalisation
        requires two.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import BatchDataset, BatchIterator, DenseBlocks
    >>> source = DenseBlocks(np.eye(5), {"image": (1, 1, 5)}, "Example")
    >>> batches = BatchIterator(BatchDataset(source, np.arange(5)), batch_size=2, shuffle=True)
    >>> len(batches), [len(codes) for inputs, codes in batches]
    (2, [2, 3])
    """

    def __init__(self, dataset: BatchDataset, batch_size: int = 128, shuffle: bool = False):
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle

    def _starts(self):
        n = len(self.dataset)
        starts = list(range(0, n, self.batch_size))
        if self.shuffle and len(starts) > 1 and n - starts[-1] == 1:
            starts.pop()
        return starts

    def __len__(self) -> int:
        return len(self._starts())

    def __iter__(self) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
        for positions in self.positions():
            if len(positions):
                yield self.dataset.batch(positions)

    def positions(self) -> list[NDArray[np.int64]]:
        """Return the positions of the rows of each batch."""
        if self.shuffle:
            return self._shuffled()
        return np.split(np.arange(len(self.dataset)), self._starts()[1:])

    def _shuffled(self):
        """Batches in random order; of rows of similar length where lengths differ."""
        generator = self.dataset.generator
        order = torch.randperm(len(self.dataset), generator=generator).numpy()
        lengths, window = self.dataset.lengths, self._windows()
        if np.ptp(lengths) == 0 and window is None:
            return np.split(order, self._starts()[1:])
        window = np.zeros(len(order), int) if window is None else window
        order = order[np.argsort(window[order], kind="stable")]
        stretch = np.arange(len(order)) // (_BUCKET * self.batch_size)
        order = order[np.lexsort((lengths[order], stretch, window[order]))]
        batches = np.split(order, self._starts()[1:])
        shuffled = torch.randperm(len(batches), generator=generator).numpy()
        # A batch of two windows comes between them, so that no block is read again for it.
        place = np.array([window[batch[0]] + window[batch[-1]] for batch in batches])
        return [batches[i] for i in shuffled[np.argsort(place[shuffled], kind="stable")]]

    def _windows(self):
        """Return which rows are shuffled together, in random order; None for all of them.

        Rows of a source that is read in blocks are shuffled among as many blocks as it holds.
        """
        source = self.dataset.source
        if not _is_read_in_parts(source):
            return None
        blocks = source.blocks[self.dataset.rows]
        n_blocks = int(source.blocks.max()) + 1
        rank = torch.randperm(n_blocks, generator=self.dataset.generator).numpy()
        return rank[blocks] // source.n_cached


def by_length(source: Any, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return rows in the order of their lengths, block by block if the source is read in blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import DenseBlocks, by_length
    >>> by_length(DenseBlocks(np.eye(3), {"image": (3,)}, "Example"), np.array([2, 0])).tolist()
    [2, 0]
    """
    lengths = source.lengths[rows]
    if not _is_read_in_parts(source):
        return rows[np.argsort(lengths, kind="stable")]
    return rows[np.lexsort((lengths, source.blocks[rows]))]


def _is_read_in_parts(source: Any) -> bool:
    """Return whether a source has more blocks than it holds in memory."""
    return hasattr(source, "blocks") and int(source.blocks.max()) >= source.n_cached

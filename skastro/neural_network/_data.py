"""Batches of dense rows: one gather a batch, and never a copy of the whole array."""

import math

import numpy as np
import torch

from skastro.exceptions import ObjectError
from skastro.neural_network._static import StaticScaling

_CHUNK_VALUES = 2**18
_BUCKET = 32
_LARGEST = np.finfo(np.float32).max


class DenseRows:
    """Rows of a 2-D array as named tensors, batch by batch.

    The columns are the flattened blocks in the order of `shapes`, then static columns.  The
    array may be memory-mapped: it is read once in chunks to look for NaN and infinite values,
    and afterwards in batches.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Any real dtype; batches are cast to float32.

    shapes : dict of str -> tuple of int
        Name and shape of each block.

    owner : str
        Begin of error messages.

    allow_nan : bool, default=True
        Whether NaN is an answer that X may give; otherwise it is an error.

    Attributes
    ----------
    unusable : ndarray of shape (n_rows,), dtype bool
        Rows with NaN in a block.

    largest : ndarray of shape (n_rows,)
        Largest absolute value of the blocks of each row; NaN for unusable rows.

    lengths : ndarray of int of shape (n_rows,)
        1: rows are all as long.

    learned : tuple of str
        What :meth:`prepare` needs from :meth:`learn`.

    static : ndarray of shape (n_rows, n_static)
        The columns after the blocks, float64; NaN where missing.

    Raises
    ------
    ValueError
        There are fewer columns than the blocks need.

    ObjectError
        Infinite values, values beyond float32, or NaN where it is not allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._data import DenseRows
    >>> rows = DenseRows(np.arange(10.0).reshape(2, 5), {"image": (1, 2, 2)}, "Example")
    >>> rows = rows.prepare(**rows.learn([0, 1]))
    >>> {name: tuple(batch.shape) for name, batch in rows.take([1]).items()}
    {'image': (1, 1, 2, 2), 'static': (1, 2)}
    """

    learned = ("static_scaling", "limit")

    def __init__(self, X, shapes, owner, *, allow_nan=True):
        self.X = X
        self.lengths = np.ones(len(X), int)
        self.shapes = shapes
        self.edges = np.cumsum([0, *(math.prod(shape) for shape in shapes.values())])
        if self.edges[-1] > X.shape[1]:
            raise ValueError(
                f"{owner}: the shapes {shapes} need {self.edges[-1]} columns; X has {X.shape[1]}"
            )
        self.static = self.inputs = np.array(X[:, self.edges[-1] :], np.float64)
        self.largest, infinite = _scan(X, self.edges[-1])
        self.unusable = np.isnan(self.largest)
        infinite |= (np.abs(self.static) > _LARGEST).any(axis=1)
        if infinite.any():
            raise ObjectError(
                f"{owner}: X contains infinity or a value too large for float32",
                np.flatnonzero(infinite),
            )
        if not allow_nan and self.unusable.any():
            raise ObjectError(f"{owner}: Input X contains NaN", np.flatnonzero(self.unusable))
        self.limit = np.inf

    def __len__(self):
        return len(self.X)

    def learn(self, rows, static_scaler=None):
        """Learn from `rows` what :meth:`prepare` needs.

        Parameters
        ----------
        rows : ndarray of int
            Row numbers.

        static_scaler : scikit-learn transformer, default=None
            Scales the static columns; standardisation by default.

        Returns
        -------
        learned : dict
            ``static_scaling``, a fitted :class:`~skastro.neural_network._static.StaticScaling`,
            and ``limit``, 10 times the 90th percentile of `largest`.
        """
        limit = 10 * np.quantile(self.largest[rows], 0.9) if len(rows) else np.inf
        scaling = StaticScaling(static_scaler).fit(self.static[rows])
        return {"static_scaling": scaling, "limit": float(limit)}

    def prepare(self, static_scaling, limit):
        """Scale the static columns and set the limit of the blocks.

        Missing static values become 0, and indicators of missing follow the columns; values of
        the blocks beyond ``-limit..limit`` are cut to it in every batch.
        """
        self.inputs = static_scaling.transform(self.static)
        self.limit = limit
        return self

    def take(self, rows, purpose="predict"):
        """Return the tensors of `rows` (row numbers) by name; the same for any purpose."""
        values = self.X[rows, : self.edges[-1]].astype(np.float32, copy=False)
        if (self.largest[rows] > self.limit).any():
            np.clip(values, -self.limit, self.limit, out=values)
        cuts = np.split(values, self.edges[1:-1], axis=1)
        batch = {
            name: torch.from_numpy(cut).reshape(len(cut), *shape)
            for (name, shape), cut in zip(self.shapes.items(), cuts)
        }
        if self.static.shape[1]:
            batch["static"] = torch.from_numpy(self.inputs[rows])
        return batch


def _scan(X, stop):
    """Largest absolute value before column `stop` of each row, and which rows hold infinity."""
    largest, infinite = np.empty(len(X), np.float32), np.zeros(len(X), bool)
    step = max(1, _CHUNK_VALUES // max(stop, 1))
    for start in range(0, len(X), step):
        part = slice(start, start + step)
        with np.errstate(over="ignore"):
            chunk = X[part, :stop].astype(np.float32, copy=False)
        largest[part] = np.maximum(chunk.max(axis=1), -chunk.min(axis=1))
        strange = start + np.flatnonzero(~np.isfinite(largest[part]))
        infinite[strange] = np.isinf(chunk[strange - start]).any(axis=1)
    return largest, infinite


class BatchDataset(torch.utils.data.Dataset):
    """Some rows of a source together with their class codes and weights.

    Parameters
    ----------
    source : object with ``take(rows, purpose)`` and ``lengths``
        Gives the named tensors of a batch, as :class:`DenseRows`.

    rows : ndarray of int of shape (n,)
        The rows of the source.

    codes : ndarray of int of shape (n,), default=None
        Class codes; zeros by default.

    weights : ndarray of shape (n,), default=None
        Weights in the loss; they are scaled to a mean of 1.

    purpose : {"predict", "train", "valid"}, default="predict"
        What the batches are for; a source may vary its rows in training.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._data import BatchDataset, DenseRows
    >>> source = DenseRows(np.eye(3), {"image": (1, 1, 3)}, "Example")
    >>> inputs, codes = BatchDataset(source, np.array([2, 0]), np.array([1, 0]))[0]
    >>> inputs["image"].flatten().tolist(), codes.tolist()
    ([0.0, 0.0, 1.0], [1])
    """

    def __init__(self, source, rows, codes=None, weights=None, *, purpose="predict"):
        self.source = source
        self.rows = rows
        self.purpose = purpose
        self.codes = np.zeros(len(rows), np.int64) if codes is None else codes
        self.weights = None
        if weights is not None:
            self.weights = (weights / weights.mean()).astype(np.float32)

    @property
    def lengths(self):
        """Lengths of the rows, for batches of like lengths."""
        return self.source.lengths[self.rows]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return self.batch(np.atleast_1d(i))

    def batch(self, positions):
        """Return (inputs, codes) of the rows at `positions`; inputs may hold sample_weight."""
        inputs = self.source.take(self.rows[positions], self.purpose)
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
        Rows a batch.

    shuffle : bool, default=False
        Draw a new order for every pass from torch's generator; a last batch of a single row then
        joins the one before it, since batch normalisation needs two.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._data import BatchDataset, BatchIterator, DenseRows
    >>> source = DenseRows(np.eye(5), {"image": (1, 1, 5)}, "Example")
    >>> batches = BatchIterator(BatchDataset(source, np.arange(5)), batch_size=2, shuffle=True)
    >>> len(batches), [len(codes) for inputs, codes in batches]
    (2, [2, 3])
    """

    def __init__(self, dataset, batch_size=128, shuffle=False):
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle

    def _starts(self):
        n = len(self.dataset)
        starts = list(range(0, n, self.batch_size))
        if self.shuffle and len(starts) > 1 and n - starts[-1] == 1:
            starts.pop()
        return starts

    def __len__(self):
        return len(self._starts())

    def __iter__(self):
        if not self.shuffle:
            batches = np.split(np.arange(len(self.dataset)), self._starts()[1:])
        else:
            batches = self._shuffled()
        for positions in batches:
            if len(positions):
                yield self.dataset.batch(positions)

    def _shuffled(self):
        """Batches of a random order; of rows of like lengths, when these differ."""
        order, lengths = torch.randperm(len(self.dataset)).numpy(), self.dataset.lengths
        if np.ptp(lengths) == 0:
            return np.split(order, self._starts()[1:])
        stretch = np.arange(len(order)) // (_BUCKET * self.batch_size)
        order = order[np.lexsort((lengths[order], stretch))]
        batches = np.split(order, self._starts()[1:])
        return [batches[i] for i in torch.randperm(len(batches)).tolist()]

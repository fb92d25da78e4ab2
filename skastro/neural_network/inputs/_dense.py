"""Dense rows: one gather per batch, and never a copy of the whole array."""

import copy
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from skastro.exceptions import ObjectError, ObjectWarning, list_objects
from skastro.neural_network.inputs._keys import value_keys
from skastro.neural_network.inputs._static import StaticScaling

_CHUNK_VALUES = 2**18
_LARGEST = np.finfo(np.float32).max
_TIMES_THE_USUAL = 10


@dataclass(frozen=True)
class BlockScale:
    """Scale that dense rows learn from the training rows.

    Parameters
    ----------
    static : StaticScaling
        Scale of the static columns.

    limit : float
        Values of the blocks beyond ``-limit..limit`` are clipped to it.

    Examples
    --------
    >>> from skastro.neural_network.inputs import BlockScale, StaticScaling
    >>> BlockScale(StaticScaling(), limit=5.0).limit
    5.0
    """

    static: StaticScaling
    limit: float


class DenseBlocks:
    """Rows of a 2-D array as named tensors.

    The columns are the flattened blocks in the order of `shapes`, then static columns.  The array
    may be memory-mapped: it is read once in chunks to find NaN and infinite values, and
    afterwards in batches.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Any real dtype; batches are cast to float32.

    shapes : dict of str -> tuple of int
        Name and shape of each block.

    owner : str
        Estimator named in errors and warnings.

    ids : array-like of shape (n_rows,), default=None
        Names of the objects in errors and warnings; row numbers by default.

    allow_nan : bool, default=True
        Whether NaN in a block makes an object unusable; otherwise it is an error.

    static_scaler : scikit-learn transformer, default=None
        Scales the static columns; standardisation by default.

    clip : bool, default=False
        Clip values of the blocks at 10 times the 90th percentile, over the training rows, of the
        largest absolute value of a row.

    Attributes
    ----------
    lengths : ndarray of int of shape (n_rows,)
        1: all rows are equally long.

    reasons : ndarray of str of shape (n_rows,)
        Why a row cannot be used; "" for the others.

    largest : ndarray of shape (n_rows,)
        Largest absolute value of the blocks of each row; NaN for unusable rows.

    static : ndarray of shape (n_rows, n_static)
        The columns after the blocks, float64; NaN where missing.

    scale : BlockScale or None
        Result of :meth:`learn`.

    Raises
    ------
    ValueError
        The blocks require more columns than there are.

    ObjectError
        Infinite values, values beyond float32, or NaN where it is not allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import DenseBlocks
    >>> rows = DenseBlocks(np.arange(10.0).reshape(2, 5), {"image": (1, 2, 2)}, "Example")
    >>> batch = rows.learn(np.arange(2)).take(np.array([1]))
    >>> {name: tuple(tensor.shape) for name, tensor in batch.items()}
    {'image': (1, 1, 2, 2), 'static': (1, 2)}
    """

    def __init__(
        self,
        X: NDArray,
        shapes: Mapping[str, tuple[int, ...]],
        owner: str,
        *,
        ids: ArrayLike | None = None,
        allow_nan: bool = True,
        static_scaler: Any = None,
        clip: bool = False,
    ):
        self.X = X
        self.shapes = dict(shapes)
        self.owner = owner
        self.ids = np.arange(len(X)) if ids is None else np.asarray(ids)
        self.static_scaler = static_scaler
        self.clip = clip
        self.scale: BlockScale | None = None
        self.lengths = np.ones(len(X), np.int64)
        self.edges = np.cumsum([0, *(math.prod(shape) for shape in shapes.values())])
        if self.edges[-1] > X.shape[1]:
            raise ValueError(
                f"{owner}: the shapes {self.shapes} require {self.edges[-1]} columns; X has "
                f"{X.shape[1]}"
            )
        self.static = np.array(X[:, self.edges[-1] :], np.float64)
        self._static_inputs: NDArray = self.static
        self.largest, infinite = _scan(X, self.edges[-1])
        self._check_finite(infinite)
        self.reasons = self._find_reasons(allow_nan)

    def _check_finite(self, infinite):
        infinite |= (np.abs(self.static) > _LARGEST).any(axis=1)
        if infinite.any():
            raise ObjectError(
                f"{self.owner}: X contains infinity or a value too large for float32",
                self.ids[infinite],
            )

    def _find_reasons(self, allow_nan):
        missing = np.isnan(self.largest)
        if not allow_nan and missing.any():
            raise ObjectError(f"{self.owner}: Input X contains NaN", self.ids[missing])
        return np.where(missing, f"NaN in {' or '.join(self.shapes)}", "").astype(object)

    @property
    def unusable(self) -> NDArray[np.bool_]:
        """Return the mask of the rows that cannot be used."""
        return self.reasons != ""

    @property
    def n_static(self) -> int:
        """Number of static inputs: the columns and their indicators of missing values."""
        return 2 * self.static.shape[1]

    def __len__(self) -> int:
        return len(self.X)

    def learn(self, rows: NDArray[np.int64]) -> Self:
        """Return the rows scaled to some of them, the training rows.

        Warns
        -----
        ObjectWarning
            Rows of the whole source have values beyond the limit, and are clipped.
        """
        static = StaticScaling(self.static_scaler).fit(self.static[rows])
        limit = np.inf
        if self.clip and len(rows):
            limit = float(_TIMES_THE_USUAL * np.quantile(self.largest[rows], 0.9))
            self._warn_of_clipping(limit)
        return self.scaled(BlockScale(static, limit))

    def _warn_of_clipping(self, limit):
        beyond = self.largest > limit
        if beyond.any():
            warnings.warn(
                f"{self.owner}: {beyond.sum()} of {len(self)} objects have values beyond "
                f"{limit:.3g}, {_TIMES_THE_USUAL} times the usual, which are clipped to it "
                f"({list_objects(self.ids[beyond])}); check how they were normalised, "
                f"or leave them out",
                ObjectWarning,
                stacklevel=2,
            )

    def scaled(self, scale: BlockScale) -> Self:
        """Return the rows with the scale that another source learned."""
        other = copy.copy(self)
        other.scale = scale
        other._static_inputs = scale.static.transform(self.static)
        return other

    def keys(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return one number per row that depends on the content of the row alone."""
        return value_keys(self.X[rows])

    def take(
        self, rows: NDArray[np.int64], *, generator: torch.Generator | None = None
    ) -> dict[str, torch.Tensor]:
        """Return the tensors of some rows by name; a training sample is the same."""
        values = self.X[rows, : self.edges[-1]].astype(np.float32, copy=False)
        if self.scale is not None and (self.largest[rows] > self.scale.limit).any():
            # In place: the indices above have copied, and X stays as it is.
            np.clip(values, -self.scale.limit, self.scale.limit, out=values)
        cuts = np.split(values, self.edges[1:-1], axis=1)
        batch = {
            name: torch.from_numpy(cut).reshape(len(cut), *shape)
            for (name, shape), cut in zip(self.shapes.items(), cuts)
        }
        if self.static.shape[1]:
            batch["static"] = torch.from_numpy(self._static_inputs[rows])
        return batch


def _scan(X, stop):
    """Largest absolute value before column `stop` of each row, and which rows hold infinity."""
    largest, infinite = np.empty(len(X), np.float32), np.zeros(len(X), bool)
    step = max(1, _CHUNK_VALUES // max(stop, 1))
    for start in range(0, len(X), step):
        part = slice(start, start + step)
        with np.errstate(over="ignore"):
            chunk = X[part, :stop].astype(np.float32, copy=False)
        # Not the maximum of np.abs, which copies the chunk once more.
        largest[part] = np.maximum(chunk.max(axis=1), -chunk.min(axis=1))
        suspects = start + np.flatnonzero(~np.isfinite(largest[part]))
        infinite[suspects] = np.isinf(chunk[suspects - start]).any(axis=1)
    return largest, infinite

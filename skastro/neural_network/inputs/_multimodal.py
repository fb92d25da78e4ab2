"""Dense rows of several inputs, any of which may be missing."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from skastro.exceptions import ObjectError
from skastro.neural_network.inputs._dense import DenseBlocks

_CHUNK_VALUES = 2**18


class MultimodalBlocks(DenseBlocks):
    """Rows of several inputs as named tensors; an input that is all NaN is missing.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        The flattened inputs in the order of `shapes`, then static columns.

    shapes : dict of str -> tuple of int
        Name and shape of each input.

    owner : str
        Estimator named in errors.

    ids : array-like of shape (n_rows,), default=None
        Names of the objects in errors; row numbers by default.

    static_scaler : scikit-learn transformer, default=None
        Scales the static columns; standardisation by default.

    Attributes
    ----------
    present : ndarray of bool of shape (n_rows, n_inputs)
        Which inputs each object has.

    Raises
    ------
    ObjectError
        NaN in a part of an input.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import MultimodalBlocks
    >>> X = np.array([[1.0, 2.0, 3.0], [np.nan, np.nan, 4.0]])
    >>> MultimodalBlocks(X, {"a": (2,), "b": (1,)}, "Example").present.tolist()
    [[True, True], [False, True]]
    """

    def __init__(
        self,
        X: NDArray,
        shapes: Mapping[str, tuple[int, ...]],
        owner: str,
        *,
        ids: ArrayLike | None = None,
        static_scaler: Any = None,
    ):
        super().__init__(X, shapes, owner, ids=ids, static_scaler=static_scaler)

    def _find_reasons(self, allow_nan):
        missing = np.flatnonzero(np.isnan(self.largest))
        self.present = np.ones((len(self), len(self.shapes)), bool)
        step = max(1, _CHUNK_VALUES // max(self.edges[-1], 1))
        for start in range(0, len(missing), step):
            self._find_present(missing[start : start + step])
        return np.where(self.present.any(axis=1), "", "all inputs are missing").astype(object)

    def _find_present(self, rows):
        missing = np.isnan(self.X[rows, : self.edges[-1]])
        for i, (name, part) in enumerate(zip(self.shapes, np.split(missing, self.edges[1:-1], 1))):
            partly = part.any(axis=1) & ~part.all(axis=1)
            if partly.any():
                raise ObjectError(
                    f"{self.owner}: Input X contains NaN in a part of the input {name!r}; an "
                    f"input is missing if all of it is NaN",
                    self.ids[rows[partly]],
                )
            self.present[rows, i] = ~part.all(axis=1)

    def take(
        self, rows: NDArray[np.int64], *, generator: torch.Generator | None = None
    ) -> dict[str, torch.Tensor]:
        """Return the tensors of some rows by name, zeros for missing inputs, and ``present``."""
        batch = super().take(rows, generator=generator)
        present = self.present[rows]
        for i, name in enumerate(self.shapes):
            if not present[:, i].all():
                # The network multiplies by `present`, and NaN times zero is NaN.
                batch[name] = torch.nan_to_num(batch[name])
        return batch | {"present": torch.from_numpy(present.astype(np.float32))}

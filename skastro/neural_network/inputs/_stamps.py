"""Image stamps, turned and mirrored at random in training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from skastro.exceptions import ObjectError
from skastro.neural_network.inputs._dense import DenseBlocks
from skastro.nn import orient

_LARGEST = 1e18


class Stamps(DenseBlocks):
    """Rows of image stamps as tensors.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        The flattened stamp, then static columns.

    shapes : dict of str -> tuple of int
        ``{"image": (height, width, channels)}``.

    owner : str
        Estimator named in errors.

    augment : bool, default=False
        Whether training samples are turned and mirrored at random.

    ids, allow_nan, static_scaler
        As of :class:`DenseBlocks`.

    Raises
    ------
    ObjectError
        Pixels whose squares float32 cannot hold.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import Stamps
    >>> stamps = Stamps(np.arange(4.0).reshape(1, 4), {"image": (2, 2, 1)}, "Example")
    >>> stamps.take(np.array([0]), orientation=4)["image"].flatten().tolist()
    [1.0, 0.0, 3.0, 2.0]
    """

    def __init__(
        self,
        X: NDArray,
        shapes: Mapping[str, tuple[int, ...]],
        owner: str,
        *,
        augment: bool = False,
        ids: ArrayLike | None = None,
        allow_nan: bool = True,
        static_scaler: Any = None,
    ):
        options = {"ids": ids, "allow_nan": allow_nan, "static_scaler": static_scaler}
        super().__init__(X, shapes, owner, **options)
        self.augment = augment
        beyond = self.largest > _LARGEST
        if beyond.any():
            raise ObjectError(
                f"{owner}: X contains pixels beyond {_LARGEST:.0e}, whose squares float32 cannot "
                f"hold; if they mark missing pixels, FillStamps replaces them",
                self.ids[beyond],
            )

    @property
    def orientations(self) -> range:
        """Orientations that keep the shape: eight of a square, four of a rectangle."""
        height, width, _ = self.shapes["image"]
        return range(8) if height == width else range(0, 8, 2)

    def take(
        self,
        rows: NDArray[np.int64],
        *,
        generator: torch.Generator | None = None,
        orientation: int = 0,
    ) -> dict[str, torch.Tensor]:
        """Return the tensors of some rows by name.

        Parameters
        ----------
        rows : ndarray of int of shape (n,)
            Row numbers.

        generator : torch.Generator, default=None
            Draws an orientation for each stamp, if the stamps are to be augmented.

        orientation : int, default=0
            Orientation of all stamps otherwise; see :func:`skastro.nn.orient`.
        """
        batch = super().take(rows)
        images = batch["image"].movedim(-1, 1)
        if self.augment and generator is not None:
            batch["image"] = self._turned(images, generator).movedim(1, -1)
        elif orientation:
            batch["image"] = orient(images, orientation).movedim(1, -1)
        return batch

    def _turned(self, images, generator):
        drawn = torch.randint(len(self.orientations), (len(images),), generator=generator)
        turned = torch.empty_like(images)
        for i, number in enumerate(self.orientations):
            turned[drawn == i] = orient(images[drawn == i], number)
        return turned

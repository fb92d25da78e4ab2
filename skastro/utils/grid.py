"""Regular grids that are described by three numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray


@dataclass(frozen=True)
class Grid:
    """Describe a regular grid; NumPy reads it as an array of its values.

    As a parameter of an estimator it keeps `repr` short and can be compared, hashed and searched.

    Parameters
    ----------
    start, stop : float
        First and last value.

    n : int
        Number of values.

    spacing : {"linear", "log"}, default="linear"
        Whether differences or ratios of neighbours are equal.

    Raises
    ------
    ValueError
        The spacing is unknown, or `n` is less than one.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.utils.grid import Grid
    >>> np.asarray(Grid(0, 10, 3)).tolist()
    [0.0, 5.0, 10.0]
    >>> Grid(1, 100, 3, "log")
    Grid(start=1, stop=100, n=3, spacing='log')
    """

    start: float
    stop: float
    n: int
    spacing: str = "linear"

    def __post_init__(self) -> None:
        if self.spacing not in {"linear", "log"} or self.n < 1:
            raise ValueError(f"{self!r}: spacing must be 'linear' or 'log', and n at least 1")

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray:
        make = np.linspace if self.spacing == "linear" else np.geomspace
        return make(self.start, self.stop, self.n).astype(dtype or float)

    def __len__(self) -> int:
        return self.n

    def __iter__(self) -> Iterator[float]:
        return iter(np.asarray(self).tolist())

    def __getitem__(self, item: int | slice) -> NDArray:
        return np.asarray(self)[item]


def check_grid(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Check a grid and return it as an array.

    Parameters
    ----------
    values : array-like or Grid of shape (n_points,)
        The grid.

    name : str
        Estimator and parameter named in the error.

    Returns
    -------
    grid : ndarray of shape (n_points,)

    Raises
    ------
    ValueError
        The grid is empty, not one-dimensional, not finite or not increasing.

    Examples
    --------
    >>> from skastro.utils.grid import Grid, check_grid
    >>> check_grid(Grid(0, 1, 3), "MyStep: times").tolist()
    [0.0, 0.5, 1.0]
    """
    grid = np.array(values, float)
    if grid.ndim != 1 or not len(grid) or not np.isfinite(grid).all() or (np.diff(grid) <= 0).any():
        raise ValueError(f"{name} must be increasing finite numbers in one dimension")
    return grid

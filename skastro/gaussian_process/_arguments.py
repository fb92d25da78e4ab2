"""Arguments of the public functions: the model, and checks of arrays and options."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, DTypeLike, NDArray

from skastro.exceptions import ObjectWarning, list_objects
from skastro.gaussian_process._kernels import KERNELS
from skastro.gaussian_process._results import Status

Limits: TypeAlias = str | float | tuple[float, float]
Margin: TypeAlias = float | Literal["auto"] | None
SEASON_FROM, SEASON_MARGIN = 1000, 100.0
_COLUMNS = ("time", "wavelength", "flux", "flux_err")


@dataclass(frozen=True)
class Padding:
    """Two artificial observations that pull the mean to a known flux outside the light curve.

    Parameters
    ----------
    wavelength : float
        Wavelength of both points in Angstrom; SCONE takes its third band.

    margin : float, default=100.0
        Days before the first and after the last observation.

    flux, flux_err : float, default=0.0, 0.1
        Flux and error of both points.

    Examples
    --------
    >>> from skastro.gaussian_process import Padding
    >>> Padding(7545.98)
    Padding(wavelength=7545.98, margin=100.0, flux=0.0, flux_err=0.1)
    """

    wavelength: float
    margin: float = 100.0
    flux: float = 0.0
    flux_err: float = 0.1


@dataclass(frozen=True)
class Model:
    """Covariance, mean and free parameters; arguments as in :func:`fit_light_curves`.

    With `white_noise`, one wavelength, and its variance instead of the wavelength scale.

    Examples
    --------
    >>> from skastro.gaussian_process._arguments import Model
    >>> Model(kernel="cubic")
    Traceback (most recent call last):
    ...
    ValueError: kernel='cubic' is not one of ('radial', 'separable')
    """

    kernel: str = "radial"
    amplitude: Limits = "free"
    time_scale: Limits = "free"
    wavelength_scale: Limits = "free"
    mean: str = "zero"
    padding: Padding | None = None
    error_floor: float = 1e-6
    min_observations: int = 1
    n_starts: int = 1
    white_noise: bool = False

    def __post_init__(self):
        check_choice("kernel", self.kernel, KERNELS)
        check_choice("mean", self.mean, ("zero", "constant"))
        check_choice("n_starts", self.n_starts, (1, 2))
        if not 0 <= self.error_floor < 1:
            raise ValueError(f"error_floor={self.error_floor!r} must be in [0, 1)")
        for name in ("amplitude", "time_scale", "wavelength_scale"):
            limits(name, getattr(self, name), (0.0, np.inf))

    @property
    def constant_mean(self) -> bool:
        """Whether a constant mean is estimated."""
        return self.mean == "constant"


def check_choice(name: str, value: Any, choices: tuple) -> None:
    """Raise ValueError for a value that is not among the choices."""
    if value not in choices:
        raise ValueError(f"{name}={value!r} is not one of {choices}")


def limits(name: str, setting: Limits, default: tuple[float, float] | None):
    """Return the lower and upper limit of a hyperparameter in natural units."""
    if isinstance(setting, str):
        if setting != "free":
            raise ValueError(f"{name}={setting!r} must be 'free', a number or two bounds")
        return default
    low, high = np.broadcast_to(np.asarray(setting, np.float64), 2)
    if not (0 <= low <= high and high > 0):
        raise ValueError(f"{name}={setting!r}: bounds must be positive and in increasing order")
    return low, high


def check_rows(offsets: ArrayLike, *columns: ArrayLike) -> tuple[NDArray, ...]:
    """Return offsets and columns as arrays that fit together."""
    offsets = np.asarray(offsets, np.int64)
    arrays = [np.asarray(column) for column in columns]
    if offsets.ndim != 1 or len(offsets) == 0 or offsets[0] != 0 or (np.diff(offsets) < 0).any():
        raise ValueError("offsets must be one-dimensional, start with 0 and never decrease")
    for name, column in zip(_COLUMNS, arrays):
        if column.shape != (offsets[-1],):
            raise ValueError(f"{name} has shape {column.shape}, but offsets end at {offsets[-1]}")
    return offsets, *arrays


def check_light_curve(*columns: ArrayLike) -> list[NDArray[np.float64]]:
    """Return time, wavelength, flux and error of one light curve, all finite."""
    rows = [np.array(column, np.float64) for column in columns]
    for name, column in zip(_COLUMNS, rows):
        if column.ndim != 1 or column.shape != rows[0].shape or len(column) == 0:
            raise ValueError(f"{name} has shape {column.shape}, but time has {rows[0].shape}")
        if not np.isfinite(column).all():
            raise ValueError(f"{name} contains values that are not finite")
    if (rows[3] < 0).any():
        raise ValueError("flux_err contains negative values")
    return rows


def check_points(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return one axis of a grid."""
    points = np.asarray(values, np.float64)
    if points.ndim != 1 or len(points) == 0 or not np.isfinite(points).all():
        raise ValueError(f"{name} must be a one-dimensional array of finite numbers")
    return points


def check_grid(times: ArrayLike, wavelengths: ArrayLike) -> tuple[NDArray, NDArray]:
    """Return both axes of a grid."""
    return check_points("times", times), check_points("wavelengths", wavelengths)


class Window(NamedTuple):
    """Days after the reference between which rows are used, in objects of more than `min_rows`."""

    first: float
    last: float
    min_rows: int = 0


def check_window(margin: Margin, kernel: str, times: NDArray, lengths: NDArray) -> Window | None:
    """Return the `Window` that `margin` leaves around `times`; warn where it is automatic."""
    if margin is None or (margin == "auto" and kernel != "radial"):
        return None
    if margin != "auto":
        if isinstance(margin, str) or not margin >= 0:
            raise ValueError(f"margin={margin!r} must be 'auto', None or a number of days >= 0")
        return Window(times.min() - margin, times.max() + margin)
    long = np.flatnonzero(lengths > SEASON_FROM)
    if len(long):
        warnings.warn(
            ObjectWarning(
                "kernel='radial' takes the third power of the rows: objects of more than "
                f"{SEASON_FROM} rows use those within {SEASON_MARGIN:g} days of the grid; "
                "margin=None takes all rows, kernel='separable' is linear in them "
                f"({list_objects(long)})"
            ),
            stacklevel=4,
        )
    return Window(times.min() - SEASON_MARGIN, times.max() + SEASON_MARGIN, SEASON_FROM)


def check_reference(reference: ArrayLike | None, n_objects: int) -> NDArray[np.float64]:
    """Return the zero date of each object."""
    if reference is None:
        return np.zeros(n_objects)
    reference = np.asarray(reference, np.float64)
    if reference.shape != (n_objects,):
        raise ValueError(f"reference has shape {reference.shape} for {n_objects} objects")
    return reference


def check_out(out: NDArray | None, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray:
    """Return the array to write into."""
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype={dtype!r} must be float32 or float64")
    if out is None:
        return np.empty(shape, dtype)
    if out.shape != shape:
        raise ValueError(f"out has shape {out.shape} instead of {shape}")
    return out


def check_hyperparameters(hyperparameters: ArrayLike) -> NDArray[np.float64]:
    """Return the three positive hyperparameters of one light curve."""
    numbers = np.asarray(hyperparameters, np.float64)
    if numbers.shape != (3,) or not (np.isfinite(numbers) & (numbers > 0)).all():
        raise ValueError(f"hyperparameters={hyperparameters!r} must be three positive numbers")
    return numbers


def stack_hyperparameters(n_objects: int, *scales: ArrayLike) -> NDArray[np.float64]:
    """Return amplitude, time scale and wavelength scale of each object, (n_objects, 3)."""
    columns = [np.broadcast_to(np.asarray(s, np.float64), n_objects) for s in scales]
    return np.stack(columns, axis=1)


def mark_hyperparameters(given: NDArray, scale: NDArray, status: NDArray) -> NDArray:
    """Return log hyperparameters in units of `scale`; write into `status` which are invalid."""
    valid = (np.isfinite(given) & (given > 0)).all(axis=1)
    status[(status == Status.OK) & ~valid] = Status.INVALID_HYPERPARAMETER
    unit = np.column_stack([scale**2, np.ones((len(given), 2))])
    return np.log(np.where(valid[:, None], given, 1.0) ** [1, 2, 2] / unit)


def band_codes(band: ArrayLike, bands: Any, n_rows: int) -> tuple[NDArray, int]:
    """Return the number of each row's band, -1 for bands not in `bands`, and their count."""
    categories = pd.Categorical(band)
    if len(categories) != n_rows:
        raise ValueError(f"band has {len(categories)} entries for {n_rows} rows")
    if (categories.codes < 0).any():
        row = np.flatnonzero(categories.codes < 0)[0]
        raise ValueError(f"band is missing in row {row}")
    if bands is None:
        bands = sorted(categories.categories[np.unique(categories.codes)])
    elif isinstance(bands, str) or len(set(bands)) < len(bands):
        raise ValueError(f"bands={bands!r} must be a sequence of different bands")
    of_category = pd.Index(bands).get_indexer(categories.categories)
    return of_category[categories.codes] if n_rows else np.zeros(0, int), len(bands)

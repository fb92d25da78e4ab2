"""Light curves and grids sampled from the Gaussian-process posterior of observed ones."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.gaussian_process import (
    LightCurveFits,
    Padding,
    fit_light_curves,
    predict_grid,
    sample_posterior,
    sample_posterior_at,
)
from skastro.utils.ragged import take_objects
from skastro.utils.random import RandomState, as_generator


class DrawnLightCurves(NamedTuple):
    """Ragged light curves, `n_draws` consecutive ones per object.

    Parameters
    ----------
    source : ndarray of int of shape (n_objects * n_draws,)
        Object that each light curve was drawn from.

    offsets : ndarray of shape (n_objects * n_draws + 1,)
        Light curve ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    row : ndarray of int of shape (n_rows,)
        Row of the requested points: selects whatever belongs to them, such as band names.

    flux, flux_err : ndarray of shape (n_rows,)
        Sampled flux with noise, and the standard deviation of that noise; the flux is NaN where
        `status` is not 0.

    status : ndarray of int8 of shape (n_objects * n_draws,)
        Codes of :class:`skastro.gaussian_process.Status`.

    Examples
    --------
    >>> from skastro.augmentation import draw_light_curves
    >>> drawn = draw_light_curves([0, 1], [3.0], [5e3], [9.0], [0.1], n_draws=2, random_state=0)
    >>> drawn.source.tolist(), drawn.row.tolist(), drawn.flux.round().tolist()
    ([0, 0], [0, 0], [9.0, 9.0])
    """

    source: NDArray[np.intp]
    offsets: NDArray[np.int64]
    row: NDArray[np.intp]
    flux: NDArray[np.float64]
    flux_err: NDArray[np.float64]
    status: NDArray[np.int8]


class DrawnGrids(NamedTuple):
    """Sampled curves on a grid, `n_draws` consecutive ones per object.

    Parameters
    ----------
    source : ndarray of int of shape (n_objects * n_draws,)
        Object that each grid was drawn from.

    grid : ndarray of shape (n_objects * n_draws, 2, n_wavelengths, n_times)
        Channel 0 is the sampled flux, channel 1 the standard deviation of the posterior; NaN where
        `status` is not 0.

    status : ndarray of int8 of shape (n_objects * n_draws,)
        Codes of :class:`skastro.gaussian_process.Status`.

    Examples
    --------
    >>> from skastro.augmentation import draw_grids
    >>> drawn = draw_grids(
    ...     [0, 1], [3.0], [5e3], [9.0], [0.1], [0.0, 3.0], [5e3], n_draws=2, random_state=0
    ... )
    >>> drawn.grid.shape, drawn.grid[:, 0, 0, 1].round().tolist()
    ((2, 2, 1, 2), [9.0, 9.0])
    """

    source: NDArray[np.intp]
    grid: NDArray[np.float32]
    status: NDArray[np.int8]


def draw_light_curves(
    offsets: ArrayLike,
    time: ArrayLike,
    wavelength: ArrayLike,
    flux: ArrayLike,
    flux_err: ArrayLike,
    points: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike] | None = None,
    *,
    n_draws: int = 1,
    fits: LightCurveFits | None = None,
    kernel: str = "radial",
    mean: str = "zero",
    padding: Padding | None = None,
    random_state: RandomState = None,
    n_jobs: int | None = None,
) -> DrawnLightCurves:
    """Sample new light curves from the posterior of each object and add noise.

    A sample is a curve that is compatible with the observations; each new observation is the
    curve at its date and wavelength plus normal noise of its error.

    Parameters
    ----------
    offsets : array-like of shape (n_objects + 1,)
        Object ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    time, wavelength, flux, flux_err : array-like of shape (n_rows,)
        Days, Angstrom, and any unit of flux for the last two.

    points : tuple of 4 array-likes, default=None
        Offsets, times, wavelengths and flux errors of the new observations, ragged like the light
        curves and in the same units; those of the light curves by default.

    n_draws : int, default=1
        Number of light curves sampled from each object.

    fits : LightCurveFits, default=None
        Hyperparameters of the objects; fitted by default.

    kernel, mean, padding : object
        Model as in :func:`skastro.gaussian_process.fit_light_curves`.

    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the random numbers of the samples and the noise.

    n_jobs : int, default=None
        Number of workers, as in joblib.

    Returns
    -------
    drawn : DrawnLightCurves
        Objects that cannot be fitted have a `status` and NaN for every flux.

    Raises
    ------
    ValueError
        The arrays do not fit together, an error of `points` is negative or not finite, or an
        option is unknown; never for a single object.

    Examples
    --------
    Two observations in the r band at chosen dates, with errors of 2.

    >>> import numpy as np
    >>> from skastro.augmentation import draw_light_curves
    >>> time = np.arange(0.0, 100.0, 5.0)
    >>> flux = 100 * np.exp(-0.5 * ((time - 40) / 15) ** 2)
    >>> rows = [0, 20], time, np.full(20, 6200.0), flux, np.ones(20)
    >>> points = [0, 2], [41.0, 90.0], [6200.0, 6200.0], [2.0, 2.0]
    >>> drawn = draw_light_curves(*rows, points, random_state=0)
    >>> bool(abs(drawn.flux[0] - 100) < 8), bool(abs(drawn.flux[1]) < 8)
    (True, True)
    """
    rows = offsets, time, wavelength, flux, flux_err
    model: dict[str, Any] = {"kernel": kernel, "mean": mean, "padding": padding}
    if fits is None:
        fits = fit_light_curves(*rows, n_jobs=n_jobs, **model)
    starts, at, colour, error = _points(rows, points)
    generator = as_generator(random_state)
    drawn = sample_posterior_at(
        offsets,
        time,
        wavelength,
        flux,
        flux_err,
        starts,
        at,
        colour,
        n_samples=n_draws,
        random_state=generator,
        n_jobs=n_jobs,
        **fits.hyperparameters,
        **model,
    )
    noise = error * generator.standard_normal(drawn.samples.shape)
    source = np.repeat(np.arange(len(starts) - 1), n_draws)
    new_offsets, row, new_flux = _object_after_object(starts, drawn.samples + noise)
    return DrawnLightCurves(source, new_offsets, row, new_flux, error[row], drawn.status[source])


def draw_grids(
    offsets: ArrayLike,
    time: ArrayLike,
    wavelength: ArrayLike,
    flux: ArrayLike,
    flux_err: ArrayLike,
    times: ArrayLike,
    wavelengths: ArrayLike,
    *,
    n_draws: int = 1,
    fits: LightCurveFits | None = None,
    reference: ArrayLike | None = None,
    kernel: str = "separable",
    mean: str = "zero",
    padding: Padding | None = None,
    random_state: RandomState = None,
    n_jobs: int | None = None,
) -> DrawnGrids:
    """Sample curves on a grid from the posterior of each object.

    The result has the layout of :func:`skastro.gaussian_process.interpolate_light_curves`, with
    samples instead of the mean: more training examples for a network that reads heat maps.

    Parameters
    ----------
    offsets, time, wavelength, flux, flux_err : array-like
        As in :func:`draw_light_curves`.

    times, wavelengths, reference : array-like
        As in :func:`skastro.gaussian_process.interpolate_light_curves`.

    n_draws : int, default=1
        Number of grids sampled from each object.

    fits : LightCurveFits, default=None
        Hyperparameters of the objects with the same `kernel`; fitted by default.

    kernel : {"radial", "separable"}, default="separable"
        Only the separable kernel is cheap on large grids, see
        :func:`skastro.gaussian_process.sample_posterior`.

    mean, padding : object
        Model as in :func:`skastro.gaussian_process.fit_light_curves`.

    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the random numbers.

    n_jobs : int, default=None
        Number of workers, as in joblib.

    Returns
    -------
    drawn : DrawnGrids
        In float32; objects that cannot be fitted have a `status` and NaN.

    Raises
    ------
    ValueError
        The arrays do not fit together or an option is unknown; never for a single object.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import draw_grids
    >>> time = np.arange(0.0, 100.0, 5.0)
    >>> flux = 100 * np.exp(-0.5 * ((time - 40) / 15) ** 2)
    >>> rows = [0, 20], time, np.full(20, 6200.0), flux, np.ones(20)
    >>> drawn = draw_grids(*rows, [0.0, 40.0], [5e3, 6200.0], n_draws=3, random_state=0)
    >>> drawn.grid.shape, drawn.source.tolist()
    ((3, 2, 2, 2), [0, 0, 0])
    """
    rows = offsets, time, wavelength, flux, flux_err
    model: dict[str, Any] = {"kernel": kernel, "mean": mean, "padding": padding}
    if fits is None:
        fits = fit_light_curves(*rows, n_jobs=n_jobs, **model)
    where: dict[str, Any] = {
        "times": times,
        "wavelengths": wavelengths,
        "reference": reference,
        "n_jobs": n_jobs,
    }
    options = where | model | fits.hyperparameters
    drawn = sample_posterior(*rows, n_samples=n_draws, random_state=random_state, **options)
    std = predict_grid(*rows, **options).std
    n_objects, _, *shape = drawn.samples.shape
    grid = np.empty((n_objects, n_draws, 2, *shape), np.float32)
    grid[:, :, 0], grid[:, :, 1] = drawn.samples, std[:, None]
    grid[drawn.failed] = np.nan
    source = np.repeat(np.arange(n_objects), n_draws)
    return DrawnGrids(source, grid.reshape(-1, 2, *shape), drawn.status[source])


def _points(rows, points):
    """Return offsets, times, wavelengths and errors of the new observations."""
    if points is None:
        offsets, time, wavelength, _, flux_err = rows
        error = np.asarray(flux_err, np.float64)
        return np.asarray(offsets), time, wavelength, np.where(error >= 0, error, np.nan)
    offsets, time, wavelength, error = (np.asarray(column) for column in points)
    if error.shape != time.shape:
        raise ValueError(f"points: {error.shape} errors for {time.shape} times")
    wrong = ~(np.isfinite(error) & (error >= 0))
    if wrong.any():
        raise ValueError(
            f"points: the flux error of row {np.flatnonzero(wrong)[0]} is negative or not finite"
        )
    return offsets, time, wavelength, error.astype(np.float64)


def _object_after_object(starts, samples):
    """Return offsets, rows and values of samples (n_draws, n_rows), object by object."""
    n_draws, n_rows = samples.shape
    n_objects = len(starts) - 1
    offsets = (np.arange(n_draws)[:, None] * n_rows + starts[:-1]).ravel()
    table = {"row": np.tile(np.arange(n_rows), n_draws), "flux": samples.ravel()}
    order = np.arange(n_draws * n_objects).reshape(n_draws, n_objects).T.ravel()
    offsets, table = take_objects(np.append(offsets, samples.size), table, order)
    return offsets, table["row"], table["flux"]

"""Light curves and grids drawn from the Gaussian-process posterior of observed ones."""

from typing import NamedTuple

import numpy as np

from skastro.gaussian_process import (
    fit_light_curves,
    predict_grid,
    sample_posterior,
    sample_posterior_at,
)
from skastro.utils.ragged import take_objects
from skastro.utils.random import as_generator


class DrawnLightCurves(NamedTuple):
    """Ragged light curves, `n_draws` in a row of each object.

    Parameters
    ----------
    source : ndarray of int of shape (n_objects * n_draws,)
        Object that each light curve was drawn from.

    offsets : ndarray of shape (n_objects * n_draws + 1,)
        Light curve ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    row : ndarray of int of shape (n_rows,)
        Row of the points asked for: takes along whatever belongs to them, as names of bands.

    flux, flux_err : ndarray of shape (n_rows,)
        Drawn flux with its noise, and the standard deviation of that noise; the flux is NaN where
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

    source: np.ndarray
    offsets: np.ndarray
    row: np.ndarray
    flux: np.ndarray
    flux_err: np.ndarray
    status: np.ndarray


class DrawnGrids(NamedTuple):
    """Drawn curves on a grid, `n_draws` in a row of each object.

    Parameters
    ----------
    source : ndarray of int of shape (n_objects * n_draws,)
        Object that each grid was drawn from.

    grid : ndarray of shape (n_objects * n_draws, 2, n_wavelengths, n_times)
        Channel 0 is the drawn flux, channel 1 the standard deviation of the posterior; NaN where
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

    source: np.ndarray
    grid: np.ndarray
    status: np.ndarray


def draw_light_curves(
    offsets,
    time,
    wavelength,
    flux,
    flux_err,
    points=None,
    *,
    n_draws=1,
    fits=None,
    kernel="radial",
    mean="zero",
    padding=None,
    random_state=None,
    n_jobs=None,
):
    """Draw new light curves from the posterior of each object and add noise.

    A draw is a curve that is compatible with the observations; each new observation is the curve
    at its date and wavelength plus normal noise of its error.

    Parameters
    ----------
    offsets : array-like of shape (n_objects + 1,)
        Object ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    time, wavelength, flux, flux_err : array-like of shape (n_rows,)
        Days, Angstrom, and any unit of flux for the last two.

    points : tuple of 4 array-likes, default=None
        Offsets, times, wavelengths and flux errors of the observations to be made up, ragged as
        the light curves themselves and in the same units; those of the light curves by default.

    n_draws : int, default=1
        Light curves to draw from each object.

    fits : LightCurveFits, default=None
        Hyperparameters of the objects; fitted here by default.

    kernel, mean, padding : object
        Model as in :func:`skastro.gaussian_process.fit_light_curves`.

    random_state : int, Generator, RandomState or None, default=None
        Decides the draws and the noise.

    n_jobs : int, default=None
        Workers as in joblib.

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
    Two observations in the r band at dates of our choice, with errors of 2.

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
    model = {"kernel": kernel, "mean": mean, "padding": padding}
    if fits is None:
        fits = fit_light_curves(*rows, n_jobs=n_jobs, **model)
    starts, at, colour, error = _points(rows, points)
    generator = as_generator(random_state)
    drawn = sample_posterior_at(
        *rows,
        starts,
        at,
        colour,
        n_samples=n_draws,
        random_state=generator,
        n_jobs=n_jobs,
        **_scales(fits),
        **model,
    )
    noise = error * generator.standard_normal(drawn.samples.shape)
    source = np.repeat(np.arange(len(starts) - 1), n_draws)
    new_offsets, row, new_flux = _object_after_object(starts, drawn.samples + noise)
    return DrawnLightCurves(source, new_offsets, row, new_flux, error[row], drawn.status[source])


def draw_grids(
    offsets,
    time,
    wavelength,
    flux,
    flux_err,
    times,
    wavelengths,
    *,
    n_draws=1,
    fits=None,
    reference=None,
    kernel="separable",
    mean="zero",
    padding=None,
    random_state=None,
    n_jobs=None,
):
    """Draw curves on a grid from the posterior of each object.

    The result looks like that of :func:`skastro.gaussian_process.interpolate_light_curves`, with
    draws in place of the mean: more examples for a network that sees heat maps.

    Parameters
    ----------
    offsets, time, wavelength, flux, flux_err : array-like
        As in :func:`draw_light_curves`.

    times, wavelengths, reference : array-like
        As in :func:`skastro.gaussian_process.interpolate_light_curves`.

    n_draws : int, default=1
        Grids to draw from each object.

    fits : LightCurveFits, default=None
        Hyperparameters of the objects under the same `kernel`; fitted here by default.

    kernel : {"radial", "separable"}, default="separable"
        On large grids only the separable kernel is cheap, see
        :func:`skastro.gaussian_process.sample_posterior`.

    mean, padding : object
        Model as in :func:`skastro.gaussian_process.fit_light_curves`.

    random_state : int, Generator, RandomState or None, default=None
        Decides the draws.

    n_jobs : int, default=None
        Workers as in joblib.

    Returns
    -------
    drawn : DrawnGrids
        Float32; objects that cannot be fitted have a `status` and NaN.

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
    model = {"kernel": kernel, "mean": mean, "padding": padding}
    if fits is None:
        fits = fit_light_curves(*rows, n_jobs=n_jobs, **model)
    where = {"times": times, "wavelengths": wavelengths, "reference": reference, "n_jobs": n_jobs}
    options = where | model | _scales(fits)
    drawn = sample_posterior(*rows, n_samples=n_draws, random_state=random_state, **options)
    std = predict_grid(*rows, **options).std
    n_objects, _, *shape = drawn.samples.shape
    grid = np.empty((n_objects, n_draws, 2, *shape), np.float32)
    grid[:, :, 0], grid[:, :, 1] = drawn.samples, std[:, None]
    grid[drawn.failed] = np.nan
    source = np.repeat(np.arange(n_objects), n_draws)
    return DrawnGrids(source, grid.reshape(-1, 2, *shape), drawn.status[source])


def _scales(fits):
    names = ("amplitude", "time_scale", "wavelength_scale")
    return {name: getattr(fits, name) for name in names}


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
        raise ValueError(f"points: the error of row {np.flatnonzero(wrong)[0]} is no error")
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

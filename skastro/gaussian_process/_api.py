"""Fit and interpolate any number of light curves, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from skastro.gaussian_process._arguments import (
    Limits,
    Margin,
    Model,
    Padding,
    check_grid,
    check_out,
    check_reference,
    check_rows,
    check_window,
    stack_hyperparameters,
)
from skastro.gaussian_process._engine import choose_engine
from skastro.gaussian_process._results import Interpolation, LightCurveFits
from skastro.gaussian_process._run import run


def fit_light_curves(
    offsets: ArrayLike,
    time: ArrayLike,
    wavelength: ArrayLike,
    flux: ArrayLike,
    flux_err: ArrayLike,
    *,
    kernel: str = "radial",
    amplitude: Limits = "free",
    time_scale: Limits = "free",
    wavelength_scale: Limits = "free",
    mean: str = "zero",
    padding: Padding | None = None,
    error_floor: float = 1e-6,
    min_observations: int = 1,
    n_starts: int = 1,
    engine: str = "auto",
    n_jobs: int | None = None,
    progress: bool = False,
) -> LightCurveFits:
    """Fit the hyperparameters of each light curve by maximum likelihood.

    Parameters
    ----------
    offsets : array-like of shape (n_objects + 1,)
        Object ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    time, wavelength, flux, flux_err : array-like of shape (n_rows,)
        Days, Angstrom, and any unit of flux for the last two.

    kernel : {"radial", "separable"}, default="radial"
        Matern-3/2 of the distance in the plane (time, wavelength), at the third power of the rows
        of an object, or the product of one in time and one in wavelength, linear in them.

    amplitude, time_scale, wavelength_scale : "free", float or (float, float), default="free"
        Fitted as in SCONE, fixed at a value, or fitted between two bounds.  The amplitude is
        k(0), the variance, in squared units of flux; a free one stays within a factor exp(10) of
        its start, and below 1e13 times the smallest variance of the object, beyond which rounding
        would decide.  The time scale starts at 20 days and is free between 1 and 1000; the
        wavelength scale starts at 6000 Angstrom and is free without bounds.

    mean : {"zero", "constant"}, default="zero"
        Mean of the process; a constant is estimated by generalised least squares.

    padding : Padding, default=None
        Two artificial observations around each light curve.

    error_floor : float, default=1e-6
        Errors below this fraction of the object's largest absolute flux are raised to it.

    min_observations : int, default=1
        Objects with fewer observations are not fitted.

    n_starts : {1, 2}, default=1
        Start at a time scale of 20 days, or at 3 and at 30 and keep the better optimum.

    engine : {"auto", "numba", "numpy", "george"}, default="auto"
        Implementation; "auto" is numba if it is installed and NumPy otherwise, whatever the job,
        so that the result of an object does not depend on the others.  The numba engine is
        compiled by the first job after an installation; a large job without numba is logged.

    n_jobs : int, default=None
        Number of workers, as in joblib: threads for numba, processes otherwise.

    progress : bool, default=False
        Show a progress bar.

    Returns
    -------
    fits : LightCurveFits
        One entry per object; `status` shows which objects could not be fitted, and why.

    Raises
    ------
    ValueError
        The arrays do not match or an option is unknown; never because of a single object.

    References
    ----------
    K. Boone (2019), AJ 158, 257, section 3; C. E. Rasmussen and C. K. I. Williams (2006),
    Gaussian Processes for Machine Learning, chapter 5; T. A. Gordon, E. Agol and D.
    Foreman-Mackey (2020), AJ 160, 240, for the linear-time algorithm.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process import fit_light_curves
    >>> time = np.arange(0.0, 100.0, 5.0)
    >>> flux = 100 * np.exp(-0.5 * ((time - 40) / 15) ** 2)
    >>> fits = fit_light_curves([0, 20], time, np.full(20, 6e3), flux, np.ones(20))
    >>> bool(fits.converged[0]), bool(10 < fits.time_scale[0] < 100)
    (True, True)
    """
    model = Model(
        kernel,
        amplitude,
        time_scale,
        wavelength_scale,
        mean,
        padding,
        error_floor,
        min_observations,
        n_starts,
    )
    data = check_rows(offsets, time, wavelength, flux, flux_err)
    engine = _check_options(model, engine, len(data[1]))
    return run(data, np.zeros(len(data[0]) - 1), model, engine, n_jobs, progress)


def interpolate_light_curves(
    offsets: ArrayLike,
    time: ArrayLike,
    wavelength: ArrayLike,
    flux: ArrayLike,
    flux_err: ArrayLike,
    times: ArrayLike,
    wavelengths: ArrayLike,
    *,
    reference: ArrayLike | None = None,
    kernel: str = "radial",
    amplitude: Limits = "free",
    time_scale: Limits = "free",
    wavelength_scale: Limits = "free",
    mean: str = "zero",
    padding: Padding | None = None,
    margin: Margin = "auto",
    error_floor: float = 1e-6,
    min_observations: int = 1,
    n_starts: int = 1,
    engine: str = "auto",
    dtype: DTypeLike = np.float32,
    n_jobs: int | None = None,
    out: NDArray | None = None,
    progress: bool = False,
) -> Interpolation:
    """Fit each light curve and predict mean and standard deviation on a grid.

    Parameters
    ----------
    offsets, time, wavelength, flux, flux_err : array-like
        As in :func:`fit_light_curves`.

    times : array-like of shape (n_times,)
        Days after the reference of each object.

    wavelengths : array-like of shape (n_wavelengths,)
        Angstrom.

    reference : array-like of shape (n_objects,), default=None
        Zero of `times` of each object, in the units of `time`; 0 by default.

    kernel, amplitude, time_scale, wavelength_scale, mean, padding : object
        As in :func:`fit_light_curves`.

    margin : "auto", float or None, default="auto"
        Use only the rows up to this many days before the first and after the last of `times`;
        None uses all.  "auto" uses all with the separable kernel; with the radial one it limits
        objects of more than 1,000 rows to 100 days and emits an ObjectWarning that names them.
        Rows of other seasons matter: on objects of several seasons, 100 days move the mean by 15
        percent of its maximum (median over objects) and do not change the median density of
        held-out observations, but 1 object in 20 loses more than 3 per observation
        (benchmarks/bench_gp_margin.py).

    error_floor, min_observations, n_starts, engine, n_jobs, progress : object
        As in :func:`fit_light_curves`.

    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Precision of the prediction; hyperparameters are always fitted in float64.

    out : ndarray of shape (n_objects, 2, n_wavelengths, n_times), default=None
        Array to write into, such as a memory map.

    Returns
    -------
    result : Interpolation
        The fits, and `grid` with the mean in channel 0 and the standard deviation in channel 1;
        NaN for the objects whose `status` is not 0.

    Raises
    ------
    ValueError
        The arrays do not match or an option is unknown; never because of a single object.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process import interpolate_light_curves
    >>> time = np.arange(0.0, 100.0, 5.0)
    >>> flux = 100 * np.exp(-0.5 * ((time - 40) / 15) ** 2)
    >>> result = interpolate_light_curves(
    ...     [0, 20, 20],
    ...     time + 59000,
    ...     np.full(20, 6e3),
    ...     flux,
    ...     np.ones(20),
    ...     times=[-10.0, 0.0, 10.0],
    ...     wavelengths=[6e3],
    ...     reference=[59040.0, 59040.0],
    ... )
    >>> result.grid.shape, result.mean[0].round(-1).tolist(), result.reasons.tolist()
    ((2, 2, 1, 3), [[80.0, 100.0, 80.0]], ['', 'no observations'])
    """
    model = Model(
        kernel,
        amplitude,
        time_scale,
        wavelength_scale,
        mean,
        padding,
        error_floor,
        min_observations,
        n_starts,
    )
    data = check_rows(offsets, time, wavelength, flux, flux_err)
    n_objects = len(data[0]) - 1
    engine = _check_options(model, engine, len(data[1]))
    grid = check_grid(times, wavelengths)
    window = check_window(margin, kernel, grid[0], np.diff(data[0]))
    out = check_out(out, (n_objects, 2, len(grid[1]), len(grid[0])), dtype)
    reference = check_reference(reference, n_objects)
    fits = run(
        data,
        reference,
        model,
        engine,
        n_jobs,
        progress,
        grid=grid,
        dtype=dtype,
        out=out,
        window=window,
    )
    return Interpolation.of(fits, out)


def predict_grid(
    offsets: ArrayLike,
    time: ArrayLike,
    wavelength: ArrayLike,
    flux: ArrayLike,
    flux_err: ArrayLike,
    times: ArrayLike,
    wavelengths: ArrayLike,
    *,
    amplitude: ArrayLike,
    time_scale: ArrayLike,
    wavelength_scale: ArrayLike,
    reference: ArrayLike | None = None,
    kernel: str = "radial",
    mean: str = "zero",
    padding: Padding | None = None,
    margin: Margin = "auto",
    error_floor: float = 1e-6,
    min_observations: int = 1,
    engine: str = "auto",
    dtype: DTypeLike = np.float32,
    n_jobs: int | None = None,
    out: NDArray | None = None,
    progress: bool = False,
) -> Interpolation:
    """Predict mean and standard deviation on a grid at given hyperparameters.

    Parameters
    ----------
    offsets, time, wavelength, flux, flux_err, times, wavelengths, reference : array-like
        As in :func:`interpolate_light_curves`.

    amplitude, time_scale, wavelength_scale : float or array-like of shape (n_objects,)
        Hyperparameters in natural units, as in :class:`LightCurveFits`.

    kernel, mean, padding, error_floor, min_observations, engine : object
        As in :func:`fit_light_curves`.

    margin, dtype, n_jobs, out, progress : object
        As in :func:`interpolate_light_curves`.

    Returns
    -------
    result : Interpolation
        With the log likelihood at the given hyperparameters.

    Raises
    ------
    ValueError
        The arrays do not match or an option is unknown; never because of a single object.

    Examples
    --------
    >>> from skastro.gaussian_process import predict_grid
    >>> result = predict_grid(
    ...     [0, 1], [0.0], [5e3], [3.0], [1.0], [0.0], [5e3],
    ...     amplitude=2.0, time_scale=20.0, wavelength_scale=6e3,
    ... )
    >>> round(float(result.mean[0, 0, 0]), 5), round(float(result.std[0, 0, 0]) ** 2, 5)
    (2.0, 0.66667)
    """
    model = Model(
        kernel=kernel,
        mean=mean,
        padding=padding,
        error_floor=error_floor,
        min_observations=min_observations,
    )
    data = check_rows(offsets, time, wavelength, flux, flux_err)
    n_objects = len(data[0]) - 1
    engine = _check_options(model, engine, len(data[1]))
    grid = check_grid(times, wavelengths)
    window = check_window(margin, kernel, grid[0], np.diff(data[0]))
    out = check_out(out, (n_objects, 2, len(grid[1]), len(grid[0])), dtype)
    fits = run(
        data,
        check_reference(reference, n_objects),
        model,
        engine,
        n_jobs,
        progress,
        grid=grid,
        dtype=dtype,
        out=out,
        window=window,
        hyperparameters=stack_hyperparameters(n_objects, amplitude, time_scale, wavelength_scale),
    )
    return Interpolation.of(fits, out)


def _check_options(model, engine, n_rows):
    engine = choose_engine(engine, n_rows)
    if engine == "george" and (model.kernel != "radial" or model.constant_mean):
        raise ValueError("engine='george' supports only kernel='radial' with mean='zero'")
    return engine

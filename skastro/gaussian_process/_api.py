"""Fit and interpolate any number of light curves, in bounded memory."""

import numpy as np

from skastro.gaussian_process._arguments import (
    Model,
    check_grid,
    check_margin,
    check_out,
    check_reference,
    check_rows,
    stack_hyperparameters,
)
from skastro.gaussian_process._engine import choose_engine
from skastro.gaussian_process._results import Interpolation
from skastro.gaussian_process._run import run


def fit_light_curves(
    offsets,
    time,
    wavelength,
    flux,
    flux_err,
    *,
    kernel="radial",
    amplitude="free",
    time_scale="free",
    wavelength_scale="free",
    mean="zero",
    padding=None,
    error_floor=1e-6,
    min_observations=1,
    n_starts=1,
    engine="auto",
    n_jobs=None,
    progress=False,
):
    """Fit the hyperparameters of each light curve by maximum likelihood.

    Parameters
    ----------
    offsets : array-like of shape (n_objects + 1,)
        Object ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    time, wavelength, flux, flux_err : array-like of shape (n_rows,)
        Days, Angstrom, and any unit of flux for the last two.

    kernel : {"radial", "separable"}, default="radial"
        Matern-3/2 of the distance in the plane (time, wavelength), or the product of one in time
        and one in wavelength.

    amplitude, time_scale, wavelength_scale : "free", float or (float, float), default="free"
        Free as in SCONE, fixed at a value, or free between two bounds.  The amplitude is k(0),
        the variance, in squared units of flux; free means within a factor exp(10) of its start.
        The time scale starts at 20 days and is free between 1 and 1000; the wavelength scale
        starts at 6000 Angstrom and is free without bounds.

    mean : {"zero", "constant"}, default="zero"
        Mean of the process; a constant is estimated by generalised least squares.

    padding : Padding, default=None
        Two made-up observations around each light curve.

    error_floor : float, default=1e-6
        Errors below this fraction of the object's largest absolute flux are raised to it.

    min_observations : int, default=1
        Objects with fewer are not fitted.

    n_starts : {1, 2}, default=1
        Begin at a time scale of 20 days, or at 9 and at 42 and keep the better end.

    engine : {"auto", "numba", "numpy", "george"}, default="auto"
        What computes; "auto" takes numba, if it is installed, for large jobs.

    n_jobs : int, default=None
        Workers as in joblib; threads for numba, processes otherwise.

    progress : bool, default=False
        Show a progress bar.

    Returns
    -------
    fits : LightCurveFits
        One entry an object; `status` says which objects could not be fitted and why.

    Raises
    ------
    ValueError
        The arrays do not fit together or an option is unknown; never for a single object.

    References
    ----------
    K. Boone (2019), AJ 158, 257, section 3; C. E. Rasmussen and C. K. I. Williams (2006),
    Gaussian Processes for Machine Learning, chapter 5.

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
    engine = _check_options(model, engine, len(data[0]) - 1)
    return run(data, np.zeros(len(data[0]) - 1), model, engine, n_jobs, progress)


def interpolate_light_curves(
    offsets,
    time,
    wavelength,
    flux,
    flux_err,
    times,
    wavelengths,
    *,
    reference=None,
    kernel="radial",
    amplitude="free",
    time_scale="free",
    wavelength_scale="free",
    mean="zero",
    padding=None,
    margin=None,
    error_floor=1e-6,
    min_observations=1,
    n_starts=1,
    engine="auto",
    dtype=np.float32,
    n_jobs=None,
    out=None,
    progress=False,
):
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
        Zero of `times` for each object in the units of `time`; 0 by default.

    kernel, amplitude, time_scale, wavelength_scale, mean, padding : object
        As in :func:`fit_light_curves`.

    margin : float, default=None
        Use only the rows up to so many days before the first and after the last of `times`; the
        default takes all.  Rows of other seasons matter: on objects of several seasons, 100 days
        move the mean by 15 percent of its maximum (median over objects) and leave the median
        density of held-out observations as it is, but 1 object in 20 loses more than 3 per
        observation (benchmarks/bench_gp_margin.py).  An object of 1,300 rows takes a second.

    error_floor, min_observations, n_starts, engine, n_jobs, progress : object
        As in :func:`fit_light_curves`.

    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Precision of the prediction; hyperparameters are always fitted in float64.

    out : ndarray of shape (n_objects, 2, n_wavelengths, n_times), default=None
        Array to write into, for example a memory map.

    Returns
    -------
    result : Interpolation
        The fits, and `grid` with the mean in channel 0 and the standard deviation in channel 1;
        NaN for the objects whose `status` is not 0.

    Raises
    ------
    ValueError
        The arrays do not fit together or an option is unknown; never for a single object.

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
    engine = _check_options(model, engine, n_objects)
    check_margin(margin)
    grid = check_grid(times, wavelengths)
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
        margin=margin,
    )
    return Interpolation.of(fits, out)


def predict_grid(
    offsets,
    time,
    wavelength,
    flux,
    flux_err,
    times,
    wavelengths,
    *,
    amplitude,
    time_scale,
    wavelength_scale,
    reference=None,
    kernel="radial",
    mean="zero",
    padding=None,
    margin=None,
    error_floor=1e-6,
    min_observations=1,
    engine="auto",
    dtype=np.float32,
    n_jobs=None,
    out=None,
    progress=False,
):
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
        The arrays do not fit together or an option is unknown; never for a single object.

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
    engine = _check_options(model, engine, n_objects)
    check_margin(margin)
    grid = check_grid(times, wavelengths)
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
        margin=margin,
        hyperparameters=stack_hyperparameters(n_objects, amplitude, time_scale, wavelength_scale),
    )
    return Interpolation.of(fits, out)


def _check_options(model, engine, n_objects):
    engine = choose_engine(engine, n_objects)
    if engine == "george" and (model.kernel != "radial" or model.constant_mean):
        raise ValueError("engine='george' knows kernel='radial' with mean='zero' alone")
    return engine

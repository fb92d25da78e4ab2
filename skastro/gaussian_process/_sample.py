"""Samples from the posterior of each light curve, jointly over all requested points."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from skastro.gaussian_process._arguments import Model, Padding, check_grid, check_out, check_rows
from skastro.gaussian_process._draw import DrawJob, draw_dense, draw_linear, draw_separable
from skastro.gaussian_process._linear import LinearProcess
from skastro.gaussian_process._results import PosteriorSamples, Status
from skastro.utils.ragged import segment_count
from skastro.utils.random import RandomState


def sample_posterior(
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
    n_samples: int = 1,
    reference: ArrayLike | None = None,
    kernel: str = "radial",
    mean: str = "zero",
    padding: Padding | None = None,
    error_floor: float = 1e-6,
    dtype: DTypeLike = np.float32,
    random_state: RandomState = None,
    n_jobs: int | None = None,
    out: NDArray | None = None,
) -> PosteriorSamples:
    r"""Sample noise-free light curves on a grid from the posterior of each object.

    The samples have the joint covariance of the whole grid.  For the separable kernel they follow
    exactly from Matheron's rule: a sample of the prior at all wavelengths and dates of grid and
    observations is corrected by :math:`K_* K^{-1} (f - f' - \epsilon)` (Wilson et al. 2020,
    equation 12).  Its Cholesky factor is a Kronecker product: 4 ms for 60 observations and 32 x
    180 points; beyond 1,000 observations it is a path of the state-space model, linear in them.
    For the radial kernel the covariance of the grid is factorised directly (Rasmussen and Williams
    2006, equation 2.24), at the third power of the number of points: 20 ms for 6 x 90, but ten
    seconds and 1.4 GB for 32 x 180.

    Parameters
    ----------
    offsets, time, wavelength, flux, flux_err, times, wavelengths, reference : array-like
        As in :func:`interpolate_light_curves`.

    amplitude, time_scale, wavelength_scale : float or array-like of shape (n_objects,)
        Hyperparameters in natural units, as in :class:`LightCurveFits`.

    n_samples : int, default=1
        Number of samples of each object.

    kernel, mean, padding, error_floor : object
        As in :func:`fit_light_curves`.

    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Precision of the result; everything is computed in float64.

    random_state : int, Generator, RandomState or None, default=None
        Each object gets its own stream, so that neither `n_jobs` nor the status of another
        object changes a sample.

    n_jobs : int, default=None
        Number of threads, as in joblib.

    out : ndarray of shape (n_objects, n_samples, n_wavelengths, n_times), default=None
        Array to write into, such as a memory map.

    Returns
    -------
    drawn : PosteriorSamples
        NaN for the objects whose `status` is not 0, among them those without hyperparameters.

    Raises
    ------
    ValueError
        The arrays do not match or an option is unknown; never because of a single object.

    Notes
    -----
    Where rounding leaves a covariance without a Cholesky factor, 1e-12 of the amplitude is added to
    its diagonal, then 1e-11 and so on up to 1e-6.

    References
    ----------
    J. T. Wilson et al. (2020), Efficiently sampling functions from Gaussian process posteriors,
    ICML 37 (arXiv:2002.09309).

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process import fit_light_curves, sample_posterior
    >>> time = np.arange(0.0, 100.0, 5.0)
    >>> flux = 100 * np.exp(-0.5 * ((time - 40) / 15) ** 2)
    >>> rows = [0, 20], time, np.full(20, 6e3), flux, np.ones(20)
    >>> fits = fit_light_curves(*rows, kernel="separable")
    >>> drawn = sample_posterior(
    ...     *rows, times=[20.0, 40.0], wavelengths=[5e3, 6e3], kernel="separable", n_samples=5,
    ...     amplitude=fits.amplitude, time_scale=fits.time_scale,
    ...     wavelength_scale=fits.wavelength_scale, random_state=0,
    ... )
    >>> drawn.samples.shape, bool(abs(drawn.samples[0, :, 1, 1].mean() - 100) < 3)
    ((1, 5, 2, 2), True)
    """
    job = DrawJob.check(
        check_rows(offsets, time, wavelength, flux, flux_err),
        (amplitude, time_scale, wavelength_scale),
        Model(kernel=kernel, mean=mean, padding=padding, error_floor=error_floor),
        reference,
        n_samples,
        random_state,
    )
    times, wavelengths = check_grid(times, wavelengths)
    out = check_out(out, (job.n_objects, n_samples, len(wavelengths), len(times)), dtype)

    points = np.tile(times, len(wavelengths)), np.repeat(wavelengths, len(times))

    def draw(process, rows, state, generator):
        if isinstance(process, LinearProcess):
            values = draw_linear(process, state, *points, n_samples, generator)
        elif kernel == "separable":
            return draw_separable(rows, state, times, wavelengths, n_samples, generator)
        else:
            values = draw_dense(rows, state, kernel, *points, n_samples, generator)
        return None if values is None else values.reshape(out.shape[1:])

    out[:] = np.nan
    for i, values in job.run(draw, n_jobs):
        out[i] = values
    return PosteriorSamples(out, job.batch.status)


def sample_posterior_at(
    offsets: ArrayLike,
    time: ArrayLike,
    wavelength: ArrayLike,
    flux: ArrayLike,
    flux_err: ArrayLike,
    new_offsets: ArrayLike,
    new_time: ArrayLike,
    new_wavelength: ArrayLike,
    *,
    amplitude: ArrayLike,
    time_scale: ArrayLike,
    wavelength_scale: ArrayLike,
    n_samples: int = 1,
    kernel: str = "radial",
    mean: str = "zero",
    padding: Padding | None = None,
    error_floor: float = 1e-6,
    random_state: RandomState = None,
    n_jobs: int | None = None,
) -> PosteriorSamples:
    """Sample noise-free fluxes of each object at its own points.

    Parameters
    ----------
    offsets, time, wavelength, flux, flux_err : array-like
        As in :func:`fit_light_curves`.

    new_offsets : array-like of shape (n_objects + 1,)
        Object ``i`` is sampled at the rows ``new_offsets[i]:new_offsets[i + 1]``.

    new_time, new_wavelength : array-like of shape (n_rows,)
        Days in the units of `time`, and Angstrom.

    amplitude, time_scale, wavelength_scale, n_samples, kernel, mean, padding : object
        As in :func:`sample_posterior`.

    error_floor, random_state, n_jobs : object
        As in :func:`sample_posterior`.

    Returns
    -------
    drawn : PosteriorSamples
        `samples` has shape (n_samples, n_rows) and is float64; NaN in the rows of objects whose
        `status` is not 0.

    Raises
    ------
    ValueError
        The arrays do not match or an option is unknown; never because of a single object.

    Examples
    --------
    >>> from skastro.gaussian_process import sample_posterior_at
    >>> drawn = sample_posterior_at(
    ...     [0, 1], [0.0], [5e3], [3.0], [1e-3], [0, 2], [0.0, 900.0], [5e3, 5e3],
    ...     amplitude=2.0, time_scale=20.0, wavelength_scale=6e3, random_state=0,
    ... )
    >>> drawn.samples.shape, round(float(drawn.samples[0, 0]))
    ((1, 2), 3)
    """
    job = DrawJob.check(
        check_rows(offsets, time, wavelength, flux, flux_err),
        (amplitude, time_scale, wavelength_scale),
        Model(kernel=kernel, mean=mean, padding=padding, error_floor=error_floor),
        None,
        n_samples,
        random_state,
    )
    zeros = np.zeros(np.size(new_time))
    starts, at, colour, *_ = check_rows(new_offsets, new_time, new_wavelength, zeros, zeros)
    if len(starts) - 1 != job.n_objects:
        raise ValueError(f"new_offsets are of {len(starts) - 1} objects, not of {job.n_objects}")
    broken = segment_count(starts, ~(np.isfinite(at) & np.isfinite(colour))) > 0
    status = job.batch.status
    status[(status == Status.OK) & broken] = Status.NOT_FINITE
    samples = np.full((n_samples, len(at)), np.nan)
    targets = [(at[a:b], colour[a:b]) for a, b in zip(starts[:-1], starts[1:])]

    def draw(process, rows, state, generator, target):
        if isinstance(process, LinearProcess):
            return draw_linear(process, state, *target, n_samples, generator)
        return draw_dense(rows, state, kernel, *target, n_samples, generator)

    for i, values in job.run(draw, n_jobs, targets):
        samples[:, starts[i] : starts[i + 1]] = values
    return PosteriorSamples(samples, status)

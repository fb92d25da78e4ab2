"""What fits, interpolations and draws return, and why an object has no result."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Status(IntEnum):
    """Outcome of one object; the results of every status but ``OK`` are NaN.

    ==========================  ===================================================================
    ``OK``                      fitted or predicted
    ``NO_OBSERVATIONS``         the object has no rows
    ``TOO_FEW``                 fewer observations than `min_observations`
    ``NOT_FINITE``              a time, wavelength or flux is NaN or infinite
    ``INVALID_ERROR``           a flux error is NaN, infinite or negative
    ``FLAT``                    every flux equals the mean function, so that the likelihood has its
                                maximum at amplitude zero
    ``SINGULAR``                the covariance matrix has no Cholesky factor, as for errors of zero
                                at repeated observations without an error floor
    ``INVALID_REFERENCE``       the reference time is NaN or infinite
    ``INVALID_HYPERPARAMETER``  a given hyperparameter is NaN, infinite or not positive
    ==========================  ===================================================================

    Examples
    --------
    >>> from skastro.gaussian_process import Status
    >>> Status.NO_OBSERVATIONS.reason
    'no observations'
    >>> Status(8).reason
    'a hyperparameter is not positive and finite'
    """

    OK = 0
    NO_OBSERVATIONS = 1
    TOO_FEW = 2
    NOT_FINITE = 3
    INVALID_ERROR = 4
    FLAT = 5
    SINGULAR = 6
    INVALID_REFERENCE = 7
    INVALID_HYPERPARAMETER = 8

    @property
    def reason(self) -> str:
        """Why the object has no result; empty for ``OK``."""
        return _REASONS[self]


_REASONS = {
    Status.OK: "",
    Status.NO_OBSERVATIONS: "no observations",
    Status.TOO_FEW: "fewer observations than min_observations",
    Status.NOT_FINITE: "a time, wavelength or flux is not finite",
    Status.INVALID_ERROR: "a flux error is negative or not finite",
    Status.FLAT: "every flux equals the mean",
    Status.SINGULAR: "the covariance matrix is singular",
    Status.INVALID_REFERENCE: "the reference time is not finite",
    Status.INVALID_HYPERPARAMETER: "a hyperparameter is not positive and finite",
}
_REASON_OF = np.array([_REASONS[status] for status in Status], dtype=object)


class _WithStatus:
    """Reasons and failures of results with an array `status`."""

    status: NDArray[np.int8]

    @property
    def reasons(self) -> NDArray[np.object_]:
        """Reason of each status, empty for success."""
        return _REASON_OF[self.status]

    @property
    def failed(self) -> NDArray[np.intp]:
        """Indices without a result: objects, or pairs (object, band) of shape (n_failed, 2)."""
        where = np.argwhere(self.status != Status.OK)
        return where[:, 0] if self.status.ndim == 1 else where


class _WithGrid(_WithStatus):
    """Mean and standard deviation in the channels of `grid`."""

    grid: NDArray[np.floating]

    @property
    def mean(self) -> NDArray[np.floating]:
        """View of channel 0."""
        return self.grid[:, 0]

    @property
    def std(self) -> NDArray[np.floating]:
        """View of channel 1."""
        return self.grid[:, 1]


@dataclass(frozen=True)
class LightCurveFits(_WithStatus):
    """Hyperparameters of many light curves, one entry per object, NaN without a fit.

    Parameters
    ----------
    amplitude : ndarray of shape (n_objects,)
        Variance of the process, k(0), in squared units of flux.

    time_scale, wavelength_scale : ndarray of shape (n_objects,)
        Length scales in days and Angstrom.

    mean_flux : ndarray of shape (n_objects,)
        Mean of the process; 0 for ``mean="zero"``.

    log_likelihood : ndarray of shape (n_objects,)
        Natural logarithm, including the term -n/2 ln 2 pi and the padding.

    n_evaluations : ndarray of shape (n_objects,)
        Number of likelihood evaluations, summed over all starts.

    converged : ndarray of bool of shape (n_objects,)
        Whether the optimiser stopped because no further gain was expected.

    status : ndarray of int8 of shape (n_objects,)
        Codes of :class:`Status`; 0 is success.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process import fit_light_curves
    >>> fits = fit_light_curves([0, 2, 2], [0.0, 9.0], [5e3, 6e3], [9.0, 8.0], [1.0, 1.0])
    >>> fits.status.tolist(), fits.reasons.tolist(), fits.failed.tolist()
    ([0, 1], ['', 'no observations'], [1])
    """

    amplitude: NDArray[np.float64]
    time_scale: NDArray[np.float64]
    wavelength_scale: NDArray[np.float64]
    mean_flux: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    n_evaluations: NDArray[np.int32]
    converged: NDArray[np.bool_]
    status: NDArray[np.int8]

    @classmethod
    def empty(cls, n_objects: int) -> LightCurveFits:
        """Return fits of NaN and zeros, to be filled."""
        numbers = [np.full(n_objects, np.nan) for _ in range(5)]
        counts = np.zeros(n_objects, np.int32)
        columns = [*numbers, counts, np.zeros(n_objects, bool), np.zeros(n_objects, np.int8)]
        return cls(*columns)

    def write(self, where: ArrayLike | slice, other: LightCurveFits) -> None:
        """Copy the entries of `other` to the objects `where`, in place."""
        for field in fields(other):
            getattr(self, field.name)[where] = getattr(other, field.name)

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """The keyword arguments `amplitude`, `time_scale` and `wavelength_scale`."""
        names = ("amplitude", "time_scale", "wavelength_scale")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Interpolation(_WithGrid, LightCurveFits):
    """Fits together with mean and standard deviation on a grid.

    Parameters
    ----------
    grid : ndarray of shape (n_objects, 2, n_wavelengths, n_times)
        Channel 0 is the mean, channel 1 the standard deviation of the noise-free flux, in units
        of flux.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.gaussian_process import interpolate_light_curves
    >>> result = interpolate_light_curves(
    ...     [0, 2], [0.0, 9.0], [5e3, 6e3], [9.0, 8.0], [0.1, 0.1], times=[0.0], wavelengths=[5e3]
    ... )
    >>> result.mean.shape, bool(abs(result.mean[0, 0, 0] - 9) < 0.1)
    ((1, 1, 1), True)
    """

    grid: NDArray[np.floating]

    @classmethod
    def of(cls, fits: LightCurveFits, grid: NDArray[np.floating]) -> Interpolation:
        """Return the interpolation of `fits` with its `grid`."""
        return cls(**{f.name: getattr(fits, f.name) for f in fields(LightCurveFits)}, grid=grid)


@dataclass(frozen=True)
class PerBandInterpolation(_WithGrid):
    """Fits and curves of every band of every object, NaN without a fit.

    Parameters
    ----------
    amplitude : ndarray of shape (n_objects, n_bands)
        Variance of the process, k(0), in squared units of flux.

    time_scale : ndarray of shape (n_objects, n_bands)
        Length scale in days.

    noise : ndarray of shape (n_objects, n_bands)
        Variance of the white noise in squared units of flux.

    mean_flux : ndarray of shape (n_objects, n_bands)
        Mean of the process; 0 for ``mean="zero"``.

    log_likelihood : ndarray of shape (n_objects, n_bands)
        Natural logarithm, including the term -n/2 ln 2 pi.

    n_evaluations : ndarray of shape (n_objects, n_bands)
        Number of likelihood evaluations, summed over all starts.

    converged : ndarray of bool of shape (n_objects, n_bands)
        Whether the optimiser stopped because no further gain was expected.

    status : ndarray of int8 of shape (n_objects, n_bands)
        Codes of :class:`Status`; 0 is success.

    grid : ndarray of shape (n_objects, 2, n_bands, n_times)
        Channel 0 is the mean, channel 1 the standard deviation of the noise-free flux, in units
        of flux.

    Examples
    --------
    >>> from skastro.gaussian_process import interpolate_per_band
    >>> result = interpolate_per_band(
    ...     [0, 4], [0.0, 9.0, 20.0, 31.0], list("gggr"), [9.0, 8.0, 3.0, 5.0], [1.0] * 4, [5.0]
    ... )
    >>> result.mean.shape, result.failed.tolist(), result.reasons[0, 1]
    ((1, 2, 1), [[0, 1]], 'fewer observations than min_observations')
    """

    amplitude: NDArray[np.float64]
    time_scale: NDArray[np.float64]
    noise: NDArray[np.float64]
    mean_flux: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    n_evaluations: NDArray[np.int32]
    converged: NDArray[np.bool_]
    status: NDArray[np.int8]
    grid: NDArray[np.floating]


@dataclass(frozen=True)
class PosteriorSamples(_WithStatus):
    """Curves sampled from the posterior, NaN without one.

    Parameters
    ----------
    samples : ndarray
        Noise-free flux: of shape (n_objects, n_samples, n_wavelengths, n_times) on a grid, of
        shape (n_samples, n_rows) at the rows of new light curves.

    status : ndarray of int8 of shape (n_objects,)
        Codes of :class:`Status`; 0 is success.

    Examples
    --------
    >>> from skastro.gaussian_process import sample_posterior
    >>> drawn = sample_posterior(
    ...     [0, 1, 1], [0.0], [5e3], [3.0], [1e-3], [0.0], [5e3],
    ...     amplitude=2.0, time_scale=20.0, wavelength_scale=6e3, n_samples=3, random_state=0,
    ... )
    >>> drawn.samples[0, :, 0, 0].round().tolist(), drawn.failed.tolist()
    ([3.0, 3.0, 3.0], [1])
    """

    samples: NDArray[np.floating]
    status: NDArray[np.int8]

"""What a fit and an interpolation return."""

from dataclasses import dataclass, fields

import numpy as np

from skastro.gaussian_process._status import Status


@dataclass(frozen=True)
class LightCurveFits:
    """Hyperparameters of many light curves, one entry an object, NaN where there is no fit.

    Parameters
    ----------
    amplitude : ndarray of shape (n_objects,)
        Variance of the process, k(0), in squared units of flux.

    time_scale, wavelength_scale : ndarray of shape (n_objects,)
        Length scales in days and Angstrom.

    mean_flux : ndarray of shape (n_objects,)
        Mean of the process; 0 for ``mean="zero"``.

    log_likelihood : ndarray of shape (n_objects,)
        Natural logarithm, with the term -n/2 ln 2 pi, padding included.

    n_evaluations : ndarray of shape (n_objects,)
        Likelihoods computed, over all starts.

    converged : ndarray of bool of shape (n_objects,)
        Whether the optimiser stopped for want of further gain.

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

    amplitude: np.ndarray
    time_scale: np.ndarray
    wavelength_scale: np.ndarray
    mean_flux: np.ndarray
    log_likelihood: np.ndarray
    n_evaluations: np.ndarray
    converged: np.ndarray
    status: np.ndarray

    @property
    def reasons(self):
        """Text of each status, empty for success."""
        labels = np.array([""] + [s.label for s in Status if s != Status.OK], dtype=object)
        return labels[self.status]

    @property
    def failed(self):
        """Indices of the objects without an answer."""
        return np.flatnonzero(self.status != Status.OK)

    @classmethod
    def empty(cls, n_objects):
        """Return fits that hold NaN and zeros, to be filled."""
        numbers = [np.full(n_objects, np.nan) for _ in range(5)]
        counts = np.zeros(n_objects, np.int32)
        return cls(*numbers, counts, np.zeros(n_objects, bool), np.zeros(n_objects, np.int8))

    def write(self, where, other):
        """Copy the entries of `other` to the objects `where`, in place."""
        for field in fields(other):
            getattr(self, field.name)[where] = getattr(other, field.name)


@dataclass(frozen=True)
class Interpolation(LightCurveFits):
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

    grid: np.ndarray

    @property
    def mean(self):
        """View of channel 0."""
        return self.grid[:, 0]

    @property
    def std(self):
        """View of channel 1."""
        return self.grid[:, 1]

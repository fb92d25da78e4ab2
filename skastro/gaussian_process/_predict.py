r"""Posterior mean and standard deviation on a grid of wavelengths x times with NumPy and LAPACK.

The variance :math:`A - |L^{-1} k_*|^2` cancels where the observations fix the flux, and so does
the mean of weights of both signs.  With unit amplitude, float32 leaves an error below
:math:`c\,\epsilon \max_i |(L^{-1})_i|` in the variance and :math:`c\,\epsilon |A \alpha|` in the
mean, rows and weights by their Euclidean norms; c was between 0.01 and 6.9 on 1,400 real fits.
Both engines compute in float32 first and then repeat in float64 the points that miss the
tolerance.  Scaled squared distances end at `LARGEST_SQUARE`, where the kernel is zero: fits whose
length scale runs to zero would overflow.
"""

import numpy as np
from scipy.linalg.blas import dtrmm, strmm
from scipy.linalg.lapack import dtrtri

from skastro.gaussian_process._kernels import VALUE

WAVELENGTHS_AT_ONCE, POINTS_AT_ONCE = 2, 512
ROUNDING = 10.0 * 2.0**-24
MEAN_TOLERANCE, STD_TOLERANCE = 1e-4, 1e-3
LARGEST_SQUARE = 1e8


def coarse_points(mean, std, amplitude, largest_row, weights_norm):
    """Return the flat indices of the grid points that float32 does not resolve.

    Parameters
    ----------
    mean, std : ndarray
        Prediction in float32 with zero mean function.

    amplitude : float
        Variance of the process.

    largest_row : float
        Largest norm of the rows of the inverse factor, times ``sqrt(amplitude)``.

    weights_norm : float
        Norm of ``amplitude * alpha``.

    Returns
    -------
    points : ndarray of int
        All points when the mean is not resolved.
    """
    if ROUNDING * weights_norm > MEAN_TOLERANCE * np.abs(mean).max():
        return np.arange(mean.size)
    smallest = ROUNDING * largest_row * amplitude / (2.0 * STD_TOLERANCE * std.max())
    return np.flatnonzero(std.ravel() < smallest)


def predict(time, wavelength, state, kernel, times, wavelengths, out):
    """Write mean and standard deviation into `out`.

    Parameters
    ----------
    time, wavelength : ndarray of shape (n,)
        Observations.

    state : State
        Hyperparameters, Cholesky factor and weights of :class:`Likelihood`.

    kernel : {"radial", "separable"}
        Covariance function.

    times : ndarray of shape (n_times,)
        Grid in the units of `time`.

    wavelengths : ndarray of shape (n_wavelengths,)
        Grid in the units of `wavelength`.

    out : ndarray of shape (2, n_wavelengths, n_times)
        Its precision, float32 or float64, is that of the calculation, but for the points of the
        radial kernel that :func:`coarse_points` names.
    """
    inverse_factor = dtrtri(state.factor, lower=1)[0]
    rule = _predict_separable if kernel == "separable" else _predict_radial
    rule(time, wavelength, state, inverse_factor, times, wavelengths, out)
    out[0] += out.dtype.type(state.mean_flux)


def _predict_radial(time, wavelength, state, inverse_factor, times, wavelengths, out):
    """Variance ``A - |L^-1 k*|^2`` for a few wavelengths at a time; amplitude one inside."""
    amplitude, time_metric, wavelength_metric = np.exp(state.theta)
    s = 3.0 / time_metric * (times - time[:, None]) ** 2
    q = 3.0 / wavelength_metric * (wavelengths - wavelength[:, None]) ** 2
    s, q = np.minimum(s, LARGEST_SQUARE), np.minimum(q, LARGEST_SQUARE)
    # BLAS copies a matrix in another order on each call.
    factor = np.asfortranarray(np.tril(inverse_factor) * np.sqrt(amplitude))
    weights = amplitude * state.weights
    _fill_grid(s, q, factor, weights, amplitude, out)
    if out.dtype == np.float32:
        largest_row = np.sqrt((factor**2).sum(axis=1).max())
        norm = np.sqrt(weights @ weights)
        points = coarse_points(out[0], out[1], amplitude, largest_row, norm)
        _refine(s, q, factor, weights, amplitude, points, out)


def _fill_grid(s, q, factor, weights, amplitude, out):
    """Predict the whole grid in the precision of `out` from scaled squared distances."""
    dtype = out.dtype.type
    n, n_times = s.shape
    s, q, factor, weights = (array.astype(dtype) for array in (s, q, factor, weights))
    for first in range(0, q.shape[1], WAVELENGTHS_AT_ONCE):
        some = slice(first, first + WAVELENGTHS_AT_ONCE)
        cross = VALUE["radial"](s[:, None, :], q[:, some, None])[0].reshape(n, -1)
        out[0, some] = (weights @ cross).reshape(-1, n_times)
        std = _unexplained(factor, cross) ** 0.5 * dtype(np.sqrt(amplitude))
        out[1, some] = std.reshape(-1, n_times)


def _refine(s, q, factor, weights, amplitude, points, out):
    """Predict single points of the grid again, in float64."""
    for first in range(0, len(points), POINTS_AT_ONCE):
        row, column = np.divmod(points[first : first + POINTS_AT_ONCE], s.shape[1])
        cross = VALUE["radial"](s[:, column], q[:, row])[0]
        out[0, row, column] = weights @ cross
        out[1, row, column] = np.sqrt(amplitude * _unexplained(factor, cross))


def _unexplained(factor, cross):
    """Return ``1 - |factor cross|^2`` of each column, not below zero; `cross` is overwritten."""
    multiply = dtrmm if cross.dtype == np.float64 else strmm
    # The transpose is in Fortran order: BLAS overwrites it without a copy.
    whitened = multiply(1.0, factor, cross.T, side=1, lower=1, trans_a=1, overwrite_b=1)
    return np.maximum(1.0 - np.einsum("ij,ij->i", whitened, whitened), 0.0)


def _predict_separable(time, wavelength, state, inverse_factor, times, wavelengths, out):
    """Multiply one matrix per distinct wavelength, and mix the results on the grid."""
    amplitude, time_metric, wavelength_metric = np.exp(state.theta)
    bands, band = np.unique(wavelength, return_inverse=True)
    zero = np.zeros((1, 1))
    in_time = VALUE["separable"](3.0 / time_metric * (time[:, None] - times) ** 2, zero)[0]
    mix = VALUE["separable"](zero, 3.0 / wavelength_metric * (wavelengths[:, None] - bands) ** 2)[0]
    inverse_factor = np.tril(inverse_factor)
    whitened = np.empty((len(bands), len(time), len(times)))
    band_mean = np.empty((len(bands), len(times)))
    for b in range(len(bands)):
        own = band == b
        whitened[b] = inverse_factor[:, own] @ in_time[own]
        band_mean[b] = state.weights[own] @ in_time[own]
    gram = np.einsum("bij,dij->bdj", whitened, whitened, optimize=False)
    pairs = (mix[:, :, None] * mix[:, None, :]).reshape(len(wavelengths), -1)
    explained = amplitude**2 * pairs @ gram.reshape(-1, len(times))
    out[0] = amplitude * mix @ band_mean
    out[1] = np.sqrt(np.maximum(amplitude - explained, 0.0))

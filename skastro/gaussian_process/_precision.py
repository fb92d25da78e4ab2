r"""Where float32 is not enough for a prediction.

The variance :math:`A - |L^{-1} k_*|^2` cancels where the observations fix the flux, and so does
the mean of weights of both signs.  With unit amplitude, float32 leaves an error below
:math:`c\,\epsilon \max_i |(L^{-1})_i|` in the variance and :math:`c\,\epsilon |A \alpha|` in the
mean, rows and weights by their Euclidean norms; c was between 0.01 and 6.9 on 1,400 real fits.
Both engines compute in float32 first and then repeat in float64 the points that miss the
tolerance.  Scaled squared distances end at `LARGEST_SQUARE`, where the kernel is zero: fits whose
length scale runs to zero would overflow.
"""

import numpy as np

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

"""How a light curve varies, regardless of its brightness: to detect flat sources and artefacts."""

import numpy as np
from numpy.typing import NDArray

from skastro.base import LightCurveFeatures
from skastro.utils.ragged import segment_ids, segment_reduce

_NAMES = (
    "log_chi2_of_constant",
    "log_chi2_of_zero",
    "largest_share",
    "second_share",
    "roughness",
    "asymmetry",
)
_FLOOR = 1e-3


class VariabilityStatistics(LightCurveFeatures):
    r"""Describe how each light curve varies compared with its errors.

    With residuals :math:`r_i = (f_i - \bar f_b) / \sigma_i` about the weighted mean
    :math:`\bar f_b` of the band, over all n observations:

    * ``log_chi2_of_constant``, :math:`\lg \overline{r^2}`: about 0 for a source of constant flux;
    * ``log_chi2_of_zero``, :math:`\lg \overline{(f / \sigma)^2}`: about 0 for empty sky;
    * ``largest_share``, ``second_share``: the largest and the second largest :math:`r_i^2` as a
      share of their sum, near 1 for single spikes;
    * ``roughness``: the mean squared difference of successive residuals of a band divided by
      :math:`2 \, \overline{r^2}`, the ratio of von Neumann [1]_: 1 for noise, 0 for a smooth curve;
    * ``asymmetry``: the share of :math:`\sum r_i^2` that lies above the mean.

    A light curve without observations has NaN.

    Parameters
    ----------
    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    LightCurveStatistics : Statistics of the flux, for classification.
    skastro.calibration.GatedClassifier : Combines them with the embedding of a network.

    References
    ----------
    .. [1] J. von Neumann 1941, Ann. Math. Stat. 12, 367.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.feature_extraction import VariabilityStatistics
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [0.0, 1.0, 2.0, 3.0], "band": ["g"] * 4,
    ...         "flux": [0.0, 0.0, 12.0, 0.0], "flux_err": [1.0] * 4}
    >>> X = NestedFrame({"z": [0.1]}).assign(lightcurve=nest([0, 4], rows))
    >>> table = VariabilityStatistics().set_output(transform="pandas").fit_transform(X)
    >>> table.astype(float).round(2).iloc[0].tolist()
    [1.43, 1.56, 0.75, 0.08, 1.78, 0.75]
    """

    def __init__(self, *, quality_column: str = "quality", column: str = "lightcurve"):
        super().__init__(quality_column=quality_column, column=column)

    def _features(self, offsets, rows, X):
        objects = segment_ids(offsets)
        band = np.unique(np.asarray(rows["band"], str), return_inverse=True)[1]
        order = np.lexsort((np.asarray(rows["time"], float), band, objects))
        flux = np.asarray(rows["flux"], float)[order]
        error = np.asarray(rows["flux_err"], float)[order]
        cell = objects * (band.max(initial=0) + 1) + band[order]
        residual = (flux - _means(cell, flux, error)) / error
        return _statistics(offsets, flux / error, residual, np.diff(cell) == 0)

    def _feature_names(self):
        return list(_NAMES)

    def _required_fields(self):
        return ("time", "band", "flux", "flux_err")


def _means(cell: NDArray, flux: NDArray, error: NDArray) -> NDArray[np.float64]:
    """Return the weighted mean of the cell of each row."""
    _, number = np.unique(cell, return_inverse=True)
    weight = error**-2.0
    return (np.bincount(number, flux * weight) / np.bincount(number, weight))[number]


def _statistics(
    offsets: NDArray, snr: NDArray, residual: NDArray, same: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the columns of `_NAMES`; `same` is whether a row and the next share a band."""
    square, lengths = residual**2, np.diff(offsets)
    count = np.where(lengths, lengths, np.nan)
    total = segment_reduce(offsets, square, np.add, 0.0)
    largest = segment_reduce(offsets, square, np.maximum, 0.0)
    rest = np.where(square < np.repeat(largest, lengths), square, 0.0)
    steps = np.append(np.where(same, np.diff(residual) ** 2, 0.0), 0.0)[: len(residual)]
    pairs = segment_reduce(offsets, np.append(same, False)[: len(residual)] * 1.0, np.add, 0.0)
    rough = segment_reduce(offsets, steps, np.add, 0.0) / np.maximum(pairs, 1)
    above = segment_reduce(offsets, np.where(residual > 0, square, 0.0), np.add, 0.0)
    safe = np.maximum(total, _FLOOR)
    columns = [
        np.log10(np.maximum(total / count, _FLOOR)),
        np.log10(np.maximum(segment_reduce(offsets, snr**2, np.add, 0.0) / count, _FLOOR)),
        largest / safe,
        segment_reduce(offsets, rest, np.maximum, 0.0) / safe,
        rough / np.maximum(2 * total / count, _FLOOR),
        above / safe,
    ]
    return np.where(lengths[:, None] > 0, np.column_stack(columns), np.nan)

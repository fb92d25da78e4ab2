"""Spectra on a common grid of wavelengths."""

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._param_validation import Interval, StrOptions

from skastro.base import SpectrumTransformer
from skastro.preprocessing._spectra_clean import repeats
from skastro.utils.grid import Grid, check_grid
from skastro.utils.interpolation import (
    bin_means,
    interpolate_cubic,
    interpolate_linear,
    last_below,
)
from skastro.utils.ragged import chunks, keep_rows, take_objects

_CCSNSCORE = Grid(4200.0, 9200.0, 256)
_ROWS_AT_ONCE = 300_000


class Rebin(SpectrumTransformer):
    """Bring every spectrum to the same wavelengths.

    Rows without flux and repeated wavelengths are dropped first.  The field ``covered`` is True
    where a spectrum has data; elsewhere the flux is `fill_value` and the error NaN.  Other fields
    are those of the nearest row.  An object without data has no rows.

    Parameters
    ----------
    wavelengths : array-like or Grid of shape (n_wavelengths,), default=None
        Increasing grid [Angstrom]; ``Grid(4200, 9200, 256)`` by default, that of CCSNscore.

    method : {"cubic", "linear", "flux"}, default="cubic"
        Not-a-knot cubic spline, linear interpolation, or the mean over the bin that extends halfway
        to the neighbours on the grid, which conserves the flux.  Errors are interpolated linearly,
        as ``hypot(w1 err1, w2 err2)``; for "flux" variances are shared among bins in the same way
        as the flux.

    max_gap : float, default=None
        A grid point between two rows further apart than this [Angstrom] has no data.  No limit
        by default.

    fill_value : float, default=nan
        Flux where there are no data.

    column : str, default="spectrum"
        Nested column with the spectra.

    Attributes
    ----------
    wavelengths_ : ndarray of shape (n_wavelengths,)
        The grid [Angstrom].

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    skastro.feature_extraction.SpectrumPixels : The rows for a classifier.

    References
    ----------
    .. [1] Carnall 2017, arXiv:1705.05165, equations 4 and 5: means over new bins.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import Rebin
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"wavelength": [4000.0, 5000.0, 6000.0], "flux": [1.0, 2.0, 3.0]}
    >>> X = NestedFrame({"z": [0.1]}).assign(spectrum=nest([0, 3], rows))
    >>> new = Rebin([4500, 5500, 6500]).fit_transform(X)
    >>> flatten(new["spectrum"])[1]["flux"].tolist()
    [1.5, 2.5, nan]
    """

    _parameter_constraints = {
        "wavelengths": ["array-like", Grid, None],
        "method": [StrOptions({"cubic", "linear", "flux"})],
        "max_gap": [Interval(Real, 0, None, closed="neither"), None],
        "fill_value": [Real],
        **SpectrumTransformer._parameter_constraints,
    }

    def __init__(
        self,
        wavelengths: ArrayLike | Grid | None = None,
        *,
        method: str = "cubic",
        max_gap: float | None = None,
        fill_value: float = np.nan,
        column: str = "spectrum",
    ):
        super().__init__(column=column)
        self.wavelengths = wavelengths
        self.method = method
        self.max_gap = max_gap
        self.fill_value = fill_value

    def _learn(self, X):
        self.wavelengths_ = self._grid()

    def _grid(self):
        grid = _CCSNSCORE if self.wavelengths is None else self.wavelengths
        return check_grid(grid, "Rebin: wavelengths")

    def _check_parameters(self):
        grid = self._grid()
        if len(grid) < 2 or grid[0] <= 0:
            raise ValueError("Rebin: wavelengths must be two or more increasing positive numbers")

    def _transform_spectra(self, offsets, rows, X):
        offsets, rows = keep_rows(offsets, rows, np.isfinite(rows["flux"]))
        offsets, rows = keep_rows(offsets, rows, ~repeats(offsets, rows["wavelength"]))
        known = np.diff(offsets) > 0
        parts = [
            self._rebin(*take_objects(offsets, rows, np.flatnonzero(known[part]) + part.start))
            for part in chunks(offsets, _ROWS_AT_ONCE)
        ]
        new = {name: _join([part[name] for part in parts]) for name in parts[0]}
        return np.concatenate([[0], np.cumsum(known * len(self.wavelengths_))]), new

    def _rebin(self, offsets, rows):
        """Return on the grid the rows of objects that all have rows."""
        grid, x = self.wavelengths_, rows["wavelength"].astype(float)
        n_objects = len(offsets) - 1
        target_offsets, targets = np.arange(n_objects + 1) * len(grid), np.tile(grid, n_objects)
        where = offsets, x, target_offsets, targets
        near, gap = _neighbours(*where)
        new = {name: values.take(near) for name, values in rows.items()}
        flux, error = self._values(rows, *where)
        covered = np.isfinite(flux)
        if self.max_gap is not None:
            covered &= gap <= self.max_gap
        kinds = {name: rows[name].dtype for name in rows if name in ("flux", "flux_err")}
        new["flux"] = np.where(covered, flux, self.fill_value).astype(kinds["flux"])
        if error is not None:
            new["flux_err"] = np.where(covered, error, np.nan).astype(kinds["flux_err"])
        return {**new, "wavelength": targets.astype(rows["wavelength"].dtype), "covered": covered}

    def _values(self, rows, *where):
        """Return flux and error, or None, at the targets; NaN outside the rows."""
        offsets, x = where[:2]
        flux = rows["flux"].astype(float)
        variance = rows["flux_err"].astype(float) ** 2 if "flux_err" in rows else None
        if self.method == "flux":
            edges = _bin_edges(self.wavelengths_)
            values = bin_means(offsets, x, flux, edges).ravel()
            if variance is None:
                return values, None
            widths = _pixel_widths(offsets, x)
            shared = bin_means(offsets, x, variance * widths, edges) / np.diff(edges)
            return values, np.sqrt(np.maximum(shared, 0)).ravel()
        function = interpolate_cubic if self.method == "cubic" else interpolate_linear
        values = function(offsets, x, flux, *where[2:])
        return values, None if variance is None else _linear_error(variance, *where)


def _neighbours(offsets, x, target_offsets, targets):
    """Return the nearest row of each target and the distance between the rows around it."""
    lengths = np.diff(target_offsets)
    first = np.repeat(offsets[:-1], lengths)
    last = np.repeat(offsets[1:], lengths) - 1
    below = last_below(offsets, x, target_offsets, targets)
    left, right = np.maximum(below, first), np.minimum(below + 1, last)
    exact = x[left] == targets
    gap = np.where(exact, 0.0, x[right] - x[left])
    return np.where(targets - x[left] <= x[right] - targets, left, right), gap


def _linear_error(variance, offsets, x, target_offsets, targets):
    """Error of the linear interpolation: ``w1^2 var1 + w2^2 var2`` under the root."""
    lengths = np.diff(target_offsets)
    below = last_below(offsets, x, target_offsets, targets)
    left = np.maximum(below, np.repeat(offsets[:-1], lengths))
    right = np.minimum(left + 1, np.repeat(offsets[1:], lengths) - 1)
    width = x[right] - x[left]
    share = np.where(width > 0, (targets - x[left]) / np.where(width > 0, width, 1.0), 0.0)
    # 0 * NaN would be NaN where the other row has no error.
    right_part = np.where(share > 0, share**2 * variance[right], 0.0)
    return np.sqrt((1 - share) ** 2 * variance[left] + right_part)


def _bin_edges(grid):
    middles = (grid[1:] + grid[:-1]) / 2
    return np.concatenate([[2 * grid[0] - middles[0]], middles, [2 * grid[-1] - middles[-1]]])


def _pixel_widths(offsets, x):
    """Return half the distance between the two neighbours; at an end that to the only one."""
    step = np.diff(x)
    left, right = np.append(0.0, step), np.append(step, 0.0)
    starts, ends = offsets[:-1], offsets[1:] - 1
    left[starts], right[ends] = right[starts], left[ends]
    alone = starts == ends
    left[starts[alone]] = right[starts[alone]] = 0.0
    return (left + right) / 2


def _join(parts):
    if hasattr(parts[0], "categories"):
        return parts[0] if len(parts) == 1 else np.concatenate([np.asarray(p) for p in parts])
    return np.concatenate(parts)

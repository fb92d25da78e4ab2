"""Smoothing of spectra along the rows."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skastro.base import SpectrumTransformer
from skastro.utils.ragged import row_numbers

_ROWS_AT_ONCE = 1 << 17


class SmoothSpectrum(SpectrumTransformer):
    """Smooth the flux by a running median or a Savitzky-Golay filter.

    Parameters
    ----------
    method : {"median", "savgol"}, default="median"
        Running median, which ignores missing values, or the value of the polynomial fitted to
        each window by least squares [1]_, which is NaN if any value is missing.

    window : int, default=5
        Number of rows; it must be odd.

    degree : int, default=2
        Degree of the polynomial of "savgol".

    edges : {"shrink", "zero"}, default="shrink"
        At the ends of a spectrum the window of "median" has fewer rows, or zeros as in
        `scipy.signal.medfilt`.  "savgol" evaluates the polynomial of the last full window
        there, and leaves spectra shorter than one as they are.

    column : str, default="spectrum"
        Nested column with the spectra.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    Notes
    -----
    "savgol" propagates independent errors through the filter; "median" keeps them.  The window is
    in rows, not wavelengths: use :class:`Rebin` first.

    References
    ----------
    .. [1] Savitzky & Golay 1964, Analytical Chemistry 36, 1627.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import SmoothSpectrum
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"wavelength": [1.0, 2.0, 3.0, 4.0], "flux": [1.0, 9.0, 2.0, 3.0]}
    >>> X = NestedFrame({"z": [0.1]}).assign(spectrum=nest([0, 4], rows))
    >>> flatten(SmoothSpectrum(window=3).fit_transform(X)["spectrum"])[1]["flux"].tolist()
    [5.0, 2.0, 3.0, 2.5]
    """

    _parameter_constraints = {
        "method": [StrOptions({"median", "savgol"})],
        "window": [Interval(Integral, 1, None, closed="left")],
        "degree": [Interval(Integral, 0, None, closed="left")],
        "edges": [StrOptions({"shrink", "zero"})],
        **SpectrumTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        method: str = "median",
        window: int = 5,
        degree: int = 2,
        edges: str = "shrink",
        column: str = "spectrum",
    ):
        super().__init__(column=column)
        self.method = method
        self.window = window
        self.degree = degree
        self.edges = edges

    def _check_parameters(self):
        if self.window % 2 != 1:
            raise ValueError(f"SmoothSpectrum: window={self.window} must be odd")
        if self.method == "savgol" and self.degree >= self.window:
            raise ValueError(f"SmoothSpectrum: degree={self.degree} must be below the window")

    def _transform_spectra(self, offsets, rows, X):
        smooth = self._median if self.method == "median" else self._savgol
        number, length = row_numbers(offsets), np.repeat(np.diff(offsets), np.diff(offsets))
        new = {name: rows[name].copy() for name in ("flux", "flux_err") if name in rows}
        for start in range(0, offsets[-1], _ROWS_AT_ONCE):
            part = np.arange(start, min(start + _ROWS_AT_ONCE, offsets[-1]))
            smooth(rows, part, number[part], length[part], new)
        return offsets, {**rows, **new}

    def _median(self, rows, part, number, length, new):
        """Write the medians around the rows `part` into `new`."""
        shift = np.arange(self.window) - self.window // 2
        place = number[:, None] + shift
        outside = (place < 0) | (place >= length[:, None])
        values = rows["flux"].astype(float)[np.where(outside, part[:, None], part[:, None] + shift)]
        values[outside] = 0.0 if self.edges == "zero" else np.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            # nanmedian is slower, and not required where nothing is missing.
            medians = np.nanmedian(values, axis=1) if np.isnan(values).any() else None
        medians = np.median(values, axis=1) if medians is None else medians
        missing = np.isnan(rows["flux"][part])
        new["flux"][part] = np.where(missing, np.nan, medians)

    def _savgol(self, rows, part, number, length, new):
        from scipy.signal import savgol_coeffs

        weights = np.stack(
            [
                savgol_coeffs(self.window, self.degree, pos=position, use="dot")
                for position in range(self.window)
            ]
        )
        enough = length >= self.window
        part, number, length = part[enough], number[enough], length[enough]
        first = np.clip(number - self.window // 2, 0, length - self.window)
        position = number - first
        taken = (part - position)[:, None] + np.arange(self.window)
        own = weights[position]
        new["flux"][part] = (own * rows["flux"].astype(float)[taken]).sum(axis=1)
        if "flux_err" in rows:
            variance = rows["flux_err"].astype(float)[taken] ** 2
            new["flux_err"][part] = np.sqrt((own**2 * variance).sum(axis=1))

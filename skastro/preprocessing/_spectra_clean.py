"""Rows of spectra without a measurement of the object."""

from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval

from skastro.base import SpectrumTransformer
from skastro.utils.ragged import keep_rows, row_numbers, sort_rows

# Oxygen (B at 6870, A at 7600) and water; [O I] and Na D of the sky.
TELLURIC = ((6860.0, 6930.0), (7160.0, 7340.0), (7590.0, 7700.0), (8120.0, 8370.0))
SKY_LINES = (5577.34, 5889.95, 5895.92, 6300.30, 6363.78)
_REGIONS = ("telluric", "sky")


class CleanSpectrum(SpectrumTransformer):
    """Drop rows without a wavelength or a flux, and repeated wavelengths.

    A row is dropped if its wavelength is not finite or not positive, its flux is not finite or its
    error, if there is one, is negative; of repeated wavelengths only the first row is kept.  The
    others are sorted by wavelength.

    Parameters
    ----------
    column : str, default="spectrum"
        Nested column with the spectra.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    MarkSpectrumQuality : Mark whole spectra.

    Examples
    --------
    >>> import numpy as np
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import CleanSpectrum
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"wavelength": [-8.0, 4000.0, 4000.0, 4010.0], "flux": [1.0, 2.0, 3.0, np.nan]}
    >>> X = NestedFrame({"z": [0.1]}).assign(spectrum=nest([0, 4], rows))
    >>> flatten(CleanSpectrum().fit_transform(X)["spectrum"])[1]["flux"].tolist()
    [2.0]
    """

    def _transform_rows(self, offsets, rows, X):
        wavelength = rows["wavelength"]
        good = np.isfinite(wavelength) & (wavelength > 0) & np.isfinite(rows["flux"])
        if "flux_err" in rows:
            # Not >= 0: a row with an unknown error, NaN, stays.
            good &= ~(rows["flux_err"] < 0)
        offsets, rows = keep_rows(offsets, rows, good)
        rows = sort_rows(offsets, rows, "wavelength")
        return keep_rows(offsets, rows, ~repeats(offsets, rows["wavelength"]))


def repeats(offsets: ArrayLike, values: NDArray) -> NDArray[np.bool_]:
    """Return whether the row before each row, in the same object, has the same value."""
    if len(values) == 0:
        return np.zeros(0, bool)
    same = np.append(False, values[1:] == values[:-1])
    return same & (row_numbers(offsets) > 0)


class MaskLines(SpectrumTransformer):
    """Set the flux to NaN where the atmosphere absorbs or emits.

    Use it on observed wavelengths, before :class:`DeredshiftSpectrum`; :class:`Rebin` then
    interpolates over short gaps and leaves long ones without data.

    Parameters
    ----------
    regions : sequence of {"telluric", "sky"} or (float, float), default=("telluric", "sky")
        "telluric": the bands of O2 and H2O at 6860-6930, 7160-7340, 7590-7700 and 8120-8370
        Angstrom [1]_; "sky": `width` around the night-sky lines of O I at 5577.34, 6300.30,
        6363.78 and of Na I at 5889.95, 5895.92 [2]_; or your own ranges in Angstrom.

    width : float, default=20
        Full width of a night-sky line in Angstrom.

    column : str, default="spectrum"
        Nested column with the spectra.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    Rebin : Bring spectra to a common grid.

    References
    ----------
    .. [1] Matheson et al. 2000, AJ 120, 1499, section 2: correction of telluric bands.
    .. [2] Osterbrock et al. 1996, PASP 108, 277.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import MaskLines
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"wavelength": [5570.0, 6000.0, 7600.0], "flux": [9.0, 1.0, 0.5]}
    >>> X = NestedFrame({"z": [0.1]}).assign(spectrum=nest([0, 3], rows))
    >>> flatten(MaskLines().fit_transform(X)["spectrum"])[1]["flux"].tolist()
    [nan, 1.0, nan]
    """

    _parameter_constraints = {
        "regions": [str, list, tuple],
        "width": [Interval(Real, 0, None, closed="neither")],
        **SpectrumTransformer._parameter_constraints,
    }

    def __init__(
        self,
        regions: str | Sequence = _REGIONS,
        *,
        width: float = 20.0,
        column: str = "spectrum",
    ):
        super().__init__(column=column)
        self.regions = regions
        self.width = width

    def _check_parameters(self):
        for low, high in self._ranges():
            if not low <= high:
                raise ValueError(f"MaskLines: the region ({low}, {high}) does not increase")

    def _ranges(self):
        ranges, half = [], self.width / 2
        for region in [self.regions] if isinstance(self.regions, str) else self.regions:
            if isinstance(region, str) and region not in _REGIONS:
                raise ValueError(f"MaskLines: region {region!r} is not one of {_REGIONS}")
            if region == "telluric":
                ranges += TELLURIC
            elif region == "sky":
                ranges += [(line - half, line + half) for line in SKY_LINES]
            else:
                ranges.append(tuple(region))
        return ranges

    def _transform_spectra(self, offsets, rows, X):
        wavelength = rows["wavelength"]
        hit = np.zeros(len(wavelength), bool)
        for low, high in self._ranges():
            hit |= (wavelength >= low) & (wavelength <= high)
        flux = rows["flux"]
        return offsets, {**rows, "flux": np.where(hit, flux.dtype.type(np.nan), flux)}

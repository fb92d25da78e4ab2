"""Spectra on a common grid as dense rows."""

from numbers import Real

import numpy as np

from skastro.base import SpectrumFeatures
from skastro.exceptions import ObjectError
from skastro.utils.ragged import flatten, segment_ids, sort_rows


class SpectrumPixels(SpectrumFeatures):
    """Return the flux of spectra that share a grid of wavelengths as dense rows.

    The row of an object without data is NaN.

    Parameters
    ----------
    fill_value : float, default=0
        Replaces a single missing flux; an object whose flux is missing everywhere is a row of
        NaN.

    mask : bool, default=False
        Add a second channel: 1 where there are data, 0 elsewhere, according to the field
        ``covered`` of :class:`skastro.preprocessing.Rebin`, or else where the flux is finite.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="spectrum"
        Nested column with the spectra.

    Attributes
    ----------
    wavelengths_ : ndarray of shape (n_wavelengths,)
        The grid [Angstrom], that of the first object with data in `fit`.

    output_shape_ : tuple of 2 ints
        Channels, wavelengths.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    skastro.preprocessing.Rebin : Brings spectra to a common grid.
    DmDt : Maps of the differences within a spectrum.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.feature_extraction import SpectrumPixels
    >>> from skastro.utils.ragged import nest
    >>> rows = {"wavelength": [4000.0, 5000.0] * 2, "flux": [1.0, 2.0, 3.0, float("nan")]}
    >>> X = NestedFrame({"z": [0.1, 0.2]}).assign(spectrum=nest([0, 2, 4], rows))
    >>> SpectrumPixels(mask=True).fit_transform(X).tolist()
    [[1.0, 2.0, 1.0, 1.0], [3.0, 0.0, 1.0, 0.0]]
    """

    _parameter_constraints = {
        "fill_value": [Real],
        "mask": ["boolean"],
        **SpectrumFeatures._parameter_constraints,
    }

    def __init__(
        self,
        *,
        fill_value: float = 0.0,
        mask: bool = False,
        quality_column: str = "quality",
        column: str = "spectrum",
    ):
        super().__init__(quality_column=quality_column, column=column)
        self.fill_value = fill_value
        self.mask = mask

    def _learn(self, X):
        offsets, rows = flatten(X[self.column], ["wavelength"])
        filled = np.flatnonzero(np.diff(offsets) > 0)
        if len(filled) == 0:
            raise ObjectError(f"SpectrumPixels: {self.column!r} has no rows in any object", X.index)
        first = slice(*offsets[filled[0] : filled[0] + 2])
        self.wavelengths_ = np.sort(rows["wavelength"][first].astype(float))
        self.output_shape_ = (1 + bool(self.mask), len(self.wavelengths_))

    def _features(self, offsets, rows, X):
        rows = sort_rows(offsets, rows, "wavelength")
        self._check_grid(offsets, rows, X)
        flux = rows["flux"]
        known = np.isfinite(flux)
        covered = known & rows["covered"].astype(bool) if "covered" in rows else known
        channels = [np.where(known, flux, self.fill_value), covered][: 1 + bool(self.mask)]
        filled = np.diff(offsets) > 0
        n_wavelengths = len(self.wavelengths_)
        features = np.full((len(X), len(channels), n_wavelengths), np.nan, np.float32)
        for k, channel in enumerate(channels):
            features[filled, k] = channel.reshape(-1, n_wavelengths)
        anything = np.bincount(segment_ids(offsets)[known], minlength=len(X)) > 0
        features[~anything] = np.nan
        return features.reshape(len(X), -1)

    def _check_grid(self, offsets, rows, X):
        lengths, n_wavelengths = np.diff(offsets), len(self.wavelengths_)
        odd = (lengths > 0) & (lengths != n_wavelengths)
        if not odd.any():
            x = rows["wavelength"].reshape(-1, n_wavelengths)
            odd[lengths > 0] = ~np.isclose(x, self.wavelengths_, rtol=1e-6, atol=0).all(axis=1)
        if odd.any():
            raise ObjectError(
                f"SpectrumPixels: {self.column!r} is not on the grid of wavelengths of fit; use "
                "Rebin first",
                X.index[odd],
            )

    def _feature_names(self):
        channels = ("flux", "covered")[: self.output_shape_[0]]
        return [f"{channel}_{x:.10g}A" for channel in channels for x in self.wavelengths_]

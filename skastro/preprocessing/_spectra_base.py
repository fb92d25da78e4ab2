"""Base class of the transformers from spectra to spectra."""

import numpy as np

from skastro.base import LightCurveTransformer
from skastro.exceptions import ObjectError
from skastro.utils.ragged import segment_ids, sort_rows


class SpectrumTransformer(LightCurveTransformer):
    """Map a nested column of spectra to one of the same objects, sorted by wavelength.

    Subclasses implement ``_transform_spectra(offsets, rows, X)``, or ``_describe_objects`` as any
    :class:`skastro.base.LightCurveTransformer`.  The fields are ``wavelength`` [Angstrom],
    ``flux`` and, if known, ``flux_err``; a flux of NaN is missing.

    Parameters
    ----------
    column : str, default="spectrum"
        Nested column with the spectra.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import SpectrumTransformer
    >>> from skastro.utils.ragged import flatten, nest
    >>> class Double(SpectrumTransformer):
    ...     def _transform_spectra(self, offsets, rows, X):
    ...         return offsets, {**rows, "flux": 2 * rows["flux"]}
    >>> X = NestedFrame({"z": [0.1]}).assign(
    ...     spectrum=nest([0, 2], {"wavelength": [5000.0, 4000.0], "flux": [1.0, 2.0]})
    ... )
    >>> flatten(Double().fit_transform(X)["spectrum"])[1]["flux"].tolist()
    [4.0, 2.0]
    """

    def __init__(self, *, column="spectrum"):
        super().__init__(column=column)

    def _required_fields(self):
        return ("wavelength", "flux")

    def _transform_rows(self, offsets, rows, X):
        self._check_wavelengths(offsets, rows["wavelength"], X)
        return self._transform_spectra(offsets, sort_rows(offsets, rows, "wavelength"), X)

    def _transform_spectra(self, offsets, rows, X):
        """Return new offsets and rows; the same objects in the same order."""
        return offsets, rows

    def _check_wavelengths(self, offsets, wavelength, X):
        bad = ~(np.isfinite(wavelength) & (wavelength > 0))
        if bad.any():
            ids = X.index[np.unique(segment_ids(offsets)[bad])]
            raise ObjectError(
                f"{type(self).__name__}: field 'wavelength' of {self.column!r} is not positive; "
                "CleanSpectrum drops such rows",
                ids,
            )


def scaled(rows, factor, shift=0.0):
    """Return the rows with ``flux = factor * (flux - shift)`` and the error scaled alike."""
    flux = rows["flux"]
    new = {"flux": ((flux.astype(float) - shift) * factor).astype(flux.dtype)}
    if "flux_err" in rows:
        error = rows["flux_err"]
        new["flux_err"] = (error.astype(float) * np.abs(factor)).astype(error.dtype)
    return {**rows, **new}

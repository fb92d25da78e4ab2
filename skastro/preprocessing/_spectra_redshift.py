"""Spectra in the rest frame of their host galaxies."""

import numpy as np
from sklearn.utils._param_validation import StrOptions

from skastro.base import SpectrumTransformer, is_marked, read_numbers
from skastro.exceptions import ObjectError


class DeredshiftSpectrum(SpectrumTransformer):
    """Divide wavelengths by 1 + z; flux values do not change.

    A static column records which spectra are in the rest frame afterwards.

    Parameters
    ----------
    redshift_column : str, default="redshift"
        Column with the redshift.

    missing : {"raise", "keep", "mark"}, default="keep"
        An object without a redshift raises ObjectError, keeps its observed wavelengths, or keeps
        them and is marked in `quality_column`.

    name : str, default="rest_frame"
        Static column to write; an existing one is replaced.  True where the redshift was known.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="spectrum"
        Nested column with the spectra.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    Raises
    ------
    ObjectError
        In `transform`: a redshift is not above -1, or missing with ``missing="raise"``.

    See Also
    --------
    Deredshift : The same for the times of light curves.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import DeredshiftSpectrum
    >>> from skastro.utils.ragged import flatten, nest
    >>> X = NestedFrame({"redshift": [0.25, None]}).assign(
    ...     spectrum=nest([0, 1, 2], {"wavelength": [5000.0, 5000.0], "flux": [1.0, 1.0]})
    ... )
    >>> rest = DeredshiftSpectrum().fit_transform(X)
    >>> flatten(rest["spectrum"])[1]["wavelength"].tolist(), rest["rest_frame"].tolist()
    ([4000.0, 5000.0], [True, False])
    """

    _parameter_constraints = {
        "redshift_column": [str],
        "missing": [StrOptions({"raise", "keep", "mark"})],
        "name": [str],
        "quality_column": [str],
        **SpectrumTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        redshift_column: str = "redshift",
        missing: str = "keep",
        name: str = "rest_frame",
        quality_column: str = "quality",
        column: str = "spectrum",
    ):
        super().__init__(column=column)
        self.redshift_column = redshift_column
        self.missing = missing
        self.name = name
        self.quality_column = quality_column

    def _required_columns(self):
        return (self.redshift_column,)

    def _described_columns(self):
        return (self.name,)

    def _describe_objects(self, offsets, rows, X):
        return {self.name: np.isfinite(self._redshift(X))}

    def _faults(self, offsets, rows, X):
        unknown = np.isnan(self._redshift(X))
        return {f"no {self.redshift_column}": unknown} if self.missing == "mark" else {}

    def _transform_spectra(self, offsets, rows, X):
        redshift = self._redshift(X)
        unknown = ~np.isfinite(redshift)
        refused = unknown & ~is_marked(X, self.quality_column)
        if self.missing == "raise" and refused.any():
            raise ObjectError(f"DeredshiftSpectrum: no {self.redshift_column!r}", X.index[refused])
        if (redshift <= -1).any():
            raise ObjectError(
                f"DeredshiftSpectrum: {self.redshift_column!r} is not above -1",
                X.index[redshift <= -1],
            )
        stretch = np.repeat(1 + np.where(unknown, 0.0, redshift), np.diff(offsets))
        wavelength = rows["wavelength"]
        return offsets, {**rows, "wavelength": (wavelength / stretch).astype(wavelength.dtype)}

    def _redshift(self, X):
        return read_numbers(X, self.redshift_column, "DeredshiftSpectrum")

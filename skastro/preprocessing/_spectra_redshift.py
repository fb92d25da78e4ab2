"""Spectra in the rest frame of their host galaxies."""

import numpy as np

from skastro.base import SpectrumTransformer
from skastro.exceptions import ObjectError


class DeredshiftSpectrum(SpectrumTransformer):
    """Divide wavelengths by 1 + z; the numbers of the flux stay.

    A column says which spectra are in the rest frame afterwards.

    Parameters
    ----------
    redshift_column : str, default="redshift"
        Column of `X` with the redshift of each object.

    missing : {"keep", "raise"}, default="keep"
        An object without redshift keeps its observed wavelengths, or raises.

    name : str, default="rest_frame"
        Static column to write: True where the redshift was known.

    column : str, default="spectrum"
        Nested column with the spectra.

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

    def __init__(
        self, *, redshift_column="redshift", missing="keep", name="rest_frame", column="spectrum"
    ):
        super().__init__(column=column)
        self.redshift_column = redshift_column
        self.missing = missing
        self.name = name

    def _required_columns(self):
        return (self.redshift_column,)

    def _check_parameters(self):
        if self.missing not in ("raise", "keep"):
            raise ValueError(
                f"DeredshiftSpectrum: missing={self.missing!r} is neither 'raise' nor 'keep'"
            )

    def _described_columns(self):
        return (self.name,)

    def _describe_objects(self, offsets, rows, X):
        return {self.name: np.isfinite(X[self.redshift_column].to_numpy(float))}

    def _transform_spectra(self, offsets, rows, X):
        redshift = X[self.redshift_column].to_numpy(float)
        unknown = ~np.isfinite(redshift)
        if self.missing == "raise" and unknown.any():
            raise ObjectError(f"DeredshiftSpectrum: no {self.redshift_column!r}", X.index[unknown])
        if (redshift <= -1).any():
            raise ObjectError(
                f"DeredshiftSpectrum: {self.redshift_column!r} is not above -1",
                X.index[redshift <= -1],
            )
        stretch = 1 + np.where(unknown, 0.0, redshift)
        wavelength = rows["wavelength"]
        rest = wavelength / np.repeat(stretch, np.diff(offsets))
        return offsets, {**rows, "wavelength": rest.astype(wavelength.dtype)}

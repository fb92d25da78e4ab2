"""The kinds of nested columns: light curves and spectra."""

import numpy as np

from skastro.base._ragged import RaggedFeatures, RaggedTransformer
from skastro.exceptions import ObjectError
from skastro.utils.ragged import segment_ids, sort_rows


class LightCurveTransformer(RaggedTransformer):
    """Map light curves to light curves of the same objects.

    The fields are ``time`` [days], ``band``, ``flux``, ``flux_err`` and, if known, ``detected``
    and ``photflag``.  See :class:`RaggedTransformer` for what a subclass implements.

    Parameters
    ----------
    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.base import LightCurveTransformer
    >>> from skastro.utils.photometry import is_detected
    >>> from skastro.utils.ragged import flatten, keep_rows, nest
    >>> class Detections(LightCurveTransformer):
    ...     def _transform_rows(self, offsets, rows, X):
    ...         return keep_rows(offsets, rows, is_detected(rows))
    >>> X = NestedFrame({"z": [0.1]}).assign(
    ...     lightcurve=nest([0, 2], {"flux": [10.0, 1.0], "flux_err": [1.0, 1.0]})
    ... )
    >>> flatten(Detections().fit_transform(X)["lightcurve"])[1]["flux"].tolist()
    [10.0]
    """

    def __init__(self, *, column: str = "lightcurve"):
        super().__init__(column=column)


class LightCurveFeatures(RaggedFeatures):
    """Map light curves to dense rows, one row per object.

    See :class:`RaggedFeatures` for what a subclass implements.

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

    Examples
    --------
    >>> import numpy as np
    >>> from nested_pandas import NestedFrame
    >>> from skastro.base import LightCurveFeatures
    >>> from skastro.utils.ragged import nest
    >>> class Length(LightCurveFeatures):
    ...     def _features(self, offsets, rows, X):
    ...         return np.diff(offsets)[:, None]
    ...     def _feature_names(self):
    ...         return ["n_observations"]
    >>> X = NestedFrame({"quality": ["", "too faint"]}).assign(
    ...     lightcurve=nest([0, 2, 3], {"flux": [1.0, 2.0, 3.0]})
    ... )
    >>> Length().fit_transform(X).tolist()
    [[2.0], [nan]]
    """

    def __init__(self, *, quality_column: str = "quality", column: str = "lightcurve"):
        super().__init__(quality_column=quality_column, column=column)


class SpectrumTransformer(RaggedTransformer):
    """Map spectra to spectra of the same objects, sorted by wavelength.

    The fields are ``wavelength`` [Angstrom], ``flux`` and, if known, ``flux_err``; a flux of NaN
    is missing.  Subclasses implement ``_transform_spectra(offsets, rows, X)``, whose rows are
    sorted, or ``_describe_objects`` as in :class:`RaggedTransformer`.

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

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.base import SpectrumTransformer
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

    def __init__(self, *, column: str = "spectrum"):
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
            raise ObjectError(
                f"{type(self).__name__}: field 'wavelength' of {self.column!r} is not positive; "
                "CleanSpectrum drops such rows",
                X.index[np.unique(segment_ids(offsets)[bad])],
            )


class SpectrumFeatures(RaggedFeatures):
    """Map spectra to dense rows, one row per object.

    See :class:`RaggedFeatures` for what a subclass implements.

    Parameters
    ----------
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

    Examples
    --------
    >>> import numpy as np
    >>> from nested_pandas import NestedFrame
    >>> from skastro.base import SpectrumFeatures
    >>> from skastro.utils.ragged import nest, segment_reduce
    >>> class Brightest(SpectrumFeatures):
    ...     def _features(self, offsets, rows, X):
    ...         return segment_reduce(offsets, rows["flux"], np.fmax)[:, None]
    ...     def _feature_names(self):
    ...         return ["max_flux"]
    >>> X = NestedFrame({"z": [0.1]}).assign(
    ...     spectrum=nest([0, 2], {"wavelength": [5000.0, 6000.0], "flux": [1.0, 2.0]})
    ... )
    >>> Brightest().fit_transform(X).tolist()
    [[2.0]]
    """

    def __init__(self, *, quality_column: str = "quality", column: str = "spectrum"):
        super().__init__(quality_column=quality_column, column=column)

    def _required_fields(self):
        return ("wavelength", "flux")

"""Scale fluxes, linearly or with a compressed dynamic range."""

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.base import LightCurveTransformer

_NUMBERS = {"dtype": [np.float64, np.float32], "ensure_all_finite": "allow-nan"}


class ScaleFlux(LightCurveTransformer):
    """Divide flux and flux error by a constant, so that networks see numbers around 1.

    Parameters
    ----------
    scale : float, default=1000
        Flux that becomes 1, in the units of the light curves; 1000 FLUXCAL in ORACLE [1]_.

    column : str, default="lightcurve"
        Nested column with the light curves.

    See Also
    --------
    AsinhScale : Compresses bright fluxes.

    References
    ----------
    .. [1] Shah et al. 2025, ORACLE (arXiv:2501.01496).

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import ScaleFlux
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"flux": [500.0], "flux_err": [20.0]}
    >>> X = NestedFrame({"mwebv": [0.1]}).assign(lightcurve=nest([0, 1], rows))
    >>> X_new = ScaleFlux().fit_transform(X)
    >>> {name: v.tolist() for name, v in flatten(X_new["lightcurve"])[1].items()}
    {'flux': [0.5], 'flux_err': [0.02]}
    """

    def __init__(self, scale=1000.0, *, column="lightcurve"):
        super().__init__(column=column)
        self.scale = scale

    def _required_fields(self):
        return ("flux", "flux_err")

    def _check_parameters(self):
        if not (self.scale > 0 and np.isfinite(self.scale)):
            raise ValueError(f"ScaleFlux: scale={self.scale} must be positive and finite")

    def _transform_rows(self, offsets, rows, X):
        scaled = {name: rows[name] / float(self.scale) for name in ("flux", "flux_err")}
        return offsets, {**rows, **scaled}


class AsinhScale(LightCurveTransformer):
    """Scale fluxes by the inverse hyperbolic sine, of light curves or of dense rows.

    ``flux_new = asinh(flux / scale)``: linear for faint and logarithmic for bright fluxes,
    defined for negative ones.  On a frame with nested light curves it acts on ``flux`` and
    ``flux_err``; any other `X` is an array of numbers; NaN stays NaN.

    Parameters
    ----------
    scale : float, default=1
        Flux at which the scale turns from linear to logarithmic, in units of `X`.

    errors : {"propagate", "asinh"}, default="propagate"
        The new flux error is ``flux_err / sqrt(scale ** 2 + flux ** 2)`` by error propagation, or
        ``asinh(flux_err / scale)`` as the ELAsTiCC classifier had it.

    column : str, default="lightcurve"
        Nested column with the light curves.

    References
    ----------
    .. [1] Lupton, Gunn & Szalay 1999, AJ 118, 1406: the asinh magnitude.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.preprocessing import AsinhScale
    >>> AsinhScale(scale=10).fit_transform(np.array([[0.0, 10.0, 1e4]])).round(2).tolist()
    [[0.0, 0.88, 7.6]]
    """

    def __init__(self, scale=1.0, *, errors="propagate", column="lightcurve"):
        super().__init__(column=column)
        self.scale = scale
        self.errors = errors

    def fit(self, X, y=None):
        """Check the columns of `X`; learns nothing else.

        Parameters
        ----------
        X : NestedFrame, or array-like of shape (n_objects, n_features)
            Light curves, or dense rows.

        y : ignored
            Present for the interface.

        Returns
        -------
        self : object
        """
        if self._is_ragged(X):
            return super().fit(X, y)
        self._check_parameters()
        validate_data(self, X, **_NUMBERS)
        return self

    def transform(self, X):
        """Return `X` with scaled fluxes.

        Parameters
        ----------
        X : NestedFrame, or array-like of shape (n_objects, n_features)
            Light curves, or dense rows.

        Returns
        -------
        X_new : NestedFrame or ndarray of the shape of `X`
        """
        if self._is_ragged(X):
            return super().transform(X)
        check_is_fitted(self)
        X = validate_data(self, X, **_NUMBERS, reset=False)
        return np.arcsinh(X / X.dtype.type(self.scale))

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns of `X`, which do not change."""
        check_is_fitted(self)
        if input_features is None and not hasattr(self, "feature_names_in_"):
            return np.asarray([f"x{i}" for i in range(self.n_features_in_)], dtype=object)
        return np.asarray(
            self.feature_names_in_ if input_features is None else input_features, object
        )

    def _is_ragged(self, X):
        return self.column in getattr(X, "columns", ())

    def _required_fields(self):
        return ("flux", "flux_err")

    def _check_parameters(self):
        if not self.scale > 0:
            raise ValueError(f"AsinhScale: scale={self.scale} must be positive")
        if self.errors not in ("propagate", "asinh"):
            raise ValueError(f"AsinhScale: errors={self.errors!r} is not 'propagate' or 'asinh'")

    def _transform_rows(self, offsets, rows, X):
        flux, error = rows["flux"], rows["flux_err"]
        if self.errors == "asinh":
            scaled = np.arcsinh(error / self.scale)
        else:
            scaled = error / np.hypot(self.scale, flux)
        return offsets, {**rows, "flux": np.arcsinh(flux / self.scale), "flux_err": scaled}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.allow_nan = True
        return tags

"""Scale fluxes, linearly or with a compressed dynamic range."""

from numbers import Real
from typing import Any, Self

import numpy as np
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils._set_output import ADAPTERS_MANAGER, _get_output_config
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.base import LightCurveTransformer

_NUMBERS = {"dtype": [np.float64, np.float32], "ensure_all_finite": "allow-nan"}
_POSITIVE = Interval(Real, 0, None, closed="neither")


class ScaleFlux(LightCurveTransformer):
    """Divide flux and flux error by a constant, so that networks see numbers around 1.

    Parameters
    ----------
    scale : float, default=1000
        Flux that becomes 1, in the units of the light curves; 1000 FLUXCAL in ORACLE [1]_.

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

    _parameter_constraints = {
        "scale": [_POSITIVE],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(self, scale: float = 1000.0, *, column: str = "lightcurve"):
        super().__init__(column=column)
        self.scale = scale

    def _required_fields(self):
        return ("flux", "flux_err")

    def _transform_rows(self, offsets, rows, X):
        scaled = {name: rows[name] / float(self.scale) for name in ("flux", "flux_err")}
        return offsets, {**rows, **scaled}


class AsinhScale(LightCurveTransformer):
    """Scale fluxes by the inverse hyperbolic sine, of light curves or of dense rows.

    ``flux_new = asinh(flux / scale)`` [1]_ is linear for faint and logarithmic for bright fluxes,
    and defined for negative ones.  In a frame with nested light curves it applies to ``flux`` and
    ``flux_err``; any other `X` is an array of numbers.  NaN stays NaN.

    Parameters
    ----------
    scale : float, default=1
        Flux at which the scale turns from linear to logarithmic, in the units of `X`.

    errors : {"propagate", "asinh"}, default="propagate"
        The new flux error is ``flux_err / sqrt(scale ** 2 + flux ** 2)`` by error propagation, or
        ``asinh(flux_err / scale)`` as in the first ELAsTiCC classifier.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

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

    _parameter_constraints = {
        "scale": [_POSITIVE],
        "errors": [StrOptions({"propagate", "asinh"})],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self, scale: float = 1.0, *, errors: str = "propagate", column: str = "lightcurve"
    ):
        super().__init__(column=column)
        self.scale = scale
        self.errors = errors

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: NestedFrame | ArrayLike, y: Any = None) -> Self:
        """Check the parameters and the columns of `X`.

        Parameters
        ----------
        X : NestedFrame, or array-like of shape (n_objects, n_features)
            Light curves, or dense rows.

        y : ignored
            Present for API consistency.

        Returns
        -------
        self : object
        """
        if self._is_ragged(X):
            return super().fit(X, y)
        validate_data(self, X, **_NUMBERS)
        return self

    # Accepts more than the base, which takes light curves only.
    def transform(self, X: Any) -> Any:
        """Return `X` with scaled fluxes.

        Parameters
        ----------
        X : NestedFrame, or array-like of shape (n_objects, n_features)
            Light curves, or dense rows.

        Returns
        -------
        X_new : NestedFrame, or ndarray of the shape of `X`
            Dense rows come in the container that `set_output` chose.
        """
        if self._is_ragged(X):
            return super().transform(X)
        check_is_fitted(self)
        values = validate_data(self, X, **_NUMBERS, reset=False)
        return self._contained(np.arcsinh(values / values.dtype.type(self.scale)), X)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Set the container of dense output; light curves always come in a frame like `X`.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            The container; None leaves it as it is.

        Returns
        -------
        self : object
        """
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}
        return self

    def _contained(self, values, X):
        kind = _get_output_config("transform", self)["dense"]
        if kind == "default":
            return values
        adapter = ADAPTERS_MANAGER.adapters[kind]
        return adapter.create_container(values, X, columns=self.get_feature_names_out())

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
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

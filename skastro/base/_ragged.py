"""Base classes of the estimators that read ragged X."""

import numpy as np
from nested_pandas import NestedDtype
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.utils.ragged import flatten, nest


class RaggedInputMixin:
    """Checks of a frame of objects, written once; of a nested one if there is a `column`.

    `_check_frame` is the only method an estimator calls; it names the estimator and the column in
    every error.  Estimators declare ``_required_columns()`` and ``_required_fields()``.

    Examples
    --------
    >>> from skastro.base import LightCurveTransformer, RaggedInputMixin
    >>> issubclass(LightCurveTransformer, RaggedInputMixin)
    True
    """

    def _required_columns(self):
        """Return the static columns that must be there."""
        return ()

    def _required_fields(self):
        """Return the fields of the nested column that must be there."""
        return ()

    def _check_frame(self, X, reset):
        name = type(self).__name__
        if not hasattr(X, "columns"):
            raise ValueError(f"{name} needs a frame, one row an object, not {type(X)}")
        if not X.columns.is_unique:
            twice = X.columns[X.columns.duplicated()].unique().tolist()
            raise ValueError(f"{name}: X has more than one column of the names {twice}")
        if hasattr(self, "column"):
            self._check_nested(X, name)
        if len(X) == 0:
            raise ValueError(f"{name}: X holds 0 objects while a minimum of 1 is required")
        missing = [c for c in self._required_columns() if c not in X.columns]
        if missing:
            raise ValueError(f"{name} needs the column {missing[0]!r}; X has {list(X.columns)}")
        try:
            validate_data(self, X, reset=reset, skip_check_array=True)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def _check_nested(self, X, name):
        column = self.column
        if column not in X.columns:
            raise ValueError(f"{name} needs a nested column {column!r}; X has {list(X.columns)}")
        dtype = X.dtypes[column]
        if not isinstance(dtype, NestedDtype):
            raise ValueError(f"{name}: column {column!r} is not nested but {dtype}")
        fields = list(dtype.column_dtypes)
        missing = [f for f in self._required_fields() if f not in fields]
        if missing:
            raise ValueError(
                f"{name}: column {column!r} has no field {missing[0]!r}, only {fields}"
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


class LightCurveTransformer(RaggedInputMixin, TransformerMixin, BaseEstimator):
    """Map a nested column to a nested column of the same objects.

    Subclasses implement one pure function, ``_transform_rows(offsets, rows, X)``, that returns
    new offsets and rows, and override `fit` only when they learn something.  Those that describe
    objects implement ``_describe_objects(offsets, rows, X)`` instead, which returns new static
    columns under the names of ``_described_columns()``.

    Parameters
    ----------
    column : str, default="lightcurve"
        Nested column to transform.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    Examples
    --------
    >>> from skastro.base import LightCurveTransformer
    >>> from skastro.utils.ragged import flatten, keep_rows, nest
    >>> class Detections(LightCurveTransformer):
    ...     def _transform_rows(self, offsets, rows, X):
    ...         return keep_rows(offsets, rows, rows["flux"] > 5 * rows["flux_err"])
    >>> from nested_pandas import NestedFrame
    >>> X = NestedFrame({"z": [0.1]}).assign(
    ...     lightcurve=nest([0, 2], {"flux": [10.0, 1.0], "flux_err": [1.0, 1.0]})
    ... )
    >>> flatten(Detections().fit_transform(X)["lightcurve"])[1]["flux"].tolist()
    [10.0]
    """

    def __init__(self, *, column="lightcurve"):
        self.column = column

    def fit(self, X, y=None):
        """Check the columns of `X`; learns nothing else.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        y : ignored
            Present for the interface.

        Returns
        -------
        self : object
        """
        self._check_frame(X, reset=True)
        self._check_parameters()
        return self

    def transform(self, X):
        """Return a copy of `X` with the light curves transformed.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        X_new : NestedFrame
            The same objects in the same order.
        """
        check_is_fitted(self)
        self._check_frame(X, reset=False)
        offsets, rows = flatten(X[self.column])
        columns = self._describe_objects(offsets, rows, X)
        new_offsets, new_rows = self._transform_rows(offsets, rows, X)
        if new_rows is not rows:
            columns[self.column] = nest(new_offsets, new_rows, X.index)
        return X.assign(**columns)

    def get_feature_names_out(self, input_features=None):
        """Return the column names: those of `X`, then the new ones."""
        check_is_fitted(self)
        names = list(self.feature_names_in_)
        new = [name for name in self._described_columns() if name not in names]
        return np.asarray(names + new, dtype=object)

    def _transform_rows(self, offsets, rows, X):
        """Return new offsets and rows; the same objects in the same order."""
        return offsets, rows

    def _describe_objects(self, offsets, rows, X):
        """Return a dict of new static columns, one value an object."""
        return {}

    def _described_columns(self):
        """Return the names of the columns of `_describe_objects`."""
        return ()

    def _check_parameters(self):
        """Raise ValueError for parameters that make no sense together."""

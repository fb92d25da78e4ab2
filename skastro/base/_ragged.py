"""Base classes of estimators that read ragged X: a frame with nested columns."""

from typing import Any, Self

import numpy as np
import pandas as pd
from nested_pandas import NestedDtype, NestedFrame
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.base._quality import add_reasons, is_marked
from skastro.exceptions import name_choices
from skastro.utils.frames import get_array, replace_columns
from skastro.utils.labels import check_same_index
from skastro.utils.nested_array import NestedArray, nest_array, view_of
from skastro.utils.ragged import flatten, keep_rows

_MEASURED = ("time", "wavelength", "flux", "flux_err")


class RaggedInputMixin:
    """Check a frame of objects, with a nested column if the estimator has a parameter `column`.

    Estimators declare what they read in ``_required_columns()`` and ``_required_fields()`` and
    call `_check_frame`, whose errors name the estimator and the column.  Columns are found by
    name: `X` may have them in any order and with any others, in `fit` as in prediction.

    Examples
    --------
    >>> from skastro.base import RaggedInputMixin, RaggedTransformer
    >>> issubclass(RaggedTransformer, RaggedInputMixin)
    True
    """

    def _required_columns(self):
        """Return the static columns that the estimator reads."""
        return ()

    def _required_fields(self):
        """Return the fields of the nested column that the estimator reads."""
        return ()

    def _check_frame(self, X, reset):
        """Raise ValueError unless `X` has what is required; keep its columns if `reset`."""
        name = type(self).__name__
        if not hasattr(X, "columns"):
            raise ValueError(f"{name} requires a frame with one row per object, not {type(X)}")
        if not X.columns.is_unique:
            twice = X.columns[X.columns.duplicated()].unique().tolist()
            raise ValueError(f"{name}: X has more than one column named {twice}")
        if hasattr(self, "column"):
            self._check_nested(X, name)
        if len(X) == 0:
            raise ValueError(f"{name}: X holds 0 objects while a minimum of 1 is required")
        for column in self._required_columns():
            message = f"{name} requires the column {column!r}; X has"
            _require(column, X.columns, message, self._remedy(column))
        if reset:
            self._keep_columns(X, name)

    def _check_nested(self, X, name):
        column = self.column
        _require(column, X.columns, f"{name} requires a nested column {column!r}; X has")
        dtype = get_array(X, column).dtype
        if not isinstance(dtype, NestedDtype):
            raise ValueError(f"{name}: column {column!r} is not nested but {dtype}")
        fields = list(dtype.column_dtypes)
        for field in self._required_fields():
            message = f"{name}: column {column!r} has no field {field!r}, only"
            _require(field, fields, message, self._remedy(field))

    def _remedy(self, name):
        """Return the end of the error when column or field `name` is missing."""
        return ""

    def _keep_columns(self, X, name):
        try:
            validate_data(self, X, skip_check_array=True)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{name}: {error}") from None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def _open_rows(self, X):
        """Return offsets and rows of the nested column; measurements are fractional numbers."""
        offsets, rows = flatten(get_array(X, self.column))
        # Steps return the type that they get, and would cut corrected fluxes to integers.
        whole = [name for name in _MEASURED if name in rows and rows[name].dtype.kind in "iu"]
        return offsets, rows | {name: rows[name].astype(float) for name in whole}


def _require(wanted, known, message, remedy=""):
    if wanted not in known:
        raise ValueError(f"{message} {name_choices(wanted, known)}{remedy}")


class RaggedTransformer(RaggedInputMixin, TransformerMixin, BaseEstimator):
    """Map a nested column to a nested column of the same objects.

    A subclass implements one pure function, ``_transform_rows(offsets, rows, X)``, which returns
    new offsets and rows.  One that describes objects implements
    ``_describe_objects(offsets, rows, X)`` instead, which returns new static columns under the
    names of ``_described_columns()``.  ``_learn(X)`` is for the few that learn
    something in `fit`.  ``_parameter_constraints`` checks single parameters, as in scikit-learn,
    and ``_check_parameters()`` the relations between them.

    ``_required_fields()`` and ``_required_columns()`` return the names of the fields and of the
    static columns that are read; without them a missing one is not named in an error.  `rows`
    are those of :func:`skastro.utils.ragged.flatten`: text such as ``band`` is a Categorical,
    and the arrays are read-only, so return new ones, as in ``{**rows, "flux": new_flux}``.  A
    field keeps its dtype: float32 stays float32.  The functions of `skastro.utils.ragged` work
    on all objects at once; each object may depend on its own rows only.

    The output is always a frame like `X`, whatever `set_output` says, because no other container
    holds nested columns.

    Parameters
    ----------
    column : str
        Nested column to transform.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    LightCurveTransformer, SpectrumTransformer : With the column and fields of each kind.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.base import RaggedTransformer
    >>> from skastro.utils.ragged import flatten, keep_rows, nest
    >>> class Bright(RaggedTransformer):
    ...     def _required_fields(self):
    ...         return ("flux",)
    ...     def _transform_rows(self, offsets, rows, X):
    ...         return keep_rows(offsets, rows, rows["flux"] > 5)
    >>> X = NestedFrame({"z": [0.1]}).assign(events=nest([0, 2], {"flux": [10.0, 1.0]}))
    >>> flatten(Bright(column="events").fit_transform(X)["events"])[1]["flux"].tolist()
    [10.0]
    """

    _parameter_constraints: dict = {"column": [str]}

    def __init_subclass__(cls, **options):
        # scikit-learn would rename the columns of the output by those that `fit` saw.
        super().__init_subclass__(auto_wrap_output_keys=None, **options)

    def __init__(self, *, column: str):
        self.column = column

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: NestedFrame, y: Any = None) -> Self:
        """Check the parameters and the columns of `X`.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with the nested column.

        y : ignored
            Present for API consistency.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            A parameter is invalid, a required column or field is missing, or `X` holds no
            objects.
        """
        check_same_index(X, y, type(self).__name__)
        self._check_frame(X, reset=True)
        self._check_parameters()
        self._learn(X)
        return self

    def transform(self, X: NestedFrame) -> NestedFrame:
        """Return a copy of `X` with the nested column transformed.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with the nested column.

        Returns
        -------
        X_new : NestedFrame
            The same objects in the same order.

        Raises
        ------
        ValueError
            A required column or field is missing, or `X` holds no objects.
        """
        check_is_fitted(self)
        self._check_frame(X, reset=False)
        offsets, rows = self._open_rows(X)
        columns = self._describe_objects(offsets, rows, X)
        if hasattr(self, "quality_column"):
            faults = self._faults(offsets, rows, X)
            columns[self.quality_column] = add_reasons(X, self.quality_column, faults)
        new_offsets, new_rows = self._transform_rows(offsets, rows, X)
        array: Any = get_array(X, self.column)
        # A step that changes no row returns the same object, and the column is kept.
        if new_rows is not rows:
            columns[self.column] = nest_array(new_offsets, new_rows)
        elif not isinstance(array, NestedArray):
            columns[self.column] = view_of(array)
        return replace_columns(X, columns)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Do nothing: the output is always a frame like `X`.

        Parameters
        ----------
        transform : str, default=None
            Ignored; present so that a Pipeline can set the container of its last step.

        Returns
        -------
        self : object
        """
        return self

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the column names: those of `X` in `fit`, then the new ones."""
        check_is_fitted(self)
        names = list(self.feature_names_in_)
        described = [*self._described_columns(), getattr(self, "quality_column", None)]
        new = [name for name in described if name is not None and name not in names]
        return np.asarray(names + new, dtype=object)

    def _transform_rows(self, offsets, rows, X):
        """Return new offsets and rows; the same objects in the same order."""
        return offsets, rows

    def _describe_objects(self, offsets, rows, X):
        """Return a dict of new static columns with one value per object."""
        return {}

    def _described_columns(self):
        """Return the names of the columns of `_describe_objects`."""
        return ()

    def _faults(self, offsets, rows, X):
        """Return {reason: mask of objects}, the most basic reason first."""
        return {}

    def _learn(self, X):
        """Learn from the training objects; nothing by default."""

    def _check_parameters(self):
        """Raise ValueError for parameters that make no sense together."""


class RaggedFeatures(RaggedInputMixin, TransformerMixin, BaseEstimator):
    """Map a nested column to dense rows, one row per object.

    A subclass implements ``_features(offsets, rows, X)``, which returns an array of shape
    (n_objects, n_features), NaN where a feature is undefined, and ``_feature_names()``;
    ``_learn(X)`` is for those that learn something in `fit`.  ``_required_fields()`` and
    ``_required_columns()`` return the names of the fields and static columns that are read.
    ``_parameter_constraints`` checks single parameters, as in scikit-learn, and
    ``_check_parameters()`` the relations between them.  Objects that an earlier step marked as
    unusable reach ``_features`` without observations, and their rows become NaN.

    Parameters
    ----------
    quality_column : str
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str
        Nested column to read.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    LightCurveFeatures, SpectrumFeatures : With the column of each kind.

    Examples
    --------
    >>> import numpy as np
    >>> from nested_pandas import NestedFrame
    >>> from skastro.base import RaggedFeatures
    >>> from skastro.utils.ragged import nest
    >>> class Length(RaggedFeatures):
    ...     def _features(self, offsets, rows, X):
    ...         return np.diff(offsets)[:, None]
    ...     def _feature_names(self):
    ...         return ["n_rows"]
    >>> X = NestedFrame({"z": [0.1]}).assign(events=nest([0, 2], {"flux": [1.0, 2.0]}))
    >>> Length(column="events", quality_column="quality").fit_transform(X).tolist()
    [[2.0]]
    """

    _parameter_constraints: dict = {"quality_column": [str], "column": [str]}

    def __init__(self, *, quality_column: str, column: str):
        self.quality_column = quality_column
        self.column = column

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: NestedFrame, y: ArrayLike | None = None) -> Self:
        """Check the parameters and the columns of `X`, and fix the output columns.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with the nested column.

        y : ignored
            Present for API consistency.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            A parameter is invalid, a required column or field is missing, or `X` holds no
            objects.
        """
        check_same_index(X, y, type(self).__name__)
        self._check_frame(X, reset=True)
        self._check_parameters()
        self._learn(X)
        return self

    def transform(self, X: NestedFrame) -> NDArray[np.float32] | pd.DataFrame:
        """Return the dense rows.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with the nested column.

        Returns
        -------
        features : ndarray of shape (n_objects, n_features), dtype float32
            The rows of objects that an earlier step marked as unusable are NaN.

        Raises
        ------
        ValueError
            A required column or field is missing, or `X` holds no objects.
        """
        check_is_fitted(self)
        self._check_frame(X, reset=False)
        offsets, rows, marked = self._usable_rows(X)
        features = self._features(offsets, rows, X).astype(np.float32, copy=False)
        features[marked] = np.nan
        return features

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the output columns."""
        check_is_fitted(self)
        return np.asarray(self._feature_names(), dtype=object)

    def _usable_rows(self, X):
        """Return offsets and rows without those of marked objects, and which these are."""
        offsets, rows = self._open_rows(X)
        marked = is_marked(X, self.quality_column)
        if marked.any():
            offsets, rows = keep_rows(offsets, rows, ~np.repeat(marked, np.diff(offsets)))
        return offsets, rows, marked

    def _learn(self, X):
        """Learn from the training objects; nothing by default."""

    def _check_parameters(self):
        """Raise ValueError for parameters that make no sense together."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

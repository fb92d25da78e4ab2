"""Base class of the samplers that select whole rows."""

from typing import Any, Self

import numpy as np
import pandas as pd
from imblearn.base import BaseSampler
from numpy.typing import ArrayLike, NDArray
from pandas.api.extensions import ExtensionArray
from sklearn.base import _fit_context
from sklearn.utils import Tags, _safe_indexing, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _num_samples, check_consistent_length, validate_data

from skastro.utils.labels import check_labels
from skastro.utils.random import RandomState

RANDOM_STATE = ["random_state", np.random.Generator]
"""Constraint of the parameter `random_state`."""


class RowPicker(BaseSampler):
    """Select rows of any `X` and `y`, which keep their types.

    Subclasses implement ``_pick_rows(X, y)``, which returns row numbers.
    """

    # imbalanced-learn then neither expects a `sampling_strategy` nor checks one.
    _sampling_type = "bypass"
    _allow_unlabelled = True

    def __init__(self):
        pass

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Check the input; use `fit_resample` to resample.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Labels.

        Returns
        -------
        self : object
        """
        self._pick(X, y)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X: ArrayLike, y: ArrayLike) -> tuple[Any, Any]:
        """Return the picked rows.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Labels.

        Returns
        -------
        X_resampled : of the type of `X`, shape (n_picked, n_columns)
            ``X[sample_indices_]``.

        y_resampled : of the type of `y`, shape (n_picked,)
            ``y[sample_indices_]``.
        """
        return self._fit_resample(X, y)

    def _fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        rows = self._pick(X, y)
        return _safe_indexing(X, rows), take_labels(y, rows)

    def _pick(self, X: Any, y: Any) -> NDArray[np.intp]:
        self._check_input(X, y)
        self.sample_indices_ = np.asarray(self._pick_rows(X, y), dtype=np.intp)
        return self.sample_indices_

    def _check_input(self, X: Any, y: Any) -> None:
        name = type(self).__name__
        if np.ndim(y) > 1:
            check_classification_targets(y)
        else:
            check_labels(y, name, X, allow_unlabelled=self._allow_unlabelled)
        if _num_samples(X) == 0:
            raise ValueError(f"{name}: X holds 0 objects while a minimum of 1 is required")
        check_consistent_length(X, y)
        validate_data(self, X, reset=True, skip_check_array=True)

    def _required_column(self, X: Any, column: str) -> Any:
        if column not in getattr(X, "columns", ()):
            known = list(X.columns) if hasattr(X, "columns") else type(X).__name__
            raise ValueError(f"{type(self).__name__} requires the column {column!r}; X has {known}")
        return X[column]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.sampler_tags.sample_indices = True
        return tags


def take_labels(y: Any, rows: NDArray[np.intp]) -> Any:
    """Return some labels in their own type, which may be an array of pandas."""
    return y.take(rows) if isinstance(y, ExtensionArray) else _safe_indexing(y, rows)


def labels_of_copies(y: Any, rows: NDArray[np.intp], X_new: Any) -> Any:
    """Return the labels of new rows; a Series gets the index of the new objects."""
    y_new = take_labels(y, rows)
    if isinstance(y_new, pd.Series) and isinstance(X_new, pd.DataFrame):
        return y_new.set_axis(X_new.index)
    return y_new


def seeded_generator(random_state: RandomState) -> np.random.Generator:
    """Return a Generator for a random state of scikit-learn, or the Generator itself."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    # Through scikit-learn: None is the global state there, which np.random.seed sets.
    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1))

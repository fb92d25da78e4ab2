"""Base class of the samplers that pick whole rows."""

import numpy as np
from imblearn.base import BaseSampler
from sklearn.base import _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _num_samples, check_consistent_length, validate_data


class RowPicker(BaseSampler):
    """Pick rows of any `X` and `y`; they are taken as they are, in their own types.

    Subclasses implement ``_pick_rows(X, y)`` that returns row numbers.
    """

    _sampling_type = "bypass"

    def __init__(self):
        pass

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Check the input; use `fit_resample` to resample.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            The objects.

        y : array-like of shape (n_objects,)
            Their labels.

        Returns
        -------
        self : object
        """
        self._pick(X, y)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X, y):
        """Return the picked rows.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            The objects.

        y : array-like of shape (n_objects,)
            Their labels.

        Returns
        -------
        X_resampled : of the type of `X`, shape (n_picked, n_columns)
            ``X[sample_indices_]``.

        y_resampled : of the type of `y`, shape (n_picked,)
            ``y[sample_indices_]``.
        """
        return self._fit_resample(X, y)

    def _fit_resample(self, X, y):
        rows = self._pick(X, y)
        return _safe_indexing(X, rows), _safe_indexing(y, rows)

    def _pick(self, X, y):
        self._check_input(X, y)
        self.sample_indices_ = np.asarray(self._pick_rows(X, y), dtype=np.intp)
        return self.sample_indices_

    def _check_input(self, X, y):
        name = type(self).__name__
        if y is None:
            raise ValueError(f"{name} requires y to be passed, but the target y is None")
        if _num_samples(X) == 0:
            raise ValueError(f"{name}: X holds 0 objects while a minimum of 1 is required")
        check_consistent_length(X, y)
        check_classification_targets(y)
        validate_data(self, X, reset=True, skip_check_array=True)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.sampler_tags.sample_indices = True
        return tags

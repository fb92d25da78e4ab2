"""Base class of the transformers from light curves to dense rows."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skastro.base import RaggedInputMixin
from skastro.utils.ragged import flatten


class LightCurveFeatures(RaggedInputMixin, TransformerMixin, BaseEstimator):
    """Map light curves to dense rows, one row an object.

    Subclasses implement ``_features(offsets, rows, X)`` that returns the dense rows and
    ``_feature_names()``; those that learn something override ``_learn(offsets, rows, X)``.

    Parameters
    ----------
    column : str, default="lightcurve"
        Nested column to read.

    Examples
    --------
    >>> import numpy as np
    >>> from nested_pandas import NestedFrame
    >>> from skastro.feature_extraction import LightCurveFeatures
    >>> from skastro.utils.ragged import nest
    >>> class Length(LightCurveFeatures):
    ...     def _features(self, offsets, rows, X):
    ...         return np.diff(offsets)[:, None]
    ...     def _feature_names(self):
    ...         return ["n_observations"]
    >>> X = NestedFrame({"z": [0.1]}).assign(lightcurve=nest([0, 2], {"flux": [1.0, 2.0]}))
    >>> Length().fit_transform(X).tolist()
    [[2.0]]
    """

    def __init__(self, *, column="lightcurve"):
        self.column = column

    def fit(self, X, y=None):
        """Check the columns of `X` and fix the output columns.

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
        self._learn(*flatten(X[self.column]), X)
        return self

    def transform(self, X):
        """Return the dense rows.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        features : ndarray of shape (n_objects, n_features), dtype float32
        """
        check_is_fitted(self)
        self._check_frame(X, reset=False)
        return self._features(*flatten(X[self.column]), X).astype(np.float32, copy=False)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the output columns."""
        check_is_fitted(self)
        return np.asarray(self._feature_names(), dtype=object)

    def _learn(self, offsets, rows, X):
        """Learn from the training objects; nothing by default."""

    def _check_parameters(self):
        """Raise ValueError for parameters that make no sense together."""

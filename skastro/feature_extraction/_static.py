"""Static columns as dense rows."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils.validation import check_is_fitted

from skastro.base import RaggedInputMixin


class StaticColumns(RaggedInputMixin, TransformerMixin, BaseEstimator):
    """Take static columns of a frame as dense rows; missing values stay NaN.

    Parameters
    ----------
    columns : sequence of str, default=("redshift", "redshift_err")
        Names of the columns, in the order of the output.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    Heatmap : Images to combine with the static columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.feature_extraction import StaticColumns
    >>> X = pd.DataFrame({"redshift": [0.5, None], "mwebv": [0.25, 0.5]})
    >>> StaticColumns(["mwebv", "redshift"]).fit_transform(X).tolist()
    [[0.25, 0.5], [0.5, nan]]
    """

    _parameter_constraints = {"columns": ["array-like"]}

    def __init__(self, columns: Sequence[str] = ("redshift", "redshift_err")):
        self.columns = columns

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Check that the columns exist and hold numbers.

        Parameters
        ----------
        X : DataFrame of shape (n_objects, n_columns)
            Objects with static columns; nested columns are not read.

        y : ignored
            Present for API consistency.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            A column is missing or not numeric, or X holds no objects.
        """
        self._check(X, reset=True)
        return self

    def transform(self, X: pd.DataFrame) -> NDArray[np.float32] | pd.DataFrame:
        """Return the static columns.

        Parameters
        ----------
        X : DataFrame of shape (n_objects, n_columns)
            Objects with static columns.

        Returns
        -------
        features : ndarray of shape (n_objects, n_features), dtype float32
        """
        check_is_fitted(self)
        self._check(X, reset=False)
        return np.column_stack(
            [X[name].to_numpy(np.float32, na_value=np.nan) for name in self.columns]
        )

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the columns."""
        check_is_fitted(self)
        return np.asarray(list(self.columns), dtype=object)

    def _check(self, X, reset):
        self._check_frame(X, reset)
        for name in self.columns:
            if not pd.api.types.is_numeric_dtype(X[name].dtype):
                raise ValueError(f"StaticColumns: column {name!r} is not numeric: {X[name].dtype}")

    def _required_columns(self):
        return self.columns

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

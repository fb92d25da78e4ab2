"""Static columns as dense rows."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
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
    Heatmap : Images that stand beside the static columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.feature_extraction import StaticColumns
    >>> X = pd.DataFrame({"redshift": [0.5, None], "mwebv": [0.25, 0.5]})
    >>> StaticColumns(["mwebv", "redshift"]).fit_transform(X).tolist()
    [[0.25, 0.5], [0.5, nan]]
    """

    def __init__(self, columns=("redshift", "redshift_err")):
        self.columns = columns

    def fit(self, X, y=None):
        """Check that the columns are there and hold numbers.

        Parameters
        ----------
        X : DataFrame of shape (n_objects, n_columns)
            Objects with static columns; nested columns are not read.

        y : ignored
            Present for the interface.

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

    def transform(self, X):
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

    def get_feature_names_out(self, input_features=None):
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

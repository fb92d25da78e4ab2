"""Missing-value sentinels in static columns."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils.validation import check_is_fitted

from skastro.base import RaggedInputMixin
from skastro.utils.frames import get_array, get_column, replace_columns
from skastro.utils.missing import missing_codes


class ReplaceMissing(  # type: ignore[call-arg]
    RaggedInputMixin, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Replace missing-value sentinels in static columns by NaN.

    A value is missing if it equals one of the sentinels of its column exactly.  By default these
    are the sentinels of SNANA that cannot be a value there: -9, -99, -999, -9999, and 999 in
    columns with fractions; for coordinates (names that end in RA, DEC, DECL, GLON or GLAT) only
    those beyond 360 degrees, so that a declination of -9.0 stays, see
    :func:`skastro.utils.missing.missing_codes`.

    Parameters
    ----------
    columns : sequence of str, or dict of str -> sequence of numbers, default=None
        Columns to treat; a dict maps each column to its sentinels.  By default every column of
        numbers.

    missing : sequence of numbers, default=None
        Values that stand for "missing" in all `columns` for which a dict does not name any; by
        default those of SNANA.

    Attributes
    ----------
    missing_ : dict of str -> tuple
        Sentinels of each column that `fit` saw.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    skastro.io.read_snana : Does this for the columns it reads.

    Notes
    -----
    Integers become pandas' nullable ``Int64``, whether values are missing or not, so that long
    identifiers stay exact; other numbers keep their dtype.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.preprocessing import ReplaceMissing
    >>> X = pd.DataFrame({"HOSTGAL_PHOTOZ": [0.5, -9.0], "dec": [-9.0, -999.0]})
    >>> ReplaceMissing().fit_transform(X).to_dict("list")
    {'HOSTGAL_PHOTOZ': [0.5, nan], 'dec': [-9.0, nan]}
    >>> ReplaceMissing(["dec"], missing=[-9]).fit_transform(X).to_dict("list")
    {'HOSTGAL_PHOTOZ': [0.5, -9.0], 'dec': [nan, -999.0]}
    """

    _parameter_constraints = {
        "columns": ["array-like", Mapping, None],
        "missing": ["array-like", None],
    }

    def __init__(
        self,
        columns: Sequence[str] | Mapping[str, Sequence[float]] | None = None,
        *,
        missing: Sequence[float] | None = None,
    ):
        self.columns = columns
        self.missing = missing

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Find the columns and their sentinels.

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
            A column is missing or holds no numbers.
        """
        self._check_frame(X, reset=True)
        self.missing_ = {}
        self.missing_ = {name: self._sentinels(X[name]) for name in self._treated(X)}
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return a copy of `X` with NaN instead of sentinels.

        Parameters
        ----------
        X : DataFrame of shape (n_objects, n_columns)
            Objects with static columns.

        Returns
        -------
        X_new : of the type of `X`
        """
        check_is_fitted(self)
        self._check_frame(X, reset=False)
        return replace_columns(X, dict(self._changed(X)))

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
        """Return the names of the columns of `X`, which do not change."""
        check_is_fitted(self)
        return self.feature_names_in_

    def _treated(self, X):
        """Return the columns to treat, after checking that they hold numbers."""
        known = getattr(self, "missing_", {}) if self.columns is None else self.columns
        for name in known:
            if name in X.columns and not _is_number(get_array(X, name).dtype):
                raise ValueError(f"ReplaceMissing: column {name!r} is not numeric: {X[name].dtype}")
        if self.columns is not None:
            return list(self.columns)
        return [name for name, dtype in X.dtypes.items() if _is_number(dtype)]

    def _sentinels(self, values):
        if isinstance(self.columns, Mapping):
            return tuple(self.columns[values.name])
        if self.missing is not None:
            return tuple(self.missing)
        return missing_codes(values.name, is_integer_dtype(values.dtype))

    def _changed(self, X):
        """Yield name and values of the columns that hold sentinels, or integers."""
        for name in self._treated(X):
            array = get_array(X, name)
            sentinels = self.missing_.get(name) or self._sentinels(get_column(X, name))
            whole = is_integer_dtype(array.dtype)
            found = np.isin(array, sentinels)
            if whole or found.any():
                values = get_column(X, name)
                yield name, (values.astype("Int64") if whole else values).mask(found)

    def _required_columns(self):
        return () if self.columns is None else tuple(self.columns)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _is_number(dtype):
    return is_numeric_dtype(dtype) and not is_bool_dtype(dtype)

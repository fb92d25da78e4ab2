"""Codes for missing values in static columns."""

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skastro.base import RaggedInputMixin
from skastro.utils.missing import missing_codes


class ReplaceMissing(RaggedInputMixin, TransformerMixin, BaseEstimator):
    """Turn the codes that stand for a missing value in static columns into NaN.

    A value is missing if it equals one of the codes of its column exactly.  By default these are
    the codes of SNANA that cannot be a value there: -9, -99, -999, -9999, and 999 in columns with
    fractions; for coordinates (names that end in RA, DEC, DECL, GLON or GLAT) only those beyond
    360 degrees, so that a declination of -9.0 stays, see
    :func:`skastro.utils.missing.missing_codes`.

    Parameters
    ----------
    columns : sequence of str, or dict of str -> sequence of numbers, default=None
        Columns to treat; as a dict with the codes of each.  By default every column of numbers
        that `X` has in `fit`.

    codes : sequence of numbers, default=None
        Codes of all `columns` that name none of their own, in place of those of SNANA.

    Attributes
    ----------
    codes_ : dict of str -> tuple
        Codes of each column treated.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    skastro.io.read_snana : Does this for the columns it reads.

    Notes
    -----
    Whole numbers become pandas' nullable ``Int64``, whether values are missing or not, so that
    long identifiers stay exact; numbers with fractions keep their dtype.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.preprocessing import ReplaceMissing
    >>> X = pd.DataFrame({"HOSTGAL_PHOTOZ": [0.5, -9.0], "dec": [-9.0, -999.0]})
    >>> ReplaceMissing().fit_transform(X).to_dict("list")
    {'HOSTGAL_PHOTOZ': [0.5, nan], 'dec': [-9.0, nan]}
    >>> ReplaceMissing(["dec"], codes=[-9]).fit_transform(X).to_dict("list")
    {'HOSTGAL_PHOTOZ': [0.5, -9.0], 'dec': [nan, -999.0]}
    """

    def __init__(self, columns=None, *, codes=None):
        self.columns = columns
        self.codes = codes

    def fit(self, X, y=None):
        """Find the columns and their codes.

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
            A column is missing or holds no numbers.
        """
        self._check(X, reset=True)
        names = self._numeric(X) if self.columns is None else self.columns
        given = self.columns if isinstance(self.columns, dict) else {}
        self.codes_ = {
            name: tuple(given[name]) if name in given else self._codes_of(X[name]) for name in names
        }
        return self

    def transform(self, X):
        """Return a copy of `X` with NaN in the place of codes.

        Parameters
        ----------
        X : DataFrame of shape (n_objects, n_columns)
            Objects with static columns.

        Returns
        -------
        X_new : of the type of `X`
        """
        check_is_fitted(self)
        self._check(X, reset=False)
        return X.assign(**{name: _masked(X[name], c) for name, c in self.codes_.items()})

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns of `X`, which do not change."""
        check_is_fitted(self)
        return self.feature_names_in_

    def _codes_of(self, values):
        whole = pd.api.types.is_integer_dtype(values.dtype)
        return missing_codes(values.name, whole) if self.codes is None else tuple(self.codes)

    def _numeric(self, X):
        return [name for name in X.columns if _is_number(X[name].dtype)]

    def _required_columns(self):
        return list(self.columns or ())

    def _check(self, X, reset):
        self._check_frame(X, reset)
        for name in self._required_columns() if reset else self.codes_:
            if not _is_number(X[name].dtype):
                raise ValueError(f"ReplaceMissing: column {name!r} is not numeric: {X[name].dtype}")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _is_number(dtype):
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)


def _masked(values, codes):
    if pd.api.types.is_integer_dtype(values.dtype):
        values = values.astype("Int64")
    return values.mask(values.isin(codes))

"""Light curves in the rest frame of their host galaxies."""

import numpy as np
from sklearn.utils._param_validation import StrOptions

from skastro.base import LightCurveTransformer, is_marked, read_numbers
from skastro.exceptions import ObjectError


class Deredshift(LightCurveTransformer):
    """Undo the time dilation: intervals from the reference date shrink by 1 + z.

    ``time_new = reference + (time - reference) / (1 + z)``; the reference date itself does not
    change.

    Parameters
    ----------
    redshift_column : str, default="redshift"
        Column with the redshift.

    reference_column : str, default="peak_time"
        Column with the reference date of each object.

    missing : {"raise", "keep", "mark"}, default="raise"
        An object without a redshift raises ObjectError, keeps its observed times, or keeps them
        and is marked in `quality_column`.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    Raises
    ------
    ObjectError
        In `transform`: a redshift is missing (NaN, or a missing-value sentinel such as -9) or not
        above -1, or an object with a redshift has no reference date.

    See Also
    --------
    Window : Cut the light curves before or after.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import Deredshift
    >>> from skastro.utils.ragged import flatten, nest
    >>> X = NestedFrame({"redshift": [1.0], "peak_time": [100.0]}).assign(
    ...     lightcurve=nest([0, 2], {"time": [100.0, 120.0]})
    ... )
    >>> flatten(Deredshift().fit_transform(X)["lightcurve"])[1]["time"].tolist()
    [100.0, 110.0]
    """

    _parameter_constraints = {
        "redshift_column": [str],
        "reference_column": [str],
        "missing": [StrOptions({"raise", "keep", "mark"})],
        "quality_column": [str],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        redshift_column: str = "redshift",
        reference_column: str = "peak_time",
        missing: str = "raise",
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.redshift_column = redshift_column
        self.reference_column = reference_column
        self.missing = missing
        self.quality_column = quality_column

    def _required_columns(self):
        return (self.redshift_column, self.reference_column)

    def _required_fields(self):
        return ("time",)

    def _faults(self, offsets, rows, X):
        if self.missing != "mark":
            return {}
        names = self.redshift_column, self.reference_column
        return {f"no {name}": np.isnan(self._numbers(X, name)) for name in names}

    def _transform_rows(self, offsets, rows, X):
        lengths = np.diff(offsets)
        redshift, reference = self._known(X)
        reference, stretch = (np.repeat(v, lengths) for v in (reference, 1 + redshift))
        return offsets, {**rows, "time": reference + (rows["time"] - reference) / stretch}

    def _known(self, X):
        """Return redshift and reference date, 0 for the objects that keep their times."""
        redshift, reference = (
            self._numbers(X, name) for name in (self.redshift_column, self.reference_column)
        )
        usable = ~is_marked(X, self.quality_column)
        unknown, lost = np.isnan(redshift), np.isnan(reference)
        if self.missing == "raise":
            self._refuse(f"no {self.redshift_column!r}", unknown & usable, X)
        if self.missing != "mark":
            self._refuse(f"no {self.reference_column!r}", lost & ~unknown & usable, X)
        self._refuse(f"{self.redshift_column!r} is not above -1", redshift <= -1, X)
        kept = unknown | lost
        return np.where(kept, 0.0, redshift), np.where(kept, 0.0, reference)

    def _numbers(self, X, name):
        if name == self.redshift_column:
            return read_numbers(X, name, "Deredshift")
        return X[name].to_numpy(float, na_value=np.nan)

    @staticmethod
    def _refuse(text, objects, X):
        if objects.any():
            raise ObjectError(f"Deredshift: {text}", X.index[objects])

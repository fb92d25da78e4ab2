"""Light curves in the rest frame of their host galaxies."""

import numpy as np

from skastro.base import LightCurveTransformer
from skastro.exceptions import ObjectError


class Deredshift(LightCurveTransformer):
    """Undo the time dilation: intervals from the reference time shrink by 1 + z.

    ``time_new = reference + (time - reference) / (1 + z)``; the reference time itself stays.

    Parameters
    ----------
    redshift_column : str, default="redshift"
        Column of `X` with the redshift of each object.

    reference_column : str, default="peak_time"
        Column of `X` with the reference time of each object.

    missing : {"raise", "keep"}, default="raise"
        An object without redshift raises, or keeps its observed times.

    column : str, default="lightcurve"
        Nested column with the light curves.

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

    def __init__(
        self,
        *,
        redshift_column="redshift",
        reference_column="peak_time",
        missing="raise",
        column="lightcurve",
    ):
        super().__init__(column=column)
        self.redshift_column = redshift_column
        self.reference_column = reference_column
        self.missing = missing

    def _required_columns(self):
        return (self.redshift_column, self.reference_column)

    def _required_fields(self):
        return ("time",)

    def _check_parameters(self):
        if self.missing not in ("raise", "keep"):
            raise ValueError(f"Deredshift: missing={self.missing!r} is neither 'raise' nor 'keep'")

    def _transform_rows(self, offsets, rows, X):
        lengths = np.diff(offsets)
        reference = np.repeat(X[self.reference_column].to_numpy(float), lengths)
        stretch = np.repeat(1 + self._redshifts(X), lengths)
        return offsets, {**rows, "time": reference + (rows["time"] - reference) / stretch}

    def _redshifts(self, X):
        redshift = X[self.redshift_column].to_numpy(float)
        unknown = np.isnan(redshift)
        if self.missing == "raise" and unknown.any():
            raise ObjectError(f"Deredshift: no {self.redshift_column!r}", X.index[unknown])
        lost = np.isnan(X[self.reference_column].to_numpy(float)) & ~unknown
        if lost.any():
            raise ObjectError(f"Deredshift: no {self.reference_column!r}", X.index[lost])
        if (redshift <= -1).any():
            raise ObjectError(
                f"Deredshift: {self.redshift_column!r} is not above -1", X.index[redshift <= -1]
            )
        return np.where(unknown, 0.0, redshift)

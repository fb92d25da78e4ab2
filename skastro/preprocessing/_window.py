"""Restrict light curves to a time window."""

import warnings
from numbers import Real

import numpy as np

from skastro.base import LightCurveTransformer
from skastro.exceptions import ObjectWarning, name_objects
from skastro.utils.ragged import keep_rows

# TriggerTime writes NaN without a warning: make_scone uses it only if `days` is set.
_REMEDIES = {"trigger_time": " (never triggered; not required with days=None of make_scone)"}


class Window(LightCurveTransformer):
    """Keep the observations inside a time window around a reference date.

    An object without a reference date keeps no observation; it is marked in `quality_column`, and
    a warning names it.

    Parameters
    ----------
    start, stop : float or str, default=-30, 150
        Edges of the window in days after the reference date; both are included.  A string names
        a static column of `X` with the edge of each object.

    reference_column : str, default="peak_time"
        Column with the reference date of each object, such as ``"peak_time"`` of
        :class:`EstimatePeak` or ``"trigger_time"`` of :class:`TriggerTime`.

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

    See Also
    --------
    TriggerTime : Time of the second detection, the reference of early classification.
    Deredshift : Move light curves to the rest frame.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import Window
    >>> from skastro.utils.ragged import flatten, nest
    >>> X = NestedFrame({"peak_time": [100.0]}).assign(
    ...     lightcurve=nest([0, 3], {"time": [40.0, 90.0, 120.0], "flux": [1.0, 5.0, 7.0]})
    ... )
    >>> flatten(Window(-20, 20).fit_transform(X)["lightcurve"])[1]["flux"].tolist()
    [5.0, 7.0]
    """

    _parameter_constraints = {
        "start": [Real, str],
        "stop": [Real, str],
        "reference_column": [str],
        "quality_column": [str],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        start: float | str = -30.0,
        stop: float | str = 150.0,
        *,
        reference_column: str = "peak_time",
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.start = start
        self.stop = stop
        self.reference_column = reference_column
        self.quality_column = quality_column

    def _required_columns(self):
        return (self.reference_column, *(e for e in (self.start, self.stop) if isinstance(e, str)))

    def _required_fields(self):
        return ("time",)

    def _check_parameters(self):
        named = isinstance(self.start, str) or isinstance(self.stop, str)
        if not named and self.start > self.stop:
            raise ValueError(f"Window: start={self.start} must not exceed stop={self.stop}")

    def _faults(self, offsets, rows, X):
        missing = np.isnan(self._column(self.reference_column, X))
        remedy = _REMEDIES.get(self.reference_column, "")
        if missing.any():
            warnings.warn(
                f"Window: no {self.reference_column!r}{remedy}, so no observation is kept, for "
                f"{name_objects(X.index[missing])}",
                ObjectWarning,
                stacklevel=3,
            )
        return {f"no {self.reference_column}{remedy}": missing}

    def _transform_rows(self, offsets, rows, X):
        reference = self._column(self.reference_column, X)
        start, stop = (np.repeat(reference + e, np.diff(offsets)) for e in self._edges(X))
        return keep_rows(offsets, rows, (rows["time"] >= start) & (rows["time"] <= stop))

    def _edges(self, X):
        edges = (self.start, self.stop)
        return (self._column(e, X) if isinstance(e, str) else e for e in edges)

    @staticmethod
    def _column(name, X):
        return X[name].to_numpy(float, na_value=np.nan)

"""Restrict light curves to a time window."""

import warnings

import numpy as np

from skastro.base import LightCurveTransformer
from skastro.exceptions import ObjectWarning, name_objects
from skastro.utils.ragged import keep_rows


class Window(LightCurveTransformer):
    """Keep the observations inside a time window around a reference time.

    An object without reference time keeps no observation, and a warning names it.

    Parameters
    ----------
    start, stop : float or str, default=-30, 150
        Edges of the window in days after the reference time; both are included.  A text names
        a static column of `X` that holds one edge for each object.

    reference_column : str, default="peak_time"
        Column of `X` with the reference time of each object, as ``peak_time``, or
        ``trigger_time`` of :class:`TriggerTime`.

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

    def __init__(
        self, start=-30.0, stop=150.0, *, reference_column="peak_time", column="lightcurve"
    ):
        super().__init__(column=column)
        self.start = start
        self.stop = stop
        self.reference_column = reference_column

    def _required_columns(self):
        return (self.reference_column, *(e for e in (self.start, self.stop) if isinstance(e, str)))

    def _required_fields(self):
        return ("time",)

    def _check_parameters(self):
        texts = isinstance(self.start, str) or isinstance(self.stop, str)
        if not texts and self.start > self.stop:
            raise ValueError(f"Window: start={self.start} must not exceed stop={self.stop}")

    def _transform_rows(self, offsets, rows, X):
        reference = X[self.reference_column].to_numpy(float)
        missing = np.isnan(reference)
        if missing.any():
            warnings.warn(
                f"Window: no {self.reference_column!r}, so no observation is kept, for "
                f"{name_objects(X.index[missing])}",
                ObjectWarning,
                stacklevel=3,
            )
        lengths = np.diff(offsets)
        first = np.repeat(reference + self._edge(self.start, X), lengths)
        last = np.repeat(reference + self._edge(self.stop, X), lengths)
        return keep_rows(offsets, rows, (rows["time"] >= first) & (rows["time"] <= last))

    @staticmethod
    def _edge(edge, X):
        return X[edge].to_numpy(float) if isinstance(edge, str) else edge

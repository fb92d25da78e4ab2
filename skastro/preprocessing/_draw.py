"""A random end of the window for each object."""

import numpy as np
import pandas as pd

from skastro.base import LightCurveTransformer


class DrawDays(LightCurveTransformer):
    """Add a column with a whole number of days, drawn for each object from its identifier.

    The number depends on the identifier (the index of `X`) and `random_state` alone, so that an
    object keeps it in any subset and any order.  With :class:`Window` it makes the mixed set of
    early light curves that SCONE trains on [1]_.

    Parameters
    ----------
    low, high : int, default=0, 50
        Smallest and largest number of days; each in between is equally likely.

    random_state : int, default=0
        Another number draws other days.

    name : str, default="days"
        Static column to write.

    column : str, default="lightcurve"
        Nested column with the light curves.

    See Also
    --------
    Window : Takes the column as its `stop`.

    References
    ----------
    .. [1] Qu & Sako 2022, AJ 163, 57 (arXiv:2111.05539).

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import DrawDays
    >>> from skastro.utils.ragged import nest
    >>> X = NestedFrame({"z": [0.1]}, index=["SN1"]).assign(
    ...     lightcurve=nest([0, 1], {"time": [1.0]}, ["SN1"])
    ... )
    >>> 0 <= DrawDays().fit_transform(X)["days"].item() <= 50
    True
    """

    def __init__(self, low=0, high=50, *, random_state=0, name="days", column="lightcurve"):
        super().__init__(column=column)
        self.low = low
        self.high = high
        self.random_state = random_state
        self.name = name

    def _check_parameters(self):
        if self.low > self.high:
            raise ValueError(f"DrawDays: low={self.low} must not exceed high={self.high}")

    def _described_columns(self):
        return (self.name,)

    def _describe_objects(self, offsets, rows, X):
        key = f"{self.random_state:016d}"[-16:]
        texts = X.index.astype(str).to_numpy(object)
        hashes = pd.util.hash_array(texts, hash_key=key, categorize=False)
        span = np.uint64(self.high - self.low + 1)
        return {self.name: self.low + (hashes % span).astype(np.int64)}

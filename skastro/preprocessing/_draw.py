"""A random number of days for each object."""

from numbers import Integral

import numpy as np
import pandas as pd

from skastro.base import LightCurveTransformer
from skastro.utils.random import RandomState, as_generator


class DrawDays(LightCurveTransformer):
    """Add a column with a whole number of days, drawn for each object from its identifier.

    The number depends only on the identifier (the index of `X`) and `random_state`, so that it is
    the same in any subset and any order.  With :class:`Window` it makes the mixed set of early
    light curves that SCONE trains on [1]_.

    Parameters
    ----------
    low, high : int, default=0, 50
        Smallest and largest number of days; each number in between is equally likely.

    random_state : int, RandomState, Generator or None, default=0
        Source of randomness.  Anything except an int is used once, in `fit`, to draw a seed.

    name : str, default="days"
        Static column to write; an existing one is replaced.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    seed_ : int
        Seed that, together with the identifier, sets the number of an object.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

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

    _parameter_constraints = {
        "low": [Integral],
        "high": [Integral],
        "random_state": ["random_state", np.random.Generator],
        "name": [str],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        low: int = 0,
        high: int = 50,
        *,
        random_state: RandomState = 0,
        name: str = "days",
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.low = low
        self.high = high
        self.random_state = random_state
        self.name = name

    def _check_parameters(self):
        if self.low > self.high:
            raise ValueError(f"DrawDays: low={self.low} must not exceed high={self.high}")

    def _learn(self, X):
        given = isinstance(self.random_state, Integral)
        seed = self.random_state if given else as_generator(self.random_state).integers(10**16)
        self.seed_ = int(seed)

    def _described_columns(self):
        return (self.name,)

    def _describe_objects(self, offsets, rows, X):
        # pandas requires a key of 16 bytes.
        key = f"{self.seed_:016d}"[-16:]
        texts = X.index.astype(str).to_numpy(object)
        hashes = pd.util.hash_array(texts, hash_key=key, categorize=False)
        span = np.uint64(self.high - self.low + 1)
        return {self.name: self.low + (hashes % span).astype(np.int64)}

"""Static inputs of the networks: scaled, each with an indicator of missing values."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler


class StaticScaling:
    """Scale static columns and add an indicator of missing values for each.

    Parameters
    ----------
    scaler : scikit-learn transformer, default=None
        Works column by column and ignores NaN; standardisation by default.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import StaticScaling
    >>> values = np.array([[0.1], [0.3], [np.nan]])
    >>> StaticScaling().fit(values).transform(values).round(3).tolist()
    [[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, scaler: Any = None):
        self.scaler = scaler

    def fit(self, values: NDArray) -> Self:
        """Learn the scale from values of shape (n_objects, n_static); NaN is missing."""
        if values.shape[1] and len(values):
            # A column without a value would have NaN as its mean and scale.
            empty = np.isnan(values).all(axis=0)
            scaler = StandardScaler() if self.scaler is None else clone(self.scaler)
            self.scaler_ = scaler.fit(np.where(empty, 0.0, values))
        return self

    def _scaled(self, values):
        if self.scaler is not None:
            return self.scaler_.transform(values)
        # The checks of `transform` dominate the time of a single object.
        return (values - self.scaler_.mean_) / self.scaler_.scale_

    def transform(self, values: NDArray) -> NDArray[np.float32]:
        """Return scaled values, then indicators, of shape (n_objects, 2 n_static)."""
        missing = np.isnan(values)
        if values.shape[1] and len(values):
            values = self._scaled(values)
        return np.hstack([np.where(missing, 0, values), missing]).astype(np.float32)

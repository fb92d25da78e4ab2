"""Conformal quantiles, and the objects that they are computed from."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from skastro.calibration._temperature import day_scale

_HUGE = 1e300
"""Stands for infinity, which cannot be interpolated."""


def conformal_quantile(scores: ArrayLike, coverage: float) -> float:
    """Return the score that new ones do not exceed with a probability of at least `coverage`.

    Parameters
    ----------
    scores : array-like of shape (n_objects,)
        Scores of the calibration objects; NaN is left out.

    coverage : float
        Between 0 and 1.

    Returns
    -------
    quantile : float
        Infinite if there are too few objects for a guarantee.

    Examples
    --------
    >>> from skastro.calibration._quantiles import conformal_quantile
    >>> conformal_quantile([0.1, 0.4, 0.2, 0.3], 0.8), conformal_quantile([0.1], 0.8)
    (0.4, inf)
    """
    scores = np.asarray(scores, float)
    scores = np.sort(scores[~np.isnan(scores)])
    # Rounding keeps (n + 1) * coverage from exceeding a whole number by a rounding error.
    rank = int(np.ceil(round((len(scores) + 1) * coverage, 9)))
    return float(scores[rank - 1]) if rank <= len(scores) else np.inf


def set_quantiles(
    proba: NDArray, codes: NDArray, coverage: float, by_class: bool
) -> NDArray[np.float64]:
    """Return the conformal quantile of 1 - p of the true class, one per class.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._quantiles import set_quantiles
    >>> proba, codes = np.array([[0.9, 0.1], [0.8, 0.2], [0.5, 0.5]]), np.array([0, 0, 1])
    >>> set_quantiles(proba, codes, 0.5, by_class=True).round(1).tolist()
    [0.2, 0.5]
    """
    score = 1 - proba[np.arange(len(codes)), codes]
    parts = [score[codes == k] if by_class else score for k in range(proba.shape[1])]
    return np.array([conformal_quantile(part, coverage) for part in parts])


def interpolate_quantiles(
    days: ArrayLike, table: pd.DataFrame, largest: float = 1.0
) -> NDArray[np.float64]:
    """Return quantiles at other dates.

    Parameters
    ----------
    days : array-like of shape (n_days,)
        Dates.

    table : DataFrame of shape (n_knots, n_classes)
        Quantiles, with the dates as index.

    largest : float, default=1
        Larger values, such as infinity, count as this: 1 puts every class into a set.

    Returns
    -------
    quantiles : ndarray of shape (n_days, n_classes)

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.calibration._quantiles import interpolate_quantiles
    >>> table = pd.DataFrame({"II": [0.5, 0.1]}, [1.0, 10.0])
    >>> interpolate_quantiles([0.0, 10.0], table).tolist()
    [[0.5], [0.1]]
    """
    x, knots = day_scale(days), day_scale(table.index)
    columns = np.clip(table.to_numpy(), -_HUGE, largest).T
    return np.stack([np.interp(x, knots, column) for column in columns], axis=1)


def split_rows(
    y: NDArray, groups: NDArray | None, size: float, random_state: Any
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows for training and for calibration, stratified; groups stay in one part.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._quantiles import split_rows
    >>> train, rest = split_rows(np.repeat(["II", "Ia"], 10), None, 0.3, 0)
    >>> len(train), len(rest)
    (14, 6)
    """
    rows = np.arange(len(y))
    if groups is None:
        return train_test_split(rows, test_size=size, stratify=y, random_state=random_state)
    n_folds = max(2, round(1 / size))
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=random_state)
    return next(folds.split(rows, y, groups))

"""Leave marked objects out of the training set."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import infer_dtype
from sklearn.utils import Tags

from skastro.exceptions import ObjectError, ObjectWarning, name_objects
from skastro.resampling._base import RowPicker


class DropUnusable(RowPicker):
    """Leave objects that a quality step marked out of the training set.

    An object is usable if its string in `quality_column` is empty or missing.  A warning counts
    and names the other objects.  In a :class:`ResamplingPipeline` they are left out only in `fit`;
    in prediction every object keeps its row.

    Parameters
    ----------
    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one, as written by
        :class:`MarkQuality <skastro.preprocessing.MarkQuality>`.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_usable,)
        Rows of `X` that were kept, in their order.

    n_dropped_ : int
        Number of objects left out.

    reasons_ : dict of str -> int
        Number of objects left out for each reason, the most frequent first.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`.

    Raises
    ------
    ValueError
        In `fit_resample`: the column is missing or does not hold strings.

    ObjectError
        In `fit_resample`: no object is usable.

    See Also
    --------
    skastro.preprocessing.MarkQuality : Writes the reasons.

    Examples
    --------
    >>> import warnings
    >>> import pandas as pd
    >>> from skastro.resampling import DropUnusable
    >>> X = pd.DataFrame({"redshift": [0.1, 0.2], "quality": ["", "too few points"]})
    >>> drop = DropUnusable()
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     X_usable, y_usable = drop.fit_resample(X, ["Ia", "II"])
    >>> y_usable, drop.reasons_
    (['Ia'], {'too few points': 1})
    """

    _parameter_constraints = {"quality_column": [str]}

    def __init__(self, *, quality_column: str = "quality"):
        self.quality_column = quality_column

    def _pick_rows(self, X: Any, y: Any) -> NDArray[np.intp]:
        reasons = self._reasons(X)
        usable = reasons.eq("").to_numpy()
        self.n_dropped_ = int((~usable).sum())
        self.reasons_ = {str(k): int(n) for k, n in reasons[~usable].value_counts().items()}
        if self.n_dropped_:
            self._warn(X.index[~usable], np.asarray(y), usable)
        return np.flatnonzero(usable)

    def _reasons(self, X: Any) -> pd.Series:
        reasons = self._required_column(X, self.quality_column).astype(object)
        if infer_dtype(reasons, skipna=True) not in ("string", "empty"):
            raise ValueError(
                f"DropUnusable: column {self.quality_column!r} holds "
                f"{X[self.quality_column].dtype} instead of strings"
            )
        return reasons.where(reasons.notna(), "")

    def _warn(self, dropped: pd.Index, y: NDArray, usable: NDArray[np.bool_]) -> None:
        text = f"DropUnusable: column {self.quality_column!r} marks"
        if not usable.any():
            raise ObjectError(f"{text} every object: {self.reasons_}", dropped)
        lost = sorted(set(y[~usable].tolist()) - set(y[usable].tolist()), key=str)
        no_longer = f"; no object is left of class {name_objects(lost)}" if lost else ""
        warnings.warn(
            f"{text} {len(dropped)} of {len(y)} objects, left out: {name_objects(dropped)} "
            f"({self.reasons_}){no_longer}",
            ObjectWarning,
            stacklevel=2,
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

"""Leave out of the training what a quality filter marked."""

import warnings

import numpy as np
from pandas.api.types import infer_dtype

from skastro.exceptions import ObjectError, ObjectWarning, name_objects
from skastro.resampling._base import RowPicker


class DropUnusable(RowPicker):
    """Leave the objects that a quality filter marked out of the training.

    An object is usable when its text in `quality_column` is empty or missing.  A warning counts
    and names the others.  Inside ``imblearn.pipeline.Pipeline`` they are left out in `fit` alone:
    in prediction every object keeps its row and its answer.

    Parameters
    ----------
    quality_column : str, default="quality"
        Static column with the reason against an object, as :class:`MarkQuality
        <skastro.preprocessing.MarkQuality>` writes it.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_usable,)
        The rows of `X` kept, in their order.

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
        In `fit_resample`: the column is missing or holds no text.

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

    def __init__(self, *, quality_column="quality"):
        self.quality_column = quality_column

    def _pick_rows(self, X, y):
        reasons = self._reasons(X)
        usable = reasons.eq("").to_numpy()
        self.n_dropped_ = int((~usable).sum())
        self.reasons_ = {str(k): int(n) for k, n in reasons[~usable].value_counts().items()}
        if self.n_dropped_:
            self._tell(X.index[~usable], np.asarray(y), usable)
        return np.flatnonzero(usable)

    def _reasons(self, X):
        name = self.quality_column
        if name not in getattr(X, "columns", ()):
            known = list(X.columns) if hasattr(X, "columns") else type(X)
            raise ValueError(f"DropUnusable needs the column {name!r}; X has {known}")
        reasons = X[name].astype(object)
        if infer_dtype(reasons, skipna=True) not in ("string", "empty"):
            raise ValueError(f"DropUnusable: column {name!r} holds {X[name].dtype} and no text")
        return reasons.where(reasons.notna(), "")

    def _tell(self, dropped, y, usable):
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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

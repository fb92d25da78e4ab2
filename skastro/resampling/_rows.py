"""Any random sampler of imbalanced-learn on any X."""

from typing import Any

import numpy as np
from imblearn import FunctionSampler
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods

from skastro.resampling._base import RowPicker


class RowSampler(RowPicker):
    """Resample whole objects with an imbalanced-learn sampler that acts on row numbers.

    The sampler sees the column of row numbers ``[[0], [1], ...]`` and `y`; the rows that it
    returns are then taken from `X`: a frame with nested light curves, a data frame, an array or a
    memory-mapped array.  In a :class:`ResamplingPipeline` it acts only in `fit`.

    Parameters
    ----------
    sampler : sampler object
        A sampler that ignores the values of `X`: ``RandomUnderSampler``, ``RandomOverSampler``
        without shrinkage, or a ``FunctionSampler`` whose function picks rows.  Samplers that
        measure distances (``TomekLinks``) or make new objects (``SMOTE``) are refused.

    Attributes
    ----------
    sampler_ : sampler object
        The fitted clone.

    sampling_strategy_ : dict
        Number of objects of each class, as determined by the sampler.

    sample_indices_ : ndarray of shape (n_picked,)
        Rows of `X` that were picked.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`, if it has any.

    See Also
    --------
    DropUnusable : Leave unusable objects out of the training set.

    Notes
    -----
    A ``sampling_strategy`` may be a function of `y`.  At most 1000 objects of each class, the
    ``max_per_type`` of SCONE, is ``RandomUnderSampler(sampling_strategy=lambda y: {label:
    min(n, 1000) for label, n in Counter(y).items()})``.

    Examples
    --------
    >>> import numpy as np
    >>> from imblearn.under_sampling import RandomUnderSampler
    >>> from nested_pandas import NestedFrame
    >>> from skastro.resampling import RowSampler
    >>> from skastro.utils.ragged import nest
    >>> X = NestedFrame({"redshift": [0.1, 0.2, 0.3]}, index=["a", "b", "c"])
    >>> X = X.assign(lightcurve=nest([0, 2, 2, 3], {"flux": [1.0, 2.0, 3.0]}, X.index))
    >>> balance = RowSampler(RandomUnderSampler(random_state=0))
    >>> X_balanced, y_balanced = balance.fit_resample(X, ["Ia", "II", "II"])
    >>> y_balanced, len(X_balanced)
    (['II', 'Ia'], 2)
    """

    _parameter_constraints = {"sampler": [HasMethods(["fit_resample", "get_params"])]}

    _allow_unlabelled = False

    def __init__(self, sampler: Any):
        self.sampler = sampler

    def _pick_rows(self, X: Any, y: Any) -> NDArray[np.intp]:
        labels = np.asarray(y)
        self._check_sampler()
        self.sampler_ = clone(self.sampler)
        numbers = np.arange(len(labels), dtype=float)[:, None]
        picked, new_labels = self.sampler_.fit_resample(numbers, labels)
        rows = self._row_numbers(np.asarray(picked), len(labels))
        new_labels = np.asarray(new_labels).reshape(len(rows), -1)
        if not np.array_equal(new_labels, labels.reshape(len(labels), -1)[rows]):
            raise ValueError(f"RowSampler: {self.sampler!r} changes the labels of objects")
        self.sampling_strategy_ = getattr(self.sampler_, "sampling_strategy_", {})
        return rows

    def _check_sampler(self) -> None:
        if isinstance(self.sampler, FunctionSampler):
            return
        # Samplers that accept NaN do not read the values.
        if not get_tags(self.sampler).input_tags.allow_nan:
            raise ValueError(
                f"RowSampler: {type(self.sampler).__name__} reads the values of X, but it "
                "would see only row numbers; use a sampler that ignores the values, such as "
                "RandomUnderSampler, or put it directly after the step that makes X dense"
            )

    def _row_numbers(self, picked: NDArray, n_objects: int) -> NDArray[np.intp]:
        rows = picked.reshape(len(picked), -1)[:, 0].astype(np.intp)
        known = (rows >= 0) & (rows < n_objects)
        if not (known.all() and np.array_equal(rows[:, None], picked)):
            raise ValueError(
                f"RowSampler: {self.sampler!r} makes new objects instead of picking rows"
            )
        if not np.array_equal(getattr(self.sampler_, "sample_indices_", rows), rows):
            raise ValueError(
                f"RowSampler: the rows of {self.sampler!r} differ from its sample_indices_"
            )
        return rows

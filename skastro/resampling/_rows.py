"""Any random sampler of imbalanced-learn on any X."""

import numpy as np
from imblearn import FunctionSampler
from sklearn.base import clone
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods

from skastro.resampling._base import RowPicker


class RowSampler(RowPicker):
    """Resample whole objects with an imbalanced-learn sampler that acts on row numbers.

    The sampler sees the column of row numbers ``[[0], [1], ...]`` and `y`; the rows that it
    returns are then taken from `X`, whatever `X` is: a frame with nested light curves, a data
    frame, an array or a memory-mapped array.  Put it into ``imblearn.pipeline.Pipeline``, which
    resamples in `fit` and leaves the objects alone in prediction.

    Parameters
    ----------
    sampler : sampler object
        One that ignores the values of `X`: ``RandomUnderSampler``, ``RandomOverSampler`` without
        shrinkage, or a ``FunctionSampler`` whose function picks rows.  Samplers that measure
        distances (``TomekLinks``) or make new objects (``SMOTE``) are refused, for row numbers
        have neither.

    Attributes
    ----------
    sampler_ : sampler object
        The fitted clone.

    sampling_strategy_ : dict
        Class to number of objects, as the sampler resolved it.

    sample_indices_ : ndarray of shape (n_picked,)
        The rows of `X` picked.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`, if it has any.

    See Also
    --------
    DropUnusable : Leave unusable objects out of the training.

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

    def __init__(self, sampler):
        self.sampler = sampler

    def _pick_rows(self, X, y):
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

    def _check_sampler(self):
        if isinstance(self.sampler, FunctionSampler):
            return
        if not get_tags(self.sampler).input_tags.allow_nan:
            raise ValueError(
                f"RowSampler: {type(self.sampler).__name__} reads the values of X, and row numbers "
                "have no meaning as values; take a sampler that ignores them, as "
                "RandomUnderSampler, or put the sampler itself behind the step that makes X dense"
            )

    def _row_numbers(self, picked, n_objects):
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

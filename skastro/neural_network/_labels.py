"""Labels of the training objects, as the loss reads them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_consistent_length
from sklearn.utils.multiclass import check_classification_targets

from skastro.utils.labels import check_labels, is_unlabelled


class Labels(NamedTuple):
    """Labels of all objects, and which objects have one."""

    values: NDArray
    known: NDArray[np.bool_]

    @property
    def named(self) -> NDArray:
        """Labels of the objects that have one, of their own type."""
        named = self.values[self.known]
        mixed = named.dtype == object and not self.known.all()
        return np.array(named.tolist()) if mixed and len(named) else named


def read_labels(X: Any, y: ArrayLike, name: str) -> Labels:
    """Return the labels of the objects of X after all checks.

    Parameters
    ----------
    X : array-like or frame of n_objects rows
        Objects.

    y : array-like of shape (n_objects,)
        Labels; see :func:`skastro.utils.labels.is_unlabelled` for unlabelled objects.

    name : str
        Estimator named in errors.

    Returns
    -------
    labels : Labels

    Raises
    ------
    ObjectError
        Objects without a label (None, NaN, pd.NA), or labels of different types.

    ValueError
        No `y`, a length or index that differs from that of `X`, or continuous values.

    Examples
    --------
    >>> from skastro.neural_network._labels import read_labels
    >>> read_labels([[0], [1], [2]], ["Ia", -1, "II"], "MyClassifier").named.tolist()
    ['Ia', 'II']
    """
    values = check_labels(y, name, X, allow_unlabelled=True)
    check_consistent_length(X, values)
    labels = Labels(values, ~is_unlabelled(values))
    if len(labels.named):
        check_classification_targets(labels.named)
    return labels

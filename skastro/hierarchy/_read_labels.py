"""Labels of objects: the checks of y."""

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from skastro.exceptions import ObjectError


def read_labels(y, name):
    """Return the labels of objects as an array, after the checks that every classifier makes.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Class labels.

    name : str
        Estimator that the errors name.

    Returns
    -------
    labels : ndarray of shape (n_objects,)

    Raises
    ------
    ObjectError
        Objects without a label.

    ValueError
        No `y`, or numbers that are no class labels.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.hierarchy._read_labels import read_labels
    >>> read_labels(pd.Series(["Ia", "II"]), "MyClassifier").tolist()
    ['Ia', 'II']
    """
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None")
    labels = column_or_1d(y, warn=True)
    missing = np.flatnonzero(pd.isna(labels)) if labels.dtype == object else []
    if len(missing):
        raise ObjectError(f"{name}: y holds no label for some rows", missing)
    check_classification_targets(labels)
    return labels

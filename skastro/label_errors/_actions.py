"""New labels in the container and of the type of the old ones."""

import numpy as np
import pandas as pd

from skastro.label_errors._read import UNLABELLED


def relabelled(y, errors, labels):
    """Return `y` with other labels for the suspects.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Given labels.

    errors : ndarray of bool of shape (n_objects,)
        The suspects.

    labels : ndarray of shape (n_objects,)
        Labels that the suspects get.

    Returns
    -------
    y_new : of the type of `y`

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._actions import relabelled
    >>> relabelled(["II", "Ia"], np.array([False, True]), np.array(["II", "II"]))
    ['II', 'II']
    """
    old = np.asarray(y)
    labels = np.asarray(labels, object).reshape(old.shape)
    new = np.where(errors.reshape(old.shape), labels, old.astype(object))
    if old.dtype.kind != "O":
        new = np.array(new.tolist(), None if old.dtype.kind in "US" else old.dtype)
    return _like(y, new)


def unlabelled(y, errors, name):
    """Return `y` with -1 for the suspects; text becomes an array of objects.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Given labels.

    errors : ndarray of bool of shape (n_objects,)
        The suspects.

    name : str
        Estimator that the errors name.

    Returns
    -------
    y_new : of the type of `y`
        Numbers with -1, or objects: text with the number -1, as in sklearn.semi_supervised.

    Raises
    ------
    ValueError
        The labels are flags, which leave no place for -1.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._actions import unlabelled
    >>> unlabelled(np.array(["II", "Ia"]), np.array([False, True]), "Finder").tolist()
    ['II', -1]
    """
    old = np.asarray(y)
    if old.dtype.kind == "b":
        raise ValueError(
            f"{name}: labels that are flags leave no place for -1; give y as numbers or text"
        )
    kind = {"u": np.int64, "U": object, "S": object}.get(old.dtype.kind, old.dtype)
    return _like(y, np.where(errors.reshape(old.shape), UNLABELLED, old.astype(kind)).astype(kind))


def _like(y, new):
    if isinstance(y, pd.Series):
        series = pd.Series(new, index=y.index, name=y.name)
        return _in_old_dtype(series, y.dtype)
    if isinstance(y, pd.DataFrame):
        return pd.DataFrame(new, index=y.index, columns=y.columns)
    return new.tolist() if isinstance(y, list) else new


def _in_old_dtype(series, dtype):
    if isinstance(dtype, pd.CategoricalDtype) and series.isin(dtype.categories).all():
        return series.astype(dtype)
    return series

"""New labels in the container and of the type of the old ones."""

import numpy as np
import pandas as pd

from skastro.label_errors._read import UNLABELLED


def check_action(action, y, name):
    """Raise ValueError, before any work, where the labels leave no room for an action.

    Parameters
    ----------
    action : str
        As of LabelErrorFinder.

    y : array-like
        Given labels.

    name : str
        Estimator that the errors name.

    Examples
    --------
    >>> from skastro.label_errors._actions import check_action
    >>> check_action("unlabel", [True, False], "Finder")
    Traceback (most recent call last):
    ...
    ValueError: Finder: labels that are flags leave no place for -1; give y as numbers or text
    """
    if action == "downweight":
        raise ValueError(
            f"{name}: weights find no way out of fit_resample or a Pipeline; call fit and pass "
            "sample_weight_ on to the classifier"
        )
    if action != "remove" and np.ndim(y) == 2 and np.shape(y)[1] > 1:
        raise ValueError(f"{name}: the action {action!r} needs y as one column of labels")
    if action == "unlabel" and np.asarray(y).dtype.kind == "b":
        raise ValueError(
            f"{name}: labels that are flags leave no place for -1; give y as numbers or text"
        )


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
        new = np.array(new.tolist(), None if old.dtype.kind == "U" else old.dtype)
    return _like(y, new)


def unlabelled(y, errors):
    """Return `y` with -1 for the suspects; text becomes an array of objects.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Given labels.

    errors : ndarray of bool of shape (n_objects,)
        The suspects.

    Returns
    -------
    y_new : of the type of `y`
        Numbers with -1, or objects: text with the number -1, as in sklearn.semi_supervised.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._actions import unlabelled
    >>> unlabelled(np.array(["II", "Ia"]), np.array([False, True])).tolist()
    ['II', -1]
    """
    old = np.asarray(y)
    kind = {"u": np.int64, "U": object}.get(old.dtype.kind, old.dtype)
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

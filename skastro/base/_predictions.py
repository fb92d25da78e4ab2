"""Labels and probabilities of objects, and the one rule for those without a prediction."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import StrOptions

from skastro.exceptions import ObjectError, UnclassifiedWarning

UNCLASSIFIED = "unclassified"
UNCLASSIFIED_OPTIONS = [StrOptions({"nan", "prior"})]
"""Constraint of the parameter `unclassified` of every classifier that can meet such objects."""
UNCLASSIFIED_NOTE = (
    "their probabilities are NaN, which voting, bagging and other meta-estimators mistake for the "
    "first class; with unclassified='prior' they are the class priors"
)
"""End of every warning of unclassified objects."""


def no_prediction(proba: ArrayLike) -> NDArray[np.bool_]:
    """Return the mask of the objects without a prediction.

    Parameters
    ----------
    proba : array-like of shape (n_objects, ..., n_classes)
        Probabilities.

    Returns
    -------
    mask : ndarray of bool of shape (n_objects, ...)
        Where the probability of any class is NaN.

    Examples
    --------
    >>> from skastro.base import no_prediction
    >>> no_prediction([[0.2, 0.8], [float("nan"), 0.0]]).tolist()
    [False, True]
    """
    return np.isnan(np.asarray(proba, float)).any(axis=-1)


def most_probable(classes: ArrayLike, proba: ArrayLike, name: str) -> NDArray:
    """Return the most probable class of every object, or "unclassified".

    Parameters
    ----------
    classes : array-like of shape (n_classes,)
        Classes of the columns.

    proba : array-like of shape (n_objects, n_classes)
        Probabilities; a row with NaN is an object without a prediction.

    name : str
        Estimator named in the error.

    Returns
    -------
    labels : ndarray of shape (n_objects,)

    Raises
    ------
    ObjectError
        An object has no prediction, and the classes are not strings.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.base import most_probable
    >>> proba = np.array([[0.2, 0.8], [np.nan, np.nan]])
    >>> most_probable(np.array(["II", "Ia"]), proba, "MyClassifier").tolist()
    ['Ia', 'unclassified']
    """
    classes, proba = np.asarray(classes), np.asarray(proba)
    unknown = no_prediction(proba)
    labels = classes[np.where(unknown[:, None], 0, proba).argmax(axis=1)]
    return replace_labels(labels, unknown, UNCLASSIFIED, classes, name)


def replace_labels(
    labels: NDArray, where: NDArray[np.bool_], text: str, classes: ArrayLike, name: str
) -> NDArray:
    """Replace labels by a text such as "unclassified".

    Parameters
    ----------
    labels : ndarray of shape (n_objects,)
        Predicted labels.

    where : ndarray of bool of shape (n_objects,)
        Objects that get the text instead.

    text : str
        The text.

    classes : array-like of shape (n_classes,)
        All classes.

    name : str
        Estimator named in the error.

    Returns
    -------
    labels : ndarray of shape (n_objects,)

    Raises
    ------
    ObjectError
        Labels have to be replaced, and the classes are not strings.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.base import replace_labels
    >>> labels = np.array(["Ia", "II"])
    >>> replace_labels(labels, labels == "II", "ambiguous", labels, "MyClassifier").tolist()
    ['Ia', 'ambiguous']
    """
    if not where.any():
        return labels
    if not all(isinstance(label, str) for label in np.asarray(classes)):
        remedy = "unclassified='prior', " if text == UNCLASSIFIED else ""
        raise ObjectError(
            f"{name}: {text} objects have no label, because the classes are not strings; use "
            f"{remedy}predict_proba or strings as classes",
            np.flatnonzero(where),
        )
    # The kind without a length, or the text would be cut to that of the labels.
    return np.where(where, np.array(text, labels.dtype.kind), labels)


def class_prior(
    y: ArrayLike, classes: ArrayLike, sample_weight: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return the share of each class among training labels.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Labels; those that are not in `classes` do not count.

    classes : array-like of shape (n_classes,)
        Classes.

    sample_weight : array-like of shape (n_objects,), default=None
        Weights of the objects.

    Returns
    -------
    prior : ndarray of shape (n_classes,)

    Examples
    --------
    >>> from skastro.base import class_prior
    >>> class_prior(["Ia", "II", "Ia", "Ia"], ["II", "Ia"]).tolist()
    [0.25, 0.75]
    """
    codes = pd.Index(np.asarray(classes)).get_indexer(np.asarray(y))
    weights = np.ones(len(codes)) if sample_weight is None else np.asarray(sample_weight, float)
    known = codes >= 0
    counts = np.bincount(codes[known], weights[known], len(np.asarray(classes)))
    return counts / counts.sum()


def fill_unclassified(
    proba: NDArray, prior: ArrayLike, unclassified: str, name: str, X: Any = None
) -> NDArray:
    """Replace the rows of unclassified objects by the class priors, or warn of them.

    Parameters
    ----------
    proba : ndarray of shape (n_objects, ..., n_classes)
        Probabilities.

    prior : array-like of shape (n_classes,)
        Class priors of the training set.

    unclassified : {"nan", "prior"}
        "nan" makes the whole row NaN and warns; "prior" replaces the row by `prior`.

    name : str
        Estimator named in the warning.

    X : DataFrame or array-like of shape (n_objects, n_columns), default=None
        Objects; the warning names them by the index of a DataFrame, else by row numbers.

    Returns
    -------
    proba : ndarray of shape (n_objects, ..., n_classes)

    Warns
    -----
    UnclassifiedWarning
        Objects are unclassified, with ``unclassified="nan"``.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.base import fill_unclassified
    >>> proba = np.array([[0.2, 0.8], [np.nan, np.nan]])
    >>> fill_unclassified(proba, [0.4, 0.6], "prior", "MyClassifier").tolist()
    [[0.2, 0.8], [0.4, 0.6]]
    """
    unknown = no_prediction(proba)
    if not unknown.any():
        return proba
    if unclassified == "nan":
        warn_of_unclassified(unknown, name, X)
    fill = np.nan if unclassified == "nan" else np.asarray(prior)
    return np.where(unknown[..., None], fill, proba)


def warn_of_unclassified(unknown: NDArray[np.bool_], name: str, X: Any = None) -> None:
    """Warn once of all unclassified objects.

    Parameters
    ----------
    unknown : ndarray of bool of shape (n_objects, ...)
        Objects without a prediction, of any kind.

    name : str
        Estimator named in the warning.

    X : DataFrame or array-like of shape (n_objects, n_columns), default=None
        Objects; the warning names them by the index of a DataFrame, else by row numbers.

    Warns
    -----
    UnclassifiedWarning
        Always.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from skastro.base import warn_of_unclassified
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warn_of_unclassified(np.array([False, True]), "MyClassifier")
    >>> len(caught)
    1
    """
    unknown = np.asarray(unknown.reshape(len(unknown), -1).any(axis=1))
    ids = X.index if isinstance(X, pd.DataFrame) else np.arange(len(unknown))
    warnings.warn(
        UnclassifiedWarning(
            f"{name}: {unknown.sum()} of {len(unknown)} objects are unclassified; "
            f"{UNCLASSIFIED_NOTE}",
            np.asarray(ids)[unknown],
        ),
        stacklevel=4,
    )


@contextmanager
def ignore_unclassified() -> Iterator[None]:
    """Silence the warning of unclassified objects by the parts of an estimator that warns itself.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.base import ignore_unclassified, warn_of_unclassified
    >>> with ignore_unclassified():
    ...     warn_of_unclassified(np.array([True]), "MyClassifier")
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnclassifiedWarning)
        yield

"""Probabilities of any classifier at dates, also those that it was not trained on."""

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples, has_fit_parameter, validate_data

from skastro.base import ignore_unclassified
from skastro.preprocessing import Window
from skastro.utils.ragged import flatten


def keep_columns(estimator: BaseEstimator, X: Any) -> None:
    """Keep number and names of the columns of X; errors name the estimator.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.dummy import DummyClassifier
    >>> from skastro.calibration._dates import keep_columns
    >>> model = DummyClassifier()
    >>> keep_columns(model, pd.DataFrame({"redshift": [0.1]}))
    >>> model.n_features_in_
    1
    """
    try:
        validate_data(estimator, X, skip_check_array=True)
    except ValueError as error:
        raise ValueError(f"{type(estimator).__name__}: {error}") from None


def object_names(X: Any) -> NDArray:
    """Return the index of a frame, or row numbers.

    Examples
    --------
    >>> from skastro.calibration._dates import object_names
    >>> object_names([[0.5], [1.5]]).tolist()
    [0, 1]
    """
    return np.asarray(
        X.index if isinstance(X, pd.DataFrame) else range(_num_samples(X)), dtype=object
    )


def check_days(days: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return days as an array; raise ValueError unless they increase.

    Examples
    --------
    >>> from skastro.calibration._dates import check_days
    >>> check_days([1, 30], "MyClassifier").tolist()
    [1.0, 30.0]
    """
    values = np.asarray(days, float)
    increasing = values.ndim == 1 and len(values) and np.isfinite(values).all()
    if not increasing or (np.diff(values) <= 0).any():
        raise ValueError(f"{name}: days must be a list of increasing numbers, not {days!r}")
    return values


def proba_at(
    model: Any, X: Any, days: ArrayLike, reference_column: str, column: str, name: str
) -> NDArray[np.float64]:
    """Return probabilities at dates, of a classifier at dates or from light curves cut there.

    Parameters
    ----------
    model : classifier
        Fitted.  `predict_proba_at` of the classifier, or of the last step of a Pipeline, is
        called where it exists.

    X : NestedFrame of shape (n_objects, n_columns)
        Objects with their light curves.

    days : array-like of shape (n_days,)
        Days after the reference date of each object.

    reference_column, column : str
        Column of the reference date and nested column, where light curves are cut.

    name : str
        Estimator named in errors.

    Returns
    -------
    proba : ndarray of shape (n_objects, n_days, n_classes)
        NaN where there is no observation yet.

    Raises
    ------
    ValueError
        Light curves cannot be cut.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from skastro.calibration._dates import proba_at
    >>> from skastro.testing import make_check_data
    >>> X, y = make_check_data()
    >>> model = DummyClassifier().fit(X, y)
    >>> proba = proba_at(model, X, [-100, 30], "peak_time", "lightcurve", "MyClassifier")
    >>> proba[0].round(2).tolist()
    [[nan, nan, nan], [0.33, 0.33, 0.33]]
    """
    if hasattr(model, "predict_proba_at"):
        return np.asarray(model.predict_proba_at(X, days), float)
    whole = model.estimator if isinstance(model, FrozenEstimator) else model
    if isinstance(whole, Pipeline) and hasattr(whole[-1], "predict_proba_at"):
        return np.asarray(whole[-1].predict_proba_at(whole[:-1].transform(X), days), float)
    try:
        parts = [cut_at(X, float(day), reference_column, column) for day in np.asarray(days)]
    except ValueError as error:
        raise ValueError(
            f"{name}: the classifier has no predict_proba_at, and its light curves cannot be cut "
            f"at dates: {error}"
        ) from None
    # Many classifiers return numbers for a light curve without observations too.
    empty = np.stack([np.diff(flatten(part[column])[0]) == 0 for part in parts], axis=1)
    proba = np.stack([np.asarray(model.predict_proba(part), float) for part in parts], axis=1)
    return np.where(empty[..., None], np.nan, proba)


def cut_at(X: Any, day: float, reference_column: str, column: str) -> Any:
    """Return the objects with the observations up to a date.

    Examples
    --------
    >>> from skastro.calibration._dates import cut_at
    >>> from skastro.testing import make_check_data
    >>> X, y = make_check_data()
    >>> len(cut_at(X, -100.0, "peak_time", "lightcurve")["lightcurve.time"])
    0
    """
    window = Window(-np.inf, day, reference_column=reference_column, column=column)
    return window.fit_transform(X)


def fit_with_groups(estimator: Any, X: Any, y: NDArray, groups: NDArray | None) -> Any:
    """Return a fitted clone; groups are passed to a `fit` that accepts them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.calibration._dates import fit_with_groups
    >>> fit_with_groups(GaussianNB(), [[0.0], [1.0]], np.array([0, 1]), None).classes_.tolist()
    [0, 1]
    """
    known = groups is not None and has_fit_parameter(estimator, "groups")
    return clone(estimator).fit(X, y, **({"groups": groups} if known else {}))


def out_of_fold(
    estimator: BaseEstimator,
    X: Any,
    y: NDArray,
    groups: NDArray | None,
    cv: Any,
    predict: Callable,
    classes: NDArray,
    random_state: Any = None,
) -> NDArray[np.float64]:
    """Return predictions of each object by a clone that was not trained on it.

    Parameters
    ----------
    estimator : classifier
        Is cloned; a FrozenEstimator predicts all objects at once.

    X : frame of n_objects rows
        Objects.

    y : ndarray of shape (n_objects,)
        Labels.

    groups : ndarray of shape (n_objects,) or None
        Objects of one group stay on one side of a split.

    cv : int or splitter
        Number of stratified folds, or a splitter.

    predict : callable
        ``predict(model, X)`` returns probabilities of shape (n_objects, n_dates, n_classes).

    classes : ndarray of shape (n_classes,)
        Classes of the columns.

    random_state : int, RandomState instance or None, default=None
        Source of randomness of the folds.

    Returns
    -------
    proba : ndarray of shape (n_objects, n_dates, n_classes)
        NaN for objects that no fold tests, and for those of a class that the clone of their
        fold has not learned.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.calibration._dates import out_of_fold
    >>> X, y = np.array([[0.0], [1.0], [8.0], [9.0]]), np.array(["II", "II", "Ia", "Ia"])
    >>> def once(model, X):
    ...     return model.predict_proba(X)[:, None]
    >>> out_of_fold(GaussianNB(), X, y, None, 2, once, np.unique(y)).shape
    (4, 1, 2)
    """
    if isinstance(estimator, FrozenEstimator):
        with ignore_unclassified():
            return predict(estimator, X)
    parts = []
    for train, test in _splits(X, y, groups, cv, random_state):
        own = None if groups is None else groups[train]
        with ignore_unclassified():
            model = fit_with_groups(estimator, _safe_indexing(X, train), y[train], own)
            proba = predict(model, _safe_indexing(X, test))
        parts.append((test, _in_columns(proba, model.classes_, classes, y[test])))
    found = np.full((len(y), *parts[0][1].shape[1:]), np.nan)
    for test, part in parts:
        found[test] = part
    return found


def _in_columns(proba: NDArray, learned: NDArray, classes: NDArray, y: NDArray) -> NDArray:
    known = np.isin(classes, learned)
    full = np.zeros((*proba.shape[:-1], len(classes)))
    full[..., known] = proba[..., np.searchsorted(learned, classes[known])]
    full[np.isin(y, classes[~known])] = np.nan
    return full


def _splits(X: Any, y: NDArray, groups: NDArray | None, cv: Any, random_state: Any) -> Any:
    if isinstance(cv, Integral):
        kind = StratifiedKFold if groups is None else StratifiedGroupKFold
        splitter = kind(cv, shuffle=True, random_state=random_state)
        return splitter.split(np.zeros(len(y)), y, groups)
    return check_cv(cv).split(X, y, groups)

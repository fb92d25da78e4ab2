"""Base of the classifiers that are trained on one data set for use on another."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, get_tags
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import (
    _num_samples,
    check_consistent_length,
    check_is_fitted,
    has_fit_parameter,
    validate_data,
)

from skastro.base import most_probable
from skastro.utils.labels import check_labels


class AdaptedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Base of classifiers that wrap another one and see objects of the target in `fit`.

    A subclass implements ``_fit_adapted(X, y, X_target)``, which sets `estimator_` and `classes_`.

    Parameters
    ----------
    estimator : classifier
        Classifier or Pipeline with `predict_proba`, for light curves or for rows of numbers.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.

    classes_ : ndarray of shape (n_classes,)
        Class labels.

    Examples
    --------
    >>> from skastro.adaptation import AdaptedClassifier, PriorShiftClassifier
    >>> issubclass(PriorShiftClassifier, AdaptedClassifier)
    True
    """

    _parameter_constraints: dict = {"estimator": [HasMethods(["fit", "predict_proba"])]}

    def __init__(self, estimator: Any):
        self.estimator = estimator

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: ArrayLike, X_target: Any = None) -> Self:
        """Fit the classifier for the target.

        Parameters
        ----------
        X : NestedFrame, DataFrame or array-like of shape (n_objects, n_columns)
            Objects of the training set.

        y : array-like of shape (n_objects,)
            Their classes.

        X_target : of the type of X, shape (n_target, n_columns), default=None
            Objects of the target without labels; without them there is no adaptation.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            The two data sets have different columns, or there are no objects.
        """
        labels = self._check(X, y)
        if X_target is not None:
            check_same_columns(X, X_target, type(self).__name__)
        self._fit_adapted(X, labels, X_target)
        return self

    @abstractmethod
    def _fit_adapted(self, X: Any, y: NDArray, X_target: Any) -> None:
        """Set `estimator_` and `classes_`."""

    def _check(self, X, y):
        name = type(self).__name__
        labels = check_labels(y, name, X)
        check_consistent_length(X, labels)
        if _num_samples(X) == 0:
            raise ValueError(f"{name}: X holds 0 objects while a minimum of 1 is required")
        validate_data(self, X, reset=True, skip_check_array=True)
        return labels

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of every class.

        Parameters
        ----------
        X : of the type of the training set, shape (n_objects, n_columns)
            Objects of the target.

        Returns
        -------
        proba : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; NaN for objects without a prediction.
        """
        check_is_fitted(self)
        return self._adapt_proba(self.estimator_.predict_proba(X))

    def predict(self, X: Any) -> NDArray:
        """Return the most probable class, "unclassified" without a prediction.

        Parameters
        ----------
        X : of the type of the training set, shape (n_objects, n_columns)
            Objects of the target.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
        """
        proba = self.predict_proba(X)
        return most_probable(self.classes_, proba, type(self).__name__)

    def _adapt_proba(self, proba):
        return proba

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.classifier_tags.multi_class = inner.classifier_tags.multi_class
        return tags


def check_same_columns(X: Any, X_target: Any, name: str) -> None:
    """Raise ValueError if two data sets have different columns.

    Raises
    ------
    ValueError
        The message names the columns that one of them lacks.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.adaptation._base import check_same_columns
    >>> check_same_columns(np.ones((3, 2)), np.ones((5, 2)), "MyClassifier")
    """
    if hasattr(X, "columns") and hasattr(X_target, "columns"):
        lacking = [str(c) for c in X.columns if c not in X_target.columns]
        if lacking:
            raise ValueError(f"{name}: X_target lacks the columns {lacking} of X")
    elif np.shape(X)[1:] != np.shape(X_target)[1:]:
        raise ValueError(
            f"{name}: X has the shape {np.shape(X)} and X_target {np.shape(X_target)}; their "
            f"columns must be the same"
        )


def join_target(X: Any, X_target: Any) -> Any:
    """Return the objects of two data sets one after the other, with the columns of the first.

    Parameters
    ----------
    X, X_target : NestedFrame, DataFrame or array-like of shape (n_objects, n_columns)
        Objects.  Fields of light curves that only one of them has are left out.

    Returns
    -------
    X_joined : of the type of X, shape (n_objects + n_target, n_columns)

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.adaptation import join_target
    >>> join_target(np.zeros((2, 3)), np.ones((1, 3)))[:, 0].tolist()
    [0.0, 0.0, 1.0]
    """
    if not hasattr(X, "columns"):
        return np.concatenate([np.asarray(X), np.asarray(X_target)])
    first, second = X, X_target[list(X.columns)]
    for column in (c for c in X.columns if hasattr(X[c].dtype, "column_dtypes")):
        shared = [f for f in X[column].nest.columns if f in second[column].nest.columns]
        first = first.assign(**{column: first[column].nest[shared]})
        second = second.assign(**{column: second[column].nest[shared]})
    return pd.concat([first, second])


def fit_weighted(estimator: Any, X: Any, y: NDArray, weights: NDArray, name: str) -> Any:
    """Fit a classifier, or a Pipeline that ends in one, with weights.

    Raises
    ------
    ValueError
        The classifier takes no weights.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.adaptation._base import fit_weighted
    >>> model = LogisticRegression()
    >>> X, y = np.array([[0.0], [1.0]]), np.array(["a", "b"])
    >>> fit_weighted(model, X, y, np.ones(2), "MyClassifier").predict([[3.0]]).tolist()
    ['b']
    """
    # Equal weights change nothing, and not every classifier takes weights.
    if np.ptp(weights) == 0:
        return estimator.fit(X, y)
    last, key = estimator, "sample_weight"
    while isinstance(last, Pipeline):
        key = f"{last.steps[-1][0]}__{key}" if last is estimator else key
        last = last.steps[-1][1]
    if not has_fit_parameter(last, "sample_weight"):
        raise ValueError(f"{name}: {type(last).__name__} takes no sample_weight in fit")
    return estimator.fit(X, y, **{key: weights})

"""A fitted classifier for tools that test it on an array."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin


class PrefitClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A fitted classifier of any `X`, whose number of columns is hidden.

    MAPIE tests a prefit estimator that has ``n_features_in_`` on an array of zeros, which a
    classifier of light curves refuses.  This wrapper has no ``n_features_in_``, and `fit` does
    nothing.

    Parameters
    ----------
    estimator : classifier
        Fitted.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes of `estimator`.

    See Also
    --------
    sklearn.frozen.FrozenEstimator : The same for classifiers of arrays.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.model_selection import PrefitClassifier
    >>> model = GaussianNB().fit([[0.0], [1.0], [8.0], [9.0]], ["II", "II", "Ia", "Ia"])
    >>> PrefitClassifier(model).predict([[8.5]]).tolist()
    ['Ia']
    """

    def __init__(self, estimator: Any):
        self.estimator = estimator

    @property
    def classes_(self) -> NDArray:  # noqa: D102
        return self.estimator.classes_

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Do nothing: the classifier is fitted.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Ignored.

        y : array-like of shape (n_objects,)
            Ignored.

        Returns
        -------
        self : object
        """
        return self

    def predict(self, X: Any) -> NDArray:
        """Return the predictions of the classifier.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
        """
        return self.estimator.predict(X)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of the classifier.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
        """
        return self.estimator.predict_proba(X)

    def __sklearn_is_fitted__(self) -> bool:
        return True

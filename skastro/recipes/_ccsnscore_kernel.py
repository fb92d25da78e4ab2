"""The kernel machine that votes with the networks of CCSNscore."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.feature_extraction import RandomConvolutions
from skastro.utils.random import RandomState

_CHECKS = {"dtype": np.float32, "ensure_all_finite": "allow-nan"}


class ConvolutionKernelClassifier(ClassifierMixin, BaseEstimator):
    """Kernel logistic regression on random convolutions of sequences.

    The steps are :class:`skastro.feature_extraction.RandomConvolutions`, `StandardScaler`,
    `Nystroem` with a Gaussian kernel as wide as the data, and `LogisticRegression`.  A missing
    input counts as zero.

    Parameters
    ----------
    inputs : dict of str -> tuple of int, default=None
        Name and shape of each input in the order of the columns of X, flattened; as for
        :class:`skastro.feature_extraction.RandomConvolutions`.

    n_kernels : int, default=100
        Number of kernels for each channel of a sequence.

    n_landmarks : int, default=500
        Largest number of training objects that span the space of functions.

    C : float, default=5
        Inverse of the strength of the regularisation.

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes in the loss.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    Attributes
    ----------
    pipeline_ : Pipeline
        The fitted steps.

    classes_ : ndarray of shape (n_classes,)
        Class labels.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `X` has any.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.recipes import ConvolutionKernelClassifier
    >>> X = np.random.default_rng(0).normal(size=(40, 32))
    >>> y = np.where(X[:, 16] > 0, "Ia", "II")
    >>> ConvolutionKernelClassifier(random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        inputs: Mapping[str, Sequence[int]] | None = None,
        *,
        n_kernels: int = 100,
        n_landmarks: int = 500,
        C: float = 5.0,
        class_weight: dict | str | None = None,
        random_state: RandomState = None,
    ):
        self.inputs = inputs
        self.n_kernels = n_kernels
        self.n_landmarks = n_landmarks
        self.C = C
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train all steps.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Rows; NaN counts as zero.

        y : array-like of shape (n_objects,)
            Class labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights in the logistic regression.

        Returns
        -------
        self : object
        """
        rows, y = validate_data(self, X, y, **_CHECKS)
        check_classification_targets(y)
        self.pipeline_ = make_pipeline(
            RandomConvolutions(
                self.inputs, n_kernels=self.n_kernels, random_state=self.random_state
            ),
            StandardScaler(),
            Nystroem(n_components=min(self.n_landmarks, len(rows)), random_state=self.random_state),
            LogisticRegression(C=self.C, class_weight=self.class_weight, max_iter=500),
        )
        self.pipeline_.fit(rows, y, logisticregression__sample_weight=sample_weight)
        self.classes_ = self.pipeline_.classes_
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Rows; NaN counts as zero.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        return self.pipeline_.predict_proba(validate_data(self, X, reset=False, **_CHECKS))

    def predict(self, X: ArrayLike) -> NDArray:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Rows; NaN counts as zero.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
        """
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

"""One classifier per detector, one for all, or one for a mixture."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    _fit_context,
    clone,
)
from sklearn.utils import check_random_state, get_tags
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.base import most_probable

_CHECKS = {"ensure_all_finite": "allow-nan"}


class DetectorClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Train one classifier per detector, one for all detectors, or one on a mixture.

    The last column of `X` is the number of the detector; the classifiers do not see it.

    Parameters
    ----------
    estimator : classifier
        Any with `predict_proba`.

    scheme : {"each", "mix", "all"}, default="all"
        "each" trains one copy per detector, which predicts the objects of that detector; "mix"
        trains one copy on a sample of all detectors that is as large as one detector on average,
        which separates the effect of more data from that of other detectors; "all" trains one
        copy on all objects.

    random_state : int, RandomState instance or None, default=None
        Source of randomness of the mixture; pass an integer for reproducible results.

    Attributes
    ----------
    estimators_ : dict
        Fitted copies by detector; the key None holds a copy for all detectors.

    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.

    n_features_in_ : int
        Number of columns of `X`, including the detector.

    References
    ----------
    .. [1] I. Takahashi et al., PASJ 74, 946 (2022), section 5: Simple-each, -mix and -all.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.hierarchy import DetectorClassifier
    >>> X = np.array([[0.0, 1], [1.0, 1], [0.0, 2], [1.0, 2]])
    >>> model = DetectorClassifier(LogisticRegression(), scheme="each").fit(X, [0, 1, 1, 0])
    >>> model.predict(X).tolist()
    [0, 1, 1, 0]
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "scheme": [StrOptions({"each", "mix", "all"})],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator: Any, *, scheme: str = "all", random_state: Any = None):
        self.estimator = estimator
        self.scheme = scheme
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike) -> "DetectorClassifier":
        """Train the classifiers.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            The columns of the classifiers, then the number of the detector.

        y : array-like of shape (n_objects,)
            Class labels.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            The number of a detector is NaN or infinite.
        """
        X, y = validate_data(self, X, y, ensure_min_features=2, **_CHECKS)
        check_classification_targets(y)
        X, detector = _split(X)
        self.classes_ = np.unique(y)
        if self.scheme == "each":
            parts = {number: np.flatnonzero(detector == number) for number in np.unique(detector)}
        elif self.scheme == "mix":
            n = max(1, len(y) // len(np.unique(detector)))
            parts = {None: check_random_state(self.random_state).permutation(len(y))[:n]}
        else:
            parts = {None: slice(None)}
        self.estimators_ = {
            number: clone(self.estimator).fit(X[rows], y[rows]) for number, rows in parts.items()
        }
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            As in `fit`.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; 0 for a class that a detector did not have in training.

        Raises
        ------
        ValueError
            A detector did not occur in training.
        """
        check_is_fitted(self)
        X, detector = _split(validate_data(self, X, reset=False, **_CHECKS))
        proba = np.zeros((len(X), len(self.classes_)))
        if None in self.estimators_:
            self._fill(proba, slice(None), self.estimators_[None], X)
            return proba
        unknown = np.setdiff1d(detector, list(self.estimators_)).tolist()
        if unknown:
            raise ValueError(
                f"DetectorClassifier: the detectors {unknown} did not occur in training; "
                f'scheme="all" predicts any detector'
            )
        for number, estimator in self.estimators_.items():
            rows = np.flatnonzero(detector == number)
            if len(rows):
                self._fill(proba, rows, estimator, X[rows])
        return proba

    def predict(self, X: ArrayLike) -> NDArray:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            As in `fit`.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
        """
        proba = self.predict_proba(X)
        return most_probable(self.classes_, proba, type(self).__name__)

    def _fill(self, proba, rows, estimator, X):
        columns = np.searchsorted(self.classes_, estimator.classes_)
        part = proba[rows]
        part[:, columns] = estimator.predict_proba(X)
        proba[rows] = part

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = get_tags(self.estimator).input_tags.allow_nan
        return tags


def _split(X):
    """Return the columns of the classifiers, and the detectors."""
    detector = X[:, -1]
    if not np.isfinite(detector).all():
        raise ValueError(
            "DetectorClassifier: the last column of X, the detector, contains NaN or infinity"
        )
    return X[:, :-1], detector

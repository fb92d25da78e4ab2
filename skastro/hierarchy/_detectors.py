"""One classifier per detector, one for all, or one for a mixture of all detectors."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    _fit_context,
    clone,
)
from sklearn.utils import Tags, check_random_state, get_tags
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.base import (
    UNCLASSIFIED_OPTIONS,
    class_prior,
    fill_unclassified,
    ignore_unclassified,
    most_probable,
)
from skastro.exceptions import name_objects
from skastro.utils.labels import check_labels

_CHECKS = {"ensure_all_finite": "allow-nan"}


class DetectorClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Train one classifier per detector, one for all, or one for a mixture of detectors.

    The last column of `X` is the number of the detector, which the classifiers do not see.

    Parameters
    ----------
    estimator : classifier
        Any classifier with `predict_proba`.

    scheme : {"each", "mix", "all"}, default="all"
        "each" trains one copy per detector, which predicts the objects of its own detector;
        "mix" trains one copy on a sample of all detectors that is as large as one detector on
        average, which separates the effect of more data from that of mixing detectors; "all" trains
        one copy on all objects.

    unclassified : {"nan", "prior"}, default="nan"
        Probabilities of an unclassified object, one for which the classifier returns NaN: NaN and
        the label ``"unclassified"``, with a warning, or the class priors of the training set, which
        scikit-learn's meta-estimators and scorers accept.

    random_state : int, RandomState instance or None, default=None
        Source of randomness of the mixture; pass an integer for reproducible results.

    Attributes
    ----------
    estimators_ : dict
        Fitted copies by detector; the key is None for a copy of all detectors.

    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.

    class_prior_ : ndarray of shape (n_classes,)
        Share of each class among the training objects.

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
        "unclassified": UNCLASSIFIED_OPTIONS,
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        scheme: str = "all",
        unclassified: str = "nan",
        random_state: int | np.random.RandomState | None = None,
    ):
        self.estimator = estimator
        self.scheme = scheme
        self.unclassified = unclassified
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train the classifiers.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Features, then the number of the detector.

        y : array-like of shape (n_objects,)
            Class labels.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            The number of a detector is missing.

        ObjectError
            Objects without a label.
        """
        y = check_labels(y, type(self).__name__, X)
        checked, labels = validate_data(self, X, y, ensure_min_features=2, **_CHECKS)
        features, detector = _split(checked)
        self.classes_ = np.unique(labels)
        self.class_prior_ = class_prior(labels, self.classes_)
        self.estimators_ = {
            number: clone(self.estimator).fit(features[rows], labels[rows])
            for number, rows in self._parts(detector).items()
        }
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            As in `fit`.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; 0 for classes that the detector did not have in training;
            NaN for unclassified objects, or class priors with ``unclassified="prior"``.

        Raises
        ------
        ValueError
            A detector that was not in the training set.

        Warns
        -----
        UnclassifiedWarning
            Objects are unclassified, with ``unclassified="nan"``.
        """
        check_is_fitted(self)
        name, objects = type(self).__name__, X
        X, detector = _split(validate_data(self, X, reset=False, **_CHECKS))
        proba = np.zeros((len(X), len(self.classes_)))
        with ignore_unclassified():
            for number, rows in self._known_parts(detector).items():
                estimator = self.estimators_[number]
                columns = np.searchsorted(self.classes_, estimator.classes_)
                proba[np.ix_(rows, columns)] = estimator.predict_proba(X[rows])
        return fill_unclassified(proba, self.class_prior_, self.unclassified, name, objects)

    def predict(self, X: ArrayLike) -> NDArray:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            As in `fit`.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
            Unclassified objects get the label ``"unclassified"``, or the most frequent class with
            ``unclassified="prior"``.

        Raises
        ------
        ObjectError
            An object is unclassified, and the classes are not strings.
        """
        proba = self.predict_proba(X)
        return most_probable(self.classes_, proba, type(self).__name__)

    def _parts(self, detector: NDArray) -> dict[Any, NDArray[np.intp]]:
        """Return the training rows of each classifier, by detector or None."""
        if self.scheme == "each":
            return {number: np.flatnonzero(detector == number) for number in np.unique(detector)}
        rows = np.arange(len(detector))
        if self.scheme == "mix":
            n = max(1, len(rows) // len(np.unique(detector)))
            rows = check_random_state(self.random_state).permutation(len(rows))[:n]
        return {None: rows}

    def _known_parts(self, detector: NDArray) -> dict[Any, NDArray[np.intp]]:
        """Return the rows that each classifier predicts, by detector or None."""
        if None in self.estimators_:
            return {None: np.arange(len(detector))}
        unknown = np.setdiff1d(detector, list(self.estimators_))
        if len(unknown):
            raise ValueError(
                f"{type(self).__name__}: the detectors {name_objects(unknown)} did not occur in "
                f"training"
            )
        return {number: np.flatnonzero(detector == number) for number in np.unique(detector)}

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = get_tags(self.estimator).input_tags.allow_nan
        return tags


def _split(X: NDArray) -> tuple[NDArray, NDArray]:
    """Return the features and the detectors."""
    detector = X[:, -1]
    if not np.isfinite(detector).all():
        raise ValueError("DetectorClassifier: the last column, the detector, holds NaN or infinity")
    return X[:, :-1], detector

"""Training on objects of the target too: with few labels, with its own predictions, or both."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import check_consistent_length
from sklearn.utils._param_validation import Interval

from skastro.adaptation._base import (
    AdaptedClassifier,
    fit_weighted,
    join_target,
)
from skastro.base import ignore_unclassified, most_probable, no_prediction
from skastro.utils.labels import check_labels


class TargetTrainedClassifier(AdaptedClassifier):
    """Train on the training set and on objects of the target, labelled or not.

    Labelled objects of the target weigh as much as the whole training set, however few there are.
    Unlabelled ones enter with the predictions of the previous round as their labels: in each class
    the most confident ones, more of them in every round, so that rare classes are not lost.

    Parameters
    ----------
    estimator : classifier
        Classifier, or Pipeline that ends in one, with `predict_proba`, and with `sample_weight`
        in `fit`.

    n_rounds : int, default=3
        Rounds with predicted labels; 0 uses labelled objects only.

    largest_share : float, default=0.6
        Share of the predicted objects of each class that enters in the last round; fewer before.

    min_confidence : float, default=0.5
        Smallest probability of a predicted label that is used.

    target_share : float, default=0.5
        Share of the total weight that objects of the target have, if there are any.

    Attributes
    ----------
    estimator_ : classifier
        The classifier of the last round.

    classes_ : ndarray of shape (n_classes,)
        Class labels.

    n_pseudo_ : list of int
        Number of predicted labels of each round.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of str
        Names of the columns of `X`, if it has some.

    See Also
    --------
    FineTunedClassifier : Continue the training of a network, without the training set.
    sklearn.semi_supervised.SelfTrainingClassifier : Both kinds of objects from one population.

    Notes
    -----
    Predicted labels repeat the confusions of the classifier that predicts them: they sharpen a
    classifier that is right about most objects of each class, and mislead one that is not.

    References
    ----------
    .. [1] Y. Zou et al., "Class-balanced self-training", ECCV 2018, arXiv:1810.07911.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.adaptation import TargetTrainedClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["II", "Ia"], 200)
    >>> X = rng.normal(size=(400, 2)) + 4 * (y == "Ia")[:, None]
    >>> X_target = X + [3.0, -1.0]
    >>> y_target = np.full(400, "-1", dtype=object)
    >>> y_target[[0, -1]] = "II", "Ia"  # two labels
    >>> model = TargetTrainedClassifier(LogisticRegression())
    >>> model.fit(X, y, X_target, y_target).score(X_target, y) > 0.95
    True
    """

    _parameter_constraints = {
        **AdaptedClassifier._parameter_constraints,
        "n_rounds": [Interval(Integral, 0, None, closed="left")],
        "largest_share": [Interval(Real, 0, 1, closed="right")],
        "min_confidence": [Interval(Real, 0, 1, closed="both")],
        "target_share": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        n_rounds: int = 3,
        largest_share: float = 0.6,
        min_confidence: float = 0.5,
        target_share: float = 0.5,
    ):
        super().__init__(estimator)
        self.n_rounds = n_rounds
        self.largest_share = largest_share
        self.min_confidence = min_confidence
        self.target_share = target_share

    def fit(
        self, X: Any, y: ArrayLike, X_target: Any = None, y_target: ArrayLike | None = None
    ) -> Self:
        """Fit the classifier round by round.

        Parameters
        ----------
        X : NestedFrame, DataFrame or array-like of shape (n_objects, n_columns)
            Objects of the training set.

        y : array-like of shape (n_objects,)
            Their classes.

        X_target : of the type of X, shape (n_target, n_columns), default=None
            Objects of the target.

        y_target : array-like of shape (n_target,), default=None
            Their classes, -1 (or "-1" among strings) for unlabelled ones; all by default.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            The two data sets have different columns, or a label of the target is not a class.
        """
        self._y_target = y_target
        try:
            return super().fit(X, y, X_target)
        finally:
            del self._y_target

    def _fit_adapted(self, X, y, X_target):
        self.n_pseudo_ = []
        known = np.empty(0, np.intp)
        if X_target is None:
            self._fit_round(X, y)
            return
        codes = self._target_codes(y, X_target)
        known = np.flatnonzero(codes >= 0)
        self._fit_round(X, y, X_target, known, codes)
        for number in range(self.n_rounds if (codes < 0).any() else 0):
            share = self.largest_share * (number + 1) / self.n_rounds
            chosen, predicted = self._confident(X_target, codes, share)
            self.n_pseudo_.append(len(chosen))
            filled = codes.copy()
            filled[chosen] = predicted
            self._fit_round(X, y, X_target, np.append(known, chosen), filled)

    def _target_codes(self, y, X_target):
        """Return the class number of each object of the target, -1 for an unlabelled one."""
        self._names = np.unique(y)
        codes = np.full(len(X_target), -1)
        if self._y_target is None:
            return codes
        labels = np.asarray(self._y_target)
        check_consistent_length(X_target, labels)
        named = ~np.isin(labels.astype(str), ["-1", "-1.0"])
        own = check_labels(labels[named], type(self).__name__).astype(self._names.dtype)
        unknown = sorted(set(own.tolist()) - set(self._names.tolist()), key=str)
        if unknown:
            name = type(self).__name__
            raise ValueError(f"{name}: y_target has the unknown class {unknown[0]!r}")
        codes[named] = np.searchsorted(self._names, own)
        return codes

    def _fit_round(self, X, y, X_target=None, rows=(), codes=None):
        labels, weights, both = y, np.ones(len(y)), X
        if len(rows):
            both = join_target(X, _rows(X_target, rows))
            labels = np.concatenate([y, self._names[codes[rows]]])
            ratio = self.target_share / (1 - self.target_share) * len(y) / len(rows)
            weights = np.append(weights, np.full(len(rows), ratio))
        name = type(self).__name__
        self.estimator_ = fit_weighted(clone(self.estimator), both, labels, weights, name)
        self.classes_ = self.estimator_.classes_

    def _confident(self, X_target, codes, share):
        """Return rows of unlabelled objects, and the class number predicted for each."""
        rows = np.flatnonzero(codes < 0)
        with ignore_unclassified():
            proba = self.estimator_.predict_proba(_rows(X_target, rows))
        rows, proba = rows[~no_prediction(proba)], proba[~no_prediction(proba)]
        labels = most_probable(self.classes_, proba, type(self).__name__)
        predicted = np.searchsorted(self._names, labels)
        sure = proba.max(axis=1, initial=0.0)
        rank = _rank_in_class(predicted, sure)
        size = np.bincount(predicted, minlength=len(self._names))[predicted]
        enter = (rank < np.ceil(share * size)) & (sure >= self.min_confidence)
        return rows[enter], predicted[enter]


def _rows(X: Any, rows: NDArray[np.intp]) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else np.asarray(X)[rows]


def _rank_in_class(codes: NDArray, scores: NDArray) -> NDArray[np.intp]:
    """Return the place of each object in its class, 0 for the highest score."""
    order = np.lexsort((-scores, codes))
    first = np.searchsorted(codes[order], codes[order])
    rank = np.empty(len(codes), np.intp)
    rank[order] = np.arange(len(codes)) - first
    return rank

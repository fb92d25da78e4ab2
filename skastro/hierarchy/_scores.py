"""Scores and errors of labels, and the rule of ambiguity."""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _check_sample_weight

from skastro.base import (
    ignore_unclassified,
    most_probable,
    no_prediction,
    replace_labels,
    warn_of_unclassified,
)
from skastro.hierarchy._base import PartsClassifier
from skastro.hierarchy._labels import (
    Masks,
    check_covered,
    covered_by,
    types_of_labels,
    warn_of_types,
)
from skastro.utils.labels import check_labels

AMBIGUOUS = "ambiguous"


class ScoresClassifier(PartsClassifier):
    """Compare the scores of labels, or predict "ambiguous".

    A subclass has the parameters `labels`, `ambiguity` and `unclassified`, starts its `fit` with
    ``_open_labels`` and implements ``_raw_scores(X)``, which returns the scores and errors of
    `predict_scores` with NaN for unclassified objects.
    """

    def predict_scores(self, X: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the score of every label and its error.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        scores : ndarray of shape (n_objects, n_labels)
            Probability of each label, the mean of the samples if there are any, in the order of
            `classes_`; NaN for unclassified objects, or class priors with
            ``unclassified="prior"``.

        errors : ndarray of shape (n_objects, n_labels)
            Standard deviation of the samples; NaN without samples.

        Warns
        -----
        UnclassifiedWarning
            Objects are unclassified, with ``unclassified="nan"``.
        """
        return self._scores_of(X)[:2]

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the scores divided by their sum.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_labels)
            In the order of `classes_`; all equal where all scores are 0; NaN for unclassified
            objects, or class priors with ``unclassified="prior"``.

        Warns
        -----
        UnclassifiedWarning
            Objects are unclassified, with ``unclassified="nan"``.
        """
        return _normalised(self.predict_scores(X)[0])

    def predict(self, X: ArrayLike) -> NDArray:
        """Return the label of the highest score, "ambiguous" or "unclassified".

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        labels : ndarray of shape (n_objects,)

        Raises
        ------
        ObjectError
            An object is ambiguous or unclassified, and the labels are not strings.

        Warns
        -----
        UnclassifiedWarning
            Objects are unclassified, with ``unclassified="nan"``.
        """
        return self._decide(*self._scores_of(X))

    def decision_table(self, X: ArrayLike) -> pd.DataFrame:
        """Return scores, errors and prediction of every object as a table.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        table : DataFrame of shape (n_objects, 2 * n_labels + 2)
            Index ``object_id``, the index of `X`; columns ``score_<label>`` and ``error_<label>``
            for each label, then ``label``, the prediction, and ``confidence``, the highest score.

        Examples
        --------
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from skastro.hierarchy import ParallelBinaryClassifier
        >>> X, y = [[0.0], [0.2], [5.0], [5.2]], ["Ib", "Ib", "II", "II"]
        >>> model = ParallelBinaryClassifier(GaussianNB()).fit(X, y)
        >>> model.decision_table([[0.1]]).round(2).iloc[0].to_dict()
        {'score_II': 0.0, 'error_II': nan, 'score_Ib': 1.0, 'error_Ib': nan, 'label': 'Ib',
        'confidence': 1.0}
        """
        scores, errors, unknown = self._scores_of(X)
        index = X.index if isinstance(X, pd.DataFrame) else range(len(scores))
        columns = {}
        for i, label in enumerate(self.classes_):
            columns[f"score_{label}"] = scores[:, i]
            columns[f"error_{label}"] = errors[:, i]
        columns["label"] = self._decide(scores, errors, unknown)
        columns["confidence"] = scores.max(axis=1)
        return pd.DataFrame(columns, index=pd.Index(index, name="object_id"))

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the fraction of objects whose predicted label covers their type.

        Ambiguous and unclassified objects count as wrong.  Objects whose type no label covers are
        ignored.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Types, or labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights of the objects.

        Returns
        -------
        score : float
        """
        predicted = self.predict(X)
        y = check_labels(y, type(self).__name__, X)
        covers = np.column_stack(list(covered_by(self._types, y).values()))
        right = (covers & (predicted[:, None] == self.classes_)).any(axis=1)
        weights = _check_sample_weight(sample_weight, right) * covers.any(axis=1)
        return float(np.average(right, weights=weights)) if weights.any() else np.nan

    def _scores_of(self, X: Any) -> tuple[NDArray, NDArray, NDArray[np.bool_]]:
        """Return scores, errors and the mask of unclassified objects."""
        X = self._reopen(X)
        with ignore_unclassified():
            scores, errors = self._raw_scores(X)
        unknown = no_prediction(scores)
        if unknown.any() and self.unclassified == "nan":
            warn_of_unclassified(unknown, type(self).__name__, X)
        elif unknown.any():
            scores = np.where(unknown[:, None], self.class_prior_, scores)
            errors = np.where(unknown[:, None], np.nan, errors)
        return scores, errors, unknown

    def _open_labels(
        self, X: Any, y: Any, sample_weight: Any, options: Mapping[str, Any] | None = None
    ) -> tuple[Any, NDArray, NDArray | None, NDArray[np.intp], Masks]:
        """Learn the labels; return X, y, the weights or None, the rows that are used, the masks.

        The masks show which of these rows each label covers; `options` are parameters by label.
        """
        X, y, weights, used = self._open(X, y, sample_weight)
        name = type(self).__name__
        types = types_of_labels(self.labels, y[used], name)
        self.classes_ = np.unique(np.array(list(types), dtype=self._dtype(y)))
        self._types = {label: types[label] for label in self.classes_.tolist()}
        masks = covered_by(self._types, y[used])
        check_covered(masks, options or {}, name)
        self.class_prior_ = _prior(masks, None if weights is None else weights[used])
        if self.labels is not None:
            warn_of_types(self._types, y, name)
        return X, y, weights, np.flatnonzero(used), masks

    def _decide(self, scores: NDArray, errors: NDArray, unknown: NDArray[np.bool_]) -> NDArray:
        name = type(self).__name__
        labels = most_probable(self.classes_, scores, name)
        if self.ambiguity is None:
            return labels
        ambiguous = (_margin(scores, errors) < self.ambiguity) & ~unknown
        return replace_labels(labels, ambiguous, AMBIGUOUS, self.classes_, name)

    def _dtype(self, y: NDArray) -> np.dtype | None:
        return y.dtype if self.labels is None and y.dtype.kind not in "SU" else None


def _prior(masks: Masks, weights: NDArray | None) -> NDArray[np.float64]:
    """Return the shares of the training objects that labels cover; the shares sum to one."""
    counts = np.column_stack(list(masks.values())).astype(float)
    counts = np.average(counts, axis=0, weights=weights)
    return counts / counts.sum()


def _margin(scores: NDArray, errors: NDArray) -> NDArray[np.float64]:
    """Return (s1 - e1) - (s2 + e2) of the two best labels, where no error counts as 0."""
    scores = np.where(np.isnan(scores).any(axis=1, keepdims=True), np.nan, scores)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :2]
    s1, s2 = np.take_along_axis(scores, best, axis=1).T
    e1, e2 = np.take_along_axis(np.nan_to_num(errors), best, axis=1).T
    return (s1 - e1) - (s2 + e2)


def _normalised(scores: NDArray) -> NDArray[np.float64]:
    total = scores.sum(axis=1, keepdims=True)
    nothing = total[:, 0] == 0
    proba = scores / np.where(total == 0, 1.0, total)
    proba[nothing] = 1 / scores.shape[1]
    return proba


def class_scores(
    classifier: Any, X: Any, n_samples: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probability of every class and its error.

    Parameters
    ----------
    classifier : classifier
        Fitted.

    X : array-like or frame of n_objects rows
        Objects.

    n_samples : int or None
        Number of samples of ``predict_proba_samples(X, n_samples)``, if the classifier or the last
        step of a Pipeline has that method; None uses `predict_proba`.

    Returns
    -------
    scores : ndarray of shape (n_objects, n_classes)
        Mean of the samples, or the probability, in the order of ``classifier.classes_``.

    errors : ndarray of shape (n_objects, n_classes)
        Standard deviation of the samples; NaN without samples.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.hierarchy._scores import class_scores
    >>> nb = GaussianNB().fit([[0.0], [1.0], [8.0], [9.0]], [0, 0, 1, 1])
    >>> scores, errors = class_scores(nb, [[9.0]], n_samples=20)
    >>> scores.round(2).tolist(), errors.tolist()
    ([[0.0, 1.0]], [[nan, nan]])
    """
    last, X_last = _last_step(classifier, X)
    if n_samples is None or not hasattr(last, "predict_proba_samples"):
        scores = np.asarray(classifier.predict_proba(X), float)
        return scores, np.full(scores.shape, np.nan)
    options = {"n_samples": n_samples} if accepts_n_samples(last) else {}
    samples = np.asarray(last.predict_proba_samples(X_last, **options), float)
    return samples.mean(axis=0), samples.std(axis=0)


def accepts_n_samples(classifier: Any) -> bool:
    """Return whether the number of samples of a classifier can be chosen.

    Examples
    --------
    >>> from skastro.hierarchy._scores import accepts_n_samples
    >>> from skastro.neural_network import MultimodalClassifier
    >>> accepts_n_samples(MultimodalClassifier())
    True
    """
    return "n_samples" in inspect.signature(classifier.predict_proba_samples).parameters


def positive_score(
    classifier: Any, X: Any, n_samples: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probability of class 1 and its error, each of shape (n_objects,).

    Parameters
    ----------
    classifier, X, n_samples
        See :func:`class_scores`; the classifier is fitted on the classes 0 and 1.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.hierarchy._scores import positive_score
    >>> nb = GaussianNB().fit([[0.0], [1.0], [8.0], [9.0]], [0, 0, 1, 1])
    >>> score, error = positive_score(nb, [[9.0]], n_samples=20)
    >>> score.round(2).tolist(), error.tolist()
    ([1.0], [nan])
    """
    scores, errors = class_scores(classifier, X, n_samples)
    positive = np.asarray(classifier.classes_) == 1
    if not positive.any():
        return np.zeros(len(scores)), np.full(len(scores), np.nan)
    return scores[:, positive][:, 0], errors[:, positive][:, 0]


def _last_step(classifier: Any, X: Any) -> tuple[Any, Any]:
    """Return the classifier at the end of a Pipeline that samples, and the X it receives."""
    steps = [step for _, step in getattr(classifier, "steps", [("", classifier)])]
    if len(steps) == 1 or not hasattr(steps[-1], "predict_proba_samples"):
        return steps[-1], X
    for step in steps[:-1]:
        if hasattr(step, "transform"):
            X = step.transform(X)
    return steps[-1], X

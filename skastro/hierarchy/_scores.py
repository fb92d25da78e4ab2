"""What classifiers with a score and an error a label have in common."""

import numpy as np
import pandas as pd
from sklearn.utils.validation import _check_sample_weight

from skastro.base import answer_instead, most_probable
from skastro.hierarchy._base import PartsClassifier
from skastro.hierarchy._label_types import (
    check_covered,
    covered,
    types_of_labels,
    warn_of_types,
)
from skastro.hierarchy._read_labels import read_labels

AMBIGUOUS = "ambiguous"


class ScoresClassifier(PartsClassifier):
    """Compare the scores of labels, or answer "ambiguous".

    A subclass has the parameters `labels` and `ambiguity` and the method ``predict_scores(X)``, and
    begins its `fit` with ``_open_labels``.
    """

    def predict_proba(self, X):
        """Return the scores divided by their sum.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_labels)
            In the order of `classes_`; all equal where all scores are 0; NaN for objects that
            cannot be classified.
        """
        return _normalised(self.predict_scores(X)[0])

    def predict(self, X):
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
            An object is ambiguous or cannot be classified, and the labels are not text.
        """
        return self._decide(*self.predict_scores(X))

    def decision_table(self, X):
        """Return scores, errors and answer of every object as a table.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        table : DataFrame of shape (n_objects, 2 * n_labels + 2)
            Index ``object_id`` as that of `X`; a column ``score_<label>`` and a column
            ``error_<label>`` a label, then ``label``, the answer of `predict`, and
            ``confidence``, the highest score.

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
        scores, errors = self.predict_scores(X)
        index = X.index if hasattr(X, "iloc") else range(len(scores))
        columns = {}
        for i, label in enumerate(self.classes_):
            columns[f"score_{label}"] = scores[:, i]
            columns[f"error_{label}"] = errors[:, i]
        columns["label"] = self._decide(scores, errors)
        columns["confidence"] = scores.max(axis=1)
        return pd.DataFrame(columns, index=pd.Index(index, name="object_id"))

    def score(self, X, y, sample_weight=None):
        """Return the share of objects whose answer covers their type.

        An ambiguous object is wrong.  Objects whose type no label covers take no part.

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
        answers = self.predict(X)
        y = read_labels(y, type(self).__name__)
        covers = np.column_stack(list(covered(self._types, y).values()))
        right = (covers & (answers[:, None] == self.classes_)).any(axis=1)
        weights = _check_sample_weight(sample_weight, right) * covers.any(axis=1)
        return float(np.average(right, weights=weights)) if weights.any() else np.nan

    def _open_labels(self, X, y, sample_weight, options=None):
        """Learn the labels; return X, y, the weights or None, the rows that take part, the masks.

        The masks tell which of these rows each label covers; `options` are parameters by label.
        """
        X, y, weights, used = self._open(X, y, sample_weight)
        name = type(self).__name__
        types = types_of_labels(self.labels, y[used], name)
        self.classes_ = np.unique(np.array(list(types), dtype=self._dtype(y)))
        self._types = {label: types[label] for label in self.classes_.tolist()}
        masks = covered(self._types, y[used])
        check_covered(masks, options or {}, name)
        if self.labels is not None:
            warn_of_types(self._types, y, name)
        return X, y, weights, np.flatnonzero(used), masks

    def _decide(self, scores, errors):
        name = type(self).__name__
        labels = most_probable(self.classes_, scores, name)
        if self.ambiguity is None:
            return labels
        ambiguous = _margin(scores, errors) < self.ambiguity
        return answer_instead(labels, ambiguous, AMBIGUOUS, self.classes_, name)

    def _dtype(self, y):
        return y.dtype if self.labels is None and y.dtype.kind not in "SU" else None


def _margin(scores, errors):
    """Return (s1 - e1) - (s2 + e2) of the two best labels, where no error counts as 0."""
    scores = np.where(np.isnan(scores).any(axis=1, keepdims=True), np.nan, scores)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :2]
    s1, s2 = np.take_along_axis(scores, best, axis=1).T
    e1, e2 = np.take_along_axis(np.nan_to_num(errors), best, axis=1).T
    return (s1 - e1) - (s2 + e2)


def _normalised(scores):
    total = scores.sum(axis=1, keepdims=True)
    nothing = total[:, 0] == 0
    proba = scores / np.where(total == 0, 1.0, total)
    proba[nothing] = 1 / scores.shape[1]
    return proba

"""One binary classifier a label, side by side."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods, Interval

from skastro.hierarchy._base import take_columns
from skastro.hierarchy._samples import positive_score
from skastro.hierarchy._scores import ScoresClassifier


class ParallelBinaryClassifier(ScoresClassifier):
    r"""Train one binary classifier a label, each with its own inputs, and compare their scores.

    The classifier of a label tells the types that the label covers (class 1) from all others
    (class 0).  With the scores :math:`s_1 \ge s_2` of the two best labels and their errors
    :math:`e_1, e_2`, an object is ambiguous where

    .. math:: (s_1 - e_1) - (s_2 + e_2) < \mathrm{ambiguity}

    (CCSNscore, Sharma et al. 2024).

    Parameters
    ----------
    estimator : classifier
        Any with `predict_proba`.  Balance each label for itself with an imbalanced-learn
        Pipeline of a sampler and a classifier: it sees the classes 0 and 1.

    labels : dict of str -> str or list of str, default=None
        Label to the types in `y` that it covers; the label itself may stand in `y` too.  Types
        that no label covers are negatives of every label.  By default every class of `y` is a
        label.

    columns : dict of str -> columns, default=None
        Columns of `X` that the classifier of a label reads: a list of names of a frame, or a
        slice, a list of numbers or a mask of an array.  All columns where a label is missing.

    label_estimators : dict of str -> classifier, default=None
        Classifiers of single labels, in the place of `estimator`.

    ambiguity : float or None, default=0.01
        Least margin between the two best labels; None always answers the best.

    n_samples : int or None, default=20
        Samples taken of a classifier that has ``predict_proba_samples(X, n_samples)``, such as
        one with Monte-Carlo dropout.  None samples nothing.

    n_jobs : int, default=None
        Labels trained at a time, with joblib.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        Labels, sorted.

    estimators_ : dict of label -> classifier
        Fitted binary classifiers.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `X` has any.

    See Also
    --------
    JointClassifier : One classifier for all labels together.
    HierarchicalClassifier : Takes this classifier at its nodes, for layers of labels.
    sklearn.multiclass.OneVsRestClassifier : One input for all, no errors, always an answer.

    Notes
    -----
    The scores are those of independent questions and do not sum to one; `predict_proba` divides
    them by their sum, so that they can be gated by a node above.  Cuts on the score, such as
    "above 0.9", belong to `predict_scores` and `decision_table`.

    An object for which a classifier answers NaN is ``"unclassified"``.

    References
    ----------
    Sharma et al. 2024, arXiv:2412.08601.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.hierarchy import ParallelBinaryClassifier
    >>> X = [[0.0, 1], [0.2, 3], [5.0, 1], [5.2, 3], [0.1, 9], [5.1, 9]]
    >>> y = ["H-poor", "H-poor", "H-rich", "H-rich", "H-poor", "H-rich"]
    >>> model = ParallelBinaryClassifier(GaussianNB(), columns={"H-rich": [0]}).fit(X, y)
    >>> model.predict([[0.0, 5.0], [2.6, 4.0]]).tolist()
    ['H-poor', 'ambiguous']
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit"])],
        "labels": [dict, None],
        "columns": [dict, None],
        "label_estimators": [dict, None],
        "ambiguity": [Interval(Real, -2, 1, closed="both"), None],
        "n_samples": [Interval(Integral, 2, None, closed="left"), None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator,
        *,
        labels=None,
        columns=None,
        label_estimators=None,
        ambiguity=0.01,
        n_samples=20,
        n_jobs=None,
    ):
        self.estimator = estimator
        self.labels = labels
        self.columns = columns
        self.label_estimators = label_estimators
        self.ambiguity = ambiguity
        self.n_samples = n_samples
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, **fit_params):
        """Train the classifiers of all labels.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Types, or labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights, passed on to every classifier.  An object of weight 0 takes no part.

        **fit_params : dict
            Passed on to every classifier, such as `groups`.  Routed as requested where metadata
            routing is enabled.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Fewer than two labels, a label without objects or that covers all, classifiers without
            probabilities, options for labels that do not exist.

        Warns
        -----
        UserWarning
            Types in `y`, for predictions are labels.
        """
        options = {"columns": self.columns, "label_estimators": self.label_estimators}
        X, _, weights, rows, masks = self._open_labels(X, y, sample_weight, options)
        own, columns = self._own_estimators(), self.columns or {}
        parts = {
            label: (own.get(label, self.estimator), rows, columns.get(label), mask.astype(int))
            for label, mask in masks.items()
        }
        for label, (estimator, *_) in parts.items():
            self._check_gives_probabilities(estimator, label)
        self.estimators_ = self._fit_parts(X, parts, weights, fit_params)
        return self

    def predict_scores(self, X):
        """Return the score of every label and its error.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        scores : ndarray of shape (n_objects, n_labels)
            Probability that the binary classifier of each label gives, the mean of its samples
            where it has any; in the order of `classes_`, not normalised.

        errors : ndarray of shape (n_objects, n_labels)
            Standard deviation of the samples; NaN for classifiers that give none.
        """
        X = self._reopen(X)
        columns = self.columns or {}
        pairs = [
            positive_score(fitted, take_columns(X, columns.get(label)), self.n_samples)
            for label, fitted in self.estimators_.items()
        ]
        scores, errors = (np.column_stack(values) for values in zip(*pairs))
        return scores, errors

    def _own_estimators(self):
        return self.label_estimators or {}

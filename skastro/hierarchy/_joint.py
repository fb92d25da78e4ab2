"""One classifier for all labels, which may answer "ambiguous"."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods, Interval

from skastro.hierarchy._samples import class_scores
from skastro.hierarchy._scores import ScoresClassifier


class JointClassifier(ScoresClassifier):
    """Train one classifier for all labels, and compare their scores.

    The same answers as those of :class:`ParallelBinaryClassifier`, from one classifier that
    learns all labels together: scores with errors, and "ambiguous" where the two best labels are
    too close.

    Parameters
    ----------
    estimator : classifier
        Any with `predict_proba`.

    labels : dict of str -> str or list of str, default=None
        Label to the types in `y` that it covers, each type by one label at most.  Types that no
        label covers are a class of their own, whose score is not shown.  By default every class
        of `y` is a label.

    ambiguity : float or None, default=0.01
        Least margin between the two best labels, as of :class:`ParallelBinaryClassifier`; None
        always answers the best.

    n_samples : int or None, default=20
        Samples taken of a classifier that has ``predict_proba_samples(X, n_samples)``, such as
        one with Monte-Carlo dropout.  None samples nothing.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        Labels, sorted.

    estimator_ : classifier
        The fitted classifier, of the numbers of the labels.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `X` has any.

    See Also
    --------
    ParallelBinaryClassifier : One classifier a label, which may overlap and read own columns.

    Notes
    -----
    An object for which the classifier answers NaN is ``"unclassified"``.

    References
    ----------
    Sharma et al. 2024, arXiv:2412.08601, for the rule of ambiguity.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.hierarchy import JointClassifier
    >>> X, y = [[0.0], [0.2], [5.0], [5.2]], ["Ib", "Ib", "II", "II"]
    >>> JointClassifier(GaussianNB()).fit(X, y).predict([[0.0], [2.6]]).tolist()
    ['Ib', 'ambiguous']
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit"])],
        "labels": [dict, None],
        "ambiguity": [Interval(Real, -2, 1, closed="both"), None],
        "n_samples": [Interval(Integral, 2, None, closed="left"), None],
    }
    n_jobs = None

    def __init__(self, estimator, *, labels=None, ambiguity=0.01, n_samples=20):
        self.estimator = estimator
        self.labels = labels
        self.ambiguity = ambiguity
        self.n_samples = n_samples

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, **fit_params):
        """Train the classifier.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Types, or labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights, passed on.  An object of weight 0 takes no part.

        **fit_params : dict
            Passed on, such as `groups`.  Routed as requested where metadata routing is enabled.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Fewer than two labels, a label without objects or that covers all, types that two
            labels cover, a classifier without probabilities.

        Warns
        -----
        UserWarning
            Types in `y`, for predictions are labels.
        """
        X, y, weights, rows, masks = self._open_labels(X, y, sample_weight)
        codes = _codes(masks, y[rows], type(self).__name__)
        self._check_gives_probabilities(self.estimator, "all labels")
        parts = {"all labels": (self.estimator, rows, None, codes)}
        self.estimator_ = self._fit_parts(X, parts, weights, fit_params)["all labels"]
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
            Probability of each label, the mean of the samples if there are any, in the order of
            `classes_`; they sum to one unless types in the training had no label.

        errors : ndarray of shape (n_objects, n_labels)
            Standard deviation of the samples; NaN for a classifier that gives none.
        """
        X = self._reopen(X)
        scores, errors = class_scores(self.estimator_, X, self.n_samples)
        columns = np.searchsorted(self.estimator_.classes_, np.arange(len(self.classes_)))
        return scores[:, columns], errors[:, columns]

    def _own_estimators(self):
        return {}


def _codes(masks, y, owner):
    """Return the number of the label of each object; those without one share the next number."""
    table = np.column_stack(list(masks.values()))
    several = table.sum(axis=1) > 1
    if several.any():
        types = sorted(set(np.asarray(y)[several].tolist()))
        raise ValueError(
            f"{owner}: several labels cover the types {types}; ParallelBinaryClassifier can do that"
        )
    return np.where(table.any(axis=1), table.argmax(axis=1), table.shape[1])

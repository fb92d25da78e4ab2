"""One binary classifier per label, trained independently."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods, Interval

from skastro.base import UNCLASSIFIED_OPTIONS
from skastro.hierarchy._base import Part, take_columns
from skastro.hierarchy._scores import ScoresClassifier, positive_score


class ParallelBinaryClassifier(ScoresClassifier):
    r"""Train one binary classifier per label, each with its own inputs, and compare their scores.

    The classifier of a label separates the types that the label covers (class 1) from all others
    (class 0).  With the scores :math:`s_1 \ge s_2` of the two best labels and their errors
    :math:`e_1, e_2`, an object is ambiguous where

    .. math:: (s_1 - e_1) - (s_2 + e_2) < \mathrm{ambiguity}

    (CCSNscore, Sharma et al. 2024).

    Parameters
    ----------
    estimator : classifier
        Any classifier with `predict_proba`.  An imbalanced-learn Pipeline of a sampler and a
        classifier balances each label separately; its classes are 0 and 1.

    labels : dict of str -> str or list of str, default=None
        Types in `y` that each label covers; the label itself may also occur in `y`.  Types that no
        label covers are negative examples for every label.  By default every class of `y` is a
        label.

    columns : dict of str -> columns, default=None
        Columns of `X` that the classifier of a label reads: a list of names for a DataFrame, or a
        slice, a list of numbers or a mask for an array.  Labels that are not in the dict read all
        columns.

    label_estimators : dict of str -> classifier, default=None
        Classifiers of single labels, instead of `estimator`.

    ambiguity : float or None, default=0.01
        Smallest margin between the two best labels; None always predicts the best label.

    n_samples : int or None, default=20
        Number of samples from a classifier with ``predict_proba_samples(X, n_samples)``, such as
        one with Monte-Carlo dropout.  None uses `predict_proba`.

    unclassified : {"nan", "prior"}, default="nan"
        Scores of an unclassified object, one for which a classifier returns NaN: NaN and the
        label ``"unclassified"``, with a warning, or the class priors of the training set, which
        scikit-learn's meta-estimators and scorers accept.

    n_jobs : int, default=None
        Number of labels trained in parallel with joblib.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        Labels, sorted.

    class_prior_ : ndarray of shape (n_labels,)
        Share of the training objects that each label covers, normalised to a sum of one.

    estimators_ : dict of label -> classifier
        Fitted binary classifiers.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `X` has any.

    See Also
    --------
    JointClassifier : One classifier for all labels together.
    HierarchicalClassifier : Layers of labels, with this classifier at each node.
    sklearn.multiclass.OneVsRestClassifier : The same input for all labels, no errors.

    Notes
    -----
    The classifiers are independent, so that their scores do not sum to one.  `predict_proba`
    divides the scores by their sum, as required below a node of a taxonomy.  Apply cuts on the
    score, such as "above 0.9", to `predict_scores` and `decision_table`.

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
        "unclassified": UNCLASSIFIED_OPTIONS,
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        labels: Mapping[str, Any] | None = None,
        columns: Mapping[Any, Any] | None = None,
        label_estimators: Mapping[Any, Any] | None = None,
        ambiguity: float | None = 0.01,
        n_samples: int | None = 20,
        unclassified: str = "nan",
        n_jobs: int | None = None,
    ):
        self.estimator = estimator
        self.labels = labels
        self.columns = columns
        self.label_estimators = label_estimators
        self.ambiguity = ambiguity
        self.n_samples = n_samples
        self.unclassified = unclassified
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, **fit_params: Any
    ) -> Self:
        """Train the classifiers of all labels.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Types, or labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights, passed on to every classifier.  Objects of weight 0 are ignored.

        **fit_params : dict
            Passed on to every classifier, such as `groups`.  Routed as requested if metadata
            routing is enabled.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Fewer than two labels, a label that covers no object or all, classifiers without
            `predict_proba`, options for labels that do not exist.

        ObjectError
            Objects without a label.

        Warns
        -----
        UserWarning
            Types in `y` that are not labels, because predictions are labels.
        """
        options = {"columns": self.columns, "label_estimators": self.label_estimators}
        X, _, weights, rows, masks = self._open_labels(X, y, sample_weight, options)
        own, columns = self._own_estimators(), self.columns or {}
        parts = {
            label: Part(own.get(label, self.estimator), rows, columns.get(label), mask.astype(int))
            for label, mask in masks.items()
        }
        for label, part in parts.items():
            self._check_has_probabilities(part.estimator, label)
        self.estimators_ = self._fit_parts(X, parts, weights, fit_params)
        return self

    def _raw_scores(self, X: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        columns = self.columns or {}
        pairs = [
            positive_score(fitted, take_columns(X, columns.get(label)), self.n_samples)
            for label, fitted in self.estimators_.items()
        ]
        scores, errors = (np.column_stack(values) for values in zip(*pairs))
        return scores, errors

    def _own_estimators(self) -> Mapping:
        return self.label_estimators or {}

"""One classifier for all labels, which may predict "ambiguous"."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods, Interval

from skastro.base import UNCLASSIFIED_OPTIONS
from skastro.hierarchy._base import Part
from skastro.hierarchy._labels import Masks
from skastro.hierarchy._scores import ScoresClassifier, class_scores


class JointClassifier(ScoresClassifier):
    """Train one classifier for all labels, and compare their scores.

    Predicts the same as :class:`ParallelBinaryClassifier`, but with one classifier that learns
    all labels together: scores with errors, and "ambiguous" where the two best labels are too
    close.

    Parameters
    ----------
    estimator : classifier
        Any classifier with `predict_proba`.

    labels : dict of str -> str or list of str, default=None
        Types in `y` that each label covers; a type is covered by at most one label.  Types that
        no label covers form a class of their own, whose score is not returned.  By default every
        class of `y` is a label.

    ambiguity : float or None, default=0.01
        Smallest margin between the two best labels, see :class:`ParallelBinaryClassifier`; None
        always predicts the best label.

    n_samples : int or None, default=20
        Number of samples from a classifier with ``predict_proba_samples(X, n_samples)``, such as
        one with Monte-Carlo dropout.  None uses `predict_proba`.

    unclassified : {"nan", "prior"}, default="nan"
        Scores of an unclassified object, one for which the classifier returns NaN: NaN and the
        label ``"unclassified"``, with a warning, or the class priors of the training set, which
        scikit-learn's meta-estimators and scorers accept.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        Labels, sorted.

    class_prior_ : ndarray of shape (n_labels,)
        Share of the training objects that each label covers, normalised to a sum of one.

    estimator_ : classifier
        The fitted classifier; its classes are the numbers of the labels.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `X` has any.

    See Also
    --------
    ParallelBinaryClassifier : One classifier per label; labels may overlap and have their own
    columns.

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
        "unclassified": UNCLASSIFIED_OPTIONS,
    }
    # The base class reads it; one classifier has nothing to run side by side.
    n_jobs = None

    def __init__(
        self,
        estimator: Any,
        *,
        labels: Mapping[str, Any] | None = None,
        ambiguity: float | None = 0.01,
        n_samples: int | None = 20,
        unclassified: str = "nan",
    ):
        self.estimator = estimator
        self.labels = labels
        self.ambiguity = ambiguity
        self.n_samples = n_samples
        self.unclassified = unclassified

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, **fit_params: Any
    ) -> Self:
        """Train the classifier.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Types, or labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights, passed on to the classifier.  Objects of weight 0 are ignored.

        **fit_params : dict
            Passed on to the classifier, such as `groups`.  Routed as requested if metadata routing
            is enabled.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Fewer than two labels, a label that covers no object or all, types that two labels
            cover, a classifier without `predict_proba`.

        ObjectError
            Objects without a label.

        Warns
        -----
        UserWarning
            Types in `y` that are not labels, because predictions are labels.
        """
        X, y, weights, rows, masks = self._open_labels(X, y, sample_weight)
        codes = _codes(masks, y[rows], type(self).__name__)
        self._check_has_probabilities(self.estimator, "all labels")
        parts = {"all labels": Part(self.estimator, rows, None, codes)}
        self.estimator_ = self._fit_parts(X, parts, weights, fit_params)["all labels"]
        return self

    def _raw_scores(self, X: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        scores, errors = class_scores(self.estimator_, X, self.n_samples)
        columns = np.searchsorted(self.estimator_.classes_, np.arange(len(self.classes_)))
        return scores[:, columns], errors[:, columns]

    def _own_estimators(self) -> Mapping:
        return {}


def _codes(masks: Masks, y: NDArray, name: str) -> NDArray[np.intp]:
    """Return the number of the label of each object; those without one share the next number."""
    table = np.column_stack(list(masks.values()))
    several = table.sum(axis=1) > 1
    if several.any():
        types = sorted(set(np.asarray(y)[several].tolist()))
        raise ValueError(
            f"{name}: several labels cover the types {types}; ParallelBinaryClassifier can do that"
        )
    return np.where(table.any(axis=1), table.argmax(axis=1), table.shape[1])

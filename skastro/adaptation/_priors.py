"""Class frequencies of the target, re-estimated without labels."""

from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skastro.adaptation._base import AdaptedClassifier
from skastro.base import class_prior, no_prediction


def change_priors(proba: ArrayLike, prior: ArrayLike, new_prior: ArrayLike) -> NDArray[np.float64]:
    r"""Return the probabilities under other class frequencies.

    .. math:: p'(k | x) \propto p(k | x) \, \pi'_k / \pi_k

    Parameters
    ----------
    proba : array-like of shape (n_objects, n_classes)
        Probabilities.

    prior, new_prior : array-like of shape (n_classes,)
        Class frequencies in the training set and in the target.

    Returns
    -------
    proba : ndarray of shape (n_objects, n_classes)
        NaN rows stay NaN.

    References
    ----------
    .. [1] M. Saerens et al., Neural Computation 14, 21 (2002), equation 2.4.

    Examples
    --------
    >>> from skastro.adaptation import change_priors
    >>> change_priors([[0.5, 0.5]], [0.5, 0.5], [0.9, 0.1]).tolist()
    [[0.9, 0.1]]
    """
    prior, new_prior = np.asarray(prior, float), np.asarray(new_prior, float)
    ratio = np.divide(new_prior, prior, out=np.zeros_like(prior), where=prior > 0)
    changed = np.asarray(proba, float) * ratio
    total = changed.sum(axis=1, keepdims=True)
    return np.where(total > 0, changed / np.where(total > 0, total, 1.0), proba)


def estimate_priors(
    proba: ArrayLike,
    prior: ArrayLike,
    *,
    pseudo_counts: float = 0.0,
    max_iter: int = 200,
    tol: float = 1e-6,
) -> tuple[NDArray[np.float64], int]:
    r"""Return the class frequencies of a target that maximise its likelihood.

    Expectation and maximisation alternate: probabilities under the current frequencies, and their
    mean as the new frequencies,

    .. math:: \pi'_k \leftarrow \frac{1}{n + K c}
        \Big( \sum_i \frac{p_{ik} \pi'_k / \pi_k}{\sum_j p_{ij} \pi'_j / \pi_j} + c \Big) .

    Parameters
    ----------
    proba : array-like of shape (n_objects, n_classes)
        Probabilities of unlabelled objects by a calibrated classifier; rows with NaN are left out.

    prior : array-like of shape (n_classes,)
        Class frequencies in the training set.

    pseudo_counts : float, default=0
        c, objects added to each class, which keep a class from vanishing.

    max_iter : int, default=200
        Largest number of iterations.

    tol : float, default=1e-6
        Largest change of a frequency at which the iteration ends.

    Returns
    -------
    new_prior : ndarray of shape (n_classes,)
        Of sum 1; `prior` if there are no objects.

    n_iter : int
        Number of iterations.

    References
    ----------
    .. [1] M. Saerens et al., "Adjusting the outputs of a classifier to new a priori
       probabilities", Neural Computation 14, 21 (2002), equation 2.9.

    Examples
    --------
    >>> from skastro.adaptation import estimate_priors
    >>> estimate_priors([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0.5, 0.5])[0].round(2).tolist()
    [0.67, 0.33]
    """
    prior = np.asarray(prior, float)
    proba = np.asarray(proba, float)
    proba = proba[~no_prediction(proba)]
    new, n_iter = prior.copy(), 0
    while n_iter < max_iter and len(proba):
        n_iter += 1
        total = change_priors(proba, prior, new).sum(axis=0) + pseudo_counts
        old, new = new, total / total.sum()
        if np.abs(new - old).max() < tol:
            break
    return new, n_iter


class PriorShiftClassifier(AdaptedClassifier):
    """Correct the probabilities of a classifier for other class frequencies in the target.

    Only the frequencies of the classes may differ: the objects of each class must look the same as
    in the training set, and the probabilities must be calibrated there.  Where the objects
    themselves look different, as between two simulators, the correction increases the confusion.

    Parameters
    ----------
    estimator : classifier
        Classifier or Pipeline with `predict_proba`; a fitted one inside
        :class:`sklearn.frozen.FrozenEstimator` is not trained again.

    pseudo_counts : float, default=1
        Objects added to each class when frequencies are estimated.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.

    classes_ : ndarray of shape (n_classes,)
        Class labels.

    class_prior_, target_prior_ : ndarray of shape (n_classes,)
        Class frequencies of the training set and of the target.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of str
        Names of the columns of `X`, if it has some.

    See Also
    --------
    ImportanceWeightedClassifier : For objects that are rarer in the training set.

    References
    ----------
    .. [1] M. Saerens et al., Neural Computation 14, 21 (2002).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.adaptation import PriorShiftClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["II", "Ia"], [500, 500])
    >>> X = rng.normal(size=(1000, 1)) + 2 * (y == "Ia")[:, None]
    >>> rare = np.r_[:500, 500:550]  # supernovae Ia are rare in the target
    >>> model = PriorShiftClassifier(GaussianNB()).fit(X, y, X_target=X[rare])
    >>> model.target_prior_.round(1).tolist()
    [0.9, 0.1]
    """

    _parameter_constraints = {
        **AdaptedClassifier._parameter_constraints,
        "pseudo_counts": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, estimator: Any, *, pseudo_counts: float = 1.0):
        super().__init__(estimator)
        self.pseudo_counts = pseudo_counts

    def _fit_adapted(self, X, y, X_target):
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        self.class_prior_ = class_prior(y, self.classes_)
        self.target_prior_ = self.class_prior_
        if X_target is not None:
            self.adapt(X_target)

    def adapt(self, X_target: Any) -> Self:
        """Estimate the class frequencies of another target; the classifier is not trained again.

        Parameters
        ----------
        X_target : of the type of the training set, shape (n_target, n_columns)
            Objects of the target.

        Returns
        -------
        self : object
        """
        check_is_fitted(self)
        self.target_prior_, _ = estimate_priors(
            self.estimator_.predict_proba(X_target),
            self.class_prior_,
            pseudo_counts=self.pseudo_counts,
        )
        return self

    def _adapt_proba(self, proba):
        if np.array_equal(self.target_prior_, self.class_prior_):
            return proba
        return change_priors(proba, self.class_prior_, self.target_prior_)

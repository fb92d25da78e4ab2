"""The mean of several networks that differ in their seed."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.ensemble._base import _set_random_states
from sklearn.utils import check_random_state, get_tags
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skastro.base import most_probable


def _members_can(method):
    return available_if(lambda ensemble: hasattr(ensemble.estimator, method))


class DeepEnsembleClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Train one estimator several times with other seeds and average the probabilities.

    The members see all objects; they differ by their starting weights, batches, prefixes and
    validation splits [1]_.  The mean is better and better calibrated than a member, and the
    scatter of the members says how sure the networks are.

    Parameters
    ----------
    estimator : classifier
        Any network of the package, or another classifier with a `random_state`.

    n_estimators : int, default=5
        Number of members.

    n_jobs : int, default=None
        Number of members trained in parallel.

    random_state : int, RandomState instance or None, default=None
        Seed of the seeds.

    Attributes
    ----------
    estimators_ : list of classifiers
        The members.

    classes_ : ndarray of shape (n_classes,)
        Class labels.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`, if the members know them.

    See Also
    --------
    sklearn.ensemble.VotingClassifier : Mean of different classifiers; it does not know objects
        that cannot be classified.

    Notes
    -----
    Objects that cannot be classified keep their NaN probabilities, and `predict` answers
    "unclassified" for them.

    References
    ----------
    .. [1] B. Lakshminarayanan, A. Pritzel, C. Blundell, "Simple and Scalable Predictive
       Uncertainty Estimation using Deep Ensembles", arXiv:1612.01474.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network import DeepEnsembleClassifier, HeatmapCNNClassifier
    >>> y = np.repeat(["SN Ia", "SN II"], 30)
    >>> X = np.random.default_rng(0).normal(size=(60, 96)) + (y == "SN Ia")[:, None]
    >>> network = HeatmapCNNClassifier(image_shape=(1, 8, 12), max_epochs=10)
    >>> model = DeepEnsembleClassifier(network, n_estimators=2, random_state=0).fit(X, y)
    >>> model.predict_proba_samples(X).shape
    (2, 60, 2)
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator, *, n_estimators=5, n_jobs=None, random_state=None):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, groups=None):
        """Train the members.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Whatever the estimator takes.

        y : array-like of shape (n_objects,)
            Class labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Given to every member.

        groups : array-like of shape (n_objects,), default=None
            Given to every member.

        Returns
        -------
        self : object
        """
        given = {"sample_weight": sample_weight, "groups": groups}
        fit_params = {name: value for name, value in given.items() if value is not None}
        rng = check_random_state(self.random_state)
        members = [clone(self.estimator) for _ in range(self.n_estimators)]
        for member in members:
            _set_random_states(member, rng)
        self.estimators_ = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit)(member, X, y, fit_params) for member in members
        )
        first = self.estimators_[0]
        self.classes_ = first.classes_
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(first, name):
                setattr(self, name, getattr(first, name))
        return self

    def predict_proba(self, X):
        """Return the mean probability of every class, of shape (n_objects, n_classes)."""
        return self._mean("predict_proba", X)

    def predict_proba_samples(self, X):
        """Return the probabilities of each member, of shape (n_members, n_objects, n_classes)."""
        check_is_fitted(self)
        return np.stack([member.predict_proba(X) for member in self.estimators_])

    def predict(self, X):
        """Return the most probable class; "unclassified" for objects without an answer."""
        check_is_fitted(self)
        return most_probable(self.classes_, self.predict_proba(X), type(self).__name__)

    @_members_can("predict_node_proba")
    def predict_node_proba(self, X):
        """Return the mean probability of every node of the taxonomy."""
        return self._mean("predict_node_proba", X)

    @_members_can("predict_proba_at")
    def predict_proba_at(self, X, days):
        """Return the mean probability at some dates, (n_objects, n_days, n_classes)."""
        return self._mean("predict_proba_at", X, days)

    def _mean(self, method, *arguments):
        check_is_fitted(self)
        total = getattr(self.estimators_[0], method)(*arguments)
        for member in self.estimators_[1:]:
            total = total + getattr(member, method)(*arguments)
        return total / len(self.estimators_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags


def _fit(member, X, y, fit_params):
    return member.fit(X, y, **fit_params)

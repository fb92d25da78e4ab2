"""The mean of several networks that differ in their seed."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    _fit_context,
    clone,
)
from sklearn.utils import check_random_state, get_tags
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skastro.base import (
    UNCLASSIFIED,
    UNCLASSIFIED_OPTIONS,
    class_prior,
    fill_unclassified,
    ignore_unclassified,
    most_probable,
    no_prediction,
    warn_of_unclassified,
)
from skastro.utils.ragged import flatten, nest


def _members_can(method):
    """Return a decorator for methods that exist only if the members have them."""

    def check(ensemble):
        # Raises AttributeError itself, with the reason of the member.
        getattr(ensemble.estimator, method)
        return True

    return available_if(check)


class DeepEnsembleClassifier(
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    MetaEstimatorMixin,
    ClassifierMixin,
    BaseEstimator,
    # Automatic wrapping would hide whether the members have `transform`.
    auto_wrap_output_keys=None,  # type: ignore[call-arg]
):
    """Train one estimator several times with different seeds and average the probabilities.

    The members see all objects; they differ by their initial weights, batches, prefixes and
    validation splits [1]_.  The mean scores higher and is better calibrated than a member, and
    the scatter of the members measures the uncertainty of the networks.  Every method of the
    members is available: means of probabilities, and concatenated embeddings.

    Parameters
    ----------
    estimator : classifier
        Any network of the package, or another classifier with a `random_state`.

    n_estimators : int, default=5
        Number of members.

    unclassified : {"nan", "prior"}, default="nan"
        Prediction for objects that no member can classify: NaN probabilities, the label
        "unclassified" and a warning; or the class priors of the training objects.

    n_jobs : int, default=None
        Number of members trained in parallel.

    random_state : int, RandomState instance or None, default=None
        Source of randomness of the members' seeds.

    Attributes
    ----------
    estimators_ : list of classifiers
        The members.

    classes_ : ndarray of shape (n_classes,)
        Class labels.

    class_prior_ : ndarray of shape (n_classes,)
        Share of each class among the training objects.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`, if the members know them.

    See Also
    --------
    sklearn.ensemble.VotingClassifier : Mean of different classifiers.

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
    >>> network = HeatmapCNNClassifier(image_shape=(8, 12, 1), max_epochs=10)
    >>> model = DeepEnsembleClassifier(network, n_estimators=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape, model.predict_proba_members(X).shape
    ((60, 2), (2, 60, 2))
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "unclassified": UNCLASSIFIED_OPTIONS,
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        n_estimators: int = 5,
        unclassified: str = "nan",
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.unclassified = unclassified
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train the members.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Input of the estimator.

        y : array-like of shape (n_objects,)
            Class labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Passed to every member.

        groups : array-like of shape (n_objects,), default=None
            Passed to every member.

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
        # The seeds are drawn by now, so that they do not depend on n_jobs.
        self.estimators_ = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit)(member, X, y, fit_params) for member in members
        )
        first = self.estimators_[0]
        self.classes_ = first.classes_
        for name in ("n_features_in_", "feature_names_in_", "taxonomy_"):
            if hasattr(first, name):
                setattr(self, name, getattr(first, name))
        own = getattr(first, "class_prior_", None)
        self.class_prior_ = class_prior(y, self.classes_) if own is None else own
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the mean probability of every class.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; see `unclassified` for objects that cannot be classified.
        """
        return self._complete(self._mean("predict_proba", X), X)

    def predict_proba_members(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of each member.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_members, n_objects, n_classes)
        """
        with ignore_unclassified():
            return np.stack(list(self._each("predict_proba", X)))

    def predict_proba_samples(self, X: Any, n_samples: int | None = None) -> NDArray[np.float64]:
        """Return samples of the probabilities: the members, or their random passes.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        n_samples : int, default=None
            Random passes with active dropout through each member.  By default, and where the
            members have no such passes, there is one sample per member.

        Returns
        -------
        probabilities : ndarray of shape (n_members, n_objects, n_classes) or \
                (n_members * n_samples, n_objects, n_classes)
            Member by member.
        """
        if n_samples is None or not hasattr(self.estimator, "predict_proba_samples"):
            samples = self.predict_proba_members(X)
        else:
            with ignore_unclassified():
                samples = np.concatenate(list(self._each("predict_proba_samples", X, n_samples)))
        return self._complete(samples.swapaxes(0, 1), X).swapaxes(0, 1)

    def predict(self, X: Any) -> NDArray:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
            See :meth:`BaseNetClassifier.predict` for objects that cannot be classified.
        """
        check_is_fitted(self)
        return most_probable(self.classes_, self.predict_proba(X), type(self).__name__)

    @_members_can("transform")
    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the concatenated embeddings of all members.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        embedding : ndarray of shape (n_objects, n_members * n_embedding), dtype float32
            NaN for objects that cannot be used.
        """
        return np.hstack([np.asarray(part) for part in self._each("transform", X)])

    @_members_can("predict_node_proba")
    def predict_node_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the mean probability of every node of the taxonomy.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_nodes)
            In the order of ``taxonomy_.nodes``; NaN for objects that cannot be classified.
        """
        proba = self._mean("predict_node_proba", X)
        if no_prediction(proba).any():
            warn_of_unclassified(no_prediction(proba), type(self).__name__, X)
        return proba

    @_members_can("predict_path")
    def predict_path(self, X: Any, threshold: float = 0.5) -> NDArray:
        """Return the deepest node whose mean probability is high enough.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        threshold : float, default=0.5
            See :meth:`skastro.taxonomy.Taxonomy.deepest`.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
            Names of nodes; "unclassified" for objects that cannot be classified.
        """
        proba = self.predict_node_proba(X)
        labels = np.array(self.taxonomy_.nodes, object)[self.taxonomy_.deepest(proba, threshold)]
        labels[np.isnan(proba).all(axis=1)] = UNCLASSIFIED
        return labels

    @_members_can("predict_proba_at")
    def predict_proba_at(self, X: Any, days: ArrayLike) -> NDArray[np.float64]:
        """Return the mean probability of every class at some dates.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        days : array-like of shape (n_days,)
            Days after the reference date of each object.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_days, n_classes)
            In the order of `classes_`; NaN where there is no observation yet.
        """
        proba = self._mean("predict_proba_at", X, days)
        if self.unclassified == "prior":
            return fill_unclassified(proba, self.class_prior_, "prior", type(self).__name__)
        return proba

    @_members_can("predict_proba_in_time")
    def predict_proba_in_time(self, X: Any) -> NestedFrame:
        """Return the mean probability of every class after each observation.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        frame : NestedFrame of shape (n_objects, 1)
            Nested column ``probability`` with the field ``time``, sorted, and one field per
            class.
        """
        frames = [flatten(f["probability"]) for f in self._each("predict_proba_in_time", X)]
        offsets, rows = frames[0]
        means = {
            name: values if name == "time" else np.mean([own[name] for _, own in frames], axis=0)
            for name, values in rows.items()
        }
        return NestedFrame(index=X.index).assign(probability=nest(offsets, means, X.index))

    def _each(self, method, *arguments):
        check_is_fitted(self)
        return (getattr(member, method)(*arguments) for member in self.estimators_)

    def _mean(self, method, *arguments):
        """Mean over the members, with only two predictions in memory."""
        with ignore_unclassified():
            parts = self._each(method, *arguments)
            total = np.asarray(next(parts))
            for part in parts:
                total = total + part
        return total / len(self.estimators_)

    def _complete(self, proba, X):
        name = type(self).__name__
        return fill_unclassified(proba, self.class_prior_, self.unclassified, name, X)

    @property
    def _n_features_out(self) -> int:
        return sum(member._n_features_out for member in self.estimators_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        tags.transformer_tags.preserves_dtype = []
        return tags


def _fit(member, X, y, fit_params):
    return member.fit(X, y, **fit_params)


def _set_random_states(member, rng):
    """Give every `random_state` of an estimator and its parts a seed, as sklearn.ensemble does."""
    names = sorted(member.get_params())
    seeds = {
        name: rng.randint(np.iinfo(np.int32).max)
        for name in names
        if name == "random_state" or name.endswith("__random_state")
    }
    member.set_params(**seeds)

"""The weighted mean of the probabilities of different classifiers."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils import Tags, get_tags
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.metaestimators import _BaseComposition, available_if

from skastro.base import (
    UNCLASSIFIED_OPTIONS,
    class_prior,
    fill_unclassified,
    ignore_unclassified,
)
from skastro.hierarchy._base import Part, PartsClassifier
from skastro.hierarchy._scores import accepts_n_samples

_LEAST = 1e-4


def _any_member_samples(voting: Any) -> bool:
    members = getattr(voting, "estimators_", None) or dict(voting.estimators)
    if any(hasattr(member, "predict_proba_samples") for member in members.values()):
        return True
    raise AttributeError("no member of SoftVotingClassifier has predict_proba_samples")


class SoftVotingClassifier(PartsClassifier, _BaseComposition):
    """Average the probabilities of different classifiers trained on the same objects.

    Unlike `sklearn.ensemble.VotingClassifier` it accepts ragged `X`, handles unclassified objects
    and forwards the samples of networks with Monte-Carlo dropout.  An object that any member leaves
    unclassified is unclassified.

    Parameters
    ----------
    estimators : list of (str, classifier)
        Names and classifiers with `predict_proba`.

    weights : array-like of shape (n_estimators,), default=None
        Weights of the members, not negative; all equal by default.

    mean : {"arithmetic", "geometric"}, default="arithmetic"
        The weighted mean of the probabilities, or that of their logarithms, normalised to a sum of
        one (logarithmic opinion pool [1]_).  The arithmetic mean of members that disagree is
        underconfident, the geometric one sharper.  In it, probabilities below 1e-4
        count as 1e-4, so that no member alone excludes a class.

    unclassified : {"nan", "prior"}, default="nan"
        Prediction for unclassified objects: NaN probabilities, the label ``"unclassified"`` and a
        warning, or the class priors of the training set, which scikit-learn's meta-estimators and
        scorers accept.

    n_jobs : int, default=None
        Number of members that are trained in parallel.

    Attributes
    ----------
    estimators_ : dict of str -> classifier
        The fitted members.

    classes_ : ndarray of shape (n_classes,)
        Class labels.

    class_prior_ : ndarray of shape (n_classes,)
        Share of each class among the training objects.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `X` has any.

    See Also
    --------
    skastro.neural_network.DeepEnsembleClassifier : Several networks that differ in their seed.
    sklearn.ensemble.StackingClassifier : Learns how to combine the members.

    References
    ----------
    .. [1] C. Genest and J. V. Zidek, "Combining probability distributions", Statistical Science 1,
       114 (1986).

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.hierarchy import SoftVotingClassifier
    >>> X, y = [[0.0], [0.2], [5.0], [5.2]], ["Ib", "Ib", "II", "II"]
    >>> members = [("bayes", GaussianNB()), ("linear", LogisticRegression())]
    >>> SoftVotingClassifier(members, weights=[1, 2]).fit(X, y).predict([[0.1]]).tolist()
    ['Ib']
    """

    _parameter_constraints = {
        "estimators": [list],
        "weights": ["array-like", None],
        "mean": [StrOptions({"arithmetic", "geometric"})],
        "unclassified": UNCLASSIFIED_OPTIONS,
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimators: Sequence[tuple[str, Any]],
        *,
        weights: ArrayLike | None = None,
        mean: str = "arithmetic",
        unclassified: str = "nan",
        n_jobs: int | None = None,
    ):
        self.estimators = estimators
        self.weights = weights
        self.mean = mean
        self.unclassified = unclassified
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, **fit_params: Any
    ) -> Self:
        """Train all members.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Class labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights, passed on to every member.  Objects of weight 0 are ignored.

        **fit_params : dict
            Passed on to every member, such as `groups`.  Routed as requested if metadata routing
            is enabled.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Names of members are not distinct, weights that do not match the members, a member
            without `predict_proba`.

        ObjectError
            Objects without a label.
        """
        self._check_members()
        X, y, weights, used = self._open(X, y, sample_weight)
        rows = np.flatnonzero(used)
        self.classes_ = np.unique(y[rows])
        self.class_prior_ = class_prior(y, self.classes_, weights)
        parts = {name: Part(member, rows, None, y[rows]) for name, member in self.estimators}
        self.estimators_ = self._fit_parts(X, parts, weights, fit_params)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the mean probabilities of the members.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; NaN for unclassified objects, or class priors with
            ``unclassified="prior"``.

        Warns
        -----
        UnclassifiedWarning
            Objects are unclassified, with ``unclassified="nan"``.
        """
        X = self._reopen(X)
        with ignore_unclassified():
            proba = self._mean([e.predict_proba(X) for e in self.estimators_.values()])
        name = type(self).__name__
        return fill_unclassified(proba, self.class_prior_, self.unclassified, name, X)

    @available_if(_any_member_samples)
    def predict_proba_samples(self, X: ArrayLike, n_samples: int = 20) -> NDArray[np.float64]:
        """Return samples of the probabilities; members that do not sample add a constant.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        n_samples : int, default=20
            Number of samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_objects, n_classes)
            NaN for unclassified objects.
        """
        X = self._reopen(X)
        with ignore_unclassified():
            return self._mean([_samples(e, X, n_samples) for e in self.estimators_.values()])

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, with `deep` also the members and theirs by name.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the parameters of the members.

        Returns
        -------
        params : dict
        """
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params: Any) -> Self:
        """Set parameters, members, or parameters of members as in ``network__lr``.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : object
        """
        self._set_params("estimators", **params)
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to the members.

        Returns
        -------
        router : MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self)
        for name, member in self.estimators:
            router.add(**{f"estimator of {name}": member}, method_mapping=mapping)
        return router

    def _mean(self, parts):
        weights = np.ones(len(parts)) if self.weights is None else np.asarray(self.weights, float)
        weighted = list(zip(weights / weights.sum(), map(np.asarray, parts)))
        if self.mean == "arithmetic":
            return sum(weight * part for weight, part in weighted)
        pooled = np.exp(sum(w * np.log(np.maximum(part, _LEAST)) for w, part in weighted))
        return pooled / pooled.sum(axis=-1, keepdims=True)

    def _own_estimators(self) -> Mapping:
        return dict(self.estimators)

    def _check_members(self):
        if not self.estimators:
            raise ValueError("SoftVotingClassifier: estimators is empty")
        self._validate_names([name for name, _ in self.estimators])
        for name, member in self.estimators:
            self._check_has_probabilities(member, name)
        weights = np.ones(1) if self.weights is None else np.asarray(self.weights, float)
        expected = (len(self.estimators),) if self.weights is not None else (1,)
        if weights.shape != expected or (weights < 0).any() or weights.sum() <= 0:
            raise ValueError(
                f"SoftVotingClassifier: weights={self.weights!r} must be {len(self.estimators)} "
                f"numbers that are not negative, one per estimator"
            )

    def __sklearn_tags__(self) -> Tags:
        # PartsClassifier takes the tags of `estimator`, which does not exist here.
        tags = super(PartsClassifier, self).__sklearn_tags__()
        inner = [get_tags(member) for _, member in self.estimators]
        tags.input_tags.allow_nan = all(own.input_tags.allow_nan for own in inner)
        tags.input_tags.sparse = all(own.input_tags.sparse for own in inner)
        tags.input_tags.two_d_array = all(own.input_tags.two_d_array for own in inner)
        tags.non_deterministic = any(own.non_deterministic for own in inner)
        return tags


def _samples(member: Any, X: Any, n_samples: int) -> NDArray:
    if not hasattr(member, "predict_proba_samples"):
        return np.asarray(member.predict_proba(X))[None]
    options = {"n_samples": n_samples} if accepts_n_samples(member) else {}
    return np.asarray(member.predict_proba_samples(X, **options))

"""Detectors of unknown objects in the embedding of a network, or in any other rows of numbers."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin, _fit_context
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.utils.labels import check_labels

_CHECKS: dict[str, Any] = {"ensure_all_finite": "allow-nan", "dtype": np.float64}


class RowDetector(OutlierMixin, BaseEstimator):
    """Base of detectors that read rows of numbers, with NaN for objects that cannot be used.

    A subclass implements ``_learn(X, y)``, where y is an array of integers, and ``_scores(X)``;
    both see rows without NaN only.

    Examples
    --------
    >>> from skastro.calibration import MahalanobisDetector
    >>> from skastro.calibration._detectors import RowDetector
    >>> issubclass(MahalanobisDetector, RowDetector)
    True
    """

    _parameter_constraints = {"contamination": [Interval(Real, 0, 0.5, closed="right")]}

    def __init__(self, *, contamination: float = 0.05):
        self.contamination = contamination

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn where the training objects lie.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_embedding)
            Embedding of the training objects; rows with NaN are left out.

        y : array-like of shape (n_objects,), default=None
            Class labels; without them all objects are one class.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Fewer than two rows without NaN.
        """
        rows: NDArray = validate_data(self, X, ensure_min_samples=2, **_CHECKS)
        known = ~np.isnan(rows).any(axis=1)
        if known.sum() < 2:
            raise ValueError(f"{type(self).__name__}: X has fewer than two rows without NaN")
        labels = np.zeros(len(rows)) if y is None else check_labels(y, type(self).__name__)
        self._learn(rows[known], np.unique(labels[known], return_inverse=True)[1])
        self.offset_ = np.quantile(self._scores(rows[known]), self.contamination)
        return self

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return how much each object is like the training; lower is more unlike it.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_embedding)
            Embedding.

        Returns
        -------
        scores : ndarray of shape (n_objects,)
            NaN for rows with NaN.
        """
        check_is_fitted(self)
        rows: NDArray = validate_data(self, X, reset=False, **_CHECKS)
        known = ~np.isnan(rows).any(axis=1)
        scores = np.full(len(rows), np.nan)
        if known.any():
            scores[known] = self._scores(rows[known])
        return scores

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return `score_samples` minus `offset_`; negative for outliers.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_embedding)
            Embedding.

        Returns
        -------
        scores : ndarray of shape (n_objects,)
            NaN for rows with NaN.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> NDArray[np.intp]:
        """Return 1 for objects like the training, -1 for outliers.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_embedding)
            Embedding.

        Returns
        -------
        labels : ndarray of int of shape (n_objects,)
            -1 also for rows with NaN.
        """
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class MahalanobisDetector(RowDetector):
    r"""Detect objects far from every class in the embedding of a network.

    The score is minus the smallest squared Mahalanobis distance to the mean of a class,

    .. math:: -\min_k (z - \mu_k)^T \Sigma^{-1} (z - \mu_k),

    with one covariance :math:`\Sigma` of all classes [1]_, shrunk as by Ledoit and Wolf.

    Parameters
    ----------
    contamination : float, default=0.05
        Fraction of the training objects that lie beyond the threshold of `predict`.

    Attributes
    ----------
    means_ : ndarray of shape (n_classes, n_embedding)
        Mean of each class; of all objects without labels.

    precision_ : ndarray of shape (n_embedding, n_embedding)
        Inverse of the covariance.

    offset_ : float
        Score of the threshold.

    n_features_in_ : int
        Length of the embedding.

    feature_names_in_ : ndarray of str
        Names of the columns of `X`, if it has some.

    See Also
    --------
    NeighborDetector : Distance to the nearest training objects.
    ClassIsolationForest : Number of random cuts that isolate an object from each class.
    sklearn.neighbors.LocalOutlierFactor : Density relative to that of the neighbours.

    References
    ----------
    .. [1] K. Lee et al. 2018, NeurIPS (arXiv:1807.03888), equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration import MahalanobisDetector
    >>> y = np.repeat(["II", "Ia"], 50)
    >>> Z = np.random.default_rng(0).normal(size=(100, 2)) + 8 * (y == "Ia")[:, None]
    >>> MahalanobisDetector().fit(Z, y).predict([[0.0, 0.0], [8.0, 8.0], [4.0, 4.0]]).tolist()
    [1, 1, -1]
    """

    def _learn(self, X: NDArray, y: NDArray[np.intp]) -> None:
        self.means_ = np.stack([X[y == k].mean(axis=0) for k in range(y.max() + 1)])
        self.precision_ = LedoitWolf(assume_centered=True).fit(X - self.means_[y]).precision_

    def _scores(self, X: NDArray) -> NDArray[np.float64]:
        apart = X[:, None] - self.means_
        return -np.einsum("ijk,kl,ijl->ij", apart, self.precision_, apart).min(axis=1)


class NeighborDetector(RowDetector):
    """Detect objects far from all training objects in the embedding of a network.

    The score is minus the distance to the k-th nearest training object [1]_.

    Parameters
    ----------
    n_neighbors : int, default=10
        k.

    contamination : float, default=0.05
        Fraction of the training objects that lie beyond the threshold of `predict`; each of them
        is its own nearest neighbour.

    Attributes
    ----------
    neighbors_ : NearestNeighbors
        Fitted on the training objects.

    offset_ : float
        Score of the threshold.

    n_features_in_ : int
        Length of the embedding.

    feature_names_in_ : ndarray of str
        Names of the columns of `X`, if it has some.

    See Also
    --------
    MahalanobisDetector : Distance to the classes.
    sklearn.neighbors.LocalOutlierFactor : Density relative to that of the neighbours.

    References
    ----------
    .. [1] Y. Sun et al. 2022, ICML (arXiv:2204.06507), who scale the embedding to unit length; put
       a :class:`sklearn.preprocessing.Normalizer` in front for that.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration import NeighborDetector
    >>> Z = np.random.default_rng(0).normal(size=(100, 2))
    >>> NeighborDetector(n_neighbors=3).fit(Z).predict([[0.0, 0.0], [6.0, 6.0]]).tolist()
    [1, -1]
    """

    _parameter_constraints = {
        **RowDetector._parameter_constraints,
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, *, n_neighbors: int = 10, contamination: float = 0.05):
        super().__init__(contamination=contamination)
        self.n_neighbors = n_neighbors

    def _learn(self, X: NDArray, y: NDArray[np.intp]) -> None:
        self.neighbors_ = NearestNeighbors(n_neighbors=min(self.n_neighbors, len(X))).fit(X)

    def _scores(self, X: NDArray) -> NDArray[np.float64]:
        return -self.neighbors_.kneighbors(X)[0][:, -1]


class ClassIsolationForest(RowDetector):
    """Detect anomalies by one isolation forest per class.

    The score of an object is that of the forest in which it is least isolated: the anomaly
    detector of Gupta, Muthukrishna & Lochner [1]_ on the hidden layer of a classifier.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees of each forest.

    contamination : float, default=0.05
        Fraction of the training objects that lie beyond the threshold of `predict`.

    n_jobs : int, default=None
        Number of parallel workers; None means one.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    Attributes
    ----------
    forests_ : list of IsolationForest
        One per class, in the order of the sorted labels; one of all objects without labels.

    offset_ : float
        Score of the threshold.

    n_features_in_ : int
        Length of the embedding.

    feature_names_in_ : ndarray of str
        Names of the columns of `X`, if it has some.

    See Also
    --------
    MahalanobisDetector : Distance to the classes.
    sklearn.ensemble.IsolationForest : One forest of all classes.

    References
    ----------
    .. [1] R. Gupta, D. Muthukrishna, M. Lochner 2024, arXiv:2403.14742.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration import ClassIsolationForest
    >>> y = np.repeat(["II", "Ia"], 50)
    >>> Z = np.random.default_rng(0).normal(size=(100, 2)) + 8 * (y == "Ia")[:, None]
    >>> forest = ClassIsolationForest(random_state=0).fit(Z, y)
    >>> forest.predict([[0.0, 0.0], [8.0, 8.0], [4.0, 4.0]]).tolist()
    [1, 1, -1]
    """

    _parameter_constraints = {
        **RowDetector._parameter_constraints,
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        n_estimators: int = 100,
        contamination: float = 0.05,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        super().__init__(contamination=contamination)
        self.n_estimators = n_estimators
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _learn(self, X: NDArray, y: NDArray[np.intp]) -> None:
        rng = check_random_state(self.random_state)
        options = {"n_estimators": self.n_estimators, "n_jobs": self.n_jobs}
        self.forests_ = [
            IsolationForest(random_state=rng.randint(2**31 - 1), **options).fit(X[y == k])
            for k in range(y.max() + 1)
        ]

    def _scores(self, X: NDArray) -> NDArray[np.float64]:
        return np.max([forest.score_samples(X) for forest in self.forests_], axis=0)

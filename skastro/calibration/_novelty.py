"""Scores of objects unlike the training: energy, spread of samples, distance in the embedding."""

from numbers import Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, OutlierMixin, _fit_context
from sklearn.covariance import LedoitWolf
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.utils.labels import check_labels

_CHECKS = {"ensure_all_finite": "allow-nan", "dtype": np.float64}


def energy_score(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    r"""Return the energy of each object; higher is more unlike the training.

    .. math:: E = -T \ln \sum_k e^{z_k / T}

    Parameters
    ----------
    logits : array-like of shape (n_objects, n_classes)
        Outputs of a network before the softmax.

    temperature : float, default=1
        T.

    Returns
    -------
    energy : ndarray of shape (n_objects,)
        NaN for a row with NaN.

    Raises
    ------
    ValueError
        Probabilities instead of logits: their sum is one, so that the energy of their logarithms
        is the same for every object.

    References
    ----------
    Liu et al. 2020, NeurIPS (arXiv:2010.03759), equation 4.

    Examples
    --------
    >>> from skastro.calibration import energy_score
    >>> energy_score([[9.0, 0.0], [0.1, 0.0]]).round(2).tolist()
    [-9.0, -0.74]
    """
    logits = np.asarray(logits, float)
    known = logits[~np.isnan(logits).any(axis=1)]
    if len(known) and (known >= 0).all() and np.allclose(known.sum(axis=1), 1, atol=1e-5):
        raise ValueError("energy_score: the rows are probabilities; pass the logits")
    return -temperature * logsumexp(logits / temperature, axis=1)


def mutual_information(samples: ArrayLike) -> NDArray[np.float64]:
    r"""Return how much the samples of the probabilities of each object disagree.

    .. math:: I = H[\bar p] - \overline{H[p]}, \qquad H[p] = -\sum_k p_k \ln p_k

    Parameters
    ----------
    samples : array-like of shape (n_samples, n_objects, n_classes)
        Probabilities of the members of an ensemble or of random passes, such as those of
        `predict_proba_members` and `predict_proba_samples`.

    Returns
    -------
    information : ndarray of shape (n_objects,)
        In nats, from 0, where all agree, to ln(n_classes); NaN where a sample is NaN.

    Raises
    ------
    ValueError
        Samples that do not have three dimensions.

    References
    ----------
    Depeweg et al. 2018, ICML (arXiv:1710.07283), section 3.

    Examples
    --------
    >>> from skastro.calibration import mutual_information
    >>> mutual_information([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]]).round(2).tolist()
    [0.69, 0.0]
    """
    samples = np.asarray(samples, float)
    if samples.ndim != 3:
        raise ValueError(
            f"mutual_information: samples have the shape {samples.shape}, not (n_samples, "
            f"n_objects, n_classes)"
        )
    spread = _entropy(samples.mean(axis=0)) - _entropy(samples).mean(axis=0)
    return np.maximum(spread, 0.0)


def _entropy(proba: NDArray) -> NDArray[np.float64]:
    return -(proba * np.log(np.where(proba > 0, proba, 1.0))).sum(axis=-1)


class MahalanobisDetector(OutlierMixin, BaseEstimator):
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
    sklearn.neighbors.LocalOutlierFactor : Density relative to that of the neighbours.
    sklearn.ensemble.IsolationForest : Number of random cuts that isolate an object.

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
        X = validate_data(self, X, ensure_min_samples=2, **_CHECKS)
        known = ~np.isnan(X).any(axis=1)
        if known.sum() < 2:
            raise ValueError(f"{type(self).__name__}: X has fewer than two rows without NaN")
        labels = None if y is None else check_labels(y, type(self).__name__)[known]
        distance = self._learn(X[known], labels)
        self.offset_ = -np.quantile(distance, 1 - self.contamination)
        return self

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return minus the distance; lower is more unlike the training.

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
        X = validate_data(self, X, reset=False, **_CHECKS)
        known = ~np.isnan(X).any(axis=1)
        scores = np.full(len(X), np.nan)
        if known.any():
            scores[known] = -self._distance(X[known])
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

    def _learn(self, X: NDArray, y: NDArray | None) -> NDArray[np.float64]:
        codes = np.zeros(len(X), int) if y is None else np.unique(y, return_inverse=True)[1]
        self.means_ = np.stack([X[codes == k].mean(axis=0) for k in range(codes.max() + 1)])
        self.precision_ = LedoitWolf(assume_centered=True).fit(X - self.means_[codes]).precision_
        return self._distance(X)

    def _distance(self, X: NDArray) -> NDArray[np.float64]:
        apart = X[:, None] - self.means_
        return np.einsum("ijk,kl,ijl->ij", apart, self.precision_, apart).min(axis=1)

"""Training objects weighted by how often the target holds objects like them."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.utils._param_validation import HasMethods, Interval

from skastro.adaptation._base import AdaptedClassifier, fit_weighted, join_target


def density_ratios(
    proba: ArrayLike, n_train: int, n_target: int, *, largest: float = 10.0, power: float = 1.0
) -> NDArray[np.float64]:
    r"""Return weights of training objects from the probability that each is of the target.

    .. math:: w \propto \min\Big( \frac{p}{1 - p} \frac{n_{train}}{n_{target}}, w_{max} \Big)^a

    Parameters
    ----------
    proba : array-like of shape (n_train,)
        Out-of-fold probability, by a classifier of the two data sets, that an object is of the
        target.

    n_train, n_target : int
        Numbers of objects of the two data sets.

    largest : float, default=10
        Largest ratio: where the two hardly overlap, few objects would decide everything.

    power : float, default=1
        a; below 1 the weights are flattened.

    Returns
    -------
    weights : ndarray of shape (n_train,)
        Of mean 1.

    References
    ----------
    .. [1] S. Bickel, M. Brueckner, T. Scheffer, JMLR 10, 2137 (2009).

    Examples
    --------
    >>> from skastro.adaptation import density_ratios
    >>> density_ratios([0.5, 0.75], 100, 100).tolist()
    [0.5, 1.5]
    """
    # A certain prediction would divide by zero.
    share = np.clip(np.asarray(proba, float), 1e-6, 1 - 1e-6)
    ratios = np.minimum(share / (1 - share) * n_train / n_target, largest) ** power
    return ratios / ratios.mean()


class ImportanceWeightedClassifier(AdaptedClassifier):
    """Train with weights that make the training set resemble the target.

    A classifier that separates the two data sets estimates how much more frequent objects like each
    one are in the target.  This corrects a biased selection, such as a spectroscopic sample of
    bright objects, as far as the training set holds some objects of every kind.

    Parameters
    ----------
    estimator : classifier
        Classifier, or Pipeline that ends in one, with `predict_proba` and `sample_weight`.

    domain_classifier : classifier, default=None
        Tells the two data sets apart; gradient boosting of the columns by default, so that light
        curves require a Pipeline with :class:`skastro.feature_extraction.LightCurveStatistics`.

    largest : float, default=10
        Largest ratio of densities.

    power : float, default=1
        Power of the ratios; 0 gives equal weights.

    cv : int, default=3
        Folds of the out-of-fold probabilities.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.

    classes_ : ndarray of shape (n_classes,)
        Class labels.

    sample_weight_ : ndarray of shape (n_objects,)
        Weights of the training objects, of mean 1.

    n_effective_ : float
        Effective number of training objects, ``sum(w) ** 2 / sum(w ** 2)``.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of str
        Names of the columns of `X`, if it has some.

    See Also
    --------
    PriorShiftClassifier : Only the frequencies of the classes differ.
    TargetTrainedClassifier : Objects that the training set lacks.

    References
    ----------
    .. [1] H. Shimodaira, J. Stat. Plan. Inference 90, 227 (2000).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.adaptation import ImportanceWeightedClassifier
    >>> rng = np.random.default_rng(0)
    >>> X, X_target = rng.normal(size=(400, 2)), rng.normal(1.0, 1.0, size=(300, 2))
    >>> y = np.where(X[:, 0] > 0.5, "Ia", "II")
    >>> model = ImportanceWeightedClassifier(LogisticRegression()).fit(X, y, X_target)
    >>> bool(model.sample_weight_[X[:, 0] > 1].mean() > 1)
    True
    """

    _parameter_constraints = {
        **AdaptedClassifier._parameter_constraints,
        "domain_classifier": [HasMethods(["fit", "predict_proba"]), None],
        "largest": [Interval(Real, 0, None, closed="neither")],
        "power": [Interval(Real, 0, 1, closed="both")],
        "cv": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        domain_classifier: Any = None,
        largest: float = 10.0,
        power: float = 1.0,
        cv: int = 3,
    ):
        super().__init__(estimator)
        self.domain_classifier = domain_classifier
        self.largest = largest
        self.power = power
        self.cv = cv

    def _fit_adapted(self, X, y, X_target):
        self.sample_weight_ = np.ones(len(y))
        if X_target is not None:
            self.sample_weight_ = self._weights(X, X_target)
        total = self.sample_weight_.sum()
        self.n_effective_ = float(total**2 / (self.sample_weight_**2).sum())
        name = type(self).__name__
        self.estimator_ = fit_weighted(clone(self.estimator), X, y, self.sample_weight_, name)
        self.classes_ = self.estimator_.classes_

    def _weights(self, X, X_target):
        n_train, n_target = len(X), len(X_target)
        domain = np.repeat([0, 1], [n_train, n_target])
        model = self.domain_classifier
        if model is None:
            model = HistGradientBoostingClassifier(max_iter=50, random_state=0)
        folds = StratifiedKFold(self.cv, shuffle=True, random_state=0)
        both = join_target(X, X_target)
        proba = cross_val_predict(model, both, domain, cv=folds, method="predict_proba")
        proba = proba[:n_train, 1]
        options = {"largest": self.largest, "power": self.power}
        return density_ratios(proba, n_train, n_target, **options)

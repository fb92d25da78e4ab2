"""Real or bogus from stamps, after Takahashi et al. 2022 (PASJ 74, 946).

One stage trains the simple network; two stages find wrong labels by cross-validation of the simple
network and train the complex one on what is left, with the suspects as objects without label.
"""

from functools import partial

import numpy as np
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    _fit_context,
    clone,
)
from sklearn.utils import check_random_state, get_tags
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.base import most_probable
from skastro.label_errors import LabelErrorFinder
from skastro.neural_network import StampCNNClassifier
from skastro.nn import ComplexStampNet, RealBogusLoss

_CHECKS = {"ensure_all_finite": "allow-nan"}
TOMOE_PAPER = {
    "optimizer": "SGD",
    "lr": 1e-3,
    "batch_size": 256,
    "max_epochs": 1000,
    "patience": 10,
    "schedule": "constant",
    "validation": 0.25,
    "augment": False,
}
"""Training parameters of the paper, for any of the networks."""


def make_real_bogus(
    architecture="simple", *, image_shape=(29, 29, 3), loss=None, width=1.0, **parameters
):
    """Make one network.

    Parameters
    ----------
    architecture : {"simple", "complex"}, default="simple"
        The network.

    image_shape : tuple of 3 ints, default=(29, 29, 3)
        (height, width, channels) of the rows.

    loss : dict, default=None
        Weights and options of :class:`skastro.nn.RealBogusLoss`; cross-entropy by default.  The
        paper has ``{"cross_entropy": 0.1, "auc": 1.0, "vat": 0.1}``.

    width : float, default=1.0
        Factor of the numbers of channels of the complex network.

    **parameters
        Others of :class:`skastro.neural_network.StampCNNClassifier`, such as `TOMOE_PAPER`.

    Returns
    -------
    classifier : StampCNNClassifier

    Examples
    --------
    >>> from skastro.datasets import make_stamps
    >>> from skastro.recipes import make_real_bogus
    >>> X, y, _ = make_stamps(200, random_state=0)
    >>> make_real_bogus(max_epochs=8, random_state=0).fit(X, y).predict_proba(X[:2]).shape
    (2, 2)
    """
    if architecture == "complex":
        architecture = partial(ComplexStampNet, width=width)
    return StampCNNClassifier(
        architecture=architecture,
        image_shape=image_shape,
        criterion=None if loss is None else RealBogusLoss(**loss),
        **parameters,
    )


def make_two_stage_real_bogus(
    *,
    image_shape=(29, 29, 3),
    method="noise_rate",
    action="unlabel",
    cv=5,
    n_repeats=1,
    cache_dir=None,
    first=None,
    second=None,
    random_state=None,
):
    """Make the two stages: find wrong labels, then train on the rest.

    Parameters
    ----------
    image_shape : tuple of 3 ints, default=(29, 29, 3)
        (height, width, channels) of the rows.

    method, action, cv, n_repeats, cache_dir
        Of :class:`skastro.label_errors.LabelErrorFinder`.  The paper has the methods
        "disagreement" or "threshold".

    first, second : dict, default=None
        Parameters of :func:`make_real_bogus` of the two networks; by default the simple one with
        cross-entropy and the complex one with cross-entropy and a virtual-adversarial loss,
        which the suspects share (benchmarks/science/realbogus.md).

    random_state : int, RandomState instance or None, default=None
        Source of randomness of folds and networks.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Steps labelerrorfinder and stampcnnclassifier.

    Examples
    --------
    >>> from skastro.recipes import make_two_stage_real_bogus
    >>> [name for name, _ in make_two_stage_real_bogus().steps]
    ['labelerrorfinder', 'stampcnnclassifier']
    """
    rest = {"cross_entropy": 1.0, "vat": 1.0, "epsilon": 1.0}
    shared = {"image_shape": image_shape, "random_state": random_state}
    first = make_real_bogus(**shared | (first or {}))
    second = make_real_bogus(**shared | {"architecture": "complex", "loss": rest} | (second or {}))
    finder = LabelErrorFinder(
        first,
        cv=cv,
        n_repeats=n_repeats,
        method=method,
        action=action,
        cache_dir=cache_dir,
        random_state=random_state,
    )
    return make_sampling_pipeline(finder, second)


class DetectorClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """One classifier for every detector, one for all, or one for a mixture of their number.

    The last column of `X` is the number of the detector, which the classifiers do not see.

    Parameters
    ----------
    estimator : classifier
        Any with `predict_proba`.

    scheme : {"each", "mix", "all"}, default="all"
        "each" trains one copy a detector and answers each object by that of its own; "mix" trains
        one copy on as many objects of all detectors as one has on average, which tells what
        more data are worth from what other detectors are worth; "all" trains one on everything.

    random_state : int, RandomState instance or None, default=None
        Draws the mixture.

    Attributes
    ----------
    estimators_ : dict
        Fitted copies by detector; the key None is that of the one for all.

    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.

    n_features_in_ : int
        Number of columns of `X`, the detector included.

    References
    ----------
    .. [1] I. Takahashi et al., PASJ 74, 946 (2022), section 5: Simple-each, -mix and -all.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.recipes import DetectorClassifier
    >>> X = np.array([[0.0, 1], [1.0, 1], [0.0, 2], [1.0, 2]])
    >>> model = DetectorClassifier(LogisticRegression(), scheme="each").fit(X, [0, 1, 1, 0])
    >>> model.predict(X).tolist()
    [0, 1, 1, 0]
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "scheme": [StrOptions({"each", "mix", "all"})],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator, *, scheme="all", random_state=None):
        self.estimator = estimator
        self.scheme = scheme
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Train the classifiers.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            What the classifier reads, then the number of the detector.

        y : array-like of shape (n_objects,)
            Class labels.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            A detector is not known.
        """
        X, y = validate_data(self, X, y, ensure_min_features=2, **_CHECKS)
        check_classification_targets(y)
        X, detector = _split(X)
        self.classes_ = np.unique(y)
        if self.scheme == "each":
            parts = {number: np.flatnonzero(detector == number) for number in np.unique(detector)}
        elif self.scheme == "mix":
            n = max(1, len(y) // len(np.unique(detector)))
            parts = {None: check_random_state(self.random_state).permutation(len(y))[:n]}
        else:
            parts = {None: slice(None)}
        self.estimators_ = {
            number: clone(self.estimator).fit(X[rows], y[rows]) for number, rows in parts.items()
        }
        return self

    def predict_proba(self, X):
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            As in `fit`.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; 0 for classes that a detector never had in training.

        Raises
        ------
        ValueError
            A detector that was not in the training.
        """
        check_is_fitted(self)
        X, detector = _split(validate_data(self, X, reset=False, **_CHECKS))
        proba = np.zeros((len(X), len(self.classes_)))
        if None in self.estimators_:
            self._answer(proba, slice(None), self.estimators_[None], X)
            return proba
        strange = np.setdiff1d(detector, list(self.estimators_)).tolist()
        if strange:
            raise ValueError(f"DetectorClassifier was not trained on the detectors {strange}")
        for number, estimator in self.estimators_.items():
            rows = np.flatnonzero(detector == number)
            if len(rows):
                self._answer(proba, rows, estimator, X[rows])
        return proba

    def predict(self, X):
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            As in `fit`.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
        """
        proba = self.predict_proba(X)
        return most_probable(self.classes_, proba, type(self).__name__)

    def _answer(self, proba, rows, estimator, X):
        columns = np.searchsorted(self.classes_, estimator.classes_)
        part = proba[rows]
        part[:, columns] = estimator.predict_proba(X)
        proba[rows] = part

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = get_tags(self.estimator).input_tags.allow_nan
        return tags


def _split(X):
    """Return what the classifiers read and the detectors."""
    detector = X[:, -1]
    if not np.isfinite(detector).all():
        raise ValueError("DetectorClassifier: the last column, the detector, holds NaN or infinity")
    return X[:, :-1], detector

"""Sets of classes that contain the true one as often as promised."""

import warnings
from collections.abc import Mapping
from numbers import Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.frozen import FrozenEstimator
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skastro.base import ignore_unclassified, no_prediction
from skastro.calibration._base import CONSTRAINTS
from skastro.calibration._dates import check_days, fit_with_groups, object_names
from skastro.calibration._nodes import node_scores, node_threshold
from skastro.calibration._quantiles import set_quantiles, split_rows
from skastro.calibration._sets import SetPredictor
from skastro.exceptions import ObjectError, ObjectWarning, name_objects
from skastro.taxonomy import Taxonomy


class ConformalClassifier(SetPredictor):
    r"""Predict sets of classes by split conformal prediction.

    The set of an object holds the classes with :math:`1 - p_k \le q`.  With n calibration objects,
    which the classifier was not trained on, q is the
    :math:`\lceil (n + 1) c \rceil`-th smallest :math:`1 - p_{y}` [1]_.  Sets then contain the true
    class of new objects, drawn from the same population, with a probability of at least the
    coverage c, whatever the classifier.  With fewer than c / (1 - c) calibration objects the sets
    hold all classes.

    Parameters
    ----------
    estimator : classifier
        Any classifier with `predict_proba`, also a Pipeline.  A fitted one inside a
        :class:`sklearn.frozen.FrozenEstimator` is calibrated with all objects passed to `fit`,
        which must not be its training objects.

    coverage : float, default=0.9
        Probability that the set contains the true class.

    by_class : bool, default=False
        Whether the coverage holds within each class [2]_, with one q per class.  Nodes then
        cover each class at least that often: the strictest threshold of any class counts.

    days : array-like of shape (n_days,), default=None
        Dates, increasing, at which :meth:`predict_set_at` is calibrated, in days after the
        reference date.  The coverage is guaranteed at these dates; q is interpolated between them.

    taxonomy : Taxonomy or nested mapping, default=None
        Tree of the classes, for :meth:`predict_node`.

    calibration_size : float, default=0.3
        Fraction of the objects kept from training for the calibration.

    reference_column : str, default="trigger_time"
        Column with the reference date of each object, where light curves are cut.

    column : str, default="lightcurve"
        Nested column with the light curves, where they are cut.

    random_state : int, RandomState instance or None, default=None
        Source of randomness of the calibration part.

    Attributes
    ----------
    estimator_ : classifier
        Fitted.

    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.

    quantiles_ : ndarray of shape (n_classes,)
        q of each class; all equal unless `by_class`.

    quantiles_at_ : DataFrame of shape (n_days, n_classes)
        The same at the `days`; only with them.

    node_threshold_ : float
        Nodes with a higher probability are predicted; only with a taxonomy.

    node_thresholds_at_ : DataFrame of shape (n_days, 1)
        The same at the `days`; only with both.

    n_calibration_ : Series of shape (n_classes,)
        Number of calibration objects of each class.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    mapie.classification.SplitConformalClassifier : Other scores, for dense X.

    References
    ----------
    .. [1] M. Sadinle, J. Lei, L. Wasserman, JASA 114, 223 (2019), arXiv:1609.00451.
    .. [2] V. Vovk, "Conditional validity of inductive conformal predictors", ACML 2012,
       arXiv:1209.2673.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.calibration import ConformalClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["II", "Ia"], 100)
    >>> X = rng.normal(size=(200, 1)) + 2 * (y == "Ia")[:, None]
    >>> model = ConformalClassifier(GaussianNB(), coverage=0.95, random_state=0).fit(X, y)
    >>> model.classes_.tolist()
    ['II', 'Ia']
    >>> model.predict_set([[-2.0], [1.0]]).tolist()
    [[True, False], [True, True]]
    """

    _parameter_constraints = {
        **CONSTRAINTS,
        "coverage": [Interval(Real, 0, 1, closed="neither")],
        "by_class": ["boolean"],
        "days": ["array-like", None],
        "calibration_size": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        coverage: float = 0.9,
        by_class: bool = False,
        days: ArrayLike | None = None,
        taxonomy: Taxonomy | Mapping | None = None,
        calibration_size: float = 0.3,
        reference_column: str = "trigger_time",
        column: str = "lightcurve",
        random_state: int | np.random.RandomState | None = None,
    ):
        self.estimator = estimator
        self.coverage = coverage
        self.by_class = by_class
        self.days = days
        self.taxonomy = taxonomy
        self.calibration_size = calibration_size
        self.reference_column = reference_column
        self.column = column
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Train the classifier on one part of the objects and calibrate it on the other.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        y : array-like of shape (n_objects,)
            Class labels.

        groups : array-like of shape (n_objects,), default=None
            Objects of one group stay in one part; passed to a `fit` that accepts them.

        Returns
        -------
        self : object

        Raises
        ------
        ObjectError
            Objects without a label, or calibration objects of a class that the classifier has
            not learned.

        Warns
        -----
        ObjectWarning
            Objects without probabilities take no part in the calibration.
        """
        labels, groups = self._open(X, y, groups)
        (X,) = indexable(X)
        train, rest = self._parts(labels, groups)
        own = None if groups is None else groups[train]
        part = _safe_indexing(X, train)
        self.estimator_ = fit_with_groups(self.estimator, part, labels[train], own)
        self.classes_ = np.asarray(self.estimator_.classes_)
        self._calibrate(_safe_indexing(X, rest), labels[rest], object_names(X)[rest])
        return self

    def _parts(self, y: NDArray, groups: NDArray | None) -> tuple[NDArray, NDArray]:
        rows = np.arange(len(y))
        # It was trained on other objects, so that all of these calibrate.
        if isinstance(self.estimator, FrozenEstimator):
            return rows, rows
        return split_rows(y, groups, self.calibration_size, self.random_state)

    def _calibrate(self, X: Any, y: NDArray, names: NDArray) -> None:
        unknown = ~np.isin(y, self.classes_)
        if unknown.any():
            raise ObjectError(
                f"{type(self).__name__}: calibration objects of a class that the classifier has "
                f"not learned",
                names[unknown],
            )
        with ignore_unclassified():
            proba = np.asarray(self.estimator_.predict_proba(X), float)
            at = None if self.days is None else self._proba_at(self.estimator_, X, self._days())
        self._warn_of_left_out(no_prediction(proba), names)
        codes = np.searchsorted(self.classes_, y)
        self.n_calibration_ = pd.Series(
            np.bincount(codes[~no_prediction(proba)], minlength=len(self.classes_)), self.classes_
        )
        self.quantiles_, threshold = self._limits(proba, codes)
        if at is not None:
            self._calibrate_days(at, codes)
        if threshold is not None:
            self.node_threshold_ = threshold

    def _limits(self, proba: NDArray, codes: NDArray) -> tuple[NDArray[np.float64], float | None]:
        """Return the quantile of each class, and the threshold of nodes if there is a tree."""
        quantiles = set_quantiles(proba, codes, self.coverage, self.by_class)
        tree = self._tree()
        if tree is None:
            return quantiles, None
        scores = node_scores(tree, proba, self.classes_, self.classes_[codes])
        return quantiles, node_threshold(scores, codes, self.coverage, self.by_class)

    def _calibrate_days(self, at: NDArray, codes: NDArray) -> None:
        limits = [self._limits(at[:, i], codes) for i in range(at.shape[1])]
        index = pd.Index(self._days(), name="days")
        self.quantiles_at_ = pd.DataFrame([q for q, _ in limits], index, self.classes_)
        if self.taxonomy is not None:
            self.node_thresholds_at_ = pd.DataFrame({"threshold": [t for _, t in limits]}, index)

    def _warn_of_left_out(self, unused: NDArray[np.bool_], names: NDArray) -> None:
        if unused.any():
            warnings.warn(
                f"{type(self).__name__}: {unused.sum()} of {len(unused)} calibration objects have "
                f"no probabilities and take no part: {name_objects(names[unused])}",
                ObjectWarning,
                stacklevel=4,
            )

    def _days(self) -> NDArray[np.float64]:
        return check_days(self.days, type(self).__name__)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of the classifier.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        return np.asarray(self.estimator_.predict_proba(X))

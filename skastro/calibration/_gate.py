"""A classifier that leaves objects unlike its training unclassified."""

from numbers import Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context, clone
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.validation import check_is_fitted

from skastro.base import UNCLASSIFIED_OPTIONS, class_prior, fill_unclassified, ignore_unclassified
from skastro.calibration._base import CONSTRAINTS, DatedMetaClassifier
from skastro.calibration._dates import check_days, cut_at, fit_with_groups
from skastro.calibration._detectors import MahalanobisDetector
from skastro.calibration._quantiles import conformal_quantile, interpolate_quantiles, split_rows


class GatedClassifier(DatedMetaClassifier):
    """Leave objects unclassified that are unlike the training of a classifier.

    A detector scores the embedding that `transform` of the classifier returns, beside further
    features of the object.  Its threshold is a conformal quantile of the scores of held-out
    objects, so that new objects of the known classes are rejected with a probability of at most
    `max_rejected` [1]_, whatever the detector.  With fewer than 1 / `max_rejected` - 1 held-out
    objects none is rejected.

    Parameters
    ----------
    estimator : classifier
        Classifier with `predict_proba` and `transform`, such as a network or a Pipeline that ends
        in one.  A fitted one inside a :class:`sklearn.frozen.FrozenEstimator` is not trained
        again, and `fit` requires objects that it was not trained on.

    detector : outlier detector, default=None
        Estimator with `fit` and `score_samples` of rows of numbers; :class:`MahalanobisDetector`
        by default.

    features : transformer, default=None
        From X to rows that the detector reads beside the embedding, such as
        :class:`skastro.feature_extraction.VariabilityStatistics`, which identify flat sources
        and artefacts.

    max_rejected : float, default=0.05
        Largest probability to reject an object of a known class.

    days : array-like of shape (n_days,), default=None
        Dates, increasing, at which :meth:`predict_proba_at` is gated, in days after the reference
        date.  The detector then learns from light curves cut at these dates, too, and has one
        threshold per date, interpolated between them.

    calibration_size : float, default=0.3
        Fraction of the objects that the threshold is learned from.

    unclassified : {"nan", "prior"}, default="nan"
        Prediction for rejected objects: NaN probabilities, the label "unclassified" and a warning;
        or the class priors of the training objects.

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

    detector_, features_ : estimators
        Fitted; `features_` is None without features.

    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.

    class_prior_ : ndarray of shape (n_classes,)
        Share of each class among the training objects.

    threshold_ : float
        Objects with a lower score are rejected.

    thresholds_at_ : DataFrame of shape (n_days, 1)
        The same at the `days`; only with them.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    skastro.recipes.make_gate : The recommended gate of a recipe.
    ConformalClassifier : Sets for objects of the known classes.

    References
    ----------
    .. [1] S. Bates et al. 2023, Ann. Statist. 51, 149 (arXiv:2104.08279).

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration import GatedClassifier
    >>> from skastro.neural_network import MultimodalClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["II", "Ia"], 100)
    >>> X = rng.normal(size=(200, 3)) + 4 * (y == "Ia")[:, None]
    >>> network = MultimodalClassifier(inputs={"x": (3,)}, max_epochs=10, random_state=0)
    >>> model = GatedClassifier(network, unclassified="prior", random_state=0).fit(X, y)
    >>> model.is_known([[0.0, 0.0, 0.0], [40.0, -40.0, 40.0]]).tolist()
    [True, False]
    """

    _parameter_constraints = {
        **CONSTRAINTS,
        "estimator": [HasMethods(["fit", "predict_proba", "transform"])],
        "detector": [HasMethods(["fit", "score_samples"]), None],
        "features": [HasMethods(["fit", "transform"]), None],
        "max_rejected": [Interval(Real, 0, 1, closed="neither")],
        "days": ["array-like", None],
        "calibration_size": [Interval(Real, 0, 1, closed="neither")],
        "unclassified": UNCLASSIFIED_OPTIONS,
    }
    del _parameter_constraints["taxonomy"]

    def __init__(
        self,
        estimator: Any,
        *,
        detector: Any = None,
        features: Any = None,
        max_rejected: float = 0.05,
        days: ArrayLike | None = None,
        calibration_size: float = 0.3,
        unclassified: str = "nan",
        reference_column: str = "trigger_time",
        column: str = "lightcurve",
        random_state: int | np.random.RandomState | None = None,
    ):
        self.estimator = estimator
        self.detector = detector
        self.features = features
        self.max_rejected = max_rejected
        self.days = days
        self.calibration_size = calibration_size
        self.unclassified = unclassified
        self.reference_column = reference_column
        self.column = column
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Train the classifier and the detector on one part, and learn the threshold on the other.

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
        """
        labels, groups = self._open(X, y, groups)
        (X,) = indexable(X)
        train, rest = split_rows(labels, groups, self.calibration_size, self.random_state)
        part, own = _safe_indexing(X, train), None if groups is None else groups[train]
        with ignore_unclassified():
            self.estimator_ = fit_with_groups(self.estimator, part, labels[train], own)
            self.classes_ = np.asarray(self.estimator_.classes_)
            self.class_prior_ = class_prior(labels[train], self.classes_)
            self.features_ = None if self.features is None else clone(self.features).fit(part)
            self._fit_detector(part, labels[train])
            self._fit_thresholds(_safe_indexing(X, rest))
        return self

    def _fit_detector(self, X: Any, y: NDArray) -> None:
        dates = [X, *(self._cut(X, day) for day in self._days())]
        rows, labels = np.vstack([self._rows(part) for part in dates]), np.tile(y, len(dates))
        used = ~np.isnan(rows).any(axis=1)
        detector = MahalanobisDetector() if self.detector is None else clone(self.detector)
        self.detector_ = detector.fit(rows[used], labels[used])

    def _fit_thresholds(self, X: Any) -> None:
        self.threshold_ = self._threshold(self.score_samples(X))
        if self.days is not None:
            index = pd.Index(self._days(), name="days")
            found = [self._threshold(scores) for scores in self.score_samples_at(X, index).T]
            self.thresholds_at_ = pd.DataFrame({"threshold": found}, index)

    def _threshold(self, scores: NDArray) -> float:
        return -conformal_quantile(-scores, 1 - self.max_rejected)

    def _days(self) -> NDArray[np.float64]:
        return np.array([]) if self.days is None else check_days(self.days, type(self).__name__)

    def _cut(self, X: Any, day: float) -> Any:
        return cut_at(X, day, self.reference_column, self.column)

    def _rows(self, X: Any) -> NDArray[np.float64]:
        parts = [np.asarray(self.estimator_.transform(X), float)]
        if self.features_ is not None:
            parts.append(np.asarray(self.features_.transform(X), float))
        return np.hstack(parts)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return the score of the detector; lower is more unlike the training.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        scores : ndarray of shape (n_objects,)
            NaN for objects that cannot be used.
        """
        check_is_fitted(self)
        with ignore_unclassified():
            rows = self._rows(X)
        used = ~np.isnan(rows).any(axis=1)
        scores = np.full(len(rows), np.nan)
        if used.any():
            scores[used] = self.detector_.score_samples(rows[used])
        return scores

    def score_samples_at(self, X: Any, days: ArrayLike) -> NDArray[np.float64]:
        """Return the score of the detector for light curves cut at some dates.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        days : array-like of shape (n_days,)
            Days after the reference date of each object.

        Returns
        -------
        scores : ndarray of shape (n_objects, n_days)
            NaN where there is no observation yet.
        """
        parts = [self.score_samples(self._cut(X, float(day))) for day in np.asarray(days)]
        return np.stack(parts, axis=1)

    def is_known(self, X: Any) -> NDArray[np.bool_]:
        """Return which objects are like the training.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        known : ndarray of bool of shape (n_objects,)
            False also for objects that cannot be used.
        """
        return self.score_samples(X) >= self.threshold_

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of the classifier for objects like the training.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; see `unclassified` for rejected objects.
        """
        known = self.is_known(X)
        with ignore_unclassified():
            proba = np.asarray(self.estimator_.predict_proba(X), float)
        return self._gated(proba, known, X)

    def predict_proba_at(self, X: Any, days: ArrayLike) -> NDArray[np.float64]:
        """Return the probabilities of the classifier at some dates, gated at each of them.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        days : array-like of shape (n_days,)
            Days after the reference date of each object.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_days, n_classes)
            In the order of `classes_`; see `unclassified` for rejected objects.

        Raises
        ------
        ValueError
            The gate was constructed without `days`.
        """
        check_is_fitted(self)
        if self.days is None:
            raise ValueError(f"{type(self).__name__}: predict_proba_at requires the parameter days")
        limits = interpolate_quantiles(days, self.thresholds_at_, largest=np.inf)[:, 0]
        with ignore_unclassified():
            proba = self._proba_at(self.estimator_, X, days)
        return self._gated(proba, self.score_samples_at(X, days) >= limits, None)

    def _gated(self, proba: NDArray, known: NDArray, X: Any) -> NDArray[np.float64]:
        name, proba = type(self).__name__, np.where(known[..., None], proba, np.nan)
        if proba.ndim > 2 and self.unclassified == "nan":  # noqa: PLR2004
            return proba
        return fill_unclassified(proba, self.class_prior_, self.unclassified, name, X)

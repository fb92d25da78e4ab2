"""Probabilities that are calibrated at every date."""

import warnings
from collections.abc import Mapping
from numbers import Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skastro.base import no_prediction
from skastro.calibration._base import CONSTRAINTS, DatedMetaClassifier
from skastro.calibration._biases import fit_biases, shift
from skastro.calibration._dates import (
    check_days,
    fit_with_groups,
    object_names,
    out_of_fold,
)
from skastro.calibration._matrix import fit_matrices, mix
from skastro.calibration._temperature import (
    Split,
    calibrate,
    day_scale,
    fit_temperatures,
    make_splits,
)
from skastro.exceptions import ObjectError, ObjectWarning, name_objects
from skastro.taxonomy import Taxonomy


class DateCalibratedClassifier(DatedMetaClassifier):
    r"""Calibrate the probabilities of a classifier of light curves at every date.

    At d days after the reference date the probabilities become

    .. math:: q_k(d) \propto p_k(d)^{1 / T(d)},

    where ln T is piecewise linear in sign(d) ln(1 + \|d\|) between the `days` and constant
    outside.  T(d) maximises the likelihood of the training objects by classifiers that were not
    trained on them [1]_, with a penalty on changes of its slope.  The most probable class stays the
    same without a taxonomy.  Complete light curves have a temperature of their own.

    With ``method="vector"`` each class also has a bias at each date,
    :math:`q_k(d) \propto p_k(d)^{1 / T(d)} e^{b_k(d)}`, for classifiers that favour some classes,
    such as one of complete light curves when it sees a few days: the most probable class may
    change.  With ``method="matrix"``, and some hundred objects of most classes, the logarithms of
    the probabilities after the temperature are also mixed,
    :math:`q(d) = \mathrm{softmax}(\ln p(d) + W(d) \ln p(d) + b(d))`, where W and b are smooth
    functions of d and their elements are pulled towards 0, those of W off the diagonal most [2]_.

    Parameters
    ----------
    estimator : classifier
        Classifier of light curves with `predict_proba`, also a Pipeline.  If it, or the last step
        of a Pipeline, has `predict_proba_at`, this method is calibrated; otherwise light curves
        are cut at each date and `predict_proba` is called.  A fitted classifier inside a
        :class:`sklearn.frozen.FrozenEstimator` is not trained again, and `fit` requires objects
        that it was not trained on.

    days : array-like of shape (n_days,), default=None
        Dates, increasing, at which the temperature is fitted, in days after the reference date;
        by default only complete data are calibrated, which need not be light curves.

    cv : int, splitter or iterable, default=5
        Number of shuffled folds, stratified by label, that keep groups together; or a splitter,
        or an iterable of pairs of rows.  Unused with a FrozenEstimator.

    method : {"temperature", "vector", "matrix"}, default="temperature"
        Temperatures alone, temperatures and biases of the classes, or a matrix beside them; the
        latter two without a taxonomy.

    smoothness : float, default=1.0
        Weight of the squared changes of slope of ln T, and of W and b of ``method="matrix"``; 0
        fits each date by itself, as ``method="vector"`` always does.

    taxonomy : Taxonomy or nested mapping, default=None
        With a taxonomy each inner node has a temperature for the probabilities of its children.

    reference_column : str, default="trigger_time"
        Column with the reference date of each object, where light curves are cut.

    column : str, default="lightcurve"
        Nested column with the light curves, where they are cut.

    random_state : int, RandomState instance or None, default=None
        Source of randomness of the folds; pass an integer for reproducible results.

    Attributes
    ----------
    estimator_ : classifier
        Fitted on all objects, or the frozen one.

    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.

    temperatures_ : DataFrame of shape (n_days, n_splits)
        Index ``days``; the one column is "all", or there is one per inner node.  Only with
        `days`, as is `n_calibration_`.

    full_temperatures_ : Series of shape (n_splits,)
        Temperatures of complete light curves.

    biases_ : DataFrame of shape (n_days, n_classes)
        Biases at the `days`; only with them and ``method="vector"``.

    full_biases_ : Series of shape (n_classes,)
        Biases of complete light curves; only with ``method="vector"``.

    matrices_ : ndarray of shape (n_days, n_classes, n_classes + 1)
        W at the `days`, and b in the last column; only with them and ``method="matrix"``.

    full_matrix_ : ndarray of shape (n_classes, n_classes + 1)
        The same of complete light curves; only with ``method="matrix"``.

    n_calibration_ : Series of shape (n_days,)
        Number of objects with a prediction at each date.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    sklearn.calibration.CalibratedClassifierCV : Other methods, where dates and groups play no role.
    skastro.metrics.expected_calibration_error : Measure of the calibration.

    References
    ----------
    .. [1] Guo et al. 2017, ICML (arXiv:1706.04599), section 4.2, for one temperature and for
       "vector scaling", here with one temperature for all classes.
    .. [2] Kull et al. 2019, NeurIPS (arXiv:1910.12656), whose penalty leaves the diagonal free and
       has no dates.

    Examples
    --------
    >>> from skastro.calibration import DateCalibratedClassifier
    >>> from skastro.neural_network import RecurrentClassifier
    >>> from skastro.testing import make_check_data
    >>> X, y = make_check_data(30)
    >>> network = RecurrentClassifier(max_epochs=1, random_state=0)
    >>> model = DateCalibratedClassifier(network, days=[2, 30], cv=2, random_state=0).fit(X, y)
    >>> model.predict_proba_at(X, days=[5, 10, 20]).shape
    (30, 3, 3)
    """

    _parameter_constraints = {
        **CONSTRAINTS,
        "days": ["array-like", None],
        "cv": ["cv_object"],
        "method": [StrOptions({"temperature", "vector", "matrix"})],
        "smoothness": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        days: ArrayLike | None = None,
        cv: Any = 5,
        method: str = "temperature",
        smoothness: float = 1.0,
        taxonomy: Taxonomy | Mapping | None = None,
        reference_column: str = "trigger_time",
        column: str = "lightcurve",
        random_state: int | np.random.RandomState | None = None,
    ):
        self.estimator = estimator
        self.days = days
        self.cv = cv
        self.method = method
        self.smoothness = smoothness
        self.taxonomy = taxonomy
        self.reference_column = reference_column
        self.column = column
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Train the classifier and find its temperatures.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        y : array-like of shape (n_objects,)
            Class labels; with a taxonomy also names of inner nodes, if the estimator takes them.

        groups : array-like of shape (n_objects,), default=None
            Objects of one group stay on one side of a split; passed to a `fit` that accepts them.

        Returns
        -------
        self : object

        Raises
        ------
        ObjectError
            Objects without a label, or of a class that a frozen classifier does not know.

        ValueError
            Days that do not increase, no object with a prediction, or biases with a taxonomy.

        Warns
        -----
        ObjectWarning
            Objects of a class that the classifier of their fold has not learned take no part.
        """
        name = type(self).__name__
        days = None if self.days is None else check_days(self.days, name)
        if self.method != "temperature" and self.taxonomy is not None:
            raise ValueError(
                f"{name}: method={self.method!r} has no biases of nodes; drop the taxonomy"
            )
        labels, groups = self._open(X, y, groups)
        self.estimator_ = fit_with_groups(self.estimator, X, labels, groups)
        self.classes_ = np.asarray(self.estimator_.classes_)
        splits = make_splits(labels, self.classes_, self._tree())
        self._check_known(splits, X)
        cv, seed = self.cv, self.random_state
        proba = out_of_fold(self.estimator, X, labels, groups, cv, self._dated, self.classes_, seed)
        self._warn_of_left_out(proba, X)
        self._fit_splits(splits, proba, days)
        return self

    def _dated(self, model: Any, X: Any) -> NDArray[np.float64]:
        """Return the probabilities at the days, then those of complete light curves."""
        full = np.asarray(model.predict_proba(X), float)[:, None]
        if self.days is None:
            return full
        return np.concatenate([self._proba_at(model, X, self.days), full], axis=1)

    def _check_known(self, splits: list[Split], X: Any) -> None:
        unknown = np.all([split.targets < 0 for split in splits], axis=0)
        if self.taxonomy is None and unknown.any():
            raise ObjectError(
                f"{type(self).__name__}: y holds classes that the frozen classifier does not know",
                object_names(X)[unknown],
            )

    def _warn_of_left_out(self, proba: NDArray, X: Any) -> None:
        name = type(self).__name__
        unused: Any = no_prediction(proba).all(axis=1)
        if unused.all():
            raise ValueError(f"{name}: no object has a prediction to calibrate with")
        if unused.any():
            warnings.warn(
                f"{name}: {unused.sum()} of {len(unused)} objects have no prediction by a "
                f"classifier that has learned their class from others, and take no part in the "
                f"calibration: {name_objects(object_names(X)[unused])}",
                ObjectWarning,
                stacklevel=4,
            )

    def _fit_splits(self, splits: list[Split], proba: NDArray, days: NDArray | None) -> None:
        at, full, names = proba[:, :-1], proba[:, -1:], self._split_names()
        once = [fit_temperatures(full, split, [0.0], 0.0)[0] for split in splits]
        self.full_temperatures_ = pd.Series(once, names)
        if days is not None:
            index = pd.Index(days, name="days")
            found = [fit_temperatures(at, split, days, self.smoothness) for split in splits]
            self.temperatures_ = pd.DataFrame(np.stack(found, axis=1), index, names)
            self.n_calibration_ = pd.Series((~no_prediction(at)).sum(axis=0), index)
        if self.method == "vector":
            self._fit_biases(splits[0], at, full)
        if self.method == "matrix":
            self._fit_matrices(splits[0], at, full)

    def _fit_biases(self, split: Split, at: NDArray, full: NDArray) -> None:
        """Fit temperatures and biases together; what was found without biases is replaced."""
        temperatures, biases = fit_biases(full, split)
        self.full_temperatures_[:] = temperatures
        self.full_biases_ = pd.Series(biases[0], self.classes_)
        if self.days is not None:
            temperatures, biases = fit_biases(at, split)
            self.temperatures_["all"] = temperatures
            self.biases_ = pd.DataFrame(biases, self.temperatures_.index, self.classes_)

    def _fit_matrices(self, split: Split, at: NDArray, full: NDArray) -> None:
        """Fit matrices to the probabilities after the temperatures."""
        once = calibrate(full, [split], self.full_temperatures_.tolist())
        self.full_matrix_ = fit_matrices(once, split.targets, [0.0], 0.0)[0]
        if self.days is not None:
            at = calibrate(at, [split], list(self.temperatures_.to_numpy().T))
            self.matrices_ = fit_matrices(at, split.targets, self.days, self.smoothness)

    def _splits(self) -> list[Split]:
        """Return the decisions; a model file holds the classes and the taxonomy alone."""
        return make_splits(self.classes_, self.classes_, self._tree())

    def _split_names(self) -> list:
        tree = self._tree()
        if tree is None:
            return ["all"]
        reached: Any = tree.is_on_path[tree.numbers(self.classes_)].any(axis=0)
        return [tree.nodes[i] for i, below in tree.groups.items() if reached[below].sum() > 1]

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the calibrated probability of every class from complete light curves.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; NaN where those of the classifier are.
        """
        check_is_fitted(self)
        proba = np.asarray(self.estimator_.predict_proba(X), float)
        proba = calibrate(proba, self._splits(), self.full_temperatures_.tolist())
        if self.method == "matrix":
            return mix(proba, self.full_matrix_)
        return proba if self.method == "temperature" else shift(proba, self.full_biases_)

    def predict_proba_at(self, X: Any, days: ArrayLike) -> NDArray[np.float64]:
        """Return the calibrated probability of every class at some dates.

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

        Raises
        ------
        ValueError
            The classifier was constructed without `days`.
        """
        check_is_fitted(self)
        if self.days is None:
            raise ValueError(f"{type(self).__name__}: predict_proba_at requires the parameter days")
        proba = self._proba_at(self.estimator_, X, days)
        logs = np.log(self.temperatures_.to_numpy())
        proba = calibrate(proba, self._splits(), list(np.exp(self._at(days, logs)).T))
        if self.method == "matrix":
            return mix(proba, self._at(days, self.matrices_))
        if self.method == "vector":
            return shift(proba, self._at(days, self.biases_.to_numpy()))
        return proba

    def _at(self, days: ArrayLike, values: NDArray) -> NDArray[np.float64]:
        """Return values that are given at the fitted days at other dates."""
        x, knots = day_scale(days), day_scale(self.temperatures_.index)
        columns = values.reshape(len(values), -1).T
        found = np.stack([np.interp(x, knots, column) for column in columns], axis=1)
        return found.reshape(len(x), *values.shape[1:])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

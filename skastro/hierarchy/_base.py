"""Base of the classifiers that are built from classifiers."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from nested_pandas import NestedDtype
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import Tags, _safe_indexing, get_tags, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import (
    _check_method_params,
    _check_sample_weight,
    _num_samples,
    check_consistent_length,
    check_is_fitted,
    has_fit_parameter,
    validate_data,
)

from skastro.base import most_probable
from skastro.utils.labels import check_labels


class Part(NamedTuple):
    """What one classifier of several is fitted on: rows, columns (None: all) and labels."""

    estimator: Any
    rows: NDArray[np.intp]
    columns: Any
    labels: NDArray


class Training(NamedTuple):
    """Checked training data: weights (or None) and the mask of the objects that are used."""

    X: Any
    y: NDArray
    weights: NDArray[np.float64] | None
    used: NDArray[np.bool_]


class PartsClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Fit classifiers on parts of the objects or columns of any `X`.

    A subclass has the parameters `estimator`, `unclassified` and `n_jobs` and a method
    ``_own_estimators()`` that returns the estimators of single parts by name.
    """

    _reads_ragged: bool

    def predict(self, X: ArrayLike) -> NDArray:
        """Return the most probable class.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
            Unclassified objects get the label ``"unclassified"``, or the most frequent class with
            ``unclassified="prior"``.

        Raises
        ------
        ObjectError
            An object is unclassified, and the classes are not strings.

        Warns
        -----
        UnclassifiedWarning
            Objects are unclassified, with ``unclassified="nan"``.
        """
        proba = self.predict_proba(X)
        return most_probable(self.classes_, proba, type(self).__name__)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to the estimators of all parts.

        Returns
        -------
        router : MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self).add(estimator=self.estimator, method_mapping=mapping)
        for name, estimator in self._own_estimators().items():
            router.add(**{f"estimator of {name}": estimator}, method_mapping=mapping)
        return router

    def _open(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> Training:
        """Check the training data."""
        name = type(self).__name__
        y = check_labels(y, name, X)
        X = self._read(X, reset=True)
        check_consistent_length(X, y)
        if sample_weight is None:
            return Training(X, y, None, np.ones(len(y), bool))
        weights = _check_sample_weight(sample_weight, np.empty(len(y)), ensure_non_negative=True)
        if not weights.any():
            raise ValueError(f"{name}: all objects have a sample_weight of zero")
        return Training(X, y, weights, weights > 0)

    def _read(self, X: Any, *, reset: bool) -> Any:
        name = type(self).__name__
        (X,) = indexable(X)
        if getattr(X, "ndim", 2) == 1:
            raise ValueError(f"{name}: X has one dimension instead of two.  Reshape your data")
        self._check_columns(getattr(X, "columns", None))
        try:
            n_objects = _num_samples(X)
            if reset or not self._reads_ragged:
                validate_data(self, X, reset=reset, skip_check_array=True)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name}: {error}") from None
        if reset:
            self._reads_ragged = _is_ragged(X)
        if n_objects == 0:
            raise ValueError(f"{name}: X holds 0 objects while a minimum of 1 is required")
        return X

    def _check_columns(self, columns: Any) -> None:
        if columns is None:
            return
        name = type(self).__name__
        if not columns.is_unique:
            repeated = columns[columns.duplicated()].unique().tolist()
            raise ValueError(f"{name}: X has more than one column of the names {repeated}")

    def _reopen(self, X: Any) -> Any:
        check_is_fitted(self)
        return self._read(X, reset=False)

    def _fit_parts(
        self,
        X: Any,
        parts: Mapping[Any, Part],
        sample_weight: NDArray | None,
        fit_params: Mapping[str, Any],
    ) -> dict:
        """Fit the classifiers of all parts and return them by name."""
        params = self._routed(parts, sample_weight, fit_params)
        fitted = Parallel(n_jobs=self.n_jobs)(
            delayed(fit_part)(X, part, params[name], f"{type(self).__name__}: part {name!r}")
            for name, part in parts.items()
        )
        return dict(zip(parts, fitted))

    def _routed(
        self,
        parts: Mapping[Any, Part],
        sample_weight: NDArray | None,
        fit_params: Mapping[str, Any],
    ) -> dict:
        """Return what each part gets in addition to X and y."""
        own = self._own_estimators()
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", sample_weight=sample_weight, **fit_params)
            return {
                name: routed.get(f"estimator of {name}" if name in own else "estimator").fit
                for name in parts
            }
        if sample_weight is not None:
            for name, part in parts.items():
                self._check_takes_weights(part.estimator, name)
            fit_params = {"sample_weight": sample_weight, **fit_params}
        return dict.fromkeys(parts, fit_params)

    def _check_takes_weights(self, estimator: Any, part: Any) -> None:
        if not has_fit_parameter(estimator, "sample_weight"):
            raise ValueError(
                f"{type(self).__name__}: {type(estimator).__name__}, the estimator of {part!r}, "
                f"takes no sample_weight; pass it under the name of a step, such as "
                f"logisticregression__sample_weight, or enable metadata routing"
            )

    def _check_has_probabilities(self, estimator: Any, part: Any) -> None:
        if not hasattr(estimator, "predict_proba"):
            raise ValueError(
                f"{type(self).__name__}: {type(estimator).__name__}, the estimator of {part!r}, "
                f"has no predict_proba; wrap it in CalibratedClassifierCV"
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.non_deterministic = inner.non_deterministic
        tags.classifier_tags.poor_score = inner.classifier_tags.poor_score
        return tags


def _is_ragged(X: Any) -> bool:
    """Return whether X has nested columns: the parts find the columns that they read by name."""
    return any(isinstance(dtype, NestedDtype) for dtype in getattr(X, "dtypes", ()))


def fit_part(X: Any, part: Part, params: Mapping[str, Any], text: str) -> Any:
    """Fit a clone on some rows and columns; an error gets a note that names the part."""
    # Indices would copy X, or read a whole memory map.
    everything = len(part.rows) == _num_samples(X)
    chosen = X if everything else _safe_indexing(X, part.rows)
    params = _check_method_params(X, params, part.rows)
    try:
        return clone(part.estimator).fit(take_columns(chosen, part.columns), part.labels, **params)
    except Exception as error:
        error.add_note(f"raised while fitting {text}")
        raise


def take_columns(X: Any, columns: Any) -> Any:
    """Return some columns of X; all of them where `columns` is None."""
    if columns is None:
        return X
    return _safe_indexing(np.asarray(X) if isinstance(X, list) else X, columns, axis=1)

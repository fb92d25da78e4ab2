"""What classifiers around a classifier at dates share: days, taxonomy, and labels."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.utils import Tags, check_consistent_length, get_tags
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skastro.base import most_probable
from skastro.calibration._dates import keep_columns, proba_at
from skastro.taxonomy import Taxonomy
from skastro.utils.labels import check_labels

CONSTRAINTS: dict[str, list] = {
    "estimator": [HasMethods(["fit", "predict_proba"])],
    "taxonomy": [Taxonomy, Mapping, None],
    "reference_column": [str],
    "column": [str],
    "random_state": ["random_state"],
}


def _wrapped_has(method: str) -> Any:
    def check(estimator: Any) -> bool:
        # Raises AttributeError itself, with the name of the classifier inside.
        getattr(getattr(estimator, "estimator_", estimator.estimator), method)
        return True

    return check


class DatedMetaClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Base of classifiers that call another one at dates.

    Examples
    --------
    >>> from skastro.calibration import ConformalClassifier
    >>> from skastro.calibration._base import DatedMetaClassifier
    >>> issubclass(ConformalClassifier, DatedMetaClassifier)
    True
    """

    estimator: Any
    taxonomy: Any
    reference_column: str
    column: str
    estimator_: Any
    classes_: NDArray

    def predict(self, X: Any) -> NDArray:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
            "unclassified" for objects without probabilities.
        """
        proba = self.predict_proba(X)
        return most_probable(self.classes_, proba, type(self).__name__)

    @available_if(_wrapped_has("score_samples"))
    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return how much each object is like the training, by the classifier inside.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        scores : ndarray of shape (n_objects,)
            Lower is more unlike the training.
        """
        check_is_fitted(self)
        return self.estimator_.score_samples(X)

    @available_if(_wrapped_has("is_known"))
    def is_known(self, X: Any) -> NDArray[np.bool_]:
        """Return which objects the gate inside lets through.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        known : ndarray of bool of shape (n_objects,)
        """
        check_is_fitted(self)
        return self.estimator_.is_known(X)

    def _open(
        self, X: Any, y: ArrayLike, groups: ArrayLike | None
    ) -> tuple[NDArray, NDArray | None]:
        """Check the arguments of `fit`, note the columns, and return labels and groups."""
        labels = check_labels(y, type(self).__name__, X)
        groups = None if groups is None else np.asarray(groups)
        check_consistent_length(X, labels, groups)
        keep_columns(self, X)
        return labels, groups

    def _tree(self) -> Taxonomy | None:
        if self.taxonomy is None or isinstance(self.taxonomy, Taxonomy):
            return self.taxonomy
        return Taxonomy(self.taxonomy)

    def _proba_at(self, model: Any, X: Any, days: ArrayLike) -> NDArray[np.float64]:
        columns = self.reference_column, self.column
        return proba_at(model, X, days, *columns, type(self).__name__)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags

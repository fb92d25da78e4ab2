"""Sets of classes and nodes of a taxonomy, predicted with the quantiles of a calibration."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from skastro.base import no_prediction
from skastro.calibration._base import DatedMetaClassifier
from skastro.calibration._dates import object_names
from skastro.calibration._nodes import covering_nodes
from skastro.calibration._quantiles import interpolate_quantiles

_NO_PROBABILITIES = "no probabilities"
_NO_CLASS = "no class is probable enough"


class SetPredictor(DatedMetaClassifier):
    """Predictions of a fitted conformal classifier, whose base it is.

    Examples
    --------
    >>> from skastro.calibration import ConformalClassifier
    >>> from skastro.calibration._sets import SetPredictor
    >>> issubclass(ConformalClassifier, SetPredictor)
    True
    """

    days: Any
    quantiles_: NDArray[np.float64]
    quantiles_at_: pd.DataFrame
    node_threshold_: float
    node_thresholds_at_: pd.DataFrame

    def predict_set(self, X: Any) -> NDArray[np.bool_]:
        """Return which classes are in the set of each object.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        sets : ndarray of bool of shape (n_objects, n_classes)
            In the order of `classes_`.  Without probabilities there is no set: the row is False.
            A row is also False if no class is probable enough; :meth:`set_table` tells them
            apart.
        """
        # As in the calibration: p >= 1 - q is rounded otherwise, and excludes the object at the
        # quantile.
        return 1 - self.predict_proba(X) <= self.quantiles_

    def predict_set_at(self, X: Any, days: ArrayLike) -> NDArray[np.bool_]:
        """Return which classes are in the set of each object at some dates.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        days : array-like of shape (n_days,)
            Days after the reference date of each object.

        Returns
        -------
        sets : ndarray of bool of shape (n_objects, n_days, n_classes)
            In the order of `classes_`; False where there is no observation yet.

        Raises
        ------
        ValueError
            The classifier was constructed without `days`.
        """
        self._require("days", "predict_set_at")
        limits = interpolate_quantiles(days, self.quantiles_at_)
        return 1 - self._proba_at(self.estimator_, X, days) <= limits

    def predict_node(self, X: Any) -> NDArray:
        r"""Return the smallest node of the taxonomy that covers the true class.

        From the root to the most probable leaf, it is the last node whose probability exceeds
        `node_threshold_`, the conformal quantile of the largest probability of a node on this path
        that the calibration object does not belong to.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        nodes : ndarray of shape (n_objects,)
            Names of nodes; the root for objects without probabilities.

        Raises
        ------
        ValueError
            The classifier was constructed without a taxonomy.
        """
        self._require("taxonomy", "predict_node")
        proba = self.predict_proba(X)
        return self._cover(proba, self.node_threshold_)

    def predict_node_at(self, X: Any, days: ArrayLike) -> NDArray:
        """Return the smallest node of the taxonomy that covers the true class at some dates.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        days : array-like of shape (n_days,)
            Days after the reference date of each object.

        Returns
        -------
        nodes : ndarray of shape (n_objects, n_days)
            Names of nodes; the root where there is no observation yet.

        Raises
        ------
        ValueError
            The classifier was constructed without `days` or without a taxonomy.
        """
        self._require("taxonomy", "predict_node_at")
        self._require("days", "predict_node_at")
        limits = interpolate_quantiles(days, self.node_thresholds_at_)[:, 0]
        proba = self._proba_at(self.estimator_, X, days)
        parts = [self._cover(proba[:, i], limit) for i, limit in enumerate(limits)]
        return np.stack(parts, axis=1)

    def _cover(self, proba: NDArray, threshold: float) -> NDArray:
        tree: Any = self._tree()
        return covering_nodes(tree, proba, self.classes_, threshold)

    def _require(self, parameter: str, method: str) -> None:
        check_is_fitted(self)
        if getattr(self, parameter) is None:
            raise ValueError(f"{type(self).__name__}: {method} requires the parameter {parameter}")

    def set_table(self, X: Any) -> pd.DataFrame:
        """Return sets, their sizes and the reasons of empty ones as a table.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        table : DataFrame of shape (n_objects, 3)
            The index of `X`, or row numbers; columns ``set`` (classes separated by "|"), ``size``
            and ``reason`` ("" for a set that is not empty); with a taxonomy also ``node``.
        """
        sets, unknown = self.predict_set(X), no_prediction(self.predict_proba(X))
        names = self.classes_.astype(str)
        texts = ["|".join(names[row]) for row in sets]
        size = sets.sum(axis=1)
        reason = np.where(unknown, _NO_PROBABILITIES, np.where(size == 0, _NO_CLASS, ""))
        table = pd.DataFrame({"set": texts, "size": size, "reason": reason}, object_names(X))
        return table if self.taxonomy is None else table.assign(node=self.predict_node(X))

"""A Pipeline in which metadata follow the resampled objects."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.utils import Bunch, _safe_indexing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _num_samples


def group_weights(groups: ArrayLike) -> NDArray[np.float64]:
    r"""Return weights with which objects of many rows do not dominate a training.

    Each row of a group of `n` rows weighs :math:`1 / \sqrt{n}`, divided by the mean of all.  Rows
    of one object are alike: they count more than one row, but less than as many objects.

    Parameters
    ----------
    groups : array-like of shape (n_rows,)
        Object of each row, such as the supernova of a spectrum; rows without a name (NaN, None or
        blank) count as separate objects.

    Returns
    -------
    weights : ndarray of shape (n_rows,)
        With a mean of one.

    Examples
    --------
    >>> from skastro.resampling import group_weights
    >>> group_weights(["SN1", "SN1", "SN1", "SN1", "SN2"]).round(2).tolist()
    [0.83, 0.83, 0.83, 0.83, 1.67]
    """
    names = pd.Series(np.asarray(groups))
    names = names.mask(names.astype(str).str.strip() == "")
    weights = names.map(names.value_counts()).fillna(1).to_numpy(float) ** -0.5
    return weights / weights.mean()


class ResamplingPipeline(Pipeline):
    """An imbalanced-learn Pipeline whose samplers resample the metadata too.

    ``imblearn.pipeline.Pipeline`` resamples `X` and `y` and passes `sample_weight`, `groups` and
    other metadata with one value per object unchanged to the later steps, for which they are then
    too long.  Here they are indexed by the ``sample_indices_`` of every sampler in front.

    Parameters
    ----------
    steps : list of (str, estimator)
        Names and estimators: transformers, samplers and a last estimator.

    transform_input : list of str, default=None
        Metadata that the transformers transform, see :class:`sklearn.pipeline.Pipeline`.

    memory : str or object with the joblib.Memory interface, default=None
        Cache of the fitted steps.

    verbose : bool, default=False
        Whether to print the time of each step.

    group_column : str, default=None
        Column of `X` with the object of each row, such as the supernova of a spectrum, for the
        :func:`group_weights` with which the last step is fitted.  Without effect if `X` lacks the
        column, weights of the last step are passed or metadata routing is enabled.

    Attributes
    ----------
    named_steps : Bunch
        Steps by name.

    classes_ : ndarray of shape (n_classes,)
        Classes of the last estimator.

    n_features_in_ : int
        Number of columns seen by the first step.

    Raises
    ------
    ValueError
        In `fit`: metadata for the steps after a sampler without ``sample_indices_``.

    See Also
    --------
    imblearn.pipeline.Pipeline : The same without metadata.

    Examples
    --------
    >>> import numpy as np
    >>> from imblearn.under_sampling import RandomUnderSampler
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.resampling import ResamplingPipeline, RowSampler
    >>> X, y = np.arange(6.0)[:, None], np.array(["II", "Ia", "Ia", "Ia", "II", "Ia"])
    >>> balance = RowSampler(RandomUnderSampler(random_state=0))
    >>> model = ResamplingPipeline([("balance", balance), ("classifier", LogisticRegression())])
    >>> model = model.fit(X, y, classifier__sample_weight=np.arange(1.0, 7.0))
    >>> model.predict(X).shape
    (6,)
    """

    def __init__(
        self,
        steps: list,
        *,
        transform_input: list[str] | None = None,
        memory: Any = None,
        verbose: bool = False,
        group_column: str | None = None,
    ):
        super().__init__(steps, transform_input=transform_input, memory=memory, verbose=verbose)
        self.group_column = group_column

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, **params: Any) -> Self:
        """Fit all steps one after the other.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Labels.

        **params : dict
            Metadata such as `sample_weight`: routed as requested if metadata routing is enabled,
            else with the name of a step in front, ``classifier__sample_weight``.

        Returns
        -------
        self : object
        """
        return self._counting(super().fit, X, y, self._with_weights(X, params))

    @available_if(Pipeline._can_fit_transform)
    def fit_transform(self, X: ArrayLike, y: ArrayLike | None = None, **params: Any) -> Any:
        """Fit all steps and transform with the last one.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Labels.

        **params : dict
            Metadata, see `fit`.

        Returns
        -------
        X_new : array-like of shape (n_resampled, n_columns_new)
        """
        return self._counting(super().fit_transform, X, y, self._with_weights(X, params))

    def _with_weights(self, X: Any, params: Mapping[str, Any]) -> Mapping[str, Any]:
        name = f"{self.steps[-1][0]}__sample_weight"
        known = self.group_column in getattr(X, "columns", ())
        if not known or name in params or get_config()["enable_metadata_routing"]:
            return params
        return {name: group_weights(X[self.group_column]), **params}

    def _counting(self, fit: Any, X: Any, y: Any, params: Mapping[str, Any]) -> Any:
        self._n_objects = _num_samples(X)
        try:
            return fit(X, y, **params)
        finally:
            del self._n_objects

    def _get_metadata_for_step(
        self, *, step_idx: int, step_params: Any, all_params: Mapping[str, Any]
    ) -> Any:
        params = super()._get_metadata_for_step(
            step_idx=step_idx, step_params=step_params, all_params=all_params
        )
        samplers = [item for item in self.steps[:step_idx] if hasattr(item[1], "fit_resample")]
        if not samplers or not any(params.values()):
            return params
        return Bunch(
            **{
                method: {key: self._follow(value, key, samplers) for key, value in values.items()}
                for method, values in params.items()
            }
        )

    def _follow(self, value: Any, key: str, samplers: list[tuple[str, Any]]) -> Any:
        if not hasattr(value, "__len__") or isinstance(value, str | Mapping):
            return value
        if _num_samples(value) != self._n_objects:
            return value
        return _safe_indexing(value, self._rows(key, samplers))

    def _rows(self, key: str, samplers: list[tuple[str, Any]]) -> NDArray[np.intp]:
        """Return the row of X of each object that the samplers return."""
        rows = np.arange(self._n_objects)
        for name, sampler in samplers:
            if not hasattr(sampler, "sample_indices_"):
                raise ValueError(
                    f"{type(self).__name__}: {key} cannot follow step {name!r}, because "
                    f"{type(sampler).__name__} has no sample_indices_"
                )
            rows = rows[sampler.sample_indices_]
        return rows

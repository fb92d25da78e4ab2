"""The score of a whole search on held-out objects."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from skastro.model_selection._checks import check_input, check_splits
from skastro.model_selection._search import OptunaSearchCV


def nested_cross_validate(
    search: OptunaSearchCV,
    X: Any,
    y: ArrayLike,
    *,
    cv: Any = None,
    scoring: Any = None,
    groups: ArrayLike | None = None,
    params: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Search in the training part of every outer fold, and score the result on its test part.

    The score of the best trial of a search is optimistic, because the trial was selected by that
    score; the score of nested cross-validation is not (Cawley & Talbot 2010).

    Parameters
    ----------
    search : OptunaSearchCV
        The search; its `cv` makes the inner folds.  With a storage each outer fold has its own
        study, ``<study_name>-fold<number>``, so that an interrupted call continues.

    X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
        Objects.

    y : array-like of shape (n_objects,)
        Labels.

    cv : int, splitter or iterable of (train, test), default=None
        Outer folds; 5 stratified folds by default.

    scoring : str, callable or dict, default=None
        Scores on the test parts; the `scoring` of the search by default.

    groups : array-like of shape (n_objects,), default=None
        Objects of one group stay together, in the outer and the inner folds.

    params : dict, default=None
        Metadata for `fit` of the search.

    Returns
    -------
    table : DataFrame
        Index ``fold``; columns ``test_<score>``, ``best_score`` (of the inner folds), ``fit_time``
        [s], ``estimator`` (the fitted search) and ``param_<name>`` of the best trial.

    Raises
    ------
    ObjectError
        Training and test parts share objects.

    References
    ----------
    Cawley & Talbot 2010, JMLR 11, 2079.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.model_selection import OptunaSearchCV, nested_cross_validate
    >>> space = {"C": [0.1, 1.0]}
    >>> search = OptunaSearchCV(LogisticRegression(max_iter=1000), space, n_trials=2, cv=3)
    >>> table = nested_cross_validate(search, *load_iris(return_X_y=True), cv=3)
    >>> bool(table["test_score"].mean() > 0.9)
    True
    """
    name = "nested_cross_validate"
    X, y = check_input(X, y, search.estimator, name)
    splitter = check_cv(cv, y, classifier=is_classifier(search.estimator))
    splits = list(splitter.split(X, y, groups))
    check_splits(splits, X, groups, name)
    metadata = dict(params or {}) | ({} if groups is None else {"groups": groups})
    rows = [
        _outer_fold(search, number, X, y, split, scoring, metadata)
        for number, split in enumerate(splits)
    ]
    return pd.DataFrame(rows).rename_axis("fold")


def _outer_fold(
    search: OptunaSearchCV,
    number: int,
    X: Any,
    y: Any,
    split: tuple,
    scoring: Any,
    metadata: Mapping[str, Any],
) -> dict[str, Any]:
    train, test = split
    fitted = clone(search)
    if search.storage is not None:
        # A study of its own, or a fold would continue the search of another.
        fitted.set_params(study_name=f"{search.study_name or 'skastro'}-fold{number}")
    start = time.perf_counter()
    fitted.fit(
        _safe_indexing(X, train),
        _safe_indexing(y, train),
        **_check_method_params(X, metadata, train),
    )
    row: dict[str, Any] = {"fit_time": time.perf_counter() - start}
    scorer = check_scoring(fitted.best_estimator_, search.scoring if scoring is None else scoring)
    scores = scorer(fitted.best_estimator_, _safe_indexing(X, test), _safe_indexing(y, test))
    scores = scores if isinstance(scores, Mapping) else {"score": scores}
    row |= {f"test_{key}": float(np.asarray(value)) for key, value in scores.items()}
    row |= {"best_score": fitted.best_score_, "estimator": fitted}
    return row | {f"param_{key}": value for key, value in fitted.best_params_.items()}

"""Checks that scikit-learn's tools work: output settings, names, pipelines, searches."""

from importlib.util import find_spec

import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from skastro.testing._outputs import (
    assert_close,
    assert_same,
    fit,
    outputs,
    prepare,
    quiet,
    require,
)
from skastro.utils.ragged import flatten, segment_reduce


def check_feature_names_out(estimator, data):
    """`get_feature_names_out` returns one unique string for each column of the output."""
    X, y = data()
    fitted = fit(estimator, X, y)
    output = outputs(fitted, X)["transform"]
    names = list(fitted.get_feature_names_out())
    require(len(names) == output.shape[1], f"{len(names)} names for {output.shape[1]} columns")
    require(len(set(names)) == len(names), "the names are not unique")
    require(all(isinstance(name, str) for name in names), "the names are not strings")
    if isinstance(output, pd.DataFrame):
        require(names == list(output.columns), f"names {names} are not {list(output.columns)}")


def check_set_output(estimator, data):
    """``set_output(transform="pandas")`` keeps index and values and names the columns."""
    X, y = data()
    default = outputs(fit(estimator, X, y), X)["transform"]
    with quiet():
        fitted = prepare(estimator).set_output(transform="pandas").fit(X, y)
        frame = fitted.transform(X)
    require(isinstance(frame, pd.DataFrame), f"set_output gives {type(frame)}")
    require(frame.index.equals(X.index), "set_output loses the index")
    names = list(fitted.get_feature_names_out())
    require(list(frame.columns) == names, f"set_output names the columns {list(frame.columns)}")
    same = frame if isinstance(default, pd.DataFrame) else frame.to_numpy()
    assert_same(same, default)


def check_polars_output(estimator, data):
    """``set_output(transform="polars")`` holds dense rows; nested output stays a frame like X."""
    X, y = data()
    default = outputs(fit(estimator, X, y), X)["transform"]
    if find_spec("polars") is None:
        return
    with quiet():
        fitted = prepare(estimator).set_output(transform="polars").fit(X, y)
        found = fitted.transform(X)
    if isinstance(default, pd.DataFrame):
        assert_same(found, default)
        return
    require(type(found).__module__.startswith("polars"), f"set_output gives {type(found)}")
    require(list(found.columns) == list(fitted.get_feature_names_out()), "the names are others")
    assert_same(found.to_numpy(), default)


def check_fit_transform(estimator, data):
    """`fit_transform` is `fit` and `transform`, alone and in a pipeline."""
    X, y = data()
    expected = outputs(fit(estimator, X, y), X)["transform"]
    with quiet():
        assert_same(prepare(estimator).fit_transform(X, y), expected)
        pipeline = make_pipeline(prepare(estimator), "passthrough")
        assert_same(pipeline.fit(X, y).transform(X), expected)


def check_grid_search(estimator, data):
    """Fit inside a grid search with two processes, and predict with the best model."""
    X, y = data()
    model = _model(estimator)
    grid = {} if is_classifier(estimator) else {"decisiontreeclassifier__max_depth": [1, 2]}
    with quiet():
        search = GridSearchCV(model, grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
        predicted = search.predict(X)
    require(set(predicted) <= set(y), "the search predicts labels that are not in y")
    require(len(predicted) == len(X), "the search loses objects")


def check_cross_validation(estimator, data):
    """Out-of-fold outputs are those of models fitted on the other folds, in the order of X."""
    X, y = data()
    half = np.arange(len(X)) % 2
    folds = [(np.flatnonzero(half != k), np.flatnonzero(half == k)) for k in (0, 1)]
    model = _model(estimator)
    with quiet():
        found = cross_val_predict(model, X, y, cv=folds, method="predict_proba")
        expected = np.empty_like(found)
        for train, test in folds:
            fitted = clone(model).fit(X.iloc[train], y[train])
            expected[test] = fitted.predict_proba(X.iloc[test])
    assert_close(found, expected, 1e-5, "out-of-fold probabilities")


def _model(estimator):
    if is_classifier(estimator):
        return prepare(estimator)
    tree = DecisionTreeClassifier(random_state=0)
    return make_pipeline(prepare(estimator), FunctionTransformer(_to_dense), tree)


def _to_dense(output):
    """Sum the numbers of nested fields, so that a tree can read any output."""
    if not isinstance(output, pd.DataFrame):
        return output
    columns = [output.select_dtypes("number").to_numpy(float)]
    for name in output.nested_columns:
        offsets, rows = flatten(output[name])
        numbers = [v for v in rows.values() if isinstance(v, np.ndarray) and v.dtype.kind in "biuf"]
        columns += [segment_reduce(offsets, v.astype(float), np.add)[:, None] for v in numbers]
    return np.hstack(columns)


TRANSFORMER_CHECKS = (
    check_feature_names_out,
    check_set_output,
    check_polars_output,
    check_fit_transform,
)
CHECKS = (check_grid_search, check_cross_validation)

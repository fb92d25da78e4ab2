"""Checks of the contract of every estimator: what fit, clone, pickle and parameters promise."""

import pickle

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import make_constraint

from skastro.testing._outputs import (
    assert_same_outputs,
    fit,
    methods,
    outputs,
    prepare,
    quiet,
    refusal,
    require,
)


def check_fit_returns_self(estimator, data):
    """`fit` returns the estimator."""
    X, y = data()
    estimator = prepare(estimator)
    with quiet():
        require(estimator.fit(X, y) is estimator, "fit does not return self")


def check_parameters_unchanged(estimator, data):
    """Neither `fit` nor a prediction changes a parameter or fits an estimator among them."""
    X, y = data()
    estimator = prepare(estimator)
    before = {k: joblib.hash(v) for k, v in estimator.get_params(deep=False).items()}
    with quiet():
        outputs(estimator.fit(X, y), X)
    for name, value in estimator.get_params(deep=False).items():
        require(joblib.hash(value) == before[name], f"parameter {name!r} has changed")


def check_attributes(estimator, data):
    """`fit` adds public attributes only with a trailing underscore, a prediction adds none."""
    X, y = data()
    estimator = prepare(estimator)
    before = set(vars(estimator))
    with quiet():
        estimator.fit(X, y)
    fitted = set(vars(estimator))
    odd = {a for a in fitted - before if not (a.startswith("_") or a.endswith("_"))}
    require(not odd, f"fit adds public attributes without trailing underscore: {sorted(odd)}")
    outputs(estimator, X)
    require(set(vars(estimator)) == fitted, "a prediction adds attributes")


def check_outputs_leave_no_state(estimator, data):
    """Require that outputs for other objects in between change no later output."""
    X, y = data()
    fitted = fit(estimator, X, y)
    expected = outputs(fitted, X)
    outputs(fitted, X.iloc[:2])
    assert_same_outputs(outputs(fitted, X), expected)


def check_n_features_and_names(estimator, data):
    """`n_features_in_` and `feature_names_in_` describe the columns of X."""
    X, y = data()
    fitted = fit(estimator, X, y)
    n_features = getattr(fitted, "n_features_in_", None)
    require(n_features == X.shape[1], f"n_features_in_ is {n_features}, not {X.shape[1]}")
    columns = list(getattr(fitted, "feature_names_in_", ()))
    require(columns == list(X.columns), f"feature_names_in_ is {columns}")


def check_parameter_validation(estimator, data):
    """Values of a type that `_parameter_constraints` does not allow are refused in `fit`."""
    X, y = data()
    constraints = getattr(estimator, "_parameter_constraints", {})
    for name in estimator.get_params(deep=False):
        allowed = constraints.get(name, "no_validation")
        if allowed == "no_validation" or _accepts_anything(allowed):
            continue
        bad = prepare(estimator).set_params(**{name: _Nothing()})
        refusal(lambda bad=bad: bad.fit(X, y), estimator, name)


class _Nothing:
    """No parameter is of this type."""


def _accepts_anything(allowed):
    return any(make_constraint(kind).is_satisfied_by(_Nothing()) for kind in allowed)


def check_unfitted(estimator, data):
    """Every method raises NotFittedError before `fit`."""
    X, _ = data()
    for method in methods(estimator):
        try:
            getattr(prepare(estimator), method)(X)
        except NotFittedError:
            continue
        raise AssertionError(f"{method} before fit does not raise NotFittedError")


def check_input_unchanged(estimator, data):
    """Neither `fit` nor a prediction writes into X or y."""
    X, y = data()
    before = pickle.dumps((X, y))
    outputs(fit(estimator, X, y), X)
    require(pickle.dumps((X, y)) == before, "X or y has changed")


def check_pickle(estimator, data):
    """Require the same outputs after pickling and loading."""
    X, y = data()
    fitted = fit(estimator, X, y)
    expected = outputs(fitted, X)
    assert_same_outputs(outputs(pickle.loads(pickle.dumps(fitted)), X), expected)


def check_fit_idempotent(estimator, data):
    """Require that a second `fit` forgets the first, on the same and on other objects."""
    X, y = data()
    fitted = fit(estimator, X, y)
    expected = outputs(fitted, X)
    other = np.arange(len(X)) < len(X) - 3
    with quiet():
        assert_same_outputs(outputs(fitted.fit(X, y), X), expected)
        fitted.fit(X[other], np.asarray(y)[other])
        assert_same_outputs(outputs(fitted.fit(X, y), X), expected)


def check_clone_and_set_params(estimator, data):
    """Require an unfitted clone, and the same outputs with the same parameters set by name."""
    X, y = data()
    fitted = fit(estimator, X, y)
    fresh = clone(fitted)
    left = set(vars(fresh)) & {a for a in vars(fitted) if a.endswith("_")}
    require(not left, f"a clone keeps the fitted attributes {sorted(left)}")
    other = prepare(estimator).set_params(**clone(fitted).get_params(deep=False))
    with quiet():
        assert_same_outputs(outputs(other.fit(X, y), X), outputs(fitted, X))


CHECKS = (
    check_fit_returns_self,
    check_parameters_unchanged,
    check_attributes,
    check_outputs_leave_no_state,
    check_n_features_and_names,
    check_parameter_validation,
    check_unfitted,
    check_input_unchanged,
    check_pickle,
    check_fit_idempotent,
    check_clone_and_set_params,
)

"""Checks of classifiers: labels and probabilities."""

import numpy as np
import pandas as pd

from skastro.testing._outputs import assert_close, fit, outputs, require


def check_classes(estimator, data):
    """`classes_` are the sorted labels, and predictions are among them, of their type."""
    X, y = data()
    fitted = fit(estimator, X, y)
    classes = np.asarray(fitted.classes_)
    require(classes.tolist() == sorted(set(y)), f"classes_ is {classes.tolist()}")
    predicted = outputs(fitted, X)["predict"]
    require(predicted.shape == (len(X),), f"predict gives the shape {predicted.shape}")
    require(set(predicted) <= set(classes), "predict gives labels that are not in classes_")


def check_probabilities(estimator, data):
    """Probabilities lie in [0, 1], have one column per class, sum to 1 and agree with `predict`."""
    X, y = data()
    fitted = fit(estimator, X, y)
    results = outputs(fitted, X)
    proba = results["predict_proba"]
    shape = (len(X), len(fitted.classes_))
    require(proba.shape == shape, f"probabilities have the shape {proba.shape}, not {shape}")
    require(((proba >= 0) & (proba <= 1)).all(), "probabilities lie outside [0, 1]")
    assert_close(proba.sum(axis=1, dtype=float), np.ones(len(X)), 1e-5, "sum of probabilities")
    largest = np.asarray(fitted.classes_)[proba.argmax(axis=1)]
    require((results["predict"] == largest).all(), "predict is not the most probable class")


def check_label_types(estimator, data):
    """Labels of any type in any container lead to the same model and keep their type."""
    X, y = data()
    expected = outputs(fit(estimator, X, y), X)["predict_proba"]
    codes = np.unique(y, return_inverse=True)[1]
    kinds = (
        codes,
        codes.astype(np.int8) * 10 - 5,
        y.astype(object),
        pd.Series(y, index=X.index),
        pd.Series(pd.Categorical(y), index=X.index),
        y.tolist(),
    )
    for labels in kinds:
        fitted = fit(estimator, X, labels)
        results = outputs(fitted, X)
        assert_close(results["predict_proba"], expected, 1e-5, "probabilities")
        require(set(results["predict"]) <= set(labels), f"{type(labels)}: other labels come back")


def check_two_classes(estimator, data):
    """Two classes, as strings or booleans, have two columns of probabilities."""
    X, y = data()
    for labels in (np.where(y == y[0], "yes", "no"), y == y[0]):
        fitted = fit(estimator, X, labels)
        classes = np.asarray(fitted.classes_).tolist()
        require(classes == sorted(set(labels)), f"classes_ is {classes}")
        proba = outputs(fitted, X)["predict_proba"]
        require(proba.shape == (len(X), 2), f"probabilities have the shape {proba.shape}")


CHECKS = (check_classes, check_probabilities, check_label_types, check_two_classes)

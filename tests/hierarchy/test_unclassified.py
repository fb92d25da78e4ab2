"""Objects for which a classifier returns NaN: named in one warning, or given the class priors."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from skastro.exceptions import ObjectError, UnclassifiedWarning
from skastro.hierarchy import (
    DetectorClassifier,
    HierarchicalClassifier,
    JointClassifier,
    ParallelBinaryClassifier,
)

TREE = {"Alert": {"SN": ["Ia", "II"], "AGN": None}}
NAMES = ["Ia"] * 30 + ["II"] * 20 + ["AGN"] * 10


class Unsure(LogisticRegression):
    """Logistic regression that returns NaN for objects with a negative first column."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(np.abs(X), y, sample_weight)

    def predict_proba(self, X):
        proba = super().predict_proba(np.abs(X))
        proba[np.asarray(X)[:, 0] < 0] = np.nan
        return proba


def data():
    """Return 60 objects of which the last two are unclassified."""
    rng = np.random.default_rng(0)
    centres = {"Ia": 2.0, "II": 5.0, "AGN": 8.0}
    X = np.column_stack([[centres[name] for name in NAMES] + rng.normal(size=60), np.ones(60)])
    X = np.abs(X)
    X[-2:, 0] *= -1
    return pd.DataFrame(X, index=[f"SN{i}" for i in range(60)]), np.array(NAMES)


MODELS = [
    HierarchicalClassifier(Unsure(), taxonomy=TREE),
    HierarchicalClassifier(Unsure()),
    JointClassifier(Unsure(), ambiguity=None),
    ParallelBinaryClassifier(Unsure(), ambiguity=0.01),
    DetectorClassifier(Unsure()),
]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)


@each_model
@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_one_warning_names_the_objects_and_the_option(model, method):
    X, y = data()
    model = clone(model).fit(X, y)
    with pytest.warns(UnclassifiedWarning) as caught:
        predicted = getattr(model, method)(X)
    assert len(caught) == 1
    text = str(caught[0].message)
    assert type(model).__name__ in text and "2 of 60 objects" in text
    assert "'SN58', 'SN59'" in text and "unclassified='prior'" in text
    assert caught[0].message.ids == ["SN58", "SN59"]
    if method == "predict":
        assert (predicted == "unclassified").nonzero()[0].tolist() == [58, 59]
    else:
        assert np.isnan(predicted[-2:]).all() and not np.isnan(predicted[:-2]).any()


@each_model
def test_class_priors_on_request(model):
    X, y = data()
    plain = clone(model).fit(X, y)
    with pytest.warns(UnclassifiedWarning):
        expected = plain.predict_proba(X)
    model = clone(model).set_params(unclassified="prior").fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        proba, labels = model.predict_proba(X), model.predict(X)
    np.testing.assert_array_equal(proba[:-2], expected[:-2])
    np.testing.assert_allclose(proba[-2:], [[1 / 6, 1 / 3, 1 / 2]] * 2)  # AGN, II, Ia
    np.testing.assert_allclose(model.class_prior_, [1 / 6, 1 / 3, 1 / 2])
    assert labels[-2:].tolist() == ["Ia", "Ia"]
    assert np.isfinite(model.score(X, y))


@each_model
def test_numbers_as_classes(model):
    X, y = data()
    codes = np.unique(y, return_inverse=True)[1]
    if getattr(model, "taxonomy", None) is not None:
        model = clone(model).set_params(classes=np.unique(y))
    model = clone(model).fit(X, codes)
    with (
        pytest.raises(ObjectError, match="unclassified='prior'"),
        pytest.warns(UnclassifiedWarning),
    ):
        model.predict(X)
    assert model.set_params(unclassified="prior").predict(X)[-2:].tolist() == [2, 2]


def test_priors_are_weighted():
    X, y = data()
    weights = np.where(y == "AGN", 6.0, 1.0)
    for model in MODELS[:4]:
        fitted = clone(model).fit(X, y, sample_weight=weights)
        np.testing.assert_allclose(fitted.class_prior_, [60 / 110, 20 / 110, 30 / 110])


class UnsureOfSupernovae(Unsure):
    """Returns NaN only at the node that separates Ia and II."""

    def predict_proba(self, X):
        at_node = set(self.classes_) == {"Ia", "II"}
        return super().predict_proba(X if at_node else np.abs(X))


def test_priors_of_a_single_node():
    X, y = data()
    model = HierarchicalClassifier(UnsureOfSupernovae(), taxonomy=TREE).fit(X, y)
    with pytest.warns(UnclassifiedWarning):
        nodes = model.predict_node_proba(X)
    assert not np.isnan(nodes[:, :3]).any() and np.isnan(nodes[-2:, 3:]).all()
    filled = model.set_params(unclassified="prior").predict_node_proba(X)
    np.testing.assert_array_equal(filled[:, :3], nodes[:, :3])
    np.testing.assert_allclose(filled[-2:, 3:], filled[-2:, [1]] * [[0.6, 0.4]])


def test_a_decision_table_never_calls_a_prior_ambiguous():
    X, y = data()
    model = JointClassifier(Unsure(), ambiguity=0.9, unclassified="prior").fit(X, y)
    table = model.decision_table(X)
    assert table["label"].iloc[-2:].tolist() == ["Ia", "Ia"]
    assert np.isnan(table["error_Ia"].iloc[-1]) and table["confidence"].iloc[-1] == 0.5


def test_unknown_options_are_refused():
    X, y = data()
    with pytest.raises(ValueError, match="'unclassified' parameter of HierarchicalClassifier"):
        HierarchicalClassifier(Unsure(), unclassified="zero").fit(X, y)

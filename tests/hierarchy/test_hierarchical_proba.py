"""Probabilities, labels and paths of HierarchicalClassifier."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skastro.exceptions import ObjectError
from skastro.feature_extraction import LightCurveStatistics
from skastro.hierarchy import HierarchicalClassifier
from skastro.taxonomy import Taxonomy
from skastro.testing import make_check_data, parametrize_with_checks

TREE = Taxonomy(
    {"Alert": {"SN": {"CC": ["II", "Ibc"], "Ia": None}, "Variable": ["AGN", "RRL"]}},
    synonyms={"SNIa-SALT3": "Ia"},
)
LEAVES = ["II", "Ibc", "Ia", "AGN", "RRL"]


def blobs(n=200, classes=LEAVES, seed=0):
    """Return objects around a random centre for each class."""
    rng = np.random.default_rng(seed)
    centres = dict(zip(LEAVES, np.random.default_rng(1).normal(size=(5, 3)) * 1.5))
    y = rng.choice(classes, n)
    return np.array([centres[label] for label in y]) + rng.normal(size=(n, 3)), y


class NaNFor(ClassifierMixin, BaseEstimator):
    """Return NaN for objects whose first number is beyond a limit."""

    def __init__(self, limit=100.0):
        self.limit = limit

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        proba = np.full((len(X), len(self.classes_)), 1 / len(self.classes_))
        proba[np.asarray(X)[:, 0] > self.limit] = np.nan
        return proba


def test_probabilities_are_products_of_independently_trained_classifiers():
    X, y = blobs()
    model = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X, y)
    is_sn, is_cc = np.isin(y, ["II", "Ibc", "Ia"]), np.isin(y, ["II", "Ibc"])
    root = GaussianNB().fit(X, is_sn).predict_proba(X)[:, 1]
    sn = GaussianNB().fit(X[is_sn], is_cc[is_sn]).predict_proba(X)[:, 1]
    cc = GaussianNB().fit(X[is_cc], y[is_cc] == "II").predict_proba(X)[:, 1]
    proba = dict(zip(model.taxonomy_.nodes, model.predict_node_proba(X).T))
    np.testing.assert_allclose(proba["SN"], root, atol=1e-12)
    np.testing.assert_allclose(proba["CC"], root * sn, atol=1e-12)
    np.testing.assert_allclose(proba["II"], root * sn * cc, atol=1e-12)
    np.testing.assert_allclose(proba["Ibc"], root * sn * (1 - cc), atol=1e-12)
    assert model.classes_.tolist() == sorted(LEAVES)
    np.testing.assert_array_equal(
        model.predict_proba(X), np.column_stack([proba[name] for name in sorted(LEAVES)])
    )


def test_children_sum_to_their_parent():
    X, y = blobs()
    model = HierarchicalClassifier(RandomForestClassifier(10, random_state=0), taxonomy=TREE)
    proba = model.fit(X, y).predict_node_proba(X)
    for parent, children in model.taxonomy_.groups.items():
        np.testing.assert_allclose(proba[:, children].sum(axis=1), proba[:, parent], atol=1e-12)
    assert (proba[:, 0] == 1).all()


def test_without_a_tree_it_is_the_classifier_itself():
    X, y = blobs()
    model = HierarchicalClassifier(LogisticRegression()).fit(X, y)
    flat = LogisticRegression().fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), flat.predict_proba(X))
    assert (model.predict(X) == flat.predict(X)).all()
    assert model.score(X, y) == flat.score(X, y)
    assert model.taxonomy_.nodes == ("root", *sorted(LEAVES))


def test_a_class_named_root_does_not_clash():
    X, _ = blobs()
    model = HierarchicalClassifier(GaussianNB()).fit(X, np.where(X[:, 0] > 0, "root", "leaf"))
    assert set(model.predict(X)) == {"root", "leaf"}


def test_labels_at_inner_nodes_train_the_nodes_above_and_no_other():
    X, y = blobs()
    coarse = y.copy().astype(object)
    coarse[::3] = np.where(np.isin(y[::3], ["II", "Ibc", "Ia"]), "SN", coarse[::3])
    model = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X, coarse)
    full = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X, y)
    at = model.taxonomy_.numbers(["SN", "Variable"])
    np.testing.assert_allclose(
        model.predict_node_proba(X)[:, at], full.predict_node_proba(X)[:, at]
    )
    fine = coarse != "SN"
    part = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X[fine], y[fine])
    np.testing.assert_allclose(
        model.estimators_["SN"].predict_proba(X), part.estimators_["SN"].predict_proba(X)
    )
    assert "SN" not in model.classes_
    assert model.estimators_["Alert"].class_count_.sum() == len(y)


def test_objects_labelled_as_the_root_train_nothing():
    X, y = blobs()
    unknown = np.arange(len(y)) % 4 == 0
    model = HierarchicalClassifier(GaussianNB(), taxonomy=TREE)
    some = clone(model).fit(X, np.where(unknown, "Alert", y))
    np.testing.assert_allclose(
        some.predict_proba(X), model.fit(X[~unknown], y[~unknown]).predict_proba(X)
    )
    assert some.score(X, np.where(unknown, "Alert", y)) == some.score(X[~unknown], y[~unknown])
    with pytest.raises(ValueError, match="no label below the root 'Alert'"):
        clone(model).fit(X, np.full(len(y), "Alert"))


def test_synonyms_are_their_nodes_and_warned_of():
    X, y = blobs()
    with pytest.warns(UserWarning, match="'SNIa-SALT3'; predictions are the names of the nodes"):
        model = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(
            X, np.where(y == "Ia", "SNIa-SALT3", y)
        )
    plain = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
    assert model.classes_.tolist() == sorted(LEAVES)
    assert model.score(X, np.where(y == "Ia", "SNIa-SALT3", y)) == plain.score(X, y)


def test_score_counts_a_leaf_below_a_coarse_label_as_right():
    X, y = blobs()
    model = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X, y)
    predicted = model.predict(X)
    sn = np.isin(y, ["II", "Ibc", "Ia"])
    right = np.where(sn, np.isin(predicted, ["II", "Ibc", "Ia"]), predicted == y)
    assert model.score(X, np.where(sn, "SN", y)) == pytest.approx(right.mean())
    assert model.score(X, y) == pytest.approx((predicted == y).mean())
    weights = np.arange(len(y))
    expected = np.average(predicted == y, weights=weights)
    assert model.score(X, y, sample_weight=weights) == pytest.approx(expected)


def test_nodes_without_training_objects_are_named_and_never_predicted():
    X, y = blobs(classes=["II", "Ia", "AGN"])
    with pytest.warns(UserWarning, match="no training object belongs to the nodes 'RRL', 'Ibc'"):
        model = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X, y)
    assert model.taxonomy_.nodes == ("Alert", "SN", "Variable", "CC", "Ia", "AGN", "II")
    assert model.classes_.tolist() == ["AGN", "II", "Ia"]
    assert sorted(model.estimators_) == ["Alert", "SN"]
    proba = dict(zip(model.taxonomy_.nodes, model.predict_node_proba(X).T))
    np.testing.assert_array_equal(proba["CC"], proba["II"])
    np.testing.assert_array_equal(proba["Variable"], proba["AGN"])
    assert set(model.predict(X)) <= {"II", "Ia", "AGN"}


@pytest.mark.filterwarnings("ignore:.*no training object")
def test_a_node_whose_objects_are_known_no_deeper_becomes_a_leaf():
    X, y = blobs()
    y = np.where(np.isin(y, ["AGN", "RRL"]), "Variable", y)
    model = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X, y)
    assert model.classes_.tolist() == ["II", "Ia", "Ibc", "Variable"]
    assert (model.predict(X) == y).mean() > 0.6
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


@pytest.mark.filterwarnings("ignore:.*no training object")
def test_one_class_alone_is_certain():
    X, _ = blobs(20)
    model = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X, ["II"] * 20)
    assert model.predict_proba(X).tolist() == [[1.0]] * 20
    assert set(model.predict(X)) == {"II"} == set(model.predict_path(X))
    assert model.estimators_ == {}


def test_paths_stop_at_the_deepest_confident_node():
    X, y = blobs()
    model = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X, y)
    proba = model.predict_node_proba(X)
    number = {name: i for i, name in enumerate(model.taxonomy_.nodes)}
    for threshold in (0.0, 0.5, 0.8, 1.0):
        predicted = model.predict_path(X, threshold=threshold)
        here = proba[np.arange(len(X)), [number[name] for name in predicted]]
        assert (here >= threshold).all()
        for name, row in zip(predicted, proba):
            deeper = [row[number[child]] for child in model.taxonomy_.children(name)]
            assert all(p < threshold for p in deeper)
    assert set(model.predict_path(X, threshold=0)) <= set(LEAVES)
    assert {"Alert", "SN"} & set(model.predict_path(X, threshold=0.95))
    with pytest.raises(ValueError, match="HierarchicalClassifier: threshold is 80"):
        model.predict_path(X, threshold=80)


def test_NaN_of_a_classifier_is_never_a_prediction():
    X, y = blobs()
    X[:5, 0] = 1e3
    model = HierarchicalClassifier(
        GaussianNB(), taxonomy=TREE, node_estimators={"SN": NaNFor()}
    ).fit(X, y)
    proba = dict(zip(model.taxonomy_.nodes, model.predict_node_proba(X).T))
    assert not np.isnan(proba["SN"]).any() and not np.isnan(proba["AGN"]).any()
    for name in ("Ia", "CC", "II", "Ibc"):
        assert np.isnan(proba[name][:5]).all() and not np.isnan(proba[name][5:]).any()
    assert (model.predict(X)[:5] == "unclassified").all()
    assert "unclassified" not in model.predict(X)[5:]
    assert set(model.predict_path(X, threshold=0)[:5]) <= {"SN", "AGN", "RRL"}
    assert model.score(X[:5], y[:5]) == 0.0


def test_NaN_for_one_child_is_NaN_for_its_siblings():
    class OneColumn(NaNFor):
        def predict_proba(self, X):
            proba = super().predict_proba(X)
            proba[:, 0] = np.where(np.isnan(proba[:, 0]), 0.2, proba[:, 0])
            return proba

    X, y = blobs()
    X[:5, 0] = 1e3
    model = HierarchicalClassifier(OneColumn(), taxonomy=TREE).fit(X, y)
    assert np.isnan(model.predict_node_proba(X)[:5, 1:]).all()
    assert (model.predict_path(X, threshold=0)[:5] == "unclassified").all()


def test_an_object_that_no_classifier_can_read_has_no_path():
    X, y = blobs()
    X[:5, 0] = 1e3
    model = HierarchicalClassifier(NaNFor(), taxonomy=TREE).fit(X, y)
    assert (model.predict_path(X)[:5] == "unclassified").all()
    assert np.isnan(model.predict_proba(X)[:5]).all()
    numbered = HierarchicalClassifier(NaNFor()).fit(X, np.unique(y, return_inverse=True)[1])
    with pytest.raises(ObjectError, match="HierarchicalClassifier: unclassified objects"):
        numbered.predict(X)


def test_the_same_from_arrays_frames_lists_and_sparse():
    from scipy import sparse

    X, y = blobs()
    model = HierarchicalClassifier(LogisticRegression(), taxonomy=TREE)
    expected = clone(model).fit(X, y).predict_proba(X)
    frame = pd.DataFrame(X, columns=list("abc"), index=np.arange(len(X))[::-1])
    for other in (frame, X.tolist(), sparse.coo_array(X), sparse.csc_matrix(X)):
        labels = pd.Series(y, frame.index) if other is frame else pd.Series(y)
        fitted = clone(model).fit(other, labels)
        np.testing.assert_allclose(fitted.predict_proba(other), expected, atol=1e-6)
    assert clone(model).fit(frame, y).feature_names_in_.tolist() == list("abc")


def test_parallel_training_and_pickles_give_the_same():
    X, y = blobs()
    model = HierarchicalClassifier(RandomForestClassifier(5, random_state=0), taxonomy=TREE)
    expected = model.fit(X, y).predict_proba(X)
    parallel = clone(model).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(parallel.predict_proba(X), expected)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), expected)
    assert joblib.hash(clone(model).taxonomy) == joblib.hash(TREE)


def test_a_mapping_is_a_tree_too():
    X, y = blobs()
    mapping = {"Alert": {"SN": {"CC": ["II", "Ibc"], "Ia": None}, "Variable": ["AGN", "RRL"]}}
    given = HierarchicalClassifier(GaussianNB(), taxonomy=mapping).fit(X, y)
    expected = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X, y)
    np.testing.assert_array_equal(given.predict_proba(X), expected.predict_proba(X))


def test_calibrated_nodes_mend_overconfident_ones():
    X, y = blobs(600)
    X = np.tile(X, 4)
    train, test = np.arange(600) < 400, np.arange(600) >= 400
    plain = HierarchicalClassifier(GaussianNB(), taxonomy=TREE).fit(X[train], y[train])
    nodes = CalibratedClassifierCV(GaussianNB(), cv=3)
    calibrated = HierarchicalClassifier(nodes, taxonomy=TREE).fit(X[train], y[train])
    losses = [log_loss(y[test], model.predict_proba(X[test])) for model in (plain, calibrated)]
    assert losses[1] < 0.8 * losses[0]
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)


RAGGED = make_pipeline(LightCurveStatistics(bands=list("gri")), RandomForestClassifier(5))


@parametrize_with_checks([HierarchicalClassifier(RAGGED)])
def test_light_curves(estimator, check):
    check(estimator)


def test_light_curves_in_a_tree():
    X, y = make_check_data()
    names = sorted(set(y))
    tree = Taxonomy({"Alert": {"A": names[:2], names[2]: None}})
    model = HierarchicalClassifier(RAGGED, taxonomy=tree).fit(X, y)
    assert model.predict_node_proba(X).shape == (len(X), 5)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)

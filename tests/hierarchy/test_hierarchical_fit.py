"""What the classifier of each node is trained on: weights, groups, balance, errors."""

import numpy as np
import pytest
import sklearn
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skastro.feature_extraction import LightCurveStatistics
from skastro.hierarchy import HierarchicalClassifier
from skastro.resampling import RowSampler
from skastro.taxonomy import Taxonomy
from skastro.testing import make_check_data

TREE = Taxonomy({"Alert": {"SN": ["Ia", "II", "Ibc"], "Variable": ["AGN", "RRL"]}})
pytestmark = pytest.mark.filterwarnings("ignore:.*no training object belongs")


def unbalanced(seed=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(["Ia", "II", "Ibc", "AGN", "RRL"], [60, 30, 10, 24, 6]))
    centre = {"Ia": (0, 0), "II": (0, 2), "Ibc": (2, 0), "AGN": (4, 0), "RRL": (4, 2)}
    return np.array([centre[label] for label in y]) + rng.normal(size=(len(y), 2)), y


class Recorder(ClassifierMixin, BaseEstimator):
    """Remember what `fit` was given."""

    def fit(self, X, y, sample_weight=None, groups=None):
        self.classes_ = np.unique(y)
        self.given_ = {"X": X, "y": y, "sample_weight": sample_weight, "groups": groups}
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def test_each_node_gets_its_objects_and_the_names_of_its_children():
    X, y = unbalanced()
    model = HierarchicalClassifier(Recorder(), taxonomy=TREE).fit(X, y)
    given = {node: fitted.given_ for node, fitted in model.estimators_.items()}
    in_sn = np.isin(y, ["Ia", "II", "Ibc"])
    np.testing.assert_array_equal(given["Alert"]["y"], np.where(in_sn, "SN", "Variable"))
    np.testing.assert_array_equal(given["SN"]["y"], y[in_sn])
    np.testing.assert_array_equal(given["SN"]["X"], X[in_sn])
    np.testing.assert_array_equal(given["Variable"]["X"], X[~in_sn])


def test_weights_and_groups_are_cut_to_the_objects_of_the_node():
    X, y = unbalanced()
    weights, groups = np.arange(len(y), dtype=float), np.arange(len(y)) // 3
    model = HierarchicalClassifier(Recorder(), taxonomy=TREE)
    model.fit(X, y, sample_weight=weights, groups=groups)
    rows = np.flatnonzero(np.isin(y, ["AGN", "RRL"]) & (weights > 0))
    given = model.estimators_["Variable"].given_
    np.testing.assert_array_equal(given["sample_weight"], weights[rows])
    np.testing.assert_array_equal(given["groups"], groups[rows])


def test_metadata_routing():
    X, y = unbalanced()
    weights, groups = np.arange(1.0, len(y) + 1), np.arange(len(y)) // 3
    with sklearn.config_context(enable_metadata_routing=True):
        scale = StandardScaler().set_fit_request(sample_weight=False)
        node = make_pipeline(scale, Recorder().set_fit_request(groups=True))
        own = Recorder().set_fit_request(sample_weight=True, groups=False)
        model = HierarchicalClassifier(node, taxonomy=TREE, node_estimators={"SN": own})
        node[-1].set_fit_request(sample_weight=False)
        model.fit(X, y, sample_weight=weights, groups=groups)
    rows = np.isin(y, ["Ia", "II", "Ibc"])
    given = model.estimators_["SN"].given_
    np.testing.assert_array_equal(given["sample_weight"], weights[rows])
    assert given["groups"] is None
    given = model.estimators_["Variable"][-1].given_
    np.testing.assert_array_equal(given["groups"], groups[~rows])
    assert given["sample_weight"] is None


def test_unrequested_metadata_is_refused():
    X, y = unbalanced()
    with sklearn.config_context(enable_metadata_routing=True):
        model = HierarchicalClassifier(LogisticRegression(), taxonomy=TREE)
        with pytest.raises(ValueError, match="sample_weight.*not explicitly set"):
            model.fit(X, y, sample_weight=np.ones(len(y)))


@pytest.mark.parametrize("estimator", [GaussianNB(), RandomForestClassifier(5, random_state=0)])
def test_weight_zero_is_absence(estimator):
    X, y = unbalanced()
    weights = np.where(y == "Ibc", 0.0, np.random.default_rng(0).integers(0, 3, len(y)))
    model = HierarchicalClassifier(estimator, taxonomy=TREE)
    weighted = model.fit(X, y, sample_weight=weights)
    proba, classes = weighted.predict_proba(X), weighted.classes_
    kept = weights > 0
    absent = model.fit(X[kept], y[kept], sample_weight=weights[kept])
    assert classes.tolist() == absent.classes_.tolist() == ["AGN", "II", "Ia", "RRL"]
    np.testing.assert_array_equal(proba, absent.predict_proba(X))
    with pytest.raises(ValueError, match="zero"):
        model.fit(X, y, sample_weight=np.zeros(len(y)))


def test_weights_are_repetitions():
    X, y = unbalanced()
    times = np.random.default_rng(1).integers(1, 4, len(y))
    model = HierarchicalClassifier(LogisticRegression(tol=1e-10, max_iter=1000), taxonomy=TREE)
    weighted = model.fit(X, y, sample_weight=times).predict_proba(X)
    repeated = model.fit(np.repeat(X, times, axis=0), np.repeat(y, times)).predict_proba(X)
    np.testing.assert_allclose(weighted, repeated, atol=1e-5)


def test_every_node_is_balanced_for_itself():
    X, y = unbalanced()
    under = make_imbalanced_pipeline(RandomUnderSampler(random_state=0), GaussianNB())
    rows = make_imbalanced_pipeline(RowSampler(RandomOverSampler(random_state=0)), GaussianNB())
    model = HierarchicalClassifier(under, taxonomy=TREE, node_estimators={"SN": rows}).fit(X, y)
    counts = {node: pipe[-1].class_count_.tolist() for node, pipe in model.estimators_.items()}
    assert counts == {"Alert": [30, 30], "SN": [60, 60, 60], "Variable": [6, 6]}


def test_light_curves_are_balanced_at_each_node():
    X, y = make_check_data(18)
    y = np.array(y, object)
    y[:3] = "Ia"
    counts = {label: int((y == label).sum()) for label in np.unique(y)}
    tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    node = make_imbalanced_pipeline(
        RowSampler(RandomUnderSampler(random_state=0)),
        LightCurveStatistics(bands=list("gri")),
        RandomForestClassifier(5, random_state=0),
    )
    model = HierarchicalClassifier(node, taxonomy=tree).fit(X, y)
    picked = {n: len(pipe[0].sample_indices_) for n, pipe in model.estimators_.items()}
    assert picked == {"Alert": 2 * counts["AGN"], "SN": 2 * counts["II"]}
    assert counts["II"] < counts["Ia"]
    assert model.predict_proba(X).shape == (18, 3)


def test_class_weight_of_the_children_by_name():
    X, y = unbalanced()
    weighted = {"SN": LogisticRegression(class_weight={"Ia": 1, "II": 1, "Ibc": 1000})}
    model = HierarchicalClassifier(LogisticRegression(), taxonomy=TREE).fit(X, y)
    plain = (model.estimators_["SN"].predict(X) == "Ibc").mean()
    model.set_params(node_estimators=weighted).fit(X, y)
    assert (model.estimators_["SN"].predict(X) == "Ibc").mean() > plain + 0.2


def test_a_class_that_a_sampler_took_away_has_probability_zero():
    X, y = unbalanced()

    class NoIbc(RandomUnderSampler):
        def _fit_resample(self, X, y):
            self.sample_indices_ = np.flatnonzero(y != "Ibc")
            return X[self.sample_indices_], y[self.sample_indices_]

    pipe = make_imbalanced_pipeline(NoIbc(), GaussianNB())
    model = HierarchicalClassifier(GaussianNB(), taxonomy=TREE, node_estimators={"SN": pipe}).fit(
        X, y
    )
    proba = model.predict_proba(X)
    assert (proba[:, model.classes_ == "Ibc"] == 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_errors_name_the_node():
    X, y = unbalanced()
    X[y == "Ibc"] = np.nan
    with pytest.raises(ValueError, match="part 'Alert'") as raised:
        HierarchicalClassifier(LogisticRegression(), taxonomy=TREE).fit(X, y)
    assert "HierarchicalClassifier" in raised.value.__notes__[0]


def test_classifiers_that_do_not_fit_are_refused_before_training():
    X, y = unbalanced()
    own = {"SN": LinearSVC()}
    with pytest.raises(ValueError, match="LinearSVC, the estimator of 'SN', has no predict_proba"):
        HierarchicalClassifier(GaussianNB(), taxonomy=TREE, node_estimators=own).fit(X, y)
    neighbours = {"Variable": KNeighborsClassifier(1)}
    model = HierarchicalClassifier(GaussianNB(), taxonomy=TREE, node_estimators=neighbours)
    with pytest.raises(ValueError, match="the estimator of 'Variable', takes no sample_weight"):
        model.fit(X, y, sample_weight=np.ones(len(y)))


def test_weights_of_one_step_of_a_pipeline():
    X, y = unbalanced()
    weights = np.random.default_rng(0).uniform(0.1, 3, len(y))
    pipe = make_pipeline(StandardScaler(with_mean=False, with_std=False), GaussianNB())
    model = HierarchicalClassifier(pipe, taxonomy=TREE)
    given = model.fit(X, y, gaussiannb__sample_weight=weights).predict_proba(X)
    plain = HierarchicalClassifier(GaussianNB(), taxonomy=TREE)
    np.testing.assert_allclose(given, plain.fit(X, y, sample_weight=weights).predict_proba(X))

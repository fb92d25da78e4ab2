"""Coverage of sets on exchangeable data: overall, by class, by date and on a taxonomy."""

import numpy as np
import pandas as pd
import pytest
from mapie.classification import SplitConformalClassifier
from nested_pandas import NestedFrame
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

from skastro.calibration import ConformalClassifier
from skastro.exceptions import ObjectError, ObjectWarning
from skastro.taxonomy import Taxonomy

CLASSES = np.array(["AGN", "II", "Ia"])
TREE = {"Alert": {"SN": ["Ia", "II"], "AGN": None}}
CENTRES = np.array([[3.0, 0.0], [0.0, 0.0], [0.0, 1.5]])


def draw(n_objects, seed):
    rng = np.random.default_rng(seed)
    codes = rng.choice(3, n_objects, p=[0.2, 0.5, 0.3])
    return CENTRES[codes] + rng.normal(size=(n_objects, 2)), CLASSES[codes]


def hits(sets, y):
    """Return whether the true class is in each set."""
    codes = np.searchsorted(CLASSES, y)
    return np.take_along_axis(sets, codes[:, None], axis=1)[:, 0]


@pytest.fixture(scope="module")
def frozen():
    return FrozenEstimator(GaussianNB(var_smoothing=0.3).fit(*draw(300, 1)))


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_coverage(frozen, coverage):
    model = ConformalClassifier(frozen, coverage=coverage).fit(*draw(4000, 2))
    X, y = draw(4000, 3)
    assert hits(model.predict_set(X), y).mean() == pytest.approx(coverage, abs=0.02)


def test_coverage_by_class(frozen):
    model = ConformalClassifier(frozen, by_class=True).fit(*draw(6000, 2))
    X, y = draw(6000, 3)
    inside = pd.Series(hits(model.predict_set(X), y)).groupby(y).mean()
    np.testing.assert_allclose(inside, 0.9, atol=0.025)
    assert model.n_calibration_.sum() == 6000


def test_sets_are_those_of_mapie(frozen):
    X, y = draw(500, 2)
    model = ConformalClassifier(frozen, coverage=0.85).fit(X, y)
    mapie = SplitConformalClassifier(frozen, confidence_level=0.85, conformity_score="lac")
    mapie.conformalize(X, y)
    new = draw(300, 4)[0]
    np.testing.assert_array_equal(model.predict_set(new), mapie.predict_set(new)[1][:, :, 0])


def test_nodes_cover_and_are_as_deep_as_they_can_be(frozen):
    tree = Taxonomy(TREE)
    model = ConformalClassifier(frozen, taxonomy=TREE).fit(*draw(6000, 2))
    X, y = draw(6000, 3)
    nodes = model.predict_node(X)
    covered = tree.is_on_path[tree.numbers(y), tree.numbers(nodes)]
    assert covered.mean() == pytest.approx(0.9, abs=0.02)
    assert set(nodes) == {"Alert", "AGN", "SN", "II", "Ia"}
    line = np.column_stack([np.full(141, -1.5), np.linspace(-3, 5, 141)])
    assert pd.unique(model.predict_node(line)).tolist() == ["II", "SN", "Ia"]


def test_without_enough_objects_every_class_is_in_the_set(frozen):
    model = ConformalClassifier(frozen, coverage=0.9).fit(*draw(8, 2))
    assert np.isinf(model.quantiles_).all()
    assert model.predict_set(draw(5, 3)[0]).all()


class SureLater(ClassifierMixin, BaseEstimator):
    """Return probabilities that sharpen with time; NaN before the date in column start."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba_at(self, X, days):
        logits = X[["a", "b", "c"]].to_numpy()[:, None] * np.asarray(days, float)[:, None]
        proba = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        late = X["start"].to_numpy()[:, None] <= days
        return np.where(late[..., None], proba, np.nan)

    def predict_proba(self, X):
        return self.predict_proba_at(X, [2.0])[:, 0]


def dated(n_objects, seed):
    rng = np.random.default_rng(seed)
    codes = rng.choice(3, n_objects)
    values = np.eye(3)[codes] * 1.5 + rng.normal(size=(n_objects, 3))
    X = NestedFrame(pd.DataFrame(values, columns=["a", "b", "c"]))
    return X.assign(start=np.where(np.arange(n_objects) % 10, 0.0, 1.5)), CLASSES[codes]


def test_coverage_by_date():
    model = ConformalClassifier(SureLater(), days=[0.5, 1.0, 2.0], random_state=0)
    with pytest.warns(ObjectWarning, match="no probabilities"):
        model.fit(dated(10, 0)[0].assign(start=9.0), dated(10, 0)[1])
    model.fit(*dated(12000, 1))
    X, y = dated(4000, 2)
    sets = model.predict_set_at(X, [0.5, 1.0, 2.0])
    seen = X["start"] <= 0.5
    for i in range(3):
        assert hits(sets[seen, i], y[seen]).mean() == pytest.approx(0.9, abs=0.02)
    assert not sets[~seen, :2].any()
    assert model.quantiles_at_.index.tolist() == [0.5, 1.0, 2.0]


def test_nodes_cover_at_each_date():
    tree, days = Taxonomy(TREE), [0.5, 1.0, 2.0]
    X, y = dated(8000, 1)
    X["start"] = 0.0
    model = ConformalClassifier(SureLater(), days=days, taxonomy=TREE, random_state=0).fit(X, y)
    X, y = dated(4000, 2)
    nodes = model.predict_node_at(X.assign(start=0.0), days)
    for column in nodes.T:
        covered = tree.is_on_path[tree.numbers(y), tree.numbers(column)]
        assert covered.mean() == pytest.approx(0.9, abs=0.02)
    assert (model.predict_node_at(X.assign(start=9.0), days) == "Alert").all()
    assert model.node_thresholds_at_.index.tolist() == days


def test_nodes_cover_every_class_with_by_class(frozen):
    tree = Taxonomy(TREE)
    model = ConformalClassifier(frozen, by_class=True, taxonomy=TREE).fit(*draw(6000, 2))
    X, y = draw(6000, 3)
    covered = tree.is_on_path[tree.numbers(y), tree.numbers(model.predict_node(X))]
    assert (pd.Series(covered).groupby(y).mean() > 0.88).all()


def test_objects_without_probabilities_have_no_set_but_a_reason():
    X, y = dated(200, 1)
    frozen = FrozenEstimator(SureLater().fit(X, y))
    model = ConformalClassifier(frozen, coverage=0.5, taxonomy=TREE).fit(X, y)
    X = X[:3].assign(start=[9.0, 0.0, 0.0])
    X.iloc[1, :3], X.iloc[2, :3] = [5.0, 0.0, 0.0], [1.0, 1.0, 1.0]
    table = model.set_table(X)
    assert not model.predict_set(X)[0].any()
    assert table["set"].tolist() == ["", "AGN", ""]
    assert table["size"].tolist() == [0, 1, 0]
    assert table["node"].tolist()[:2] == ["Alert", "AGN"]
    assert table["reason"].tolist() == ["no probabilities", "", "no class is probable enough"]


def test_groups_stay_in_one_part():
    X, y = dated(300, 1)
    seen = []

    class Watched(SureLater):
        def fit(self, X, y):
            seen.append(X.index)
            return super().fit(X, y)

    groups = np.arange(300) // 3
    ConformalClassifier(Watched(), random_state=0).fit(X, y, groups=groups)
    inside = X.index.isin(seen[0])
    assert 0.6 < inside.mean() < 0.75
    assert set(groups[inside]).isdisjoint(groups[~inside])


def test_what_is_missing_is_named(frozen):
    X, y = draw(50, 2)
    with pytest.raises(ObjectError, match="not learned"):
        ConformalClassifier(frozen).fit(X, np.where(y == "II", "KN", y))
    model = ConformalClassifier(frozen).fit(X, y)
    with pytest.raises(ValueError, match="requires the parameter days"):
        model.predict_set_at(X, [1.0])
    with pytest.raises(ValueError, match="requires the parameter taxonomy"):
        model.predict_node(X)

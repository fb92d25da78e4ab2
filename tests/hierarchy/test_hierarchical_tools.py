"""HierarchicalClassifier inside the tools of scikit-learn: right predictions or a clear error."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import LabelEncoder

from skastro.hierarchy import HierarchicalClassifier
from skastro.taxonomy import Taxonomy

TREE = Taxonomy({"Alert": {"SN": ["Ia", "II", "Ibc"], "Variable": ["AGN", "RRL"]}})
CENTRES = {"Ia": (0, 0), "II": (0, 6), "Ibc": (6, 0), "AGN": (20, 0), "RRL": (20, 6)}
CV = StratifiedKFold(4, shuffle=True, random_state=0)
pytestmark = pytest.mark.filterwarnings("ignore:.*no training object belongs")


def separated(classes=tuple(CENTRES), n_each=24):
    """Return objects far apart by class, in random order."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(classes, n_each))
    return np.array([CENTRES[label] for label in y]) + rng.normal(size=(len(y), 2)), y


def make(**options):
    return HierarchicalClassifier(GaussianNB(), taxonomy=TREE, **options)


ALL = tuple(CENTRES)
WITHOUT_MIDDLE = ("Ia", "II", "AGN", "RRL")
WITHOUT_LAST = ("Ia", "II", "Ibc", "AGN")
SUBSETS = pytest.mark.parametrize("classes", [ALL, WITHOUT_MIDDLE, WITHOUT_LAST])


@SUBSETS
def test_cross_val_score(classes):
    X, y = separated(classes)
    assert cross_val_score(make(), X, y, cv=CV, scoring="accuracy").min() > 0.9
    assert cross_val_score(make(), X, y, cv=CV, scoring="neg_log_loss").min() > -0.3
    assert cross_val_score(make(), X, y, cv=CV, scoring="roc_auc_ovr").min() > 0.98


@SUBSETS
def test_cross_val_predict_gives_the_columns_of_the_labels(classes):
    X, y = separated(classes)
    model = make(classes=np.unique(y))
    proba = cross_val_predict(model, X, y, cv=CV, method="predict_proba")
    assert proba.shape == (len(X), len(classes))
    assert (np.unique(y)[proba.argmax(axis=1)] == y).mean() > 0.9
    train, test = next(CV.split(X, y))
    by_hand = make().fit(X[train], y[train]).predict_proba(X[test])
    np.testing.assert_allclose(proba[test], by_hand)


@SUBSETS
def test_codes_without_their_names_are_refused(classes):
    X, y = separated(classes)
    codes = LabelEncoder().fit_transform(y)
    with pytest.raises(ValueError, match=r"may be encoded labels .* classes=np.unique\(y\)"):
        make().fit(X, codes)
    with pytest.raises(ValueError, match="HierarchicalClassifier"):
        cross_val_predict(make(), X, y, method="predict_proba")
    with pytest.raises(ValueError, match="HierarchicalClassifier"):
        VotingClassifier([("tree", make()), ("flat", GaussianNB())]).fit(X, y)


def test_names_of_more_labels_than_there_are_codes_are_refused():
    X, y = separated(WITHOUT_MIDDLE)
    codes = LabelEncoder().fit_transform(y)
    with pytest.raises(ValueError, match="labels in y run from 0 to 3 while classes has 5 labels"):
        make(classes=list(ALL)).fit(X, codes)
    with pytest.raises(ValueError, match="run from 0 to 3 while classes has 3 labels"):
        make(classes=["AGN", "II", "Ia"]).fit(X, codes)


def test_a_part_of_the_codes_keeps_all_columns():
    X, y = separated()
    encoder = LabelEncoder().fit(y)
    some = y != "Ia"
    model = make(classes=np.unique(y)).fit(X[some], encoder.transform(y[some]))
    named = make().fit(X[some], y[some])
    assert model.classes_.tolist() == [0, 1, 2, 3, 4]
    proba = model.predict_proba(X)
    assert (proba[:, encoder.transform(["Ia"])[0]] == 0).all()
    np.testing.assert_array_equal(
        proba[:, encoder.transform(named.classes_)], named.predict_proba(X)
    )
    assert (encoder.inverse_transform(model.predict(X)) == named.predict(X)).all()
    assert model.score(X[some], encoder.transform(y[some])) == named.score(X[some], y[some])
    assert set(model.predict_path(X)) <= set(TREE.nodes)


@pytest.mark.parametrize("voting", ["soft", "hard"])
@SUBSETS
def test_voting(voting, classes):
    X, y = separated(classes)
    members = [("tree", make(classes=np.unique(y))), ("flat", LogisticRegression())]
    vote = VotingClassifier(members, voting=voting).fit(X, y)
    assert (vote.predict(X) == y).mean() > 0.95
    if voting == "soft":
        parts = [make().fit(X, y), LogisticRegression().fit(X, y)]
        mean = np.mean([part.predict_proba(X) for part in parts], axis=0)
        np.testing.assert_allclose(vote.predict_proba(X), mean)


@SUBSETS
def test_stacking_and_bagging(classes):
    X, y = separated(classes)
    tree = make(classes=np.unique(y))
    stack = StackingClassifier([("tree", tree), ("flat", GaussianNB())], cv=CV).fit(X, y)
    bag = BaggingClassifier(tree, n_estimators=4, random_state=0).fit(X, y)
    for model in (stack, bag):
        assert model.classes_.tolist() == sorted(classes)
        assert (model.predict(X) == y).mean() > 0.95


@pytest.mark.parametrize("options", [{}, {"ensemble": False}, {"method": "isotonic"}])
@SUBSETS
def test_calibration_around_it(options, classes):
    X, y = separated(classes)
    names = np.unique(y)
    model = CalibratedClassifierCV(make(classes=names), cv=CV, **options).fit(X, y)
    assert model.classes_.tolist() == names.tolist()
    assert (names[model.predict_proba(X).argmax(axis=1)] == y).mean() > 0.95
    assert (model.predict(X) == y).mean() > 0.95


def test_grid_search_over_the_classifiers_of_the_nodes():
    X, y = separated()
    grid = {"estimator__C": [1e-6, 1.0], "taxonomy": [None, TREE]}
    search = GridSearchCV(HierarchicalClassifier(LogisticRegression()), grid, cv=CV, n_jobs=2)
    search.fit(X, y)
    assert search.best_params_["estimator__C"] == 1.0
    assert search.best_score_ > 0.95
    assert (search.predict(X) == y).mean() > 0.95


def test_grid_search_scores_coarse_labels_by_the_tree():
    X, y = separated()
    coarse = np.where((np.arange(len(y)) % 3 == 0) & np.isin(y, TREE.leaves_below("SN")), "SN", y)
    search = GridSearchCV(make(), {"estimator__var_smoothing": [1e-9]}, cv=CV).fit(X, coarse)
    assert search.best_score_ > 0.95
    assert set(search.predict(X)) == set(ALL)


@pytest.mark.parametrize("ensemble", [True, False])
def test_coarse_labels_get_no_probability_from_coders(ensemble):
    X, y = separated()
    coarse = np.where((np.arange(len(y)) % 3 == 0) & np.isin(y, TREE.leaves_below("SN")), "SN", y)
    names = np.unique(coarse)
    model = make(classes=names)
    proba = cross_val_predict(model, X, coarse, cv=CV, method="predict_proba")
    assert proba.shape == (len(X), 6)
    assert (proba[:, names.tolist().index("SN")] == 0).all()
    assert (names[proba.argmax(axis=1)] == y).mean() > 0.95
    vote = VotingClassifier([("a", model), ("b", clone(model))], voting="soft").fit(X, coarse)
    assert (vote.predict(X) == y).mean() > 0.95
    calibrated = CalibratedClassifierCV(model, cv=CV, ensemble=ensemble).fit(X, coarse)
    assert (calibrated.predict(X) == y).mean() > 0.9


NUMBERED = Taxonomy({"Alert": {"SN": [0, 1, 2], "Variable": [3, 4]}})
PLASTICC = Taxonomy({"Alert": {"SN": [42, 62, 90], "Variable": [88, 92]}})


def test_integer_names_of_nodes():
    X, y = separated()
    code = np.array([ALL.index(label) for label in y])
    for tree, names in ((NUMBERED, np.arange(5)), (PLASTICC, np.array([42, 62, 90, 88, 92]))):
        model = HierarchicalClassifier(GaussianNB(), taxonomy=tree).fit(X, names[code])
        assert model.classes_.tolist() == sorted(names)
        assert (model.predict(X) == names[code]).mean() > 0.95
        assert set(model.predict_path(X)) <= set(tree.nodes)


def test_integer_names_that_may_be_codes_are_refused():
    X, y = separated(WITHOUT_MIDDLE)
    labels = np.array([ALL.index(label) for label in y])
    model = HierarchicalClassifier(GaussianNB(), taxonomy=NUMBERED)
    assert cross_val_score(model, X, labels, cv=CV, scoring="accuracy").min() > 0.9
    with pytest.raises(ValueError, match="integers 0, 1, 2, 3, which may be encoded"):
        cross_val_predict(model, X, labels, cv=CV, method="predict_proba")
    numbers = Taxonomy({"Alert": {"SN": [88, 89, 90], "Variable": [91, 92]}})
    plasticc = HierarchicalClassifier(GaussianNB(), taxonomy=numbers)
    with pytest.raises(ValueError, match="may be encoded"):
        cross_val_predict(plasticc, X, labels + 88, cv=CV, method="predict_proba")


def test_labels_that_are_not_in_the_tree_are_named():
    X, y = separated()
    with pytest.raises(ValueError, match="HierarchicalClassifier: .*'SNIa' are not in the tree"):
        make().fit(X, np.where(y == "Ia", "SNIa", y))
    with pytest.raises(ValueError, match=r"y holds no label \(object 3\)"):
        make().fit(X, [None if i == 3 else label for i, label in enumerate(y)])


def test_invalid_parameters_are_refused():
    X, y = separated()
    with pytest.raises(ValueError, match="node_estimators for 'Ia', which are not parent nodes"):
        make(node_estimators={"Ia": GaussianNB()}).fit(X, y)
    with pytest.raises(ValueError, match="classes must be strings"):
        make(classes=[1, 2]).fit(X, LabelEncoder().fit_transform(y))
    two = Taxonomy({"SN": ["Ia", "II", "Ibc"]}, synonyms={"SNIa": "Ia"})
    tree = HierarchicalClassifier(GaussianNB(), taxonomy=two, classes=["II", "Ia", "SNIa"])
    with pytest.raises(ValueError, match="several names of one node"):
        tree.fit(X[:30], np.arange(30) % 3)


def test_containers_of_labels():
    X, y = separated()
    expected = make().fit(X, y).predict_proba(X)
    for labels in (list(y), y.astype(object), pd.Series(y), pd.Series(y, dtype="category")):
        model = make().fit(X, labels)
        np.testing.assert_array_equal(model.predict_proba(X), expected)
        assert model.classes_.tolist() == sorted(ALL)
        assert model.score(X, labels) > 0.95


def test_codes_of_synonyms_keep_their_columns():
    X, y = separated()
    tree = Taxonomy(
        {"Alert": {"SN": ["Ia", "II", "Ibc"], "Variable": ["AGN", "RRL"]}},
        synonyms={"a supernova of type Ia": "Ia"},
    )
    y = np.where(y == "Ia", "a supernova of type Ia", y)
    model = HierarchicalClassifier(GaussianNB(), taxonomy=tree, classes=np.unique(y))
    proba = cross_val_predict(model, X, y, cv=CV, method="predict_proba")
    assert np.unique(y)[-1] == "a supernova of type Ia"
    assert (np.unique(y)[proba.argmax(axis=1)] == y).mean() > 0.95
    vote = VotingClassifier([("a", model), ("b", GaussianNB())], voting="soft").fit(X, y)
    assert (vote.predict(X) == y).mean() > 0.95


def test_warnings_point_at_the_caller(recwarn):
    X, y = separated(WITHOUT_MIDDLE)
    with pytest.warns(UserWarning, match="no training object") as caught:
        make().fit(X, y)
    assert caught[0].filename == __file__
    tree = Taxonomy({"SN": ["Ia", "II", "AGN", "RRL"]}, synonyms={"SNIa": "Ia"})
    with pytest.warns(UserWarning, match="synonyms of nodes") as caught:
        HierarchicalClassifier(GaussianNB(), taxonomy=tree).fit(X, np.where(y == "Ia", "SNIa", y))
    assert caught[0].filename == __file__

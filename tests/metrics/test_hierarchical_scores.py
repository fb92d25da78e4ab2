"""Hierarchical scores against hand-computed values, scikit-learn and hiclass."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.metrics import make_scorer, precision_recall_fscore_support

from skastro.exceptions import ObjectError
from skastro.metrics import (
    hierarchical_f1_score,
    hierarchical_precision_recall_fscore,
    hierarchical_precision_score,
    hierarchical_recall_score,
)
from skastro.taxonomy import ELASTICC, Taxonomy

TREE = Taxonomy({"Alert": {"SN": {"Ia": None, "II": ["IIn", "IIP"]}, "AGN": None}})
NAMES = TREE.nodes[1:]
AVERAGES = ["micro", "macro", "weighted", "samples"]
labels = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1)


def indicator(names):
    return np.array([[node in TREE.path(name) for node in NAMES] for name in names])


def test_by_hand():
    y_true = ["IIn", "Ia", "AGN", "II"]
    y_pred = ["IIP", "SN", "AGN", "IIn"]
    # nodes right 2 + 1 + 1 + 2, predicted 3 + 1 + 1 + 3, true 3 + 2 + 1 + 2
    precision, recall, f1 = hierarchical_precision_recall_fscore(y_true, y_pred, TREE)
    assert (precision, recall) == (6 / 8, 6 / 8)
    assert f1 == pytest.approx(0.75)
    by_object = hierarchical_precision_score(y_true, y_pred, TREE, average="samples")
    assert by_object == pytest.approx((2 / 3 + 1 + 1 + 2 / 3) / 4)
    by_node = hierarchical_recall_score(y_true, y_pred, TREE, average=None)
    assert dict(zip(NAMES, by_node)) == {"SN": 1, "AGN": 1, "Ia": 0, "II": 1, "IIn": 0, "IIP": 0}
    assert hierarchical_recall_score(y_true, y_pred, TREE, average="macro") == 3 / 6
    assert hierarchical_recall_score(y_true, y_pred, TREE, average="weighted") == 6 / 8


@pytest.mark.parametrize("average", AVERAGES)
def test_perfect_and_worthless_predictions(average):
    options = {"taxonomy": TREE, "average": average}
    assert hierarchical_f1_score(["IIn", "Ia"], ["IIn", "Ia"], **options) == 1
    assert hierarchical_f1_score(["IIn", "Ia"], ["AGN", "AGN"], **options) == 0


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("missing", ["unclassified", None, np.nan, "Alert"])
def test_unclassified_objects_miss_the_whole_path(missing, average):
    y_true = ["Ia", "IIn", "AGN"]
    y_pred = ["Ia", missing, "AGN"]
    precision, recall, _ = hierarchical_precision_recall_fscore(
        y_true, y_pred, TREE, average=average
    )
    assert recall < 1
    assert recall == hierarchical_recall_score(y_true, ["Ia", None, "AGN"], TREE, average=average)
    if average == "micro":
        assert (precision, recall) == (1, 3 / 6)


def test_another_label_for_unclassified_objects():
    y_pred = ["Ia", "no idea"]
    with pytest.raises(ValueError, match="'no idea'"):
        hierarchical_f1_score(["Ia", "Ia"], y_pred, TREE)
    assert hierarchical_recall_score(["Ia", "Ia"], y_pred, TREE, unclassified="no idea") == 0.5


@settings(max_examples=30, deadline=None)
@given(labels, st.sampled_from(AVERAGES), st.sampled_from([0.5, 1.0, 2.0]))
def test_equals_scikit_learn_on_indicators_of_nodes(pairs, average, beta):
    y_true, y_pred = zip(*pairs)
    weights = np.arange(1, len(pairs) + 1)
    ours = hierarchical_precision_recall_fscore(
        y_true, y_pred, TREE, beta=beta, average=average, sample_weight=weights
    )
    true, pred = indicator(y_true), indicator(y_pred)
    occurs = np.flatnonzero((true | pred).any(axis=0))
    theirs = precision_recall_fscore_support(
        true,
        pred,
        beta=beta,
        labels=occurs,
        average=average,
        sample_weight=weights,
        zero_division=0.0,
    )
    np.testing.assert_allclose(ours, theirs[:3])


@settings(max_examples=30, deadline=None)
@given(labels)
def test_equals_hiclass(pairs):
    metrics = pytest.importorskip("hiclass.metrics")
    tables = []
    for names in zip(*pairs):
        paths = [TREE.path(name)[1:] for name in names]
        tables.append(np.array([[*path, *[""] * (3 - len(path))] for path in paths]))
    y_true, y_pred = zip(*pairs)
    for ours, theirs in (("micro", "micro"), ("samples", "macro")):
        result = hierarchical_precision_recall_fscore(y_true, y_pred, TREE, average=ours)
        functions = (metrics.precision, metrics.recall)
        expected = [function(*tables, average=theirs) for function in functions]
        with warnings.catch_warnings(action="ignore"):
            expected.append(metrics.f1(*tables, average=theirs))
        np.testing.assert_allclose(result, expected)


@settings(max_examples=30, deadline=None)
@given(labels)
def test_weights_repeat_objects(pairs):
    y_true, y_pred = map(np.array, zip(*pairs))
    repeats = 1 + np.arange(len(pairs)) % 3
    for average in AVERAGES:
        weighted = hierarchical_precision_recall_fscore(
            y_true, y_pred, TREE, average=average, sample_weight=repeats
        )
        repeated = hierarchical_precision_recall_fscore(
            y_true.repeat(repeats), y_pred.repeat(repeats), TREE, average=average
        )
        np.testing.assert_allclose(weighted, repeated)


def test_flat_tree_is_accuracy():
    flat = Taxonomy(["a", "b", "c"])
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.choice(["a", "b", "c"], (2, 50))
    assert hierarchical_f1_score(y_true, y_pred, flat) == pytest.approx((y_true == y_pred).mean())


def test_synonyms_and_integer_names():
    assert hierarchical_f1_score(["SNIa-SALT3"], ["SNIa"], ELASTICC) == 1
    numbers = Taxonomy({0: {1: [2, 3], 4: None}})
    assert hierarchical_recall_score(np.array([2, 4]), np.array([3.0, np.nan]), numbers) == 1 / 3


def test_root_as_truth_has_nothing_to_find():
    recall = hierarchical_recall_score(["Alert"], ["SN"], TREE, zero_division=np.nan)
    assert np.isnan(recall)
    assert hierarchical_recall_score(["Alert", "SN"], ["SN", "SN"], TREE) == 1


def test_works_in_a_scorer():
    X, y = np.zeros((3, 1)), ["Ia", "II", "SN"]
    cautious = DummyClassifier(strategy="constant", constant="SN").fit(X, y)
    scorer = make_scorer(hierarchical_f1_score, taxonomy=TREE)
    assert scorer(cautious, X, y) == pytest.approx(2 * 3 / (3 + 5))


@pytest.mark.parametrize(
    "y_true, y_pred, options, message",
    [
        (["Ia", None], ["Ia", "Ia"], {}, "y_true has no label .*1"),
        (["Ia"], ["Ib"], {}, "'Ib'"),
        (["Ia", "Ia"], ["Ia"], {}, "inconsistent"),
        ([], [], {}, "0 objects"),
        ([["Ia"]], ["Ia"], {}, "shape"),
        (["Ia"], ["Ia"], {"average": "binary"}, "'binary'"),
        (["Ia"], ["Ia"], {"sample_weight": [-1]}, "egative"),
    ],
)
def test_wrong_input_is_refused(y_true, y_pred, options, message):
    with pytest.raises(ValueError, match=message):
        hierarchical_f1_score(y_true, y_pred, TREE, **options)


def test_missing_truth_names_its_rows():
    with pytest.raises(ObjectError) as caught:
        hierarchical_f1_score(["Ia", np.nan, None], ["Ia"] * 3, TREE)
    assert caught.value.ids == [1, 2]

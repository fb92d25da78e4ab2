"""Metrics read tables by name: columns of probabilities, labels of objects, the index."""

import numpy as np
import pandas as pd
import pytest

from skastro.exceptions import ObjectError
from skastro.metrics import (
    contamination_table,
    expected_calibration_error,
    hierarchical_f1_score,
    plasticc_log_loss,
    purity_efficiency_table,
    reliability_table,
    scores_by_level,
    top_k_accuracy_by_level,
)
from skastro.taxonomy import Taxonomy

TREE = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
Y = ["II", "Ia", "Ia", "II"]
PROBA = pd.DataFrame([[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.8, 0.2]], columns=["II", "Ia"])


@pytest.mark.parametrize("function", [plasticc_log_loss, expected_calibration_error])
def test_order_of_named_columns_does_not_matter(function):
    expected = function(Y, PROBA.to_numpy())
    assert function(Y, PROBA) == expected
    assert function(Y, PROBA[["Ia", "II"]]) == expected
    assert function(Y, PROBA[["Ia", "II"]], labels=["II", "Ia"]) == expected
    assert function(Y, PROBA[["Ia", "II"]].add_prefix("prob_").assign(label="Ia")) == expected


def test_columns_of_classes_without_objects():
    wide = PROBA.assign(AGN=0.0)
    assert plasticc_log_loss(Y, wide) == plasticc_log_loss(Y, PROBA)
    with pytest.raises(ValueError, match="columns of the probabilities are"):
        plasticc_log_loss(Y, wide, labels=["II", "Ia"])
    with pytest.raises(ValueError, match=r"y_true holds \['II'\]"):
        reliability_table(Y, PROBA[["Ia"]])


def test_nodes_are_read_by_name():
    nodes = pd.DataFrame(TREE.node_proba(PROBA), columns=TREE.nodes)
    y_true = pd.Series(Y)
    for scores in (scores_by_level, top_k_accuracy_by_level):
        expected = scores(y_true, nodes.to_numpy(), TREE)
        pd.testing.assert_frame_equal(scores(y_true, nodes[nodes.columns[::-1]], TREE), expected)


@pytest.mark.parametrize("labels", [["1", "0", "unclassified"], [1, 0, "unclassified"]])
def test_numbers_in_a_table_with_unclassified_objects(labels):
    y_true = np.array([1, 0, 1])
    table = purity_efficiency_table(y_true, labels)
    assert table.index.tolist() == [0, 1]
    assert table["n_correct"].tolist() == [1, 1]
    assert contamination_table(y_true, labels).loc["unclassified"].tolist() == [0, 1]


def test_numbers_as_columns_of_a_prediction_table():
    table = pd.DataFrame({"prob_0": [0.9, 0.2], "prob_1": [0.1, 0.8], "label": [0, 1]})
    expected = plasticc_log_loss([0, 1], table[["prob_0", "prob_1"]].to_numpy())
    assert plasticc_log_loss([0, 1], table) == expected


@pytest.mark.parametrize(
    "score",
    [
        lambda true, pred: purity_efficiency_table(true, pred),
        lambda true, pred: hierarchical_f1_score(true, pred, TREE),
        lambda true, pred: scores_by_level(true, pred, TREE),
    ],
)
def test_the_same_objects_in_another_order_are_refused(score):
    true = pd.Series(["Ia", "II"], index=["SN1", "SN2"])
    pred = pd.Series(["II", "Ia"], index=["SN2", "SN1"])
    with pytest.raises(ValueError, match=r"another order; pass y_pred.loc\[y_true.index\]"):
        score(true, pred)
    score(true, pred.loc[true.index])


def test_an_object_without_true_label_is_named():
    y_true = pd.Series(["Ia", None], index=["SN1", "SN2"])
    with pytest.raises(ObjectError, match="purity_efficiency_table: y_true has no label .*'SN2'"):
        purity_efficiency_table(y_true, ["Ia", "Ia"])

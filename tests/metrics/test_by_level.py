"""Scores at the levels of a tree: by hand and against scikit-learn on relabelled predictions."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from skastro.metrics import (
    classification_report_by_level,
    confusion_matrix_by_level,
    scores_by_level,
    top_k_accuracy_by_level,
)
from skastro.taxonomy import ELASTICC, Taxonomy

TREE = Taxonomy({"Alert": {"SN": {"Ia": None, "II": ["IIn", "IIP"]}, "AGN": None}})


@pytest.fixture
def predictions():
    rng = np.random.default_rng(3)
    proba = rng.dirichlet(np.full(len(ELASTICC.leaves), 0.3), 400)
    y_true = np.array(ELASTICC.leaves)[[rng.choice(19, p=p) for p in proba]]
    return y_true, proba, rng.integers(1, 4, 400)


def most_probable(proba):
    return np.array(ELASTICC.leaves)[proba.argmax(axis=1)]


def test_by_hand():
    y_true = ["IIn", "IIP", "Ia", "SN", "AGN"]
    y_pred = ["IIP", "II", "AGN", "Ia", None]
    scores = scores_by_level(y_true, y_pred, TREE)
    assert scores.index.tolist() == [1, 2, 3]
    assert scores["n_objects"].tolist() == [5, 4, 4]
    assert scores["n_unknown"].tolist() == [0, 1, 1]
    assert scores["n_unclassified"].tolist() == [1, 1, 2]
    assert scores["accuracy"].tolist() == [3 / 5, 2 / 4, 0]
    assert scores.loc[1, "balanced_accuracy"] == pytest.approx((3 / 4 + 0) / 2)
    assert scores.loc[2, "macro_f1"] == pytest.approx((0 + 0 + 1) / 3)
    assert scores["n_classes"].tolist() == [2, 3, 4]


def test_labels_agree_with_scikit_learn_at_each_level(predictions):
    y_true, proba, weights = predictions
    y_pred = most_probable(proba)
    scores = scores_by_level(y_true, y_pred, ELASTICC, sample_weight=weights)
    for depth, row in scores.iterrows():
        pair = ELASTICC.at_depth(y_true, depth), ELASTICC.at_depth(y_pred, depth)
        options = {"sample_weight": weights}
        expected = {
            "accuracy": sklearn_metrics.accuracy_score(*pair, **options),
            "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(*pair, **options),
            "macro_f1": sklearn_metrics.f1_score(*pair, average="macro", **options),
            "weighted_f1": sklearn_metrics.f1_score(*pair, average="weighted", **options),
        }
        assert row[list(expected)].to_dict() == pytest.approx(expected)


def test_report_agrees_with_scikit_learn(predictions):
    y_true, proba, _ = predictions
    y_pred = most_probable(proba)
    report = classification_report_by_level(y_true, y_pred, ELASTICC)
    expected = sklearn_metrics.classification_report(
        ELASTICC.at_depth(y_true, 2), ELASTICC.at_depth(y_pred, 2), output_dict=True
    )
    for name, row in report.loc[2].iterrows():
        assert row[:4].to_dict() == pytest.approx(expected[name])
    assert report["support"].groupby("depth").sum().tolist() == [400, 400, 400]
    assert report.loc[3].index.tolist() == list(ELASTICC.leaves)


def test_the_most_probable_class_of_each_level_is_predicted():
    proba = TREE.node_proba([[0.4, 0.25, 0.2, 0.15]])  # AGN, Ia, IIn, IIP: SN is 0.6
    assert scores_by_level(["Ia"], proba, TREE)["accuracy"].tolist() == [1, 0, 0]
    assert scores_by_level(["AGN"], proba, TREE)["accuracy"].tolist() == [0, 1, 1]


def test_objects_without_probabilities_count_as_wrong():
    proba = TREE.node_proba([[1.0, 0, 0, 0], [np.nan] * 4])
    scores = scores_by_level(["AGN", "AGN"], proba, TREE)
    assert scores["accuracy"].tolist() == [0.5] * 3
    assert scores["n_unclassified"].tolist() == [1] * 3
    assert top_k_accuracy_by_level(["AGN", "AGN"], proba, TREE, k=[9]).loc[1, 9] == 0.5


def test_levels_above_a_missing_branch_are_predicted():
    proba = TREE.node_proba([[0.2, 0.1, 0.4, 0.3]])
    proba[:, TREE.numbers(["IIn", "IIP"])] = np.nan
    scores = scores_by_level(["IIn"], proba, TREE)
    assert scores["accuracy"].tolist() == [1, 1, 0]
    assert scores["n_unclassified"].tolist() == [0, 0, 1]
    assert top_k_accuracy_by_level(["IIn"], proba, TREE, k=[3])[3].tolist() == [1, 1, 0]


def test_confusion_matrices_count_everybody():
    y_true = ["IIn", "IIP", "Ia", "SN", "AGN"]
    matrices = confusion_matrix_by_level(y_true, ["IIP", "II", "AGN", "Ia", None], TREE)
    assert [matrix.to_numpy().sum() for matrix in matrices.values()] == [5, 4, 4]
    assert matrices[2].loc["II"].to_dict() == {"AGN": 0, "Ia": 0, "II": 2, "unclassified": 0}
    assert matrices[3].loc["AGN", "unclassified"] == 1


def test_top_k_agrees_with_scikit_learn(predictions):
    y_true, proba, weights = predictions
    node_proba = ELASTICC.node_proba(proba)
    table = top_k_accuracy_by_level(y_true, node_proba, ELASTICC, sample_weight=weights)
    for k in (1, 2, 3):
        expected = sklearn_metrics.top_k_accuracy_score(
            [ELASTICC.leaves.index(label) for label in y_true], proba, k=k, sample_weight=weights
        )
        assert table.loc[3, k] == pytest.approx(expected)
    assert (table.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)


def test_equal_probabilities_score_nothing():
    proba = TREE.node_proba(np.full((3, 4), 0.25))
    table = top_k_accuracy_by_level(["AGN", "Ia", "IIn"], proba, TREE, k=[1, 3, 4])
    assert table.loc[3].tolist() == [0, 0, 1]


def test_predicting_a_class_without_objects_lowers_macro_f1():
    scores = scores_by_level(["Ia", "Ia"], ["Ia", "AGN"], TREE)
    assert scores.loc[1, "macro_f1"] == pytest.approx((2 / 3 + 0) / 2)
    assert scores.loc[1, "balanced_accuracy"] == 0.5


def test_top_k_leaves_out_labels_above_the_level():
    proba = TREE.node_proba([[0.1, 0.2, 0.3, 0.4], [0.1, 0.7, 0.1, 0.1]])
    table = top_k_accuracy_by_level(["IIP", "SN"], proba, TREE, k=[1])
    assert table[1].tolist() == [1, 1, 1]


def test_level_at_which_nobody_is_known():
    scores = scores_by_level(["SN"], ["SN"], TREE)
    assert scores["n_unknown"].tolist() == [0, 1, 1]
    assert scores.loc[1, "accuracy"] == 1 and np.isnan(scores.loc[2, "accuracy"])


def test_columns_of_leaves_are_not_taken_for_nodes():
    with pytest.raises(ValueError, match="taxonomy.node_proba"):
        scores_by_level(["Ia"], [[0.25] * 4], TREE)


def test_impossible_probabilities_name_their_rows():
    proba = TREE.node_proba([[0.25] * 4, [1.5, -0.5, 0, 0]])
    with pytest.raises(ValueError, match=r"outside 0 to 1 \(object 1\)"):
        scores_by_level(["Ia", "Ia"], proba, TREE)

"""Scores by days since the trigger."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from skastro.metrics import plasticc_log_loss, score_by_phase, scores_by_level
from skastro.taxonomy import Taxonomy

TREE = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
Y = np.array(["Ia", "II", "AGN", "Ia"])


def labels_of(rights):
    """Labels that are right for the first so many objects at each date."""
    wrong = np.where(Y == "Ia", "II", "Ia")
    return np.stack([np.where(np.arange(4) < n, Y, wrong) for n in rights], axis=1)


def test_mean_and_spread_over_trainings():
    runs = [labels_of([1, 2, 4]), labels_of([2, 2, 4]), labels_of([3, 2, 3])]
    table = score_by_phase(Y, runs, [1, 8, 64], {"accuracy": accuracy_score})
    assert table.index.tolist() == [1, 8, 64] and table.index.name == "days"
    assert table["accuracy"]["mean"].tolist() == pytest.approx([0.5, 0.5, 11 / 12])
    expected = [np.std([0.25, 0.5, 0.75], ddof=1), 0, np.std([1, 1, 0.75], ddof=1)]
    assert table["accuracy"]["std"].tolist() == pytest.approx(expected)


def test_one_training_has_no_spread():
    table = score_by_phase(Y, labels_of([1, 2]), [1, 8], accuracy_score)
    assert table.columns.tolist() == [("accuracy_score", "mean"), ("accuracy_score", "std")]
    assert table["accuracy_score"]["std"].isna().all()


def test_probabilities_and_several_scores():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(3), (4, 2))
    node_proba = TREE.node_proba(proba)

    def macro_f1(y_true, y_pred):
        return scores_by_level(y_true, y_pred, TREE)["macro_f1"]

    table = score_by_phase(Y, node_proba, [1, 8], {"F1": macro_f1})
    assert table.columns.get_level_values("score").unique().tolist() == ["F1 1", "F1 2"]
    expected = scores_by_level(Y, node_proba[:, 1], TREE).loc[2, "macro_f1"]
    assert table.loc[8, ("F1 2", "mean")] == expected
    assert score_by_phase(Y, node_proba, [1, 8], macro_f1).loc[8, (2, "mean")] == expected
    loss = score_by_phase(
        Y, proba, [1, 8], lambda y, p: plasticc_log_loss(y, p, labels=TREE.leaves)
    )
    assert loss.iloc[0, 0] == plasticc_log_loss(Y, proba[:, 0], labels=TREE.leaves)


def test_objects_not_yet_seen_count_as_wrong():
    proba = TREE.node_proba(np.tile([0.0, 1.0, 0.0], (4, 2, 1)))
    proba[0, 0] = np.nan

    def accuracy(y_true, y_pred):
        return scores_by_level(y_true, y_pred, TREE).loc[2, "accuracy"]

    assert score_by_phase(Y, proba, [1, 8], accuracy)["accuracy"]["mean"].tolist() == [0.25, 0.5]


@pytest.mark.parametrize(
    "y_pred, days, message",
    [
        (labels_of([1, 2]), [1, 2, 3], r"shape \(4, 2\).*\(4, 3\)"),
        ([labels_of([1, 2]), labels_of([1])], [1, 2], r"\(4, 1\)"),
        ([], [1], "no predictions"),
    ],
)
def test_wrong_shapes_are_refused(y_pred, days, message):
    with pytest.raises(ValueError, match=message):
        score_by_phase(Y, y_pred, days, accuracy_score)

"""Abstention, sets and stability in time: values known by hand."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from skastro.metrics import (
    area_under_risk_coverage,
    coverage_table,
    risk_coverage_curve,
    stability_table,
)
from skastro.taxonomy import Taxonomy

TREE = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
LABELS = ["II", "Ia"]
PROBA = [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [np.nan, np.nan]]


class TestRiskCoverage:
    def test_by_hand(self):
        table = risk_coverage_curve(["II", "II", "II", "II"], PROBA, labels=LABELS)
        assert table["coverage"].tolist() == [0.25, 0.5, 0.75, 1.0]
        np.testing.assert_allclose(table["risk"], [0, 1 / 2, 1 / 3, 1 / 2])
        assert table["threshold"].tolist() == [0.9, 0.8, 0.7, -np.inf]
        area = area_under_risk_coverage(["II", "II", "II", "II"], PROBA, labels=LABELS)
        assert area == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)

    def test_equal_confidence_is_one_threshold(self):
        proba = [[0.6, 0.4], [0.4, 0.6]]
        table = risk_coverage_curve(["II", "II"], proba, labels=LABELS)
        assert table.to_numpy().tolist() == [[0.6, 1.0, 0.5]]

    def test_any_score_ranks_the_objects(self):
        y_true = ["II", "II", "II", "II"]
        table = risk_coverage_curve(y_true, PROBA, labels=LABELS, confidence=[1, 3, 2, 9])
        assert table["threshold"].tolist() == [3, 2, 1, -np.inf]
        assert table["risk"].tolist()[0] == 1.0
        with pytest.raises(ValueError, match="confidence has the shape"):
            risk_coverage_curve(y_true, PROBA, labels=LABELS, confidence=[1.0])


class TestCoverageTable:
    sets = np.array([[True, True], [False, True], [False, False], [False, True]])
    y_true = ["II", "II", "Ia", "Ia"]

    def test_by_class(self):
        table = coverage_table(self.y_true, self.sets, LABELS, by=self.y_true)
        assert table.index.tolist() == ["II", "Ia"]
        assert table.loc["II"].tolist() == [2, 0.5, 1.5, 0.0]
        assert table.loc["Ia"].tolist() == [2, 0.5, 0.5, 0.5]

    def test_by_date(self):
        sets = np.stack([self.sets, np.ones_like(self.sets)], axis=1)
        table = coverage_table(self.y_true, sets, LABELS, by=[2, 30])
        assert table["coverage"].to_dict() == {2: 0.5, 30: 1.0}
        assert table["mean_size"].to_dict() == {2: 1.0, 30: 2.0}

    def test_what_does_not_fit(self):
        with pytest.raises(ValueError, match="coverage_table: sets of shape"):
            coverage_table(["KN", "II", "Ia", "Ia"], self.sets, LABELS)


class TestStability:
    days = (1, 5, 9, 20)

    def test_by_hand(self):
        nothing = [np.nan, np.nan, np.nan]
        moving = [nothing, [0.6, 0.4, 0.0], [0.1, 0.9, 0.0], [0.5, 0.1, 0.4]]
        table = stability_table([moving, [[0.2, 0.3, 0.5]] * 4, [nothing] * 4], self.days)
        assert table.loc[0, :"n_flips"].tolist() == [5, 20, 2]
        assert table.loc[0, "drift"] == pytest.approx(0.5 + 0.8)
        assert table.loc[1].tolist() == [1, 1, 0, 0]
        assert table.loc[2].isna().tolist() == [True, True, False, True]

    def test_distances_of_trees_and_of_scipy(self):
        tree = Taxonomy({"a": {"b": {"c": None, "x": None}, "y": None}})
        p, q = np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.5, 0.0])
        table = stability_table([[p, q]], [0, 1], labels=["y", "x", "c"], taxonomy=tree)
        # Mass moves only from c: 0.2 to its sibling x (2 edges), 0.3 to y (3 edges).
        assert table.loc[0, "drift"] == pytest.approx(0.2 * 2 + 0.3 * 3)
        flat = stability_table([[[0.3, 0.7], [0.9, 0.1]]], [0, 1])
        expected = wasserstein_distance([0, 1], [0, 1], [0.3, 0.7], [0.9, 0.1])
        assert flat.loc[0, "drift"] == pytest.approx(expected)

    def test_a_close_class_is_a_short_way(self):
        labels = ["AGN", "II", "Ia"]
        proba = [[[0, 1, 0], [0, 0, 1]], [[0, 1, 0], [1, 0, 0]]]
        table = stability_table(proba, [0, 1], labels=labels, taxonomy=TREE)
        assert table["drift"].tolist() == [2, 3]

    def test_shapes(self):
        with pytest.raises(ValueError, match="stability_table: y_proba has the shape"):
            stability_table([[0.5, 0.5]], [1])
        with pytest.raises(ValueError, match="requires labels"):
            stability_table([[[0.5, 0.5]]], [1], taxonomy=TREE)

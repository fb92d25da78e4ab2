"""Log loss, samples and calibration: by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from skastro.exceptions import ObjectError, ObjectWarning
from skastro.metrics import (
    PLASTICC_CLASS_WEIGHT,
    contamination_table,
    expected_calibration_error,
    plasticc_log_loss,
    purity_efficiency_curve,
    purity_efficiency_table,
    reliability_table,
)

CLASSES = np.array(["II", "Ia", "KN"])


@pytest.fixture
def sample():
    rng = np.random.default_rng(1)
    proba = rng.dirichlet([0.6, 0.6, 0.3], 500)
    y_true = CLASSES[[rng.choice(3, p=p) for p in proba]]
    return y_true, proba, rng.uniform(0.1, 3, 500)


class TestPlasticcLogLoss:
    def test_by_hand(self):
        y_proba = [[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.2, 0.4, 0.4], [0.0, 0.1, 0.9]]
        loss = plasticc_log_loss(["II", "Ia", "Ia", "KN"], y_proba, class_weight={"KN": 2})
        by_class = [np.log(0.5), (np.log(0.6) + np.log(0.4)) / 2, 2 * np.log(0.9)]
        assert loss == pytest.approx(-sum(by_class) / 4)

    def test_equals_log_loss_of_scikit_learn_with_weights(self, sample):
        y_true, proba, weights = sample
        totals = {c: weights[y_true == c].sum() for c in CLASSES}
        per_object = weights * [(2 if c == "KN" else 1) / totals[c] for c in y_true]
        expected = sklearn_metrics.log_loss(y_true, proba, sample_weight=per_object)
        loss = plasticc_log_loss(y_true, proba, class_weight={"KN": 2}, sample_weight=weights)
        assert loss == pytest.approx(expected)

    def test_number_of_objects_of_a_class_does_not_matter(self, sample):
        y_true, proba, _ = sample
        rows = np.concatenate([np.arange(500), *[np.flatnonzero(y_true == "II")] * 3])
        expected = plasticc_log_loss(y_true, proba)
        assert plasticc_log_loss(y_true[rows], proba[rows]) == pytest.approx(expected)

    def test_rows_are_normalised_then_clipped(self):
        assert plasticc_log_loss(["a", "b"], [[0.2, 0.2], [0.1, 0.1]]) == pytest.approx(np.log(2))
        worst = plasticc_log_loss(["a", "b"], [[0, 1], [1, 0]])
        assert worst == pytest.approx(-np.log(1e-15))

    def test_unclassified_objects_are_equal_probabilities(self):
        nothing = plasticc_log_loss(["a", "b"], [[np.nan, 0.3], [np.nan, np.nan]])
        assert nothing == pytest.approx(np.log(2))

    def test_weights_of_the_challenge(self):
        assert len(PLASTICC_CLASS_WEIGHT) == 15
        assert {k for k, v in PLASTICC_CLASS_WEIGHT.items() if v == 2} == {15, 64, 99}
        y_proba = [[0.5, 0.5], [0.25, 0.75]]
        loss = plasticc_log_loss([42, 64], y_proba, class_weight=PLASTICC_CLASS_WEIGHT)
        assert loss == pytest.approx(-(np.log(0.5) + 2 * np.log(0.75)) / 3)

    def test_class_without_objects_does_not_count(self):
        options = {"labels": ["II", "Ia", "KN"], "class_weight": {"KN": 5}}
        loss = plasticc_log_loss(["II", "Ia"], [[0.5, 0.3, 0.2], [0.1, 0.5, 0.4]], **options)
        assert loss == pytest.approx(np.log(2))

    def test_as_a_scorer_in_cross_validation(self, sample):
        y_true, proba, _ = sample
        scorer = sklearn_metrics.make_scorer(
            plasticc_log_loss,
            response_method="predict_proba",
            greater_is_better=False,
            labels=list(CLASSES),
        )
        scores = cross_val_score(LogisticRegression(), proba, y_true, scoring=scorer, cv=3)
        assert ((-np.log(3) < scores) & (scores < 0)).all()

    @pytest.mark.parametrize(
        "y_proba, options, message",
        [
            ([[0.5, 0.5], [0, 0]], {}, "only zeros .*object 1"),
            ([[0.5, 0.5], [1.5, 0]], {}, "outside 0 to 1 .*object 1"),
            ([[0.5, 0.5]], {}, "shape"),
            ([[0.5, 0.5]] * 2, {"labels": ["a", "c"]}, "'b'.* not in"),
            ([[0.5, 0.5]] * 2, {"class_weight": {"A": 2}}, "class_weight is for"),
            ([[0.5, 0.5]] * 2, {"class_weight": {"a": 0}}, "not positive"),
            ([[0.5, 0.5]] * 2, {"labels": ["a", "a"]}, "more than once"),
        ],
    )
    def test_wrong_input_is_refused(self, y_proba, options, message):
        with pytest.raises(ValueError, match=message):
            plasticc_log_loss(["a", "b"], y_proba, **options)


class TestSamples:
    def test_by_hand(self):
        # five Ia, of which three are found, and one other object is taken for one
        y_true = ["Ia"] * 5 + ["II"] * 5
        y_pred = ["Ia"] * 3 + ["II"] + [None] + ["II"] * 4 + ["Ia"]
        table = purity_efficiency_table(y_true, y_pred)
        row = table.loc["Ia"]
        assert row[["n_true", "n_selected", "n_correct"]].tolist() == [5, 4, 3]
        assert row["purity"] == 0.75 and row["contamination"] == 0.25
        assert row["efficiency"] == 0.6
        assert row["figure_of_merit"] == pytest.approx(0.3)

    def test_purity_and_efficiency_are_precision_and_recall(self, sample):
        y_true, proba, weights = sample
        y_pred = CLASSES[proba.argmax(axis=1)]
        table = purity_efficiency_table(y_true, y_pred, sample_weight=weights)
        precision, recall, _, _ = sklearn_metrics.precision_recall_fscore_support(
            y_true, y_pred, sample_weight=weights
        )
        np.testing.assert_allclose(table["purity"], precision)
        np.testing.assert_allclose(table["efficiency"], recall)

    def test_nothing_selected_and_no_objects(self):
        table = purity_efficiency_table(["Ia", "Ia"], ["Ia", np.nan], labels=["Ia", "II"])
        assert np.isnan(table.loc["II", ["purity", "efficiency", "figure_of_merit"]]).all()
        assert table.loc["Ia", "efficiency"] == 0.5
        never = purity_efficiency_table(["Ia", "II"], ["II", "II"])
        assert np.isnan(never.loc["Ia", "purity"]) and never.loc["Ia", "figure_of_merit"] == 0

    def test_every_object_is_in_one_sample(self):
        y_true = ["Ia", "Ia", "II", "II", "II"]
        y_pred = ["Ia", "II", "II", "Ia", "unclassified"]
        table = contamination_table(y_true, y_pred)
        assert table.loc["Ia"].to_dict() == {"II": 0.5, "Ia": 0.5}
        assert table.loc["unclassified"].to_dict() == {"II": 1, "Ia": 0}
        np.testing.assert_allclose(table.sum(axis=1), 1)

    def test_ambiguous_objects_are_in_no_sample(self):
        y_pred = ["Ia", "ambiguous", "unclassified"]
        table = purity_efficiency_table(["Ia", "Ia", "II"], y_pred)
        assert table.index.tolist() == ["II", "Ia"]
        assert table["efficiency"].tolist() == [0, 0.5]
        own = purity_efficiency_table(["Ia", "Ia"], ["Ia", "?"], unclassified="?")
        assert own.loc["Ia", "n_selected"] == 1

    def test_numbers_as_labels(self):
        table = purity_efficiency_table(np.array([1, 2, 2]), np.array([1.0, np.nan, 2.0]))
        assert table.index.tolist() == [1, 2]
        assert table["efficiency"].tolist() == [1, 0.5]

    def test_unknown_and_missing_labels_are_refused(self):
        with pytest.raises(ValueError, match="y_pred holds .'Ib'."):
            purity_efficiency_table(["Ia"], ["Ib"], labels=["Ia"])
        with pytest.raises(ObjectError, match="no label"):
            contamination_table([None], ["Ia"])

    def test_curve_agrees_with_scikit_learn(self, sample):
        y_true, proba, weights = sample
        score = proba[:, 1].round(2)
        curve = purity_efficiency_curve(y_true, score, "Ia", sample_weight=weights)
        precision, recall, thresholds = sklearn_metrics.precision_recall_curve(
            y_true == "Ia", score, sample_weight=weights
        )
        np.testing.assert_allclose(curve.index, thresholds)
        np.testing.assert_allclose(curve["purity"], precision[:-1])
        np.testing.assert_allclose(curve["efficiency"], recall[:-1])

    def test_curve_at_given_thresholds(self):
        curve = purity_efficiency_curve(
            ["Ia", "Ia", "II", "Ia"], [0.9, 0.5, 0.5, np.nan], "Ia", thresholds=[0.95, 0.5, 0]
        )
        assert curve["n_selected"].tolist() == [0, 3, 3]
        assert curve["n_true"].tolist() == [3, 3, 3]
        np.testing.assert_allclose(curve["efficiency"], [0, 2 / 3, 2 / 3])
        np.testing.assert_allclose(curve["figure_of_merit"], [0, 2 / 3 * 2 / 5, 2 / 3 * 2 / 5])

    @pytest.mark.parametrize(
        "score, label, message",
        [([0.5, 0.5], "KN", "'KN'"), ([np.nan] * 2, "Ia", "NaN"), ([0.5], "Ia", "inconsistent")],
    )
    def test_curve_refuses(self, score, label, message):
        with pytest.raises(ValueError, match=message):
            purity_efficiency_curve(["Ia", "II"], score, label)


class TestCalibration:
    def test_by_hand(self):
        y_proba = [[0.9, 0.1], [0.95, 0.05], [0.65, 0.35], [0.4, 0.6]]
        error = expected_calibration_error(["a", "b", "a", "b"], y_proba, n_bins=5)
        assert error == pytest.approx((2 * abs(0.5 - 0.925) + 2 * abs(1 - 0.625)) / 4)

    def test_confidence_on_an_edge_belongs_to_the_bin_below(self):
        table = reliability_table(["a", "a"], [[0.5, 0.5], [1, 0]], labels=["a", "b"], n_bins=2)
        assert table["weight"].tolist() == [1, 1]
        assert table["confidence"].tolist() == [0.5, 1]

    def test_table_agrees_with_scikit_learn(self, sample):
        y_true, proba, _ = sample
        table = reliability_table(y_true, proba, n_bins=8).dropna()
        right = CLASSES[proba.argmax(axis=1)] == y_true
        accuracy, confidence = calibration_curve(right, proba.max(axis=1), n_bins=8)
        np.testing.assert_allclose(table["accuracy"], accuracy)
        np.testing.assert_allclose(table["confidence"], confidence)

    def test_calibrated_beats_overconfident(self, sample):
        y_true, proba, _ = sample
        sharp = proba**3 / (proba**3).sum(axis=1, keepdims=True)
        honest = expected_calibration_error(y_true, proba)
        assert honest < 0.05 < expected_calibration_error(y_true, sharp)

    def test_quantile_bins_hold_equal_numbers(self, sample):
        y_true, proba, _ = sample
        table = reliability_table(y_true, proba, n_bins=5, strategy="quantile")
        assert table["weight"].tolist() == [100] * 5

    def test_weights_repeat_objects(self, sample):
        y_true, proba, _ = sample
        repeats = 1 + np.arange(500) % 3
        weighted = expected_calibration_error(y_true, proba, sample_weight=repeats)
        repeated = expected_calibration_error(y_true.repeat(repeats), proba.repeat(repeats, axis=0))
        assert weighted == pytest.approx(repeated)

    def test_unclassified_objects_are_left_out_with_a_warning(self):
        y_proba = [[0.8, 0.2], [np.nan, np.nan]]
        with pytest.warns(ObjectWarning, match="1 of 2 objects have no prediction .* rows 1"):
            error = expected_calibration_error(["a", "b"], y_proba)
        assert error == pytest.approx(0.2)

    @pytest.mark.parametrize(
        "y_proba, options, message",
        [
            ([[np.nan] * 2] * 2, {}, "all 2 rows"),
            ([[0.5, 0.5]] * 2, {"strategy": "equal"}, "'equal'"),
        ],
    )
    def test_wrong_input_is_refused(self, y_proba, options, message):
        with pytest.raises(ValueError, match=message):
            reliability_table(["a", "b"], y_proba, **options)

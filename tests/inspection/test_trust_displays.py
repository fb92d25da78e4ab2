"""Pictures of stability, of anomalies and of shrinking sets: what they draw."""

import matplotlib
import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

from skastro.calibration import ConformalClassifier
from skastro.inspection import (
    AnomalyDisplay,
    ContactSheetDisplay,
    SetInTimeDisplay,
    StabilityDisplay,
)
from skastro.neural_network import RecurrentClassifier
from skastro.testing import make_check_data

matplotlib.use("Agg")
NOTHING = [np.nan, np.nan]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


class TestStability:
    proba = [
        [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]],
        [NOTHING, [0.4, 0.6], [0.1, 0.9]],
        [[0.9, 0.1], [0.2, 0.8], [0.9, 0.1]],
        [NOTHING, NOTHING, NOTHING],
    ]

    def test_fractions_by_hand(self):
        display = StabilityDisplay.from_predictions(
            {"GRU": self.proba}, [1, 5, 9], y_true=["II", "II", "II", "II"], labels=["II", "Ia"]
        )
        curve = display.curves["GRU"]
        assert curve["settled"].tolist() == [0.25, 0.5, 0.75]
        assert curve["right"].tolist() == [0.25, 0.25, 0.5]
        assert display.lines_["GRU"].get_ydata().tolist() == [0.25, 0.5, 0.75]
        labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
        assert labels == ["GRU: settled", "GRU: settled on the true class"]

    def test_true_labels_require_the_classes(self):
        with pytest.raises(ValueError, match="y_true requires labels"):
            StabilityDisplay.from_predictions({"GRU": self.proba}, [1, 5, 9], y_true=["II"] * 4)


class TestAnomalies:
    def test_highest_scores_first_and_rejected_ones_red(self):
        X, _ = make_check_data(6)
        score = [0.5, np.nan, 3.0, 1.0, 2.0, 0.1]
        rejected = np.array([0, 1, 1, 0, 0, 0], bool)
        display = AnomalyDisplay.from_scores(
            X, score, labels=list("abcdef"), rejected=rejected, n=3
        )
        assert display.titles == [
            f"{X.index[i]}\nscore {s}, {c}" for i, s, c in ((2, 3, "c"), (4, 2, "e"), (3, 1, "d"))
        ]
        colors = [ax.title.get_color() for ax in display.axes_]
        assert colors == ["firebrick", "black", "black"]

    def test_what_cannot_be_drawn(self):
        X, _ = make_check_data(3)
        with pytest.raises(ValueError, match="AnomalyDisplay: score has the shape"):
            AnomalyDisplay.from_scores(X, [1.0])
        with pytest.raises(ValueError, match="no object has a score"):
            AnomalyDisplay.from_scores(X, [np.nan] * 3)
        with pytest.raises(ValueError, match="ContactSheetDisplay: X has no nested column"):
            ContactSheetDisplay(X, ["a"] * 3, column="spectrum").plot()


class TestSets:
    def test_cells_are_the_sets(self):
        sets = [[False, False], [True, True], [True, False]]
        display = SetInTimeDisplay([1, 10, 30], sets, ["II", "Ia"], true_class="II").plot()
        (ax,) = display.axes_
        bars = [p for p in ax.patches if p.get_height() == 0.8]
        drawn = sorted((p.get_x(), round(p.get_y() + 0.4), p.get_width()) for p in bars)
        assert drawn == [(10, 0, 20), (10, 1, 20), (30, 0, pytest.approx(2.9))]
        weights = [text.get_fontweight() for text in ax.get_yticklabels()]
        assert weights == ["bold", "normal"]

    def test_of_a_conformal_classifier(self):
        X, y = make_check_data(40)
        network = RecurrentClassifier(max_epochs=1, reference_column="peak_time", random_state=0)
        model = ConformalClassifier(
            FrozenEstimator(network.fit(X, y)), days=[-5, 5, 20], reference_column="peak_time"
        ).fit(X, y)
        display = SetInTimeDisplay.from_estimator(model, X, X.index[3], true_class=y[3])
        np.testing.assert_array_equal(display.sets, model.predict_set_at(X[3:4], [-5, 5, 20])[0])
        times = X["lightcurve"].iloc[3]["time"] - X["peak_time"].iloc[3]
        np.testing.assert_allclose(display.light_curve.time, times)
        assert len(display.axes_) == 2
        with pytest.raises(KeyError, match="no object"):
            SetInTimeDisplay.from_estimator(model, X, "nobody")

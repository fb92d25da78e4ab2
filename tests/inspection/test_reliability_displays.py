"""Pictures of reliability by date and of abstention."""

import matplotlib
import numpy as np
import pytest

from skastro.exceptions import ObjectWarning
from skastro.inspection import ReliabilityByDateDisplay, RiskCoverageDisplay
from skastro.metrics import reliability_table, risk_coverage_curve

matplotlib.use("Agg")
CLASSES = ["II", "Ia"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture
def sample():
    rng = np.random.default_rng(0)
    share = rng.uniform(size=(100, 3))
    y_true = np.where(rng.uniform(size=100) < share[:, 2], "II", "Ia")
    return y_true, np.stack([share, 1 - share], axis=-1)


def test_lines_are_the_tables(sample):
    y_true, y_proba = sample
    display = ReliabilityByDateDisplay.from_predictions(
        y_true, y_proba, [1, 8, 30], labels=CLASSES, n_bins=5
    )
    table = reliability_table(y_true, y_proba[:, 2], labels=CLASSES, n_bins=5, strategy="quantile")
    drawn = display.lines_[30.0].get_xydata()
    np.testing.assert_allclose(drawn, table[["confidence", "accuracy"]])
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["calibrated", "1 d", "8 d", "30 d"]


def test_objects_without_a_prediction_at_a_date(sample):
    y_true, y_proba = sample
    y_proba[:10, 0] = np.nan
    with pytest.warns(ObjectWarning, match="10 of 100"):
        display = ReliabilityByDateDisplay.from_predictions(
            y_true, y_proba, [1, 8, 30], labels=CLASSES
        )
    assert display.tables[1.0]["weight"].sum() == 90


def test_number_of_dates(sample):
    with pytest.raises(ValueError, match="ReliabilityByDateDisplay: y_proba has the shape"):
        ReliabilityByDateDisplay.from_predictions(*sample, [1, 8], labels=CLASSES)


def test_one_line_per_model_in_given_axes(sample):
    import matplotlib.pyplot as plt

    y_true, y_proba = sample
    models = {"early": y_proba[:, 0], "late": y_proba[:, 2]}
    ax = plt.figure().add_subplot()
    display = RiskCoverageDisplay.from_predictions(y_true, models, labels=CLASSES, ax=ax)
    assert display.ax_ is ax
    curve = risk_coverage_curve(y_true, models["late"], labels=CLASSES)
    drawn = display.lines_["late"].get_xydata()
    np.testing.assert_allclose(drawn, curve[["coverage", "risk"]])

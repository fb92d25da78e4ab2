"""Pictures of scores and probabilities against time."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from nested_pandas import NestedFrame
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline

from skastro.exceptions import ObjectError
from skastro.inspection import ProbabilityInTimeDisplay, ScoreByPhaseDisplay
from skastro.metrics import score_by_phase
from skastro.neural_network import RecurrentClassifier
from skastro.preprocessing import Window
from skastro.testing import make_check_data
from skastro.utils.ragged import flatten, nest, row_numbers, segment_count

matplotlib.use("Agg")
DAYS = [1, 8, 64]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


class CountingClassifier(ClassifierMixin, BaseEstimator):
    """Probability of "Ia" is 1 - 1 / (1 + n) for n observations."""

    classes_ = np.array(["II", "Ia"])

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict_proba(self, X):
        offsets, rows = flatten(X["lightcurve"])
        return self._predict_counts(segment_count(offsets, np.ones(offsets[-1])))

    def _predict_counts(self, n):
        return np.stack([1 / (1 + n), 1 - 1 / (1 + n)], axis=-1)


class CausalClassifier(CountingClassifier):
    """The same, queried once, like a recurrent network."""

    reference_column = "trigger_time"

    def predict_proba(self, X):
        raise NotImplementedError

    def predict_proba_in_time(self, X):
        offsets, rows = flatten(X["lightcurve"])
        names = zip(self.classes_, self._predict_counts(1 + row_numbers(offsets)).T)
        fields = {"time": rows["time"], **dict(names)}
        return NestedFrame(index=X.index).assign(probability=nest(offsets, fields, X.index))

    def predict_proba_at(self, X, days):
        offsets, rows = flatten(X["lightcurve"])
        zero = X["trigger_time"].iloc[0]
        n = (rows["time"][:, None] <= zero + np.asarray(days)).sum(axis=0)
        return np.where(n > 0, self._predict_counts(n).T, np.nan).T[None]


def drawn(display, name="Ia"):
    return [np.asarray(v, float).tolist() for v in display.lines_[name].get_data()]


class TestProbabilityInTime:
    @pytest.mark.parametrize("kind", [CountingClassifier, CausalClassifier])
    def test_each_observation_gets_a_prediction(self, light_curves, kind):
        display = ProbabilityInTimeDisplay.from_estimator(kind(), light_curves, "a")
        assert drawn(display)[0] == [40, 90, 120]
        assert drawn(display)[1] == pytest.approx([1 / 2, 2 / 3, 3 / 4])
        assert drawn(display, "II")[1] == pytest.approx([1 / 2, 1 / 3, 1 / 4])
        assert display.axes_[0].get_title() == "a"
        points = np.concatenate([c.lines[0].get_xdata() for c in display.axes_[0].containers])
        assert sorted(points) == [40, 90, 120]

    def test_observations_of_one_date_are_known_together(self):
        rows = {
            "time": np.array([5.0, 2.0, 5.0, 9.0]),
            "band": np.array(list("grir")),
            "flux": np.ones(4),
            "flux_err": np.ones(4),
        }
        X = NestedFrame({"redshift": [0.1]}, index=["x"])
        X = X.assign(lightcurve=nest([0, 4], rows, X.index))
        display = ProbabilityInTimeDisplay.from_estimator(CountingClassifier(), X, "x")
        assert drawn(display) == [[2, 5, 9], [1 / 2, 3 / 4, 4 / 5]]

    @pytest.mark.parametrize("kind", [CountingClassifier, CausalClassifier])
    def test_steps_of_a_pipeline_come_first(self, light_curves, kind):
        model = make_pipeline(Window(-15.0, 30.0), kind()).fit(light_curves)
        display = ProbabilityInTimeDisplay.from_estimator(model, light_curves, "a")
        assert drawn(display)[1][-1] == pytest.approx(2 / 3)
        assert drawn(display)[0][-2:] == [90, 120]

    def test_at_days_after_the_zero_date(self, light_curves):
        X = light_curves.assign(trigger_time=[50.0, 0, 0, 0])
        display = ProbabilityInTimeDisplay.from_estimator(
            CausalClassifier(), X, "a", days=[60, -15, 45]
        )
        assert drawn(display)[0] == [35, 95, 110]
        np.testing.assert_allclose(drawn(display)[1], [np.nan, 2 / 3, 2 / 3])

    def test_zero_date_falls_back_to_the_first_observation(self, light_curves):
        X = light_curves.assign(trigger_time=np.nan)
        model = CausalClassifier()
        display = ProbabilityInTimeDisplay.from_estimator(model, X, "a", days=[0])
        assert drawn(display)[0] == [40]

    def test_true_class_is_thick_and_rare_classes_grey(self):
        rng = np.random.default_rng(0)
        proba = rng.dirichlet(np.ones(12), 5)
        proba[0] = np.nan
        classes = [f"c{i}" for i in range(12)]
        least = classes[np.nanmax(proba, axis=0).argmin()]
        display = ProbabilityInTimeDisplay(range(5), proba, classes, true_class=least)
        display.plot(max_classes=3)
        named = display.axes_[-1].get_legend_handles_labels()[1]
        best = np.argsort(-np.nanmax(proba, axis=0))[:3]
        assert set(named) == {*(classes[i] for i in best), least}
        assert len(display.axes_) == 1
        widths = {name: line.get_linewidth() for name, line in display.lines_.items()}
        assert all(widths[least] > width for name, width in widths.items() if name != least)

    def test_objects_that_cannot_be_drawn_are_named(self, light_curves):
        with pytest.raises(ObjectError, match="no observations .*'b'"):
            ProbabilityInTimeDisplay.from_estimator(CountingClassifier(), light_curves, "b")
        with pytest.raises(KeyError, match="'nobody'"):
            ProbabilityInTimeDisplay.from_estimator(CountingClassifier(), light_curves, "nobody")


class TestScoreByPhase:
    def runs(self):
        rng = np.random.default_rng(0)
        return [rng.choice(["Ia", "II"], (20, 3)) for _ in range(3)]

    def test_lines_and_bands_are_those_of_the_table(self):
        y = np.repeat(["Ia", "II"], 10)
        runs = self.runs()
        display = ScoreByPhaseDisplay.from_predictions(
            y, {"GRU": runs, "forest": runs[0]}, DAYS, accuracy_score
        )
        table = score_by_phase(y, runs, DAYS, accuracy_score)["accuracy_score"]
        assert drawn(display, "GRU") == [DAYS, table["mean"].tolist()]
        assert display.ax_.get_ylabel() == "accuracy_score"
        assert display.ax_.get_legend_handles_labels()[1] == ["GRU", "forest"]
        (band,) = display.ax_.collections
        edges = band.get_paths()[0].vertices[:, 1]
        assert edges.max() == pytest.approx((table["mean"] + table["std"]).max())
        assert edges.min() == pytest.approx((table["mean"] - table["std"]).min())

    def test_models_may_have_dates_of_their_own(self):
        y = np.repeat(["Ia", "II"], 10)
        runs = self.runs()
        tables = {
            "GRU": score_by_phase(y, runs, DAYS, {"accuracy": accuracy_score}),
            "floor": score_by_phase(y, runs[0][:, :2], [2, 30], {"accuracy": accuracy_score}),
        }
        display = ScoreByPhaseDisplay.from_tables(tables, "accuracy")
        assert drawn(display, "floor")[0] == [2, 30]
        labels = [text.get_text() for text in display.ax_.get_xticklabels()]
        assert labels == ["1", "2", "8", "30", "64"]

    @pytest.mark.parametrize("days, scale", [(DAYS, "log"), ([-5, 0, 8], "symlog")])
    def test_axis(self, days, scale):
        curve = pd.DataFrame({"mean": [0.1, 0.2, 0.3]}, index=days)
        assert ScoreByPhaseDisplay({"m": curve}).plot().ax_.get_xscale() == scale

    def test_unknown_score_is_named(self):
        table = score_by_phase(["Ia"], np.array([["Ia"]]), [1], {"accuracy": accuracy_score})
        with pytest.raises(KeyError, match="'GRU' has no score 'F1'.*accuracy"):
            ScoreByPhaseDisplay.from_tables({"GRU": table}, "F1")


@pytest.mark.slow
def test_recurrent_network():
    X, y = make_check_data()
    model = RecurrentClassifier(max_epochs=1, validation=None, random_state=0).fit(X, y)
    display = ProbabilityInTimeDisplay.from_estimator(model, X, "SN003", true_class=y[3])
    _, rows = flatten(X.loc[["SN003"]]["lightcurve"])
    np.testing.assert_array_equal(drawn(display, "AGN")[0], rows["time"])
    days = rows["time"] - rows["time"][0]
    at_days = ProbabilityInTimeDisplay.from_estimator(model, X, "SN003", days=days)
    np.testing.assert_allclose(at_days.probabilities, display.probabilities, atol=1e-6)
    np.testing.assert_allclose(at_days.times, display.times)

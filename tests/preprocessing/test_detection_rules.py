"""Rules on PHOTFLAG and detections: hand-made light curves with known answers."""

import warnings

import numpy as np
import pandas as pd
import pytest
from nested_pandas import NestedFrame
from sklearn.pipeline import make_pipeline

from skastro.exceptions import ObjectWarning
from skastro.preprocessing import (
    CleanPhotometry,
    DetectionWindow,
    FirstDetection,
    MarkDetections,
    ScaleFlux,
    Window,
)
from skastro.surveys import Survey
from skastro.utils.ragged import flatten, nest

SATURATED, TRIGGER, DETECTION = 1024, 2048, 4096


def frame(*objects, **statics):
    """Objects from lists of (time, PHOTFLAG)."""
    offsets = np.cumsum([0, *map(len, objects)])
    time, flags = np.array([row for rows in objects for row in rows], float).reshape(-1, 2).T
    rows = {
        "time": time,
        "flux": np.arange(len(time), dtype=np.float32),
        "flux_err": np.ones(len(time), np.float32),
        "photflag": flags.astype(np.int32),
    }
    X = NestedFrame(
        {"z": np.zeros(len(objects)), **statics}, index=list("abcdefgh"[: len(objects)])
    )
    return X.assign(lightcurve=nest(offsets, rows, X.index))


def times(X):
    offsets, rows = flatten(X["lightcurve"])
    return [rows["time"][i:j].tolist() for i, j in zip(offsets[:-1], offsets[1:])]


def detected(*objects):
    return MarkDetections(by="photflag").fit_transform(frame(*objects))


ELASTICC = make_pipeline(
    CleanPhotometry(reject="saturated"), MarkDetections(by="photflag"), DetectionWindow()
)


def without(X, field):
    offsets, rows = flatten(X["lightcurve"])
    return X.assign(
        lightcurve=nest(offsets, {n: v for n, v in rows.items() if n != field}, X.index)
    )


class TestRejectByName:
    X = frame([(0, 0), (1, SATURATED), (2, SATURATED + DETECTION), (3, DETECTION)])

    def test_saturated_observations_are_dropped(self):
        assert times(CleanPhotometry(reject="saturated").fit_transform(self.X)) == [[0, 3]]

    def test_several_names(self):
        step = CleanPhotometry(reject=["saturated", "detection"])
        assert times(step.fit_transform(self.X)) == [[0]]

    def test_bits_are_those_of_the_survey(self):
        own = Survey("own", {"g": 4800.0}, {"saturated": 4096})
        step = CleanPhotometry(reject="saturated", survey=own)
        assert times(step.fit_transform(self.X)) == [[0, 1]]

    def test_unknown_name_lists_the_known_ones(self):
        with pytest.raises(ValueError, match="CleanPhotometry.*CSP.*'saturated'.*only \\[\\]"):
            CleanPhotometry(reject="saturated", survey="CSP").fit(self.X)

    def test_an_observation_without_photflag_is_not_rejected(self):
        X = frame([(0, 0), (1, 0)])
        offsets, rows = flatten(X["lightcurve"])
        rows = {**rows, "photflag": np.array([1024.0, np.nan])}
        X = X.assign(lightcurve=nest(offsets, rows, X.index))
        assert times(CleanPhotometry(reject="saturated").fit_transform(X)) == [[1]]


class TestMarkDetections:
    def marked(self, X, **parameters):
        step = MarkDetections(**parameters).fit(X)
        return step.by_, flatten(step.transform(X)["lightcurve"])[1]["detected"].tolist()

    X = frame([(0, 0), (1, DETECTION), (2, DETECTION + TRIGGER), (3, SATURATED), (4, TRIGGER)])

    def test_by_the_bit_of_the_survey(self):
        assert self.marked(self.X) == ("photflag", [False, True, True, False, False])

    def test_by_snr_is_exceeded(self):
        assert self.marked(self.X, by="snr", min_snr=2) == ("snr", [False] * 3 + [True] * 2)

    def test_a_survey_without_bit_falls_back_to_snr(self):
        assert self.marked(self.X, survey="CSP", min_snr=3)[0] == "snr"
        with pytest.raises(ValueError, match="'detection'"):
            MarkDetections(by="photflag", survey="CSP").fit(self.X)

    def test_auto_leaves_flags_that_are_there(self):
        X = self.X
        offsets, rows = flatten(X["lightcurve"])
        own = [True, False, False, False, True]
        X = X.assign(lightcurve=nest(offsets, {**rows, "detected": own}, X.index))
        assert self.marked(X) == ("detected", own)
        assert self.marked(X, by="photflag")[1] == [False, True, True, False, False]

    def test_auto_takes_the_fields_that_new_light_curves_have(self):
        step = MarkDetections(min_snr=3).fit(self.X)
        assert step.by_ == "photflag"
        less = without(self.X, "photflag")
        by_snr = flatten(MarkDetections("snr", min_snr=3).fit_transform(less)["lightcurve"])[1]
        found = flatten(step.transform(less)["lightcurve"])[1]
        assert found["detected"].tolist() == by_snr["detected"].tolist()

    def test_a_requested_rule_needs_its_field(self):
        step = MarkDetections("photflag").fit(self.X)
        with pytest.raises(ValueError, match="MarkDetections.*no field 'photflag'"):
            step.transform(without(self.X, "photflag"))

    def test_bad_rule(self):
        with pytest.raises(ValueError, match="'eye'"):
            MarkDetections(by="eye").fit(self.X)


class TestFirstDetection:
    def test_earliest_detected_time_in_any_order(self):
        X = detected([(5, DETECTION), (2, DETECTION), (1, 0)], [(1, 0)], [], [(7, DETECTION)])
        first = FirstDetection().fit_transform(X)["first_detection"]
        np.testing.assert_array_equal(first, [2, np.nan, np.nan, 7])

    def test_cut_some_days_after_it_object_by_object(self):
        X = detected(
            [(0, 0), (10, DETECTION), (12, 0), (12.01, 0)], [(50, DETECTION), (52, 0), (90, 0)]
        )
        cut = make_pipeline(
            FirstDetection(), Window(-np.inf, 2, reference_column="first_detection")
        )
        assert times(cut.fit_transform(X)) == [[0, 10, 12], [50, 52]]

    def test_every_date_is_a_prefix_of_the_next(self):
        rng = np.random.default_rng(0)
        X = detected(*[[(t, DETECTION * (t > 20)) for t in np.sort(rng.uniform(0, 99, 40))]] * 3)
        X = FirstDetection().fit_transform(X)
        cuts = [
            times(Window(-np.inf, 2.0**k, reference_column="first_detection").fit_transform(X))
            for k in range(11)
        ]
        for early, late in zip(cuts, cuts[1:]):
            assert all(b[: len(a)] == a for a, b in zip(early, late))
        assert cuts[-1] == times(X) and len(cuts[0][0]) < len(cuts[3][0]) < len(cuts[-1][0])

    def test_flags_are_required(self):
        with pytest.raises(ValueError, match="FirstDetection.*'detected'"):
            FirstDetection().fit(frame([(0, 0)]))


class TestDetectionWindow:
    def test_last_non_detection_to_last_detection(self):
        X = detected(
            [(0, 0), (1, 0), (2, DETECTION), (3, 0), (4, 0), (5, DETECTION), (6, 0), (7, 0)]
        )
        assert times(DetectionWindow().fit_transform(X)) == [[1, 2, 3, 4, 5]]

    @pytest.mark.parametrize(
        "options, kept",
        [
            ({"n_before": 0}, [2, 3, 4]),
            ({"n_before": 2}, [0, 1, 2, 3, 4]),
            ({"n_before": None}, [-1, 0, 1, 2, 3, 4]),
            ({"until_last": False}, [1, 2, 3, 4, 5]),
            ({"n_before": None, "until_last": False}, [-1, 0, 1, 2, 3, 4, 5]),
        ],
    )
    def test_each_option(self, options, kept):
        X = detected([(-1, 0), (0, 0), (1, 0), (2, DETECTION), (3, 0), (4, DETECTION), (5, 0)])
        assert times(DetectionWindow(**options).fit_transform(X)) == [kept]

    def test_detection_in_the_first_row(self):
        X = detected([(0, DETECTION), (1, 0), (2, DETECTION), (3, 0)], [(0, DETECTION)])
        assert times(DetectionWindow().fit_transform(X)) == [[0, 1, 2], [0]]

    def test_neighbours_do_not_lend_their_rows(self):
        quiet_first = [(0, 0), (1, 0), (2, DETECTION)]
        X = detected([(0, DETECTION), (9, 0)], quiet_first, [(0, DETECTION)], quiet_first)
        assert times(DetectionWindow().fit_transform(X)) == [[0], [1, 2], [0], [1, 2]]

    def test_at_the_time_of_a_detection_everything_stays(self):
        X = detected(
            [(1, 0), (1, 0), (2, 0), (2, DETECTION), (2, 0), (5, DETECTION), (5, 0), (6, 0)]
        )
        assert times(DetectionWindow().fit_transform(X)) == [[1, 2, 2, 2, 5, 5]]

    def test_without_detection_nothing_is_kept_and_the_object_is_named(self):
        X = detected([(0, 0), (1, 0)], [(0, DETECTION)], [])
        with pytest.warns(ObjectWarning, match="DetectionWindow: no detection.*for 'a'$"):
            X_new = DetectionWindow().fit_transform(X)
        assert times(X_new) == [[], [0], []] and X_new.index.tolist() == list("abc")

    def test_nothing_to_lose_needs_no_warning(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert times(DetectionWindow().fit_transform(detected([], [(0, DETECTION)])))[0] == []

    def test_reference_column_keeps_earlier_detections(self):
        X = detected([(0, 0), (1, DETECTION), (2, 0), (3, 0), (4, DETECTION), (5, 0)])
        step = DetectionWindow(reference_column="trigger_time")
        assert times(step.fit_transform(X.assign(trigger_time=[4.0]))) == [[1, 3, 4]]
        with pytest.warns(ObjectWarning, match="no trigger_time.*'a'"):
            lost = step.fit_transform(X.assign(trigger_time=[np.nan]))
        assert times(lost) == [[]]
        assert lost["quality"].tolist() == ["no trigger_time"]

    def test_unsorted_observations_are_sorted(self):
        X = detected([(5, 0), (1, 0), (3, DETECTION), (0, 0)])
        assert times(DetectionWindow().fit_transform(X)) == [[1, 3]]

    def test_negative_number_is_refused(self):
        with pytest.raises(ValueError, match="'n_before' parameter of DetectionWindow"):
            DetectionWindow(n_before=-1).fit(detected([(0, DETECTION)]))

    def test_equals_a_loop_over_rows(self):
        rng = np.random.default_rng(1)
        objects = [
            [(t, DETECTION * (rng.random() < 0.3)) for t in np.sort(rng.integers(0, 12, n))]
            for n in rng.integers(0, 15, 8)
        ]
        X = detected(*objects)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ObjectWarning)
            assert times(DetectionWindow().fit_transform(X)) == [loop(rows) for rows in objects]


def loop(rows):
    """The rules again, one observation after the other."""
    found = [t for t, flag in rows if flag]
    if not found:
        return []
    before = [t for t, flag in rows if t < found[0]][-1:]
    return before + [t for t, _ in rows if found[0] <= t <= found[-1]]


class TestAllRules:
    def test_in_their_order(self):
        X = frame(
            [(0, 0), (1, SATURATED), (2, DETECTION + TRIGGER), (3, SATURATED + DETECTION), (4, 0)],
            [(0, 0), (1, SATURATED + DETECTION), (2, SATURATED)],
            [(0, SATURATED)],
            [],
        )
        with pytest.warns(ObjectWarning, match="for 'b'$"):
            assert times(ELASTICC.fit_transform(X)) == [[0, 2], [], [], []]


class TestScaleFlux:
    def test_flux_and_error_in_their_own_precision(self):
        X = frame([(0, 0), (1, 0), (2, 0)])
        rows = flatten(ScaleFlux(np.float64(1000)).fit_transform(X)["lightcurve"])[1]
        np.testing.assert_array_equal(rows["flux"], np.float32([0, 1e-3, 2e-3]))
        np.testing.assert_array_equal(rows["flux_err"], np.float32([1e-3] * 3))
        assert rows["flux"].dtype == np.float32

    @pytest.mark.parametrize("scale", [0, -1.0, np.nan, np.inf])
    def test_bad_scale(self, scale):
        with pytest.raises(ValueError, match="ScaleFlux"):
            ScaleFlux(scale).fit(frame([(0, 0)]))


def test_flags_as_pandas_reads_them_with_gaps():
    X = frame([(0, 0), (1, 0)])
    offsets, rows = flatten(X["lightcurve"])
    flags = pd.array([True, None], "boolean").to_numpy(float, na_value=np.nan)
    X = X.assign(lightcurve=nest(offsets, {**rows, "detected": flags}, X.index))
    assert FirstDetection().fit_transform(X)["first_detection"].tolist() == [0.0]


@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "i8", "f4"])
def test_bits_beyond_the_type_of_photflag_are_not_set(kind):
    rows = {
        "time": [1.0, 2.0],
        "flux": [1.0, 2.0],
        "flux_err": [1.0, 1.0],
        "photflag": np.array([0, 1], kind),
    }
    X = NestedFrame({"z": [0.1]}).assign(lightcurve=nest([0, 2], rows))
    marked = MarkDetections().fit_transform(X)
    assert flatten(marked["lightcurve"])[1]["detected"].tolist() == [False, False]
    kept = CleanPhotometry(reject=65536).fit_transform(X)
    assert flatten(kept["lightcurve"])[1]["time"].tolist() == [1.0, 2.0]

"""Bands are found under any of their names; dates of peak come from the light curves."""

import numpy as np
import pytest
from nested_pandas import NestedFrame

from skastro.datasets import make_light_curves
from skastro.exceptions import ObjectWarning
from skastro.preprocessing import EstimatePeak, SelectBands
from skastro.utils.ragged import flatten, nest


def frame(bands, offsets=None):
    offsets = [0, len(bands)] if offsets is None else offsets
    index = [f"SN{i}" for i in range(len(offsets) - 1)]
    rows = {"band": bands, "flux": np.arange(float(len(bands)))}
    return NestedFrame({"z": 0.1}, index=index).assign(lightcurve=nest(offsets, rows, index))


def bands_of(X):
    return flatten(X["lightcurve"])[1]["band"].tolist()


class TestSelectBands:
    def test_names_of_the_survey(self):
        X = frame(["ztfg", "ZTF_r", "i", "ZTF-g"])
        assert bands_of(SelectBands(survey="ZTF").fit_transform(X)) == ["g", "r", "i", "g"]
        assert bands_of(SelectBands(["r"], drop=["ztfg", "i"], survey="ZTF").fit_transform(X)) == [
            "r"
        ]

    def test_unknown_bands_are_counted_once(self):
        X = frame(["g", "o", "o", "c", "r"], offsets=[0, 2, 5])
        with pytest.warns(ObjectWarning, match="3 of 5 .*o: 2, c: 1.*'SN0', 'SN1'") as caught:
            kept = SelectBands(survey="LSST").fit_transform(X)
        assert len(caught) == 1
        assert bands_of(kept) == ["g", "r"]

    @pytest.mark.filterwarnings("ignore::skastro.exceptions.ObjectWarning")
    def test_objects_left_without_observations_are_marked_with_their_bands(self):
        X = frame(["g", "o", "J", "o", "r"], offsets=[0, 2, 4, 4, 5])
        kept = SelectBands(drop=["r"], survey="LSST").fit_transform(X)
        assert kept["quality"].tolist() == [
            "",
            "no observations in a known band, only in 'J', 'o'",
            "no observations",
            "no observations in a known band, only in 'r'",
        ]

    def test_rename_comes_first(self):
        X = frame(["o", "c"])
        step = SelectBands(rename={"o": "r", "c": "g"}, survey="LSST")
        assert bands_of(step.fit_transform(X)) == ["r", "g"]

    def test_without_a_survey_names_count_as_they_are(self):
        X = frame(["a", "b", "b"])
        assert bands_of(SelectBands(drop=["a"]).fit_transform(X)) == ["b", "b"]
        assert bands_of(SelectBands().fit_transform(X)) == ["a", "b", "b"]

    def test_contradictions_and_bands_of_other_surveys_are_refused(self):
        with pytest.raises(ValueError, match="SelectBands: \\['g'\\] are in both keep and drop"):
            SelectBands(["g"], drop=["ztfg"], survey="ZTF").fit(frame(["g"]))
        with pytest.raises(KeyError, match="survey ZTF has no band 'u'"):
            SelectBands(["u"], survey="ZTF").fit(frame(["g"]))


def curve(peak, outlier=None):
    time = np.sort(np.random.default_rng(0).uniform(-40, 60, 60)) + peak
    flux = 200 * np.exp(-0.5 * ((time - peak) / 12) ** 2)
    if outlier is not None:
        flux[outlier] += 5000
    rows = {"time": time, "band": ["g", "r"] * 30, "flux": flux, "flux_err": np.full(60, 10.0)}
    return NestedFrame({"z": [0.1]}, index=["SN1"]).assign(lightcurve=nest([0, 60], rows, ["SN1"]))


class TestEstimatePeak:
    @pytest.mark.parametrize("method", ["snr", "gp"])
    def test_known_peak(self, method):
        found = EstimatePeak(method).fit_transform(curve(1000.0))["peak_time"].item()
        assert found == pytest.approx(1000.0, abs=2)

    @pytest.mark.parametrize("row", [0, 20, 59])
    def test_one_outlier_does_not_set_the_date(self, row):
        found = EstimatePeak().fit_transform(curve(1000.0, outlier=row))["peak_time"].item()
        assert found == pytest.approx(1000.0, abs=4)

    def test_objects_are_independent_and_an_own_column_is_replaced(self):
        X, _ = make_light_curves(20, random_state=0)
        step = EstimatePeak().fit(X)
        together = step.transform(X)["peak_time"]
        alone = [step.transform(X.iloc[[i]])["peak_time"].item() for i in range(len(X))]
        np.testing.assert_array_equal(together, alone)
        assert not np.array_equal(together, X["peak_time"])

    def test_objects_without_detections_are_marked(self):
        X, _ = make_light_curves(5, random_state=0)
        offsets, rows = flatten(X["lightcurve"])
        dark = {**rows, "detected": np.zeros(offsets[-1], bool)}
        marked = EstimatePeak().fit_transform(X.assign(lightcurve=nest(offsets, dark, X.index)))
        assert marked["peak_time"].isna().all()
        assert set(marked["quality"]) == {"no detections to estimate peak_time from"}

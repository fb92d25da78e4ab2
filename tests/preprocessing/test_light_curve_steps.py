"""Steps from light curves to light curves: known answers and identities."""

import astropy.units as u
import numpy as np
import pytest
from dust_extinction.parameter_averages import CCM89
from nested_pandas import NestedFrame

from skastro.exceptions import ObjectError, ObjectWarning
from skastro.preprocessing import (
    AsinhScale,
    CleanPhotometry,
    Deredden,
    Deredshift,
    MarkQuality,
    TriggerTime,
    Window,
)
from skastro.surveys import get_survey
from skastro.utils.ragged import flatten, nest


def rows_of(X):
    return flatten(X["lightcurve"])


def frame(statics, offsets, **rows):
    X = NestedFrame(statics)
    return X.assign(lightcurve=nest(offsets, rows, X.index))


class TestWindow:
    def test_both_edges_are_included(self, light_curves):
        offsets, rows = rows_of(Window(-10, 20).fit_transform(light_curves))
        assert offsets.tolist() == [0, 2, 2, 3, 5]
        assert rows["time"].tolist() == [90, 120, 5, 1, 2]

    def test_object_left_empty_keeps_its_place(self, light_curves):
        X = Window(1000, 1001).fit_transform(light_curves)
        assert X.index.tolist() == list("abcd")
        assert rows_of(X)[0].tolist() == [0, 0, 0, 0, 0]

    def test_edge_from_a_column(self, light_curves):
        X = light_curves.assign(days=[-10.0, 0.0, 5.0, 1.0])
        assert rows_of(Window(-1000, "days").fit_transform(X))[0].tolist() == [0, 2, 2, 3, 4]

    def test_missing_reference_is_named_and_empty(self, light_curves):
        X = light_curves.assign(peak_time=[100.0, 0.0, np.nan, 0.0])
        with pytest.warns(ObjectWarning, match="'c'"):
            offsets, _ = rows_of(Window(-1000, 1000).fit_transform(X))
        assert offsets.tolist() == [0, 3, 3, 3, 5]

    def test_reversed_window_raises(self, light_curves):
        with pytest.raises(ValueError, match="must not exceed"):
            Window(2, 1).fit(light_curves)

    @pytest.mark.parametrize("missing", ["peak_time", "lightcurve"])
    def test_missing_column_is_named(self, light_curves, missing):
        with pytest.raises(ValueError, match=f"Window .*'{missing}'"):
            Window().fit(light_curves.drop(columns=missing))


class TestTriggerTime:
    def test_second_detection_more_than_a_day_later(self):
        X = frame(
            {"z": [0, 0, 0]},
            [0, 4, 6, 6],
            time=np.array([0.0, 1.0, 1.5, 9.0, 0.0, 5.0]),
            flux=np.array([50.0, 50, 50, 50, 50, 10]),
            flux_err=np.array([1.0, 1, 1, 1, 1, 2]),
        )
        trigger = TriggerTime().fit_transform(X)["trigger_time"].to_numpy()
        np.testing.assert_array_equal(trigger, [1.5, np.nan, np.nan])

    def test_the_order_of_observations_does_not_matter(self):
        time, flux = [9.0, 1.0, 4.0], [9.0, 9.0, 9.0]
        X = frame({"z": [0]}, [0, 3], time=time, flux=flux, flux_err=[1.0, 1.0, 1.0])
        assert TriggerTime().fit_transform(X)["trigger_time"].tolist() == [4.0]

    def test_new_column_is_announced(self, light_curves):
        step = TriggerTime(name="seen").fit(light_curves)
        assert list(step.get_feature_names_out()) == [*light_curves.columns, "seen"]
        assert list(step.transform(light_curves).columns) == list(step.get_feature_names_out())


class TestDeredshift:
    def test_intervals_shrink_by_one_plus_z(self, light_curves):
        offsets, rows = rows_of(light_curves)
        _, rest = rows_of(Deredshift().fit_transform(light_curves))
        for i, z in enumerate(light_curves["redshift"]):
            own = slice(offsets[i], offsets[i + 1])
            np.testing.assert_allclose(
                np.diff(rows["time"][own]) / (1 + z), np.diff(rest["time"][own])
            )

    def test_reference_time_is_the_fixed_point(self):
        X = frame({"redshift": [3.0], "peak_time": [7.0]}, [0, 1], time=[7.0])
        assert rows_of(Deredshift().fit_transform(X))[1]["time"].tolist() == [7.0]

    def test_unknown_redshift_is_named_or_kept(self, light_curves):
        X = light_curves.assign(redshift=[np.nan, 0.1, 0.1, 0.1])
        with pytest.raises(ObjectError, match="'redshift' .*'a'"):
            Deredshift().fit_transform(X)
        kept = rows_of(Deredshift(missing="keep").fit_transform(X))[1]["time"]
        assert kept[:3].tolist() == [40, 90, 120]

    def test_impossible_redshift_is_named(self, light_curves):
        with pytest.raises(ObjectError, match="'d'"):
            Deredshift().fit_transform(light_curves.assign(redshift=[0, 0, 0, -2.0]))


class TestDeredden:
    def test_equals_dust_extinction(self, light_curves):
        X = light_curves.assign(mwebv=[0.05, 0.1, 0.2, 0.3])
        _, before = rows_of(X)
        _, after = rows_of(Deredden(survey="DES").fit_transform(X))
        lam = get_survey("DES").band_wavelengths(before["band"]) * u.AA
        ebv = np.repeat([0.05, 0.1, 0.2, 0.3], [3, 0, 1, 2])
        passed = np.array([CCM89(Rv=3.1).extinguish(w, Ebv=e) for w, e in zip(lam, ebv)])
        np.testing.assert_allclose(after["flux"] * passed, before["flux"])
        np.testing.assert_allclose(after["flux_err"] * passed, before["flux_err"])

    def test_unknown_extinction_is_named(self, light_curves):
        X = light_curves.assign(mwebv=[0.05, np.nan, 0.2, 0.3])
        with pytest.raises(ObjectError, match="'mwebv' .*'b'"):
            Deredden().fit_transform(X)

    def test_unknown_law_lists_the_known_ones(self, light_curves):
        with pytest.raises(ValueError, match="F99"):
            Deredden(law="Newton").fit(light_curves.assign(mwebv=0.1))

    @pytest.mark.parametrize("mwebv", [-9.0, -999.0])
    def test_sentinels_are_missing_and_negative_values_refused(self, light_curves, mwebv):
        X = light_curves.assign(mwebv=[0.05, mwebv, 0.2, 0.3])
        with pytest.raises(ObjectError, match="'mwebv' .*'b'"):
            Deredden().fit_transform(X)
        with pytest.raises(ObjectError, match="negative .*'b'"):
            Deredden().fit_transform(light_curves.assign(mwebv=[0.05, -0.1, 0.2, 0.3]))

    def test_objects_without_extinction_are_marked_or_kept(self, light_curves):
        X = light_curves.assign(mwebv=[0.05, -9.0, 0.2, np.nan])
        marked = Deredden(missing="mark").fit_transform(X)
        reason = (
            "no mwebv; make_scone(dust=None), or skastro fit scone --dust null, does not require it"
        )
        assert marked["quality"].tolist() == ["", reason, "", reason]
        kept = Deredden(missing="keep").fit_transform(X)
        assert kept["quality"].tolist() == [""] * 4
        assert rows_of(kept)[1]["flux"][-2:].tolist() == rows_of(X)[1]["flux"][-2:].tolist()
        already = X.assign(quality=["", "too faint", "", "no dust map"])
        assert Deredden().fit_transform(already)["quality"].tolist() == already["quality"].tolist()

    def test_whole_numbers_are_not_cut(self):
        X = frame({"mwebv": [0.1]}, [0, 1], band=["g"], flux=[10], flux_err=[1])
        assert rows_of(Deredden().fit_transform(X))[1]["flux"][0] == pytest.approx(13.99, abs=0.01)

    def test_other_spellings_and_unknown_bands(self):
        bands = ["LSST-g", "g", "o", None]
        X = frame({"mwebv": [0.1]}, [0, 4], band=bands, flux=np.ones(4), flux_err=np.ones(4))
        with pytest.warns(ObjectWarning, match="2 of 4 observations .*o: 1.*no band: 1"):
            rows = rows_of(Deredden().fit_transform(X))[1]
        assert len(rows["flux"]) == 2
        assert rows["flux"][0] == rows["flux"][1] > 1

    def test_unknown_band_lists_the_known_ones(self, light_curves):
        X = frame({"mwebv": [0.1]}, [0, 1], band=["H"], flux=[1.0], flux_err=[1.0])
        with pytest.raises(KeyError, match="u, g, r, i, z, Y"):
            Deredden().fit_transform(X)


class TestCleanPhotometry:
    def test_drops_what_is_not_a_measurement(self):
        nan, inf = np.nan, np.inf
        X = frame(
            {"z": [0, 0]},
            [0, 4, 7],
            time=np.array([0, nan, 2, 3, 4, 5, 6]),
            flux=np.array([1, 1, nan, 1, 1, inf, 1]),
            flux_err=np.array([1.0, 1, 1, 0, -1, 1, 1]),
            photflag=np.array([0, 0, 0, 0, 0, 0, 1024 + 4096]),
        )
        offsets, rows = rows_of(CleanPhotometry().fit_transform(X))
        assert offsets.tolist() == [0, 1, 2] and rows["time"].tolist() == [0, 6]
        offsets, _ = rows_of(CleanPhotometry(reject=1024).fit_transform(X))
        assert offsets.tolist() == [0, 1, 1]


class TestMarkQuality:
    X = frame(
        {"z": [0] * 5},
        [0, 5, 5, 6, 8, 10],
        time=np.array([0.0, 10, 20, 30, 40, 0, 0, 5, 0, 80]),
        flux=np.array([0.0, 9, 9, 9, 9, 9, 7, 7, 0, 90]),
        flux_err=np.ones(10),
    )

    @pytest.mark.parametrize(
        "cut, passed",
        [
            ({}, [True, False, True, True, True]),
            ({"min_observations": 2}, [True, False, False, True, True]),
            ({"min_detections": 2}, [True, False, False, True, False]),
            ({"min_total_snr": 10}, [True, False, False, False, True]),
            ({"min_duration": 5}, [True, False, False, True, False]),
            ({"max_gap": 50}, [True, False, True, True, False]),
        ],
    )
    def test_each_cut(self, cut, passed):
        quality = MarkQuality(**cut).fit_transform(self.X)["quality"]
        assert (quality == "").tolist() == passed

    def test_total_snr_adds_in_quadrature(self):
        assert MarkQuality(min_total_snr=18.0).fit_transform(self.X)["quality"].iloc[0] == ""
        assert MarkQuality(min_total_snr=18.1).fit_transform(self.X)["quality"].iloc[0] != ""

    def test_light_curves_are_left_alone(self):
        out = MarkQuality(min_observations=3).fit_transform(self.X)
        assert rows_of(out)[0].tolist() == rows_of(self.X)[0].tolist()


class TestAsinhScale:
    def test_inverts_to_the_flux(self, light_curves):
        scaled = rows_of(AsinhScale(3.0).fit_transform(light_curves))[1]["flux"]
        np.testing.assert_allclose(np.sinh(scaled) * 3.0, np.arange(6.0), atol=1e-12)

    def test_error_is_the_derivative(self, light_curves):
        flux = np.arange(6.0)
        step = 1e-6
        derivative = (np.arcsinh((flux + step) / 3) - np.arcsinh((flux - step) / 3)) / (2 * step)
        error = rows_of(AsinhScale(3.0).fit_transform(light_curves))[1]["flux_err"]
        np.testing.assert_allclose(error, 0.5 * derivative, rtol=1e-6)

    def test_errors_as_in_the_original_code(self, light_curves):
        error = rows_of(AsinhScale(errors="asinh").fit_transform(light_curves))[1]["flux_err"]
        np.testing.assert_allclose(error, np.arcsinh(0.5))

    @pytest.mark.parametrize("bad", [{"scale": 0}, {"scale": -1}, {"errors": "none"}])
    def test_bad_parameters(self, light_curves, bad):
        with pytest.raises(ValueError, match="AsinhScale"):
            AsinhScale(**bad).fit(light_curves)

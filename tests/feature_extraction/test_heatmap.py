"""Heat maps against what SCONE itself made of the same objects, and their properties."""

import warnings

import numpy as np
import pytest
from astropy.io import fits
from nested_pandas import NestedFrame

from skastro.exceptions import ObjectWarning
from skastro.feature_extraction import GPInterpolate, Heatmap
from skastro.gaussian_process import Padding, predict_grid
from skastro.preprocessing import MarkQuality
from skastro.surveys import Survey
from skastro.testing import make_check_data
from skastro.utils.dust import extinction_magnitudes
from skastro.utils.grid import Grid
from skastro.utils.ragged import flatten, nest

DES = Survey("DES-README", {"g": 4827.7, "r": 6434.8, "i": 7828.1, "z": 9181.2})


@pytest.fixture(scope="module")
def reference(oracles):
    return np.load(oracles / "scone_heatmaps_des.npz")


@pytest.fixture(scope="module")
def supernovae(real_data, reference):
    """The objects of the reference, cut at the separator rows by hand."""
    head = fits.getdata(real_data / "snana" / "DES_Ia-0001_HEAD.FITS")
    phot = fits.getdata(real_data / "snana" / "DES_Ia-0001_PHOT.FITS")
    rows = phot["MJD"] != -777
    offsets = np.concatenate([[0], np.cumsum(head["NOBS"])])
    fields = {
        "time": phot["MJD"][rows].astype(float),
        "band": np.char.strip(phot["FLT"][rows].astype(str)),
        "flux": phot["FLUXCAL"][rows].astype(np.float32),
        "flux_err": phot["FLUXCALERR"][rows].astype(np.float32),
    }
    statics = {"peak_time": head["PEAKMJD"].astype(float), "mwebv": head["MWEBV"].astype(float)}
    X = NestedFrame(statics, index=head["SNID"].astype(int))
    return X.assign(lightcurve=nest(offsets, fields, X.index)).loc[reference["snid"]]


def as_images(features):
    return features.reshape(-1, 32, 180, 2)


@pytest.mark.parametrize("engine", ["george", "numpy"])
def test_parity_with_scone(supernovae, reference, engine):
    """SCONE's grid of dates is rounded to float32, worth 1e-4 of the maximum on steep flanks."""
    step = Heatmap(GPInterpolate(survey=DES, engine=engine), normalization="none", dust="scone")
    images = as_images(step.fit_transform(supernovae))
    expected = reference["heatmaps"]
    scale = np.abs(expected[..., 0]).max(axis=(1, 2))[:, None, None]
    assert (np.abs(images[..., 0] - expected[..., 0]) / scale).max() < 2e-4
    assert (np.abs(images[..., 1] - expected[..., 1]) / scale).max() < 1e-4


def test_same_dates_and_hyperparameters_give_the_same_pixels(supernovae, reference):
    offsets, rows = flatten(supernovae["lightcurve"])
    wavelengths = reference["wavelengths"]
    dust = reference["mwebv"][:, None] * extinction_magnitudes(wavelengths)
    for i, peak in enumerate(supernovae["peak_time"].astype(np.float32)):
        own = slice(offsets[i], offsets[i + 1])
        dates = np.linspace(peak - np.float32(30), peak + np.float32(150), 180, dtype=np.float32)
        result = predict_grid(
            [0, offsets[i + 1] - offsets[i]],
            rows["time"][own],
            DES.band_wavelengths(rows["band"])[own],
            rows["flux"][own],
            rows["flux_err"][own],
            dates.astype(float),
            wavelengths,
            amplitude=reference["amplitude2"][i],
            time_scale=reference["l_time_days"][i],
            wavelength_scale=reference["l_wave_A"][i],
            padding=Padding(DES.wavelengths["i"]),
            engine="numpy",
            dtype=np.float64,
        )
        expected = reference["heatmaps"][i]
        scale = np.abs(expected[..., 0]).max()
        np.testing.assert_allclose(
            result.mean[0] + dust[i][:, None], expected[..., 0], atol=1e-6 * scale
        )
        np.testing.assert_allclose(result.std[0], expected[..., 1], atol=1e-5 * scale)


def test_likelihood_is_not_below_scone(supernovae, reference):
    fits_ = GPInterpolate(survey=DES, engine="numpy").fit(supernovae).interpolate(supernovae)
    assert (fits_.log_likelihood > -reference["neg_log_like"] - 1e-3).all()


class TestHeatmap:
    @pytest.fixture
    def small(self):
        return GPInterpolate(
            times=np.linspace(-20, 40, 12), wavelengths=[4700, 6200, 8000], engine="numpy"
        )

    def test_maximum_of_the_mean_is_one(self, light_curves, small):
        images = Heatmap(small).fit_transform(light_curves).reshape(4, 3, 12, 2)
        np.testing.assert_allclose(images[[0, 2, 3], ..., 0].max(axis=(1, 2)), 1.0, rtol=1e-6)

    def test_brightness_is_what_the_normalisation_takes_away(self, light_curves, small):
        flux = Heatmap(small, normalization="none").fit_transform(light_curves)
        rows = Heatmap(small, brightness=True).fit_transform(light_curves)
        np.testing.assert_allclose(rows[:, :-1] * 10 ** rows[:, -1:], flux, rtol=1e-4)

    def test_flux_units_do_not_matter(self, light_curves, small):
        offsets, rows = flatten(light_curves["lightcurve"])
        scaled = {**rows, "flux": rows["flux"] * 1e3, "flux_err": rows["flux_err"] * 1e3}
        X = light_curves.assign(lightcurve=nest(offsets, scaled, light_curves.index))
        small.set_params(padding=False)
        expected = Heatmap(small).fit_transform(light_curves)
        np.testing.assert_allclose(Heatmap(small).fit_transform(X), expected, atol=1e-4)

    def test_channels_in_the_order_requested(self, light_curves, small):
        both = Heatmap(small).fit_transform(light_curves)
        step = Heatmap(small, channels=("std",)).fit(light_curves)
        np.testing.assert_array_equal(step.transform(light_curves), both[:, 1::2])
        names = Heatmap(small).fit(light_curves).get_feature_names_out()
        assert names[:3].tolist() == [
            "mean_4700A_-20.00d",
            "std_4700A_-20.00d",
            "mean_4700A_-14.55d",
        ]
        assert step.get_feature_names_out().tolist() == names[1::2].tolist()
        assert step.output_shape_ == (3, 12, 1)

    def test_marked_and_empty_objects_are_rows_of_nan(self, light_curves, small):
        X = MarkQuality(min_observations=2).fit_transform(light_curves)
        rows = Heatmap(small, brightness=True).fit_transform(X)
        assert np.isnan(rows).all(axis=1).tolist() == [False, True, True, False]
        assert np.isfinite(rows[[0, 3]]).all()

    def test_unknown_bands_are_dropped_with_a_warning(self, light_curves, small):
        two = small.set_params(survey=Survey("Two", {"g": 4800.0, "r": 6200.0}))
        heatmap = Heatmap(two).fit(light_curves)
        with pytest.warns(ObjectWarning, match="1 of 6 observations .*i: 1"):
            rows = heatmap.transform(light_curves)
        assert np.isnan(rows[2]).all() and np.isfinite(rows[0]).all()

    def test_a_survey_without_any_of_the_bands_is_an_error_before_the_work(self, light_curves):
        other = GPInterpolate(survey=Survey("Other", {"H": 16000.0}))
        with pytest.raises(KeyError, match="none of the bands 'g', 'i', 'r'; known bands: H"):
            Heatmap(other).fit(light_curves)

    def test_column_and_quality_column_reach_the_interpolator(self, light_curves, small):
        renamed = light_curves.rename(columns={"lightcurve": "alerts"}).assign(why="")
        rows = Heatmap(small, column="alerts", quality_column="why").fit_transform(renamed)
        np.testing.assert_array_equal(rows, Heatmap(small).fit_transform(light_curves))

    def test_an_object_lost_in_the_noise_gets_no_huge_values(self, small):
        rng = np.random.default_rng(0)
        time, noise = np.linspace(-20, 60, 40), rng.normal(0, 100, 40)
        rows = {"time": time, "band": ["g", "r"] * 20, "flux": noise - 150}
        rows["flux_err"] = np.full(40, 100.0)
        X = NestedFrame({"peak_time": [0.0]}).assign(lightcurve=nest([0, 40], rows))
        heatmap = Heatmap(small, brightness=True)
        found = heatmap.fit_transform(X)[0]
        assert np.abs(found[:-1]).max() < 5
        assert 10 ** found[-1] >= 100 * (1 - 1e-6)

    def test_objects_without_an_image_are_named_with_the_reason(self, light_curves, small):
        X = light_curves.assign(peak_time=[100.0, 0, np.nan, 0])
        with pytest.warns(ObjectWarning, match="2 of 4 .*no observations: 'b'; the ref.*: 'c'"):
            Heatmap(small).fit_transform(X)
        marked = X.assign(quality=["", "empty", "no peak_time", ""])
        with warnings.catch_warnings():
            warnings.simplefilter("error", ObjectWarning)
            assert np.isnan(Heatmap(small).fit_transform(marked)[1:3]).all()

    def test_representations_and_grids_are_short(self):
        short, long = GPInterpolate(Grid(-30, 150, 180)), GPInterpolate(np.linspace(-30, 150, 180))
        assert len(repr(Heatmap(short))) < 300
        X = make_check_data(3)[0]
        np.testing.assert_array_equal(short.fit(X).times_, long.fit(X).times_)
        with pytest.raises(ValueError, match="GPInterpolate: times"):
            GPInterpolate([0, 0]).fit(X)

    @pytest.mark.parametrize(
        "bad", [{"channels": ("mode",)}, {"normalization": "rank"}, {"dust": "wet"}]
    )
    def test_bad_parameters(self, light_curves, small, bad):
        with pytest.raises(ValueError, match="Heatmap"):
            Heatmap(small, **bad).fit(light_curves.assign(mwebv=0.1))

"""Every step on spectra against SciPy object by object, or against values known by hand."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline, interp1d
from scipy.signal import medfilt, savgol_filter
from sklearn.base import clone
from spectrum_frames import frame, opened, random_spectra

from skastro.exceptions import ObjectError
from skastro.preprocessing import (
    Apodize,
    CleanSpectrum,
    DeredshiftSpectrum,
    MarkSpectrumQuality,
    MaskLines,
    NormalizeSpectrum,
    Rebin,
    RemoveContinuum,
    ReplaceOutliers,
    SmoothSpectrum,
)
from skastro.utils.ragged import segment_median


def test_segment_median():
    rng = np.random.default_rng(0)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(0, 7, 50))])
    values = np.where(rng.random(offsets[-1]) < 0.2, np.nan, rng.normal(size=offsets[-1]))
    found = segment_median(offsets, values)
    for median, a, b in zip(found, offsets[:-1], offsets[1:]):
        own = values[a:b][~np.isnan(values[a:b])]
        assert median == np.median(own) if len(own) else np.isnan(median)


def test_clean_spectrum():
    rows = {
        "wavelength": np.array([5000, 4000, np.nan, 4000, -1, 4500, np.inf, 4600]),
        "flux": np.array([1.0, 2, 3, 4, 5, np.nan, 7, 8]),
        "flux_err": np.array([1.0, 1, 1, 1, 1, 1, 1, -1]),
    }
    found = opened(CleanSpectrum().fit_transform(frame([rows, rows])))
    for own in found:
        assert own["wavelength"].tolist() == [4000, 5000]
        assert own["flux"].tolist() == [2, 1]


@pytest.mark.parametrize(
    "step", [Rebin(), DeredshiftSpectrum(redshift_column="z"), RemoveContinuum()]
)
def test_wavelengths_without_meaning_are_refused_by_name(step):
    rows = {"wavelength": np.array([4000.0, np.nan]), "flux": np.ones(2)}
    good = {"wavelength": np.array([4000.0, 5000.0]), "flux": np.ones(2)}
    X = frame([good, rows], z=[0.0, 0.0]).set_axis(["good", "bad"])
    with pytest.raises(ObjectError, match="wavelength.*CleanSpectrum") as caught:
        step.fit(X).transform(X)
    assert caught.value.ids == ["bad"]


def test_mask_lines():
    x = np.arange(5000.0, 9000.0, 5)
    rows = {"wavelength": x, "flux": np.ones(len(x), np.float32)}
    flux = opened(MaskLines().fit_transform(frame([rows])))[0]["flux"]
    assert np.isnan(flux[(x > 7590) & (x < 7700)]).all()
    assert np.isnan(flux[np.abs(x - 5577.34) < 9]).all()
    assert np.isfinite(flux[np.abs(x - 6563) < 30]).all()
    own = opened(MaskLines([(6000, 6010)]).fit_transform(frame([rows])))[0]["flux"]
    assert x[np.isnan(own)].tolist() == [6000, 6005, 6010]
    with pytest.raises(ValueError, match="MaskLines.*'moon'"):
        MaskLines(["moon"]).fit(frame([rows]))
    with pytest.raises(ValueError, match="does not increase"):
        MaskLines([(6010, 6000)]).fit(frame([rows]))


def test_deredshift_moves_a_line_to_rest_and_marks_unknown_redshifts():
    rows = {"wavelength": np.array([6562.8 * 1.1]), "flux": np.array([3.0])}
    X = frame([rows, rows, rows], redshift=[0.1, np.nan, 0.0])
    rest = DeredshiftSpectrum().fit_transform(X)
    np.testing.assert_allclose(
        [o["wavelength"][0] for o in opened(rest)], [6562.8, 6562.8 * 1.1, 6562.8 * 1.1]
    )
    assert rest["rest_frame"].tolist() == [True, False, True]
    with pytest.raises(ObjectError, match="no 'redshift'") as caught:
        DeredshiftSpectrum(missing="raise").fit(X).transform(X)
    assert caught.value.ids == [1]
    with pytest.raises(ObjectError, match="above -1"):
        bad = X.assign(redshift=-1.5)
        DeredshiftSpectrum().fit(bad).transform(bad)


@pytest.mark.parametrize("kind", ["cubic", "linear"])
def test_rebin_against_scipy(kind):
    spectra = random_spectra()
    grid = np.linspace(3000, 9900, 77)
    for own, new in zip(spectra, opened(Rebin(grid, method=kind).fit_transform(frame(spectra)))):
        if len(own["flux"]) == 0:
            assert len(new["flux"]) == 0
            continue
        np.testing.assert_array_equal(new["wavelength"], grid)
        if len(own["flux"]) < 2:
            assert not new["covered"].any()
            continue
        options = {"bounds_error": False, "fill_value": np.nan}
        expected = interp1d(own["wavelength"], own["flux"], kind=kind, **options)(grid)
        scale = np.nanmax(np.abs(expected))
        np.testing.assert_allclose(new["flux"], expected, rtol=0, atol=1e-9 * scale)
        np.testing.assert_array_equal(new["covered"], np.isfinite(expected))


def test_rebin_errors_of_two_neighbours():
    rows = {"wavelength": np.array([4000.0, 5000]), "flux": np.ones(2), "flux_err": np.ones(2)}
    new = opened(Rebin([4000, 4500, 4750, 5000], method="linear").fit_transform(frame([rows])))[0]
    expected = [1, np.sqrt(0.5), np.hypot(0.25, 0.75), 1]
    np.testing.assert_allclose(new["flux_err"], expected)


def test_rebin_conserves_flux_and_variance():
    x = np.arange(4000.0, 8000.0, 2.0)
    rng = np.random.default_rng(0)
    rows = {"wavelength": x, "flux": rng.normal(5, 1, len(x)), "flux_err": np.full(len(x), 0.3)}
    grid = np.linspace(4100, 7900, 96)
    new = opened(Rebin(grid, method="flux").fit_transform(frame([rows])))[0]
    edges = np.r_[grid - 20, grid[-1] + 20]
    inside = (x > edges[0]) & (x < edges[-1])
    np.testing.assert_allclose(new["flux"].sum() * 40, rows["flux"][inside].sum() * 2, rtol=1e-3)
    np.testing.assert_allclose(new["flux_err"], 0.3 / np.sqrt(20), rtol=1e-9)
    spread = (new["flux"] - 5) / new["flux_err"] * 0.3
    assert 0.75 < spread.std() < 1.25


def test_rebin_gaps_repeats_and_other_fields():
    rows = {
        "wavelength": np.array([4000.0, 4000, 4100, 4200, 4300, 6000]),
        "flux": np.array([1.0, 99, 2, np.nan, 4, 5]),
        "order": np.array([1, 2, 3, 4, 5, 6]),
    }
    grid = [4050, 4200, 4500, 6000, 6100]
    new = opened(
        Rebin(grid, method="linear", max_gap=300, fill_value=-1).fit_transform(frame([rows]))
    )[0]
    assert new["flux"].tolist() == [1.5, 3.0, -1, 5, -1]
    assert new["covered"].tolist() == [True, True, False, True, False]
    assert new["order"].tolist() == [1, 3, 5, 6, 6]


def test_rebin_in_pieces_is_rebin_at_once(monkeypatch):
    X = frame(random_spectra())
    whole = opened(Rebin().fit_transform(X))
    monkeypatch.setattr("skastro.preprocessing._spectra_rebin._ROWS_AT_ONCE", 100)
    for a, b in zip(whole, opened(Rebin().fit_transform(X))):
        for name in a:
            np.testing.assert_allclose(a[name], b[name], rtol=1e-9)


def test_smooth_median_against_scipy():
    spectra = random_spectra(lengths=(50, 0, 3, 1, 200))
    new = opened(SmoothSpectrum(window=5, edges="zero").fit_transform(frame(spectra)))
    for own, smooth in zip(spectra, new):
        if len(own["flux"]):
            with np.errstate(all="ignore"):
                expected = medfilt(own["flux"], 5) if len(own["flux"]) > 4 else None
            padded = np.r_[0, 0, own["flux"], 0, 0]
            by_hand = [np.median(padded[k : k + 5]) for k in range(len(own["flux"]))]
            np.testing.assert_array_equal(smooth["flux"], by_hand)
            if expected is not None:
                np.testing.assert_array_equal(smooth["flux"], expected)


def test_smooth_median_leaves_missing_values_out():
    rows = {"wavelength": np.arange(1.0, 7), "flux": np.array([1.0, np.nan, 5, 3, 4, 100])}
    new = opened(SmoothSpectrum(window=3).fit_transform(frame([rows])))[0]["flux"]
    np.testing.assert_array_equal(new, [1, np.nan, 4, 4, 4, 52])


def test_savgol_against_scipy():
    spectra = random_spectra(lengths=(60, 0, 6, 11, 200))
    new = opened(SmoothSpectrum(method="savgol", window=11, degree=3).fit_transform(frame(spectra)))
    for own, smooth in zip(spectra, new):
        expected = savgol_filter(own["flux"], 11, 3) if len(own["flux"]) >= 11 else own["flux"]
        np.testing.assert_allclose(smooth["flux"], expected, rtol=1e-9)
    # The white noise gain of the quadratic over 5 rows is 17 / 35 in the middle.
    rows = {"wavelength": np.arange(1.0, 10), "flux": np.ones(9), "flux_err": np.ones(9)}
    error = opened(SmoothSpectrum(method="savgol").fit_transform(frame([rows])))[0]["flux_err"]
    np.testing.assert_allclose(error[4] ** 2, 17 / 35)


@pytest.mark.parametrize("size", [1e-17, 1.0])
def test_polynomial_continuum(size):
    rng = np.random.default_rng(0)
    spectra = []
    for n in (300, 40):
        x = np.sort(rng.uniform(3500, 9800, n))
        flux = size * (3 + (x / 5000) ** 3 + 0.1 * rng.normal(size=n))
        spectra.append({"wavelength": x, "flux": flux})
    spectra[0]["flux"][5] = np.nan
    for mode in ("divide", "subtract"):
        step = RemoveContinuum(method="polynomial", degree=4, mode=mode)
        for own, new in zip(spectra, opened(step.fit_transform(frame(spectra)))):
            good = np.isfinite(own["flux"])
            x, y = own["wavelength"], own["flux"]
            fit = np.polynomial.Polynomial.fit(x[good], y[good] / size, 4)(x) * size
            expected = y / fit if mode == "divide" else y - fit
            np.testing.assert_allclose(new["flux"], expected, rtol=1e-7, atol=1e-9 * size)


def test_spline_continuum_is_the_spline_through_means():
    own = random_spectra(lengths=(400,))[0]
    x, y = own["wavelength"], own["flux"]
    place = np.minimum((13 * np.log(x / x[0]) / np.log(x[-1] / x[0])).astype(int), 12)
    knots = np.array([[x[place == k].mean(), y[place == k].mean()] for k in range(13)]).T
    continuum = CubicSpline(*knots)(np.clip(x, knots[0, 0], knots[0, -1]))
    new = opened(RemoveContinuum().fit_transform(frame([own])))[0]
    np.testing.assert_allclose(new["flux"], y / continuum, rtol=1e-9)
    np.testing.assert_allclose(new["flux_err"], 0.1 * y / continuum, rtol=1e-9)


def test_gaussian_continuum_is_a_running_mean_in_log_wavelength():
    x = np.geomspace(3500, 9800, 3000)
    rng = np.random.default_rng(0)
    flux = 2 + np.sin(20 * np.log(x)) + 0.1 * rng.normal(size=len(x))
    flux[1000:1100] = np.nan
    new = opened(RemoveContinuum(method="gaussian", width=0.1).fit_transform(frame([
        {"wavelength": x, "flux": flux}
    ])))[0]  # fmt: skip
    known = np.isfinite(flux)
    weight = np.exp(-0.5 * (np.subtract.outer(np.log(x), np.log(x[known])) / 0.1) ** 2)
    expected = flux / (weight @ flux[known] / weight.sum(axis=1))
    np.testing.assert_allclose(new["flux"], expected, rtol=0.04)
    assert np.isnan(new["flux"][1000:1100]).all()


def test_continuum_removes_a_smooth_factor():
    """A line keeps its shape under another continuum."""
    x = np.linspace(3800, 9200, 2000)
    line = 1 - 0.5 * np.exp(-0.5 * ((x - 6150) / 40) ** 2)
    spectra = [
        {"wavelength": x, "flux": line * shape}
        for shape in (np.ones_like(x), 7e-16 * (x / 5000) ** -2.0)
    ]
    first, second = opened(RemoveContinuum().fit_transform(frame(spectra)))
    assert np.abs(first["flux"] - second["flux"])[200:-200].max() < 0.01
    assert first["flux"].min() < 0.65


@pytest.mark.parametrize(
    "step",
    [
        *(RemoveContinuum(method=method) for method in ("spline", "polynomial", "gaussian")),
        Rebin(),
        NormalizeSpectrum(method="standard"),
        SmoothSpectrum(),
        ReplaceOutliers(),
        Apodize(),
    ],
    ids=str,
)
def test_a_spectrum_does_not_depend_on_the_others(step):
    rng = np.random.default_rng(0)
    waves = [np.linspace(start, start + 5000, 400) for start in (3000.0, 4210.0, 5000.0)]
    spectra = [{"wavelength": x, "flux": rng.uniform(1, 2, 400) * x**-2.0} for x in waves]
    together = opened(step.fit_transform(frame(spectra)))
    for own, new in zip(spectra, together):
        alone = opened(clone(step).fit_transform(frame([own])))[0]
        np.testing.assert_allclose(alone["flux"], new["flux"], rtol=1e-9)


def test_normalisations():
    spectra = random_spectra()
    for own, new in zip(spectra, opened(NormalizeSpectrum().fit_transform(frame(spectra)))):
        if len(own["flux"]):
            np.testing.assert_allclose(new["flux"], own["flux"] / np.median(own["flux"]))
            np.testing.assert_allclose(new["flux_err"], own["flux_err"] / np.median(own["flux"]))
    spectra[0]["flux"][3] = np.nan
    new = opened(NormalizeSpectrum(method="minmax").fit_transform(frame(spectra)))
    assert (np.nanmin(new[0]["flux"]), np.nanmax(new[0]["flux"])) == (0, 1)
    new = opened(NormalizeSpectrum(method="standard").fit_transform(frame(spectra)))
    np.testing.assert_allclose(np.nanmean(new[0]["flux"]), 0, atol=1e-12)
    np.testing.assert_allclose(np.nanstd(new[0]["flux"]), 1)


def test_normalisation_in_a_window_and_without_a_scale():
    x = np.linspace(4000, 8000, 5)
    spectra = [
        {"wavelength": x, "flux": np.array([50.0, 2, 4, 6, 90])},
        {"wavelength": x, "flux": np.zeros(5)},
        {"wavelength": x, "flux": -np.ones(5)},
    ]
    new = opened(NormalizeSpectrum(window=(5000, 7000)).fit_transform(frame(spectra)))
    assert new[0]["flux"].tolist() == [12.5, 0.5, 1, 1.5, 22.5]
    assert np.isnan(new[1]["flux"]).all() and np.isnan(new[2]["flux"]).all()


def test_outliers_and_apodising():
    rows = {"wavelength": np.arange(4000.0, 4101), "flux": np.ones(101)}
    rows["flux"][[3, 5]] = [101, -5.5]
    new = opened(ReplaceOutliers(value=0.5).fit_transform(frame([rows])))[0]["flux"]
    assert new[[3, 5, 6]].tolist() == [0.5, 0.5, 1]
    rows["flux"][:] = 1
    new = opened(Apodize(0.1).fit_transform(frame([rows])))[0]["flux"]
    np.testing.assert_allclose(new[[0, 5, 10, 50, 95, 100]], [0, 0.5, 1, 1, 0.5, 0], atol=1e-12)
    np.testing.assert_allclose(new, new[::-1])


def test_quality_reasons():
    x = np.linspace(4200, 9200, 500)
    rng = np.random.default_rng(0)
    noisy = rng.normal(3, 1, 500)
    spectra = [
        {"wavelength": x, "flux": 3 + 0.01 * noisy},
        {"wavelength": x[:40], "flux": noisy[:40]},
        {"wavelength": x[:200], "flux": noisy[:200]},
        {"wavelength": x, "flux": np.where(x < 7000, 0.0, noisy)},
        {"wavelength": x, "flux": noisy},
        {"wavelength": x[:0], "flux": x[:0]},
    ]
    X = frame(spectra)
    marked = MarkSpectrumQuality(min_snr=5).fit_transform(X)
    assert [text.split(" ")[0] for text in marked["quality"]] == [
        "",
        "fewer",
        "covers",
        "more",
        "S/N",
        "fewer",
    ]
    earlier = ["unreadable", None, "", "", "", ""]
    again = MarkSpectrumQuality().fit_transform(X.assign(quality=earlier))["quality"]
    assert again[0] == "unreadable"
    assert again[4] == ""


def test_noise_estimate_is_unbiased():
    """S/N of 20 within five per cent on a slope, by the limits of the filter."""
    x = np.linspace(4200, 9200, 20000)
    flux = 20 + (x - 6700) / 5000 + np.random.default_rng(0).normal(size=len(x))
    X = frame([{"wavelength": x, "flux": flux}])
    reasons = [MarkSpectrumQuality(min_snr=s).fit_transform(X)["quality"][0] for s in (19, 21)]
    assert reasons == ["", "S/N below 21"]


@pytest.mark.parametrize(
    ("step", "word"),
    [
        (Rebin([5000, 4000]), "wavelengths"),
        (Rebin(method="nearest"), "method"),
        (Rebin(max_gap=0), "max_gap"),
        (SmoothSpectrum(window=4), "window"),
        (SmoothSpectrum(method="mean"), "method"),
        (SmoothSpectrum(edges="mirror"), "edges"),
        (SmoothSpectrum(method="savgol", degree=5), "degree"),
        (RemoveContinuum(method="lowess"), "method"),
        (RemoveContinuum(mode="none"), "mode"),
        (RemoveContinuum(n_knots=1), "n_knots"),
        (RemoveContinuum(degree=-1), "degree"),
        (NormalizeSpectrum(method="max"), "method"),
        (NormalizeSpectrum(window=(6000, 5000)), "window"),
        (ReplaceOutliers(5, 3), "low"),
        (Apodize(0.6), "fraction"),
        (DeredshiftSpectrum(redshift_column="z", missing="zero"), "missing"),
        (MaskLines(width=0), "width"),
        (MarkSpectrumQuality(9000, 4000), "start"),
    ],
)
def test_invalid_parameters(step, word):
    with pytest.raises(ValueError, match=word) as error:
        step.fit(frame(random_spectra()))
    assert type(step).__name__ in str(error.value)

"""Bands look the same in every picture, and differ for colour-blind readers too."""

import itertools

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from skastro.inspection import LightCurveDisplay, SpectrumReportDisplay
from skastro.inspection._bands import band_styles, flux_label, time_label
from skastro.surveys import get_survey, list_surveys

matplotlib.use("Agg")
# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def linear(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    xyz = np.array(TO_XYZ) @ np.clip(rgb, 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISIONS)
def test_any_two_colours_of_lsst_differ(vision):
    styles = band_styles("LSST").values()
    seen = [lab(np.array(VISIONS[vision]) @ linear(style.color)) for style in styles]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 20


@pytest.mark.parametrize("survey", list_surveys())
def test_every_colour_stands_out_on_white(survey):
    for style in band_styles(survey).values():
        luminance = linear(style.color) @ [0.2126, 0.7152, 0.0722]
        assert 1.05 / (luminance + 0.05) >= 3


@pytest.mark.parametrize("survey", list_surveys())
def test_bands_are_ordered_by_wavelength(survey):
    wavelengths = [style.wavelength for style in band_styles(survey).values()]
    assert wavelengths == sorted(wavelengths)
    assert set(band_styles(survey)) == set(get_survey(survey).wavelengths)


@pytest.mark.parametrize("survey", ["ZTF", "DES", "PS1", "SDSS", "CSP", "SCONE"])
def test_a_band_looks_the_same_in_every_survey(survey):
    lsst = {band.lower(): style for band, style in band_styles("LSST").items()}
    for band in set("ugrizy") & set(get_survey(survey).wavelengths):
        assert band_styles(survey)[band].color == lsst[band].color


def test_markers_differ_within_a_survey():
    styles = band_styles("LSST").values()
    assert len({style.marker for style in styles}) == len(styles)
    combined = band_styles("DES-SN5YR").values()
    assert len({(style.color, style.marker) for style in combined}) >= 0.8 * len(combined)


def points(ax):
    """Return times, fluxes and whether they are filled, of each container."""
    lines = [container.lines[0] for container in ax.containers]
    return [
        (line.get_xdata(), line.get_ydata(), line.get_markerfacecolor() != "none") for line in lines
    ]


def test_non_detections_are_open_and_set_no_limits():
    flux, error = [100.0, 90.0, -900.0, 2000.0], [5.0, 5.0, 500.0, 900.0]
    display = LightCurveDisplay([1.0, 2.0, 3.0, 4.0], list("grgr"), flux, error).plot()
    filled = {t for times, _, full in points(display.ax_) if full for t in times}
    hollow = {t for times, _, full in points(display.ax_) if not full for t in times}
    assert filled == {1.0, 2.0} and hollow == {3.0, 4.0}
    low, high = display.ax_.get_ylim()
    assert -100 < low < 0 and 105 < high < 200
    assert display.ax_.get_legend().get_title().get_text() == "open: not detected"


def test_flags_of_the_survey_decide_what_is_detected():
    display = LightCurveDisplay([1, 2], ["g", "g"], [100, 1], [1, 1], detected=[False, True])
    assert [(t.tolist(), full) for t, _, full in points(display.plot().ax_)] == [
        ([2], True),
        ([1], False),
    ]


def test_a_light_curve_without_detections_is_shown_in_full():
    display = LightCurveDisplay([1.0, 2.0], ["g", "g"], [1.0, -4.0], [1.0, 1.0]).plot()
    low, high = display.ax_.get_ylim()
    assert low < -5 and high > 2


def test_unknown_bands_are_grey():
    display = LightCurveDisplay([1.0, 2.0], ["g", "unheard"], [9.0, 9.0], [1.0, 1.0]).plot()
    assert display.ax_.get_legend_handles_labels()[1] == ["g", "unknown"]


@pytest.mark.parametrize(("unit", "label"), [("uJy", "flux [µJy]"), (None, "flux")])
def test_units_of_the_flux(unit, label):
    display = LightCurveDisplay([60000.0], ["g"], [9.0], [1.0], flux_unit=unit).plot()
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("MJD", label)
    assert flux_label("FLUXCAL") == "flux [FLUXCAL]"
    assert time_label([]) == "days since the reference date"


def test_the_report_uses_the_same_colours():
    curve = {"time": [60000.0], "band": ["r"], "flux": [9.0], "flux_err": [1.0]}
    page = SpectrumReportDisplay([4000.0, 7000.0], [1.0, 2.0], {"Ia": 0.9}, light_curve=curve)
    ax = page.plot().axes_["lightcurve"]
    assert ax.containers[0].lines[0].get_color() == band_styles("LSST")["r"].color
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("MJD", "flux [FLUXCAL]")

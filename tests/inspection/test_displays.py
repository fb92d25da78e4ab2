"""Displays draw what they are given."""

import matplotlib
import numpy as np
import pytest

from skastro.feature_extraction import GPInterpolate, Heatmap
from skastro.inspection import HeatmapDisplay, LightCurveDisplay

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def small():
    return GPInterpolate(times=np.linspace(-20, 40, 12), wavelengths=[4700, 6200], engine="numpy")


def test_light_curve_has_one_set_of_points_a_band(light_curves):
    display = LightCurveDisplay.from_frame(light_curves, "a")
    assert display.ax_.get_legend_handles_labels()[1] == ["g", "r"]
    drawn = np.concatenate([c.lines[0].get_xdata() for c in display.ax_.containers])
    assert sorted(drawn) == [40.0, 90.0, 120.0]
    assert display.ax_.get_title() == "a"


def test_curves_go_through_the_points(light_curves):
    display = LightCurveDisplay.from_estimator(small(), light_curves, "a")
    times, mean, std = display.curves["g"]
    assert list(display.curves) == ["g", "r"]
    assert abs(np.interp(120.0, times, mean) - 2.0) < 3 * 0.5
    assert (std > 0).all()


def test_heat_map_shows_the_pixels(light_curves):
    step = Heatmap(small()).fit(light_curves)
    display = HeatmapDisplay.from_estimator(step, light_curves, "d")
    expected = step.transform(light_curves)[3].reshape(2, 12, 2)
    for ax, pixels in zip(display.axes_, np.moveaxis(expected, 2, 0)):
        np.testing.assert_array_equal(ax.collections[0].get_array(), pixels)
    assert [ax.get_title() for ax in display.axes_] == ["mean", "std"]


def test_unknown_object_is_named(light_curves):
    with pytest.raises(KeyError, match="'nobody'"):
        LightCurveDisplay.from_frame(light_curves, "nobody")

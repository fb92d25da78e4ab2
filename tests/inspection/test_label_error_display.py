from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skastro.inspection import LabelErrorDisplay
from skastro.testing import make_check_data, make_check_spectra

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def make_finder(n_objects, y):
    """What a fitted LabelErrorFinder says: the last objects are the worst, three are suspects."""
    suggested = np.asarray(y).copy()
    suggested[-3:] = "other"
    return SimpleNamespace(
        ranking_=np.arange(n_objects)[::-1],
        label_errors_=np.arange(n_objects) >= n_objects - 3,
        label_quality_=np.linspace(1, 0, n_objects),
        suggested_labels_=suggested,
    )


def make_stamps(n_objects=9, shape=(4, 5, 3)):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_objects, int(np.prod(shape)) + 2)).astype(np.float32)


@pytest.mark.parametrize("as_frame", [True, False])
def test_stamps_stand_side_by_side_by_channel(as_frame):
    X, y = make_stamps(), np.array(["real"] * 9, dtype=object)
    given = pd.DataFrame(X, index=[f"c{i}" for i in range(9)]) if as_frame else X
    display = LabelErrorDisplay.from_finder(make_finder(9, y), given, y, n=5, image_shape=(4, 5, 3))
    assert len(display.axes_) == len(display.figure_.axes) == 5
    for i, ax in enumerate(display.axes_):
        row = 8 - i
        drawn = np.asarray(ax.images[0].get_array())
        assert drawn.shape == (4, 15)
        stamp = X[row, :60].reshape(4, 5, 3)
        for channel in range(3):
            shown = drawn[:, 5 * channel : 5 * channel + 5]
            image = stamp[..., channel]
            low, high = image.min(), image.max()
            np.testing.assert_allclose(shown, (image - low) / (high - low), rtol=1e-5)
    name = "c8" if as_frame else "8"
    assert display.axes_[0].get_title() == f"{name}\nreal, not other? (quality 0.00)"
    assert display.axes_[4].get_title().endswith("\nreal (quality 0.50)")
    colors = [ax.title.get_color() for ax in display.axes_]
    assert colors == ["firebrick"] * 3 + ["black"] * 2


def test_stamps_without_values_or_contrast_are_drawn():
    X = make_stamps(3)
    X[0, :60], X[1, :60], X[2, 7] = np.nan, 2.0, np.nan
    display = LabelErrorDisplay(X, list("abc"), image_shape=(4, 5, 3)).plot()
    drawn = [np.ma.filled(ax.images[0].get_array(), np.nan) for ax in display.axes_]
    assert np.isnan(drawn[0]).all()
    assert (drawn[1] == 0).all()
    assert np.isnan(drawn[2]).sum() == 1
    assert np.nanmax(drawn[2]) == 1


def test_light_curves_show_their_own_points():
    X, y = make_check_data()
    display = LabelErrorDisplay.from_finder(make_finder(len(X), y.astype(object)), X, y, n=2)
    for i, ax in enumerate(display.axes_):
        drawn = np.concatenate([c.lines[0].get_xdata() for c in ax.containers])
        own = X["lightcurve.time"].loc[X.index[len(X) - 1 - i]]
        assert sorted(drawn) == pytest.approx(sorted(np.atleast_1d(own)))
        assert ax.get_title().startswith(X.index[len(X) - 1 - i])
    assert [ax.get_legend().get_visible() for ax in display.axes_] == [True, False]


def test_spectra_show_their_own_pixels():
    X, y = make_check_spectra()
    finder = make_finder(len(X), y.astype(object))
    display = LabelErrorDisplay.from_finder(finder, X, y, n=3, column="spectrum")
    own = X["spectrum.flux"].loc[X.index[-1]]
    np.testing.assert_allclose(display.axes_[0].lines[0].get_ydata(), own)


def test_axes_may_be_given():
    _, axes = plt.subplots(2, 2)
    display = LabelErrorDisplay(make_stamps(3), list("abc"), image_shape=(4, 5, 3)).plot(axes)
    assert display.axes_.tolist() == axes.ravel()[:3].tolist()
    assert display.figure_ is axes[0, 0].figure


@pytest.mark.parametrize(
    "options, match",
    [
        ({}, "require image_shape"),
        ({"image_shape": (40, 5, 3)}, r"shape \(4, 62\) hold no images of image_shape"),
        ({"image_shape": (20, 3)}, "height, width, channels"),
        ({"image_shape": (4, 5, 3), "axes": [None] * 3}, "3 axes for 4 objects"),
        ({"y": ["real"] * 8}, "X has 9 and y 8"),
        ({"X": make_stamps(7)}, "X has 7 and y 9"),
        ({"n": 0}, "no objects to draw"),
    ],
)
def test_bad_input_is_refused(options, match):
    y = np.array(["real"] * 9, dtype=object)
    known = {"X": make_stamps(), "y": y, "n": 4, **options}
    with pytest.raises(ValueError, match=f"LabelErrorDisplay.*{match}"):
        LabelErrorDisplay.from_finder(make_finder(9, y), **known)

"""LightCurveStatistics against a plain loop, StaticColumns against the frame."""

import numpy as np
import pandas as pd
import pytest

from skastro.feature_extraction import LightCurveStatistics, StaticColumns
from skastro.utils.ragged import flatten


@pytest.fixture
def table(light_curves):
    step = LightCurveStatistics().set_output(transform="pandas")
    return step.fit_transform(light_curves)


def test_equals_a_loop_over_objects_and_bands(light_curves, table):
    offsets, rows = flatten(light_curves["lightcurve"])
    for i, name in enumerate(light_curves.index):
        own = slice(offsets[i], offsets[i + 1])
        for band in "gri":
            flux = rows["flux"][own][np.asarray(rows["band"][own]) == band]
            assert table.loc[name, f"n_observations_{band}"] == len(flux)
            if len(flux):
                assert table.loc[name, f"max_flux_{band}"] == flux.max()
                assert table.loc[name, f"min_flux_{band}"] == flux.min()
                np.testing.assert_allclose(table.loc[name, f"mean_flux_{band}"], flux.mean())
                np.testing.assert_allclose(table.loc[name, f"std_flux_{band}"], flux.std())
                np.testing.assert_allclose(table.loc[name, f"max_snr_{band}"], flux.max() / 0.5)
            else:
                assert np.isnan(table.loc[name, f"max_flux_{band}"])


def test_times_from_detection_to_maximum(table):
    assert table.loc["d", "rise_days_all"] == 1.0
    assert table.loc["d", "fall_days_all"] == 0.0
    assert table.loc["d", "fraction_above_half_all"] == 1.0


def test_colour_is_the_ratio_of_maxima(light_curves):
    step = LightCurveStatistics(bands=["g", "r", "i"]).set_output(transform="pandas")
    table = step.fit_transform(light_curves)
    colour = np.arcsinh(1.0) - np.arcsinh(2.0)
    np.testing.assert_allclose(table.loc["a", "colour_r-g"], colour, rtol=1e-6)
    assert np.isnan(table.loc["a", "colour_i-r"])
    assert list(table.index) == list(light_curves.index)


def test_bands_are_those_of_the_training_objects(light_curves):
    step = LightCurveStatistics().fit(light_curves.iloc[[0]])
    assert step.bands_ == ["g", "r"]
    assert step.transform(light_curves).shape == (4, len(step.get_feature_names_out()))


def test_static_columns_keep_missing_values():
    X = pd.DataFrame({"a": [1.0, np.nan], "b": [3, 4], "c": ["x", "y"]})
    out = StaticColumns(["b", "a"]).fit_transform(X)
    np.testing.assert_array_equal(out, np.array([[3, 1], [4, np.nan]], np.float32))
    assert out.dtype == np.float32
    with pytest.raises(ValueError, match="'c' is not numeric"):
        StaticColumns(["c"]).fit(X)
    with pytest.raises(ValueError, match="requires the column 'd'"):
        StaticColumns(["d"]).fit(X)

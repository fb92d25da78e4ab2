"""Light curves on a grid of days: references, scales, masks, and the process against its parts."""

import numpy as np
import pytest
from nested_pandas import NestedFrame

from skastro.feature_extraction import LightCurveChannels
from skastro.gaussian_process import interpolate_per_band
from skastro.utils.ragged import nest


def frame(objects, **columns):
    offsets = np.concatenate([[0], np.cumsum([len(o["time"]) for o in objects])])
    rows = {name: np.concatenate([o[name] for o in objects]) for name in objects[0]}
    X = NestedFrame(columns or {"z": np.zeros(len(objects))})
    return X.assign(lightcurve=nest(offsets, rows))


def bump(peak, size, band, n=25, start=59000.0):
    time = start + np.linspace(0, 100, n)
    return {
        "time": time,
        "band": np.repeat(band, n),
        "flux": size * np.exp(-0.5 * ((time - start - peak) / 20) ** 2),
        "flux_err": np.full(n, size / 60),
    }


def together(*parts):
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def channels(estimator, X):
    """Return an array (object, band, channel, time)."""
    rows = estimator.fit_transform(X)
    return rows.reshape(len(X), len(estimator.bands_), len(estimator.channels), -1)


def test_process_is_that_of_the_engine_cut_and_scaled():
    light_curve = together(bump(40, 100.0, "g"), bump(50, 300.0, "r"))
    curves = LightCurveChannels(120)
    found = channels(curves, frame([light_curve]))[0]
    order = np.argsort(light_curve["time"], kind="stable")
    own = {name: v[order] for name, v in light_curve.items()}
    detected = own["flux"] >= 5 * own["flux_err"]
    result = interpolate_per_band(
        [0, 50],
        own["time"],
        own["band"],
        own["flux"],
        own["flux_err"],
        np.arange(120) + 0.5,
        reference=[own["time"][detected].min()],
    )
    mean, std = result.mean[0], result.std[0]
    known = mean / std >= 5
    low, high = mean[known].min(), mean[known].max()
    np.testing.assert_array_equal(found[:, 2], known)
    np.testing.assert_allclose(found[:, 0][known], (mean[known] - low) / (high - low), atol=1e-4)
    np.testing.assert_allclose(found[:, 1][known], std[known] / (high - low), atol=1e-4)
    assert (found[:, :2][~np.stack([known, known], 1)] == 0).all()
    assert 0.2 < known.mean() < 0.95


def test_joint_scale_keeps_the_colour():
    light_curve = together(bump(40, 100.0, "g"), bump(40, 300.0, "r"))
    found = channels(LightCurveChannels(100, normalization="maximum"), frame([light_curve]))[0]
    assert found[1, 0].max() == 1
    np.testing.assert_allclose(found[0, 0].max(), 1 / 3, rtol=0.03)
    scaled = LightCurveChannels(100, normalization="maximum", survey="ZTF")
    found = channels(scaled, frame([light_curve]))[0]
    np.testing.assert_allclose(found[0, 0].max(), (6366.38 / 4746.48) ** 2 / 3, rtol=0.03)


def test_any_unit_of_flux_gives_the_same():
    X = [frame([together(bump(40, s, "g"), bump(45, 2 * s, "r"))]) for s in (1.0, 1e-6)]
    found = [channels(LightCurveChannels(100), x) for x in X]
    np.testing.assert_allclose(*found, atol=1e-4)


def test_missing_bands_are_zeros_under_a_mask():
    one_band, nothing = bump(40, 100.0, "r"), {k: v[:0] for k, v in bump(40, 1.0, "g").items()}
    faint = bump(40, 100.0, "g")
    faint["flux_err"] = np.full(25, 90.0)
    found = channels(LightCurveChannels(50, bands=["g", "r"]), frame([one_band, nothing, faint]))
    assert (found[0, 0] == 0).all() and found[0, 1, 2].sum() > 40
    assert (found[1:] == 0).all()


def test_bands_come_from_the_data():
    X = frame([together(bump(40, 10.0, "ATLAS-o"), bump(40, 10.0, "q"))])
    curves = LightCurveChannels(10, 5, channels=["flux"]).fit(X)
    assert curves.bands_ == ["ATLAS-o", "q"]
    assert curves.get_feature_names_out().tolist() == [
        "flux_ATLAS-o_2.5d",
        "flux_ATLAS-o_7.5d",
        "flux_q_2.5d",
        "flux_q_7.5d",
    ]


def test_rows_as_images_hold_the_same_values():
    X = frame([together(bump(40, 10.0, "g"), bump(45, 20.0, "r"))])
    curves, images = LightCurveChannels(50, 5), LightCurveChannels(50, 5, channels_last=True)
    expected = channels(curves, X).transpose(0, 1, 3, 2)
    found = images.fit_transform(X)
    assert images.output_shape_ == (2, 10, 3)
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)
    by_name = dict(zip(curves.get_feature_names_out(), curves.transform(X)[0]))
    assert by_name == dict(zip(images.get_feature_names_out(), found[0]))


def test_mean_of_the_observations_of_a_day():
    rows = {
        "time": np.array([9.0, 10.0, 10.4, 12.2, 12.9, 99.0]),
        "band": np.repeat("r", 6),
        "flux": np.array([1.0, 10.0, 20.0, 30.0, np.nan, 5.0]),
        "flux_err": np.array([1.0, 1.0, 2.0, 1.0, 1.0, 1.0]),
    }
    curves = LightCurveChannels(4, method="mean", normalization="none")
    flux, error, mask = channels(curves, frame([rows]))[0, 0]
    np.testing.assert_allclose(flux, [12, 0, 30, 0])
    np.testing.assert_allclose(error, [1.25**-0.5, 0, 1, 0], rtol=1e-6)
    assert mask.tolist() == [1, 0, 1, 0]
    from_peak = LightCurveChannels(4, method="mean", normalization="none", reference_column="t0")
    assert channels(from_peak, frame([rows], t0=[12.0]))[0, 0, 0].tolist() == [30, 0, 0, 0]
    assert (channels(from_peak, frame([rows], t0=[np.nan])) == 0).all()


def test_a_single_value_is_scaled_to_one():
    rows = {"time": [1.0], "band": ["r"], "flux": [10.0], "flux_err": [1.0]}
    found = channels(LightCurveChannels(2, method="mean"), frame([rows]))[0, 0]
    np.testing.assert_allclose(found, [[1, 0], [0.1, 0], [1, 0]], rtol=1e-6)


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"step": 0}, "step"),
        ({"step": 300}, "step"),
        ({"method": "spline"}, "method"),
        ({"normalization": "z"}, "normalization"),
        ({"channels": []}, "channels"),
        ({"channels": ["snr"]}, "channels"),
        ({"bands": "gr"}, "bands"),
    ],
)
def test_invalid_parameters(parameters, word):
    with pytest.raises(ValueError, match=f"LightCurveChannels.*{word}|{word}.*LightCurveChannels"):
        LightCurveChannels(**parameters).fit(frame([bump(40, 1.0, "r")]))

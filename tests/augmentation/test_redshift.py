"""Objects at another redshift."""

import numpy as np
import pytest
from astropy.cosmology import FlatLambdaCDM

from skastro.augmentation import Curves, draw_redshifts, move_redshift

COSMOLOGY = FlatLambdaCDM(H0=70, Om0=0.3)
TIME = np.repeat(np.arange(0.0, 120.0, 2.0), 3)


def gaussian(redshift=0.1, new_time=TIME):
    """A light curve whose colour does not change: a Gaussian of 15 days in three bands."""
    flux = 1e4 * np.exp(-0.5 * ((new_time - 40) / 15) ** 2)
    rows = {
        "time": new_time,
        "wavelength": np.tile([4800.0, 6200.0, 7500.0], len(new_time) // 3),
        "flux": flux,
        "flux_err": np.full(len(new_time), 5.0),
        "detected": flux > 25,
    }
    return Curves(np.array([0, len(new_time)]), rows, {"redshift": np.array([redshift])})


def test_flux_falls_with_the_distance_and_time_dilates():
    curves = gaussian()
    far = move_redshift(curves, [0.3], random_state=0)
    ratio = COSMOLOGY.luminosity_distance(0.1) / COSMOLOGY.luminosity_distance(0.3)
    expected = 1e4 * float(ratio) ** 2 * 1.3 / 1.1
    assert far.rows["flux"].max() == pytest.approx(expected, rel=0.05)
    first = TIME[curves.rows["detected"]].min()
    peak = TIME[far.rows["flux"].argmax()]
    assert peak == pytest.approx(first + (40 - first) * 1.3 / 1.1, abs=3)
    assert far.static["redshift"].tolist() == [0.3]


def test_same_redshift_and_missing_redshift_change_nothing():
    for redshift, new in ((0.1, 0.1), (np.nan, 0.4), (0.1, np.nan)):
        curves = gaussian(redshift)
        same = move_redshift(curves, [new], random_state=0)
        np.testing.assert_array_equal(same.rows["flux"], curves.rows["flux"])
        np.testing.assert_array_equal(same.static["redshift"], curves.static["redshift"])


def test_detections_are_found_anew():
    far = move_redshift(gaussian(), [1.5], random_state=0)
    assert far.rows["detected"].sum() < gaussian().rows["detected"].sum()


def test_sampled_redshifts_lie_within_the_ratio_of_distances():
    near = np.full(500, 0.2)
    curves = Curves(np.zeros(501, int), {}, {"redshift": near})
    drawn = draw_redshifts(curves, farthest=2.0, random_state=0)
    ratio = (COSMOLOGY.luminosity_distance(drawn) / COSMOLOGY.luminosity_distance(0.2)).value
    assert ratio.min() == pytest.approx(1.0, abs=0.01)
    assert ratio.max() == pytest.approx(2.0, abs=0.01)
    assert np.log(ratio).mean() == pytest.approx(np.log(2.0) / 2, rel=0.1)


def test_what_is_refused():
    with pytest.raises(ValueError, match="requires the static column 'redshift'"):
        move_redshift(gaussian()._replace(static={}), [0.3])
    with pytest.raises(ValueError, match="negative"):
        move_redshift(gaussian(), [-0.3])


def test_too_few_detections_leave_an_object_as_it_was():
    curves = gaussian()
    found = move_redshift(curves, [1.5], random_state=0).rows["detected"].sum()
    same = move_redshift(curves, [1.5], min_detections=found + 1, random_state=0)
    np.testing.assert_array_equal(same.rows["flux"], curves.rows["flux"])
    assert same.static["redshift"].tolist() == [0.1]
    moved = move_redshift(curves, [1.5], min_detections=found, random_state=0)
    assert moved.static["redshift"].tolist() == [1.5]


def test_an_object_that_cannot_be_fitted_keeps_its_redshift():
    curves = gaussian()
    broken = curves.with_rows(flux=np.full(len(TIME), np.nan))
    same = move_redshift(broken, [0.3], random_state=0)
    np.testing.assert_array_equal(same.rows["detected"], curves.rows["detected"])
    np.testing.assert_array_equal(same.rows["flux_err"], curves.rows["flux_err"])
    assert same.static["redshift"].tolist() == [0.1]


def test_sampled_redshifts_may_be_nearer():
    curves = Curves(np.zeros(501, int), {}, {"redshift": np.full(500, 0.5)})
    drawn = draw_redshifts(curves, nearest=0.4, farthest=1.6, random_state=0)
    ratio = (COSMOLOGY.luminosity_distance(drawn) / COSMOLOGY.luminosity_distance(0.5)).value
    assert ratio.min() == pytest.approx(0.4, abs=0.01)
    assert ratio.max() == pytest.approx(1.6, abs=0.02)
    for wrong in (0.0, 2.0, np.nan):
        with pytest.raises(ValueError, match="draw_redshifts: nearest="):
            draw_redshifts(curves, nearest=wrong, random_state=0)


def test_moved_nearer_and_back_is_the_same_light_curve():
    curves = gaussian(0.3)
    near = move_redshift(curves, [0.15], random_state=0)
    assert near.rows["flux"].max() > 2.5 * curves.rows["flux"].max()
    back = move_redshift(near, [0.3], random_state=0)
    bright = curves.rows["flux"] > 1000
    np.testing.assert_allclose(back.rows["flux"][bright], curves.rows["flux"][bright], rtol=0.15)


def test_noise_moved_nearer_is_not_detected():
    time = np.repeat(np.arange(0.0, 300.0, 1.5), 3)
    curves = gaussian(0.3, time)
    noise = np.random.default_rng(0).standard_normal(len(time))
    flux = 20 * np.exp(-0.5 * ((time - 40) / 15) ** 2) + noise
    rows = {"flux": flux, "flux_err": np.ones(len(time)), "detected": flux > 5}
    near = move_redshift(curves.with_rows(**rows), [0.13], random_state=0).rows
    late = time > 150
    ratio = near["flux"][late] / near["flux_err"][late]
    assert 0.7 < ratio.std() < 2
    assert not near["detected"][late].any()
    assert near["detected"][time < 60].any()

"""Simulated stamps: known fluxes, what each artefact is, painting, files."""

import numpy as np
import pytest

from skastro.datasets import make_stamps
from skastro.datasets._stamp_artefacts import ARTEFACTS, Exposures, flux_of
from skastro.datasets._stamp_shapes import Seeing, galaxy, point_source
from skastro.datasets._stamp_sources import SOURCES, moving, transient, variable
from skastro.exceptions import ObjectError

SIZE = 29


def seeing(n, fwhm=3.0, ellipticity=0.1):
    return Seeing(np.full(n, fwhm), np.full(n, ellipticity), np.linspace(0, 3, n))


def images(X):
    return X.reshape(len(X), SIZE, SIZE, 3)


def empty(n, noise=2.0):
    pixels = (np.zeros((n, SIZE, SIZE), np.float32) for _ in range(3))
    gain = np.full(n, 1e6)  # next to no photon noise
    return Exposures(*pixels, seeing(n), seeing(n), np.full(n, noise), gain)


def test_point_sources_have_unit_flux_width_and_place():
    n = 5
    found = point_source(301, np.full(n, 3.0), np.full(n, -2.0), seeing(n))
    np.testing.assert_allclose(found.sum((1, 2)), 1, atol=2e-3)
    assert found.reshape(n, -1).argmax(1).tolist() == [(150 - 2) * 301 + 153] * n
    round_one = point_source(301, np.zeros(1), np.zeros(1), seeing(1, 10.0, 0.0))[0]
    assert round_one[150, 155] == pytest.approx(round_one[150, 150] / 2, rel=1e-5)


def test_galaxies_have_about_unit_flux():
    found = galaxy(301, np.zeros(3), np.zeros(3), np.full(3, 8.0), seeing(3, 1.0, 0.0))
    np.testing.assert_allclose(found.sum((1, 2)), 1, atol=0.01)


def test_signal_to_noise_is_that_of_a_matched_filter():
    exposures = empty(1)
    psf = point_source(301, np.zeros(1), np.zeros(1), seeing(1, ellipticity=0.0))[0]
    flux = flux_of(exposures, np.array([7.0]))[0]
    assert flux * np.sqrt((psf.astype(float) ** 2).sum()) / 2.0 == pytest.approx(7, rel=1e-3)


def test_a_transient_is_recovered_in_the_difference():
    exposures = empty(200)
    snr = transient(exposures, np.random.default_rng(0))
    assert snr.min() >= 4.5
    total = exposures.difference.sum((1, 2))
    np.testing.assert_allclose(total, flux_of(exposures, snr), rtol=0.05)
    assert (exposures.reference.sum((1, 2)) == 0).mean() > 0.7


def test_variable_stars_are_in_the_reference_and_positive_in_the_difference():
    exposures = empty(300)
    snr = variable(exposures, np.random.default_rng(0))
    before, now = exposures.reference.sum((1, 2)), exposures.science.sum((1, 2))
    change = exposures.difference.sum((1, 2))
    assert (before > 0).all() and 0.4 < (now < before).mean() < 0.6
    np.testing.assert_allclose(change, np.abs(now - before), rtol=0.05)
    # Pixel by pixel the pattern is at most .15 of the change; a few wide or cut stars differ more.
    ratio = change / flux_of(exposures, snr)
    assert np.quantile(ratio, [0.05, 0.95]) == pytest.approx([1, 1], abs=0.2)


def test_moving_objects_have_one_flux_at_every_speed():
    exposures = empty(100)
    snr = moving(exposures, np.random.default_rng(0))
    np.testing.assert_array_equal(exposures.science, exposures.difference)
    assert (exposures.reference == 0).all()
    total = exposures.difference.sum((1, 2))
    np.testing.assert_allclose(total, flux_of(exposures, snr), rtol=0.05)
    width = total / exposures.difference.max((1, 2))
    assert width.max() > 1.5 * width.min()


def test_a_mottled_star_leaves_both_signs_and_little_flux():
    exposures = empty(100)
    ARTEFACTS["mottled"](exposures, np.random.default_rng(0))
    left = exposures.difference
    assert ((left.max((1, 2)) > 0) & (left.min((1, 2)) < 0)).all()
    assert np.median(np.abs(left.sum((1, 2))) / exposures.science.sum((1, 2))) < 0.02


def test_a_wrong_scale_leaves_a_residual_of_every_star():
    exposures = empty(100)
    exposures.science[:, 4, 4] = exposures.reference[:, 4, 4] = 1e6
    ARTEFACTS["wrong scale"](exposures, np.random.default_rng(0))
    error = exposures.difference[:, 4, 4] / 1e6
    assert error.min() > 0.04 and error.max() < 0.61
    middle = exposures.difference[:, 14, 14] / exposures.reference[:, 14, 14]
    assert np.median(middle / error) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("name", ["cosmic ray", "hot pixel", "bad column", "satellite", "ghost"])
def test_what_only_the_science_image_has(name):
    exposures = empty(40)
    height = ARTEFACTS[name](exposures, np.random.default_rng(0))
    np.testing.assert_array_equal(exposures.science, exposures.difference)
    assert (exposures.reference == 0).all() and (height > 0).all()
    largest = np.abs(exposures.science).max((1, 2))
    assert (largest > 0.2 * height * exposures.noise).all()


def test_dipoles_have_two_signs_and_no_flux():
    exposures = empty(60)
    ARTEFACTS["dipole"](exposures, np.random.default_rng(0))
    high, low = exposures.difference.max((1, 2)), exposures.difference.min((1, 2))
    np.testing.assert_allclose(high, -low, rtol=0.35)
    net = exposures.difference.sum((1, 2)) / np.abs(exposures.difference).sum((1, 2))
    assert np.abs(net).max() < 0.1


def test_a_noise_peak_is_a_peak_in_the_middle():
    X, _, meta = make_stamps(300, real_fraction=0, artefacts=["noise peak"], random_state=0)
    difference = images(X)[..., 2]
    noise = 1.4826 * np.median(np.abs(difference - np.median(difference)), axis=(1, 2))
    middle = difference[:, 13:16, 13:16].mean((1, 2))
    assert np.median(middle / noise) > 0.9
    assert meta["kind"].unique().tolist() == ["noise peak"]


def test_the_difference_of_quiet_sky_has_the_noise_of_both():
    X, _, _ = make_stamps(400, artefacts=["hot pixel"], real_fraction=0, random_state=3)
    corner = images(X)[:, :5, :5]
    spread = 1.4826 * np.median(np.abs(corner - np.median(corner, (1, 2), keepdims=True)), (1, 2))
    expected = np.hypot(spread[:, 0], spread[:, 1])
    assert np.median(spread[:, 2] / expected) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("name", list(ARTEFACTS))
def test_every_bogus_candidate_is_positive_in_the_difference(name):
    X, _, _ = make_stamps(200, artefacts=[name], real_fraction=0, random_state=0)
    difference = images(X)[..., 2]
    centre = difference[:, 13:16, 13:16].mean((1, 2))
    assert (centre > np.median(difference, axis=(1, 2)) - 1e-3).all()


def stars(n, fwhm, flux):
    """Cutouts with a star away from the middle."""
    rng, size = np.random.default_rng(0), 63
    star = point_source(size, np.full(n, -20.3), np.full(n, 20.2), seeing(n, fwhm))
    found = rng.normal(0, 1, (n, size, size, 3)).astype(np.float32)
    found[..., :2] += (flux * star)[..., None]
    return found


@pytest.mark.parametrize("fwhm", [1.6, 2.4, 4.0])
def test_painted_candidates_have_the_seeing_of_the_cutouts(fwhm):
    _, _, meta = make_stamps(200, backgrounds=stars(10, fwhm, 5e3), random_state=0)
    np.testing.assert_allclose(meta["seeing"], fwhm, rtol=0.15)


def test_painted_candidates_have_the_seeing_of_a_detector_without_stars():
    _, _, meta = make_stamps(200, backgrounds=stars(10, 2.0, 0.0), random_state=0)
    assert meta["seeing"].std() > 0.2


def test_numbers_of_each_kind():
    X, y, meta = make_stamps(
        1000, real_fraction=0.3, n_detectors=5, artefacts={"ghost": 3, "dipole": 1}, random_state=1
    )
    assert X.shape == (1000, 2523) and X.dtype == np.float32 and np.isfinite(X).all()
    assert y.sum() == 300 and (meta["kind"].isin(SOURCES) == (y == 1)).all()
    assert meta["detector"].value_counts().tolist() == [200] * 5
    share = (meta["kind"] == "ghost").sum() / 700
    assert share == pytest.approx(0.75, abs=0.06)


def test_the_same_seed_gives_the_same_stamps_and_another_does_not():
    first, again, other = (make_stamps(30, random_state=seed)[0] for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.9


def test_writes_into_a_file(tmp_path):
    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (2500, 243))
    X, _, _ = make_stamps(2500, image_shape=(9, 9, 3), out=mapped, random_state=0)
    assert X is mapped
    expected, _, _ = make_stamps(2500, image_shape=(9, 9, 3), random_state=0)
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), expected)


def cutouts(n=6, side=63):
    """Cutouts with a candidate in the centre, which the reference does not show; a gap."""
    rng = np.random.default_rng(0)
    found = rng.normal(100, 3, (n, side, side, 3)).astype(np.float32)
    found[:, 31, 31, [0, 2]] += 1e6
    found[0, :5, :5] = np.nan
    return found


def test_painting_keeps_the_background_and_off_its_centre():
    found, _, _ = make_stamps(
        300, artefacts=["hot pixel"], real_fraction=0, backgrounds=cutouts(), random_state=0
    )
    pixels = images(found)
    assert np.isfinite(pixels).all()
    assert np.median(pixels) == pytest.approx(100, abs=0.5)
    bright = np.argwhere(pixels[..., 0] > 1e5)
    distance = np.abs(bright[:, 1:] - 14).max(axis=1)
    assert len(bright) == 0 or distance.min() >= 8


def test_painting_puts_half_of_the_candidates_on_the_centres_of_other_references():
    backgrounds = np.full((4, 63, 63, 3), 100.0, np.float32)
    line = np.arange(63) - 31
    host = 5000 * np.exp(-(line[:, None] ** 2 + line**2) / 8)
    backgrounds[..., 1] += host.astype(np.float32)
    found, _, _ = make_stamps(
        400, artefacts=["hot pixel"], real_fraction=0, backgrounds=backgrounds, random_state=0
    )
    pixels = images(found) - 100
    science, reference, difference = np.moveaxis(pixels, -1, 0)
    middle = slice(9, 20)
    has_host = reference[:, 11:18, 11:18].max(axis=(1, 2)) > 3000
    assert has_host.mean() == pytest.approx(0.5, abs=0.07)
    inside = science[has_host, middle, middle].sum(axis=(1, 2))
    expected = reference[has_host, middle, middle].sum(axis=(1, 2))
    np.testing.assert_allclose(inside, expected, rtol=0.08)
    # A subtraction displaced by .12 pixels leaves less than a sixth of the steepest slope.
    left = np.abs(difference[has_host]).mean(axis=(1, 2)) / reference[has_host].mean(axis=(1, 2))
    assert 0.01 < np.median(left) < 0.2
    assert np.abs(science[~has_host]).max() < 1000


def test_a_reference_without_values_in_the_middle_has_no_host():
    backgrounds = np.full((2, 63, 63, 3), 100.0, np.float32)
    backgrounds[:, 8:55, 8:55, 1] = np.nan
    found, _, _ = make_stamps(100, backgrounds=backgrounds, random_state=0)
    assert np.isfinite(found).all()


@pytest.mark.filterwarnings("error")
def test_gaps_of_cutouts_are_filled_and_cutouts_without_a_value_named():
    backgrounds = cutouts()
    backgrounds[:, :, 22:] = np.nan
    backgrounds[:, 31, 31] = 100
    found, _, _ = make_stamps(
        200, artefacts=["hot pixel"], real_fraction=0, backgrounds=backgrounds, random_state=0
    )
    assert np.isfinite(found).all()
    assert np.median(images(found), axis=(1, 2)).min() > 95
    height = images(found)[..., 2].max(axis=(1, 2)) - 100
    assert np.quantile(height, 0.1) > 9
    backgrounds[3, ..., 2] = np.nan
    with pytest.raises(ObjectError, match="without a value.*3"):
        make_stamps(200, backgrounds=backgrounds, random_state=0)


def test_real_cutouts(real_data):
    with np.load(real_data / "stamps" / "ztf_triplets.npz") as file:
        triplets = file[file.files[0]]
    backgrounds = np.moveaxis(triplets, 1, -1)
    assert np.nanmin(backgrounds) < -1e38  # ZTF's mark of a masked pixel
    X, _, _ = make_stamps(500, backgrounds=backgrounds, random_state=0)
    assert np.abs(X).max() < 1e6


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"artefacts": ["aliens"]}, "unknown artefacts"),
        ({"sources": ["aliens"]}, "unknown sources"),
        ({"sources": {"moving": -1}}, "sources=.* must be positive numbers"),
        ({"artefacts": {"ghost": 0}}, "positive"),
        ({"real_fraction": 1.5}, "real_fraction"),
        ({"image_shape": (5, 5, 3)}, "image_shape"),
        ({"image_shape": (15, 13, 3)}, "image_shape"),
        ({"image_shape": 15}, "image_shape"),
        ({"n_samples": 2.5}, "n_samples"),
        ({"out": np.empty((3, 3))}, "out"),
        ({"backgrounds": np.zeros((2, 40, 40, 3))}, "backgrounds"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_senseless_arguments_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_stamps(**{"n_samples": 10} | parameters)

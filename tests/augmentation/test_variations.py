"""Light curves as another survey would have measured them."""

import numpy as np
import pandas as pd
import pytest
import torch

from skastro.augmentation import (
    Curves,
    SurveyVariation,
    add_noise,
    blur_redshift,
    change_flux,
    choose,
    distort,
    draw_variations,
    drop_bands,
    drop_gap,
    drop_observations,
    keep_first_visits,
    read_curves,
    stretch_time,
    tilt_spectrum,
)
from skastro.datasets import make_light_curves
from skastro.neural_network import RecurrentClassifier
from skastro.neural_network.inputs import LightCurves
from skastro.resampling import AugmentSampler
from skastro.utils.ragged import flatten

N = 20_000
X, Y = make_light_curves(30, classes=["SNIa", "RRL", "AGN"], random_state=0)
OFF = SurveyVariation().switched_off(
    *("slope", "magnitude", "stretch", "noise", "single_visits", "dropped", "lost_bands", "gap"),
    *("redshift_error", "redshift_missing"),
)


def many(flux=100.0, error=2.0, redshift=0.5):
    rows = {
        "time": np.arange(float(N)),
        "wavelength": np.tile([4800.0, 6200.0], N // 2),
        "flux": np.full(N, flux) + error * np.random.default_rng(0).standard_normal(N),
        "flux_err": np.full(N, error),
        "detected": np.full(N, flux > 5 * error),
    }
    static = {"redshift": np.full(2, redshift), "redshift_err": np.full(2, 0.03)}
    return Curves(np.array([0, N // 2, N]), rows, static)


@pytest.mark.parametrize("magnitude", [0.5, 2.5, -1.0])
def test_scatter_of_changed_fluxes_is_their_error(magnitude):
    changed = change_flux(many(), [magnitude, magnitude], random_state=1)
    flux, error = changed.rows["flux"], changed.rows["flux_err"][0]
    factor = 10 ** (-0.4 * magnitude)
    assert flux.mean() == pytest.approx(100 * factor, abs=5 * error / np.sqrt(N))
    assert flux.std() == pytest.approx(error, rel=0.03)
    assert error == pytest.approx(2.0 * max(factor, 1.0))


def test_distortions_are_a_gaussian_process_of_date_and_wavelength():
    n = 4000
    rows = {
        "time": np.tile([0.0, 25.0, 200.0, 0.0], n),
        "wavelength": np.tile([5500.0, 5500.0, 5500.0, 5500.0 * np.exp(0.25)], n),
        "flux": np.full(4 * n, 1e6),
        "flux_err": np.full(4 * n, 1e-3),
        "detected": np.ones(4 * n, bool),
    }
    curves = Curves(np.arange(0, 4 * n + 1, 4), rows, {})
    flux = distort(curves, np.full(n, 0.3), random_state=0).rows["flux"].reshape(n, 4)
    change = -2.5 * np.log10(flux / 1e6)
    np.testing.assert_allclose(change.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(change.std(axis=0), 0.3, rtol=0.05)
    expected = [1.0, np.exp(-0.5), 0.0, np.exp(-0.5)]
    np.testing.assert_allclose(np.corrcoef(change.T)[0], expected, atol=0.05)
    same = distort(curves, np.zeros(n), random_state=0)
    np.testing.assert_array_equal(same.rows["flux"], rows["flux"])
    assert distort(curves.take([]), [], random_state=0).n_objects == 0
    later = curves.with_rows(time=rows["time"] + 59_000.0)
    moved = distort(later, np.full(n, 0.3), random_state=0).rows["flux"].reshape(n, 4)
    assert np.corrcoef(np.log(moved).T)[0, 1] == pytest.approx(np.exp(-0.5), abs=0.05)
    one = rows["time"].copy()
    one[2] = np.nan
    gap = distort(curves.with_rows(time=one), np.full(n, 0.3), random_state=0).rows["flux"]
    assert np.flatnonzero(np.isnan(gap)).tolist() == [2]


def test_detections_follow_the_new_fluxes():
    assert many().rows["detected"].all()
    fainter = change_flux(many(), [5.0, 0.0], random_state=0)
    assert not fainter.rows["detected"][: N // 2].any()
    assert fainter.rows["detected"][N // 2 :].all()


def test_magnitudes_may_belong_to_observations():
    each = np.linspace(-1, 0, N)
    assert change_flux(many(error=1e-9), each).rows["flux"] == pytest.approx(
        100 * 10 ** (-0.4 * each)
    )


def test_slope_of_minus_two_is_flux_per_wavelength():
    tilted = tilt_spectrum(many(error=1e-9), [-2.0, 0.0], pivot=4800.0)
    flux = tilted.rows["flux"][: N // 2].reshape(-1, 2).mean(axis=0)
    assert flux[0] / flux[1] == pytest.approx((6200 / 4800) ** 2)
    np.testing.assert_allclose(tilted.rows["flux"][N // 2 :], 100.0)


def test_noise_grows_to_the_new_error():
    noisier = add_noise(many(), [1.0, 3.0], random_state=1).rows["flux"]
    assert noisier[: N // 2].std() == pytest.approx(2.0, rel=0.03)
    assert noisier[N // 2 :].std() == pytest.approx(6.0, rel=0.03)
    with pytest.raises(ValueError, match="at least 1"):
        add_noise(many(), [0.5, 1.0])


def test_share_of_dropped_observations():
    lengths = np.diff(drop_observations(many(), [0.25, 0.0], random_state=0).offsets)
    assert lengths[0] == pytest.approx(0.75 * N / 2, rel=0.03)
    assert lengths[1] == N // 2


def test_dropped_bands_are_lost_as_a_whole():
    left = drop_bands(many(), 0.5, random_state=1)
    assert set(np.diff(left.offsets)) <= {0, N // 4, N // 2}
    assert len(drop_bands(many(), 1.0).rows["time"]) == 0


def test_gap_and_stretch():
    gap = drop_gap(many(), [100.0, N], [50.0, 5.0]).rows["time"]
    assert not ((gap >= 100) & (gap < 150)).any()
    assert len(gap) == N - 50
    slow = stretch_time(many(), [2.0, 1.0], [10.0, 0.0]).rows["time"]
    assert slow[10] == 10.0
    assert slow[20] == 30.0
    np.testing.assert_array_equal(slow[N // 2 :], many().rows["time"][N // 2 :])


def test_first_visit_of_each_night():
    time = np.array([0.0, 0.03, 0.06, 1.0, 0.0, 0.03])
    curves = Curves(np.array([0, 4, 6]), {"time": time}, {})
    left = keep_first_visits(curves, [True, False])
    assert left.rows["time"].tolist() == [0.0, 1.0, 0.0, 0.03]


def test_redshifts_scatter_by_their_error():
    static = {"redshift": np.full(N, 1.0), "redshift_err": np.full(N, 0.03)}
    curves = Curves(np.zeros(N + 1, int), {}, static)
    blurred = blur_redshift(curves, np.full(N, 0.02), missing=0.25, random_state=0).static
    assert np.nanstd(blurred["redshift"]) == pytest.approx(0.04, rel=0.03)
    assert np.nanmax(blurred["redshift_err"]) == pytest.approx(0.05)
    assert np.isnan(blurred["redshift"]).mean() == pytest.approx(0.25, abs=0.02)


def test_choose_takes_fields_and_static_columns_of_one_version():
    second = add_noise(many(redshift=0.9), [3.0, 3.0], random_state=0)
    mixed = choose(many(), second, [False, True])
    np.testing.assert_array_equal(mixed.rows["flux"][: N // 2], many().rows["flux"][: N // 2])
    np.testing.assert_array_equal(mixed.rows["flux"][N // 2 :], second.rows["flux"][N // 2 :])
    assert mixed.static["redshift"].tolist() == [0.5, 0.9]


def test_variation_with_everything_off_changes_nothing():
    curves = read_curves(X, "LSST")
    same = OFF(curves, 0)
    np.testing.assert_array_equal(same.offsets, curves.offsets)
    for name in ("time", "flux", "flux_err"):
        np.testing.assert_allclose(same.rows[name], curves.rows[name], rtol=1e-6)
    np.testing.assert_array_equal(same.static["redshift"], curves.static["redshift"])


def test_variation_keeps_objects_order_and_detections():
    curves = read_curves(X, "LSST")
    changed = SurveyVariation(share=1.0)(curves, 0)
    assert changed.n_objects == len(X)
    counts = np.add.reduceat(changed.rows["detected"], changed.offsets[:-1])
    assert (counts >= 2).all()
    assert len(changed.rows["time"]) < len(curves.rows["time"])


def test_copies_are_reproducible_and_keep_columns():
    X_new, objects = draw_variations(X, 2, random_state=3)
    again, _ = draw_variations(X, 2, random_state=3)
    pd.testing.assert_frame_equal(X_new, again)
    assert list(X_new.columns) == list(X.columns)
    assert X_new.dtypes.equals(X.dtypes)
    assert X_new.index.tolist() == X.index[objects].tolist()
    assert X_new.iloc[: len(X)].equals(X)


def test_flag_of_a_detection_follows_the_flux():
    rows = flatten(draw_variations(X, random_state=0)[0]["lightcurve"])[1]
    np.testing.assert_array_equal(rows["photflag"] & 4096 > 0, rows["detected"])


def test_sampler_makes_variations():
    X_new, y_new = AugmentSampler(draw_variations, random_state=0).fit_resample(X, Y)
    assert len(X_new) == 2 * len(X)
    assert y_new.tolist() == [*Y, *Y]


@pytest.mark.parametrize(
    "wrong",
    [
        {"slope": (1.0, 0.0)},
        {"share": 1.5},
        {"gap": -1.0},
        {"stretch": float("nan")},
        {"distortion": -0.1},
    ],
)
def test_variation_refuses_impossible_ranges(wrong):
    with pytest.raises(ValueError, match=f"SurveyVariation: {next(iter(wrong))}"):
        SurveyVariation(**wrong)


def source(augment):
    offsets, rows = flatten(X["lightcurve"])
    fields = {name: np.array(rows[name]) for name in ("time", "flux", "flux_err", "detected")}
    fields["band"] = rows["band"].codes.astype(int)
    wavelengths = np.array([4000.0] * len(rows["band"].categories))
    curves = LightCurves(
        offsets,
        fields,
        X[["redshift"]].to_numpy(float),
        np.eye(len(wavelengths)),
        np.full(len(X), np.nan),
        augment=augment,
        static_names=["redshift"],
        wavelengths=wavelengths,
    )
    return curves.learn(np.arange(len(X)))


def test_training_batches_are_changed_and_predictions_are_not():
    rows, plain = np.arange(10), source(None)
    varied = source(SurveyVariation(share=1.0, slope=(0.0, 0.0), redshift_missing=1.0))
    generator = torch.Generator().manual_seed(0)
    np.testing.assert_array_equal(
        varied.take(rows)["observations"], plain.take(rows)["observations"]
    )
    batch = varied.take(rows, generator=generator)
    assert (batch["positions"] < plain.take(rows)["positions"]).any()
    assert batch["static"][:, 1].mean() > 0.5


def test_days_count_from_the_first_detection_that_is_left():
    def lose_first(curves, rng):
        later = curves.rows["time"] >= curves.per_row(first_detection(curves)) + 1e-9
        offsets, rows = curves.offsets, curves.rows
        return curves.with_rows(detected=rows["detected"] & later)._replace(offsets=offsets)

    def first_detection(curves):
        time = np.where(curves.rows["detected"], curves.rows["time"], np.inf)
        return np.minimum.reduceat(time, curves.offsets[:-1])

    batch = source(lose_first).take(np.arange(5), generator=torch.Generator().manual_seed(0))
    observations = batch["observations"]
    first = observations[..., 0].masked_fill(observations[..., 7] == 0, torch.inf).amin(dim=1)
    plain = source(None).take(np.arange(5), generator=torch.Generator().manual_seed(0))
    expected = plain["observations"][..., 0].masked_fill(
        plain["observations"][..., 7] == 0, torch.inf
    )
    np.testing.assert_allclose(first, expected.amin(dim=1), atol=1e-6)


@pytest.mark.slow
def test_network_trains_on_variations():
    options = {"static": ["redshift"], "max_epochs": 2, "random_state": 0}
    model = RecurrentClassifier(augment=SurveyVariation(), **options)
    plain = RecurrentClassifier(**options)
    first, second = (model.fit(X, Y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, plain.fit(X, Y).predict_proba(X))

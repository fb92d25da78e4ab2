"""Per-band processes against scikit-learn's regressor, by their symmetries, and on bad bands."""

import numpy as np
import pandas as pd
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from skastro.gaussian_process import Status, interpolate_per_band

TIMES = np.linspace(0, 150, 21)


@pytest.fixture(scope="module")
def objects():
    """Thirty bumps in two bands of 1 to 30 observations: offsets and columns."""
    rng = np.random.default_rng(7)
    lengths = rng.integers(4, 50, 30)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    time = rng.uniform(0, 150, offsets[-1])
    peak, width = (np.repeat(rng.uniform(*ends, 30), lengths) for ends in [(30, 80), (10, 40)])
    flux_err = rng.uniform(1, 8, offsets[-1])
    flux = 100 * np.exp(-0.5 * ((time - peak) / width) ** 2) + flux_err * rng.normal(
        size=offsets[-1]
    )
    return offsets, time, rng.choice(["g", "r"], offsets[-1]), flux, flux_err


def each_band(offsets, time, band, flux, flux_err):
    """Yield (object, band number, time, flux, error) of every series."""
    for i in range(len(offsets) - 1):
        own = slice(offsets[i], offsets[i + 1])
        for j, name in enumerate("gr"):
            chosen = band[own] == name
            yield i, j, time[own][chosen], flux[own][chosen], flux_err[own][chosen]


def regressor(amplitude, time_scale, noise, flux_err, **options):
    kernel = ConstantKernel(*amplitude) * RBF(*time_scale) + WhiteKernel(*noise)
    return GaussianProcessRegressor(kernel, alpha=flux_err**2, **options)


def test_scikit_learn_at_the_same_hyperparameters(objects):
    result = interpolate_per_band(
        *objects, TIMES, min_observations=1, error_floor=0, noise=(1e-2, 1e3)
    )
    assert (result.status == 0).all() and result.converged.all()
    for i, j, time, flux, flux_err in each_band(*objects):
        values = (result.amplitude[i, j], result.time_scale[i, j], result.noise[i, j])
        fixed = [(value, "fixed") for value in values]
        process = regressor(*fixed, flux_err, optimizer=None).fit(time[:, None], flux)
        mean, std = process.predict(TIMES[:, None], return_std=True)
        value = process.log_marginal_likelihood_value_
        assert result.log_likelihood[i, j] == pytest.approx(value, abs=1e-8)
        np.testing.assert_allclose(result.mean[i, j], mean, atol=1e-8 * np.abs(flux).max())
        variance = std**2 - values[2]
        np.testing.assert_allclose(result.std[i, j] ** 2, variance, atol=1e-8 * values[0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_likelihood_is_not_below_that_of_scikit_learn(objects):
    offsets, *rows = objects
    some = offsets[:9], *(column[: offsets[8]] for column in rows)
    result = interpolate_per_band(*some, TIMES, min_observations=1)
    gaps = []
    for i, j, time, flux, flux_err in each_band(*some):
        unit = np.abs(flux).max()
        square = np.mean((flux / unit) ** 2)
        amplitude = (square, (square * np.exp(-10), square * np.exp(10)))
        process = regressor(
            amplitude,
            (40.0, (20.0, 150.0)),
            (0.02 * square, (1e-10, 4.0)),
            flux_err / unit,
            n_restarts_optimizer=1,
            random_state=0,
        )
        with np.errstate(all="ignore"):
            process.fit(time[:, None], flux / unit)
        value = process.log_marginal_likelihood_value_ - len(flux) * np.log(unit)
        gaps.append(result.log_likelihood[i, j] - value)
    assert min(gaps) > -1e-3


def test_constant_mean_by_the_formulas_of_least_squares(objects):
    fixed = {"amplitude": 900.0, "time_scale": 30.0, "noise": 4.0, "error_floor": 0}
    offsets, time, band, flux, flux_err = objects
    moved = offsets, time, band, flux + 1000, flux_err
    result = interpolate_per_band(*moved, TIMES, mean="constant", min_observations=1, **fixed)
    for i, j, t, f, e in each_band(*moved):
        K = 900 * np.exp(-0.5 * np.subtract.outer(t, t) ** 2 / 900) + np.diag(e**2 + 4)
        ones = np.linalg.solve(K, np.ones(len(t)))
        mean_flux = ones @ f / ones.sum()
        assert result.mean_flux[i, j] == pytest.approx(mean_flux, rel=1e-9)
        cross = 900 * np.exp(-0.5 * np.subtract.outer(TIMES, t) ** 2 / 900)
        expected = mean_flux + cross @ np.linalg.solve(K, f - mean_flux)
        np.testing.assert_allclose(result.mean[i, j], expected, rtol=1e-8)


def test_bounds_and_fixed_values_are_kept(objects):
    options = {"amplitude": (50.0, 200.0), "time_scale": 33.0, "noise": 0.0}
    result = interpolate_per_band(*objects, TIMES, min_observations=1, **options)
    assert (result.status == 0).all()
    assert ((result.amplitude > 50 - 1e-6) & (result.amplitude < 200 + 1e-6)).all()
    np.testing.assert_allclose(result.time_scale, 33.0)
    assert (result.noise == 0).all()


def test_free_scales_reach_no_less_than_bounded_ones(objects):
    bounded = interpolate_per_band(*objects, TIMES, min_observations=1)
    free = interpolate_per_band(*objects, TIMES, min_observations=1, time_scale="free")
    inside = (bounded.time_scale > 20.01) & (bounded.time_scale < 149.9)
    assert inside.sum() > 20
    assert np.mean((free.log_likelihood - bounded.log_likelihood)[inside] > -1e-3) > 0.9


def test_more_starts_are_never_worse(objects):
    results = [
        interpolate_per_band(*objects, TIMES, n_starts=n, time_scale="free") for n in (1, 2, 3)
    ]
    for fewer, more in zip(results, results[1:]):
        fitted = fewer.status == 0
        gain = (more.log_likelihood - fewer.log_likelihood)[fitted]
        assert gain.min() > -1e-9
        assert (more.n_evaluations[fitted] > fewer.n_evaluations[fitted]).all()
    assert (results[2].log_likelihood - results[0].log_likelihood)[fitted].max() > 0.1


def test_white_noise_is_found():
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, 400, 300))
    flux = 50 * np.sin(time / 40) + 5 * rng.normal(size=300)
    result = interpolate_per_band(
        [0, 300], time, ["g"] * 300, flux, np.full(300, 3.0), TIMES, time_scale="free"
    )
    assert np.sqrt(result.noise[0, 0]) == pytest.approx(4.0, abs=0.8)
    truth = 50 * np.sin(TIMES / 40)
    assert np.abs((result.mean[0, 0] - truth) / result.std[0, 0]).max() < 4


def test_every_bad_band_has_its_status_and_leaves_the_others_alone():
    time = np.tile(np.arange(0.0, 100.0, 20.0), 6)
    good = np.tile([1.0, 5.0, 9.0, 4.0, 2.0], 6)
    flux, flux_err = good.copy(), np.full(30, 0.5)
    flux[0] = np.nan
    flux_err[5] = np.inf
    flux[10:15] = 0.0
    band = np.array(["g"] * 24 + ["r"] + ["g"] * 5)
    reference = [0.0, 0.0, 0.0, 0.0, 0.0, np.nan, 0.0]
    offsets = [0, 5, 10, 15, 20, 25, 30, 30]
    result = interpolate_per_band(
        offsets, time, band, flux, flux_err, TIMES, bands=["r", "g"], reference=reference
    )
    codes = [s.name for s in map(Status, result.status[:, 1])]
    assert codes == [
        "NOT_FINITE",
        "INVALID_ERROR",
        "FLAT",
        "OK",
        "OK",
        "INVALID_REFERENCE",
        "NO_OBSERVATIONS",
    ]
    assert result.status[4, 0] == Status.TOO_FEW
    assert (np.delete(result.status[:, 0], [4, 5]) == Status.NO_OBSERVATIONS).all()
    lost = result.status != 0
    assert np.isnan(result.mean[lost]).all() and np.isfinite(result.std[~lost]).all()
    assert np.isnan(result.log_likelihood[lost]).all() and not result.converged[lost].any()
    assert len(result.failed) == 12
    alone = interpolate_per_band(
        [0, 5], time[15:20], band[15:20], flux[15:20], flux_err[15:20], TIMES
    )
    np.testing.assert_array_equal(alone.grid[0, :, 0], result.grid[3, :, 1])


def test_errors_of_zero_at_repeated_times_are_singular_without_noise():
    rows = [[0.0, 0.0, 10.0], ["g"] * 3, [1.0, 2.0, 3.0], [0.0] * 3]
    options = {"noise": 0.0, "error_floor": 0.0}
    result = interpolate_per_band([0, 3], *rows, TIMES, **options)
    assert result.reasons.tolist() == [[Status.SINGULAR.reason]] and np.isnan(result.grid).all()
    assert interpolate_per_band([0, 3], *rows, TIMES).failed.size == 0


@pytest.mark.parametrize("factor", [1e-12, 1e9])
def test_units_of_flux_do_not_matter(objects, factor):
    offsets, time, band, flux, flux_err = objects
    plain = interpolate_per_band(*objects, TIMES)
    scaled = interpolate_per_band(offsets, time, band, flux * factor, flux_err * factor, TIMES)
    np.testing.assert_allclose(scaled.grid / factor, plain.grid, atol=2e-2)
    np.testing.assert_allclose(scaled.time_scale, plain.time_scale, rtol=2e-3)


def test_a_reference_is_a_shift_of_the_times(objects):
    offsets, time, band, flux, flux_err = objects
    plain = interpolate_per_band(*objects, TIMES, time_scale=30.0)
    shift = np.linspace(50000, 60000, 30)
    moved = time + np.repeat(shift, np.diff(offsets))
    result = interpolate_per_band(
        offsets, moved, band, flux, flux_err, TIMES, reference=shift, time_scale=30.0
    )
    np.testing.assert_allclose(result.grid, plain.grid, atol=1e-4)


def test_threads_categories_and_order_do_not_matter(objects):
    offsets, time, band, flux, flux_err = objects
    plain = interpolate_per_band(*objects, TIMES)
    codes = pd.Categorical(band, categories=["z", "r", "g"])
    both = interpolate_per_band(
        offsets, time, codes, flux, flux_err, TIMES, bands=["r", "g"], n_jobs=2
    )
    np.testing.assert_array_equal(both.grid[:, :, ::-1], plain.grid)
    one = interpolate_per_band(*objects, TIMES, bands=["r"])
    np.testing.assert_array_equal(one.mean[:, 0], plain.mean[:, 1])


def test_output_may_be_given(objects):
    out = np.zeros((30, 2, 2, 21), np.float32)
    result = interpolate_per_band(*objects, TIMES, out=out)
    assert result.grid is out
    exact = interpolate_per_band(*objects, TIMES).grid
    np.testing.assert_allclose(out, exact, rtol=1e-5, atol=1e-4)


def test_bad_arguments_are_refused(objects):
    for options, message in [
        ({"noise": "some"}, "noise='some'"),
        ({"time_scale": (9.0, 3.0)}, "time_scale"),
        ({"bands": "gr"}, "bands='gr'"),
        ({"n_starts": 4}, "n_starts=4"),
        ({"mean": "linear"}, "mean='linear'"),
        ({"reference": [0.0]}, "reference"),
    ]:
        with pytest.raises(ValueError, match=message):
            interpolate_per_band(*objects, TIMES, **options)
    with pytest.raises(ValueError, match="band is missing in row 1"):
        interpolate_per_band([0, 2], [0.0, 1.0], ["g", None], [1.0, 2.0], [1.0, 1.0], TIMES)
    with pytest.raises(ValueError, match="times"):
        interpolate_per_band(*objects, [np.nan])

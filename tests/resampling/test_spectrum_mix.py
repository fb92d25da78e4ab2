"""Mixes of spectra: by hand in the rest frame, inside classes and groups, and only in fit."""

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from nested_pandas import NestedFrame
from sklearn.linear_model import LogisticRegression

from skastro.augmentation import draw_pairs, mix_spectra, rest_ranges
from skastro.datasets import make_spectra
from skastro.exceptions import ObjectError, ObjectWarning
from skastro.feature_extraction import SpectrumPixels
from skastro.preprocessing import make_spectrum_preprocessing
from skastro.resampling import SpectrumMixSampler
from skastro.testing._outputs import assert_same
from skastro.utils.ragged import flatten, nest


def gaussian_line(rest, centre):
    return 1 + 2 * np.exp(-0.5 * ((rest - centre) / 60) ** 2)


def two_spectra():
    """One line at 6000 Angstrom in the rest frame at two redshifts, sizes and grids."""
    first, second = np.linspace(4000, 9000, 1500), np.linspace(4500, 9500, 1100)
    rows = {
        "wavelength": np.r_[first, second],
        "flux": np.r_[1e-16 * gaussian_line(first / 1.1, 6000), gaussian_line(second / 1.3, 6000)],
        "flux_err": np.r_[np.full(1500, 1e-17), np.full(1100, 0.2)],
    }
    X = NestedFrame({"redshift": [0.1, 0.3], "phase": [0.0, 10.0], "name": ["a", "b"]})
    return X.assign(spectrum=nest([0, 1500, 2600], rows))


def test_a_line_stays_at_its_rest_wavelength():
    X = two_spectra()
    for weight in (0.0, 0.25, 1.0):
        new = mix_spectra(X, [0], [1], [weight])
        z = weight * 0.1 + (1 - weight) * 0.3
        assert new["redshift"].item() == pytest.approx(z)
        assert new["phase"].item() == pytest.approx(10 * (1 - weight))
        assert new["name"].item() == "a"
        rows = flatten(new["spectrum"])[1]
        rest = rows["wavelength"] / (1 + z)
        np.testing.assert_allclose(rows["flux"], 1e-16 * gaussian_line(rest, 6000), rtol=5e-3)
        size = weight * 1e-17, (1 - weight) * 0.2e-16
        np.testing.assert_allclose(rows["flux_err"], np.hypot(*size), rtol=2e-2)
        assert rest.min() >= 4000 / 1.1 and rest.max() <= 9500 / 1.3


def test_mixed_shapes_are_between_their_parents():
    x = np.linspace(4000, 9000, 300)
    rows = {"wavelength": np.tile(x, 2), "flux": np.r_[x / 6500, (x / 6500) ** -1.0]}
    X = NestedFrame({"redshift": [0.0, 0.0]}).assign(spectrum=nest([0, 300, 600], rows))
    flux = flatten(mix_spectra(X, [0], [1], [0.3])["spectrum"])[1]["flux"]
    a, b = x / np.median(x), x**-1.0 / np.median(x**-1.0)
    np.testing.assert_allclose(flux / np.median(x / 6500), 0.3 * a + 0.7 * b, rtol=1e-12)


def test_light_curve_moves_to_the_new_redshift():
    rows = {
        "time": np.array([100.0, 111.0]),
        "flux": np.array([10.0, 20.0]),
        "flux_err": np.ones(2),
        "mag": np.array([18.0, 17.0]),
    }
    X = two_spectra()
    X = X.assign(lightcurve=nest([0, 2, 2], rows))
    new = flatten(mix_spectra(X, [0], [1], [0.5])["lightcurve"])[1]
    factor = 0.1**2 * 1.1 / (0.2**2 * 1.2)
    np.testing.assert_allclose(new["time"], [100, 112])
    np.testing.assert_allclose(new["flux"], rows["flux"] * factor)
    np.testing.assert_allclose(new["flux_err"], factor)
    np.testing.assert_allclose(new["mag"], rows["mag"] - 2.5 * np.log10(factor))


def test_unknown_redshifts_and_ranges():
    X = two_spectra().assign(redshift=[0.1, np.nan])
    with pytest.raises(ObjectError, match="mix_spectra: no 'redshift'") as caught:
        mix_spectra(X, [0], [1], [0.5])
    assert caught.value.ids == [1]
    low, high = rest_ranges(X)
    np.testing.assert_allclose([low[0], high[0]], [4000 / 1.1, 9000 / 1.1])
    assert np.isnan(low[1]) and np.isnan(high[1])


def test_pairs_stay_in_groups_overlap_and_follow_the_shares():
    rng = np.random.default_rng(0)
    groups = rng.choice(["before", "after", "lonely"], 200, p=[0.2, 0.795, 0.005])
    groups[0] = "lonely"
    groups[1:][groups[1:] == "lonely"] = "after"
    low, high = rng.uniform(3000, 5000, 200), rng.uniform(7000, 9000, 200)
    shares = {"before": 0.3, "after": 0.7, "lonely": 5.0}
    i, j = draw_pairs(np.arange(200), groups, shares, low, high, 4000, random_state=1)
    assert len(i) == len(j) == 4000
    assert (i != j).all() and (groups[i] == groups[j]).all()
    assert 0.25 < np.mean(groups[i] == "before") < 0.35
    overlap = np.minimum(high[i], high[j]) - np.maximum(low[i], low[j])
    assert (overlap >= 0.8 * (high[i] - low[i])).all()
    i, j = draw_pairs(np.arange(2), groups[:2], shares, low, high, 5, random_state=1)
    assert len(i) == len(j) == 0


def test_sampler_raises_rare_classes_and_leaves_the_rest():
    X, y = make_spectra(80, classes={"Ia": 5, "II": 2, "Ic": 1}, n_spectra=2, random_state=0)
    sampler = SpectrumMixSampler(60, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    counts = {label: int((y_new == label).sum()) for label in ("Ia", "II", "Ic")}
    assert counts == {"Ia": int((y == "Ia").sum()), "II": 60, "Ic": 60}
    assert_same(X_new.iloc[:160], X)
    first, second = sampler.sample_indices_[160:], sampler.partner_indices_[160:]
    assert (y[first] == y[second]).all() and (y_new[160:] == y[first]).all()
    assert ((X["phase"].iloc[first] < 0).to_numpy() == (X["phase"].iloc[second] < 0)).all()
    assert (sampler.partner_indices_[:160] == -1).all()
    assert (X_new["name"].iloc[160:].to_numpy() == X["name"].iloc[first].to_numpy()).all()
    z = X["redshift"].to_numpy()
    between = np.sort([z[first], z[second]], axis=0)
    new_z = X_new["redshift"].to_numpy()[160:]
    assert ((new_z >= between[0] - 1e-12) & (new_z <= between[1] + 1e-12)).all()
    offsets, rows = flatten(X_new["spectrum"])
    assert np.diff(offsets).min() > 150 and np.isfinite(rows["flux"]).all()


def test_spectra_without_redshift_are_not_parents():
    X, y = make_spectra(40, classes=["Ia", "II"], unknown_redshifts=0.5, random_state=0)
    sampler = SpectrumMixSampler(50, random_state=0)
    sampler.fit_resample(X, y)
    parents = np.append(sampler.sample_indices_[40:], sampler.partner_indices_[40:])
    assert X["redshift"].iloc[parents].notna().all()


def test_a_class_of_one_is_named():
    X, y = make_spectra(5, classes=["Ia"], random_state=0)
    y = np.array(["Ia", "Ia", "Ia", "Ia", "II"])
    with pytest.warns(ObjectWarning, match="SpectrumMixSampler.*'II'"):
        X_new, y_new = SpectrumMixSampler(6, random_state=0).fit_resample(X, y)
    assert y_new.tolist().count("II") == 1
    with pytest.raises(ValueError, match="'redshift'"):
        SpectrumMixSampler(6).fit_resample(X.drop(columns="redshift"), y)


def test_only_in_fit():
    X, y = make_spectra(60, classes={"Ia": 5, "II": 1}, random_state=0)
    model = make_pipeline(
        SpectrumMixSampler(50, random_state=0),
        make_spectrum_preprocessing(n_wavelengths=64).steps[0][1],
        *[step for _, step in make_spectrum_preprocessing(n_wavelengths=64).steps[1:]],
        SpectrumPixels(),
        LogisticRegression(),
    )
    model.fit(X, y)
    assert model.predict_proba(X.iloc[:7]).shape == (7, 2)
    assert model.score(X, y) > 0.8

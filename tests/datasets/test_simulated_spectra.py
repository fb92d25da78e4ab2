"""Spectra of the simulator: lines where they belong, noise as large as it says, groups, seeds."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import make_pipeline

from skastro.datasets import make_spectra
from skastro.datasets._line_templates import LIGHT_SPEED, TEMPLATES, WAVELENGTHS
from skastro.feature_extraction import SpectrumPixels
from skastro.preprocessing import make_spectrum_preprocessing
from skastro.utils.ragged import flatten, segment_ids, segment_median


def template_spectrum(name, wavelength, phase=0.0, resolution=0.0):
    template = TEMPLATES[name]
    factors = {k: np.ones(len(wavelength)) for k in ("temperature", "velocity", *template.lines)}
    return template.flux(wavelength, np.full(len(wavelength), phase), factors, resolution)


def test_silicon_is_blueshifted_by_the_velocity():
    x = np.linspace(5950, 6350, 4000)
    trough = x[template_spectrum("Ia", x).argmin()]
    velocity = LIGHT_SPEED * np.log(WAVELENGTHS["Si6355"] / trough)
    assert 10000 < velocity < 12500
    later = x[template_spectrum("Ia", x, phase=30.0).argmin()]
    assert later > trough


def test_hydrogen_and_helium_where_they_belong():
    x = np.linspace(6200, 6900, 3000)
    relative = {
        name: template_spectrum(name, x, 40.0)[np.abs(x - 6562.8).argmin()]
        / template_spectrum(name, x, 40.0)[[0, -1]].mean()
        for name in TEMPLATES
    }
    assert relative["II"] > 1.3 and relative["IIn"] > 1.3
    assert relative["Ic"] < 1.2 and relative["Ib"] < 1.2
    x = np.linspace(5500, 5800, 2000)
    depth = {
        name: 1 - template_spectrum(name, x, 10.0).min() / template_spectrum(name, x, 10.0)[0]
        for name in ("Ib", "SLSN-I")
    }
    assert depth["Ib"] > 0.3
    assert depth["SLSN-I"] < 0.15


def test_the_instrument_widens_a_line_and_keeps_its_light():
    x = np.linspace(6300, 6800, 20000)
    sharp, wide = (template_spectrum("IIn", x, resolution=r) for r in (0.0, 1300.0))
    assert sharp.max() > 1.3 * wide.max()
    np.testing.assert_allclose(sharp.sum(), wide.sum(), rtol=0.02)


def test_noise_is_as_large_as_the_errors_say():
    X, _ = make_spectra(300, return_truth=True, random_state=0)
    offsets, rows = flatten(X["spectrum"])
    pull = (rows["flux"] - rows["true_flux"]) / rows["flux_err"]
    assert abs(pull.mean()) < 0.02 and abs(pull.std() - 1) < 0.02
    snr = segment_median(offsets, rows["true_flux"]) / segment_median(offsets, rows["flux_err"])
    assert 3 < np.min(snr) < np.max(snr) <= 40


def test_lines_move_with_the_redshift():
    options = {"classes": ["IIn"], "host_fraction": 0, "snr_range": (1e4, 1e4), "step": 2.0}
    options |= {"resolving_power": 1000.0}
    X, _ = make_spectra(20, redshift_range=(0.01, 0.2), **options, random_state=0)
    offsets, rows = flatten(X["spectrum"])
    ids = segment_ids(offsets)
    rest = rows["wavelength"] / (1 + X["redshift"].to_numpy()[ids])
    near = np.abs(rest - 6563) < 60
    for i in range(20):
        own = near & (ids == i)
        assert abs(rest[own][rows["flux"][own].argmax()] - 6563) < 4


def test_host_light_adds_its_lines():
    options = {"classes": ["Ia"], "snr_range": (1e4, 1e4), "random_state": 0, "step": 5.0}
    clean, _ = make_spectra(10, host_fraction=0, **options)
    mixed, _ = make_spectra(10, host_fraction=1.0, return_truth=True, **options)
    assert (mixed["true_host"] > 0).all()
    assert np.isfinite(flatten(clean["spectrum"])[1]["flux"]).all()
    offsets, rows = flatten(mixed["spectrum"])
    strongest = mixed["true_host"].to_numpy().argmax()
    own = slice(*offsets[strongest : strongest + 2])
    rest = rows["wavelength"][own] / (1 + mixed["redshift"].iloc[strongest])
    flux = rows["flux"][own]
    at, beside = (np.interp(x, rest, flux) for x in (6563.0, 6800.0))
    assert at > 1.3 * beside


def test_groups_shares_and_missing_redshifts():
    X, y = make_spectra(
        100, classes={"Ia": 3, "II": 1}, n_spectra=3, unknown_redshifts=0.3, random_state=1
    )
    assert len(X) == len(y) == 300
    assert X["name"].nunique() == 100
    types = {name: set(y[X["name"] == name]) for name in X["name"].unique()}
    assert all(len(own) == 1 for own in types.values())
    assert sum(own == {"Ia"} for own in types.values()) == 75
    assert X.groupby("name")["redshift"].nunique(dropna=False).eq(1).all()
    assert X.groupby("name")["phase"].nunique().eq(3).all()
    assert 0.15 < X["redshift"].isna().mean() < 0.45


def test_seeds():
    first, second, other = (make_spectra(5, random_state=s)[0] for s in (0, 0, 1))
    a, b, c = (flatten(X["spectrum"])[1]["flux"] for X in (first, second, other))
    np.testing.assert_array_equal(a, b)
    assert len(c) != len(a) or (a != c).any()


def test_types_can_be_told_apart_but_not_all():
    X, y = make_spectra(600, random_state=0)
    model = make_pipeline(
        make_spectrum_preprocessing(n_wavelengths=128),
        SpectrumPixels(),
        LogisticRegression(C=0.3, max_iter=300),
    )
    split = GroupShuffleSplit(1, test_size=0.3, random_state=0)
    train, test = next(split.split(X, y, X["name"]))
    score = model.fit(X.iloc[train], y[train]).score(X.iloc[test], y[test])
    assert 0.5 < score < 0.98


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"n_objects": 0}, "n_objects"),
        ({"n_spectra": 1.5}, "n_spectra"),
        ({"classes": ["IV"]}, "IV"),
        ({"classes": []}, "classes"),
        ({"classes": "Ia"}, "classes"),
        ({"classes": {"Ia": -1}}, "shares"),
        ({"redshift_range": (0.2, 0.1)}, "redshift_range"),
        ({"step": 0}, "step"),
        ({"unknown_redshifts": 2}, "unknown_redshifts"),
    ],
)
def test_invalid_parameters(parameters, word):
    with pytest.raises(ValueError, match=f"make_spectra.*{word}"):
        make_spectra(**{"n_objects": 3, **parameters})

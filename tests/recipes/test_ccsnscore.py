"""The spectra system: channels, labels, layers, tables."""

import numpy as np
import pytest
from imblearn.pipeline import Pipeline
from sklearn.base import clone

from skastro.datasets import make_spectra
from skastro.feature_extraction import SpectrumPixels
from skastro.neural_network import ConvolutionKernelClassifier, MultimodalClassifier
from skastro.preprocessing import make_spectrum_preprocessing
from skastro.recipes import (
    CCSNSCORE_PAPER,
    ccsnscore_shapes,
    ccsnscore_table,
    make_ccsnscore,
    make_ccsnscore_classifier,
    make_ccsnscore_features,
    pool_spectra,
)
from skastro.recipes._ccsnscore_layers import layers_of
from skastro.resampling import group_weights
from skastro.taxonomy import SEDM
from skastro.utils.ragged import nest


@pytest.fixture(scope="module")
def supernovae():
    """Spectra of three types; the first third has light curves in g, all Ia rise by 3 mag."""
    X, y = make_spectra(90, classes=["Ia", "II", "Ib"], random_state=1)
    counts = np.where(np.arange(90) < 30, 8, 0)
    days = np.tile(np.arange(8.0), 30)
    flux = np.exp(-0.5 * ((days - 4) / 3) ** 2)
    rows = {"time": days, "band": np.full(240, "g"), "flux": flux, "flux_err": np.full(240, 0.02)}
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return X.assign(lightcurve=nest(offsets, rows, X.index)), y


def test_channels_stand_in_the_order_of_the_shapes(supernovae):
    X, _ = supernovae
    channels = ["lines", "spec", "lcg", "lcr", "lcgdmdt", "specdmdt"]
    rows = make_ccsnscore_features(channels=channels, resolution=64, phase_length=10).fit_transform(
        X
    )
    shapes = ccsnscore_shapes(channels, resolution=64, phase_length=10)
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    parts = dict(zip(shapes, np.split(rows, np.cumsum(sizes)[:-1], axis=1)))
    recipe = make_spectrum_preprocessing(n_wavelengths=64).set_params(rebin__method="flux")
    expected = SpectrumPixels().fit_transform(recipe.fit_transform(X))
    np.testing.assert_array_equal(parts["spec"], expected)
    has_curve = np.arange(len(X)) < 30
    for name in ("lcg", "lcgdmdt"):
        assert (np.isnan(parts[name]).all(axis=1) == ~has_curve).all()
    assert np.isnan(parts["lcr"]).all()
    pairs = parts["lcgdmdt"][has_curve].sum(axis=1)
    np.testing.assert_allclose(pairs, 625, rtol=1e-4)
    assert np.isfinite(parts["specdmdt"]).all()


def test_h_alpha_and_redshift_are_channels(supernovae):
    X, y = supernovae
    X = X.assign(redshift=np.where(np.arange(90) < 60, X["redshift"], np.nan))
    rows = make_ccsnscore_features(channels=["halpha", "redshift"]).fit_transform(X)
    assert ccsnscore_shapes(["halpha", "redshift"]) == {"halpha": (1, 192), "redshift": (1,)}
    np.testing.assert_allclose(10 ** rows[:60, 192], X["redshift"][:60], rtol=1e-5)
    assert np.isnan(rows[60:, 192]).all()
    known = rows[:60, :192]
    np.testing.assert_allclose(known[:, 60:140].std(), 1, atol=0.5)
    with pytest.raises(
        ValueError, match="make_ccsnscore: the channel 'redshift' requires the column"
    ):
        make_ccsnscore_features(channels=["redshift"]).fit_transform(X.drop(columns="redshift"))
    model = make_ccsnscore(channels=["spec", "redshift"], max_epochs=2, random_state=0)
    assert np.isfinite(model.fit(X, y).predict_proba(X)).all()


def test_without_deredshifting_the_rows_are_those_at_redshift_zero(supernovae):
    X, _ = supernovae
    plain = make_ccsnscore_features(deredshift=False).fit_transform(X)
    zero = make_ccsnscore_features().fit_transform(X.assign(redshift=0.0))
    np.testing.assert_array_equal(plain, zero)
    assert not np.array_equal(plain, make_ccsnscore_features().fit_transform(X))


@pytest.mark.parametrize(
    "channels", [["spek"], ["spec", "spec"], "spec", [], ["lcg", "spec", "lcr"]]
)
def test_bad_channels_are_refused(channels):
    with pytest.raises(ValueError, match="ccsnscore"):
        make_ccsnscore_features(channels=channels)


def test_labels_cover_types_and_read_their_own_channels(supernovae):
    X, y = supernovae
    labels = {"H-poor": ["Ia", "Ib"], "H-rich": ["II"]}
    model = make_ccsnscore(
        labels=labels,
        label_channels={"H-rich": ["lines"]},
        networks="label",
        n_per_class=None,
        max_epochs=8,
        random_state=0,
    ).fit(X, y)
    assert model.score(X, y) > 0.8
    own = model[-1].estimators_
    assert (own["H-poor"].n_features_in_, own["H-rich"].n_features_in_) == (704, 256)
    assert all(list(m.inputs) == ["lines"] for m in own["H-rich"].estimators_.values())
    table = ccsnscore_table(model, X)
    assert table.index.equals(X.index.rename("object_id"))
    scores, errors = model[-1].predict_scores(model[:-1].transform(X))
    assert scores.shape == errors.shape == (90, 2)
    assert (errors > 0).all()
    assert (table["label"].isin(["H-poor", "H-rich", "ambiguous"])).all()


def test_one_network_for_all_labels_by_default(supernovae):
    X, y = supernovae
    labels = {"H-poor": ["Ia"], "H-rich": ["II"]}
    model = make_ccsnscore(labels=labels, max_epochs=8, random_state=0).fit(X, y)
    assert model[-1].estimator_.classes_.tolist() == [0, 1, 2]
    scores, errors = model[-1].predict_scores(model[:-1].transform(X))
    assert (errors > 0).all()
    assert scores[y == "Ib"].sum(axis=1).mean() < 0.6 < scores[y != "Ib"].sum(axis=1).mean()
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    assert model.score(X[y != "Ib"], y[y != "Ib"]) > 0.7


def test_the_network_votes_with_a_kernel_machine(supernovae):
    X, y = supernovae
    model = make_ccsnscore(
        channels=["lines"], n_networks=1, max_epochs=2, n_samples=None, random_state=0
    ).fit(X, y)
    rows = model[:-1].transform(X)
    members = model[-1].estimator_.estimators_
    network, kernel = (members[name].predict_proba(rows) for name in ("network", "kernel"))
    np.testing.assert_allclose(model.predict_proba(X), 0.25 * network + 0.75 * kernel, rtol=1e-6)
    for weight, kind in ((0, MultimodalClassifier), (1, ConvolutionKernelClassifier)):
        assert isinstance(make_ccsnscore(kernel_weight=weight)[-1].estimator, kind)


def test_spectra_of_one_supernova_share_their_weight(supernovae):
    X, y = supernovae
    several = X.assign(name=["SN" if i < 40 else f"SN{i}" for i in range(90)])
    options = {"channels": ["lines"], "kernel_weight": 1, "random_state": 0}
    by_name = make_ccsnscore(**options).fit(several, y).predict_proba(X)
    weights = {"classifier__sample_weight": group_weights(several["name"])}
    unnamed = several.drop(columns="name")
    given = make_ccsnscore(**options).fit(unnamed, y, **weights)
    np.testing.assert_array_equal(given.predict_proba(X), by_name)
    equal = make_ccsnscore(**options, name_column=None).fit(several, y)
    assert not np.allclose(equal.predict_proba(X), by_name, atol=1e-3)


def test_spectra_of_a_supernova_are_pooled_by_their_quality():
    proba, names = [[0.8, 0.2], [0.2, 0.8], [np.nan, np.nan], [0.4, 0.6]], ["b", "b", "a", "b"]
    equal = pool_spectra(proba, names)
    odds = (4 * 0.25 * 2 / 3) ** (1 / 3)
    np.testing.assert_allclose(equal.loc["b"], [odds / (1 + odds), 1 / (1 + odds)])
    assert equal.index.tolist() == ["a", "b"] and equal.loc["a"].isna().all()
    weighted = pool_spectra(proba, names, quality=[3, 1, 1, 0])
    np.testing.assert_allclose(weighted.loc["b"], np.array([2, 1]) / 3)
    for bad in ({"quality": [1, 2, 3, -1]}, {"quality": [1]}):
        with pytest.raises(ValueError, match="pool_spectra"):
            pool_spectra(proba, names, **bad)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"networks": "one"}, "neither"),
        ({"label_channels": {"II": ["spec"]}}, "require networks='label'"),
    ],
)
def test_bad_networks_are_refused(options, message):
    with pytest.raises(ValueError, match=f"make_ccsnscore: .*{message}"):
        make_ccsnscore(**options)


def test_an_object_without_spectrum_is_classified_by_its_light_curve(supernovae):
    X, y = supernovae
    model = make_ccsnscore(
        channels=["spec", "lcg"], phase_length=10, n_per_class=None, max_epochs=2, random_state=0
    ).fit(X, y)
    offsets = np.zeros(4, int)
    empty = {"wavelength": np.empty(0), "flux": np.empty(0)}
    rows = X.iloc[[0, 1, 50]]
    rows = rows.assign(spectrum=nest(offsets, empty, rows.index))
    assert model.predict(rows)[2] == "unclassified"
    assert np.isfinite(model.predict_proba(rows)[:2]).all()


def test_layers_are_gated(supernovae):
    X, y = supernovae
    model = make_ccsnscore(
        taxonomy=SEDM, layers=("2", "3b"), n_per_class=None, max_epochs=6, random_state=0
    )
    with pytest.warns(UserWarning):
        model.fit(X, y)
    table = ccsnscore_table(model, X)
    gated = table[["proba_H-rich", "proba_Ia", "proba_Ib"]]
    np.testing.assert_allclose(gated.sum(axis=1), 1, rtol=1e-5)
    top, below = table[["score_H-poor", "score_H-rich"]], table[["score_Ia", "score_Ib"]]
    expected = top["score_H-poor"] / top.sum(axis=1) * below["score_Ia"] / below.sum(axis=1)
    assert np.corrcoef(expected, table["proba_Ia"])[0, 1] > 0.99
    assert (table["label"] == np.where(y == "II", "H-rich", y)).mean() > 0.7


def test_layers_of_the_original_code():
    tree = layers_of(SEDM, ["1"])
    assert tree.leaves == ("SN", "AGN", "CV")
    assert set(tree.relabel(["IIb", "Ia"])) == {"SN"}
    assert layers_of(SEDM, ["3a"]).root == "H-rich"
    assert layers_of(SEDM) == SEDM
    for layers in (["4"], [], ["1", "3a"]):
        with pytest.raises(ValueError, match="layers"):
            layers_of(SEDM, layers)


def test_paper_settings_are_those_of_the_original_code():
    parity = {"resolution": 32, "max_epochs": 1, "n_per_class": 20}
    model = make_ccsnscore(**CCSNSCORE_PAPER | parity, random_state=0)
    assert isinstance(clone(model), Pipeline)
    X, y = make_spectra(40, classes={"Ia": 3, "II": 1}, random_state=0)
    model.fit(X, y)
    network = model[-1].estimators_["II"][-1]
    assert network.net_.module_.encoders[0].recurrent[0].bidirectional
    assert model.named_steps["features"].transformer_list[0][1]["rebin"].method == "cubic"


def test_ensembles_give_errors_by_their_members(supernovae):
    X, y = supernovae
    model = make_ccsnscore(
        channels=["spec"], n_networks=2, n_per_class=None, max_epochs=2, random_state=0
    ).fit(X, y)
    rows = model[:-1].transform(X)
    _, errors = model[-1].predict_scores(rows)
    voting = model[-1].estimator_
    assert len(voting.estimators_["network"].estimators_) == 2
    samples = voting.predict_proba_samples(rows, model[-1].n_samples)
    np.testing.assert_allclose(errors, samples.std(axis=0), atol=1e-6)


def test_invalid_options_are_refused():
    for options in (
        {"encoder": "lstm"},
        {"kernel_weight": 1.5},
        {"networks": "over"},
        {"layers": ["1"]},
        {"labels": {"a": ["b"]}, "taxonomy": SEDM},
        {"label_channels": {"Ia": ["lcg"]}},
    ):
        with pytest.raises(ValueError, match="ccsnscore"):
            make_ccsnscore_classifier(**options)

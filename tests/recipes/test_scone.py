"""The SCONE recipe end to end, small."""

import pickle

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skastro.datasets import make_light_curves
from skastro.exceptions import ObjectWarning
from skastro.feature_extraction import LightCurveStatistics, StaticColumns
from skastro.nn import SconeCNN
from skastro.recipes import (
    SCONE_PAPER,
    SMALL_SAMPLE,
    evaluate_scone_epochs,
    make_scone,
    make_scone_classifier,
    make_scone_features,
    prediction_table,
)
from skastro.utils.ragged import flatten, keep_rows, nest, row_numbers

SMALL = {"n_times": 16, "n_wavelengths": 4, "engine": "numpy"}


@pytest.fixture(scope="module")
def survey():
    return make_light_curves(60, classes=["SNIa", "SNII"], random_state=0)


@pytest.fixture(scope="module")
def fitted(survey):
    return make_scone(max_epochs=2, with_redshift=True, random_state=0, **SMALL).fit(*survey)


def without_observations(X, number):
    """The same objects, but number `number` keeps only its first observation."""
    offsets, rows = flatten(X["lightcurve"])
    other = np.repeat(np.arange(len(X)) != number, np.diff(offsets))
    offsets, rows = keep_rows(offsets, rows, other | (row_numbers(offsets) < 1))
    return X.assign(lightcurve=nest(offsets, rows, X.index))


def until(features, name):
    """The first steps of a pipeline, up to one of them."""
    names = [step for step, _ in features.steps]
    return features[: names.index(name) + 1]


def test_columns_of_the_features(survey):
    features = make_scone_features(with_redshift=True, **SMALL)
    rows = features.fit_transform(survey[0])
    assert rows.shape == (60, 2 * 4 * 16 + 1 + 2)
    names = features.get_feature_names_out()
    assert names[-3:].tolist() == [
        "heatmap__log10_maximum",
        "redshift__redshift",
        "redshift__redshift_err",
    ]
    np.testing.assert_array_equal(rows[:, -2], survey[0]["redshift"].astype(np.float32))


def test_a_small_sample_gets_several_networks_and_none_held_back(survey):
    X, y = survey
    X = without_observations(X, 3)
    settings = SMALL_SAMPLE | {"max_epochs": 2, "n_networks": 2}
    scone = make_scone(statistics=True, random_state=0, **settings, **SMALL)
    with pytest.warns(ObjectWarning):
        scone.fit(X, y)
    proba = scone.predict_proba(X)
    assert np.isnan(proba[3]).all() and np.isfinite(np.delete(proba, 3, axis=0)).all()
    members = scone[-1].estimators_
    assert len(members) == 2
    assert all(member.history_["valid_loss"].isna().all() for member in members)
    assert members[0].scale_.static.scaler_.n_quantiles == 100


def test_statistics_stand_between_image_and_redshift(survey):
    X, _ = survey
    options = {"statistics": True, "dust": None, "with_redshift": True, **SMALL}
    rows = make_scone_features(**options).fit_transform(X)
    expected = np.arcsinh(LightCurveStatistics().fit_transform(X))
    np.testing.assert_allclose(rows[:, 129:-2], expected, rtol=1e-5)
    model = make_scone(max_epochs=1, random_state=0, **options).fit(*survey)
    assert np.isfinite(model.predict_proba(X)).all()


def test_probabilities_in_input_order(survey, fitted):
    X, _ = survey
    proba = fitted.predict_proba(X)
    assert fitted.classes_.tolist() == ["SNII", "SNIa"]
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    order = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_allclose(fitted.predict_proba(X.iloc[order]), proba[order], atol=1e-5)
    np.testing.assert_allclose(fitted.predict_proba(X.iloc[[7]]), proba[[7]], atol=1e-5)


def test_pickled_model_predicts_the_same(survey, fitted):
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict_proba(survey[0]), fitted.predict_proba(survey[0]))


def test_object_that_cannot_be_classified_gets_a_reason(survey, fitted):
    X = without_observations(survey[0], 3)
    table = prediction_table(fitted, X)
    assert table.index.tolist() == X.index.tolist() and table.index.name == "object_id"
    bad = table.iloc[3]
    assert bad["label"] == "unclassified" and "fewer than 2 observations" in bad["reason"]
    assert np.isnan(bad[["prob_SNII", "prob_SNIa"]].astype(float)).all()
    others = table.drop(index=X.index[3])
    assert (others["reason"] == "").all() and set(others["label"]) <= {"SNII", "SNIa"}
    expected = fitted.predict_proba(survey[0])[np.arange(60) != 3]
    np.testing.assert_allclose(others[["prob_SNII", "prob_SNIa"]], expected, atol=1e-5)


def test_training_leaves_such_objects_out_and_says_so(survey):
    X = without_observations(survey[0], 3)
    with pytest.warns(UserWarning, match=str(X.index[3])):
        model = make_scone(max_epochs=1, balanced=True, random_state=0, **SMALL).fit(X, survey[1])
    assert model["classifier"].n_unusable_ == 0


def test_later_observations_do_not_change_an_early_prediction(survey):
    X, _ = survey
    features = make_scone_features(days=10, **SMALL).fit(X)
    with_trigger = until(features, "trigger").transform(X)
    offsets, rows = flatten(X["lightcurve"])
    limit = np.repeat(with_trigger["trigger_time"].to_numpy() + 10, np.diff(offsets))
    known = (rows["time"] <= limit) | np.isnan(limit)
    cut = X.assign(lightcurve=nest(*keep_rows(offsets, rows, known), X.index))
    assert known.mean() < 0.9
    np.testing.assert_array_equal(features.transform(cut), features.transform(X))


def test_mixed_epochs_give_every_object_its_own(survey):
    features = make_scone_features(days=(0, 50), **SMALL).fit(survey[0])
    days = until(features, "days").transform(survey[0])["days"]
    assert days.between(0, 50).all() and days.nunique() > 20
    half = until(features, "days").transform(survey[0].iloc[30:])["days"]
    assert half.tolist() == days.iloc[30:].tolist()


def test_cuts_of_the_paper(survey):
    features = make_scone_features(cuts=SCONE_PAPER["cuts"], **SMALL)
    rows = features.fit_transform(survey[0])
    quality = until(features, "quality").transform(survey[0])["quality"]
    assert 0 < (quality != "").sum() < 60
    np.testing.assert_array_equal(np.isnan(rows[:, 0]), quality != "")


def test_dust_options_differ_as_they_should(survey):
    X = survey[0].iloc[:5]
    rows = {
        d: make_scone_features(dust=d, brightness=False, **SMALL).fit_transform(X)
        for d in ("correct", "scone", None)
    }
    clear = X.assign(mwebv=0.0)
    for dust in ("correct", "scone"):
        features = make_scone_features(dust=dust, brightness=False, **SMALL)
        np.testing.assert_allclose(features.fit_transform(clear), rows[None], atol=1e-5)
        assert np.abs(rows[dust] - rows[None]).max() > 1e-4


def test_training_of_the_paper():
    network = make_scone(**SCONE_PAPER)[-1]
    assert (network.lr, network.max_epochs, network.batch_size) == (5e-5, 400, 32)
    assert (network.optimizer, network.schedule, network.module) == ("Adam", "constant", SconeCNN)
    assert network.validation is None


def test_same_seed_same_model(survey):
    one, two = (
        make_scone(max_epochs=2, random_state=3, **SMALL).fit(*survey).predict_proba(survey[0])
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, two)


def test_early_epochs_are_scored_on_one_split(survey):
    scores = evaluate_scone_epochs(*survey, days=[0, None], random_state=0, max_epochs=1, **SMALL)
    assert scores.index.tolist() == ["0", "all"]
    assert (scores["n_train"] == 48).all() and (scores["n_test"] == 12).all()
    assert scores[["accuracy", "balanced_accuracy", "macro_f1"]].stack().between(0, 1).all()


def test_shapes_of_features_and_classifier_fit_together():
    assert make_scone_classifier(n_times=9, n_wavelengths=5, max_epochs=7).max_epochs == 7
    scone = make_scone(n_times=9, n_wavelengths=5)
    assert scone["classifier"].image_shape == (5, 9, 2)


def test_table_of_a_model_without_quality_filter(survey):
    X = survey[0].assign(redshift=np.linspace(0, 1, 60))
    model = make_pipeline(StaticColumns(["redshift"]), LogisticRegression()).fit(X, survey[1])
    table = prediction_table(model, X)
    assert table["label"].tolist() == model.predict(X).tolist()
    assert (table["reason"] == "").all()

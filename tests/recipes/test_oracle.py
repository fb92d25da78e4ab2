"""The ORACLE recipe end to end, small."""

import pickle

import numpy as np
import pytest

from skastro.datasets import make_light_curves
from skastro.recipes import (
    ORACLE_PAPER,
    make_oracle,
    make_oracle_classifier,
    make_oracle_features,
    predict_proba_at,
    prediction_table,
)
from skastro.taxonomy import ELASTICC, Taxonomy
from skastro.utils.ragged import flatten, keep_rows, nest, segment_ids

TREE = Taxonomy({"Alert": {"SN": ["SNIa", "SNII"], "RRL": None}})
SMALL = {"max_epochs": 3, "batch_size": 16, "random_state": 0}


@pytest.fixture(scope="module")
def survey():
    return make_light_curves(60, classes=["SNIa", "SNII", "RRL"], random_state=0)


@pytest.fixture(scope="module")
def fitted(survey):
    return make_oracle(taxonomy=TREE, **SMALL).fit(*survey)


def test_probabilities_at_dates_are_those_of_cut_light_curves(survey, fitted):
    X, _ = survey
    first = make_oracle_features().fit_transform(X)["first_detection"].to_numpy()
    offsets, rows = flatten(X["lightcurve"])
    early = rows["time"] <= first[segment_ids(offsets)] + 20
    cut = X.assign(lightcurve=nest(*keep_rows(offsets, rows, early), X.index))
    wanted = fitted.predict_proba(cut)
    found = predict_proba_at(fitted, X, [20, 1e4])
    known = np.isfinite(first)
    np.testing.assert_allclose(found[known, 0], wanted[known], atol=1e-5)
    np.testing.assert_allclose(found[:, 1], fitted.predict_proba(X), atol=1e-5)


def test_nodes_sum_to_their_parents(survey, fitted):
    X, _ = survey
    proba = fitted[-1].predict_node_proba(fitted[:-1].transform(X))
    np.testing.assert_allclose(proba[:, 1], proba[:, 3] + proba[:, 4])


def test_the_network_has_learned(survey):
    X, y = survey
    oracle = make_oracle(taxonomy=TREE, **(SMALL | {"max_epochs": 30})).fit(X, y)
    assert oracle.score(X, y) > 0.6


def test_lite_variant_reads_light_curves_alone(survey):
    X, y = survey
    oracle = make_oracle(static=(), **SMALL).fit(X[["lightcurve"]], y)
    assert oracle[-1].net_.module_.static is None
    assert oracle.predict_proba(X[["lightcurve"]]).shape == (60, 3)


def test_missing_codes_are_missing(survey, fitted):
    X, _ = survey
    coded = X.assign(redshift=X["redshift"].fillna(-9.0), redshift_err=-9.0)
    lost = X.assign(redshift_err=np.nan)
    np.testing.assert_allclose(fitted.predict_proba(coded), fitted.predict_proba(lost))


@pytest.mark.filterwarnings("ignore::skastro.exceptions.ObjectWarning")
def test_an_object_in_unknown_bands_has_a_reason_that_names_them(survey, fitted):
    X, _ = survey
    offsets, rows = flatten(X["lightcurve"])
    bands = np.asarray(rows["band"], object)
    bands[offsets[3] : offsets[4]] = "J"
    infrared = X.assign(lightcurve=nest(offsets, {**rows, "band": bands}, X.index))
    reasons = prediction_table(fitted, infrared)["reason"]
    assert reasons.iloc[3] == "no observations in a known band, only in 'J'"
    assert (reasons.drop(X.index[3]) == "").all()


def test_rules_of_the_original_code_end_with_the_last_detection(survey):
    X, _ = survey
    cut = make_oracle_features(detections_only=True).fit_transform(X)
    offsets, rows = flatten(cut["lightcurve"])
    filled = np.diff(offsets) > 0
    assert rows["detected"][offsets[1:][filled] - 1].all()
    quiet = np.bincount(
        segment_ids(offsets), rows["time"] < cut["first_detection"].to_numpy()[segment_ids(offsets)]
    )
    assert quiet.max() == 1


def test_paper(survey):
    classifier = make_oracle_classifier(taxonomy=ELASTICC, **ORACLE_PAPER)
    assert classifier.criterion.alpha == 0.5
    assert classifier.criterion.node_weight == "balanced"
    small = ORACLE_PAPER | {"max_epochs": 1}
    oracle = make_oracle(taxonomy=TREE, random_state=0, **small).fit(*survey)
    assert oracle[-1].net_.module_.recurrent.hidden_size == 100


def test_pickled_ensemble_predicts_the_same(survey):
    X, y = survey
    oracle = make_oracle(taxonomy=TREE, n_networks=2, **SMALL).fit(X, y)
    again = pickle.loads(pickle.dumps(oracle))
    np.testing.assert_array_equal(
        predict_proba_at(again, X, [5, 50]), predict_proba_at(oracle, X, [5, 50])
    )

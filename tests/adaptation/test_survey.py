"""A trained classifier for the light curves of another survey."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline

from skastro.adaptation import for_survey
from skastro.datasets import make_light_curves
from skastro.exceptions import DataShiftWarning
from skastro.preprocessing import MatchDepth
from skastro.recipes import make_oracle
from skastro.utils.ragged import flatten

CLASSES = ["SNIa", "RRL", "AGN"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::skastro.exceptions.DataShiftWarning")
def test_a_network_of_a_deep_survey_reads_a_shallow_one_at_its_depth():
    X, y = make_light_curves(300, classes=CLASSES, random_state=0)
    oracle = make_oracle(band_encoding="wavelength", max_epochs=8, random_state=0).fit(X, y)
    X_ztf, y_ztf = make_light_curves(150, classes=CLASSES, survey="ZTF", random_state=1)
    shallow = for_survey(oracle, "ZTF")
    error = np.median(flatten(X["lightcurve"])[1]["flux_err"])
    matched = make_pipeline(MatchDepth(error), FrozenEstimator(shallow)).fit(X_ztf)
    scores = [balanced_accuracy_score(y_ztf, model.predict(X_ztf)) for model in (shallow, matched)]
    assert scores[1] > max(0.75, scores[0] + 0.1)
    assert oracle.get_params()["clean__survey"] == "LSST"


def test_every_step_gets_the_survey_and_the_original_stays():
    X, y = make_light_curves(20, classes=CLASSES, random_state=0)
    oracle = make_oracle(band_encoding="wavelength", max_epochs=1, random_state=0).fit(X, y)
    names = [name for name in oracle.get_params() if name.endswith("survey")]
    other = for_survey(oracle, "DES")
    assert {other.get_params()[name] for name in names} == {"DES"}
    assert {oracle.get_params()[name] for name in names} == {"LSST"}
    X_des, _ = make_light_curves(5, survey="DES", random_state=0)
    with pytest.warns(DataShiftWarning):
        other.predict_proba(X_des.assign(redshift=9.0))


def test_models_without_a_survey_and_unknown_surveys():
    with pytest.raises(ValueError, match="LogisticRegression has no parameter 'survey'"):
        for_survey(LogisticRegression(), "ZTF")
    with pytest.raises(KeyError, match="unknown survey 'Kepler'"):
        for_survey(make_oracle(), "Kepler")

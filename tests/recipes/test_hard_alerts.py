"""A fitted recipe on alerts that make classifiers of brokers return nonsense scores."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from skastro.datasets import make_light_curves
from skastro.io import read_alerts
from skastro.recipes import make_oracle, make_scone, prediction_table

sys.path.append(str(Path(__file__).parents[1] / "io"))
from hard_alerts import CASES, hard_packets

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def read(packets):
    # Packets have no peak; the trigger stands for it.
    X = read_alerts(packets, merge=True).X
    return X.assign(peak_time=X["trigger_time"])


@pytest.fixture(scope="module")
def alerts():
    return read(hard_packets())


@pytest.fixture(scope="module", params=["oracle", "scone"])
def model(request):
    X, y = make_light_curves(40, survey="ZTF", classes=["SNIa", "AGN"], random_state=0)
    shared = {"survey": "ZTF", "max_epochs": 1, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if request.param == "oracle":
            return make_oracle(**shared).fit(X, y)
        return make_scone(dust=None, n_times=24, n_wavelengths=4, **shared).fit(X, y)


def test_every_alert_has_a_prediction_or_a_reason(model, alerts):
    table = prediction_table(model, alerts)
    proba = table.filter(like="prob_").to_numpy(float)
    unclassified = np.isnan(proba).any(axis=1)
    assert table.index.tolist() == [*CASES, "noise"]
    assert np.isnan(proba[unclassified]).all()
    np.testing.assert_allclose(proba[~unclassified].sum(axis=1), 1, atol=1e-5)
    assert (table["reason"].ne("") == unclassified).all()
    assert table["reason"]["supernova"] == "" != table["reason"]["nothing measured"]


def test_no_alert_changes_the_prediction_of_another(model, alerts):
    together = model.predict_proba(alerts)
    for i in range(0, len(alerts), 4):
        alone = model.predict_proba(alerts.iloc[[i]])
        np.testing.assert_allclose(alone[0], together[i], atol=1e-5)


def test_the_date_of_the_survey_does_not_matter(model, alerts):
    later = read([shifted(packet, 1000.0) for packet in hard_packets()])
    np.testing.assert_allclose(model.predict_proba(later), model.predict_proba(alerts), atol=1e-3)


def shifted(packet, days):
    moved = {
        name: [row | {"jd": row["jd"] + days} for row in packet.get(name) or []]
        for name in ("prv_candidates", "fp_hists")
    }
    source = packet["candidate"]
    return packet | moved | {"candidate": source | {"jd": source["jd"] + days}}

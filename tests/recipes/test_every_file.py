"""Two fitted recipes predict every kind of file of light curves, in one call each."""

import pytest

from skastro.io import read_alerts, read_observations, read_plasticc, read_snana, read_snana_text
from skastro.recipes import make_oracle, make_scone, prediction_table

READERS = {
    "snana/DES_Ia-0001_HEAD.FITS": read_snana,
    "survey_bench": lambda path: read_snana(path, survey="LSST"),
    "snana/DES_SN848233.DAT": read_snana_text,
    "lightcurves/elasticc_120_unlabelled.parquet": read_observations,
    "lightcurves/elasticc_10_lightcurves.parquet": read_observations,
    "lightcurves/elasticc_alerts_40.parquet": lambda path: read_alerts(path).X,
    "alerts/ztf_alerts_6.parquet": lambda path: read_alerts(path).X,
    "alerts/lsst_alerts_4.parquet": lambda path: read_alerts(path).X,
}

pytestmark = [pytest.mark.filterwarnings("ignore::UserWarning"), pytest.mark.slow]


@pytest.fixture(scope="module")
def models(real_data):
    X = read_snana(real_data / "survey_bench", survey="LSST")
    y = X.pop("type").to_numpy(object)
    scone = make_scone(n_times=12, n_wavelengths=4, max_epochs=1, random_state=0)
    oracle = make_oracle(max_epochs=1, random_state=0)
    return [scone.fit(X, y), oracle.fit(X, y)]


@pytest.mark.parametrize("name", READERS)
def test_every_file_is_predicted_as_it_is(name, models, real_data):
    X = READERS[name](real_data / name)
    for model in models:
        table = prediction_table(model, X)
        assert table.index.tolist() == X.index.tolist()
        unclassified = table["label"] == "unclassified"
        assert (table["reason"][unclassified] != "").all()
        assert (table["reason"][~unclassified] == "").all()


def test_files_in_the_layout_of_a_challenge_are_predicted(models, plasticc_files):
    X, _ = read_plasticc(*plasticc_files)
    for model in models:
        assert len(prediction_table(model, X)) == 10

"""Catalogues on LSDB: the same predictions as without, every object once, whatever dies."""

import os
import pickle
import signal
import threading
import time

import dask
import joblib
import lsdb
import numpy as np
import pandas as pd
import pytest
from dask.distributed import Client, LocalCluster
from distributed.utils import get_mp_context
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from skastro.datasets import make_light_curves
from skastro.distributed import predict_catalog, to_hats, transform_catalog
from skastro.distributed._model import SharedModel
from skastro.exceptions import ObjectError
from skastro.feature_extraction import LightCurveStatistics
from skastro.io import write_parquet
from skastro.persistence import load_pretrained
from skastro.preprocessing import DetectionWindow
from skastro.recipes import prediction_table
from skastro.utils.ragged import flatten

pytestmark = pytest.mark.slow  # starts Dask


@pytest.fixture(autouse=True)
def synchronous():
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture(scope="module")
def objects():
    return make_light_curves(200, classes=["SNIa", "RRL", "AGN"], random_state=0)


@pytest.fixture(scope="module")
def model(objects):
    X, y = objects
    classifier = HistGradientBoostingClassifier(max_iter=5, random_state=0)
    return make_pipeline(LightCurveStatistics(), classifier).fit(X, y)


@pytest.fixture(scope="module")
def catalog(objects, tmp_path_factory):
    with dask.config.set(scheduler="synchronous"):
        path = tmp_path_factory.mktemp("hats") / "survey"
        return to_hats(objects[0], path, partition_rows=200)


def by_id(found, X):
    assert sorted(found["object_id"]) == sorted(X.index.astype(str))
    return found.set_index("object_id").loc[X.index.astype(str)]


def test_predictions_are_those_without_a_catalogue(model, objects, catalog):
    X, _ = objects
    assert catalog.npartitions > 3
    found = by_id(predict_catalog(model, catalog, keep=["redshift"]).compute(), X)
    expected = prediction_table(model, X)
    for name in expected.columns[:-2]:
        np.testing.assert_array_equal(found[name], expected[name])
    assert found["label"].tolist() == expected["label"].tolist()
    np.testing.assert_array_equal(found["redshift"], X["redshift"])
    np.testing.assert_array_equal(found["ra"], X["ra"])


def test_a_network_from_a_file_agrees(objects, catalog):
    X, _ = objects
    network = load_pretrained("oracle-lsst").model
    found = by_id(predict_catalog(network, catalog).compute(), X)
    expected = prediction_table(network, X)
    names = [name for name in expected if name.startswith("prob_")]
    np.testing.assert_allclose(found[names], expected[names], atol=1e-6)


def test_results_are_joined_lazily_and_written(model, catalog, tmp_path):
    found = predict_catalog(model, catalog)
    both = catalog.join(
        found,
        left_on="object_id",
        right_on="object_id",
        suffixes=("", "_2"),
        suffix_method="overlapping_columns",
    )
    joined = both.compute()
    assert len(joined) == 200 and {"lightcurve", "prob_AGN"} <= set(joined.columns)
    found.write_catalog(tmp_path / "predictions", progress_bar=False)
    again = lsdb.open_catalog(tmp_path / "predictions").query("label == 'AGN'").compute()
    assert 0 < len(again) == (joined["label"] == "AGN").sum()


def test_partitions_without_objects(model, catalog):
    nothing = catalog.query("redshift > 100")
    found = predict_catalog(model, nothing).compute()
    full = predict_catalog(model, catalog).compute()
    assert len(found) == 0
    pd.testing.assert_series_equal(found.dtypes, full.dtypes)
    with pytest.raises(ValueError, match="transform_catalog: the catalogue holds no objects"):
        transform_catalog(model[:-1], nothing)


class Fragile(HistGradientBoostingClassifier):
    """Fails for one object."""

    def predict_proba(self, X):
        if (X[:, 0] == self.poison_).any():
            raise ZeroDivisionError("poison")
        return super().predict_proba(X)


def test_an_object_that_breaks_the_model_says_why(model, objects, catalog):
    X, _ = objects
    fragile = Fragile()
    fragile.__dict__.update(model[-1].__dict__)
    rows = model[:-1].transform(X)
    fragile.poison_ = np.nanmax(rows[:, 0])
    bad = rows[:, 0] == fragile.poison_
    found = by_id(predict_catalog(make_pipeline(model[0], fragile), catalog).compute(), X)
    assert (found["reason"][bad] == "ZeroDivisionError: poison").all()
    assert (found["label"][bad] == "unclassified").all()
    expected = prediction_table(model, X)
    np.testing.assert_array_equal(found["prob_AGN"][~bad], expected["prob_AGN"][~bad])
    with pytest.raises(RuntimeError, match="partition .*: poison"):
        predict_catalog(make_pipeline(model[0], fragile), catalog, errors="raise").compute()


def test_features_are_those_without_a_catalogue(model, objects, catalog):
    X, _ = objects
    found = by_id(transform_catalog(model[:-1], catalog).compute(), X)
    names = model[:-1].get_feature_names_out()
    np.testing.assert_array_equal(found[names], model[:-1].transform(X).astype(np.float32))


def test_light_curves_are_those_without_a_catalogue(objects, catalog):
    X, _ = objects
    window = DetectionWindow().fit(X)
    found = by_id(transform_catalog(window, catalog).compute(), X)
    offsets, rows = flatten(found["lightcurve"])
    expected_offsets, expected = flatten(window.transform(X)["lightcurve"])
    np.testing.assert_array_equal(offsets, expected_offsets)
    np.testing.assert_array_equal(rows["flux"], expected["flux"])


def test_missing_columns_are_named(model, catalog):
    with pytest.raises(ValueError, match="no column 'objid'.*did you mean|no column 'objid'"):
        predict_catalog(model, catalog, id_column="objid")
    with pytest.raises(ValueError, match="predict_catalog: the catalogue has no column 'lightc"):
        predict_catalog(model, catalog.query("ra > 0")[["object_id", "ra", "dec", "redshift"]])


def test_catalogues_of_files(objects, tmp_path):
    X, _ = objects
    path = write_parquet(X[:20], tmp_path / "x.parquet")
    assert len(to_hats(path, tmp_path / "catalogue")) == 20
    with pytest.raises(FileExistsError, match="overwrite=True"):
        to_hats(path, tmp_path / "catalogue")
    lost = X[:20].assign(ra=np.where(np.arange(20) == 3, np.nan, 1.0))
    with pytest.raises(ObjectError, match="'ra' holds no position") as caught:
        to_hats(lost, tmp_path / "lost")
    assert caught.value.ids == [X.index[3]]
    with pytest.raises(ObjectError, match="more than once"):
        to_hats(X[:2].set_axis(["a", "a"], axis=0), tmp_path / "twice")


@pytest.fixture
def client():
    # One process imports the package, and the workers are forks of it.
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        get_mp_context().set_forkserver_preload(["lsdb", "sklearn.ensemble", "skastro.distributed"])
        options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
        with LocalCluster(**options) as cluster, Client(cluster) as client:
            yield client


def kill_a_worker_that_computes(client, killed):
    pids = client.run(os.getpid)
    while not killed:
        busy = [address for address, tasks in client.processing().items() if tasks]
        if busy:
            os.kill(pids[busy[0]], signal.SIGKILL)
            killed.append(busy[0])
        time.sleep(0.01)


def test_a_killed_worker_loses_nothing(model, objects, catalog, client):
    X, y = objects
    with dask.config.set(scheduler=None):
        rows = model[:-1].transform(X)
        with joblib.parallel_config(backend="dask"):
            assert cross_val_score(model[-1], rows, y, cv=2).mean() > 0.5
        # Tasks carry the digest: the content has gone to the workers, once each.
        assert len(pickle.dumps(SharedModel(model))) < 1000 < len(pickle.dumps(model))
        killed = []
        killer = threading.Thread(target=kill_a_worker_that_computes, args=(client, killed))
        killer.start()
        found = by_id(predict_catalog(model, catalog).compute(), X)
        killer.join()
    assert len(killed) == 1
    expected = prediction_table(model, X)
    np.testing.assert_array_equal(found["prob_SNIa"], expected["prob_SNIa"])

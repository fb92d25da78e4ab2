"""Alert streams: the table depends on the set of alerts alone, whatever happens on the way."""

import os
import signal
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from night import make_model, make_night

from skastro.exceptions import FormatError, ObjectWarning
from skastro.io import read_alerts
from skastro.recipes import prediction_table
from skastro.streaming import AlertStore, AlertStream, ParquetSink, SQLiteSink
from skastro.utils.columns import STANDARD_COLUMNS


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(scope="module")
def packets():
    return make_night(300, 40)


def run(model, packets, folder, batch_size=50, **options):
    sink = SQLiteSink(folder / "table.sqlite")
    stream = AlertStream(model, folder / "store.sqlite", [sink], batch_size=batch_size, **options)
    return stream.run(packets), sink.read()


@pytest.fixture(scope="module")
def expected(model, packets, tmp_path_factory):
    return run(model, packets, tmp_path_factory.mktemp("expected"))[1]


def test_the_table_is_that_of_the_merged_packets(model, packets, expected):
    X = read_alerts(packets, stamps=False, merge=True).X.sort_index()
    table = prediction_table(model, X)
    assert expected.index.tolist() == X.index.tolist()
    pd.testing.assert_frame_equal(
        expected[table.columns], table, check_index_type=False, check_dtype=False
    )
    counts = pd.Series([p["objectId"] for p in packets]).value_counts()
    assert expected["n_alerts"].to_dict() == counts.to_dict()
    last = pd.Series({p["objectId"]: str(p["candid"]) for p in packets})
    assert expected["alert_id"].to_dict() == last.to_dict()


def test_light_curves_of_the_store_are_those_of_the_reader(packets, tmp_path, model):
    run(model, packets[::-1], tmp_path, batch_size=60)
    X = read_alerts(packets, stamps=False, merge=True).X.sort_index()
    with AlertStore(tmp_path / "store.sqlite") as store:
        found = store.light_curves(X.index)
        assert (store.n_alerts, store.n_objects) == (300, 40)
    pd.testing.assert_frame_equal(
        pd.DataFrame(found[list(STANDARD_COLUMNS)]),
        pd.DataFrame(X[list(STANDARD_COLUMNS)]),
    )
    for name in X.index:
        pd.testing.assert_frame_equal(found["lightcurve"][name], X["lightcurve"][name])


@pytest.mark.parametrize("batch_size", [1, 70, 500])
def test_batches_repeats_and_order_do_not_matter(model, packets, expected, tmp_path, batch_size):
    rng = np.random.default_rng(batch_size)
    some = packets if batch_size > 1 else packets[:20]
    mixed = [some[i] for i in rng.permutation(np.repeat(np.arange(len(some)), 2))]
    report, table = run(model, mixed, tmp_path, batch_size)
    assert (report.n_alerts, report.n_repeated) == (len(some), len(some))
    if batch_size > 1:
        pd.testing.assert_frame_equal(table, expected)


def test_versions_of_one_measurement_the_newest_packet_counts(model, tmp_path):
    old, new = make_night(2, 1)
    corrected = new["candidate"] | old["candidate"] | {"magpsf": 17.0}
    new["prv_candidates"] = [corrected]
    for order in ([old, new], [new, old]):
        folder = tmp_path / str(order[0]["candid"])
        folder.mkdir()
        run(model, order, folder, batch_size=1)
        with AlertStore(folder / "store.sqlite") as store:
            curve = store.light_curves(["ZTF00000"])["lightcurve"].iloc[0]
        assert curve["flux"].iloc[0] == pytest.approx(10 ** (0.4 * (27.5 - 17.0)))


def test_ten_thousand_packets(model, tmp_path):
    report, table = run(model, make_night(10_000, 3_000), tmp_path, batch_size=1_000)
    assert report.n_alerts == 10_000 and len(table) == table.index.nunique()
    assert table["n_alerts"].sum() == 10_000
    assert report.rate > 0 and 0 < report.latency(0.5) <= report.latency(0.99)
    assert "10000 new alerts" in str(report)


# What the packets hold ----------------------------------------------------------------------


def test_unreadable_packets_are_named_and_the_others_classified(model, packets, tmp_path):
    bad = [packets[0], b"nothing", packets[1] | {"objectId": None}, packets[2]]
    with pytest.warns(ObjectWarning, match="2 files or packets cannot be read: 'packet 1'"):
        report, table = run(model, bad, tmp_path)
    assert report.n_skipped == 2 and report.n_alerts == 2
    assert table["n_alerts"].sum() == 2


def test_an_object_that_breaks_the_model_says_why(packets, tmp_path, model):
    class Fragile:
        classes_ = model.classes_

        def predict_proba(self, X):
            if "ZTF00003" in X.index:
                raise ZeroDivisionError("no such light curve")
            return model.predict_proba(X)

    _, table = run(Fragile(), packets, tmp_path)
    assert table.loc["ZTF00003", "reason"] == "ZeroDivisionError: no such light curve"
    assert np.isnan(table.loc["ZTF00003", "prob_RRL"])
    assert (table["reason"].drop("ZTF00003") == "").all()


def test_lsst_packets_and_alerts_without_object(tmp_path, model):
    source = {"band": "g", "psfFlux": 900.0, "psfFluxErr": 9.0, "ra": 1.0, "dec": 2.0}
    packets = [
        {"diaSourceId": n, "diaSource": source | {"diaObjectId": i, "midpointMjdTai": 61e3 + n}}
        for n, i in ((11, 7), (12, None), (13, 7))
    ]
    _, table = run(model, packets, tmp_path)
    assert table["n_alerts"].to_dict() == {"12": 1, "7": 2}


def test_a_store_takes_alerts_of_one_survey(model, packets, tmp_path):
    source = {"band": "g", "psfFlux": 900.0, "psfFluxErr": 9.0, "ra": 1.0, "dec": 2.0}
    source |= {"diaObjectId": 3, "midpointMjdTai": 61e3}
    run(model, packets[:5], tmp_path)
    with pytest.warns(ObjectWarning, match="of LSST, not of ZTF"):
        report, _ = run(model, [{"diaSourceId": 4, "diaSource": source}], tmp_path)
    assert (report.n_alerts, report.n_skipped) == (0, 1)


def test_a_damaged_band_costs_one_alert(model, tmp_path):
    source = {"band": "g", "psfFlux": 900.0, "psfFluxErr": 9.0, "ra": 1.0, "dec": 2.0}
    source |= {"diaObjectId": 3, "midpointMjdTai": 61e3}
    bad = source | {"band": "g" * 9, "diaObjectId": 4}
    packets = [{"diaSourceId": 1, "diaSource": source}, {"diaSourceId": 2, "diaSource": bad}]
    with pytest.warns(ObjectWarning, match="'diaSourceId 2' .band 'g*' is unknown"):
        report, table = run(model, packets, tmp_path)
    assert table.index.tolist() == ["3"] and report.n_skipped == 1


# Sources and sinks --------------------------------------------------------------------------


def test_parquet_files_of_real_alerts(model, real_data, tmp_path):
    path = real_data / "alerts" / "ztf_alerts_6.parquet"
    report, table = run(model, path, tmp_path, batch_size=4)
    assert report.n_alerts == 6
    assert table.index.tolist() == sorted(read_alerts(path, stamps=False, merge=True).X.index)


def test_sinks_hold_the_same_table(model, packets, tmp_path):
    seen = {}
    sinks = [
        ParquetSink(tmp_path / "parts"),
        SQLiteSink(tmp_path / "a.sqlite"),
        lambda table: seen.update(table["label"]),
    ]
    AlertStream(model, tmp_path / "store.sqlite", sinks, batch_size=40).run(packets)
    parquet, sqlite = sinks[0].read(), sinks[1].read()
    pd.testing.assert_frame_equal(parquet, sqlite, check_index_type=False, check_dtype=False)
    assert seen == sqlite["label"].to_dict()
    sinks[0].compact()
    assert len(list((tmp_path / "parts").iterdir())) == 1
    pd.testing.assert_frame_equal(sinks[0].read(), parquet)


def test_the_source_never_runs_ahead(model, packets, tmp_path):
    taken, ahead = [], []
    source = (taken.append(1) or packet for packet in packets)
    sink = SQLiteSink(tmp_path / "table.sqlite")
    stream = AlertStream(model, tmp_path / "store.sqlite", [sink], batch_size=50)
    stream.run(source, progress=lambda report: ahead.append(len(taken) - report.n_alerts))
    assert max(ahead) == 0


def test_another_version_of_the_model_predicts_everything_again(model, packets, tmp_path):
    run(model, packets, tmp_path, version="1")
    report, table = run(model, [], tmp_path, version="2")
    assert report.n_predictions == 40 and set(table["version"]) == {"2"}
    assert run(model, [], tmp_path, version="2")[0].n_predictions == 0


def test_a_table_of_other_classes_is_refused(model, packets, tmp_path):
    sink = SQLiteSink(tmp_path / "table.sqlite")
    sink.write(pd.DataFrame({"prob_AGN": [1.0]}, index=["ZTF1"]), 0)
    with pytest.raises(ValueError, match="'predictions' of .*table.sqlite has the columns"):
        run(model, packets[:5], tmp_path)


def test_labels_are_text_whatever_the_classes(packets, tmp_path, model):
    class Numbered:
        classes_ = np.array([1, 2])

        def predict_proba(self, X):
            if len(X) > 1:
                raise ZeroDivisionError
            return model.predict_proba(X) if X.index[0] != "ZTF00003" else np.full((1, 2), np.nan)

    sink = ParquetSink(tmp_path / "table")
    AlertStream(Numbered(), tmp_path / "store.sqlite", [sink], batch_size=300).run(packets[:60])
    assert set(sink.read()["label"]) == {"1", "2", "unclassified"}


# Faults -------------------------------------------------------------------------------------


def run_until(n_events, model, packets, folder):
    """Run in a child that kills itself at an event of the streaming code; return its signal."""
    child = os.fork()
    if child == 0:
        left = [n_events]

        def count(frame, event, argument):
            if f"{os.sep}streaming{os.sep}" in frame.f_code.co_filename:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        run(model, packets, folder)
        os._exit(0)
    return os.waitpid(child, 0)[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="requires fork")
def test_a_process_killed_anywhere_leaves_the_same_table(model, packets, expected, tmp_path):
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        stopped = [run_until(int(n), model, packets, tmp_path) for n in rng.integers(1, 250, 15)]
    assert stopped.count(signal.SIGKILL) > 10
    pd.testing.assert_frame_equal(run(model, packets, tmp_path)[1], expected)


def test_two_runs_at_once_are_refused(model, packets, tmp_path):
    with AlertStore(tmp_path / "store.sqlite"):
        with pytest.raises(RuntimeError, match=r"store.sqlite is in use by another run"):
            run(model, packets, tmp_path)


def test_a_file_that_is_no_store_is_refused(model, tmp_path):
    (tmp_path / "store.sqlite").write_text("something else entirely, and long enough")
    with pytest.raises(FormatError, match="store.sqlite: file is not a database"):
        run(model, [], tmp_path)


def test_a_sink_that_fails_loses_nothing(model, packets, expected, tmp_path):
    def broken(table):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        AlertStream(model, tmp_path / "store.sqlite", [broken], batch_size=50).run(packets)
    pd.testing.assert_frame_equal(run(model, packets, tmp_path)[1], expected)

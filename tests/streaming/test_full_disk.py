"""Full disks: the error is an error, and the work continues where there is room again."""

import os
import resource
import signal
import warnings

import numpy as np
import pandas as pd
import pytest
from night import make_model, make_night

from skastro.feature_extraction import LightCurveStatistics, transform_to_npy
from skastro.io import read_alerts
from skastro.streaming import AlertStream, ParquetSink, SQLiteSink

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="requires fork")


def with_room_for(n_bytes, work):
    """Run in a child whose files cannot grow beyond a size; return its exit status."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
        try:
            work()
        except Exception:
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("kind", [ParquetSink, SQLiteSink])
def test_a_stream_continues(tmp_path, kind):
    packets, model = make_night(300, 60), make_model()

    def work(folder=tmp_path):
        sink = kind(folder / "table")
        AlertStream(model, folder / "store.sqlite", [sink], batch_size=50).run(packets)
        return sink.read()

    assert [with_room_for(size, work) for size in (2_000, 40_000)] == [3, 3]
    (tmp_path / "whole").mkdir()
    pd.testing.assert_frame_equal(work(), work(tmp_path / "whole"))


def test_features_are_written_when_there_is_room(tmp_path):
    X = read_alerts(make_night(50, 20), stamps=False, merge=True).X
    step, path = LightCurveStatistics().fit(X), tmp_path / "rows.npy"
    assert with_room_for(1_000, lambda: transform_to_npy(step, X, path)) == 3
    assert [p.name for p in tmp_path.iterdir() if p.name[0] != "."] == []
    np.testing.assert_array_equal(transform_to_npy(step, X, path), step.transform(X))

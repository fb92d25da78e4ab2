"""Writing features chunk by chunk: same rows, bounded chunks, resumable."""

import errno
import json
import os
import signal
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin

from skastro.feature_extraction import LightCurveStatistics, transform_to_npy
from skastro.io import ParquetFrame, write_parquet
from skastro.utils.locks import lock
from skastro.utils.ragged import flatten, nest


class Spy(TransformerMixin, BaseEstimator):
    """Multiplies a column; notes the sizes of chunks, and may be interrupted by one."""

    seen = []
    interrupted_by = None

    def __init__(self, factor=2.0):
        self.factor = factor

    def transform(self, X):
        if Spy.interrupted_by in X["x"].to_numpy():
            raise KeyboardInterrupt
        Spy.seen.append(len(X))
        return self.factor * X[["x"]].to_numpy()


def visible(folder):
    """Names of the files that are not locks."""
    return sorted(path.name for path in folder.iterdir() if path.name[0] != ".")


@pytest.fixture(autouse=True)
def seen(monkeypatch):
    monkeypatch.setattr(Spy, "seen", [])
    return Spy.seen


@pytest.fixture
def interrupted(frame, tmp_path, monkeypatch):
    """Path of a file that was interrupted in its last chunk."""
    path = tmp_path / "rows.npy"
    with monkeypatch.context() as context:
        context.setattr(Spy, "interrupted_by", 9)
        with pytest.raises(KeyboardInterrupt):
            transform_to_npy(Spy(), frame, path, chunk_size=4)
    Spy.seen.clear()
    return path


@pytest.fixture
def frame():
    return pd.DataFrame({"x": np.arange(10)})


def test_same_rows_as_in_memory(light_curves, tmp_path):
    step = LightCurveStatistics().fit(light_curves)
    rows = transform_to_npy(step, light_curves, tmp_path / "rows.npy", chunk_size=3)
    np.testing.assert_array_equal(rows, step.transform(light_curves))
    assert rows.dtype == np.float32 and isinstance(rows, np.memmap)


def test_chunks_are_bounded(frame, tmp_path, seen):
    transform_to_npy(Spy(), frame, tmp_path / "rows.npy", chunk_size=4)
    assert seen == [4, 4, 2]


def test_interrupted_work_is_resumed(frame, interrupted, seen):
    assert not interrupted.exists()
    rows = transform_to_npy(Spy(), frame, interrupted, chunk_size=4)
    assert seen == [2]
    assert rows[:, 0].tolist() == (2.0 * np.arange(10)).tolist()
    assert visible(interrupted.parent) == ["rows.npy", "rows.npy.manifest.json"]


@pytest.mark.parametrize(
    ("factor", "shift", "chunk_size", "what"),
    [(3.0, 0, 4, "another transformer"), (2.0, 1, 4, "other objects"), (2.0, 0, 5, "chunk_size")],
)
def test_only_the_same_work_is_resumed(frame, interrupted, factor, shift, chunk_size, what):
    with pytest.raises(ValueError, match=f"unfinished.*{what}.*resume=False"):
        transform_to_npy(Spy(factor), frame + shift, interrupted, chunk_size=chunk_size)
    rows = transform_to_npy(
        Spy(factor), frame + shift, interrupted, chunk_size=chunk_size, resume=False
    )
    assert rows[:, 0].tolist() == (factor * (np.arange(10) + shift)).tolist()


def test_other_objects_under_the_same_names_are_noticed(light_curves, tmp_path):
    step = LightCurveStatistics().fit(light_curves)

    def frames():
        yield light_curves.iloc[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transform_to_npy(step, frames(), tmp_path / "rows.npy", n_objects=4, chunk_size=2)
    offsets, rows = flatten(light_curves["lightcurve"])
    other = nest(offsets, {**rows, "flux": rows["flux"] + 1}, light_curves.index)
    with pytest.raises(ValueError, match="other objects"):
        transform_to_npy(
            step, light_curves.assign(lightcurve=other), tmp_path / "rows.npy", chunk_size=2
        )


def test_a_finished_file_stays_until_the_new_one_is_complete(frame, tmp_path, monkeypatch):
    path = tmp_path / "rows.npy"
    transform_to_npy(Spy(), frame, path)
    monkeypatch.setattr(Spy, "interrupted_by", 9)
    with pytest.raises(KeyboardInterrupt):
        transform_to_npy(Spy(3.0), frame, path, chunk_size=4)
    assert np.load(path)[:, 0].tolist() == (2.0 * np.arange(10)).tolist()


def test_a_full_disk_is_an_error_that_leaves_nothing(frame, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="transform_to_npy: no room for .* MB") as error:
        transform_to_npy(Spy(), frame, tmp_path / "rows.npy")
    assert error.value.errno == errno.ENOSPC
    assert visible(tmp_path) == []


def test_many_frames(frame, tmp_path):
    parts = (frame.iloc[i : i + 5] for i in (0, 5))
    rows = transform_to_npy(Spy(), parts, tmp_path / "rows.npy", n_objects=10, chunk_size=3)
    assert rows[:, 0].tolist() == (2.0 * np.arange(10)).tolist()


@pytest.mark.parametrize("n_objects", [None, 9, 11])
def test_wrong_number_of_objects(frame, tmp_path, n_objects):
    with pytest.raises(ValueError, match="n_objects"):
        transform_to_npy(Spy(), iter([frame]), tmp_path / "rows.npy", n_objects=n_objects)


# Finished files ------------------------------------------------------------------------------


def test_a_finished_file_is_not_computed_again(frame, tmp_path, seen):
    path = tmp_path / "rows.npy"
    first = np.array(transform_to_npy(Spy(), frame, path, chunk_size=4))
    seen.clear()
    np.testing.assert_array_equal(transform_to_npy(Spy(), frame, path, chunk_size=4), first)
    assert seen == []
    described = json.loads((tmp_path / "rows.npy.manifest.json").read_text())
    assert described["transformer"] == "Spy()" and len(described["chunks"]) == 3


def test_changed_parameters_are_computed_anew(frame, tmp_path, seen):
    path = tmp_path / "rows.npy"
    transform_to_npy(Spy(), frame, path, chunk_size=4)
    rows = transform_to_npy(Spy(factor=3.0), frame, path, chunk_size=4)
    np.testing.assert_array_equal(rows[:, 0], 3 * np.arange(10))
    assert sum(seen) == 20


def test_changed_objects_are_refused(frame, tmp_path):
    path = tmp_path / "rows.npy"
    transform_to_npy(Spy(), frame, path, chunk_size=4)
    changed = frame.assign(x=frame["x"].where(frame["x"] != 7, 70))
    with pytest.raises(ValueError, match="rows.npy is finished and belongs to other objects"):
        transform_to_npy(Spy(), changed, path, chunk_size=4)
    rows = transform_to_npy(Spy(), changed, path, chunk_size=4, resume=False)
    assert rows[7, 0] == 140


def test_a_file_without_its_manifest_is_computed_anew(frame, tmp_path, seen):
    path = tmp_path / "rows.npy"
    np.save(path, np.zeros((10, 1), np.float32))
    assert transform_to_npy(Spy(), frame, path)[3, 0] == 6
    (tmp_path / "rows.npy.manifest.json").write_text("{")
    seen.clear()
    transform_to_npy(Spy(), frame, path)
    assert sum(seen) == 10


def test_two_runs_at_once_are_refused(frame, tmp_path):
    with lock(tmp_path / "rows.npy", "another"):
        with pytest.raises(RuntimeError, match="transform_to_npy: .*rows.npy is in use"):
            transform_to_npy(Spy(), frame, tmp_path / "rows.npy")


def test_a_process_killed_anywhere_is_continued(frame, tmp_path):
    path, rng = tmp_path / "rows.npy", np.random.default_rng(0)
    for n_events in rng.integers(1, 120, 12):
        child = os.fork()
        if child == 0:
            left = [int(n_events)]

            def count(code, event, argument, left=left):
                left[0] -= code.f_code.co_filename.endswith("_stream.py")
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            sys.setprofile(count)
            transform_to_npy(Spy(), frame, path, chunk_size=1)
            os._exit(0)
        os.waitpid(child, 0)
    rows = transform_to_npy(Spy(), frame, path, chunk_size=1)
    np.testing.assert_array_equal(rows[:, 0], 2 * np.arange(10))


def test_parquet_files_are_transformed_row_group_by_row_group(light_curves, tmp_path):
    step = LightCurveStatistics().fit(light_curves)
    path = write_parquet(light_curves, tmp_path / "x.parquet", chunk_size=2)
    rows = transform_to_npy(step, ParquetFrame(path), tmp_path / "rows.npy")
    np.testing.assert_array_equal(rows, step.transform(light_curves))

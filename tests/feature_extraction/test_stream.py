"""Writing features chunk by chunk: same rows, bounded chunks, resumable."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin

from skastro.feature_extraction import LightCurveStatistics, StaticColumns, transform_to_npy


class Spy(TransformerMixin, BaseEstimator):
    """Doubles a column, remembers chunk sizes, and may fail on the way."""

    def __init__(self, fail_at=None):
        self.fail_at = fail_at
        self.seen = []

    def transform(self, X):
        if self.fail_at in X["x"].to_numpy():
            raise KeyboardInterrupt
        self.seen.append(len(X))
        return 2.0 * X[["x"]].to_numpy()


@pytest.fixture
def frame():
    return pd.DataFrame({"x": np.arange(10)})


def test_same_rows_as_in_memory(light_curves, tmp_path):
    step = LightCurveStatistics().fit(light_curves)
    rows = transform_to_npy(step, light_curves, tmp_path / "rows.npy", chunk_size=3)
    np.testing.assert_array_equal(rows, step.transform(light_curves))
    assert rows.dtype == np.float32 and isinstance(rows, np.memmap)


def test_chunks_are_bounded(frame, tmp_path):
    spy = Spy()
    transform_to_npy(spy, frame, tmp_path / "rows.npy", chunk_size=4)
    assert spy.seen == [4, 4, 2]


def test_interrupted_work_goes_on(frame, tmp_path):
    path = tmp_path / "rows.npy"
    with pytest.raises(KeyboardInterrupt):
        transform_to_npy(Spy(fail_at=9), frame, path, chunk_size=4)
    spy = Spy()
    rows = transform_to_npy(spy, frame, path, chunk_size=4)
    assert spy.seen == [2]
    assert rows[:, 0].tolist() == (2.0 * np.arange(10)).tolist()
    assert [p.name for p in tmp_path.iterdir()] == ["rows.npy"]


def test_many_frames(frame, tmp_path):
    parts = (frame.iloc[i : i + 5] for i in (0, 5))
    rows = transform_to_npy(Spy(), parts, tmp_path / "rows.npy", n_objects=10, chunk_size=3)
    assert rows[:, 0].tolist() == (2.0 * np.arange(10)).tolist()


@pytest.mark.parametrize("n_objects", [None, 9, 11])
def test_wrong_number_of_objects(frame, tmp_path, n_objects):
    with pytest.raises(ValueError, match="n_objects"):
        transform_to_npy(Spy(), iter([frame]), tmp_path / "rows.npy", n_objects=n_objects)


def test_unfinished_file_of_another_shape_is_refused(frame, tmp_path):
    path = tmp_path / "rows.npy"
    with pytest.raises(KeyboardInterrupt):
        transform_to_npy(Spy(fail_at=9), frame, path, chunk_size=4)
    two = frame.assign(redshift=0.1, redshift_err=0.1)
    with pytest.raises(ValueError, match="another|unfinished"):
        transform_to_npy(StaticColumns().fit(two), two, path, chunk_size=4)

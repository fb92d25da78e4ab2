"""Parquet: exact round trips, bounded reading, and the conversion of a survey."""

import numpy as np
import pandas as pd
import pytest
from nested_pandas import NestedFrame

import skastro.io._convert as conversion
from skastro.datasets import make_light_curves
from skastro.io import (
    convert,
    count_parquet,
    iter_parquet,
    read_parquet,
    read_snana,
    write_parquet,
    write_snana,
)
from skastro.utils.ragged import flatten, nest


def assert_same(X, Y):
    """Index, static columns, and every field of the light curves, bit by bit."""
    pd.testing.assert_index_equal(X.index, Y.index)
    assert list(X.columns) == list(Y.columns) and isinstance(Y, NestedFrame)
    statics = [name for name in X.columns if name != "lightcurve"]
    pd.testing.assert_frame_equal(pd.DataFrame(X[statics]), pd.DataFrame(Y[statics]))
    (a, rows), (b, back) = flatten(X["lightcurve"]), flatten(Y["lightcurve"])
    assert a.tolist() == b.tolist() and list(rows) == list(back)
    for name, values in rows.items():
        np.testing.assert_array_equal(np.asarray(values), np.asarray(back[name]), name)
        assert name == "band" or values.dtype == back[name].dtype


@pytest.fixture(scope="module")
def survey():
    return make_light_curves(30, random_state=0)[0].assign(text="é", count=3)


class TestRoundTrip:
    def test_everything_is_kept(self, survey, tmp_path):
        survey.attrs["survey"] = "LSST"
        Y = read_parquet(write_parquet(survey, tmp_path / "x.parquet"))
        assert_same(survey, Y)
        assert Y.attrs == {"survey": "LSST"}

    def test_empty_and_missing_objects(self, light_curves, tmp_path):
        X = light_curves.query("lightcurve.flux > 2.5")
        assert X["lightcurve"].isna().any()
        assert_same(X, read_parquet(write_parquet(X, tmp_path / "x.parquet")))

    def test_slices_and_joined_frames(self, survey, tmp_path):
        X = NestedFrame(pd.concat([survey.iloc[20:25], survey.iloc[3:5]]))
        assert_same(X, read_parquet(write_parquet(X, tmp_path / "x.parquet")))

    def test_order_of_columns(self, light_curves, tmp_path):
        X = light_curves[["lightcurve", "redshift", "peak_time"]]
        assert_same(X, read_parquet(write_parquet(X, tmp_path / "x.parquet")))

    def test_two_nested_columns(self, light_curves, tmp_path):
        X = light_curves.assign(spectrum=nest([0, 1, 1, 1, 2], {"flux": [1.0, 2.0]}, list("abcd")))
        Y = read_parquet(write_parquet(X, tmp_path / "x.parquet"))
        assert Y["spectrum.flux"].tolist() == [1.0, 2.0]

    def test_chosen_columns(self, survey, tmp_path):
        path = write_parquet(survey, tmp_path / "x.parquet")
        assert_same(survey[["lightcurve", "mwebv"]], read_parquet(path, ["lightcurve", "mwebv"]))
        assert read_parquet(path, ["mwebv"]).columns.tolist() == ["mwebv"]
        with pytest.raises(KeyError, match="'nothing'"):
            read_parquet(path, ["nothing"])


class TestMany:
    def test_row_groups_stream_in_order(self, survey, tmp_path):
        path = write_parquet(survey, tmp_path / "x.parquet", chunk_size=7)
        parts = list(iter_parquet(path))
        assert [len(part) for part in parts] == [7, 7, 7, 7, 2]
        assert_same(survey, NestedFrame(pd.concat(parts)))
        assert_same(survey.iloc[:7], parts[0])

    def test_folder(self, survey, tmp_path):
        write_parquet(survey.iloc[:10], tmp_path / "a.parquet")
        write_parquet(survey.iloc[10:], tmp_path / "b.parquet")
        assert_same(survey, read_parquet(tmp_path))
        assert count_parquet(tmp_path) == 30
        (tmp_path / "empty").mkdir()
        with pytest.raises(FileNotFoundError, match="empty"):
            read_parquet(tmp_path / "empty")


class TestConvert:
    @pytest.fixture
    def raw(self, survey, tmp_path):
        for i, part in enumerate((survey.iloc[:10], survey.iloc[10:])):
            statics = part.drop(columns=["text", "count"])
            write_snana(statics, tmp_path / "raw" / f"M{i}" / "L-0001", survey="LSST")
        return tmp_path / "raw"

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_same_objects_as_the_fits_files(self, raw, tmp_path, n_jobs):
        paths = convert(raw, tmp_path / "new", survey="LSST", n_jobs=n_jobs, progress=False)
        names = [path.relative_to(tmp_path / "new").as_posix() for path in paths]
        assert names == ["M0/L-0001.parquet", "M1/L-0001.parquet"]
        assert_same(read_snana(raw, survey="LSST"), read_parquet(paths))

    def test_finished_files_are_not_touched(self, raw, tmp_path):
        paths = convert(raw, tmp_path / "new", progress=False)
        paths[0].write_text("sentinel")
        paths[1].unlink()
        convert(raw, tmp_path / "new", progress=False)
        assert paths[0].read_text() == "sentinel" and paths[1].exists()

    def test_one_bad_file_does_not_lose_the_others(self, raw, tmp_path):
        bad = raw / "M0" / "L-0001_PHOT.FITS"
        bad.write_bytes(bad.read_bytes()[:3000])
        with pytest.raises(RuntimeError, match="1 of 2 files failed:\n.*M0.*"):
            convert(raw, tmp_path / "new", progress=False)
        files = sorted(p.name for p in (tmp_path / "new").rglob("*") if p.is_file())
        assert files == ["L-0001.parquet"]

    def test_interrupt_leaves_no_half_file_behind(self, raw, tmp_path, monkeypatch):
        def stop(X, path):
            path.write_text("half")
            raise KeyboardInterrupt

        monkeypatch.setattr(conversion, "write_parquet", stop)
        with pytest.raises(KeyboardInterrupt):
            convert(raw, tmp_path / "new", progress=False)
        monkeypatch.undo()
        paths = convert(raw, tmp_path / "new", progress=False)
        assert count_parquet(paths) == 30

    def test_files_that_would_meet_are_refused(self, raw, tmp_path):
        heads = sorted(raw.rglob("*HEAD*"))
        with pytest.raises(ValueError, match="several files"):
            convert(heads, tmp_path / "new", progress=False)

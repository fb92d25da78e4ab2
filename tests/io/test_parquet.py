"""Parquet: exact round trips and bounded reading."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from nested_pandas import NestedFrame

from skastro.datasets import make_light_curves
from skastro.io import (
    count_parquet,
    iter_parquet,
    read_parquet,
    write_parquet,
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

    def test_no_objects(self, survey, tmp_path):
        path = write_parquet(survey[:0], tmp_path / "x.parquet")
        assert read_parquet(path).columns.tolist() == survey.columns.tolist()
        assert len(read_parquet(path)) == 0

    def test_what_cannot_be_written(self, tmp_path):
        with pytest.raises(ValueError, match="write_parquet: a column mixes kinds of values.*x"):
            write_parquet(NestedFrame({"x": ["a", 2]}), tmp_path / "x.parquet")
        X = NestedFrame({"x": [1]})
        X.attrs["survey"] = object()
        with pytest.raises(ValueError, match="X.attrs must hold what JSON can"):
            write_parquet(X, tmp_path / "x.parquet")


class TestMany:
    @pytest.mark.parametrize("chunk_size", [1, 7, 29, 30, 100])
    def test_text_fields_in_several_row_groups(self, survey, tmp_path, chunk_size):
        survey.attrs.clear()
        path = write_parquet(survey, tmp_path / "x.parquet", chunk_size=chunk_size)
        assert pq.read_metadata(path).num_row_groups == -(-30 // chunk_size)
        assert_same(survey, read_parquet(path))
        assert_same(survey[["mwebv", "lightcurve"]], read_parquet(path, ["mwebv", "lightcurve"]))

    def test_bands_that_differ_between_row_groups(self, tmp_path):
        index = pd.Index(list("abc"), name="object_id")
        bands = ["x", "y", "z", "x"]
        rows = {"time": np.arange(4.0), "band": bands, "detected": [True, False, True, True]}
        X = NestedFrame(index=index).assign(lightcurve=nest([0, 2, 3, 4], rows, index))
        Y = read_parquet(write_parquet(X, tmp_path / "x.parquet", chunk_size=1))
        assert Y["lightcurve.band"].tolist() == bands
        assert flatten(Y["lightcurve"])[1]["band"].tolist() == bands

    def test_nested_columns_of_other_programs(self, survey, tmp_path):
        table = pq.read_table(write_parquet(survey, tmp_path / "x.parquet"))
        table = table.replace_schema_metadata({b"pandas": table.schema.metadata[b"pandas"]})
        pq.write_table(table, tmp_path / "y.parquet")
        Y = read_parquet(tmp_path / "y.parquet")
        assert flatten(Y["lightcurve"])[1]["flux"].tolist() == survey["lightcurve.flux"].tolist()

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

"""The Spark and Ray code of docs/scale.md, run by stand-ins that hand over the same batches."""

import re
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from skastro.datasets import make_light_curves
from skastro.feature_extraction import LightCurveStatistics
from skastro.io import write_parquet
from skastro.recipes import make_oracle, prediction_table

PAGE = (Path(__file__).parents[1] / "docs/scale.md").read_text()
SECTION = PAGE.partition("## Spark, Ray")[2].partition("\n## ")[0]
N_ROWS = 7


class Rows:
    """A data set of Ray and of Spark: functions see it in parts."""

    results = []

    def __init__(self, path):
        self.table = pq.read_table(path)

    def map_batches(self, function, batch_format, batch_size):
        assert batch_format == "pyarrow" and batch_size > N_ROWS
        parts = [self.table.slice(i, N_ROWS) for i in range(0, len(self.table), N_ROWS)]
        self.results.append(pa.concat_tables(map(function, parts)).to_pandas())

    def mapInArrow(self, function, schema):
        self._keep(function(iter(self._spark_batches())), schema)

    def mapInPandas(self, function, schema):
        frames = (batch.to_pandas() for batch in self._spark_batches())
        self._keep(map(pa.RecordBatch.from_pandas, function(frames)), schema)

    def _spark_batches(self):
        """Spark does not know what pandas wrote as an index."""
        return self.table.replace_schema_metadata().to_batches(N_ROWS)

    def _keep(self, batches, schema):
        table = pa.Table.from_batches(batches)
        names = [column.split()[0] for column in schema.split(", ")]
        assert table.column_names == names
        self.results.append(table.to_pandas())


@pytest.fixture
def expected(tmp_path, monkeypatch):
    """Run the section; return the tables that each call must make, in its order."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Rows, "results", [])
    X, y = make_light_curves(30, classes=["SNIa", "SNII"], random_state=0)
    model = make_oracle(static=(), max_epochs=1, random_state=0).fit(X, y)
    for name in ("parquet", "features"):
        (tmp_path / name).mkdir()
    write_parquet(X, tmp_path / "parquet/part-0.parquet")
    features = LightCurveStatistics().set_output(transform="pandas").fit_transform(X)
    features.rename_axis("object_id").to_parquet("features/part-0.parquet")
    classifier = make_pipeline(SimpleImputer(), RandomForestClassifier(5, random_state=0)).fit(
        features, y
    )
    reader = types.SimpleNamespace(parquet=Rows, read_parquet=Rows)
    space = {"model": model, "classifier": classifier}
    space |= {
        "ray": types.SimpleNamespace(data=reader),
        "spark": types.SimpleNamespace(read=reader),
    }
    for block in re.findall(r"```py(?:thon)?\n(.*?)```", SECTION, re.S):
        exec(block, space)
    light_curves = prediction_table(model, X)
    return [light_curves, light_curves, prediction_table(classifier, features)]


def test_every_engine_predicts_as_the_model_does(expected):
    assert len(Rows.results) == 3
    for found, table in zip(Rows.results, expected):
        pd.testing.assert_index_equal(pd.Index(found["object_id"]), table.index, exact=False)
        assert found["label"].tolist() == table["label"].tolist()
        np.testing.assert_allclose(found["prob_SNIa"], table["prob_SNIa"], atol=1e-6)

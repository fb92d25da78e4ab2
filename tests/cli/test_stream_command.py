"""skastro stream: the function AlertStream without Python."""

import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline

from skastro.cli import main
from skastro.datasets import make_light_curves
from skastro.feature_extraction import LightCurveStatistics
from skastro.persistence import save_model
from skastro.streaming import AlertStream, ParquetSink, SQLiteSink


@pytest.fixture(scope="module")
def model():
    X, y = make_light_curves(60, survey="ZTF", classes=["SNIa", "RRL"], random_state=0)
    classifier = HistGradientBoostingClassifier(max_iter=5, random_state=0)
    return make_pipeline(LightCurveStatistics(bands=["g", "r"]), classifier).fit(X, y)


def run(*words, code=0):
    with pytest.raises(SystemExit) as stop:
        main(["-q", *(str(word) for word in words)])
    assert stop.value.code == code


@pytest.mark.parametrize(("output", "sink"), [("t.sqlite", SQLiteSink), ("t", ParquetSink)])
def test_files_to_a_table(model, real_data, tmp_path, output, sink, capsys):
    packets = real_data / "alerts" / "ztf_alerts_6.parquet"
    path = save_model(model, tmp_path / "model.st") or tmp_path / "model.st"
    words = ["stream", path, packets, "-o", tmp_path / output, "--done-file", tmp_path / "done"]
    run(*words)
    run(*words)
    assert "0 new alerts, 6 repeated" in capsys.readouterr().out
    assert (tmp_path / "done").read_text() == "SUCCESS\n"
    assert (tmp_path / "t.histories.sqlite").exists()
    expected = ParquetSink(tmp_path / "expected")
    AlertStream(model, ":memory:", [expected]).run(packets)
    found = sink(tmp_path / output).read()
    pd.testing.assert_frame_equal(found, expected.read(), check_index_type=False, check_dtype=False)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "give either files of packets or --topic"),
        (["--topic", "ztf"], "--topic requires --kafka"),
    ],
)
def test_wrong_calls(model, tmp_path, words, text, capsys):
    save_model(model, tmp_path / "model.st")
    run("stream", tmp_path / "model.st", "-o", tmp_path / "t", *words, code=2)
    assert text in capsys.readouterr().err

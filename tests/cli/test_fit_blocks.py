"""`skastro fit --n-blocks`: files are read row group by row group."""

import numpy as np
import pytest

from skastro.cli import main
from skastro.datasets import make_light_curves
from skastro.io import ParquetFrame, write_parquet
from skastro.persistence import load_model

pytestmark = pytest.mark.slow  # trains twice
OPTIONS = "--max-epochs 3 --random-state 0 -p lr=0.02 -p batch_size=16"


def fit(*words, code=0):
    with pytest.raises(SystemExit) as stop:
        main(["-q", "fit", *(str(word) for word in words)])
    assert stop.value.code == code


@pytest.fixture(scope="module")
def objects():
    X, y = make_light_curves(60, classes=["SNIa", "RRL"], random_state=0)
    return X.assign(type=y)


@pytest.fixture(scope="module")
def path(objects, tmp_path_factory):
    return write_parquet(objects, tmp_path_factory.mktemp("x") / "x.parquet", chunk_size=10)


def test_the_model_is_that_from_memory_if_all_blocks_fit(objects, path, tmp_path):
    found = []
    for name, words in (("memory", ()), ("blocks", ("--n-blocks", 6))):
        fit("oracle", path, *OPTIONS.split(), *words, "-o", tmp_path / f"{name}.st")
        found.append(load_model(tmp_path / f"{name}.st").predict_proba(objects))
    np.testing.assert_array_equal(*found)


def test_few_blocks_are_in_memory_at_a_time(objects, path, tmp_path, monkeypatch):
    sizes, original = [], ParquetFrame.map
    monkeypatch.setattr(
        ParquetFrame,
        "map",
        lambda self, step: sizes.append(step[-1].n_training_) or original(self, step),
    )
    fit("oracle", path, *OPTIONS.split(), "--n-blocks", 2, "-o", tmp_path / "few.st")
    assert sizes == [20]
    model = load_model(tmp_path / "few.st")
    assert model.score(objects, objects["type"].to_numpy()) > 0.8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["oracle", "--test-size", 0.2], "--n-blocks cannot be combined with --test-size"),
        (["scone"], "--n-blocks is for networks that read light curves"),
        (["oracle", "--label", "nothing"], "no column 'nothing' of labels"),
    ],
)
def test_what_is_read_as_a_whole_is_refused(path, tmp_path, capsys, words, message):
    recipe, *others = words
    code = 1 if "--label" in words else 2
    fit(recipe, path, *others, "--n-blocks", 2, "-o", tmp_path / "x.st", code=code)
    assert message in capsys.readouterr().err

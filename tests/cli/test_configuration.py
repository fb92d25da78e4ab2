"""Configuration files: kept by fit, repeated, and read from SCONE and from SEDM."""

import numpy as np
import pandas as pd
import pytest
import yaml
from command import fill, run

from skastro.io import read_data
from skastro.persistence import inspect_model, load_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("cli"))


def test_fit_keeps_its_configuration(folder):
    configuration = yaml.safe_load((folder / "scone.yaml").read_text())
    assert configuration["recipe"] == "scone" and configuration["max_epochs"] == 2
    assert configuration["data"] == str(folder / "train.parquet")
    assert inspect_model(folder / "scone.st")["summary"]["training"]["n_objects"] == 60
    assert not list(folder.glob(".*checkpoints"))


def test_the_configuration_repeats_the_model(folder, tmp_path):
    config = folder / "scone.yaml"
    run("fit", "scone", "--config", config, "-o", tmp_path / "again.st")
    X = read_data(folder / "test").drop(columns="type")
    first, again = (load_model(p) for p in (folder / "scone.st", tmp_path / "again.st"))
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))


SCONE_YAML = {
    "mode": "train",
    "num_epochs": 2,
    "num_mjd_bins": 16,
    "num_wavelength_bins": 4,
    "class_balanced": True,
    "max_per_type": 20,
    "with_z": True,
    "train_proportion": 0.8,
    "batch_size": 16,
    "sn_type_id_to_name": {"SNIa": "SNIa", "SNII": "SNII"},
    "heatmaps_path": "heatmaps",
    "streaming_threshold": 75000,
}


def test_a_yaml_of_scone_is_accepted(folder, tmp_path, capsys):
    given = SCONE_YAML | {"input_path": str(folder / "test"), "output_path": str(tmp_path)}
    (tmp_path / "scone.yml").write_text(yaml.safe_dump(given))
    run("fit", "scone", "--config", tmp_path / "scone.yml", "--engine", "numpy")
    assert "heatmaps_path: heat maps are not written" in capsys.readouterr().err
    summary = inspect_model(tmp_path / "model.safetensors")["summary"]
    assert summary["classes"] == ["SNIa", "other"] and "balance" in summary["steps"]
    predict = {
        "mode": "predict",
        "trained_model": str(tmp_path / "model.safetensors"),
        "prob_column_name": "PROB_SCONE",
        "input_path": str(folder / "test"),
        "output_path": str(tmp_path),
    }
    (tmp_path / "predict.yml").write_text(yaml.safe_dump(predict))
    run("predict", "--config", tmp_path / "predict.yml")
    table = pd.read_csv(tmp_path / "predictions.csv")
    assert table.columns[:2].tolist() == ["SNID", "PROB_SCONE"]


def test_unknown_keys_are_refused_with_the_nearest(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text("max_epoch: 3")
    run("fit", "scone", "--config", tmp_path / "a.yaml", code=1)
    assert "did you mean 'max_epochs'?" in capsys.readouterr().err
    (tmp_path / "b.yaml").write_text("input_path: a\nnum_epoch: 3")
    run("fit", "scone", "--config", tmp_path / "b.yaml", code=1)
    assert "did you mean 'num_epochs'?" in capsys.readouterr().err


def test_print_config_is_a_configuration(tmp_path, capsys):
    run("fit", "oracle", "somewhere", "--max-epochs", "3", "--print-config")
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed["max_epochs"] == 3 and printed["data"] == "somewhere"
    run("config", "oracle")
    assert yaml.safe_load(capsys.readouterr().out)["recipe"] == "oracle"


def test_flags_of_the_sedm_script(capsys):
    run("config", "--from-sedm", "--resolution 128 --layers 1 2 --opt sgd --noshowplot")
    found = capsys.readouterr()
    assert yaml.safe_load(found.out) == {
        "recipe": "ccsnscore",
        "resolution": 128,
        "layers": ["1", "2"],
        "parameter": {"optimizer": "SGD"},
    }
    assert "--noshowplot: pictures are files" in found.err
    run("config", "--from-sedm", "--resolutio 3", code=1)
    run("config", "--sedm-flags")
    assert "--auglimit" in capsys.readouterr().out

"""The command line does what the functions do; wrong calls end with a message, not a traceback."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from command import SMALL, fill, run
from sklearn.frozen import FrozenEstimator

from skastro.calibration import ConformalClassifier
from skastro.datasets import make_light_curves, make_spectra, make_stamps
from skastro.io import read_data, read_fitres, write_parquet
from skastro.neural_network._checkpoint import Checkpoint
from skastro.persistence import inspect_model, load_model, save_model
from skastro.recipes import make_gate, make_oracle, prediction_table
from skastro.utils.locks import lock


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("cli"))


def test_simulate_writes_what_the_simulator_returns(folder):
    X, y = make_light_curves(30, classes=["SNIa", "SNII"], random_state=1)
    read = read_data(folder / "test")
    assert read["type"].tolist() == y.tolist()
    np.testing.assert_allclose(read["lightcurve.flux"], X["lightcurve.flux"], rtol=1e-6)


def test_predict_writes_the_prediction_table(folder, tmp_path):
    words = ["--prob-column", "PROB_SCONE", "--done-file", tmp_path / "done.txt", "--chunk-size", 7]
    run("predict", folder / "scone.st", folder / "test", "-o", tmp_path / "p.csv", *words)
    table = pd.read_csv(tmp_path / "p.csv", dtype={"SNID": str})
    X = read_data(folder / "test").drop(columns="type")
    expected = prediction_table(load_model(folder / "scone.st"), X)
    assert table.columns[0] == "SNID" and table["SNID"].tolist() == X.index.tolist()
    np.testing.assert_allclose(table["PROB_SCONE"], expected["prob_SNIa"], atol=1e-6)
    assert (tmp_path / "done.txt").read_text() == "SUCCESS\n"
    # The file of the lock stays: a process that waits for it may have opened it.
    assert sorted(os.listdir(tmp_path)) == [".p.csv.lock", "done.txt", "p.csv"]


@pytest.fixture(scope="module")
def guarded(folder):
    """Sets and a gate around ORACLE, alone and together, as model files."""
    X = read_data(folder / "train.parquet")
    y = X.pop("type").to_numpy()
    oracle = make_oracle(static=(), max_epochs=1, random_state=0).fit(X, y)
    gate = make_gate(FrozenEstimator(oracle), random_state=0).fit(X, y)
    # With this threshold about half of the objects are rejected.
    gate.threshold_ = float(np.median(gate.score_samples(X)))
    models = {"gate": gate}
    for name, model in (("sets", oracle), ("both", gate)):
        models[name] = ConformalClassifier(FrozenEstimator(model), coverage=0.8).fit(X, y)
    for name, model in models.items():
        save_model(model, folder / f"{name}.skastro")
    return models


@pytest.mark.filterwarnings("ignore:.*unclassified", "ignore:.*take no part")
@pytest.mark.parametrize("errors", ["raise", "mark"])
@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("sets", ["set", "confidence"]),
        ("gate", ["confidence", "ood_score"]),
        ("both", ["set", "confidence", "ood_score"]),
    ],
)
def test_predict_writes_what_a_guarded_model_knows(
    folder, guarded, tmp_path, name, columns, errors
):
    words = ["-o", tmp_path / "p.parquet", "--chunk-size", 7, "--errors", errors]
    run("predict", folder / f"{name}.skastro", folder / "test", *words)
    table = pd.read_parquet(tmp_path / "p.parquet")
    assert list(table) == ["prob_SNII", "prob_SNIa", "label", *columns, "reason"]
    X, model = read_data(folder / "test").drop(columns="type"), guarded[name]
    np.testing.assert_allclose(table.iloc[:, :2], model.predict_proba(X), atol=1e-5)
    if "ood_score" in columns:
        rejected = ~model.is_known(X)
        assert 0 < rejected.sum() < len(X)
        np.testing.assert_allclose(table["ood_score"], -model.score_samples(X), atol=1e-4)
        assert (table["label"] == "unclassified").tolist() == rejected.tolist()
        assert (table["reason"] == "unlike the training objects").tolist() == rejected.tolist()
    if "set" in columns:
        assert table["set"].tolist() == model.set_table(X)["set"].tolist()


def test_predict_writes_parquet_and_fitres(folder, tmp_path):
    for name in ("p.parquet", "p.fitres"):
        run("predict", folder / "scone.st", folder / "test", "-o", tmp_path / name)
    table, fitres = pd.read_parquet(tmp_path / "p.parquet"), read_fitres(tmp_path / "p.fitres")
    assert fitres.index.tolist() == table.index.tolist()
    np.testing.assert_allclose(fitres["prob_SNIa"].astype(float), table["prob_SNIa"], atol=1e-6)


def test_predict_of_chosen_objects(folder, tmp_path):
    names = read_data(folder / "test").index[[3, 5]].tolist()
    (tmp_path / "ids.txt").write_text("\n".join(["SNID", *names]))
    words = ["-o", tmp_path / "p.csv", "--ids", tmp_path / "ids.txt"]
    run("predict", folder / "scone.st", folder / "test", *words)
    assert pd.read_csv(tmp_path / "p.csv", dtype=str)["SNID"].tolist() == names
    (tmp_path / "ids.txt").write_text("unknown")
    run("predict", folder / "scone.st", folder / "test", *words, "--overwrite", code=1)


def test_an_existing_table_is_kept_unless_requested(folder, tmp_path, capsys):
    (tmp_path / "p.csv").write_text("mine")
    words = ["predict", folder / "scone.st", folder / "test", "-o", tmp_path / "p.csv"]
    run(*words, "--done-file", tmp_path / "done.txt", code=1)
    assert "exists; --overwrite" in capsys.readouterr().err
    assert (tmp_path / "p.csv").read_text() == "mine"
    assert (tmp_path / "done.txt").read_text() == "FAILURE\n"
    run(*words, "--overwrite")
    assert (tmp_path / "p.csv").read_text().startswith("SNID,")


def test_evaluate_a_model_and_its_table_alike(folder, tmp_path):
    run("predict", folder / "scone.st", folder / "test", "-o", tmp_path / "p.csv")
    run("evaluate", folder / "scone.st", folder / "test", "-o", tmp_path / "a")
    run("evaluate", tmp_path / "p.csv", folder / "test", "-o", tmp_path / "b")
    scores = [json.loads((tmp_path / name / "scores.json").read_text()) for name in "ab"]
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)
    assert scores[0]["n_objects"] == 30
    assert {p.name for p in (tmp_path / "a").iterdir()} == {
        "scores.json",
        "per_class.csv",
        "confusion.csv",
        "evaluation.png",
    }
    run("evaluate", folder / "scone.st", folder / "test", "-o", tmp_path / "a", code=1)


def test_a_score_that_is_not_defined_says_why(folder, tmp_path, capsys):
    X = read_data(folder / "test")
    write_parquet(X[X["type"] == "SNIa"], tmp_path / "one.parquet")
    run("evaluate", folder / "scone.st", tmp_path / "one.parquet", "-o", tmp_path / "r")
    assert "nan (all scored objects are 'SNIa'" in capsys.readouterr().out


def test_light_curves_are_not_stamps(folder, tmp_path, capsys):
    words = ["--max-epochs", 1, "-p", "method=null", "-o", tmp_path / "m.st"]
    run("fit", "realbogus", folder / "train.parquet", *words, code=1)
    assert "requires stamps" in capsys.readouterr().err


def test_labels_of_a_table_and_types(folder, tmp_path):
    X, y = make_light_curves(24, classes=["SNIa", "SNII", "SNIbc"], random_state=2)
    write_parquet(X, tmp_path / "x.parquet")
    table = pd.DataFrame({"SNID": X.index, "class": y}).sample(frac=1, random_state=0)
    table.to_csv(tmp_path / "labels.csv", index=False)
    words = [tmp_path / "x.parquet", "--labels", tmp_path / "labels.csv", "--types", "Ia"]
    run("fit", "scone", *words, *SMALL.split(), "-o", tmp_path / "m.st", "--test-size", 0.25)
    assert inspect_model(tmp_path / "m.st")["summary"]["classes"] == ["SNIa", "other"]
    assert (tmp_path / "m.evaluation" / "scores.json").is_file()
    table.iloc[1:].to_csv(tmp_path / "labels.csv", index=False)
    run("fit", "scone", *words, *SMALL.split(), "-o", tmp_path / "n.st", code=1)


def test_oracle_end_to_end(folder, tmp_path):
    words = ["--max-epochs", 1, "--taxonomy", "{SN: [SNIa, SNII]}", "--random-state", 0]
    run("fit", "oracle", folder / "train.parquet", *words, "-o", tmp_path / "m.st")
    run("predict", tmp_path / "m.st", folder / "test", "-o", tmp_path / "p.csv")
    assert len(pd.read_csv(tmp_path / "p.csv")) == 30


def test_transformer_end_to_end(folder, tmp_path):
    words = ["--max-epochs", 1, "--random-state", 0, "-o", tmp_path / "m.st"]
    run("fit", "transformer", folder / "train.parquet", *words)
    run("predict", tmp_path / "m.st", folder / "test", "-o", tmp_path / "p.csv")
    assert len(pd.read_csv(tmp_path / "p.csv")) == 30


def test_ccsnscore_end_to_end(tmp_path):
    X, y = make_spectra(30, classes=["Ia", "II"], random_state=0)
    write_parquet(X.assign(type=y), tmp_path / "s.parquet")
    words = ["--max-epochs", 1, "--random-state", 0, "-o", tmp_path / "m.st"]
    run("fit", "ccsnscore", tmp_path / "s.parquet", *words)
    run("predict", tmp_path / "m.st", tmp_path / "s.parquet", "-o", tmp_path / "p.csv")
    assert len(pd.read_csv(tmp_path / "p.csv")) == 30


def test_realbogus_end_to_end(tmp_path):
    X, y, _ = make_stamps(80, image_shape=(15, 15, 3), random_state=0)
    images = np.asarray(X).reshape(-1, 15, 15, 3)
    np.save(tmp_path / "images01.npy", images)
    types = np.where(y == 1, "galx_artificial_real", "artifact")
    pd.DataFrame({"object_type": types}).to_csv(tmp_path / "params01.csv", index=False)
    words = ["--max-epochs", 1, "--random-state", 0, "--image-shape", "[15, 15, 3]"]
    run("fit", "realbogus", tmp_path, *words, "-o", tmp_path / "m.st")
    run("predict", tmp_path / "m.st", tmp_path, "-o", tmp_path / "p.csv", "--chunk-size", 30)
    table = pd.read_csv(tmp_path / "p.csv")
    assert table["SNID"].tolist() == list(range(80))


def test_tune_keeps_its_trials_and_continues(folder, tmp_path):
    words = ["tune", "oracle", folder / "test", "-o", tmp_path / "m.st", "--folds", 2]
    words += ["-p", "max_epochs=1"]
    run(*words, "--n-trials", 1)
    run(*words, "--n-trials", 2, "--overwrite")
    trials = pd.read_csv(tmp_path / "m.trials.csv")
    assert len(trials) == 2
    best = yaml.safe_load((tmp_path / "m.best.yaml").read_text())
    fitted = load_model(tmp_path / "m.st")
    assert fitted[-1].lr == pytest.approx(best["classifier__lr"])


def test_label_errors_plot_info_recipes(folder, tmp_path, capsys):
    words = ["--folds", 2, "-p", "max_epochs=1", "--random-state", 0, "-o", tmp_path / "l.csv"]
    run("label-errors", "oracle", folder / "test", *words)
    table = pd.read_csv(tmp_path / "l.csv")
    assert len(table) == 30 and table["quality"].is_monotonic_increasing
    run("plot", folder / "test", "-o", tmp_path / "o.png", "-n", 2)
    assert (tmp_path / "o.png").read_bytes()[:4] == b"\x89PNG"
    capsys.readouterr()
    run("info", folder / "scone.st", "--json")
    assert json.loads(capsys.readouterr().out)["summary"]["classes"] == ["SNII", "SNIa"]
    run("recipes")
    listed = capsys.readouterr().out
    assert all(
        name in listed for name in ("scone", "oracle", "ccsnscore", "transformer", "realbogus")
    )
    run("recipes", "oracle")
    assert "taxonomy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["translate"], 2, "No such command 'translate'"),
        (["predit"], 2, "No such command 'predit'; did you mean 'predict'?"),
        (["fit", "scon"], 2, "No such recipe 'scon'; did you mean 'scone'?  Recipes: "),
        (["fit", "nothing"], 2, "No such recipe 'nothing'.  Recipes: "),
        (["tune", "oracel", "."], 2, "did you mean 'oracle'?"),
        (["label-errors", "oracel", "."], 2, "did you mean 'oracle'?"),
        (["fit", "scone", "--max-epoch", "3"], 2, "--max-epochs"),
        (["fit", "scone"], 1, "no data"),
        (["fit", "scone", "nowhere"], 1, "nowhere"),
        (["predict", "nowhere", "nowhere"], 1, "nowhere"),
        (["predict"], 2, "no model and no data"),
        (["evaluate", "nowhere", "nowhere"], 2, "nowhere"),
        (["config"], 2, "name a recipe (ccsnscore"),
        (["config", "oracel"], 2, "No such recipe 'oracel'; did you mean 'oracle'?"),
        (["predict", "nowhere", "nowhere"], 1, "there is no model file nowhere"),
        (["plot", ".", "-n", "0"], 2, "x>=1"),
        (["recipes", "nothing"], 2, "nothing"),
    ],
)
def test_wrong_calls_end_with_a_message(words, code, text, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run(*words, code=code)
    found = capsys.readouterr().err
    assert text in found and "Traceback" not in found


def test_tables_without_light_curves_or_objects_end_with_a_message(folder, tmp_path, capsys):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "plain.parquet")
    run("plot", tmp_path / "plain.parquet", "-o", tmp_path / "x.png", code=1)
    assert "no column lightcurve or spectrum" in capsys.readouterr().err
    run("fit", "oracle", tmp_path / "plain.parquet", "-o", tmp_path / "x.st", code=1)
    assert "no column 'type' of labels; name another with --label (a)" in capsys.readouterr().err
    write_parquet(read_data(folder / "train.parquet")[:0], tmp_path / "empty.parquet")
    for words in (["plot"], ["predict", folder / "scone.st"]):
        run(
            *words,
            tmp_path / "empty.parquet",
            "-o",
            tmp_path / "x.png" if len(words) == 1 else tmp_path / "x.csv",
            code=1,
        )
        assert "objects" in capsys.readouterr().err


def installed_command():
    command = shutil.which("skastro", path=os.path.dirname(sys.executable))
    return [command] if command else [sys.executable, "-m", "skastro.cli"]


def test_help_and_version_load_no_science():
    code = (
        "import sys\nfrom skastro.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'torch', 'sklearn', 'astropy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "label-errors" in done.stdout
    done = subprocess.run([*installed_command(), "--version"], capture_output=True, text=True)
    assert done.returncode == 0 and "skastro" in done.stdout


def test_a_killed_prediction_resumes(folder, tmp_path):
    """Killed in the middle: no table, finished parts stay, the next run completes it."""
    X, y = make_light_curves(80, classes=["SNIa", "SNII"], random_state=3)
    write_parquet(X.assign(type=y), tmp_path / "x.parquet")
    words = ["predict", folder / "scone.st", tmp_path / "x.parquet", "-o", tmp_path / "p.csv"]
    words = [str(word) for word in [*words, "--chunk-size", 2]]
    process = subprocess.Popen([sys.executable, "-m", "skastro.cli", "-q", *words])
    parts = tmp_path / ".p.csv.parts"
    while process.poll() is None and len(list(parts.glob("part-*"))) < 3:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "p.csv").exists()
    finished = {path: path.stat().st_mtime_ns for path in parts.glob("part-*.parquet")}
    assert 3 <= len(finished) < 40
    stamps = {}
    keep = shutil.rmtree
    try:
        shutil.rmtree = lambda path, **_: stamps.update(
            {p: p.stat().st_mtime_ns for p in parts.glob("part-*.parquet")}
        )
        run(*words)
    finally:
        shutil.rmtree = keep
    assert {path: stamps[path] for path in finished} == finished
    assert pd.read_csv(tmp_path / "p.csv", dtype=str)["SNID"].tolist() == X.index.tolist()


def test_an_interrupted_training_resumes(folder, tmp_path, monkeypatch, capsys):
    """Stopped after some epochs: the same command ends with the model of an uninterrupted run."""
    words = ["fit", "oracle", folder / "train.parquet", "--max-epochs", 5, "--random-state", 0]
    run(*words, "-o", tmp_path / "whole.st")
    save, epochs = Checkpoint.save, []

    def press_ctrl_c(self, state):
        save(self, state)
        epochs.append(len(state["history"]))
        if len(epochs) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", press_ctrl_c)
    run(*words, "-o", tmp_path / "m.st", code=130)
    assert "running the same command again resumes" in capsys.readouterr().err
    checkpoints = tmp_path / ".m.st.checkpoints"
    assert not (tmp_path / "m.st").exists() and list(checkpoints.glob("*"))
    run(*words, "-o", tmp_path / "m.st")
    assert epochs == [1, 2, 3, 4, 5]
    assert not checkpoints.exists()
    X = read_data(folder / "test").drop(columns="type")
    whole, resumed = (load_model(tmp_path / name) for name in ("whole.st", "m.st"))
    np.testing.assert_array_equal(whole.predict_proba(X), resumed.predict_proba(X))


PAGES = ["README.md", "docs/command_line.md"]


@pytest.mark.parametrize("page", PAGES)
def test_shell_blocks_of_the_documentation_run(page, tmp_path, monkeypatch):
    """Every line that calls skastro runs in its order, at small sizes."""
    text = (Path(__file__).parents[2] / page).read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.S)
    lines = [line for block in blocks for line in block.splitlines() if line[:8] == "skastro "]
    assert len(lines) >= 4
    monkeypatch.chdir(tmp_path)
    for line in lines:
        small = line.replace("-n 2000", "-n 60").replace("--max-epochs 40", "--max-epochs 1")
        extra = SMALL.split()[:4] if " fit scone " in line else []
        run(*shlex.split(small)[1:], *extra)


def test_two_predictions_of_one_table_are_refused(folder, tmp_path, capsys):
    words = ["predict", folder / "scone.st", folder / "test", "-o", tmp_path / "p.csv"]
    with lock(tmp_path / "p.csv", "another"):
        run(*words, code=1)
    assert "p.csv is in use by another run" in capsys.readouterr().err
    run(*words, "--errors", "mark")

"""Every example, and every Python block of the README, of CONTRIBUTING and of the guides, runs.

`SMALLER` and `SMALLER_EXAMPLES` shrink the numbers of objects and of trials, `FAST` gives recipes
small networks, and `BEFORE` makes the files and the data that a page takes for granted.
"""

import re
import sys
import types
import warnings
from functools import partial
from pathlib import Path

import cloudpickle
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import skastro.recipes
from skastro.datasets import make_light_curves, make_spectra
from skastro.feature_extraction import LightCurveStatistics, SpectrumPixels
from skastro.io import write_parquet, write_snana
from skastro.preprocessing import Window, make_spectrum_preprocessing

ROOT = Path(__file__).parents[1]
MOST_LINES = 50

SMALLER = [
    (r"\b(20_000|5000|2000|1000)\b", "90"),
    (r"\b600\b", "60"),
    (r"\[:(4000|1500|500|400)\]", "[:50]"),
    (r"\[(4000|1500|500|400):\]", "[50:]"),
    (r"\[500:501\]", "[50:51]"),
    (r"\b1_000_000\b", "100"),
    (r"n_jobs=\d+", "n_jobs=1"),
    (r"n_trials=50", "n_trials=1"),
    (r"n_trials=20", "n_trials=2"),
    (r"cv=5", "cv=2"),
    (r"suggest_transformer\(trial\)", "suggest_transformer(trial, {'num_layers': [1]})"),
    (r"StampCNNClassifier\(", "StampCNNClassifier(max_epochs=1, "),
]
FAST = {
    "make_scone": {"max_epochs": 1, "n_times": 12, "n_wavelengths": 4},
    "make_scone_features": {"n_times": 12, "n_wavelengths": 4},
    "make_scone_classifier": {"max_epochs": 1, "n_times": 12, "n_wavelengths": 4},
    "make_oracle": {"max_epochs": 1},
    "make_oracle_classifier": {"max_epochs": 1},
    "make_ccsnscore": {"max_epochs": 1, "resolution": 32},
    "make_transformer": {"max_epochs": 1},
    "make_transformer_classifier": {"max_epochs": 1},
    "make_transformer_autoencoder": {"max_epochs": 1},
    "make_realbogus": {"max_epochs": 1, "architecture": "simple"},
}


SMALLER_EXAMPLES = [
    (r"make_light_curves\(\d+", "make_light_curves(160"),
    (r"\b400\)", "160)"),
    (r"\[:400\]", "[:80]"),
    (r"\[400:\]", "[80:]"),
    (r"n_objects=1500", "n_objects=100"),
    (r"make_spectra\(\d+", "make_spectra(80"),
    (r"make_stamps\(\d+", "make_stamps(120"),
    (r"make_bazin\(600", "make_bazin(60"),
    (r"\[:450\]", "[:45]"),
    (r"\[450:\]", "[45:]"),
    (r"max_epochs=\d+", "max_epochs=1"),
    (r'"max_epochs": \d+', '"max_epochs": 1'),
    (r"make_scone\(", "make_scone(max_epochs=1, "),
    (r"n_jobs=2", "n_jobs=1"),
    (r"ForestClassifier\(\d+", "ForestClassifier(10"),
    (r"SpectrumMixSampler\(150", "SpectrumMixSampler(20"),
    (r"n_per_class=100", "n_per_class=10"),
]


def light_curves():
    return make_light_curves(60, classes=["SNIa", "SNII", "RRL"], random_state=0)


def fitted_oracle(X, y):
    return skastro.recipes.make_oracle(static=(), max_epochs=1, random_state=0).fit(X[:40], y[:40])


def snana_survey(data):
    X, y = light_curves()
    write_snana(X.assign(type=y), "survey/LSST-0001", survey="LSST")
    return {}


def raw_survey(data):
    X, y = light_curves()
    write_snana(X.assign(type=y), "raw/ELASTICC2_TRAIN_02_SNIa-SALT3/E-0001", survey="LSST")
    Path("survey").mkdir()
    write_parquet(X, "survey/part-0.parquet")
    return {}


def train_and_test(data):
    X, y = light_curves()
    parts = {"X_train": X[:40], "y_train": y[:40], "X_test": X[40:], "y_test": y[40:]}
    return parts | {"X": X, "y": y, "X_new": X[40:], "np": np, "cross_val_predict": _no_folds}


def _no_folds(model, X, y, **options):
    """Stand in for `cross_val_predict`: the folds of 60 objects lack nodes of the taxonomy."""
    return model.fit(X, y).predict_proba(X)


def train_and_groups(data):
    return train_and_test(data) | {"groups": np.arange(60)}


def types_of_spectra(data):
    X, y = spectra()
    steps = make_spectrum_preprocessing(deredshift=False, n_wavelengths=32)
    estimator = make_pipeline(steps, SpectrumPixels(), LogisticRegression())
    return {"X": X, "types": y, "X_test": X[:10], "estimator": estimator}


def spectra():
    """Spectra with light curves, each in a nested column of its own."""
    X, y = make_spectra(60, classes=["II", "IIn", "Ib", "Ic"], random_state=0)
    curves, _ = make_light_curves(60, random_state=0)
    return X.assign(lightcurve=curves["lightcurve"].set_axis(X.index)), y


def predictions(data):
    X, y = light_curves()
    model = fitted_oracle(X, y)
    found = train_and_test(data) | {"model": model, "models": [model, model]}
    found |= {"proba": model.predict_proba(X[40:]), "y_pred": model.predict(X[40:])}
    table = skastro.recipes.prediction_table(model, X[40:])
    return found | {"table": table, "classes": model.classes_}


def my_step(data):
    return {"MyStep": Window}


def files_of_spectra(data):
    X, y = spectra()
    for name, number in zip(["a.ascii", "b.fits"], range(2)):
        own = X["spectrum"].iloc[number]
        _write_spectrum(Path(name), own["wavelength"].to_numpy(), own["flux"].to_numpy())
    table = {"name": ["SN1"], "z": [0.1], "type": ["II"], "specfilename": ["a.ascii"]}
    pd.DataFrame(table).to_csv("train.csv", index=False)
    return {}


def _write_spectrum(path, wavelength, flux):
    if path.suffix == ".ascii":
        np.savetxt(path, np.column_stack([wavelength, flux]))
    else:
        Table({"wavelength": wavelength, "flux": flux}).write(path)


def new_spectra(data):
    X, y = make_spectra(60, classes=["II", "IIn", "Ib", "Ic"], random_state=0)
    return {"X": X, "y": y, "X_new": X[:5]}


def night_of_alerts(data):
    Path("night").mkdir()
    Path("night/alerts.parquet").write_bytes((data / "alerts/ztf_alerts_6.parquet").read_bytes())
    return {"np": np}


def labelled_parquet(data):
    X, y = light_curves()
    Path("parquet").mkdir()
    write_parquet(X.assign(type=y), "parquet/part-0.parquet", chunk_size=40)
    return {"make_oracle": skastro.recipes.make_oracle}


def night_for_a_stream(data):
    X, y = make_light_curves(40, survey="ZTF", classes=["SNIa", "RRL"], random_state=0)
    model = skastro.recipes.make_oracle("ZTF", static=(), reject=0, max_epochs=1, random_state=0)
    return night_of_alerts(data) | {"alert_model": model.fit(X, y)}


def two_classifiers(data):
    X, y = light_curves()
    forest = make_pipeline(LightCurveStatistics(), RandomForestClassifier(10, random_state=0))
    return {
        "X": X.assign(name=np.arange(len(X)) // 2),
        "y": y,
        "fast_classifier": forest,
        "good_classifier": forest,
    }


BEFORE = {
    ("README.md", "from skastro.io import read_snana"): snana_survey,
    ("docs/index.md", "from skastro.io import read_snana"): snana_survey,
    ("docs/user_guide.md", "from skastro.io import convert"): raw_survey,
    ("docs/user_guide.md", "from sklearn.model_selection import cross"): train_and_test,
    ("docs/user_guide.md", "from skastro.hierarchy import ParallelBinary"): types_of_spectra,
    ("docs/user_guide.md", "from skastro.metrics import (\n    contamination"): predictions,
    ("docs/user_guide.md", "from skastro.testing"): my_step,
    ("docs/spectra.md", "from skastro.io import read_spectra"): files_of_spectra,
    ("docs/spectra.md", "from skastro.inspection"): new_spectra,
    ("docs/stamps.md", "from skastro.io import read_alerts"): night_of_alerts,
    ("docs/scale.md", "from skastro.io import ParquetFrame"): labelled_parquet,
    ("docs/scale.md", "from skastro.streaming"): night_for_a_stream,
    ("docs/user_guide.md", "from sklearn.calibration import Cal"): train_and_test,
    ("docs/tuning.md", "from skastro.model_selection import Optuna"): train_and_groups,
    ("docs/label_errors.md", "from imblearn.pipeline"): two_classifiers,
}


def blocks(page):
    return re.findall(
        r"^```python\n(.*?)^```$", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE
    )


PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))]
# The first page and the first example represent all in `make test-fast`, so they are cheap ones.
PAGES = sorted(filter(blocks, PAGES), key=lambda page: (page != "docs/transformer.md", page))
EXAMPLES = sorted(path.name for path in ROOT.glob("examples/*.py"))
EXAMPLES.sort(key=lambda name: name != "plot_spectra.py")


@pytest.mark.parametrize("page", PAGES)
def test_blocks_run(page, real_data, plasticc_files, tmp_path, monkeypatch):
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    for path in plasticc_files:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    # Classes that a block defines are pickled, also for worker processes.
    module = types.ModuleType("documentation")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    cloudpickle.register_pickle_by_value(module)
    for block in blocks(page):
        for (where, start), prepare in BEFORE.items():
            if where == page and block.startswith(start):
                vars(module).update(prepare(real_data))
        with monkeypatch.context() as patch, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, options in FAST.items():
                patch.setattr(
                    skastro.recipes, name, partial(getattr(skastro.recipes, name), **options)
                )
            run(block, vars(module), page)
    plt.close("all")


def run(block, namespace, page, patterns=SMALLER):
    for pattern, smaller in patterns:
        block = re.sub(pattern, smaller, block)
    exec(compile(block, page, "exec"), namespace)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name, tmp_path, monkeypatch):
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [name])
    module = types.ModuleType("example")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run((ROOT / "examples" / name).read_text(), vars(module), name, SMALLER_EXAMPLES)
    assert plt.get_fignums()
    plt.close("all")


def test_every_preparation_belongs_to_a_block():
    unused = [
        (page, start)
        for page, start in BEFORE
        if not any(block.startswith(start) for block in blocks(page))
    ]
    assert unused == []


@pytest.mark.parametrize("block", blocks("CONTRIBUTING.md"), ids=lambda block: block.split("\n")[0])
def test_what_a_contributor_copies_is_short(block):
    assert block.count("\n") < MOST_LINES

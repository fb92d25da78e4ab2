"""Small model files of every recipe, kept with their predictions.

``python tests/persistence/golden_files.py check`` loads them and compares predictions; it runs
under the lowest and the newest versions of all packages (``make test-min``, ``make test-latest``).
``write`` makes them anew, which is right only when the format or the features change.
"""

import json
import sys
import warnings
from functools import partial
from pathlib import Path

import numpy as np

from skastro.datasets import make_bazin, make_light_curves, make_spectra, make_stamps
from skastro.nn import RecurrentNet
from skastro.persistence import inspect_model, load_model, save_model
from skastro.recipes import (
    make_ccsnscore,
    make_oracle,
    make_realbogus,
    make_scone,
    make_transformer,
)
from skastro.taxonomy import Taxonomy

FOLDER = Path(__file__).parents[1] / "data" / "models"
TREE = Taxonomy({"Alert": {"SN": ["SNIa", "SNII"], "RRL": None}})
TOLERANCE = 1e-5
N_ROWS = 8


def scone():
    X, y = make_light_curves(40, classes=["SNIa", "SNII"], random_state=0)
    grid = {"n_times": 16, "n_wavelengths": 4, "engine": "numpy"}
    return make_scone(max_epochs=2, with_redshift=True, random_state=0, **grid).fit(X, y), X


def oracle():
    X, y = make_light_curves(40, classes=["SNIa", "SNII", "RRL"], random_state=0)
    network = partial(RecurrentNet, hidden_size=12, embedding_size=8, head_sizes=(12,))
    return make_oracle(taxonomy=TREE, module=network, max_epochs=2, random_state=0).fit(X, y), X


def transformer():
    X, y = make_bazin(40, random_state=0)
    sizes = {"size": 16, "num_layers": 1, "feedforward_size": 16}
    model = make_transformer(static=(), sizes=sizes, max_epochs=2, random_state=0)
    return model.fit(X, y), X


def ccsnscore():
    X, y = make_spectra(40, classes=["Ia", "II", "Ib"], random_state=0)
    return make_ccsnscore(resolution=64, max_epochs=2, random_state=0).fit(X, y), X


def realbogus():
    X, y, _ = make_stamps(80, image_shape=(15, 15, 3), random_state=0)
    options = {"image_shape": (15, 15, 3), "cv": 2, "max_epochs": 2, "width": 0.25}
    return make_realbogus(random_state=0, **options).fit(X, y), X


MODELS = {f.__name__: f for f in (scone, oracle, transformer, ccsnscore, realbogus)}


def predictions(model, X):
    """Probabilities of the first objects."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.predict_proba(X[:N_ROWS])


def write(names):
    FOLDER.mkdir(exist_ok=True)
    for name in names or MODELS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model, X = MODELS[name]()
        path = save_model(model, FOLDER / f"{name}.safetensors", overwrite=True)
        expected = predictions(model, X).round(7).tolist()
        (FOLDER / f"{name}.json").write_text(json.dumps(expected) + "\n")
        print(path, path.stat().st_size, "bytes")


def objects(name):
    """Objects on which the model was trained."""
    if name == "transformer":
        return make_bazin(40, random_state=0)[0]
    if name == "ccsnscore":
        return make_spectra(40, classes=["Ia", "II", "Ib"], random_state=0)[0]
    if name == "realbogus":
        return make_stamps(80, image_shape=(15, 15, 3), random_state=0)[0]
    classes = ["SNIa", "SNII"] + ["RRL"] * (name == "oracle")
    return make_light_curves(40, classes=classes, random_state=0)[0]


def difference(name):
    """Return the largest difference of a file's predictions from those that were stored."""
    model = load_model(FOLDER / f"{name}.safetensors")
    expected = np.array(json.loads((FOLDER / f"{name}.json").read_text()), float)
    return float(np.abs(predictions(model, objects(name)) - expected).max())


def check(names):
    worst = 0.0
    for name in names or MODELS:
        written = inspect_model(FOLDER / f"{name}.safetensors")["versions"]
        found = difference(name)
        worst = max(worst, found)
        print(f"{name:12} written with {written}: largest difference {found:.1e}")
    if not worst <= TOLERANCE:
        sys.exit(f"predictions differ by {worst}")


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](sys.argv[2:])

"""Train the two models that come with the package, on its own simulations.

    python benchmarks/make_pretrained.py [scone-lsst] [oracle-lsst]

Writes skastro/persistence/pretrained/<name>; the scores of held-out objects go into the cards.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from skastro.datasets import make_light_curves
from skastro.inspection import EvaluationReport
from skastro.nn import RecurrentNet
from skastro.persistence import save_pretrained
from skastro.recipes import make_oracle, make_scone
from skastro.taxonomy import ELASTICC

FOLDER = Path(__file__).parents[1] / "skastro" / "persistence" / "pretrained"
SUPERNOVAE = ["SNIa", "SNIa-91bg", "SNIax", "SNII", "SNIbc", "SLSN-I"]
LIMITS = """Trained on objects simulated by `skastro.datasets.make_light_curves` (survey LSST,
random_state=0), for tutorials and tests.  A model for real data must be trained on simulations of
its survey: see the user guide.  Licence: BSD-3-Clause."""


def scone():
    """SNIa against other supernovae on heat maps of 16 x 60 pixels."""
    X, y = make_light_curves(6000, survey="LSST", classes=SUPERNOVAE, random_state=0)
    y = np.where(y == "SNIa", "SNIa", "other")
    model = make_scone(
        "LSST", with_redshift=True, n_times=60, n_wavelengths=16, max_epochs=60, random_state=0
    )
    text = "SCONE (Qu et al. 2021, arXiv:2106.04370): type Ia against other supernovae, LSST bands."
    return model, X, y, text


def oracle():
    """All 13 classes with a small recurrent network and no static columns."""
    from functools import partial

    X, y = make_light_curves(4000, survey="LSST", random_state=0)
    network = partial(RecurrentNet, hidden_size=48)
    options = {"static": (), "module": network, "max_epochs": 15, "random_state": 0}
    text = "ORACLE (Shah et al. 2025, arXiv:2501.01496) from light curves alone, at any date."
    y = ELASTICC.relabel(y)
    return make_oracle("LSST", taxonomy=ELASTICC, **options), X, y, text


MODELS = {"scone-lsst": scone, "oracle-lsst": oracle}


def main(names):
    for name in names or MODELS:
        model, X, y, text = MODELS[name]()
        parts = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
        X_train, X_test, y_train, y_test = parts
        model.fit(X_train, y_train)
        scores = EvaluationReport.from_estimator(model, X_test, y_test).scores_
        training = {
            "n_objects": len(y_train),
            "data": "make_light_curves(random_state=0), three quarters",
            "scores of the last quarter": {k: round(v, 4) for k, v in scores.items()},
        }
        threshold = 0.5 if len(set(y)) == 2 else None
        folder = save_pretrained(
            model,
            FOLDER / name,
            threshold=threshold,
            description=f"{text}\n\n{LIMITS}",
            training=training,
            overwrite=True,
        )
        print(folder, scores, sum(f.stat().st_size for f in folder.iterdir()), "bytes")


if __name__ == "__main__":
    main(sys.argv[1:])

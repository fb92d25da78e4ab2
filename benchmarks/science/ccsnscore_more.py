"""Two more questions on real spectra: hydrogen or not, and whether the light curve helps.

* H-rich [II, IIP, IIL, IIb, IIn] against H-poor [Ib, Ic, Ic-BL, Ibc] core-collapse supernovae, as
  CCSNscore's first layer.
* The five groups, on supernovae with 5 detections in B, g, V, r, R or i: the spectrum alone, and
  with the light curve in bins of 5 days over 100 days from the first detection.  The whole light
  curve is given, also what comes after the spectrum: an upper limit of its worth.

4-fold cross-validation by supernova, the network of ``ccsnscore.py``, one seed.

Run: OMP_NUM_THREADS=1 python benchmarks/science/ccsnscore_more.py ../shared/data [hydrogen|curves]
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from ccsnscore import OUT, load, stored_proba
from ccsnscore_data import INPUTS
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold

from skastro.feature_extraction import LightCurveChannels
from skastro.neural_network import MultimodalClassifier
from skastro.utils.ragged import flatten

RICH = ("II", "IIP", "IIL", "IIb", "IIn")
POOR = ("Ib", "Ic", "Ic-BL", "Ibc")
BANDS = ("B", "g", "V", "r", "R", "i")


def fitted_proba(rows, y, train, test, inputs, seed):
    """Return probabilities of `test` by a network trained on `train`."""
    network = MultimodalClassifier(
        inputs=inputs,
        max_epochs=20,
        batch_size=64,
        validation=None,
        class_weight="balanced",
        device="cpu",
        random_state=seed,
    )
    return network.fit(rows[train], y[train]).predict_proba(rows[test])


def report(title, name, rows, y, names, inputs):
    """Cross-validate and show the figures, a spectrum and a supernova."""
    labels = np.unique(y)
    proba = np.zeros((len(y), len(labels)))
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=0)
    for k, (train, test) in enumerate(folds.split(rows, y, names)):
        work = partial(fitted_proba, rows, y, train, test, inputs, k)
        proba[test] = stored_proba(f"{name}_{k}", work)
    log = pd.DataFrame(np.log(np.clip(proba, 1e-6, 1))).groupby(names).mean()
    truth = pd.Series(y).groupby(names).first()
    for kind, true, found in (("spectrum", y, proba), ("object", truth, log.to_numpy())):
        answer = labels[found.argmax(axis=1)]
        print(
            f"{title:24s} {kind:8s} {len(true)}: accuracy {accuracy_score(true, answer):.3f}, "
            f"balanced {balanced_accuracy_score(true, answer):.3f}, "
            f"macro F1 {f1_score(true, answer, average='macro'):.3f}",
            flush=True,
        )


def hydrogen(folder, X, rows):
    """H-rich against H-poor."""
    types = pd.read_csv(folder / "osc" / "objects.csv").set_index("name")["type"]
    types = X["name"].map(types)
    used = types.isin(RICH + POOR).to_numpy()
    y = np.where(types.isin(RICH), "H-rich", "H-poor")[used]
    names = X["name"].to_numpy(object)[used]
    report("H-rich or H-poor", "hydrogen", rows[used], y, names, INPUTS)


def curves(X, y, rows):
    """Spectra with and without the light curve, on the same supernovae."""
    offsets, observations = flatten(X["lightcurve"], ("band",))
    known = np.isin(observations["band"].astype(str), BANDS)
    counts = np.diff(np.concatenate([[0], np.cumsum(known)])[offsets])
    used = counts >= 5
    step = LightCurveChannels(100, 5, bands=BANDS, method="mean", channels=("flux", "mask"))
    curve = step.fit_transform(X[used])
    curve[~curve.any(axis=1)] = np.nan
    names = X["name"].to_numpy(object)[used]
    report("spectrum alone", "curves_without", rows[used], y[used], names, INPUTS)
    inputs = {**INPUTS, "curve": step.output_shape_}
    both = np.hstack([rows[used], curve]).astype(np.float32)
    report("with the light curve", "curves_with", both, y[used], names, inputs)


def main():
    folder, wanted = Path(sys.argv[1]), sys.argv[2:] or ("hydrogen", "curves")
    OUT.mkdir(parents=True, exist_ok=True)
    X, y, rows, _ = load(folder)
    if "hydrogen" in wanted:
        hydrogen(folder, X, rows)
    if "curves" in wanted:
        curves(X, y, rows)


if __name__ == "__main__":
    main()

"""How much a split by spectrum flatters: SNID templates, six classes, extra-trees.

The same 4-fold cross-validation once over spectra and once over supernovae, three seeds.  The
templates are divided by their continuum already; repeats of a supernova and age are dropped.
``--network`` does the same with the 1-D convolutional network, on every other pixel.

Run: OMP_NUM_THREADS=1 python benchmarks/science/snid_leakage.py ../shared/data/spectra [--network]
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict

from skastro.feature_extraction import SpectrumPixels
from skastro.neural_network import MultimodalClassifier
from skastro.utils.ragged import nest

CLASSES = {
    "Ia": ("Ia-norm", "Ia-91T", "Ia-91bg", "Ia-99aa", "Ia-csm", "Ia-pec", "Ia-02cx"),
    "II": ("IIP", "IIL", "II-pec"),
    "IIn": ("IIn",),
    "IIb": ("IIb",),
    "Ib": ("Ib", "Ib-norm", "Ib-pec", "Ibn"),
    "Ic": ("Ic", "Ic-norm", "Ic-pec", "Ic-broad", "Ic-SL"),
}
SEEDS = range(3)


def read_templates(folder, classes=None):
    """Return X with the template spectra and y, of six classes by default."""
    data = np.load(folder / "snid_templates.npz")
    table = pd.DataFrame({name: data[name] for name in ("norm_name", "age", "sn_type")})
    group_of = {t: group for group, types in (classes or CLASSES).items() for t in types}
    table["class"] = table["sn_type"].map(group_of)
    keep = table["class"].notna() & ~table.duplicated(["norm_name", "age"])
    flux = data["flux"][keep]
    n_spectra, n_pixels = flux.shape
    rows = {"wavelength": np.tile(data["wave"].astype(float), n_spectra), "flux": flux.ravel()}
    X = NestedFrame({"name": table["norm_name"][keep].to_numpy(object)})
    X = X.assign(spectrum=nest(np.arange(n_spectra + 1) * n_pixels, rows))
    return X, table["class"][keep].to_numpy(object)


def make_model(pixels, seed, network):
    """Return extra-trees, or the network of ``ccsnscore.py`` with one input."""
    if not network:
        return ExtraTreesClassifier(100, random_state=seed, n_jobs=1)
    return MultimodalClassifier(
        inputs={"lines": (1, pixels.shape[1])},
        max_epochs=20,
        batch_size=64,
        validation=None,
        class_weight="balanced",
        device="cpu",
        random_state=seed,
    )


def main():
    network = "--network" in sys.argv
    X, y = read_templates(Path(sys.argv[1]))
    pixels = SpectrumPixels().fit_transform(X)
    if network:
        pixels = np.nan_to_num(pixels[:, ::2]).astype(np.float32)
    print(f"{len(X)} spectra of {X['name'].nunique()} supernovae")
    names = X["name"].to_numpy()
    for name, splitter, groups in (
        ("spectrum", StratifiedKFold, None),
        ("supernova", StratifiedGroupKFold, names),
    ):
        scores = []
        for seed in SEEDS:
            model = make_model(pixels, seed, network)
            folds = splitter(4, shuffle=True, random_state=seed)
            predicted = cross_val_predict(model, pixels, y, groups=groups, cv=folds)
            scores.append([accuracy_score(y, predicted), f1_score(y, predicted, average="macro")])
        mean, spread = np.mean(scores, axis=0), np.std(scores, axis=0)
        print(
            f"split by {name:9s}: accuracy {mean[0]:.3f} +- {spread[0]:.3f}, "
            f"macro F1 {mean[1]:.3f} +- {spread[1]:.3f}"
        )


if __name__ == "__main__":
    main()

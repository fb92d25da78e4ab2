"""Type and age of SNID templates at once, as DASH does (Muthukrishna et al. 2019, ApJ 885, 85).

Five types of supernovae times 18 bins of 4 days from 20 days before maximum to 52 after; one
classifier with a class for each combination, 4-fold cross-validation by supernova.  Printed are
accuracy and macro F1 of the type alone (the sum over the bins), the share with the right bin, with
one that is at most one bin off, and both type and bin (or its neighbour) right.

Run: OMP_NUM_THREADS=1 python benchmarks/science/snid_age.py ../shared/data/spectra
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from _table import print_table
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold

from skastro.neural_network import ConvolutionKernelClassifier

TYPES = {
    "Ia": ("Ia-norm", "Ia-91T", "Ia-91bg", "Ia-99aa", "Ia-csm", "Ia-pec", "Ia-02cx"),
    "Ib": ("Ib", "Ib-norm", "Ib-pec", "Ibn", "IIb"),
    "Ic": ("Ic", "Ic-norm", "Ic-pec"),
    "Ic-BL": ("Ic-broad",),
    "II": ("IIP", "IIL", "II-pec", "IIn"),
}
FIRST, WIDTH, N_BINS = -20.0, 4.0, 18
SEEDS = range(3)


def read(folder):
    """Return flux, type, bin of age and name of the templates with an age from maximum."""
    data = np.load(folder / "snid_templates.npz")
    table = pd.DataFrame({n: data[n] for n in ("norm_name", "age", "age_flag", "sn_type")})
    type_of = {name: group for group, names in TYPES.items() for name in names}
    kind = table["sn_type"].map(type_of)
    age_bin = np.floor((table["age"] - FIRST) / WIDTH)
    keep = kind.notna() & age_bin.between(0, N_BINS - 1) & table["age_flag"].eq(0)
    keep &= ~table.duplicated(["norm_name", "age"])
    used = table[keep]
    flux = data["flux"][keep.to_numpy()].astype(np.float32)
    return flux, kind[keep].to_numpy(object), age_bin[keep].to_numpy(int), used["norm_name"]


def models(seed):
    return {
        "extra-trees": ExtraTreesClassifier(300, min_samples_leaf=2, random_state=seed),
        "kernel machine": ConvolutionKernelClassifier(random_state=seed),
    }


def score(kind, age_bin, proba, classes):
    """Return the figures of probabilities of the combinations `classes`, "type bin"."""
    kinds, bins = np.array([name.rsplit(" ", 1) for name in classes]).T
    types = np.array(list(TYPES))
    of_type = np.stack([proba[:, kinds == name].sum(axis=1) for name in types], axis=1)
    of_bin = np.stack([proba[:, bins.astype(int) == k].sum(axis=1) for k in range(N_BINS)], axis=1)
    found, off = types[of_type.argmax(axis=1)], np.abs(of_bin.argmax(axis=1) - age_bin)
    return {
        "accuracy": accuracy_score(kind, found),
        "macro F1": f1_score(kind, found, average="macro"),
        "bin": (off == 0).mean(),
        "bin or neighbour": (off <= 1).mean(),
        "type and bin": ((off == 0) & (found == kind)).mean(),
        "type and bin or neighbour": ((off <= 1) & (found == kind)).mean(),
    }


def main():
    flux, kind, age_bin, names = read(Path(sys.argv[1]))
    both = np.array([f"{k} {b}" for k, b in zip(kind, age_bin)], object)
    classes = np.unique(both)
    print(f"{len(kind)} spectra of {names.nunique()} supernovae, {len(classes)} combinations")
    runs = {}
    for seed in SEEDS:
        folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
        whole = {name: np.zeros((len(kind), len(classes))) for name in models(seed)}
        for train, test in folds.split(flux, kind, names):
            for name, model in models(seed).items():
                model.fit(flux[train], both[train])
                columns = np.searchsorted(classes, model.classes_)
                whole[name][np.ix_(test, columns)] = model.predict_proba(flux[test])
        for name, proba in whole.items():
            runs.setdefault(name, []).append(score(kind, age_bin, proba, classes))
    print_table(runs)


if __name__ == "__main__":
    main()

"""Floors on the real spectra of the Open Supernova Catalog, and what the preprocessing is worth.

Five groups, 4-fold cross-validation split by supernova, three seeds; an SVM on 60 principal
components with balanced classes.  The rules of what counts stand in ``osc.py``.

The last line raises each group of the training folds to at least 300 spectra with
SpectrumMixSampler, the other groups and the folds as before.

Run: OMP_NUM_THREADS=1 python benchmarks/science/osc_floors.py ../shared/data/osc
"""

import sys
from pathlib import Path

import numpy as np
from osc import clean_osc, read_osc
from sklearn.decomposition import PCA
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skastro.feature_extraction import SpectrumPixels
from skastro.preprocessing import (
    Apodize,
    DeredshiftSpectrum,
    NormalizeSpectrum,
    Rebin,
    RemoveContinuum,
    ReplaceOutliers,
    SmoothSpectrum,
    make_spectrum_preprocessing,
)
from skastro.resampling import SpectrumMixSampler

SEEDS = range(3)
LINEAR = np.linspace(4200, 9200, 256)
LOGARITHMIC = np.geomspace(3700, 8800, 256)


def variants():
    means = Rebin(LINEAR, method="flux")
    standard = (
        NormalizeSpectrum(),
        ReplaceOutliers(),
        SmoothSpectrum(window=3),
        NormalizeSpectrum(method="standard"),
    )
    flat = (
        Rebin(LOGARITHMIC, method="flux"),
        RemoveContinuum(n_knots=7),
        ReplaceOutliers(-2, 4, value=1.0),
        NormalizeSpectrum(method="standard"),
        Apodize(),
    )
    return {
        "the recipe (cubic, min-max)": make_spectrum_preprocessing(),
        "means over bins, min-max": make_pipeline(
            DeredshiftSpectrum(), means, *standard[:3], NormalizeSpectrum(method="minmax")
        ),
        "means over bins, standard": make_pipeline(DeredshiftSpectrum(), means, *standard),
        "without continuum": make_pipeline(DeredshiftSpectrum(), *flat),
    }


def features_of(steps, X):
    """Return dense rows side by side of one or more chains of steps."""
    rows = [SpectrumPixels().fit_transform(own.fit_transform(X)) for own in steps]
    return np.nan_to_num(np.hstack(rows))


def predict_by_fold(features, X, y, steps, n_per_class, seed):
    """Return predictions out of fold; with `n_per_class` the training is raised by mixes."""
    found = np.empty(len(y), object)
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
    for train, test in folds.split(X, y, X["name"]):
        rows, labels = features[train], y[train]
        if n_per_class:
            sampler = SpectrumMixSampler(n_per_class, random_state=seed)
            more, labels = sampler.fit_resample(X.iloc[train], labels)
            rows = np.vstack([rows, features_of(steps, more.iloc[len(train) :])])
        model = make_pipeline(PCA(60, random_state=0), SVC(C=10, class_weight="balanced"))
        found[test] = model.fit(rows, labels).predict(features[test])
    return found


def main():
    X, y, left_out = clean_osc(*read_osc(Path(sys.argv[1])))
    print(f"{len(X)} spectra of {X['name'].nunique()} supernovae; left out: {left_out}")
    chains = {name: [steps] for name, steps in variants().items()}
    both = chains["means over bins, standard"] + chains["without continuum"]
    runs = {name: (steps, 0) for name, steps in chains.items()}
    runs |= {"the last two together": (both, 0), "together, with mixes": (both, 300)}
    for name, (steps, n_per_class) in runs.items():
        features = features_of(steps, X)
        scores = []
        for seed in SEEDS:
            found = predict_by_fold(features, X, y, steps, n_per_class, seed)
            macro = f1_score(y, found, average="macro")
            scores.append([accuracy_score(y, found), balanced_accuracy_score(y, found), macro])
        mean, spread = np.mean(scores, axis=0), np.std(scores, axis=0)
        text = ", ".join(
            f"{score} {m:.3f} +- {s:.3f}"
            for score, m, s in zip(("accuracy", "balanced", "macro F1"), mean, spread)
        )
        print(f"{name:28s} {text}", flush=True)


if __name__ == "__main__":
    main()

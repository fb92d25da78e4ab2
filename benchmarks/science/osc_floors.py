"""Floors on the real spectra of the Open Supernova Catalog, and what the preprocessing is worth.

Five groups, 4-fold cross-validation split by supernova, three seeds; an SVM on 60 principal
components with balanced classes.  The rules of what counts stand in ``osc.py``.

Run: OMP_NUM_THREADS=1 python benchmarks/science/osc_floors.py ../shared/data/osc
"""

import sys
from pathlib import Path

import numpy as np
from osc import clean_osc, read_osc
from sklearn.decomposition import PCA
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
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


def main():
    X, y, left_out = clean_osc(*read_osc(Path(sys.argv[1])))
    print(f"{len(X)} spectra of {X['name'].nunique()} supernovae; left out: {left_out}")
    rows = {
        name: np.nan_to_num(SpectrumPixels().fit_transform(steps.fit_transform(X)))
        for name, steps in variants().items()
    }
    both = ("means over bins, standard", "without continuum")
    rows["the last two together"] = np.hstack([rows[name] for name in both])
    model = make_pipeline(PCA(60, random_state=0), SVC(C=10, class_weight="balanced"))
    for name, features in rows.items():
        scores = []
        for seed in SEEDS:
            folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
            found = cross_val_predict(model, features, y, groups=X["name"], cv=folds)
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

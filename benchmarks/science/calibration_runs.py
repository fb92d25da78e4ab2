"""Train each recipe once per seed, and store its predictions of held-out objects by date.

    OMP_NUM_THREADS=1 python benchmarks/science/calibration_runs.py ../shared/data [--seeds 3]

One file per system and seed in `--output`: probabilities at the dates and of complete light curves
(the last date, infinity), true labels, and a number per object, equal for the spectra of one
supernova.  Objects are split once per seed; ``calibration.py`` calibrates on one half of the
held-out objects and scores on the other, and the other way round.  The full size is
``--objects 5000 --epochs 30 --all``.  Files that are there are not computed again; fitted models
lie beside them.
"""

import argparse
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _data import OSC, load_osc, load_survey_bench
from osc import clean_osc, read_osc
from realbogus import stamps, ztf
from sklearn.model_selection import StratifiedGroupKFold, train_test_split
from sklearn.pipeline import make_pipeline

from skastro.augmentation import draw_prefixes
from skastro.persistence import load_model, save_model
from skastro.preprocessing import Window
from skastro.recipes import (
    make_ccsnscore,
    make_oracle,
    make_oracle_features,
    make_realbogus_classifier,
    make_scone,
    make_transformer,
    predict_proba_at,
)
from skastro.resampling import AugmentSampler, ResamplingPipeline

DAYS = np.array([1.0, 3.0, 10.0, 30.0])
REFERENCE = "first_detection"
LIGHT_CURVE = Window(-30, 100, reference_column=REFERENCE)


def survey_bench(data):
    """Simulated light curves of 13 classes, dated by the first detection."""
    X, y = load_survey_bench(data)
    X = make_pipeline(make_oracle_features(), LIGHT_CURVE).fit_transform(X)
    return X.drop(columns="quality", errors="ignore"), y.astype(str), np.arange(len(y))


def osc_photometry(data):
    """Real supernovae, Ia against the others."""
    X, y = load_osc(data)
    X = make_oracle_features(OSC).fit_transform(X)
    return X, np.where(y == "Ia", "Ia", "other"), np.arange(len(y))


def osc_spectra(data):
    """Real spectra of five groups."""
    X, y, _ = clean_osc(*read_osc(Path(data) / "osc"))
    return X, y.astype(str), pd.factorize(X["name"])[0]


def painted_stamps(data):
    """Candidates painted onto real cutouts."""
    X, y = stamps(4500, 0, ztf(data)[0], 21)
    return X, np.where(y == 1, "real", "bogus"), np.arange(len(y))


N_TEST = 3000
SCONE = {"kernel": "separable"}


def make_scone_on_prefixes(**parameters):
    """SCONE trained on light curves that end at random dates."""
    draw = partial(draw_prefixes, n_prefixes=3)
    cut = AugmentSampler(draw, random_state=parameters["random_state"])
    # Copies of one object would be on both sides of a validation split.
    scone = make_scone(validation=None, **parameters)
    return ResamplingPipeline([("prefixes", cut), *scone.steps])


SYSTEMS = {
    "ORACLE, LSST": (survey_bench, make_oracle, {}),
    "real or bogus": (painted_stamps, make_realbogus_classifier, {"image_shape": (21, 21, 3)}),
    "CCSNscore, OSC": (osc_spectra, make_ccsnscore, {"survey": None}),
    "ORACLE, OSC": (osc_photometry, make_oracle, {"survey": OSC}),
    "SCONE, OSC": (osc_photometry, make_scone, {"survey": OSC, **SCONE}),
    "SCONE, LSST": (survey_bench, make_scone, SCONE),
    "SCONE on prefixes, LSST": (survey_bench, make_scone_on_prefixes, SCONE),
    "transformer, LSST": (survey_bench, make_transformer, {}),
}


def split(y, groups, n_train, seed):
    """Return the rows for training and the others; groups stay together."""
    rows = np.arange(len(y))
    if len(np.unique(groups)) == len(groups):
        size = min(n_train, len(y) // 2)
        most = min(N_TEST, len(y) - size)
        sizes = {"train_size": size, "test_size": most}
        return train_test_split(rows, stratify=y, random_state=seed, **sizes)
    folds = StratifiedGroupKFold(2, shuffle=True, random_state=seed)
    return next(folds.split(rows, y, groups))


def by_date(model, X):
    """Return probabilities at the days and of complete light curves; one date for other data."""
    full = model.predict_proba(X)[:, None]
    if "lightcurve" not in getattr(X, "columns", ()) or "spectrum" in X.columns:
        return full
    if hasattr(model[-1], "predict_proba_at"):
        return np.concatenate([predict_proba_at(model, X, DAYS), full], axis=1)
    parts = []
    for day in DAYS:
        part = Window(-np.inf, day, reference_column=REFERENCE).fit_transform(X)
        parts.append(model.predict_proba(part.drop(columns="quality", errors="ignore")))
    return np.concatenate([np.stack(parts, axis=1), full], axis=1)


def run(name, loaded, seed, options):
    """Train one system with one seed, and store its predictions."""
    stem = f"{name.replace(', ', '-').replace(' ', '-')}-{seed}"
    path = Path(options.output) / f"{stem}.npz"
    if path.exists():
        return
    load, make, parameters = SYSTEMS[name]
    if load not in loaded:
        loaded[load] = load(options.data)
    X, y, groups = loaded[load]
    rows = X.iloc if hasattr(X, "iloc") else X
    train, rest = split(y, groups, options.objects, seed)
    if options.all:
        rest = np.setdiff1d(np.arange(len(y)), train)
    start = time.process_time()
    file = path.with_suffix(".skastro")
    if file.exists():
        model = load_model(file)
    else:
        model = make(max_epochs=options.epochs, random_state=seed, **parameters)
        model.fit(rows[train], y[train])
        save_model(model, file)
    proba = by_date(model, rows[rest])
    days = np.array([*DAYS, np.inf])[-proba.shape[1] :]
    stored = {"proba": proba, "days": days, "y": y[rest], "groups": groups[rest]}
    np.savez(path, classes=np.asarray(model.classes_).astype(str), n_train=len(train), **stored)
    right = model.classes_[np.nan_to_num(proba[:, -1]).argmax(axis=1)] == y[rest]
    seconds = time.process_time() - start
    print(f"{name}, seed {seed}: accuracy {right.mean():.3f}, {seconds:.0f} s", flush=True)


def main():
    """Run every system."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--systems", nargs="*", default=list(SYSTEMS))
    parser.add_argument("--objects", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--all", action="store_true", help="predict all held-out objects")
    parser.add_argument("--output", default="output/science")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    Path(options.output).mkdir(parents=True, exist_ok=True)
    loaded = {}
    for seed in range(options.seeds):
        for name in options.systems:
            run(name, loaded, seed, options)


if __name__ == "__main__":
    main()

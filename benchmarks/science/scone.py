"""SCONE on labelled simulations and on real photometry, beside a random forest and the original.

    python benchmarks/science/scone.py ../shared/data [--seeds 3] [--only TASK] [--kernel separable]

Every seed draws another split by object: 80 % to train (the network holds out a part of it to
choose its best epoch), 20 % scored once.  Prints one markdown table; heat maps are cached in
`output/science`.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from _data import OSC, SUPERNOVAE, load_osc, load_survey_bench
from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    roc_auc_score,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skastro.feature_extraction import LightCurveStatistics
from skastro.neural_network import HeatmapCNNClassifier
from skastro.recipes import SCONE_PAPER, SMALL_SAMPLE, make_scone_classifier, make_scone_features
from skastro.resampling import RowSampler

N_PIXELS = 2 * 32 * 180
SMALL = 2000


def tasks(data):
    """Yield (name, X, y, survey), read only when asked for."""
    X, types = load_survey_bench(data)
    supernova = np.isin(types, SUPERNOVAE)
    ia = np.where(types == "SNIa", "SNIa", "other")
    yield "LSST, SNIa against other SNe", X[supernova], ia[supernova], "LSST"
    yield "LSST, 13 classes", X, types, "LSST"
    X, types = load_osc(data)
    yield "OSC (real), Ia against the rest", X, np.where(types == "Ia", "Ia", "other"), OSC


def heatmaps(X, survey, kernel, wavelength_scale, cache):
    """Rows: image, log10 maximum, redshift, redshift error."""
    if cache.exists():
        return np.load(cache, mmap_mode="r")
    features = make_scone_features(
        survey,
        with_redshift=True,
        peak=None,
        kernel=kernel,
        wavelength_scale=wavelength_scale,
        verbose=1,
    )
    rows = features.fit_transform(X)
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.save(cache, rows)
    return rows


def statistics(X, survey, with_redshift):
    """Simple statistics with or without redshift."""
    rows = LightCurveStatistics(bands=list(survey_bands(X))).fit_transform(X)
    if with_redshift:
        rows = np.column_stack([rows, X[["redshift", "redshift_err"]].to_numpy(float)])
    return rows


def survey_bands(X):
    """Bands that occur, in the order of their frequency."""
    return pd.Series(X["lightcurve.band"].astype(str)).value_counts().index[:8]


def forest(seed):
    """The floor."""
    return make_pipeline(
        SimpleImputer(strategy="constant", fill_value=-999),
        RandomForestClassifier(
            400, min_samples_leaf=2, class_weight="balanced_subsample", n_jobs=2, random_state=seed
        ),
    )


def original(seed):
    """SCONE's schedule as run on the Ia part: classes balanced, Adam 5e-4, 60 epochs."""
    training = {name: SCONE_PAPER[name] for name in ("batch_size", "schedule", "validation")}
    training |= {"lr": 5e-4, "max_epochs": 60}
    network = HeatmapCNNClassifier(image_shape=(32, 180, 2), random_state=seed, **training)
    return make_imbalanced_pipeline(RowSampler(RandomUnderSampler(random_state=seed)), network)


def score(y, model, rows):
    """All figures of one run on the held-out objects."""
    proba = model.predict_proba(rows)
    label = model.classes_[proba.argmax(axis=1)]
    binary = len(model.classes_) == 2
    hit = (y[:, None] == model.classes_).astype(float)
    return {
        "AUC": roc_auc_score(y == model.classes_[1], proba[:, 1])
        if binary
        else roc_auc_score(y, proba, multi_class="ovr"),
        "accuracy": accuracy_score(y, label),
        "balanced accuracy": balanced_accuracy_score(y, label),
        "macro F1": f1_score(y, label, average="macro"),
        "log loss": log_loss(y, proba, labels=model.classes_),
        "Brier": brier_score_loss(hit[:, 1], proba[:, 1])
        if binary
        else ((proba - hit) ** 2).sum(axis=1).mean() / 2,
    }


def runs(rows, table, y, seed, with_original, wanted):
    """Yield (model name, scores, seconds) of one split."""
    train, test = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=seed)
    both = np.column_stack([rows, np.arcsinh(table)]).astype(np.float32)
    small = make_scone_classifier(random_state=seed, **SMALL_SAMPLE)
    models = {
        "random forest": (forest(seed), table),
        "skastro": (make_scone_classifier(random_state=seed), rows),
    }
    if len(y) < SMALL:
        models["skastro, small sample"] = (small, both)
    if with_original:
        models["SCONE as published"] = (original(seed), rows[:, :N_PIXELS])
    for name, (model, values) in models.items():
        if wanted not in name:
            continue
        begin = time.perf_counter()
        model.fit(values[train], y[train])
        yield name, score(y[test], model, values[test]), time.perf_counter() - begin


def main():
    """Run everything and print a markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--model", default="", help="only models whose name holds this")
    parser.add_argument("--kernel", default="separable")
    parser.add_argument("--wavelength-scale", default="6000")
    options = parser.parse_args()
    scale = options.wavelength_scale
    scale = scale if scale == "free" else float(scale)
    results = []
    for task, X, y, survey in tasks(options.data):
        if options.only not in task:
            continue
        name = f"{task[:4]}{len(X)}_{options.kernel}_{scale}.npy"
        rows = heatmaps(X, survey, options.kernel, scale, Path("output/science") / name)
        for with_redshift in (False, True):
            part = rows if with_redshift else rows[:, : N_PIXELS + 1]
            table = statistics(X, survey, with_redshift)
            for seed in range(options.seeds):
                published = "against" in task and not with_redshift
                for model, scores, seconds in runs(part, table, y, seed, published, options.model):
                    results.append(
                        {"task": task, "redshift": "yes" if with_redshift else "no"}
                        | {"model": model, **scores, "seconds": seconds}
                    )
                    print(results[-1], flush=True)
    table = pd.DataFrame(results).groupby(["task", "redshift", "model"], sort=False)
    mean, spread = table.mean(), table.std()
    text = mean.map("{:.3f}".format) + " ± " + spread.map("{:.3f}".format)
    text["seconds"] = mean["seconds"].map("{:.0f}".format)
    print("| " + " | ".join([*text.index.names, *text.columns]) + " |")
    print("|---" * (text.shape[1] + 3) + "|")
    for key, line in text.iterrows():
        print("| " + " | ".join([*key, *line]) + " |")


if __name__ == "__main__":
    main()

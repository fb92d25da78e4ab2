"""The recipe ``make_ccsnscore`` on real spectra: five groups of the Open Supernova Catalog.

``folds``: 4-fold cross-validation by supernova over all supernovae, three seeds of folds and
models; ``dev``: the same over the development part, on which choices are made.  ``test``: the test
part, a quarter of the supernovae, by models trained on the development part.  ``hydrogen``: H-rich
against H-poor core-collapse supernovae.  The baselines read the spectrum on 256 logarithmic bins
divided by a polynomial continuum.  Each fold is saved at once, and a second run resumes.

Run: OMP_NUM_THREADS=1 python benchmarks/science/ccsnscore.py ../shared/data
     [folds] [dev] [test] [hydrogen] [--seeds N] [--redshift]
"""

import argparse
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from osc import clean_osc, read_osc
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skastro.feature_extraction import SpectrumPixels
from skastro.metrics import expected_calibration_error
from skastro.preprocessing import (
    Apodize,
    CleanSpectrum,
    DeredshiftSpectrum,
    NormalizeSpectrum,
    Rebin,
    RemoveContinuum,
    ReplaceOutliers,
)
from skastro.recipes import make_ccsnscore_classifier, make_ccsnscore_features, pool_spectra
from skastro.resampling import group_weights
from skastro.utils.grid import Grid

OUT = Path("output/science")
CHANNELS = ["spec", "lines", "halpha"]
SPLIT_SEED = 2026
RICH, POOR = ("II", "IIP", "IIL", "IIb", "IIn"), ("Ib", "Ic", "Ic-BL", "Ibc")


def flattened(X):
    """Return the rows of the baselines."""
    steps = make_pipeline(
        CleanSpectrum(),
        DeredshiftSpectrum(),
        Rebin(Grid(3700.0, 8800.0, 256, "log"), method="flux"),
        RemoveContinuum(method="polynomial"),
        ReplaceOutliers(-2, 4, value=1.0),
        NormalizeSpectrum(method="standard"),
        Apodize(),
        SpectrumPixels(),
    )
    return np.nan_to_num(steps.fit_transform(X))


def baselines(seed):
    """Return the models that the recipe must beat."""
    weights = {"class_weight": "balanced"}
    components = PCA(40, random_state=0)
    return {
        "SVM": make_pipeline(components, SVC(C=10, probability=True, random_state=0, **weights)),
        "extra-trees": ExtraTreesClassifier(300, min_samples_leaf=2, random_state=seed, **weights),
        "logistic": make_pipeline(
            components, StandardScaler(), LogisticRegression(C=0.1, max_iter=1000, **weights)
        ),
    }


def predictions(rows, flat, y, names, train, test, channels, seed):
    """Return the probabilities of `test` by every model, by name."""
    found = {
        name: model.fit(flat[train], y[train]).predict_proba(flat[test])
        for name, model in baselines(seed).items()
    }
    found["mean of the three"] = np.mean(list(found.values()), axis=0)
    recipe = make_ccsnscore_classifier(channels=channels, device="cpu", random_state=seed)
    # Rows have no names, by which make_ccsnscore weighs the spectra.
    recipe.fit(rows[train], y[train], sample_weight=group_weights(names[train]))
    members = recipe.estimator_.estimators_
    network = members["network"].predict_proba_samples(rows[test], n_samples=20).mean(axis=0)
    kernel = members["kernel"].predict_proba(rows[test])
    # What recipe.predict_proba returns, since the masks of dropout belong to the object.
    mean = np.average([network, kernel], axis=0, weights=recipe.estimator.weights)
    return found | {"network": network, "kernel": kernel, "recipe": mean}


def stored(name, work):
    """Return the arrays of `work()`, from the disk if an earlier run was there."""
    path = OUT / f"ccsnscore_{name}.npz"
    if not path.exists():
        np.savez(path, **work())
    with np.load(path) as file:
        return dict(file)


def out_of_fold(name, rows, flat, y, names, channels, seed):
    """Return the probabilities of all spectra by 4-fold cross-validation, by model."""
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
    whole = {}
    for k, (train, test) in enumerate(folds.split(rows, y, names)):
        work = partial(predictions, rows, flat, y, names, train, test, channels, 10 * seed + k)
        for model, proba in stored(f"{name}_{seed}_{k}", work).items():
            whole.setdefault(model, np.zeros((len(y), proba.shape[1])))[test] = proba
    return whole


def scores(y, proba):
    """Return the figures of one set of probabilities; "F1 of four" leaves SLSN out."""
    labels = np.unique(y)
    found = labels[proba.argmax(axis=1)]
    rest, used = labels[labels != "SLSN"], y != "SLSN"
    clipped = np.clip(proba, 1e-7, 1)
    return {
        "accuracy": accuracy_score(y, found),
        "F1 of four": f1_score(y[used], found[used], labels=rest, average="macro"),
        "macro F1": f1_score(y, found, average="macro"),
        "log loss": log_loss(y, clipped / clipped.sum(axis=1, keepdims=True), labels=labels),
        "ECE": expected_calibration_error(y, proba, labels=labels),
    }


def report(title, y, names, runs):
    """Show mean and standard deviation of the figures over the seeds, per spectrum and object."""
    objects = pd.Series(y).groupby(names).first()
    for model in runs[0]:
        both = {"spectrum": [], "supernova": []}
        for proba in (run[model] for run in runs):
            both["spectrum"].append(scores(y, proba))
            pooled = pool_spectra(proba, names)
            both["supernova"].append(
                scores(objects[pooled.index].to_numpy(object), pooled.to_numpy())
            )
        for kind, found in both.items():
            table = pd.DataFrame(found)
            text = " | ".join(f"{table[c].mean():.3f} ± {table[c].std(ddof=0):.3f}" for c in table)
            print(f"| {title} | {model} | {kind} | {text} |", flush=True)


def run(title, X, y, given, tag):
    """Cross-validate and report."""
    channels = [*CHANNELS, "redshift"] if given.redshift else CHANNELS
    rows, flat = make_ccsnscore_features(channels=channels).fit_transform(X), flattened(X)
    names = X["name"].to_numpy(object)
    arguments = rows, flat, y, names, channels
    runs = [out_of_fold(tag, *arguments, seed) for seed in range(given.seeds)]
    report(title, y, names, runs)


def run_test(X, y, given, tag):
    """Train on the development part and report the test part."""
    channels = [*CHANNELS, "redshift"] if given.redshift else CHANNELS
    rows, flat = make_ccsnscore_features(channels=channels).fit_transform(X), flattened(X)
    names = X["name"].to_numpy(object)
    arguments = rows, flat, y, names
    train, test = split(X, y)
    runs = [
        stored(f"{tag}_{s}", partial(predictions, *arguments, train, test, channels, 100 + s))
        for s in range(given.seeds)
    ]
    report("test", y[test], names[test], runs)


def split(X, y):
    """Return the rows of the development part and of the test part."""
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=SPLIT_SEED)
    return next(folds.split(X, y, X["name"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("parts", nargs="*", choices=["folds", "dev", "test", "hydrogen"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--redshift", action="store_true", help="add the channel redshift")
    given = parser.parse_args()
    warnings.filterwarnings("ignore", category=FutureWarning, module="sklearn.svm")
    OUT.mkdir(parents=True, exist_ok=True)
    X, y, _ = clean_osc(*read_osc(given.folder / "osc"))
    end = "_z" if given.redshift else ""
    parts = given.parts or ["folds"]
    if "folds" in parts:
        run("all", X, y, given, f"all{end}")
    if "dev" in parts:
        dev, _ = split(X, y)
        run("dev", X.iloc[dev], y[dev], given, f"dev{end}")
    if "test" in parts:
        run_test(X, y, given, f"test{end}")
    if "hydrogen" in parts:
        types = X["name"].map(
            pd.read_csv(given.folder / "osc/objects.csv").set_index("name")["type"]
        )
        used = types.isin(RICH + POOR).to_numpy()
        rich = np.where(types[used].isin(RICH), "H-rich", "H-poor").astype(object)
        run("hydrogen", X[used], rich, given, f"hydrogen{end}")


if __name__ == "__main__":
    main()

"""CCSNscore's task on real spectra: five groups of the Open Supernova Catalog.

Supernovae are split once: a quarter is the test part, which only ``--test`` reads.  Choices are
made by 4-fold cross-validation of the rest, by supernova.  Variants differ in inputs, training
data and number of networks; each fold is saved at once, and a second run goes on.  ``--all`` N
cross-validates over all supernovae as ``osc_floors.py``, with N seeds of the folds.

Run: OMP_NUM_THREADS=1 python benchmarks/science/ccsnscore.py ../shared/data [--test] [--all N]
     [VARIANT ...]
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from ccsnscore_data import INPUTS, both_inputs, read_all_templates
from osc import clean_osc, read_osc
from scipy.optimize import minimize_scalar
from sklearn.decomposition import PCA
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skastro.metrics import expected_calibration_error
from skastro.neural_network import DeepEnsembleClassifier, MultimodalClassifier
from skastro.nn import Conv1dEncoder, RecurrentEncoder
from skastro.resampling import SpectrumMixSampler

OUT = Path("output/science")
GROUPS = np.array(["II", "IIn", "Ia", "Ibc", "SLSN"])
SPLIT_SEED = 2026
VARIANTS = {
    "svm": {"model": "svm"},
    "svm+mix": {"model": "svm", "mixes": 300},
    "svm+mix+templates": {"model": "svm", "mixes": 300, "templates": True},
    "flux": {"inputs": ("flux",)},
    "lines": {"inputs": ("lines",)},
    "both": {},
    "both+mix": {"mixes": 300},
    "both+mix+perturb": {"mixes": 300, "perturb": True},
    "both+mix+perturb+templates": {"mixes": 300, "perturb": True, "templates": True},
    "rare templates": {"templates": "rare"},
    "templates": {"templates": True},
    "perturb+templates": {"perturb": True, "templates": True},
    "perturb+templates x3": {"perturb": True, "templates": True, "n_networks": 3},
    "both x3": {"n_networks": 3},
    "both+mix x3": {"n_networks": 3, "mixes": 300},
    "wide x3": {"n_networks": 3, "wide": True},
    "rnn": {"inputs": ("flux",), "encoder": partial(RecurrentEncoder)},
}


def load(folder):
    """Return X, y, rows of inputs and the templates."""
    X, y = read_osc(folder / "osc")
    catalogue = X["name"].unique()
    X, y, _ = clean_osc(X, y)
    store = OUT / "ccsnscore_inputs.npz"
    if not store.exists():
        catalogue = pd.read_csv(folder / "osc" / "objects.csv")["name"]
        rows, labels, names = read_all_templates(folder / "spectra", catalogue)
        given = {"X": both_inputs(X), "rows": rows, "labels": labels.astype(str)}
        np.savez(store, **given, names=names.astype(str))
    stored = np.load(store)
    return X, y, stored["X"], (stored["rows"], stored["labels"].astype(object))


def split(X, y):
    """Return the rows of the development part and of the test part."""
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=SPLIT_SEED)
    return next(folds.split(X, y, X["name"]))


def training_set(X, y, rows, templates, train, options, seed):
    """Return what a variant trains on."""
    parts, labels = [rows[train]], [y[train]]
    if options.get("mixes"):
        sampler = SpectrumMixSampler(options["mixes"], random_state=seed)
        more, names = sampler.fit_resample(X.iloc[train], y[train])
        parts.append(both_inputs(more.iloc[len(train) :]))
        labels.append(names[len(train) :])
    if options.get("templates"):
        used = (templates[1] != "Ia") | (options["templates"] != "rare")
        parts.append(templates[0][used])
        labels.append(templates[1][used])
    parts, labels = np.concatenate(parts), np.concatenate(labels)
    if options.get("perturb"):
        parts = np.vstack([parts, perturbed(parts, np.random.default_rng(seed))])
        labels = np.tile(labels, 2)
    return parts, labels


def perturbed(rows, rng):
    """Return rows with noise, a tilt of the flux and a shift by up to two samples."""
    n = len(rows)
    grid = np.linspace(-1, 1, 256)
    tilt = 1 + rng.normal(0, 0.2, (n, 1)) * grid
    flux, lines = rows[:, :256] * tilt, rows[:, 256:]
    moved = (np.arange(256) + rng.integers(-2, 3, (n, 1))).clip(0, 255)
    lines = np.take_along_axis(lines, moved, axis=1)
    noise = rng.gamma(1.0, 1.0, (n, 1)) * rng.normal(size=(n, 512))
    new = np.hstack([flux, lines]) + noise * np.repeat([0.02, 0.15], 256)
    return new.astype(np.float32)


def make_model(options, seed):
    """Return the untrained classifier of a variant."""
    if options.get("model") == "svm":
        machine = SVC(C=10, class_weight="balanced", probability=True, random_state=0)
        return make_pipeline(PCA(60, random_state=0), machine)
    wide = {"channels": (32, 64, 128), "size": 64, "dropout": 0.4}
    encoder = options.get("encoder", partial(Conv1dEncoder, **wide) if "wide" in options else None)
    inputs = {name: INPUTS[name] for name in options.get("inputs", INPUTS)}
    network = MultimodalClassifier(
        inputs=inputs,
        encoders=None if encoder is None else dict.fromkeys(inputs, encoder),
        max_epochs=options.get("max_epochs", 20),
        batch_size=64,
        validation=None,
        class_weight="balanced",
        device="cpu",
        random_state=seed,
    )
    n = options.get("n_networks", 1)
    return DeepEnsembleClassifier(network, n_estimators=n, random_state=seed) if n > 1 else network


def predict(X, y, rows, templates, train, test, options, seed):
    """Return probabilities of `test` in the order of GROUPS."""
    data, labels = training_set(X, y, rows, templates, train, options, seed)
    columns = np.concatenate([np.arange(256) + 256 * (n == "lines") for n in INPUTS])
    columns = columns.reshape(2, 256)[[n in options.get("inputs", INPUTS) for n in INPUTS]].ravel()
    data, wanted = data[:, columns], rows[test][:, columns]
    if options.get("model") == "svm":
        data, wanted = np.nan_to_num(data), np.nan_to_num(wanted)
    model = make_model(options, seed).fit(data, labels)
    proba = np.zeros((len(test), len(GROUPS)))
    proba[:, np.searchsorted(GROUPS, model.classes_)] = model.predict_proba(wanted)
    return proba


def scores(y, proba):
    """Return the figures of one set of probabilities."""
    found = GROUPS[proba.argmax(axis=1)]
    each = f1_score(y, found, average=None, labels=GROUPS)
    return {
        "accuracy": accuracy_score(y, found),
        "balanced": balanced_accuracy_score(y, found),
        "macro F1": each.mean(),
        "log loss": log_loss(y, proba, labels=GROUPS),
        "ECE": expected_calibration_error(y, proba, labels=GROUPS),
        **dict(zip(GROUPS, each)),
    }


def scaled(proba, temperature):
    """Return probabilities after division of their logarithms by a temperature."""
    powers = np.clip(proba, 1e-6, 1) ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def best_temperature(y, proba):
    """Return the temperature of the least log loss."""
    return minimize_scalar(
        lambda t: log_loss(y, scaled(proba, t), labels=GROUPS), bounds=(0.3, 6), method="bounded"
    ).x


def by_object(X, y, proba):
    """Return group and mean probabilities of each supernova."""
    table = pd.DataFrame(np.log(np.clip(proba, 1e-6, 1)), columns=GROUPS).assign(
        name=X["name"].to_numpy(), y=y
    )
    mean = table.groupby("name").agg({**dict.fromkeys(GROUPS, "mean"), "y": "first"})
    proba = np.exp(mean[GROUPS].to_numpy())
    return mean["y"].to_numpy(object), proba / proba.sum(axis=1, keepdims=True)


def stored_proba(name, work):
    """Return the array of `work()`, from the disk if a run before was there."""
    path = OUT / f"ccsnscore_{name.replace(' ', '_')}.npy"
    if not path.exists():
        np.save(path, work())
    return np.load(path)


def out_of_fold(name, X, y, rows, templates, seed, part="dev"):
    """Return probabilities of all given rows by 4-fold cross-validation."""
    proba = np.zeros((len(y), len(GROUPS)))
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
    for k, (train, test) in enumerate(folds.split(X, y, X["name"])):
        work = partial(predict, X, y, rows, templates, train, test, VARIANTS[name], 10 * seed + k)
        proba[test] = stored_proba(f"{part}_{name}_{seed}_{k}", work)
    return proba


def report(title, X, y, proba):
    """Show the figures a spectrum and a supernova."""
    for kind, pair in (("spectrum", (y, proba)), ("object", by_object(X, y, proba))):
        found = ", ".join(f"{k} {v:.3f}" for k, v in scores(*pair).items())
        print(f"{title:34s} {kind:8s} {found}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("variants", nargs="*")
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--all", type=int, default=0, help="seeds of folds over all supernovae")
    given = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    X, y, rows, templates = load(given.folder)
    dev, test = split(X, y)
    print(f"{len(dev)} spectra to develop, {len(test)} to test, templates:")
    print(pd.Series(templates[1]).value_counts().to_dict(), flush=True)
    for name in given.variants or VARIANTS:
        for seed in range(given.all):
            proba = out_of_fold(name, X, y, rows, templates, seed, "all")
            report(f"all {name} {seed}", X, y, proba)
        own = X.iloc[dev], y[dev]
        proba = out_of_fold(name, *own, rows[dev], templates, 0)
        report(f"dev {name}", *own, proba)
        temperature = best_temperature(y[dev], proba)
        for seed in range(3) if given.test else ():
            work = partial(predict, X, y, rows, templates, dev, test, VARIANTS[name], 100 + seed)
            answer = stored_proba(f"test_{name}_{seed}", work)
            report(f"test {name} {seed}", X.iloc[test], y[test], answer)
            cooled = scaled(answer, temperature)
            report(f"test, T = {temperature:.2f}", X.iloc[test], y[test], cooled)


if __name__ == "__main__":
    main()

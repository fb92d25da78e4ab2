"""More questions on real spectra: hydrogen, light curves, the recipe itself, other channels.

* H-rich [II, IIP, IIL, IIb, IIn] against H-poor [Ib, Ic, Ic-BL, Ibc] core-collapse supernovae, as
  CCSNscore's first layer.
* The five groups, on supernovae with 5 detections in B, g, V, r, R or i: the spectrum alone, and
  with the light curve in bins of 5 days over 100 days from the first detection.  The whole light
  curve is given, also what comes after the spectrum: an upper limit of its worth.
* The recipe ``make_ccsnscore``: one network for all groups against one binary network a group, and
  the channels halpha and redshift; development part, three seeds.
* ``limits`` shows where the recipe fails.
* ``test`` reads the test part with the variant that the development part prefers.

4-fold cross-validation by supernova, the network of ``ccsnscore.py``, three seeds of the folds.

Run: OMP_NUM_THREADS=1 python benchmarks/science/ccsnscore_more.py ../shared/data
     [hydrogen|curves|recipe|limits|test]
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from ccsnscore import GROUPS, OUT, load, split, stored_proba
from ccsnscore import report as report_groups
from ccsnscore_data import INPUTS
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold

from skastro.feature_extraction import LightCurveChannels
from skastro.neural_network import MultimodalClassifier
from skastro.recipes import (
    make_ccsnscore_classifier,
    make_ccsnscore_features,
)
from skastro.utils.ragged import flatten

RICH = ("II", "IIP", "IIL", "IIb", "IIn")
POOR = ("Ib", "Ic", "Ic-BL", "Ibc")
N_SEEDS = 3
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
    """Cross-validate and show the figures, a spectrum and a supernova, of each seed."""
    for seed in range(N_SEEDS):
        report_seed(f"{title}, seed {seed}", name, rows, y, names, inputs, seed)


def report_seed(title, name, rows, y, names, inputs, seed):
    """Cross-validate with one seed of the folds."""
    labels = np.unique(y)
    proba = np.zeros((len(y), len(labels)))
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
    for k, (train, test) in enumerate(folds.split(rows, y, names)):
        work = partial(fitted_proba, rows, y, train, test, inputs, 10 * seed + k)
        proba[test] = stored_proba(f"{name}_{10 * seed + k}", work)
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


CHANNELS = {
    "two": ("spec", "lines"),
    "four": ("spec", "lines", "halpha", "redshift"),
}

EDGES = {
    "phase": (-300, -5, 5, 20, 60, 3000),
    "cover": (0, 0.6, 0.8, 0.95, 1.01),
    "snr": (0, 10, 20, 40, 1000),
}


def model_proba(networks, channels, rows, y, train, test, seed):
    """Return probabilities of the groups by the recipe."""
    model = make_ccsnscore_classifier(
        channels=channels, networks=networks, device="cpu", random_state=seed
    )
    model.fit(rows[train], y[train])
    assert (model.classes_ == GROUPS).all()
    return model.predict_proba(rows[test])


def channel_rows(X, channels):
    """Return the rows of the recipe."""
    return make_ccsnscore_features(channels=channels).fit_transform(X)


def recipe(X, y):
    """Recipe on the development part."""
    dev, _ = split(X, y)
    X, y = X.iloc[dev], y[dev]
    for name, channels in CHANNELS.items():
        rows = channel_rows(X, channels)
        kinds = ("joint", "label") if name == "two" else ("joint",)
        for kind, seed in ((k, s) for k in kinds for s in range(N_SEEDS)):
            proba = np.zeros((len(y), len(GROUPS)))
            folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
            for k, (train, test) in enumerate(folds.split(rows, y, X["name"])):
                number = 10 * seed + k
                work = partial(model_proba, kind, channels, rows, y, train, test, number)
                proba[test] = stored_proba(f"channels_{kind}_{name}_{number}", work)
            report_groups(f"{kind}, {name} channels, seed {seed}", X, y, proba)


def limits(X, y):
    """Where the recipe fails: by phase, cover, S/N and number of spectra."""
    dev, _ = split(X, y)
    X, y = X.iloc[dev], y[dev]
    proba = np.zeros((N_SEEDS, len(y), len(GROUPS)))
    for seed in range(N_SEEDS):
        folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
        for k, (_, test) in enumerate(folds.split(y, y, X["name"])):
            stored = OUT / f"ccsnscore_channels_joint_two_{10 * seed + k}.npy"
            proba[seed, test] = np.load(stored)
    table = properties(X).assign(y=y, answer=GROUPS[proba.mean(axis=0).argmax(axis=1)])
    table = table[table["y"] != "SLSN"]
    show("all", table)
    show("first of each supernova", table[~X["name"][y != "SLSN"].duplicated().to_numpy()])
    for name, edges in EDGES.items():
        for low, high in zip(edges, edges[1:]):
            show(f"{name} {low} to {high}", table[table[name].between(low, high, "left")])
    names = X["name"][y != "SLSN"].to_numpy(object)
    core = (table["y"] != "Ia").to_numpy()
    wrong = pd.Series(names[core & (table["answer"] != table["y"]).to_numpy()]).value_counts()
    print(f"errors in {len(wrong)} of {len(set(names[core]))} core-collapse supernovae:")
    print(wrong.head(6).to_string())


def properties(X):
    """Return phase [days], covered share of 4200-9200 Angstrom and S/N of each spectrum."""
    offsets, rows = flatten(X["spectrum"], ("wavelength", "flux"))
    spans = [slice(a, b) for a, b in zip(offsets, offsets[1:])]
    rest = 1 + X["redshift"].fillna(0).to_numpy(float)
    ends = np.array([(w.min(), w.max()) for w in (rows["wavelength"][s] for s in spans)]).T / rest
    cover = (np.minimum(ends[1], 9200) - np.maximum(ends[0], 4200)) / 5000
    noise = [np.median(np.abs(np.diff(rows["flux"][s]))) * 1.4826 / 2**0.5 for s in spans]
    signal = [np.median(np.abs(rows["flux"][s])) for s in spans]
    phase = X["phase"].to_numpy(float)
    return pd.DataFrame({"phase": phase, "cover": cover, "snr": np.divide(signal, noise)})


def show(name, table):
    """Print accuracy and the mean F1 of the four groups without SLSN."""
    pair, groups = (table["y"], table["answer"]), GROUPS[:-1]
    score = f1_score(*pair, labels=groups, average="macro")
    print(f"{name:28s} {len(table):5d}: accuracy {accuracy_score(*pair):.3f}, F1 {score:.3f}")


def test_part(X, y):
    """The test part, by networks trained on all the rest."""
    dev, test = split(X, y)
    for name, channels in CHANNELS.items():
        rows = channel_rows(X, channels)
        for seed in range(N_SEEDS):
            work = partial(model_proba, "joint", channels, rows, y, dev, test, 100 + seed)
            proba = stored_proba(f"channels_test_joint_{name}_{seed}", work)
            report_groups(f"test, {name} channels, seed {seed}", X.iloc[test], y[test], proba)


def main():
    folder, wanted = Path(sys.argv[1]), sys.argv[2:] or ("hydrogen", "curves", "recipe")
    OUT.mkdir(parents=True, exist_ok=True)
    X, y, rows, _ = load(folder)
    if "hydrogen" in wanted:
        hydrogen(folder, X, rows)
    if "curves" in wanted:
        curves(X, y, rows)
    if "recipe" in wanted:
        recipe(X, y)
    if "limits" in wanted:
        limits(X, y)
    if "test" in wanted:
        test_part(X, y)


if __name__ == "__main__":
    main()

"""Real or bogus with wrong labels: losses, and what to do with the suspects.

    python benchmarks/science/realbogus.py noise
    python benchmarks/science/realbogus.py painted ../shared/data
    python benchmarks/science/realbogus.py methods
    python benchmarks/science/realbogus.py ztf ../shared/data

`noise` trains on simulated stamps of 21 pixels a side, a share of whose labels is flipped, and
scores on stamps with true labels; `painted` does the same with candidates painted onto cutouts of
ZTF; `methods` compares ways to find the flipped labels with those of cleanlab on the same
probabilities; `ztf` ranks the real candidates.  Every run is a line of
``output/science/realbogus_*.csv`` at once and is not repeated.  The complex network has half of its
channels, stamps are small and trainings short: they run on one core.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from cleanlab.filter import find_label_issues
from sklearn.metrics import f1_score, log_loss, precision_score, recall_score, roc_auc_score

from skastro.datasets import make_label_noise, make_stamps
from skastro.label_errors import LabelErrorFinder, find_label_errors
from skastro.metrics import expected_calibration_error, false_positive_rate_at
from skastro.neural_network import StampCNNClassifier
from skastro.nn import ComplexStampNet, RealBogusLoss
from skastro.recipes import make_realbogus_classifier
from skastro.utils.missing import is_blank

N_TRAIN, N_TEST, SIDE = 1500, 6000, 21
N_METHODS = 2000
RATES = (0.0, 0.05, 0.1, 0.2)
LOSSES = {
    "CE": None,
    "AUC + VAT": RealBogusLoss(cross_entropy=0.1, auc=1.0, vat=0.1),
    "CE + VAT": RealBogusLoss(cross_entropy=1.0, vat=1.0, epsilon=1.0),
}
VARIANTS = [
    ("simple", "CE", "kept"),
    ("simple", "CE", "removed"),
    ("simple", "CE", "true labels"),
    ("complex", "CE", "kept"),
    ("complex", "CE", "removed"),
    ("complex", "AUC + VAT", "kept"),
    ("complex", "AUC + VAT", "removed"),
    ("complex", "AUC + VAT", "unlabelled"),
    ("complex", "CE + VAT", "unlabelled"),
]


def classifier(network, loss, seed, side=29):
    """One of the networks of the table."""
    options = {"criterion": LOSSES[loss], "image_shape": (side, side, 3), "random_state": seed}
    if network == "simple":
        epochs, lr = (20, 1e-3) if side == 29 else (25, 2e-3)
        return StampCNNClassifier(max_epochs=epochs, lr=lr, **options)
    architecture = partial(ComplexStampNet, width=0.5)
    return StampCNNClassifier(architecture=architecture, max_epochs=10, **options)


def finder(seed, side=29, **options):
    """Out-of-fold probabilities of the simple network."""
    return LabelErrorFinder(classifier("simple", "CE", seed, side), random_state=seed, **options)


def stamps(n, seed, backgrounds, side=29):
    """Stamps and true labels."""
    X, y, _ = make_stamps(
        n, image_shape=(side, side, 3), backgrounds=backgrounds, random_state=seed
    )
    return X, y


def scores(y, proba):
    """Ranking and calibration."""
    return {
        "AUC": roc_auc_score(y, proba),
        "FPR at .9": false_positive_rate_at(y, proba, tpr=0.9),
        "FPR at .99": false_positive_rate_at(y, proba, tpr=0.99),
        "accuracy": ((proba > 0.5) == y).mean(),
        "log loss": log_loss(y, np.clip(proba, 1e-7, 1 - 1e-7)),
        "ECE": expected_calibration_error(y, np.column_stack([1 - proba, proba])),
    }


def noise(output, seeds, rates=RATES, backgrounds=None):
    """Train every variant at every rate of wrong labels."""
    done = set(map(tuple, read(output)[["seed", "rate", "network", "loss", "suspects"]].to_numpy()))
    for seed in range(seeds):
        X, y = stamps(N_TRAIN, 100 + seed, backgrounds, SIDE)
        X_test, y_test = stamps(N_TEST, 200 + seed, backgrounds, SIDE)
        for rate in rates:
            given, wrong = make_label_noise(y, rate=rate, random_state=seed)
            suspects = None
            for network, loss, action in VARIANTS:
                if (seed, rate, network, loss, action) in done:
                    continue
                if action in ("removed", "unlabelled") and suspects is None:
                    suspects = finder(seed, SIDE, cv=3).fit(X, given).label_errors_
                begin = time.process_time()
                labels = y if action == "true labels" else given
                data = treated(X, labels, suspects, action)
                model = classifier(network, loss, seed, SIDE).fit(*data)
                line = {"seed": seed, "rate": rate, "network": network, "loss": loss}
                line |= {"suspects": action} | scores(y_test, model.predict_proba(X_test)[:, 1])
                append(output, line | {"seconds": time.process_time() - begin})
    table = read(output)
    print(summary(table, ["rate", "network", "loss", "suspects"]))


def treated(X, y, suspects, action):
    """Training data after the suspects are dealt with."""
    if action == "removed":
        return X[~suspects], y[~suspects]
    return X, (np.where(suspects, -1, y) if action == "unlabelled" else y)


def methods(output, seeds, rates, n):
    """Precision and recall of the flipped labels among `n` stamps."""
    for seed in range(seeds):
        X, y = stamps(n, 100 + seed, None)
        for rate in (rate for rate in rates if rate):
            if ((read(output)["seed"] == seed) & (read(output)["rate"] == rate)).any():
                continue
            given, wrong = make_label_noise(y, rate=rate, random_state=seed)
            repeats = finder(seed, n_repeats=3).fit(X, given).oof_proba_repeats_
            first, mean = repeats[0], repeats.mean(axis=0)
            for name, found in found_by(given, first, mean, repeats).items():
                figures = (
                    precision_score(wrong, found, zero_division=0),
                    recall_score(wrong, found),
                    f1_score(wrong, found),
                )
                line = {"seed": seed, "rate": rate, "method": name}
                append(output, line | dict(zip(("precision", "recall", "F1"), figures)))
    print(summary(read(output), ["rate", "method"]))


def found_by(y, first, mean, repeats):
    """Masks of suspects by method."""
    ours = ("disagreement", "threshold", "noise_rate", "confident_learning")
    found = {f"{m}, one pass": find_label_errors(y, first, method=m) for m in ours}
    found |= {f"{m}, mean of three": find_label_errors(y, mean, method=m) for m in ours}
    for vote in ("disagreement", "noise_rate"):
        found[f"consensus of three, {vote}"] = find_label_errors(
            y, repeats, method="consensus", vote=vote
        )
    for name in ("prune_by_noise_rate", "confident_learning", "both"):
        found[f"cleanlab {name}, one pass"] = find_label_issues(y, first, filter_by=name)
        found[f"cleanlab {name}, mean of three"] = find_label_issues(y, mean, filter_by=name)
    return found


def ztf(data):
    """Real cutouts (n, height, width, 3) without gaps at the centre, and their table."""
    folder = Path(data) / "stamps"
    with np.load(folder / "ztf_triplets.npz") as file:
        cutouts = np.moveaxis(file[file.files[0]], 1, -1)
    cutouts = np.where(is_blank(cutouts), np.nan, cutouts)
    return cutouts, pd.read_csv(folder / "ztf_triplets.csv")


def halves(table):
    """Mask of the objects on which the simulation was chosen; the others were scored once."""
    rng, chosen = np.random.default_rng(7), set()
    label = table.groupby("objectId")["weak_label"].min()
    for _, part in label.groupby(label):
        names = rng.permutation(np.sort(part.index.to_numpy()))
        chosen |= set(names[: len(names) // 2])
    return table["objectId"].isin(chosen).to_numpy()


def rank_real(data, seeds, n_stamps):
    """Rank real candidates by networks trained on painted ones."""
    cutouts, table = ztf(data)
    side = slice(17, 46)
    centre = cutouts[:, side, side]
    gaps = np.isnan(centre).any(axis=(1, 2, 3))
    middle = np.nanmedian(centre, axis=(1, 2), keepdims=True)
    X = np.where(np.isnan(centre), middle, centre).reshape(len(centre), -1).astype(np.float32)
    proba = []
    for seed in range(seeds):
        X_train, y_train = stamps(n_stamps, 300 + seed, cutouts)
        model = make_realbogus_classifier(
            normalization="noise_asinh",
            max_epochs=10,
            average_orientations=True,
            random_state=seed,
        )
        proba.append(model.fit(X_train, y_train).predict_proba(X)[:, 1])
        known = table["weak_label"].to_numpy() >= 0
        weak = table["weak_label"].to_numpy()[known]
        print(
            f"seed {seed}: AUC against the weak labels {roc_auc_score(weak, proba[-1][known]):.3f}"
        )
    table = table.assign(score=np.mean(proba, axis=0), has_gap=gaps)
    table.to_csv("output/science/realbogus_ztf.csv", index=False)
    known = table[table["weak_label"] >= 0]
    print(f"mean of all: {roc_auc_score(known['weak_label'], known['score']):.3f} of {len(known)}")
    print(known["weak_label"].value_counts().to_dict())
    is_bright = np.where(known["magpsf"] < 16.5, "bright", "faint")
    half = np.where(halves(table)[known.index], "chosen on", "other half")
    for name, part in [*known.groupby(is_bright), *known.groupby(half)]:
        print(f"{name}: {roc_auc_score(part['weak_label'], part['score']):.3f} of {len(part)}")
    print(table.select_dtypes("number").corr("spearman")["score"].round(3))


def read(output):
    """Lines that are there."""
    if Path(output).exists():
        return pd.read_csv(output)
    return pd.DataFrame(columns=["seed", "rate", "network", "loss", "suspects"])


def append(output, line):
    """Add one line and show it."""
    print({k: round(v, 4) if isinstance(v, float) else v for k, v in line.items()}, flush=True)
    pd.DataFrame([line]).to_csv(output, mode="a", header=not Path(output).exists(), index=False)


def summary(table, keys):
    """Markdown of mean and spread over the seeds."""
    grouped = table.groupby(keys, sort=False)
    values = [name for name in table if name not in [*keys, "seed"]]
    mean, std = grouped[values].mean(), grouped[values].std()
    text = mean.map("{:.4f}".format) + " ± " + std.map("{:.4f}".format)
    return text.assign(runs=grouped.size()).to_markdown()


def main():
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["noise", "painted", "methods", "ztf"])
    parser.add_argument("data", nargs="?", default="../shared/data")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rates", type=float, nargs="+", default=RATES)
    parser.add_argument("--stamps", type=int, default=N_METHODS, help="of `methods` and `ztf`")
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = Path("output/science")
    folder.mkdir(parents=True, exist_ok=True)
    if options.part == "noise":
        noise(folder / "realbogus_noise.csv", options.seeds, options.rates)
    elif options.part == "painted":
        cutouts = ztf(options.data)[0]
        noise(folder / "realbogus_painted.csv", options.seeds, options.rates, cutouts)
    elif options.part == "methods":
        name = "" if options.stamps == N_METHODS else f"_{options.stamps}"
        output = folder / f"realbogus_methods{name}.csv"
        methods(output, options.seeds, options.rates, options.stamps)
    else:
        rank_real(
            options.data, options.seeds, 6000 if options.stamps == N_METHODS else options.stamps
        )


if __name__ == "__main__":
    main()

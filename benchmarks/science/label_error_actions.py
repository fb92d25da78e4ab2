"""What removing, relabelling and weighting suspects is worth for the classifier of a second stage.

    python benchmarks/science/label_error_actions.py digits
    python benchmarks/science/label_error_actions.py spectra ../shared/data
    python benchmarks/science/label_error_actions.py forest ../shared/data

A quarter of the objects, by group where there are groups, is scored with true labels; the others
get wrong ones as in ``label_errors.py``, are searched by five folds and train the same classifier
again.  Results are appended to ``output/science/label_error_actions.csv``.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from label_errors import OUTPUT, SETTINGS, SINGLE, spoil
from sklearn.base import clone
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold

from skastro.label_errors import LabelErrorFinder, find_label_errors


def training_sets(y, noisy, wrong, finder, rate):
    """Name, labels and weights (0 leaves an object out) of every way to train."""
    everything = np.ones(len(y))
    yield "true labels", y, everything
    yield "all kept", noisy, everything
    yield "the wrong ones removed", noisy, 1.0 - wrong
    options = {"classes": finder.classes_}
    masks = {m: find_label_errors(noisy, finder.oof_proba_, method=m, **options) for m in SINGLE}
    masks["self_confidence, known share"] = find_label_errors(
        noisy, finder.oof_proba_, method="self_confidence", share=rate, **options
    )
    for name, mask in masks.items():
        yield f"removed by {name}", noisy, 1.0 - mask
    best = masks["self_confidence"]
    yield (
        "relabelled by self_confidence",
        np.where(best, finder.suggested_labels_, noisy),
        everything,
    )
    weights = np.where(best, finder.label_quality_, 1.0)
    yield "downweighted by self_confidence", noisy, weights


def fit(estimator, X, y, weights):
    used = weights > 0
    last = estimator.steps[-1][0] if hasattr(estimator, "steps") else None
    name = f"{last}__sample_weight" if last else "sample_weight"
    return clone(estimator).fit(X[used], y[used], **{name: weights[used]})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("setting", choices=["digits", "spectra", "forest", "binary"])
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    load, rate = SETTINGS[args.setting]
    X, y, groups, estimator = load(args.data)
    by = np.arange(len(y)) if groups is None else groups
    for seed in range(args.seeds):
        halves = StratifiedGroupKFold(4, shuffle=True, random_state=seed).split(X, y, by)
        train, test = next(halves)
        own = None if groups is None else groups[train]
        noisy, wrong = spoil(y[train], own, rate, "random", None, seed)
        finder = LabelErrorFinder(
            estimator, random_state=seed, cache_dir=OUTPUT / "label_errors_folds"
        ).fit(X[train], noisy, groups=own)
        rows = []
        for name, labels, weights in training_sets(y[train], noisy, wrong, finder, rate):
            found = fit(estimator, X[train], labels, weights).predict(X[test])
            macro = f1_score(y[test], found, average="macro")
            rows.append([args.setting, seed, name, accuracy_score(y[test], found), macro])
        table = pd.DataFrame(rows, columns=["setting", "seed", "training", "accuracy", "macro_f1"])
        path = OUTPUT / "label_error_actions.csv"
        table.to_csv(path, mode="a", header=not path.exists(), index=False)
        print(table.round(4).to_string(), flush=True)


if __name__ == "__main__":
    main()

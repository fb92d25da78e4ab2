"""How many wrong labels LabelErrorFinder finds, by method, on images, light curves and spectra.

    python benchmarks/science/label_errors.py digits
    python benchmarks/science/label_errors.py forest ../shared/data
    python benchmarks/science/label_errors.py binary ../shared/data
    python benchmarks/science/label_errors.py recurrent ../shared/data --seeds 1 --repeats 1
    python benchmarks/science/label_errors.py spectra ../shared/data

Labels are made wrong with `make_label_noise` and searched for; each seed makes others wrong and
splits otherwise.  ``--kind score`` makes those wrong that a classifier of the true labels doubts
most.  For spectra whole supernovae get a wrong type, and folds are grouped by supernova.  Finished
folds and results are kept in ``output/science``.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skastro.datasets import make_label_noise
from skastro.label_errors import LabelErrorFinder, find_label_errors, label_quality_scores

OUTPUT = Path("output/science")
SINGLE = (
    "disagreement",
    "threshold",
    "noise_rate",
    "confident_learning",
    "self_confidence",
)
SCORES = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")


def digits(_):
    X, y = load_digits(return_X_y=True)
    return X / 16, y.astype(str), None, LogisticRegression(max_iter=200)


def light_curves(data):
    from _data import load_survey_bench

    return load_survey_bench(data)


def forest(data):
    from skastro.feature_extraction import LightCurveStatistics

    X, y = light_curves(data)
    static = X[["redshift", "redshift_err", "mwebv"]].to_numpy(float)
    rows = np.hstack([np.asarray(LightCurveStatistics().fit_transform(X)), static])
    return rows.astype(np.float32), y, None, RandomForestClassifier(200, random_state=0)


def binary(data):
    X, y, groups, model = forest(data)
    return X, np.where(y == "SNIa", "Ia", "other"), groups, model


def recurrent(data):
    from skastro.recipes import make_oracle_classifier, make_oracle_features

    X, y = light_curves(data)
    model = make_oracle_classifier(max_epochs=8, random_state=0)
    return make_oracle_features().fit_transform(X), y, None, model


def spectra(data):
    from osc import clean_osc, read_osc
    from osc_floors import features_of, variants

    X, y, _ = clean_osc(*read_osc(data / "osc"))
    chains = variants()
    steps = [chains["means over bins, standard"], chains["without continuum"]]
    model = make_pipeline(PCA(60, random_state=0), StandardScaler(), ExtraTreesClassifier(500))
    model.set_params(extratreesclassifier__random_state=0)
    return features_of(steps, X), y, X["name"].to_numpy(object), model


SETTINGS = {
    "digits": (digits, 0.1),
    "forest": (forest, 0.05),
    "binary": (binary, 0.05),
    "recurrent": (recurrent, 0.05),
    "spectra": (spectra, 0.05),
}


def spoil(y, groups, rate, kind, scores, seed):
    """Wrong labels of objects, or of all rows of a group."""
    if groups is None:
        return make_label_noise(y, rate=rate, kind=kind, scores=scores, random_state=seed)
    names, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    noisy, wrong = make_label_noise(y[first], rate=rate, random_state=seed)
    return noisy[inverse], wrong[inverse]


def masks(y, finder):
    """Every method on one cross-validation, on the mean of all, and as votes of all."""
    repeats, options = finder.oof_proba_repeats_, {"classes": finder.classes_}
    for method in SINGLE:
        yield method, 1, find_label_errors(y, repeats[0], method=method, **options)
    if len(repeats) == 1:
        return
    for method in SINGLE:
        name = f"{method}, mean"
        yield name, len(repeats), find_label_errors(y, finder.oof_proba_, method=method, **options)
    for vote in SINGLE:
        for agreement in (1.0, 0.6):
            mask = find_label_errors(
                y, repeats, method="consensus", vote=vote, agreement=agreement, **options
            )
            votes = "all" if agreement == 1 else "most"
            yield f"consensus of {vote}, {votes}", len(repeats), mask


def n_rows(groups):
    """Number of rows of the group of each row."""
    return pd.Series(groups).map(pd.Series(groups).value_counts()).to_numpy()


def results(y, wrong, finder, groups):
    many = wrong & (np.zeros(len(y), bool) if groups is None else n_rows(groups) > 3)
    for method, n_repeats, mask in masks(y, finder):
        yield {
            "method": method,
            "repeats": n_repeats,
            "suspects": mask.sum(),
            "precision": precision_score(wrong, mask, zero_division=0),
            "recall": recall_score(wrong, mask),
            "f1": f1_score(wrong, mask),
            "average_precision": np.nan,
            "recall_of_many": mask[many].mean() if many.any() else np.nan,
        }
    for method in SCORES:
        scores = label_quality_scores(y, finder.oof_proba_, classes=finder.classes_, method=method)
        doubt = 1 - np.nan_to_num(scores, nan=1.0)
        ranked = np.zeros(len(wrong), bool)
        ranked[np.argsort(-doubt, kind="stable")[: wrong.sum()]] = True
        yield {
            "method": f"as many as are wrong, by {method}",
            "repeats": finder.n_repeats,
            "suspects": wrong.sum(),
            "precision": precision_score(wrong, ranked),
            "recall": recall_score(wrong, ranked),
            "f1": f1_score(wrong, ranked),
            "average_precision": average_precision_score(wrong, doubt),
            "recall_of_many": ranked[many].mean() if many.any() else np.nan,
        }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("setting", choices=SETTINGS)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--kind", choices=["random", "score"], default="random")
    parser.add_argument("--ungrouped", action="store_true")
    args = parser.parse_args()
    load, rate = SETTINGS[args.setting]
    X, y, groups, estimator = load(args.data)
    options = {"cv": 5, "cache_dir": OUTPUT / "label_errors_folds", "verbose": True}
    scores = None
    if args.kind == "score":
        scores = LabelErrorFinder(estimator, random_state=99, **options).fit(X, y, groups=groups)
        scores = scores.oof_proba_
    for seed in range(args.seeds):
        noisy, wrong = spoil(y, groups, rate, args.kind, scores, seed)
        finder = LabelErrorFinder(estimator, n_repeats=args.repeats, random_state=seed, **options)
        finder.fit(X, noisy, groups=None if args.ungrouped else groups)
        table = pd.DataFrame(results(noisy, wrong, finder, groups))
        name = f"{args.setting}, {args.kind}{', ungrouped' * args.ungrouped}"
        table.insert(0, "setting", name)
        table.insert(1, "seed", seed)
        table.insert(2, "wrong", wrong.sum())
        path = OUTPUT / "label_errors.csv"
        table.to_csv(path, mode="a", header=not path.exists(), index=False)
        print(table.round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()

"""Calibration error by date before and after, and coverage of sets, for each recipe.

    OMP_NUM_THREADS=1 python benchmarks/science/calibration_runs.py ../shared/data [--seeds 3]
    OMP_NUM_THREADS=1 python benchmarks/science/calibration.py [--folder output/science]

Reads what ``calibration_runs.py`` stored.  The held-out objects are split in two halves, by object;
each half is calibrated on the other, and both are scored together.  Prints Markdown: mean and
standard deviation over the seeds.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from oracle import TREE
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedGroupKFold

from skastro.calibration import ConformalClassifier, DateCalibratedClassifier
from skastro.metrics import bootstrap_interval, calibration_scores, coverage_table
from skastro.taxonomy import Taxonomy

COVERAGE = 0.9
TREES = {
    "LSST": TREE,
    "CCSNscore-OSC": Taxonomy(
        {"SN": {"core collapse": ["II", "IIn", "Ibc"], "Ia": None, "SLSN": None}}
    ),
}


class Stored(ClassifierMixin, BaseEstimator):
    """Return stored probabilities of rows; the one column of X is the number of the row."""

    def __init__(self, proba=None, days=None, classes=None):
        self.proba = proba
        self.days = days
        self.classes = classes

    def fit(self, X, y):
        """Do nothing but name the classes."""
        self.classes_ = self.classes
        return self

    def predict_proba(self, X):
        """Return the probabilities of complete data."""
        return self.proba[X["row"], -1]

    def predict_proba_at(self, X, days):
        """Return the probabilities at stored days."""
        at = np.searchsorted(self.days, np.asarray(days, float))
        return self.proba[X["row"].to_numpy()[:, None], at]


class Run:
    """The predictions of one system and seed."""

    def __init__(self, path):
        self.name, self.seed = path.stem.rsplit("-", 1)
        stored = np.load(path, allow_pickle=False)
        self.proba = stored["proba"].astype(float)
        self.y, self.groups = stored["y"].astype(str), stored["groups"]
        self.classes = stored["classes"]
        self.days = stored["days"]
        self.model = FrozenEstimator(Stored(self.proba, self.days, self.classes).fit(None, None))
        self.X = pd.DataFrame({"row": np.arange(len(self.y))})
        folds = StratifiedGroupKFold(2, shuffle=True, random_state=0)
        self.halves = list(folds.split(self.X, self.y, self.groups))
        self.dated = self.days[np.isfinite(self.days)]

    def pooled(self, make, methods):
        """Return the predictions of each method for every object, calibrated on the other half."""
        parts = []
        for fit, test in self.halves:
            model = make().fit(self.X.iloc[fit], self.y[fit])
            parts.append([method(model, self.X.iloc[test]) for method in methods])
        order = np.argsort(np.concatenate([test for _, test in self.halves]))
        return [np.concatenate(found)[order] for found in zip(*parts)]

    def calibrated(self, method="temperature"):
        """Return calibrated probabilities at all dates."""
        if not len(self.dated):
            (full,) = self.pooled(
                lambda: DateCalibratedClassifier(self.model, method=method),
                [lambda model, X: model.predict_proba(X)],
            )
            return full[:, None]
        at, full = self.pooled(
            lambda: DateCalibratedClassifier(self.model, days=self.dated, method=method),
            [
                lambda model, X: model.predict_proba_at(X, self.dated),
                lambda model, X: model.predict_proba(X),
            ],
        )
        return np.concatenate([at, full[:, None]], axis=1)

    def sets(self, by_class, tree):
        """Return sets and nodes at all dates; no nodes without a tree."""
        dated = bool(len(self.dated))
        methods = [lambda model, X: model.predict_set(X)]
        methods += [lambda model, X: model.predict_set_at(X, self.dated)] * dated
        if tree is not None:
            methods.append(lambda model, X: model.predict_node(X))
            methods += [lambda model, X: model.predict_node_at(X, self.dated)] * dated
        options = {"coverage": COVERAGE, "by_class": by_class, "taxonomy": tree}
        found = self.pooled(
            lambda: ConformalClassifier(self.model, days=self.dated if dated else None, **options),
            methods,
        )
        step = 1 + dated
        sets, nodes = found[:step], found[step:]
        return (_joined(sets), _joined(nodes)) if nodes else (_joined(sets), None)


def _joined(parts):
    """Return dates in one array, the complete data last."""
    full = parts[0][:, None]
    return full if len(parts) == 1 else np.concatenate([parts[1], full], axis=1)


def calibration_lines(run):
    """Return scores before and after, one line per date."""
    lines = []
    found = {"before": run.proba, "after": run.calibrated(), "vector": run.calibrated("vector")}
    found["matrix"] = run.calibrated("matrix")
    for kind, proba in found.items():
        for i, day in enumerate(run.days):
            scores = calibration_scores(run.y, proba[:, i], labels=run.classes)
            lines.append({"kind": kind, "day": day, **scores})
    return lines


def interval_line(run):
    """Return the interval of the error after calibration of complete data, by group."""
    proba = run.calibrated()[:, -1]
    used = ~np.isnan(proba).any(axis=1)

    def error(y, p):
        return calibration_scores(y, p, labels=run.classes)["ece"]

    options = {"groups": run.groups[used], "n_resamples": 200, "random_state": 0}
    return bootstrap_interval(error, run.y[used], proba[used], **options).to_dict()


def coverage_lines(run):
    """Return coverage and size of the sets and nodes by date, and by class."""
    tree = next((tree for key, tree in TREES.items() if key in run.name), None)
    lines, by_class = [], []
    for mondrian in (False, True):
        sets, nodes = run.sets(mondrian, tree)
        for i, day in enumerate(run.days):
            known = ~np.isnan(run.proba[:, i]).any(axis=1)
            y = run.y[known]
            line = {"by class": mondrian, "day": day}
            table = coverage_table(y, sets[known, i], run.classes)
            each = coverage_table(y, sets[known, i], run.classes, by=y)
            line |= {"coverage": table["coverage"].item(), "size": table["mean_size"].item()}
            line |= _worst(each["coverage"])
            if nodes is not None:
                inside = tree.is_on_path[tree.numbers(y), tree.numbers(nodes[known, i])]
                line |= {"node coverage": inside.mean()}
                leaf = np.isin(nodes[known, i], run.classes)
                line |= {"leaf": leaf.mean()}
                own = pd.Series(inside).groupby(y).mean()
                line |= {f"node {key}": value for key, value in _worst(own).items()}
                by_class += _classes(mondrian, day, "node", own, each["n_objects"])
            by_class += _classes(mondrian, day, "set", each["coverage"], each["n_objects"])
            lines.append(line)
    return lines, by_class


def _worst(coverage):
    return {"lowest": coverage.min(), "largest distance": (coverage - COVERAGE).abs().max()}


def _classes(mondrian, day, kind, coverage, counts):
    return [
        {
            "by class": mondrian,
            "day": day,
            "of": kind,
            "class": name,
            "coverage": value,
            "n": counts[name],
        }
        for name, value in coverage.items()
    ]


def show(title, table, keys, digits=3):
    """Print mean and standard deviation over the seeds."""
    values = [name for name in table if name not in [*keys, "seed"]]
    grouped = table.groupby(keys, sort=False)[values]
    mean, std = grouped.mean(), grouped.std().fillna(0)
    text = mean.map(f"{{:.{digits}f}}".format) + " ± " + std.map(f"{{:.{digits}f}}".format)
    print(f"\n### {title}\n\n{text.assign(seeds=grouped.size()).to_markdown()}", flush=True)


def main():
    """Score all files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("output/science"))
    parser.add_argument("--intervals", action="store_true", help="bootstrap over objects")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    scores, coverages, classes = [], [], []
    for path in sorted(options.folder.glob("*-[0-9].npz")):
        run = Run(path)
        who = {"system": run.name, "seed": run.seed}
        scores += [who | line for line in calibration_lines(run)]
        lines, each = coverage_lines(run)
        coverages += [who | line for line in lines]
        classes += [who | line for line in each]
        if options.intervals:
            print(run.name, run.seed, interval_line(run), flush=True)
    scores = pd.DataFrame(scores)
    scores["day"] = scores["day"].replace(np.inf, "all").astype(str)
    wide = scores.drop(columns="n_objects").set_index(["system", "seed", "day", "kind"])
    wide = wide.unstack("kind").swaplevel(axis=1)
    wide.columns = [f"{name} {kind}" for kind, name in wide.columns]
    names = ("ece", "rms_error", "classwise_ece", "brier", "accuracy")
    keep = [f"{name} {kind}" for name in names for kind in KINDS]
    table = wide[["ece_of_calibrated after", *keep]].reset_index()
    show("Calibration error", table, ["system", "day"])
    coverages = pd.DataFrame(coverages)
    coverages["day"] = coverages["day"].replace(np.inf, "all").astype(str)
    show("Coverage", coverages, ["system", "by class", "day"])
    classes = pd.DataFrame(classes)
    full = classes[np.isinf(classes["day"])].drop(columns="day")
    show("Coverage of classes, complete data", full, ["system", "by class", "of", "class"])


KINDS = ("before", "after", "vector", "matrix")

if __name__ == "__main__":
    main()

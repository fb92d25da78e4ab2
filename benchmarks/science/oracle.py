"""Score the ORACLE recipe by date on labelled simulated LSST light curves.

    python benchmarks/science/oracle.py ../shared/data --seeds 3

Every seed samples another split by object: 80 % for training, of which the network holds out a
tenth to choose its best epoch, 20 % scored once.  `plain GRU` is the reference of the field: two
layers of 96, event tokens, one random prefix per object and epoch, 24 epochs, by a torch
loop.  `random forest` is trained anew on the statistics known at each date.  Runs that stand in the
output are not repeated.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _data import load_survey_bench
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score, log_loss
from sklearn.model_selection import train_test_split
from torch import nn

from skastro.feature_extraction import LightCurveStatistics
from skastro.metrics import scores_by_level
from skastro.recipes import STATIC_COLUMNS, make_oracle_classifier, make_oracle_features
from skastro.taxonomy import Taxonomy
from skastro.utils.ragged import flatten, keep_rows, nest, segment_ids

TREE = Taxonomy(
    {
        "Alert": {
            "Transient": {
                "SN": ["SNIa", "SNIa-91bg", "SNIax", "SNIbc", "SNII"],
                "Fast": ["KN", "Mdwarf-flare", "uLens"],
                "Long": ["SLSN-I", "TDE"],
            },
            "Variable": {"Periodic": ["RRL", "EB"], "AGN": None},
        }
    }
)
DAYS = 2.0 ** np.arange(9)
FLOOR_DAYS = (2.0, 8.0, 30.0, 1e4)


class PlainGRU(nn.Module):
    """Two recurrent layers, the last state and the static columns through one hidden layer."""

    def __init__(self, n_inputs, n_static, n_outputs):
        super().__init__()
        self.recurrent = nn.GRU(n_inputs, 96, 2, batch_first=True)
        self.head = nn.Sequential(nn.Linear(96 + n_static, 64), nn.ReLU(), nn.Linear(64, n_outputs))

    def forward(self, tokens, lengths, static):
        states, _ = self.recurrent(tokens)
        last = states[torch.arange(len(lengths)), lengths - 1]
        return self.head(torch.cat([last, static], 1))


def plain_gru(X, y, static, train, test, days, seed):
    """Probabilities (n_test, n_days, n_classes) of the plain loop."""
    offsets, rows = flatten(X["lightcurve"])
    ids, lengths = segment_ids(offsets), np.diff(offsets)
    since = rows["time"] - X["first_detection"].to_numpy()[ids]
    band = np.eye(len(rows["band"].categories))[rows["band"].codes]
    numbers = [since / 100, np.arcsinh(rows["flux"] / 10), np.log(rows["flux_err"])]
    tokens = np.column_stack([*numbers, rows["detected"], band]).astype(np.float32)
    values = X[list(static)].to_numpy(float)
    scaled = (values - np.nanmean(values[train], 0)) / np.nanstd(values[train], 0)
    values = np.hstack([np.nan_to_num(scaled), np.isnan(scaled)]).astype(np.float32)
    classes, codes = np.unique(y, return_inverse=True)

    def batch(objects, n):
        inside = np.arange(n.max()) < n[:, None]
        padded = np.zeros((*inside.shape, tokens.shape[1]), np.float32)
        padded[inside] = tokens[(offsets[objects][:, None] + np.arange(n.max()))[inside]]
        return [torch.from_numpy(a) for a in (padded, n, values[objects])]

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = PlainGRU(tokens.shape[1], values.shape[1], len(classes))
    optimizer = torch.optim.Adam(network.parameters())
    n_steps = 24 * -(-len(train) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=n_steps)
    for _ in range(24):
        n, order = rng.integers(1, lengths + 1), rng.permutation(train)
        for objects in np.split(order, range(64, len(order), 64)):
            optimizer.zero_grad()
            logits = network(*batch(objects, n[objects]))
            nn.functional.cross_entropy(logits, torch.from_numpy(codes[objects])).backward()
            optimizer.step()
            schedule.step()
    network.eval()
    answers = []
    for day in days:
        n = np.maximum(np.bincount(ids, since <= day, minlength=len(X)).astype(int), 1)
        parts = np.split(test, range(512, len(test), 512))
        with torch.no_grad():
            logits = torch.cat([network(*batch(part, n[part])) for part in parts])
        answers.append(torch.softmax(logits, 1).numpy())
    return np.stack(answers, 1), classes


def forest(X, y, static, train, test, days, seed):
    """Probabilities of random forests, one a date."""
    offsets, rows = flatten(X["lightcurve"])
    since = rows["time"] - X["first_detection"].to_numpy()[segment_ids(offsets)]
    answers = []
    for day in days:
        cut = X.assign(lightcurve=nest(*keep_rows(offsets, rows, since <= day), X.index))
        table = LightCurveStatistics().fit_transform(cut)
        table = np.nan_to_num(np.column_stack([table, cut[list(static)].to_numpy(float)]), nan=-999)
        model = RandomForestClassifier(
            400, min_samples_leaf=2, class_weight="balanced_subsample", random_state=seed
        )
        answers.append(model.fit(table[train], y[train]).predict_proba(table[test]))
    return np.stack(answers, 1), model.classes_


def oracle(taxonomy=None, n_networks=1, **parameters):
    """Make a function that gives the probabilities of the recipe."""

    def run(X, y, static, train, test, days, seed):
        model = make_oracle_classifier(
            taxonomy=taxonomy, static=static, n_networks=n_networks, random_state=seed, **parameters
        )
        model.fit(X.iloc[train], y[train])
        return model.predict_proba_at(X.iloc[test], days), model.classes_

    return run


MODELS = {
    "random forest": forest,
    "plain GRU": plain_gru,
    "recipe": oracle(TREE),
    "recipe, no tree": oracle(),
    "recipe, mean of 3": oracle(TREE, n_networks=3),
}


def scores(y, proba, classes):
    """Macro F1 of leaves and of each level, and log loss, at one date."""
    leaf = classes[proba.argmax(1)]
    levels = scores_by_level(y, TREE.node_proba(proba, classes), TREE)
    return {
        "leaf F1": f1_score(y, leaf, average="macro"),
        "log loss": log_loss(y, proba, labels=classes),
        **{f"depth {depth} F1": value for depth, value in levels["macro_f1"].items()},
    }


def summary(table):
    """Return markdown of mean and spread over the seeds, one column a date."""
    lines = []
    for measure in ("leaf F1", "depth 1 F1", "depth 2 F1", "log loss"):
        found = table.groupby(["model", "static", "day"], sort=False)[measure].agg(["mean", "std"])
        cells = found["mean"].map("{:.3f}".format) + " ± " + found["std"].map("{:.3f}".format)
        cells = cells.unstack("day")
        lines.append(f"\n| {measure} | static | " + " | ".join(f"{d:g} d" for d in cells) + " |")
        lines.append("|---" * (cells.shape[1] + 2) + "|")
        lines += ["| " + " | ".join([*key, *row]) + " |" for key, row in cells.iterrows()]
    return "\n".join(lines)


def main():
    """Run everything and print one line a run, then the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    parser.add_argument("--static", nargs="*", default=["yes", "no"])
    parser.add_argument("--output", default="output/science/oracle.csv")
    options = parser.parse_args()
    torch.set_num_threads(1)
    Path(options.output).parent.mkdir(parents=True, exist_ok=True)
    X, y = load_survey_bench(options.data)
    y = np.asarray(y).astype(str)
    X = make_oracle_features().fit_transform(X)
    days = np.unique([*DAYS, *FLOOR_DAYS])
    results = (
        pd.read_csv(options.output).to_dict("records") if Path(options.output).exists() else []
    )
    done = {(line["model"], line["static"], line["seed"]) for line in results}
    for seed in range(options.seeds):
        train, test = train_test_split(
            np.arange(len(y)), test_size=0.2, stratify=y, random_state=seed
        )
        for name in options.models:
            for static in options.static:
                if (name, static, seed) in done:
                    continue
                begin = time.perf_counter()
                columns = STATIC_COLUMNS if static == "yes" else ()
                proba, classes = MODELS[name](X, y, columns, train, test, days, seed)
                seconds = time.perf_counter() - begin
                for i, day in enumerate(days):
                    line = {"model": name, "static": static, "seed": seed, "day": day}
                    line |= scores(y[test], proba[:, i], classes) | {"seconds": seconds}
                    results.append(line)
                table = pd.DataFrame(results)
                table.to_csv(options.output, index=False)
                last = table[(table["seed"] == seed) & (table["model"] == name)]
                last = last[last["static"] == static]
                print(
                    seed,
                    name,
                    static,
                    last["leaf F1"].round(3).tolist(),
                    f"{seconds:.0f} s",
                    flush=True,
                )

    print(summary(pd.DataFrame(results)))


if __name__ == "__main__":
    main()

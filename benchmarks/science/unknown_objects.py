"""Unknown objects: detectors when one class at a time is left out, and the gate of early SNe Ia.

    OMP_NUM_THREADS=1 python benchmarks/science/unknown_objects.py ../shared/data train
    OMP_NUM_THREADS=1 python benchmarks/science/unknown_objects.py ../shared/data score
    OMP_NUM_THREADS=1 python benchmarks/science/unknown_objects.py ../shared/data early

`train` fits one network per left-out class on simulated LSST light curves and writes one file per
class to `--output`: embeddings, last layer and probabilities of training objects, of held-out
objects of the known classes, of the left-out class, of flat sources and of artefacts.  `score`
compares detectors on these files.  The full size is ``--objects 6400 --epochs 30 --module
default``.  Files that are there are not computed again.  `early` fits the recommended gate to the
ORACLE models that ``calibration_runs.py`` has stored in the same folder, and shows the probability
of SNIa of flat sources and artefacts by date.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _data import load_survey_bench
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skastro.calibration import (
    ClassIsolationForest,
    MahalanobisDetector,
    NeighborDetector,
    energy_score,
    mutual_information,
)
from skastro.feature_extraction import VariabilityStatistics
from skastro.nn import RecurrentNet
from skastro.persistence import load_model
from skastro.preprocessing import Window
from skastro.recipes import make_gate, make_oracle_classifier, make_oracle_features
from skastro.utils.ragged import flatten, nest, segment_ids, segment_reduce

N_TRAINED, N_KNOWN, N_OTHER = 2500, 1500, 300
SMALL = partial(RecurrentNet, num_layers=1, hidden_size=64)
LIGHT_CURVE = Window(-30, 100, reference_column="first_detection")


def flat_sources(X, rng):
    """Sources of constant flux at a S/N of 3 to 30, with the cadence and the errors of X."""
    offsets, rows = flatten(X["lightcurve"])
    objects, error = segment_ids(offsets), np.asarray(rows["flux_err"], float)
    typical = np.nan_to_num(segment_reduce(offsets, error, np.add) / np.diff(offsets))
    level = typical * np.exp(rng.uniform(np.log(3), np.log(30), len(X)))
    return _with_flux(X, level[objects] + rng.normal(size=len(error)) * error)


def artefacts(X, rng):
    """Empty sky with one or two spikes of a S/N of 10 to 100."""
    offsets, rows = flatten(X["lightcurve"])
    error = np.asarray(rows["flux_err"], float)
    flux = rng.normal(size=len(error)) * error
    for _ in range(2):
        where = offsets[:-1] + (rng.random(len(X)) * np.diff(offsets)).astype(int)
        where = where[np.diff(offsets) > 0]
        flux[where] = error[where] * np.exp(rng.uniform(np.log(10), np.log(100), len(where)))
    return _with_flux(X, flux)


def _with_flux(X, flux):
    """X with another flux, detections as the survey would flag them, and its own zero date."""
    offsets, rows = flatten(X["lightcurve"])
    kept = {name: rows[name] for name in ("time", "band", "flux_err")}
    return X.assign(lightcurve=nest(offsets, {**kept, "flux": flux}, X.index))


def cast(X, y, left_out, n_objects, seed=0):
    """Return parts by name: train, known, unknown, flat, artefact; and the labels of two."""
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(y != left_out)
    train, rest = train_test_split(
        known, train_size=min(n_objects, len(known) - N_KNOWN), stratify=y[known], random_state=seed
    )
    test, spare = rest[:N_KNOWN], rest[N_KNOWN : N_KNOWN + N_OTHER]
    if len(spare) < N_OTHER:
        spare = test[:N_OTHER]
    unknown = np.flatnonzero(y == left_out)[:N_OTHER]
    parts = {"train": X.iloc[train], "known": X.iloc[test], "unknown": X.iloc[unknown]}
    parts |= {"flat": flat_sources(X.iloc[spare], rng), "artefact": artefacts(X.iloc[spare], rng)}
    return parts, y[train], y[test]


def train(X, y, left_out, options):
    """Fit one network and store what detectors read."""
    path = Path(options.output) / f"unknown-{left_out}.npz"
    if path.exists():
        return
    start = time.process_time()
    parts, y_train, y_known = cast(X, y, left_out, options.objects)
    features = make_pipeline(make_oracle_features(), LIGHT_CURVE).fit(parts["train"])
    rows = {name: features.transform(part) for name, part in parts.items()}
    network = make_oracle_classifier(
        max_epochs=options.epochs,
        random_state=0,
        **({} if options.module == "default" else {"module": SMALL}),
    )
    network.fit(rows["train"], y_train)
    others = [
        clone(network).set_params(random_state=seed).fit(rows["train"], y_train)
        for seed in range(1, options.networks)
    ]
    layer = network.net_.module_.output
    stored = {"weight": layer.weight.detach().numpy(), "bias": layer.bias.detach().numpy()}
    for name, part in rows.items():
        stored[f"embedding_{name}"] = network.transform(part)
        stored[f"proba_{name}"] = network.predict_proba(part)
        samples = network.predict_proba_samples(part, 10)
        stored[f"disagreement_{name}"] = mutual_information(samples)
        if not others:
            continue
        members = [stored[f"proba_{name}"], *(other.predict_proba(part) for other in others)]
        stored[f"ensemble_{name}"] = mutual_information(members)
    seconds = time.process_time() - start
    labels = {"y_train": y_train.astype(str), "y_known": y_known.astype(str)}
    np.savez(path, classes=network.classes_.astype(str), seconds=seconds, **labels, **stored)
    right = network.classes_[stored["proba_known"].argmax(axis=1)] == y_known
    print(f"{left_out}: accuracy {right.mean():.3f}, {seconds:.0f} s", flush=True)


PARTS = ("known", "unknown", "flat", "artefact")


def variability(X, y, left_out, folder, n_objects):
    """Rows of VariabilityStatistics of every part, computed once."""
    path = Path(folder) / f"variability-{left_out}.npz"
    if not path.exists():
        parts, *_ = cast(X, y, left_out, n_objects)
        steps = make_pipeline(make_oracle_features(), LIGHT_CURVE, VariabilityStatistics())
        steps.fit(parts["train"])
        np.savez(path, **{name: steps.transform(part) for name, part in parts.items()})
    with np.load(path) as stored:
        return {name: np.nan_to_num(stored[name].astype(float)) for name in stored.files}


def detectors():
    """Detectors by name, and the rows that they read."""
    forest = ClassIsolationForest(random_state=0)
    scaled = make_pipeline(StandardScaler(), NeighborDetector())
    for kind in ("embedding", "variability", "both"):
        yield f"Mahalanobis, {kind}", MahalanobisDetector(), kind
        yield f"neighbour, {kind}", scaled, kind
        yield f"forest per class, {kind}", forest, kind


def all_scores(X, y, left_out, folder):
    """Scores of every part by detector; higher is more unlike the training."""
    stored = np.load(Path(folder) / f"unknown-{left_out}.npz")
    n_objects = len(stored["y_train"])
    rows = {"variability": variability(X, y, left_out, folder, n_objects)}
    names = ("train", *PARTS)
    rows["embedding"] = {n: np.nan_to_num(stored[f"embedding_{n}"].astype(float)) for n in names}
    pairs = {n: [rows["embedding"][n], rows["variability"][n]] for n in names}
    rows["both"] = {n: np.hstack(pair) for n, pair in pairs.items()}
    weight, bias = stored["weight"], stored["bias"]
    found = {
        "energy": {n: energy_score(rows["embedding"][n] @ weight.T + bias) for n in PARTS},
        "probability": {n: -stored[f"proba_{n}"].max(axis=1) for n in PARTS},
        "dropout disagreement": {n: stored[f"disagreement_{n}"] for n in PARTS},
    }
    if "ensemble_known" in stored:
        found["ensemble disagreement"] = {n: stored[f"ensemble_{n}"] for n in PARTS}
    for name, detector, kind in detectors():
        detector.fit(rows[kind]["train"], stored["y_train"])
        found[name] = {n: -detector.score_samples(rows[kind][n]) for n in PARTS}
    found["neighbour, both, and energy"] = _fisher(found["neighbour, both"], found["energy"])
    if "ensemble_known" in stored:
        pair = found["neighbour, both"], found["ensemble disagreement"]
        found["neighbour, both, and ensemble"] = _fisher(*pair)
    return found


def _fisher(*scores):
    """Sum of the logarithms of p-values against every other known object."""
    total = dict.fromkeys(PARTS, 0.0)
    for score in scores:
        known = np.sort(score["known"][::2])
        for name in PARTS:
            above = 1 + len(known) - np.searchsorted(known, score[name])
            total[name] = total[name] - np.log(above / (len(known) + 1))
    return total


def score(X, y, folder):
    """Print the area under the ROC curve of every detector."""
    lines = []
    there = [name for name in np.unique(y) if (Path(folder) / f"unknown-{name}.npz").exists()]
    for left_out in there:
        for name, scores in all_scores(X, y, left_out, folder).items():
            known = scores["known"][1::2]
            line = {"detector": name, "left out": left_out}
            for part in PARTS[1:]:
                truth = np.repeat([0, 1], [len(known), len(scores[part])])
                line[part] = roc_auc_score(truth, np.concatenate([known, scores[part]]))
            lines.append(line)
    table = pd.DataFrame(lines)
    means = table.groupby("detector", sort=False)[list(PARTS[1:])].mean()
    print(means.round(3).to_markdown(), flush=True)
    wide = table.pivot(index="detector", columns="left out", values="unknown")
    print(wide.loc[means.index].round(2).to_markdown())


def early(X, y, folder, days=(1.0, 3.0, 10.0, 30.0)):
    """Print P(SNIa) of flat sources and artefacts by date, before and after the gate."""
    from calibration_runs import N_TEST, split

    lines = []
    for path in sorted(Path(folder).glob("ORACLE-LSST-[0-9].skastro")):
        model, seed = load_model(path), int(path.stem[-1])
        features = make_pipeline(make_oracle_features(), LIGHT_CURVE)
        with np.load(path.with_suffix(".npz")) as stored:
            n_train = int(stored["n_train"])
        train, rest = split(y, np.arange(len(y)), n_train, seed)
        fit, test = rest[: N_TEST // 2], rest[N_TEST // 2 :]
        rows = features.fit(X.iloc[train]).transform(X.iloc[rest]).drop(columns="quality")
        gate = make_gate(FrozenEstimator(model), days=days, random_state=0)
        gate.fit(rows.iloc[: len(fit)], y[fit])
        rng = np.random.default_rng(seed)
        spare = X.iloc[test[:N_OTHER]]
        parts = {"known": spare, "SNIa": X.iloc[test[y[test] == "SNIa"][:N_OTHER]]}
        parts |= {"flat": flat_sources(spare, rng), "artefact": artefacts(spare, rng)}
        ia = list(model.classes_).index("SNIa")
        for name, part in parts.items():
            part = features.transform(part).drop(columns="quality")
            part = part[part["first_detection"].notna()]
            before = model[-1].predict_proba_at(model[:-1].transform(part), days)[..., ia]
            after = np.nan_to_num(gate.predict_proba_at(part, days)[..., ia])
            for i, day in enumerate(days):
                seen = ~np.isnan(before[:, i])
                p, q = before[seen, i], after[seen, i]
                line = {"seed": seed, "objects": name, "day": day, "n": len(p)}
                line |= {"P(SNIa)": p.mean(), "P(SNIa), gated": q.mean()}
                line |= {"above .5": (p > 0.5).mean(), "above .5, gated": (q > 0.5).mean()}
                lines.append(line | {"rejected": (q == 0).mean()})
    table = pd.DataFrame(lines).groupby(["objects", "day"], sort=False).mean().drop(columns="seed")
    print(table.round(3).to_markdown())


def main():
    """Train or score."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("action", choices=["train", "score", "early"])
    parser.add_argument("--objects", type=int, default=N_TRAINED)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--module", choices=["small", "default"], default="small")
    parser.add_argument("--networks", type=int, default=1, help="members whose disagreement counts")
    parser.add_argument("--classes", nargs="*", help="left-out classes; all by default")
    parser.add_argument("--output", default="output/science")
    options = parser.parse_args()
    torch.set_num_threads(1)
    Path(options.output).mkdir(parents=True, exist_ok=True)
    X, y = load_survey_bench(options.data)
    y = y.astype(str)
    if options.action == "train":
        for left_out in options.classes or np.unique(y):
            train(X, y, left_out, options)
    elif options.action == "score":
        score(X, y, options.output)
    else:
        early(X, y, options.output)


if __name__ == "__main__":
    main()

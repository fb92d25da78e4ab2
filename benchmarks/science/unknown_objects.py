"""Train ORACLE without one class at a time, and store what detectors of unknown objects read.

    OMP_NUM_THREADS=1 python benchmarks/science/unknown_objects.py ../shared/data train
    OMP_NUM_THREADS=1 python benchmarks/science/unknown_objects.py ../shared/data score

`train` fits one network per left-out class on simulated LSST light curves and writes one file per
class to `--output`: embeddings, last layer, probabilities and light-curve statistics of training
objects, of held-out objects of the known classes, of the left-out class, of flat sources and of
artefacts.  `score` compares detectors on these files.  The full size is
``--objects 6400 --epochs 30``.  Files that are there are not computed again.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from _data import load_survey_bench
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skastro.calibration import mutual_information
from skastro.nn import RecurrentNet
from skastro.preprocessing import Window
from skastro.recipes import make_oracle_classifier, make_oracle_features
from skastro.utils.ragged import flatten, nest, segment_ids, segment_reduce

N_KNOWN, N_OTHER = 1500, 300
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
    layer = network.net_.module_.output
    stored = {"weight": layer.weight.detach().numpy(), "bias": layer.bias.detach().numpy()}
    for name, part in rows.items():
        stored[f"embedding_{name}"] = network.transform(part)
        stored[f"proba_{name}"] = network.predict_proba(part)
        samples = network.predict_proba_samples(part, 10)
        stored[f"disagreement_{name}"] = mutual_information(samples)
    seconds = time.process_time() - start
    labels = {"y_train": y_train.astype(str), "y_known": y_known.astype(str)}
    np.savez(path, classes=network.classes_.astype(str), seconds=seconds, **labels, **stored)
    right = network.classes_[stored["proba_known"].argmax(axis=1)] == y_known
    print(f"{left_out}: accuracy {right.mean():.3f}, {seconds:.0f} s", flush=True)


def main():
    """Train or score."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("action", choices=["train", "score"])
    parser.add_argument("--objects", type=int, default=2500)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--module", choices=["small", "default"], default="small")
    parser.add_argument("--output", default="output/science")
    options = parser.parse_args()
    torch.set_num_threads(1)
    Path(options.output).mkdir(parents=True, exist_ok=True)
    X, y = load_survey_bench(options.data)
    y = y.astype(str)
    if options.action == "train":
        for left_out in np.unique(y):
            train(X, y, left_out, options)


if __name__ == "__main__":
    main()

"""Convert, features, fit and predict for growing numbers of objects: rates, memory, slopes.

    python benchmarks/scale/objects.py [--sizes 1000 10000] [--stages oracle ...] [--cores 2]

Everything is read from files, some row groups or rows at a time: light curves through ParquetFrame,
heat maps and the channels of spectra through transform_to_npy, stamps through a memory map.  The
objects are 1,000 simulated ones, repeated under new identifiers.  Each recipe and size runs in a
process of its own, after a warm-up with 200 objects; `fit` is one epoch.  Printed are objects per
second of CPU time and per second on the clock, the peak of the memory that no file stands behind,
and at the end the slope of log CPU time against log n between the smallest and the largest size.
With `--cores 2` the networks compute with two threads and heat maps in two processes, whose CPU
time is not counted: the rate on the clock then counts, on a machine without other work.
"""

import argparse
import inspect
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import _measure
import numpy as np

UNIT = 1000
CLASSES = ["SNIa", "SNII", "SNIbc"]
CORES = int(os.environ["OMP_NUM_THREADS"])
SIZES = [1_000, 10_000]
FEWER = {"realbogus": [1_000, 3_000]}
STAGES = ["oracle-in-memory", "convert", "scone", "oracle", "transformer", "ccsnscore", "realbogus"]


def repeated(X, y, n, start=0):
    """Return n objects and their labels, copies of X under new identifiers."""
    rows = np.arange(n) % len(X)
    names = [f"S{start + i:08d}" for i in range(n)]
    return X.iloc[rows].set_axis(names, axis=0).rename_axis("object_id"), np.asarray(y)[rows]


def write_units(X, y, n, folder):
    """Write n objects as Parquet files of one row group of 1,000 each; return the labels."""
    from skastro.io import write_parquet

    labels = []
    for start in range(0, n, UNIT):
        part, own = repeated(X, y, min(UNIT, n - start), start)
        write_parquet(part, folder / f"{start:09d}.parquet")
        labels.append(own)
    return np.concatenate(labels)


def light_curves(n, folder):
    from skastro.datasets import make_light_curves

    X, y = make_light_curves(UNIT, classes=CLASSES, random_state=0)
    return X, y, write_units(X, y, n, folder)


def run_convert(n, folder):
    from skastro.datasets import make_light_curves
    from skastro.io import convert, write_snana

    X, y = make_light_curves(UNIT, classes=CLASSES, random_state=0)
    for start in range(0, n, UNIT):
        part, own = repeated(X, y, min(UNIT, n - start), start)
        write_snana(part.assign(type=own), folder / "raw" / f"A-{start // UNIT:05d}")
    with _measure.Stage() as stage:
        convert(folder / "raw", folder / "parquet", progress=False)
    yield "convert", stage


def run_ragged(make_features, make_classifier, n, folder):
    from skastro.io import ParquetFrame

    (folder / "x").mkdir()
    X, y, labels = light_curves(n, folder / "x")
    features = make_features(survey="LSST").fit(X, y)
    frame = ParquetFrame(folder / "x").map(features)
    with _measure.Stage() as stage:
        for _ in frame:
            pass
    yield "features", stage
    yield from fit_and_predict(make_classifier, frame, labels, features.transform(X[:200]), y[:200])


def run_in_memory(n, folder):
    """Fit and predict without files between, to compare time and memory."""
    from skastro.io import read_parquet
    from skastro.recipes import make_oracle_classifier, make_oracle_features

    (folder / "x").mkdir()
    X, y, labels = light_curves(n, folder / "x")
    features = make_oracle_features(survey="LSST").fit(X, y)
    warm = features.transform(X[:200])
    prepared = features.transform(read_parquet(folder / "x"))
    yield from fit_and_predict(make_oracle_classifier, prepared, labels, warm, y[:200])


def run_dense(make_features, make_classifier, n, folder, data):
    from skastro.feature_extraction import transform_to_npy
    from skastro.io import ParquetFrame

    (folder / "x").mkdir()
    X, y = data()
    labels = write_units(X, y, n, folder / "x")
    jobs = {"n_jobs": CORES} if "n_jobs" in inspect.signature(make_features).parameters else {}
    features = make_features(**jobs).fit(X[:200], y[:200])
    warm = np.asarray(features.transform(X[:200]), np.float32)
    with _measure.Stage() as stage:
        frame = ParquetFrame(folder / "x")
        rows = transform_to_npy(features, frame, folder / "rows.npy")
    yield "features", stage
    yield from fit_and_predict(make_classifier, rows, labels, warm, y[:200])


def run_stamps(n, folder):
    from skastro.datasets import make_stamps
    from skastro.recipes import make_realbogus

    X, y, _ = make_stamps(UNIT, random_state=0)
    shape = (n, X.shape[1])
    rows = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.float32, shape)
    for start in range(0, n, UNIT):
        rows[start : start + UNIT] = X[: min(UNIT, n - start)]
    labels = np.resize(y, n)
    del rows
    rows = np.load(folder / "rows.npy", mmap_mode="r")
    once = {"cv": 2, "first": {"max_epochs": 1}}
    make = lambda **options: make_realbogus(**once, **options)  # noqa: E731
    yield from fit_and_predict(make, rows, labels, X[:200], y[:200])


def fit_and_predict(make, X, y, warm, warm_y):
    make(max_epochs=1, random_state=0).fit(warm, warm_y).predict_proba(warm)
    model = make(max_epochs=1, random_state=0)
    with _measure.Stage() as stage:
        model.fit(X, y)
    yield "fit", stage
    with _measure.Stage() as stage:
        model.predict_proba(X)
    yield "predict", stage


def run(name, n, folder):
    """Yield the name and the measurement of each stage."""
    from skastro import recipes
    from skastro.datasets import make_light_curves, make_spectra

    if name == "convert":
        return run_convert(n, folder)
    if name == "realbogus":
        return run_stamps(n, folder)
    if name == "oracle-in-memory":
        return run_in_memory(n, folder)
    features = getattr(recipes, f"make_{name}_features")
    classifier = getattr(recipes, f"make_{name}_classifier")
    if name == "scone":
        data = lambda: make_light_curves(UNIT, classes=CLASSES, random_state=0)  # noqa: E731
        return run_dense(features, classifier, n, folder, data)
    if name == "ccsnscore":
        data = lambda: make_spectra(UNIT, classes=["Ia", "II", "Ib"], random_state=0)[:2]  # noqa: E731
        return run_dense(features, classifier, n, folder, data)
    return run_ragged(features, classifier, n, folder)


def measure(name, n):
    """Print one line per stage as JSON."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        for stage, found in run(name, n, Path(folder)):
            row = {"name": name, "stage": stage, "n": n, "s": found.seconds, "MB": found.peak}
            row["elapsed"] = found.elapsed
            print(json.dumps(row), flush=True)


def in_a_process(name, n, cores):
    words = [sys.executable, __file__, "--one", name, str(n)]
    # MKL_NUM_THREADS=1 limits torch as well.
    environment = os.environ | dict.fromkeys(_measure.THREADS, str(cores))
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    if done.returncode:
        print(done.stderr[-2000:], flush=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def report(rows):
    names = ["recipe", "stage", "n", "objects per CPU s", "per s", "peak [MB]", "slope"]
    for cells in (names, ["---"] * len(names)):
        print(f"| {' | '.join(cells)} |")
    for key in dict.fromkeys((row["name"], row["stage"]) for row in rows):
        own = sorted((r for r in rows if (r["name"], r["stage"]) == key), key=lambda r: r["n"])
        for row in own:
            slope = ""
            if row is own[-1] and len(own) > 1:
                growth = math.log(row["s"] / own[0]["s"]) / math.log(row["n"] / own[0]["n"])
                slope = f"{growth:.2f}"
            rates = f"{row['n'] / row['s']:,.0f} | {row['n'] / row['elapsed']:,.0f}"
            print(f"| {key[0]} | {key[1]} | {row['n']:,} | {rates} | {row['MB']:,.0f} | {slope} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", help=f"default {SIZES}; {FEWER}")
    parser.add_argument("--stages", nargs="*", default=STAGES, choices=STAGES)
    parser.add_argument("--cores", type=int, default=1, help="threads of the networks")
    parser.add_argument("--one", nargs=2, metavar=("STAGE", "N"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure(options.one[0], int(options.one[1]))
        return
    rows = []
    for name in options.stages:
        for n in options.sizes or FEWER.get(name, SIZES):
            new = in_a_process(name, n, options.cores)
            rows += new
            for row in new:
                print(row, flush=True)
    report(rows)


if __name__ == "__main__":
    main()

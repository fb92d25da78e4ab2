"""Speed of every recipe in prediction, step by step, on one core, beside plain loops.

One line per recipe: objects per second of CPU time for reading (from Parquet, light curves
only), features, training of the classifier for one epoch, its prediction, and prediction from light
curves to probabilities; CPU milliseconds of a call with one object, median and 99th percentile, and
of one with 100 objects; peak memory of the process up to then, in which the recipes run one after
the other.  Beside it the plain torch loop: the module of the network over ready batches of 128
objects.  Below, george's process, which predicts the grid of the heat maps at
hyperparameters that are given, without a fit; and the recurrent network of SuperNNova (Moller and
de Boissiere 2020, MNRAS 491, 4277: two bidirectional LSTM layers of width 32, mean output, one step
per night) as a plain loop over ready tensors of the same light curves.

    OMP_NUM_THREADS=1 python benchmarks/throughput.py
    OMP_NUM_THREADS=1 python benchmarks/throughput.py --goals
    OMP_NUM_THREADS=2 python benchmarks/throughput.py --cores 2

`--goals` prints the state against the goals for alerts, throughput and Gaussian processes instead.
With more than one core the figures are of elapsed time, right only on an idle machine.
"""

import argparse
import platform
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

import bench_gp_linear
import george
import numpy as np
import torch
from sklearn.base import clone

from skastro.datasets import make_light_curves, make_spectra, make_stamps
from skastro.io import read_parquet, write_parquet
from skastro.recipes import (
    make_ccsnscore,
    make_oracle,
    make_realbogus,
    make_scone,
    make_transformer,
)
from skastro.utils.ragged import flatten

BATCH = 128


clock = time.process_time


def recipes(n_jobs=None):
    """Return the untrained model and the simulator of each recipe."""
    options = {"max_epochs": 1, "random_state": 0, "n_jobs": n_jobs}
    return {
        "scone radial": (make_scone(kernel="radial", **options), make_light_curves),
        "scone separable": (make_scone(kernel="separable", **options), make_light_curves),
        "oracle": (make_oracle(**options), make_light_curves),
        "transformer": (make_transformer(**options), make_light_curves),
        "ccsnscore": (make_ccsnscore(**options), make_spectra),
        "realbogus": (make_realbogus(cv=2, **options), make_stamps),
    }


def seconds(function, *arguments):
    """Return the seconds of a call and its result."""
    start = clock()
    result = function(*arguments)
    return clock() - start, result


def best(function, *arguments):
    """Return objects per CPU second, the best of three calls."""
    return len(arguments[0]) / min(seconds(function, *arguments)[0] for _ in range(3))


def read_rate(X):
    """Return the objects per CPU second of reading X from a Parquet file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "light_curves.parquet"
        write_parquet(X, path)
        times = [seconds(read_parquet, path)[0] for _ in range(3)]
    return len(X) / min(times)


def bare(classifier):
    """Return the first network in a fitted classifier."""
    while not hasattr(classifier, "network_inputs"):
        if hasattr(classifier, "estimators_"):
            classifier = next(iter(classifier.estimators_.values()))
        else:
            classifier = classifier.estimator_
    return classifier


def plain_rate(network, rows):
    """Return the objects per CPU second of the bare module over ready batches."""
    inputs = network.network_inputs(rows)
    n_objects = len(next(iter(inputs.values())))
    order = [slice(start, start + BATCH) for start in range(0, n_objects, BATCH)]
    batches = [{name: tensor[part] for name, tensor in inputs.items()} for part in order]
    module = network.net_.module_.eval()

    def loop(batches):
        with torch.inference_mode():
            return [module(**batch) for batch in batches]

    return n_objects / min(seconds(loop, batches)[0] for _ in range(3))


def single_times(model, X, n_calls):
    """Return the CPU milliseconds of calls with one object each."""
    ones = [X[i : i + 1] for i in range(n_calls)]
    model.predict_proba(ones[0])
    return [1e3 * seconds(model.predict_proba, one)[0] for one in ones]


def parts(model, X, y):
    """Return the rates of features, training, prediction and of the bare module."""
    if not hasattr(model, "steps"):
        return [np.nan] * 4
    rows, classifier = model[:-1].transform(X), model[-1]
    return [
        best(model[:-1].transform, X),
        best(lambda rows: clone(classifier).fit(rows, y), rows),
        best(classifier.predict_proba, rows),
        plain_rate(bare(classifier), rows),
    ]


def measure(name, options):
    """Return the figures of a recipe by column."""
    model, simulate = recipes(options.cores)[name]
    model.fit(*simulate(options.training, random_state=0)[:2])
    X, y = simulate(options.objects, random_state=1)[:2]
    row = dict(zip(("features", "fit", "predict", "plain"), parts(model, X, y)))
    row["together"] = best(model.predict_proba, X)
    single = single_times(model, X, options.calls)
    row |= {"one": np.median(single), "p99": np.quantile(single, 0.99)}
    row["hundred"] = 1e5 / best(model.predict_proba, X[:100])
    row["MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"read": read_rate(X) if simulate is make_light_curves else np.nan} | row


def table(options):
    """Print a line per recipe and, below, the peers."""
    names = "read features fit predict plain together one p99 hundred MiB".split()
    print(f"{'recipe':16} {' '.join(f'{name:>9}' for name in names)}")
    for name in options.recipes:
        row = measure(name, options)
        cells = " ".join(
            f"{'-' if np.isnan(row[column]) else format(row[column], '.5g'):>9}" for column in names
        )
        print(f"{name:16} {cells}", flush=True)
    X, _ = make_light_curves(options.objects, random_state=1)
    print(f"george, grid of 32 x 180 without a fit: {george_rate(X[:40]):.0f} objects/s")
    rates = supernnova(X, BATCH), supernnova(X[: options.calls], 1)
    print(f"SuperNNova's network: {rates[0]:.0f} objects/s, one in {1e3 / rates[1]:.2f} ms")


def goals(options):
    """Print the state against the goals, as Markdown."""
    scone, oracle = measure("scone separable", options), measure("oracle", options)
    grids = {}
    for n_rows in (60, 1300, 10_000):
        n_objects = bench_gp_linear.count(n_rows)
        rows = bench_gp_linear.make_objects(n_rows, n_objects)
        runs = [bench_gp_linear.milliseconds(rows, n_objects, "numba") for _ in range(3)]
        grids[n_rows] = min(grid for _, grid in runs)
    process = f"{grids[60]:.2f} of {1e3 / scone['together']:.2f} ms are a fit and grid of 60 rows"
    lines = [
        ("one object through ORACLE [ms]", 5, oracle["one"], f"p99 {oracle['p99']:.1f}"),
        ("one object through SCONE [ms]", 8, scone["one"], f"p99 {scone['p99']:.1f}"),
        ("ORACLE [objects/s]", 3000, oracle["together"], f"bare module {oracle['plain']:.0f}"),
        ("SCONE with features [objects/s]", 3000, scone["together"], process),
        ("60 rows, fit and grid [ms]", 0.36, grids[60], "the dense engine on the first machine"),
        ("1,300 rows, fit and grid [ms]", 12, grids[1300], ""),
        ("10,000 rows, fit and grid [ms]", 120, grids[10_000], ""),
    ]
    print("| one core | goal | now | |\n|---|---|---|---|")
    for name, goal, now, note in lines:
        print(f"| {name} | {goal:,} | {now:,.3g} | {note} |")
    bench_gp_linear.first_run()


def george_rate(X):
    """Return the objects per CPU second of george's prediction of the 32 x 180 grid."""
    offsets, rows = flatten(X["lightcurve"])
    wavelength = np.linspace(3670.0, 9710.0, 6)[rows["band"].codes % 6]
    grid = np.stack(np.meshgrid(np.linspace(-30, 150, 180), np.linspace(3000, 10100, 32)), -1)
    kernel = george.kernels.Matern32Kernel([20.0**2, 6000.0**2], ndim=2)

    def solve(X):
        for i in range(len(X)):
            own = slice(offsets[i], offsets[i + 1])
            points = np.column_stack([rows["time"][own], wavelength[own]])
            process = george.GP(kernel * float(np.var(rows["flux"][own]) + 1.0))
            process.compute(points, rows["flux_err"][own])
            cells = grid.reshape(-1, 2) + [rows["time"][own].mean(), 0.0]
            process.predict(rows["flux"][own], cells, return_var=True)

    return len(X) / seconds(solve, X)[0]


class SuperNNova(torch.nn.Module):
    """The recurrent network of SuperNNova with its published sizes."""

    def __init__(self, n_inputs=24, n_outputs=2):
        super().__init__()
        self.recurrent = torch.nn.LSTM(
            n_inputs, 32, 2, batch_first=True, bidirectional=True, dropout=0.05
        )
        self.output = torch.nn.Linear(64, n_outputs)

    def forward(self, nights, lengths):
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            nights, lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = torch.nn.utils.rnn.pad_packed_sequence(
            self.recurrent(packed)[0], batch_first=True
        )
        return self.output(states.sum(dim=1) / lengths[:, None]).softmax(dim=1)


def supernnova(X, batch_size):
    """Return the objects per second of SuperNNova's network, without its preprocessing."""
    offsets, rows = flatten(X["lightcurve"])
    night = np.floor(rows["time"] + 0.5)
    lengths = [len(np.unique(night[a:b])) for a, b in zip(offsets[:-1], offsets[1:])]
    lengths, module = torch.tensor(lengths), SuperNNova().eval()
    parts = [lengths[i : i + batch_size] for i in range(0, len(lengths), batch_size)]
    batches = [(torch.randn(len(part), int(part.max()), 24), part) for part in parts]

    def loop(batches):
        with torch.inference_mode():
            return [module(*batch) for batch in batches]

    return len(lengths) / min(seconds(loop, batches)[0] for _ in range(5))


def main():
    global clock
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=300)
    parser.add_argument("--training", type=int, default=100)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--recipes", nargs="*", default=list(recipes()), choices=list(recipes()))
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--goals", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.cores)
    clock = time.process_time if options.cores == 1 else time.perf_counter
    warnings.simplefilter("ignore")
    print(f"{processor()}, Python {platform.python_version()}, torch {torch.__version__}")
    goals(options) if options.goals else table(options)


def processor():
    """Return the name of the CPU."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    found = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{found[0] if found else platform.processor()}, {sys.platform}"


if __name__ == "__main__":
    main()

"""Fit and predict from files beside the same from memory: CPU seconds, and their ratio.

    OMP_NUM_THREADS=1 python benchmarks/scale/files.py [--objects 4000] [--rounds 2]

ORACLE from Parquet files of ten row groups, of which four are in memory, beside the same files read
as a whole.  Both prepare the light curves; the one from files does it whenever it reads a row
group.  Before the first epoch stands what a training costs once; rounds alternate, and the smallest
of each counts.
"""

import argparse
import tempfile
import time
import warnings
from pathlib import Path

import _measure  # noqa: F401  (one thread)
import numpy as np
import objects
from skorch.callbacks import Callback

from skastro.datasets import make_light_curves
from skastro.io import ParquetFrame, read_parquet, write_parquet
from skastro.recipes import make_oracle_classifier, make_oracle_features

STEPS = ["before the first epoch", "one epoch", "predict"]


class Clock(Callback):
    """Note the CPU time at the start of the first epoch and at the end of the last."""

    def __init__(self, times):
        self.times = times

    def on_train_begin(self, net, **kwargs):
        self.times.append(time.process_time())

    def on_train_end(self, net, **kwargs):
        self.times.append(time.process_time())


def timed(read, labels, epochs):
    """Return the CPU seconds of each of STEPS."""
    times = []
    model = make_oracle_classifier(max_epochs=epochs, random_state=0, callbacks=[Clock(times)])
    start = time.process_time()
    model.fit(read(), labels)
    begin = time.process_time()
    model.predict_proba(read())
    end = time.process_time()
    return np.array([times[0] - start, (times[1] - times[0]) / epochs, end - begin])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    X, y = make_light_curves(objects.UNIT, classes=objects.CLASSES, random_state=0)
    features = make_oracle_features(survey="LSST").fit(X, y)
    X, y = objects.repeated(X, y, options.objects)
    with tempfile.TemporaryDirectory() as folder:
        path = write_parquet(X, Path(folder) / "x.parquet", chunk_size=-(-options.objects // 10))
        ways = {
            "memory": lambda: features.transform(read_parquet(path)),
            "files": lambda: ParquetFrame(path).map(features),
        }
        timed(lambda: features.transform(X[:100]), y[:100], 1)
        best = dict.fromkeys(ways, np.inf)
        for _ in range(options.rounds):
            for name, read in ways.items():
                best[name] = np.minimum(best[name], timed(read, y, options.epochs))
    for step, memory, files in zip(STEPS, *best.values()):
        print(f"{step:24} memory {memory:6.2f} s, files {files:6.2f} s")
    for name, parts in (("fit", slice(0, 2)), ("predict", slice(2, 3))):
        ratio = best["files"][parts].sum() / best["memory"][parts].sum()
        print(f"{name}: ratio {ratio:.2f}")


if __name__ == "__main__":
    main()

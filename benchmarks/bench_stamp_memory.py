"""Train and predict on stamps that lie on disk: peak memory of the process.

    OMP_NUM_THREADS=1 python benchmarks/bench_stamp_memory.py --stamps 1000000 --folder /tmp

Stamps are simulated into a file of float32, 10 GB for a million of 29 x 29 x 3, read as a memory
map, trained on for one epoch and predicted.  Printed is the peak of the memory that belongs to the
process itself; the pages of the file, which the system may drop at any time, are counted apart.  A
file that exists in the folder is not written again.
"""

import argparse
import os
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import torch
from bench_gp_memory import Watch
from sklearn.metrics import roc_auc_score

from skastro.datasets import make_stamps
from skastro.neural_network import StampCNNClassifier


def write(path, n):
    """Simulate the file and its labels, unless they are there."""
    labels = path.with_suffix(".labels.npy")
    if path.exists() and labels.exists() and len(np.load(labels)) == n:
        return
    out = np.lib.format.open_memmap(path, "w+", np.float32, (n, 29 * 29 * 3))
    _, y, _ = make_stamps(n, out=out, random_state=0)
    out.flush()
    np.save(labels, y)


def measured(name, function):
    """Run a stage and print its time and peak memory."""
    watch, begin = Watch(), time.perf_counter()
    watch.start()
    result = function()
    watch.done.set()
    watch.join()
    everything, own = watch.largest
    print(
        f"{name}: {time.perf_counter() - begin:.0f} s, peak {own:.0f} MB "
        f"({everything:.0f} MB with pages of files)",
        flush=True,
    )
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stamps", type=int, default=1_000_000)
    parser.add_argument("--train", type=int, help="stamps to train on; all by default")
    parser.add_argument("--folder", type=Path, default=Path("/tmp"))
    parser.add_argument("--batch", type=int, default=1024)
    options = parser.parse_args()
    torch.set_num_threads(1)
    path = options.folder / f"stamps_{options.stamps}.npy"
    measured("simulate", lambda: write(path, options.stamps))
    X, y = np.load(path, mmap_mode="r"), np.load(path.with_suffix(".labels.npy"))
    print(f"{path.name}: {X.nbytes / 1e9:.1f} GB, {X.shape[0]} stamps")
    model = StampCNNClassifier(
        max_epochs=1, batch_size=options.batch, schedule="constant", random_state=0
    )
    part = slice(options.train)
    measured("train one epoch", lambda: model.fit(X[part], y[part]))
    proba = measured("predict", lambda: model.predict_proba(X))
    print(f"AUC, training stamps among them, {roc_auc_score(y, proba[:, 1]):.4f}")


if __name__ == "__main__":
    main()

"""Stamps simulated a minute, on one core; prints the best and the median of some runs.

Run: OMP_NUM_THREADS=1 python benchmarks/bench_make_stamps.py [--n-samples 10000] [--repeats 5]
"""

import argparse
import time

import numpy as np

from skastro.datasets import make_stamps

SIMULATED, PAINTED = "simulated sky", "painted onto cutouts"


def seconds_of(n_samples, backgrounds, out, seed):
    start = time.perf_counter(), time.process_time()
    make_stamps(n_samples, backgrounds=backgrounds, out=out, random_state=seed)
    return time.perf_counter() - start[0], time.process_time() - start[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--n-samples", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    noise = np.random.default_rng(0).normal(size=(200, 63, 63, 3)).astype(np.float32)
    cases = {SIMULATED: None, PAINTED: noise}
    out = np.empty((options.n_samples, 29 * 29 * 3), np.float32)
    times = {name: [] for name in cases}
    for seed in range(options.repeats):
        for name, backgrounds in cases.items():
            times[name].append(seconds_of(options.n_samples, backgrounds, out, seed))
    for name, runs in times.items():
        wall, cpu = 60 * options.n_samples / np.array(runs).T
        print(
            f"{name}: {cpu.max():,.0f} stamps a minute of CPU at best, {np.median(cpu):,.0f} in "
            f"the median; by the clock {wall.max():,.0f} and {np.median(wall):,.0f}"
        )


if __name__ == "__main__":
    main()

"""Ragged functions against a plain loop over objects, interleaved; prints seconds and ratios.

Run: python benchmarks/bench_ragged.py [--n-objects 20000] [--repeats 5]
"""

import argparse
import time

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skastro.utils.ragged import flatten, keep_rows, nest, segment_reduce, sort_rows


def make_rows(n_objects, mean_rows, seed=0):
    rng = np.random.default_rng(seed)
    lengths = rng.poisson(mean_rows, n_objects)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    n = offsets[-1]
    return offsets, {
        "time": rng.uniform(0, 1000, n),
        "band": pd.Categorical.from_codes(rng.integers(0, 6, n), list("ugrizY")),
        "flux": rng.normal(size=n).astype(np.float32),
        "flux_err": rng.random(n).astype(np.float32),
    }


def objects_of(offsets, rows):
    return [{k: v[a:b] for k, v in rows.items()} for a, b in zip(offsets[:-1], offsets[1:])]


def loop_flatten(series):
    frames = [series.iloc[i] for i in range(len(series))]
    return {name: np.concatenate([f[name].to_numpy() for f in frames]) for name in frames[0]}


def loop_nest(objects):
    return NestedFrame({"id": np.arange(len(objects))}).assign(
        lightcurve=pd.Series([pd.DataFrame(o) for o in objects], dtype=SERIES.dtype)
    )


def loop_keep(objects):
    return [{k: v[o["flux"] > 0] for k, v in o.items()} for o in objects]


def loop_sort(objects):
    orders = [np.argsort(o["time"], kind="stable") for o in objects]
    return [{k: v[order] for k, v in o.items()} for o, order in zip(objects, orders)]


def loop_reduce(objects):
    return np.array([o["flux"].max() if len(o["flux"]) else np.nan for o in objects])


def best_of(functions, repeats):
    """Return the least time of each function; they take turns."""
    best = [np.inf] * len(functions)
    for _ in range(repeats):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-objects", type=int, default=20000)
    parser.add_argument("--mean-rows", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    global SERIES
    offsets, rows = make_rows(args.n_objects, args.mean_rows)
    SERIES = nest(offsets, rows)
    objects = objects_of(offsets, rows)
    ordered = sort_rows(offsets, rows)
    cases = {
        "flatten": (lambda: flatten(SERIES), lambda: loop_flatten(SERIES)),
        "nest": (lambda: nest(offsets, rows), lambda: loop_nest(objects)),
        "keep_rows": (
            lambda: keep_rows(offsets, rows, rows["flux"] > 0),
            lambda: loop_keep(objects),
        ),
        "sort_rows": (lambda: sort_rows(offsets, rows), lambda: loop_sort(objects)),
        "sort_rows, sorted": (lambda: sort_rows(offsets, ordered), lambda: loop_sort(objects)),
        "segment_reduce": (
            lambda: segment_reduce(offsets, rows["flux"], np.maximum),
            lambda: loop_reduce(objects),
        ),
    }
    print(f"{args.n_objects} objects, {offsets[-1]} rows, 4 fields; best of {args.repeats}")
    print(f"{'':20s}{'skastro [s]':>14s}{'loop [s]':>12s}{'ratio':>9s}")
    for name, functions in cases.items():
        ours, loop = best_of(functions, args.repeats)
        print(f"{name:20s}{ours:14.5f}{loop:12.4f}{loop / ours:9.0f}")


if __name__ == "__main__":
    main()

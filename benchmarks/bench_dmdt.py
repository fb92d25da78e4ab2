"""dm-dt maps of many light curves: ours, a plain loop, NumPy object by object, and light-curve.

All counts are compared.  Processor time of one thread is reported, the best of the repeats, which
take turns.  The Rust package ``light-curve`` (GPL) is measured if it is installed.

Run: OMP_NUM_THREADS=1 python benchmarks/bench_dmdt.py [--n-objects 3000] [--n-points 100]
"""

import argparse
import time

import numpy as np
from nested_pandas import NestedFrame

from skastro.feature_extraction import DmDt
from skastro.utils.ragged import nest

LOOP_OBJECTS = 20


def make_light_curves(n_objects, n_points, seed=0):
    rng = np.random.default_rng(seed)
    time_ = np.sort(rng.uniform(0, 200, (n_objects, n_points)), axis=1)
    return time_, rng.normal(19, 0.7, (n_objects, n_points))


def edges():
    dmdt = DmDt()
    return dmdt._edges("dm_edges"), dmdt._edges("dt_edges")


def loop(times, values):
    dm, dt = edges()
    maps = np.zeros((len(times), len(dm) - 1, len(dt) - 1))
    for own, x, y in zip(maps, times, values):
        for i in range(len(x)):
            for j in range(i + 1, len(x)):
                row = np.searchsorted(dm, y[j] - y[i], side="right") - 1
                column = np.searchsorted(dt, x[j] - x[i], side="right") - 1
                if 0 <= row < len(dm) - 1 and 0 <= column < len(dt) - 1:
                    own[row, column] += 1
    return maps


def histogram(times, values):
    first, second = np.triu_indices(times.shape[1], 1)
    bins = edges()
    return np.array(
        [
            np.histogram2d(y[second] - y[first], x[second] - x[first], bins)[0]
            for x, y in zip(times, values)
        ]
    )


def ours(engine):
    def count(times, values):
        n_objects, n_points = times.shape
        rows = {"time": times.ravel(), "mag": values.ravel(), "band": ["r"] * times.size}
        X = NestedFrame({"z": np.zeros(n_objects)}).assign(
            lightcurve=nest(np.arange(n_objects + 1) * n_points, rows)
        )
        dmdt = DmDt(field="mag", as_magnitude=False, total=None, engine=engine).fit(X)
        start = time.process_time()
        maps = dmdt.transform(X).reshape(n_objects, *dmdt.output_shape_[1:])
        return maps, time.process_time() - start

    return count


def rust(times, values):
    import light_curve

    dm, dt = edges()
    other = light_curve.DmDt(dt, dm, dt_type="asis", dm_type="asis", norm=[], n_jobs=1)
    return other.points_many(list(zip(times, values)), sorted=True).transpose(0, 2, 1)


def clocked(function):
    def count(times, values):
        start = time.process_time()
        maps = function(times, values)
        return maps, time.process_time() - start

    return count


def contenders():
    found = {
        "plain loop": (clocked(loop), LOOP_OBJECTS),
        "NumPy, object by object": (clocked(histogram), 300),
        "skastro, numpy": (ours("numpy"), None),
    }
    try:
        import numba  # noqa: F401

        found["skastro, numba"] = (ours("numba"), None)
    except ImportError:
        pass
    try:
        import light_curve  # noqa: F401

        found["light-curve (Rust)"] = (clocked(rust), None)
    except ImportError:
        pass
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-objects", type=int, default=3000)
    parser.add_argument("--n-points", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    times, values = make_light_curves(options.n_objects, options.n_points)
    expected = ours("numpy")(times, values)[0]
    best = {}
    for _ in range(options.repeats):
        for name, (count, n_objects) in contenders().items():
            part = slice(n_objects)
            maps, seconds = count(times[part], values[part])
            np.testing.assert_array_equal(maps, expected[part])
            best[name] = min(best.get(name, np.inf), seconds / len(maps))
    for name, seconds in best.items():
        print(f"{name:25s} {1 / seconds:10.0f} light curves/s")


if __name__ == "__main__":
    main()

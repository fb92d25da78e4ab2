"""Separable Matern-3/2 process: linear-time and dense engines by the number of rows.

    OMP_NUM_THREADS=1 python benchmarks/bench_gp_linear.py [--rounds 3] [--other CHECKOUT]
    OMP_NUM_THREADS=1 python benchmarks/bench_gp_linear.py --first-run

Milliseconds of CPU per object, the minimum of interleaved rounds: the fit of three
hyperparameters, and with the prediction of mean and standard deviation on 32 x 180 points.
``--other`` times the numba engine of another checkout of the package in the same rounds, such as
the dense one of commit ee81479.  ``--first-run`` prints what compilation costs: the same job in
two processes with an empty cache, and whether their results are equal.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np

from skastro.gaussian_process import fit_light_curves, interpolate_light_curves

TIMES, WAVELENGTHS = np.linspace(-30.0, 150.0, 180), np.linspace(3000.0, 10100.0, 32)
BANDS = np.array([3670.7, 4826.9, 6223.2, 7546.0, 8691.0, 9710.3])
LENGTHS = (6, 12, 24, 60, 100, 200, 600, 1300, 10_000)
LARGEST_DENSE = 1300


def make_objects(n_rows, n_objects, n_bands=6):
    """Noisy explosions in `n_bands` bands: offsets, time, wavelength, flux, flux_err."""
    rng = np.random.default_rng(n_rows)
    total = n_rows * n_objects
    time_ = rng.uniform(-30, 150 * max(1, n_rows / 400), total)
    order = np.lexsort((time_, np.repeat(np.arange(n_objects), n_rows)))
    wavelength = rng.choice(np.resize(BANDS, n_bands) + 1e3 * (np.arange(n_bands) // 6), total)
    flux_err = rng.uniform(0.02, 0.1, total)
    flux = np.exp(-0.5 * ((time_ - 10) / 20) ** 2) * (1 + wavelength / 2e4)
    flux += flux_err * rng.normal(size=total)
    offsets = np.arange(0, total + 1, n_rows)
    return offsets, *(column[order] for column in (time_, wavelength, flux, flux_err))


def milliseconds(rows, n_objects, engine):
    """CPU time per object of the fit, and with the grid."""
    options = {"kernel": "separable", "engine": engine}
    start = time.process_time()
    fit_light_curves(*rows, **options)
    middle = time.process_time()
    interpolate_light_curves(*rows, TIMES, WAVELENGTHS, **options)
    end = time.process_time()
    return [1e3 * seconds / n_objects for seconds in (middle - start, end - middle)]


def count(n_rows):
    """Number of objects that make a job long enough to be timed."""
    return max(1, min(60, 3000 // n_rows))


def run_numpy(rows, n_objects, linear_from):
    """NumPy engine with its crossing moved, to force either algorithm."""
    from skastro.gaussian_process import _dense

    usual, _dense.LINEAR_FROM = _dense.LINEAR_FROM, linear_from
    try:
        return milliseconds(rows, n_objects, "numpy")
    finally:
        _dense.LINEAR_FROM = usual


class Other:
    """The numba engine of another checkout, in a process that answers job by job."""

    def __init__(self, path):
        environment = os.environ | {"PYTHONPATH": path}
        command = [sys.executable, __file__, "--serve"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=environment, **pipes)

    def milliseconds(self, n_rows):
        """CPU time per object of the fit, and with the grid."""
        self.process.stdin.write(f"{n_rows}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def serve():
    """Answer the numbers of rows on standard input with timings."""
    for line in sys.stdin:
        n_rows = int(line)
        rows = make_objects(n_rows, count(n_rows))
        print(json.dumps(milliseconds(rows, count(n_rows), "numba")), flush=True)


def compare(lengths, rounds, other, with_numpy):
    """Print the table by the number of rows."""
    other = Other(other) if other else None
    milliseconds(make_objects(12, 2), 2, "numba")
    print("| rows | numba: fit | fit + grid | NumPy dense | NumPy linear | other | other / numba |")
    print("|---" * 7 + "|")
    for n_rows in lengths:
        rows, n_objects = make_objects(n_rows, count(n_rows)), count(n_rows)
        best = {}
        for _ in range(rounds if n_rows < LARGEST_DENSE else 1):
            found = {"numba": milliseconds(rows, n_objects, "numba")}
            if n_rows <= LARGEST_DENSE and other:
                found["other"] = other.milliseconds(n_rows)
            if n_rows <= LARGEST_DENSE and with_numpy:
                found["dense"] = run_numpy(rows, n_objects, n_rows)
            if with_numpy:
                found["linear"] = run_numpy(rows, n_objects, 0)
            best = {k: np.minimum(best.get(k, np.inf), v) for k, v in found.items()}
        cells = [f"{n_rows}", f"{best['numba'][0]:.2f}", f"{best['numba'][1]:.2f}"]
        cells += [f"{best[k][1]:.2f}" if k in best else "" for k in ("dense", "linear", "other")]
        cells += [f"{best['other'][1] / best['numba'][1]:.1f}" if "other" in best else ""]
        print("| " + " | ".join(cells) + " |", flush=True)
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {largest:.0f} MB")


def job(kernel):
    """A small job of both precisions; prints its CPU seconds and a digest of the result."""
    rows = make_objects(40, 20)
    start = time.process_time()
    grid = interpolate_light_curves(*rows, TIMES, WAVELENGTHS, kernel=kernel, engine="numba").grid
    print(json.dumps([time.process_time() - start, grid.tobytes().hex()[:4000]]))


def first_run():
    """Print the cost of the first and the second run after an installation."""
    for kernel in ("separable", "radial"):
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {"NUMBA_CACHE_DIR": folder}
            command = [sys.executable, __file__, "--job", kernel]
            runs = [
                json.loads(subprocess.check_output(command, env=environment, text=True))
                for _ in range(2)
            ]
        equal = "equal" if runs[0][1] == runs[1][1] else "different"
        print(f"{kernel}: first {runs[0][0]:.1f} s, second {runs[1][0]:.1f} s of CPU, {equal}")


def main():
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--other", help="another checkout of the package")
    parser.add_argument("--numba-only", action="store_true")
    parser.add_argument("--first-run", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
    elif options.job:
        job(options.job)
    elif options.first_run:
        first_run()
    else:
        compare(options.rows, options.rounds, options.other, not options.numba_only)


if __name__ == "__main__":
    main()

"""Gaussian-process engines side by side with george and SciPy's L-BFGS-B, in interleaved rounds.

    OMP_NUM_THREADS=1 python benchmarks/bench_gaussian_process.py --data ../shared/data
    OMP_NUM_THREADS=1 python benchmarks/bench_gaussian_process.py --objects 1000 --rounds 3

Every engine does the same job (SCONE's recipe: radial Matern-3/2 with three free hyperparameters,
padding, 32 x 180 grid) on the same objects in each round, into memory that the system has handed
over before.  The time is the minimum over rounds, the ratio the median over rounds of the ratio to
george inside the round.  Peak memory is that of a fresh process for each method above what
it holds after four objects, the output included.
``--cold`` adds the cost of compilation, in seconds of CPU time.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
from astropy.io import fits

from skastro.gaussian_process import (
    Padding,
    fit_light_curves,
    interpolate_light_curves,
    predict_grid,
)
from skastro.surveys import get_survey

TIMES, WAVELENGTHS = np.linspace(-30.0, 150.0, 180), np.linspace(3000.0, 10100.0, 32)
GEORGE = "george"
FIXED = {"wavelength_scale": 6000.0}
SINGLE, DOUBLE = {"dtype": np.float32}, {"dtype": np.float64}
METHODS = {
    GEORGE: {"engine": "george"} | DOUBLE,
    "numpy": {"engine": "numpy"} | DOUBLE,
    "numpy, float32 grid": {"engine": "numpy"} | SINGLE,
    "numba": {"engine": "numba"} | DOUBLE,
    "numba, float32 grid": {"engine": "numba"} | SINGLE,
    "numba, float32, two starts": {"engine": "numba", "n_starts": 2} | SINGLE,
    "numba, float32, two cores": {"engine": "numba", "n_jobs": 2} | SINGLE,
    "numba, separable": {"engine": "numba", "kernel": "separable"} | DOUBLE,
    "numba, separable, float32": {"engine": "numba", "kernel": "separable"} | SINGLE,
}
SUFFIXES = {"DES": ("_HEAD.FITS", "_PHOT.FITS"), "LSST": ("_HEAD.FITS.gz", "_PHOT.FITS.gz")}
BAND_COLUMN = {"DES": "FLT", "LSST": "BAND"}
PAD = {"DES": Padding(7828.0), "LSST": Padding(6223.24)}


def read(stem, survey, n_objects):
    """First objects of a SNANA pair, cut at the separator rows."""
    head, phot = (fits.getdata(f"{stem}{end}", 1) for end in SUFFIXES[survey])
    n_objects = min(n_objects, len(head))
    separator = phot["MJD"] < 0
    number = np.cumsum(separator) - separator
    keep = ~separator & (number < n_objects)
    names = np.char.strip(phot[BAND_COLUMN[survey]][keep].astype(str))
    bands, code = np.unique(names, return_inverse=True)
    wavelength = np.array([get_survey(survey).wavelength(band) for band in bands])[code]
    offsets = np.searchsorted(number[keep], np.arange(n_objects + 1))
    columns = [phot[c][keep].astype(float) for c in ("MJD", "FLUXCAL", "FLUXCALERR")]
    time, flux, flux_err = columns
    peak = head["PEAKMJD"][:n_objects].astype(float)
    return (offsets, time, wavelength, flux, flux_err), peak


def timed(function, *args, **kwargs):
    """Seconds and result."""
    start = time.perf_counter()
    result = function(*args, **kwargs)
    return time.perf_counter() - start, result


def options_of(method, fixed, with_grid):
    """Keyword arguments of a method for the fit alone or with the grid."""
    options = METHODS[method] | (FIXED if fixed else {})
    return options if with_grid else {k: v for k, v in options.items() if k != "dtype"}


def interpolate(rows, peak, padding, options, out=None):
    """The whole job."""
    return interpolate_light_curves(
        *rows, TIMES, WAVELENGTHS, reference=peak, padding=padding, out=out, **options
    )


def touched(n_objects, dtype):
    """Block for the output whose memory the system has already handed over."""
    return np.full((n_objects, 2, len(WAVELENGTHS), len(TIMES)), np.nan, dtype)


def measure(rows, peak, padding, methods, arguments):
    """Seconds (method, round, [fit, fit + grid]) and the last result of each method."""
    seconds, results = np.zeros((len(methods), arguments.rounds, 2)), {}
    outs = [touched(len(peak), METHODS[method]["dtype"]) for method in methods]
    for k in range(arguments.rounds):
        for m, method in enumerate(methods):
            fit, grid = (options_of(method, arguments.fixed, flag) for flag in (False, True))
            seconds[m, k, 0], _ = timed(fit_light_curves, *rows, padding=padding, **fit)
            seconds[m, k, 1], results[method] = timed(
                interpolate, rows, peak, padding, grid, outs[m]
            )
    return seconds, results


def first(rows, peak, n_objects):
    """Rows and peaks of the first objects."""
    end = rows[0][n_objects]
    return (rows[0][: n_objects + 1], *(column[:end] for column in rows[1:])), peak[:n_objects]


def peak_memory(stem, survey, n_objects, method, fixed):
    """Peak memory in MB above that after four objects, in a fresh process."""
    arguments = stem, survey, n_objects, method, fixed
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_peak_memory, *arguments).result()


def _peak_memory(stem, survey, n_objects, method, fixed):
    rows, peak = read(stem, survey, n_objects)
    options = options_of(method, fixed, True)
    interpolate(*first(rows, peak, 4), PAD[survey], options)
    before = own_memory("VmRSS")
    # The peak of a fresh process is that of its parent, until it is reset.
    Path("/proc/self/clear_refs").write_text("5")
    interpolate(rows, peak, PAD[survey], options)
    return own_memory("VmHWM") - before


def own_memory(field):
    """One line of what Linux says about the memory of this process, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def accuracy(result, rows, peak, padding):
    """Largest error of mean and standard deviation against george at the same hyperparameters."""
    names = ("amplitude", "time_scale", "wavelength_scale")
    options = {name: getattr(result, name) for name in names} | {"engine": "george"} | DOUBLE
    exact = predict_grid(*rows, TIMES, WAVELENGTHS, reference=peak, padding=padding, **options)
    return [
        np.nanmax(np.abs(ours - theirs).max(axis=(1, 2)) / np.abs(theirs).max(axis=(1, 2)))
        for ours, theirs in ((result.mean, exact.mean), (result.std, exact.std))
    ]


def print_speed(methods, seconds, results, memory, n_objects):
    """Milliseconds per object, ratios to george in the round, evaluations, memory."""
    print(
        f"\n{'ms per object':28s}{'fit':>8s}{'grid':>8s}{'total':>9s}"
        f"{'x george: fit':>15s}{'total':>7s}{'eval.':>7s}{'MB':>6s}"
    )
    for m, method in enumerate(methods):
        fit, total = 1e3 * seconds[m].min(axis=0) / n_objects
        grid = max(total - fit, 0.0)
        ratio = np.median(seconds[0] / seconds[m], axis=0)
        print(
            f"{method:28s}{fit:8.3f}{grid:8.3f}{total:9.3f}{ratio[0]:15.1f}{ratio[1]:7.1f}"
            f"{results[method].n_evaluations.mean():7.1f}{memory[m]:6.0f}"
        )


def print_quality(methods, results, rows, peak, padding):
    """Fits less likely than george's, and the errors of the grid."""
    methods = [method for method in methods if "separable" not in method]
    print(
        f"\n{'log likelihood':28s}{'< george - 1e-3':>17s}{'> george + 1e-3':>17s}{'worst':>9s}"
        f"{'mean off':>10s}{'std off':>9s}"
    )
    best = np.max([results[method].log_likelihood for method in methods], axis=0)
    for method in methods:
        gain = results[method].log_likelihood - results[GEORGE].log_likelihood
        errors = accuracy(results[method], rows, peak, padding)
        worse, better = (gain < -1e-3).sum(), (gain > 1e-3).sum()
        print(
            f"{method:28s}{worse:7d} ({worse / len(gain):6.2%}){better:17d}{np.nanmin(gain):9.1e}"
            f"{errors[0]:10.1e}{errors[1]:9.1e}"
        )
    missed = (results[GEORGE].log_likelihood < best - 1e-3).sum()
    print(f"george misses the best likelihood found by more than 1e-3 in {missed} objects")


COLD = """
import time; start = time.process_time()
from skastro.gaussian_process import interpolate_light_curves
rows = [0, 3], [0.0, 5.0, 9.0], [5e3, 6e3, 5e3], [9.0, 20.0, 8.0], [1.0, 1.0, 1.0]
imported = time.process_time()
interpolate_light_curves(*rows, [0.0, 1.0], [5e3], engine="numba")
print(imported - start, time.process_time() - imported)
"""


def print_cold_start():
    """CPU seconds until the first result, without and with cached code."""
    with tempfile.TemporaryDirectory() as folder:
        for label in ("compiling", "from the cache"):
            result = subprocess.run(
                [sys.executable, "-c", COLD],
                env=os.environ | {"NUMBA_CACHE_DIR": folder},
                capture_output=True,
                text=True,
                check=True,
            )
            imports, answer = (float(word) for word in result.stdout.split())
            print(f"cold start, {label}: import {imports:.1f} s, first result {answer:.1f} s")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--objects", type=int, default=150, help="of each data set")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fixed", action="store_true", help="wavelength scale fixed at 6000 A")
    parser.add_argument("--only", help="methods separated by semicolons; george is always in")
    parser.add_argument("--cold", action="store_true", help="measure the cost of compilation")
    return parser.parse_args()


def run(survey, stem, methods, arguments):
    """All tables of one data set."""
    rows, peak = read(stem, survey, arguments.objects)
    lengths, padding = np.diff(rows[0]), PAD[survey]
    print(
        f"\n{stem.name}: {len(lengths)} objects of {lengths.min()}..{lengths.max()} rows, "
        f"median {np.median(lengths):.0f}; load {os.getloadavg()[0]:.1f}"
    )
    measure(*first(rows, peak, 4), padding, methods, arguments)
    seconds, results = measure(rows, peak, padding, methods, arguments)
    memory = [peak_memory(stem, survey, len(peak), m, arguments.fixed) for m in methods]
    print_speed(methods, seconds, results, memory, len(lengths))
    print_quality(methods, results, rows, peak, padding)


def main():
    arguments = parse_arguments()
    chosen = arguments.only.split(";") if arguments.only else METHODS
    methods = [method for method in METHODS if method == GEORGE or method in chosen]
    run("DES", arguments.data / "snana" / "DES_Ia-0001", methods, arguments)
    run("LSST", arguments.data / "survey_bench" / "LSST_TRAIN-0001", methods, arguments)
    if arguments.cold:
        print_cold_start()


if __name__ == "__main__":
    main()

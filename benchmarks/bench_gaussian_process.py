"""Gaussian-process engines side by side with george and SciPy's L-BFGS-B, in interleaved rounds.

    OMP_NUM_THREADS=1 python benchmarks/bench_gaussian_process.py --data ../shared/data
    OMP_NUM_THREADS=1 python benchmarks/bench_gaussian_process.py --objects 1000 --rounds 3

Every engine does the same job (SCONE's recipe: radial Matern-3/2 with three free hyperparameters,
padding, 32 x 180 grid) on the same objects in each round; the time is the minimum over rounds, the
ratio the median over rounds of the ratio to george inside the round.
"""

import argparse
import os
import resource
import time
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
METHODS = {
    GEORGE: {"engine": "george", "dtype": np.float64},
    "numpy": {"engine": "numpy", "dtype": np.float64},
    "numpy, float32 grid": {"engine": "numpy", "dtype": np.float32},
    "numba": {"engine": "numba", "dtype": np.float64},
    "numba, float32 grid": {"engine": "numba", "dtype": np.float32},
    "numba, float32, two starts": {"engine": "numba", "dtype": np.float32, "n_starts": 2},
    "numba, separable": {"engine": "numba", "dtype": np.float64, "kernel": "separable"},
    "numba, separable, float32": {"engine": "numba", "dtype": np.float32, "kernel": "separable"},
}


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


SUFFIXES = {"DES": ("_HEAD.FITS", "_PHOT.FITS"), "LSST": ("_HEAD.FITS.gz", "_PHOT.FITS.gz")}
BAND_COLUMN = {"DES": "FLT", "LSST": "BAND"}
PAD = {"DES": Padding(7828.0), "LSST": Padding(6223.24)}


def timed(function, *args, **kwargs):
    start = time.perf_counter()
    result = function(*args, **kwargs)
    return time.perf_counter() - start, result


def options_of(method, arguments, with_grid):
    options = dict(METHODS[method])
    if arguments.fixed:
        options |= FIXED
    if not with_grid:
        options.pop("dtype")
    return options | {"n_jobs": arguments.jobs}


def measure(rows, peak, padding, methods, arguments):
    """Seconds (method, round, [fit, fit + grid]) and the last result of each method."""
    seconds, results = np.zeros((len(methods), arguments.rounds, 2)), {}
    for k in range(arguments.rounds):
        for m, method in enumerate(methods):
            fit, grid = (options_of(method, arguments, with_grid) for with_grid in (False, True))
            seconds[m, k, 0], _ = timed(fit_light_curves, *rows, padding=padding, **fit)
            seconds[m, k, 1], results[method] = timed(
                interpolate_light_curves,
                *rows,
                TIMES,
                WAVELENGTHS,
                reference=peak,
                padding=padding,
                **grid,
            )
    return seconds, results


def accuracy(result, rows, peak, padding):
    """Largest error of mean and standard deviation against george at the same hyperparameters."""
    exact = predict_grid(
        *rows,
        TIMES,
        WAVELENGTHS,
        reference=peak,
        padding=padding,
        engine="george",
        dtype=np.float64,
        amplitude=result.amplitude,
        time_scale=result.time_scale,
        wavelength_scale=result.wavelength_scale,
    )
    return [
        np.nanmax(np.abs(ours - theirs).max(axis=(1, 2)) / np.abs(theirs).max(axis=(1, 2)))
        for ours, theirs in ((result.mean, exact.mean), (result.std, exact.std))
    ]


def print_speed(methods, seconds, results, n_objects):
    print(f"{'':28s}{'fit':>9s}{'+ grid':>9s}  ms/object{'fit':>8s}{'+ grid':>8s}  x george  eval.")
    for m, method in enumerate(methods):
        best = 1e3 * seconds[m].min(axis=0) / n_objects
        ratio = np.median(seconds[0] / seconds[m], axis=0)
        evaluations = results[method].n_evaluations.mean()
        print(
            f"{method:28s}{best[0]:9.3f}{best[1]:9.3f}{'':11s}{ratio[0]:8.1f}{ratio[1]:8.1f}"
            f"{evaluations:17.1f}"
        )


def print_quality(methods, results, rows, peak, padding):
    """Share of fits as likely as george's, and the errors of the grid."""
    print(
        f"\n{'':28s}{'>= george - 1e-3':>17s}{'better':>8s}{'worst':>9s}{'mean':>10s}{'std':>10s}"
    )
    best = np.max([results[m].log_likelihood for m in methods if "separable" not in m], axis=0)
    for method in methods:
        if "separable" in method:
            continue
        gain = results[method].log_likelihood - results[GEORGE].log_likelihood
        share, better = (gain >= -1e-3).mean(), (gain > 1e-3).sum()
        errors = accuracy(results[method], rows, peak, padding)
        print(
            f"{method:28s}{share:17.2%}{better:8d}{np.nanmin(gain):9.1e}"
            f"{errors[0]:10.1e}{errors[1]:10.1e}"
        )
    missed = (results[GEORGE].log_likelihood < best - 1e-3).sum()
    print(f"george itself misses the best likelihood found by more than 1e-3 in {missed} objects")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--objects", type=int, default=150, help="of each data set")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--fixed", action="store_true", help="wavelength scale fixed at 6000 A")
    parser.add_argument("--only", help="comma-separated part of the methods")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    methods = [m for m in METHODS if not arguments.only or m in arguments.only.split(";")]
    sources = (
        ("DES", arguments.data / "snana" / "DES_Ia-0001"),
        ("LSST", arguments.data / "survey_bench" / "LSST_TRAIN-0001"),
    )
    for survey, stem in sources:
        rows, peak = read(stem, survey, arguments.objects)
        lengths = np.diff(rows[0])
        print(
            f"\n{stem.name}: {len(lengths)} objects of {lengths.min()}..{lengths.max()} rows, "
            f"median {np.median(lengths):.0f}; jobs {arguments.jobs}; load {os.getloadavg()[0]:.1f}"
        )
        few = (rows[0][:5], *(column[: rows[0][4]] for column in rows[1:]))
        measure(few, peak[:4], PAD[survey], methods, arguments)
        seconds, results = measure(rows, peak, PAD[survey], methods, arguments)
        print_speed(methods, seconds, results, len(lengths))
        print_quality(methods, results, rows, peak, PAD[survey])
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()

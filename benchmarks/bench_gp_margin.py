"""What it changes to fit only the rows around the window of the image, and which kernel predicts.

    OMP_NUM_THREADS=1 python benchmarks/bench_gp_margin.py --data ../shared/data
    OMP_NUM_THREADS=1 python benchmarks/bench_gp_margin.py --data ../shared/data --kernels

For each margin: how far mean and standard deviation move from those of a fit to all rows (median
and 95th percentile over objects of the largest difference on the grid, in units of the largest
value), and what the fit to 80 % of the rows says of the other rows inside the window (mean log
density a row of each object; median over objects of the difference to all rows, in how many it
is higher, and the worst 5 %).  ``--kernels`` compares the same density of the separable kernel
with that of the radial one, both with a wavelength scale of 6000 Angstrom.
"""

import argparse
import os
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd
from bench_gaussian_process import PAD, read

from skastro.gaussian_process import interpolate_light_curves, predict_grid
from skastro.surveys import get_survey
from skastro.utils.ragged import keep_rows, segment_argmax

TIMES, WAVELENGTHS = np.linspace(-30.0, 150.0, 60), np.linspace(3000.0, 10100.0, 12)
MOST_ROWS = 500
MARGINS = (None, 0.0, 30.0, 50.0, 100.0, 200.0, 400.0)
FILTERS = {"U": 3600, "B": 4400, "V": 5500, "R": 6500, "I": 8000}
FILTERS |= {"u": 3600, "g": 4800, "r": 6200, "i": 7600, "z": 9000}


def read_survey_bench(folder, n_objects):
    """The simulated survey: one season of forced photometry."""
    return read(folder / "survey_bench" / "LSST_TRAIN-0001", "LSST", n_objects)


def read_elasticc(folder, n_objects):
    """Several seasons of simulated forced photometry, zero at the surest observation."""
    frame = pd.read_parquet(folder / "lightcurves" / "elasticc_400_unlabelled.parquet")
    frame = frame[frame.FLUXCALERR > 0].reset_index()
    survey = get_survey("LSST")
    wavelength = frame.BAND.astype(str).map(lambda band: survey.wavelength(band))
    columns = (frame.MJD, wavelength, frame.FLUXCAL, frame.FLUXCALERR)
    return at_surest(frame.SNID, columns, n_objects)


def read_osc(folder, n_objects):
    """Real supernovae of several seasons: magnitudes turned into fluxes, upper limits left out."""
    frame = pd.read_parquet(folder / "osc" / "photometry.parquet")
    frame = frame[~frame.upperlimit & frame.magerr.gt(0) & frame.band.isin(FILTERS)]
    frame = frame[frame.mag.notna()].sort_values(["name", "mjd"], kind="stable")
    flux = 10 ** (-0.4 * (frame.mag - 27.5))
    columns = (frame.mjd, frame.band.map(FILTERS), flux, flux * np.log(10) / 2.5 * frame.magerr)
    return at_surest(frame.name, columns, n_objects)


def at_surest(names, columns, n_objects):
    """Flat arrays of the first objects, with the date of the largest signal to noise as zero."""
    code, _ = pd.factorize(names)
    order = np.argsort(code, kind="stable")
    columns = [np.asarray(column, float)[order] for column in columns]
    offsets = np.searchsorted(code[order], np.arange(min(n_objects, code.max() + 1) + 1))
    columns = [column[: offsets[-1]] for column in columns]
    return (offsets, *columns), columns[0][segment_argmax(offsets, columns[2] / columns[3])]


def with_rows_outside(rows, reference, least=20):
    """Keep the objects with so many rows in the window, and at least one of them outside."""
    lengths = np.diff(rows[0])
    phase = rows[1] - np.repeat(reference, lengths)
    inside = (phase >= TIMES[0]) & (phase <= TIMES[-1])
    number = np.add.reduceat(np.append(inside, False).astype(int), rows[0][:-1])
    chosen = (number >= least) & (number < lengths)
    mask = np.repeat(chosen, lengths)
    _, columns = keep_rows(rows[0], dict(enumerate(rows[1:])), mask)
    offsets = np.concatenate([[0], np.cumsum(lengths[chosen])])
    return (offsets, *columns.values()), reference[chosen]


def hold_out(rows, reference, rng):
    """Split the rows into four fifths and, inside the window, the rest."""
    phase = rows[1] - np.repeat(reference, np.diff(rows[0]))
    inside = (phase >= TIMES[0]) & (phase <= TIMES[-1])
    held = inside & (rng.random(len(phase)) < 0.2)
    parts = [keep_rows(rows[0], dict(enumerate(rows[1:])), mask) for mask in (~held, held)]
    return [(offsets, *columns.values()) for offsets, columns in parts]


def log_density(fit, train, test, reference, i, options):
    """Mean log density a held-out row of object `i`."""
    rows = slice(train[0][i], train[0][i + 1])
    time, wavelength, flux, flux_err = (c[test[0][i] : test[0][i + 1]] for c in test[1:])
    if len(time) == 0:
        return np.nan
    times, row = np.unique(time - reference[i], return_inverse=True)
    wavelengths, band = np.unique(wavelength, return_inverse=True)
    result = predict_grid(
        [0, rows.stop - rows.start],
        *(c[rows] for c in train[1:]),
        times,
        wavelengths,
        amplitude=fit.amplitude[i],
        time_scale=fit.time_scale[i],
        wavelength_scale=fit.wavelength_scale[i],
        reference=reference[i : i + 1],
        dtype=np.float64,
        **options,
    )
    mean, std = result.grid[0][:, band, row]
    variance = std**2 + flux_err**2
    return np.mean(-0.5 * (flux - mean) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance))


def compare(name, rows, reference, padding, rng):
    """Print one table."""
    rows, reference = with_rows_outside(rows, reference)
    lengths = np.diff(rows[0])
    print(
        f"\n{name}: {len(lengths)} objects with rows outside, {lengths.min()}..{lengths.max()} "
        f"rows, median {np.median(lengths):.0f}; padding {'yes' if padding else 'no'}\n"
        f"{'margin':>7s}{'rows':>7s}{'mean 50%':>10s}{'95%':>8s}{'std 50%':>9s}{'95%':>8s}"
        f"{'density':>10s}{'higher':>8s}{'worst 5%':>10s}"
    )
    parts, base = hold_out(rows, reference, rng), None
    for margin in MARGINS:
        grid = fit_around(rows, reference, margin, padding).grid
        density = densities(*parts, reference, margin, padding)
        base = (grid, density) if base is None else base
        used = len(cut(rows, reference, margin)[1]) / len(rows[1])
        print(f"{margin!s:>7s}{used:7.0%}{summary(grid, density, *base)}")


def fit_around(rows, reference, margin, padding, **model):
    """Fit and interpolate from two starts."""
    return interpolate_light_curves(
        *rows,
        TIMES,
        WAVELENGTHS,
        reference=reference,
        margin=margin,
        padding=padding,
        engine="numba",
        n_starts=2,
        **model,
    )


def densities(train, test, reference, margin, padding, **model):
    """Mean log density of the held-out rows of each object."""
    fit = fit_around(train, reference, margin, padding, **model)
    # Cut here, not by `margin`, which log_density would count from another grid.
    own = cut(train, reference, margin)
    options = {"padding": padding, "engine": "numba", "kernel": model.get("kernel", "radial")}
    objects = range(len(reference))
    return np.array([log_density(fit, own, test, reference, i, options) for i in objects])


def compare_kernels(name, rows, reference, padding, rng):
    """Print what the separable kernel says of held-out rows, compared with the radial one."""
    few = np.repeat(np.diff(rows[0]) <= MOST_ROWS, np.diff(rows[0]))
    offsets, columns = keep_rows(rows[0], dict(enumerate(rows[1:])), few)
    parts = hold_out((offsets, *columns.values()), reference, rng)
    radial, separable = (
        densities(*parts, reference, None, padding, kernel=kernel, wavelength_scale=6000.0)
        for kernel in ("radial", "separable")
    )
    gain = (separable - radial)[np.isfinite(separable - radial)]
    error = 1.25 * gain.std() / np.sqrt(len(gain))
    print(
        f"{name}: {len(gain)} objects, log density per held-out row, separable minus radial: "
        f"median {np.median(gain):+.4f} (+- {error:.4f}), higher in {(gain > 0).mean():.0%}, "
        f"5 and 95 %: {np.quantile(gain, 0.05):+.3f} {np.quantile(gain, 0.95):+.3f}"
    )


def summary(grid, density, base_grid, base_density):
    """Numbers of one line."""
    largest = np.abs(base_grid).max(axis=(2, 3))
    moved = np.abs(grid - base_grid).max(axis=(2, 3)) / np.where(largest > 0, largest, np.nan)
    numbers = np.nanquantile(moved, [0.5, 0.95], axis=0).T.ravel()
    better = density - base_density
    better = better[np.isfinite(better)]
    return (
        f"{numbers[0]:10.1e}{numbers[1]:8.1e}{numbers[2]:9.1e}{numbers[3]:8.1e}"
        f"{np.median(better):+10.4f}{(better > 0).mean():8.0%}{np.quantile(better, 0.05):+10.3f}"
    )


def cut(rows, reference, margin):
    """Drop the rows outside the window and its margin."""
    if margin is None:
        return rows
    phase = rows[1] - np.repeat(reference, np.diff(rows[0]))
    inside = (phase >= TIMES[0] - margin) & (phase <= TIMES[-1] + margin)
    offsets, columns = keep_rows(rows[0], dict(enumerate(rows[1:])), inside)
    return (offsets, *columns.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--objects", type=int, default=300, help="of each data set")
    parser.add_argument("--kernels", action="store_true", help="compare the kernels instead")
    arguments = parser.parse_args()
    sources = {
        "survey_bench": read_survey_bench,
        "ELAsTiCC, several seasons": read_elasticc,
        "Open Supernova Catalog, real": read_osc,
    }
    for name, reader in sources.items():
        for padding in (None, PAD["LSST"]):
            rows, reference = reader(arguments.data, arguments.objects)
            which = compare_kernels if arguments.kernels else compare
            which(name, rows, reference, padding, np.random.default_rng(0))


if __name__ == "__main__":
    main()

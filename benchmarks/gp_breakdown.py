"""Where the numba engine spends its time on one object, step by step against the flop floor.

Imported by bench_gaussian_process.py.  Every step runs alone on the same object, inside compiled
code; its floor is its number of floating-point operations at the speed of a product of
matrices of 192 rows on the same core.  One element of a kernel, with its square root and its
exponential, counts as 40 operations.
"""

import time

import numpy as np
from numba import njit

from skastro.gaussian_process._arguments import Model
from skastro.gaussian_process._batch import prepare
from skastro.gaussian_process._compiled import (
    _blocks,
    _kernels,
    _likelihood,
    _predict,
    _separable,
    _triangles,
)

ELEMENT = 40


def per_call(step, arguments, repetitions=3):
    """Seconds of one call, from the fastest of many short rounds."""

    @njit
    def repeat(times, *values):
        for _ in range(times):
            step(*values)

    repeat(1, *arguments)
    busy, idle = (fastest(repeat, (times, *arguments)) for times in (repetitions, 0))
    return max(busy - idle, 1e-9) / repetitions


def fastest(function, arguments, rounds=300):
    """Seconds of the fastest of many short calls."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        function(*arguments)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def peak_flops(dtype, n=192):
    """Floating-point operations a second of a product of matrices on one core."""
    a = np.ones((n, n), dtype)
    return 2 * n**3 / fastest(np.dot, (a, a))


@njit
def copy_and_factorize(matrix, space):
    """Factorise a copy: the argument is overwritten."""
    space[:] = matrix
    _triangles.factorize(space)


class Breakdown:
    """One object, its matrices, and the steps that the engine takes on it."""

    def __init__(self, columns, padding, grid):
        offsets = np.array([0, len(columns[0])])
        batch = prepare(offsets, *columns, np.zeros(1), Model(padding=padding))
        order = np.argsort(batch.wavelength, kind="stable")
        self.rows = _likelihood.Rows(*(column[order] for column in batch.rows(0)))
        self.grid, self.n = grid, len(order)
        self.theta = 2 * np.log([0.5, 20.0, 6000.0])
        self.point, self.local = _likelihood.new_point(self.n), _likelihood.new_local(self.n)
        likelihood = self.rows, self.theta, False, False, self.point
        _likelihood.evaluate(*likelihood)
        _likelihood.differentiate(self.rows, self.point, 0.0, 3, self.local)
        self.likelihood = likelihood

    def fit_steps(self):
        """Name, operations, function and arguments of the steps of a fit."""
        n, point, inverse = self.n, self.point, self.local.inverse_factor
        space, square = _likelihood.new_point(n).factor, np.empty_like(inverse)
        _kernels.fill_lower(self.rows, self.theta, False, space, point.slopes)
        fill = self.rows, self.theta, False, square, point.slopes
        slopes = self.rows, point, 0.0, 3, self.local
        cube, kernel = n**3 / 3, n**2 / 2 * ELEMENT
        return [
            ("evaluation", cube + kernel, _likelihood.evaluate, self.likelihood),
            ("  kernel and slopes", kernel, _kernels.fill_lower, fill),
            ("  Cholesky factor", cube, copy_and_factorize, (space, square)),
            ("differentiation", 2 * cube + 12 * n**2, _likelihood.differentiate, slopes),
            ("  inverse of factor", cube, _triangles.invert_transposed, (point.factor, inverse)),
            ("  inverse of covariance", cube, _triangles.square_upper, (inverse, square)),
        ]

    def radial_steps(self, dtype):
        """The grid of the radial kernel: the kernel with the mean, and the std."""
        n, (times, wavelengths) = self.n, self.grid
        lower = self.local.inverse_factor.astype(dtype)
        cross, four = np.ones((len(lower), len(times)), dtype), np.empty((8, len(times)), dtype)
        mean, weights = np.ones(len(times), dtype), np.ones(n, dtype)
        squares = np.ones((n, len(times)), dtype), np.ones((n, 1), dtype)
        points, m = len(times) * len(wavelengths), len(wavelengths)
        return [
            (
                "mean",
                ELEMENT * n * points,
                _predict.fill_cross,
                (*squares, weights, cross, mean),
                m,
            ),
            (
                "std",
                n**2 * points,
                _blocks.subtract_explained,
                (lower, cross, four, mean, len(times)),
                m,
            ),
        ]

    def separable_steps(self):
        """The grid of the separable kernel."""
        n, (times, wavelengths) = self.n, self.grid
        lower, starts = self.local.inverse_factor, _separable.band_starts(self.rows.wavelength)
        in_time, mix = (
            np.zeros((len(lower), len(times))),
            np.ones((len(starts) - 1, len(wavelengths))),
        )
        time_row = times, self.rows.time, 0.1, in_time
        _separable.fill_matern(*time_row)
        whitened, bands = _separable.whiten_bands(lower, in_time, starts), len(starts) - 1
        pairs = bands * (bands + 1)
        return [
            ("mean", ELEMENT * n * len(times), _separable.fill_matern, time_row, 1),
            (
                "std, products",
                n**2 * len(times),
                _separable.whiten_bands,
                (lower, in_time, starts),
                1,
            ),
            (
                "std, pairs of bands",
                pairs * len(times) * (n / 2 + len(wavelengths)),
                _separable.explain,
                (whitened, starts, mix),
                1,
            ),
        ]


def print_breakdown(columns, padding, grid):
    """Print microseconds, speed and floor of each step; return the shares of the mean."""
    breakdown, shares = Breakdown(columns, padding, grid), {}
    peaks = {dtype: peak_flops(dtype) for dtype in (np.float64, np.float32)}
    print(
        f"\nsteps on an object of {breakdown.n} rows with padding; floor: product of "
        f"matrices, {peaks[np.float64] / 1e9:.0f} Gflop/s (float32 {peaks[np.float32] / 1e9:.0f})"
    )
    parts = {
        "fit, each": ([(*step, 1) for step in breakdown.fit_steps()], np.float64),
        "radial grid": (breakdown.radial_steps(np.float64), np.float64),
        "radial grid, float32": (breakdown.radial_steps(np.float32), np.float32),
        "separable grid": (breakdown.separable_steps(), np.float64),
    }
    for part, (steps, dtype) in parts.items():
        print(f"{part:32s}{'us':>9s}{'Gflop/s':>9s}{'floor us':>10s}")
        seconds = [times * per_call(step, arguments) for _, _, step, arguments, times in steps]
        for (name, operations, *_), second in zip(steps, seconds):
            floor = operations / peaks[dtype]
            speed = operations / second / 1e9
            print(f"  {name:30s}{1e6 * second:9.1f}{speed:9.1f}{1e6 * floor:10.1f}")
        shares[part] = seconds[0] / sum(seconds)
    return shares

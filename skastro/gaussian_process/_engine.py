"""Which engine solves a batch, and the loop over objects of those without one of their own."""

import importlib.util
import logging
from dataclasses import dataclass
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from skastro.gaussian_process import _dense, _george
from skastro.gaussian_process._arguments import check_choice
from skastro.gaussian_process._dense import LINEAR_FROM
from skastro.gaussian_process._results import LightCurveFits, Status

ENGINES = ("auto", "numba", "numpy", "george")
MANY_ROWS = 20_000
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Problem:
    """A batch with its starts, box and grid: all that an engine needs.

    ``low is None`` means that the starts are the hyperparameters; ``grid is None`` means that no
    prediction is requested.
    """

    batch: object
    starts: np.ndarray
    low: np.ndarray | None
    high: np.ndarray | None
    model: object
    grid: tuple | None
    dtype: object

    def take(self, objects):
        """Return the problem of some objects alone, to be sent to another process."""
        box = [None if b is None else b[objects] for b in (self.low, self.high)]
        batch = self.batch.take(objects)
        return Problem(batch, self.starts[:, objects], *box, self.model, self.grid, self.dtype)

    def new_grid(self, n_objects, dtype=None):
        """Return an uninitialised output block, or None."""
        if self.grid is None:
            return None
        times, wavelengths = self.grid
        return np.empty((n_objects, 2, len(wavelengths), len(times)), dtype or self.dtype)


@cache
def _libraries():
    # Looking for the libraries takes longer than the fit of an object.
    return ThreadpoolController()


def one_blas_thread():
    """Return a context in which BLAS uses one thread, which is faster for small matrices."""
    return _libraries().limit(limits=1, user_api="blas")


@cache
def has_numba() -> bool:
    """Return whether numba is installed: the choice of "auto" for the whole process."""
    return importlib.util.find_spec("numba") is not None


def choose_engine(engine: str, n_rows: int = 0) -> str:
    """Return the name of the engine, which does not depend on the job.

    A job of many rows that runs without numba is logged.

    Raises
    ------
    ValueError
        Unknown name.

    ImportError
        numba is requested but not installed.
    """
    check_choice("engine", engine, ENGINES)
    if engine == "numba" and not has_numba():
        raise ImportError("engine='numba' requires numba: install skastro[fast]")
    if engine != "auto":
        return engine
    if not has_numba() and n_rows >= MANY_ROWS:
        logger.info(
            "Gaussian processes of %d observations run with NumPy, 4 to 20 times slower than with "
            "numba, and more than 100 times for light curves of more than %d observations.  "
            "Install skastro[fast].",
            n_rows,
            LINEAR_FROM,
        )
    return "numba" if has_numba() else "numpy"


def solve(engine, problem, objects):
    """Fit and predict the `objects` (indices into the batch) on one core.

    Returns
    -------
    fits : LightCurveFits
        In the caller's units of flux.

    grid : ndarray of shape (len(objects), 2, n_wavelengths, n_times) or None
    """
    theta, mean_flux, value, counts, converged, solved, grid = run_engine(engine, problem, objects)
    batch = problem.batch
    scale = batch.scale[objects]
    fits = LightCurveFits.empty(len(objects))
    fits.write(slice(None), _natural(theta, mean_flux, value, counts, converged, solved, scale))
    lengths = np.diff(batch.offsets)[objects]
    # A density: that of n fluxes is that of the scaled ones over scale ** n.
    fits.log_likelihood[:] -= lengths * np.log(scale)
    if grid is not None:
        grid *= scale.astype(grid.dtype)[:, None, None, None]
        grid[~solved] = np.nan
    return fits, grid


def run_engine(engine, problem, objects):
    """Return what :func:`skastro.gaussian_process._compiled.solve` does, by any engine."""
    if engine == "numba":
        from skastro.gaussian_process import _compiled

        return _compiled.solve(problem, objects)
    return _loop(_george if engine == "george" else _dense, problem, objects)


def _natural(theta, mean_flux, value, counts, converged, solved, scale):
    numbers = np.exp(theta)
    columns = [
        numbers[:, 0] * scale**2,
        np.sqrt(numbers[:, 1]),
        np.sqrt(numbers[:, 2]),
        mean_flux * scale,
        value,
    ]
    columns = [np.where(solved, column, np.nan) for column in columns]
    status = np.where(solved, Status.OK, Status.SINGULAR).astype(np.int8)
    return LightCurveFits(*columns, counts, converged & solved, status)


def _loop(module, problem, objects):
    n_objects = len(objects)
    theta, mean_flux = np.full((n_objects, 3), np.nan), np.full(n_objects, np.nan)
    value, counts = np.full(n_objects, np.nan), np.zeros(n_objects, np.int32)
    converged, solved = np.zeros(n_objects, bool), np.zeros(n_objects, bool)
    grid = problem.new_grid(n_objects)
    for k, i in enumerate(objects):
        box = (None, None) if problem.low is None else (problem.low[i], problem.high[i])
        optimum = module.solve_object(
            problem.batch.rows(i),
            problem.starts[:, i],
            *box,
            problem.model,
            problem.grid,
            None if grid is None else grid[k],
        )
        if optimum is None:
            continue
        state, counts[k], converged[k] = optimum
        theta[k], mean_flux[k], value[k], solved[k] = state.theta, state.mean_flux, state.value, 1
    return theta, mean_flux, value, counts, converged, solved, grid

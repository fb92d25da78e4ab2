"""Divide a job into chunks and tasks, send the tasks to workers, and write the results."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from tqdm import tqdm

from skastro.gaussian_process._arguments import mark_hyperparameters
from skastro.gaussian_process._batch import prepare, starting_values, tasks
from skastro.gaussian_process._engine import Problem, one_blas_thread, solve
from skastro.gaussian_process._results import LightCurveFits, Status
from skastro.utils.ragged import chunks

ROWS_PER_CHUNK = 500_000


def run(
    data,
    reference,
    model,
    engine,
    n_jobs,
    progress,
    *,
    grid=None,
    dtype=np.float64,
    out=None,
    window=None,
    hyperparameters=None,
):
    """Solve all objects; see :func:`interpolate_light_curves` for the arguments.

    `hyperparameters` of shape (n_objects, 3) in natural units replace the fit.
    """
    offsets, *columns = data
    fits = LightCurveFits.empty(len(offsets) - 1)
    with tqdm(total=len(offsets) - 1, disable=not progress, unit="object") as bar:
        with _workers(engine, n_jobs) as each:
            for objects in chunks(offsets, ROWS_PER_CHUNK):
                rows = slice(offsets[objects.start], offsets[objects.stop])
                own = offsets[objects.start : objects.stop + 1] - offsets[objects.start]
                own_rows = [c[rows] for c in columns]
                batch = prepare(own, *own_rows, reference[objects], model, window)
                given = None if hyperparameters is None else hyperparameters[objects]
                problem = _problem(batch, model, grid, dtype, given)
                fits.status[objects] = batch.status
                if out is not None:
                    # `objects` is a slice, and this writes through its view; an index array would
                    # write to a copy.
                    out[objects][batch.status != Status.OK] = np.nan
                bar.update(len(own) - 1 - len(batch.usable))
                for where, solved, block in each(engine, problem, tasks(batch)):
                    fits.write(where + objects.start, solved)
                    if out is not None:
                        out[where + objects.start] = block
                    bar.update(len(where))
    return fits


def _problem(batch, model, grid, dtype, given):
    if given is None:
        starts, low, high = starting_values(batch, model)
    else:
        starts = mark_hyperparameters(given, batch.scale, batch.status)[None]
        low = high = None
    return Problem(batch, starts, low, high, model, grid, dtype)


@contextlib.contextmanager
def _workers(engine, n_jobs):
    """Yield a generator function over (indices, fits, grid) of the tasks, in any order."""
    n_jobs = effective_n_jobs(n_jobs)
    with one_blas_thread():
        if n_jobs == 1:
            yield _serial
        # Compiled code releases the GIL; the other engines need processes.
        elif engine == "numba":
            with ThreadPoolExecutor(n_jobs) as pool:
                yield lambda engine, problem, tasks: _threads(pool, engine, problem, tasks)
        else:
            with Parallel(n_jobs, return_as="generator_unordered") as pool:
                yield lambda engine, problem, tasks: _processes(pool, engine, problem, tasks)


def _serial(engine, problem, tasks):
    for where in tasks:
        yield where, *solve(engine, problem, where)


def _threads(pool, engine, problem, tasks):
    futures = [pool.submit(solve, engine, problem, where) for where in tasks]
    try:
        for where, future in zip(tasks, futures):
            yield where, *future.result()
    finally:
        # An error or Ctrl-C must not wait for all tasks that have not begun.
        for future in futures:
            future.cancel()


def _processes(pool, engine, problem, tasks):
    jobs = (delayed(_solve_part)(engine, problem.take(where), where) for where in tasks)
    yield from pool(jobs)


def _solve_part(engine, problem, where):
    with one_blas_thread():
        return where, *solve(engine, problem, np.arange(len(where)))

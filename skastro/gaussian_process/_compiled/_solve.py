"""Calls of the compiled engines with arrays of the types that they are compiled for."""

import numpy as np


def solve(problem, objects):
    """Solve the `objects` (indices into the batch of `problem`).

    Returns
    -------
    theta : ndarray of shape (n, 3)
    mean_flux, value : ndarray of shape (n,)
    n_evaluations : ndarray of int32 of shape (n,)
    converged, solved : ndarray of bool of shape (n,)
    grid : ndarray of shape (n, 2, n_wavelengths, n_times) or None
    """
    n, objects = len(objects), np.asarray(objects, np.int64)
    theta, numbers = np.empty((n, 3)), np.empty((n, 2))
    counts, flags = np.zeros(n, np.int32), np.zeros((n, 2), bool)
    call = _linear if problem.model.kernel == "separable" else _radial
    out = call(problem, objects, (theta, numbers, counts, flags))
    return theta, numbers[:, 0], numbers[:, 1], counts, flags[:, 0], flags[:, 1], out


def _linear(problem, objects, results):
    from skastro.gaussian_process._compiled._linear_predict import solve_linear

    batch, out = problem.batch.sorted(), problem.new_grid(len(objects), np.float64)
    columns = batch.offsets, batch.time, batch.band, batch.flux, batch.variance, batch.wavelengths
    grid = np.empty(0), np.empty(0)
    if out is not None:
        order = np.argsort(problem.grid[0], kind="stable")
        grid = problem.grid[0][order], problem.grid[1]
    model = problem.model
    flags = model.white_noise, model.constant_mean, problem.low is not None
    block = np.empty((0, 2, 0, 0)) if out is None else out
    solve_linear(objects, columns, *_starts(problem), flags, grid, block, *results)
    if out is None or np.array_equal(grid[0], problem.grid[0]):
        return out
    return out[..., np.argsort(order)]


def _radial(problem, objects, results):
    from skastro.gaussian_process._compiled._radial_predict import fit_radial, predict_objects

    batch, out, constant_mean = (
        problem.batch,
        problem.new_grid(len(objects)),
        problem.model.constant_mean,
    )
    columns = batch.offsets, batch.time, batch.wavelength, batch.flux, batch.variance
    theta, numbers, counts, flags = results
    starts, box = _starts(problem)
    if problem.low is not None:
        theta[:] = np.nan
        fit_radial(objects, columns, starts, box, constant_mean, *results)
    else:
        theta[:], counts[:], flags[:, 0] = starts[0][objects], 1, True
    if out is not None or problem.low is None:
        grid = (np.empty(0), np.empty(0)) if out is None else problem.grid
        block = np.empty((0, 2, 0, 0)) if out is None else out
        predict_objects(objects, columns, constant_mean, grid, block, theta, numbers, flags)
    return out


def _starts(problem):
    """Return starting points and box, contiguous."""
    starts = np.ascontiguousarray(problem.starts)
    if problem.low is None:
        return starts, np.empty((2, 0, 3))
    return starts, np.stack([problem.low, problem.high])

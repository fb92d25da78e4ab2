"""Fit and predict a list of objects in compiled code that does not hold the interpreter lock."""

import numpy as np
from numba import njit

from skastro.gaussian_process._compiled._fit import climb
from skastro.gaussian_process._compiled._likelihood import (
    Rows,
    evaluate,
    new_local,
    new_point,
)
from skastro.gaussian_process._compiled._predict import predict_radial
from skastro.gaussian_process._compiled._separable import predict_separable
from skastro.gaussian_process._compiled._triangles import invert_transposed


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
    batch, model, n = problem.batch, problem.model, len(objects)
    theta, numbers = np.empty((n, 3)), np.empty((n, 2))
    counts, flags = np.zeros(n, np.int32), np.zeros((n, 2), bool)
    out = problem.new_grid(n)
    fits = problem.low is not None
    box = np.stack([problem.low, problem.high]) if fits else np.empty((2, 0, 3))
    solve_objects(
        np.asarray(objects, np.int64),
        batch.offsets,
        Rows(batch.time, batch.wavelength, batch.flux, batch.variance),
        problem.starts,
        box,
        (model.kernel == "separable", model.constant_mean, fits),
        (np.empty(0), np.empty(0)) if out is None else problem.grid,
        np.empty((0, 2, 0, 0), problem.dtype) if out is None else out,
        theta,
        numbers,
        counts,
        flags,
    )
    return theta, numbers[:, 0], numbers[:, 1], counts, flags[:, 0], flags[:, 1], out


@njit(cache=True)
def rows_of(rows, first, stop, by_wavelength):
    """Return a copy of the rows of one object, sorted by wavelength if asked."""
    if by_wavelength:
        order = first + np.argsort(rows.wavelength[first:stop], kind="mergesort")
    else:
        order = np.arange(first, stop)
    return Rows(rows.time[order], rows.wavelength[order], rows.flux[order], rows.variance[order])


@njit(cache=True)
def best_climb(rows, starts, low, high, separable, constant_mean, theta):
    """Climb from each start, leave the best in `theta`; return its point and what it reached."""
    n = len(rows.time)
    best, spare, local = new_point(n), new_point(n), new_local(n)
    reached, mean_flux, n_evaluations, converged = -np.inf, 0.0, 0, False
    for k in range(len(starts)):
        trial, first = starts[k].copy(), best if k == 0 else new_point(n)
        point, spare, value, mean, n_own, good = climb(
            rows, trial, low, high, separable, constant_mean, first, spare, local
        )
        n_evaluations += n_own
        if value > reached:
            reached, mean_flux, converged = value, mean, good
            theta[:] = trial
            best = point
    return best, reached, mean_flux, n_evaluations, converged


@njit(cache=True)
def predict(rows, theta, point, mean_flux, separable, grid, out):
    """Predict with the rule of the kernel."""
    inverse_factor = np.zeros_like(point.factor)
    invert_transposed(point.factor, inverse_factor)
    if separable:
        predict_separable(rows, theta, inverse_factor, point.weights, mean_flux, grid, out)
        return
    predict_radial(rows, theta, inverse_factor, point.weights, mean_flux, grid, out)


@njit(cache=True, nogil=True)
def solve_objects(
    objects, offsets, rows, starts, box, flags, grid, out, theta, numbers, counts, results
):
    """Fill the output arrays object by object."""
    separable, constant_mean, fits = flags
    for k in range(len(objects)):
        i = objects[k]
        own = rows_of(rows, offsets[i], offsets[i + 1], separable)
        if fits:
            point, value, mean_flux, counts[k], converged = best_climb(
                own, starts[:, i], box[0, i], box[1, i], separable, constant_mean, theta[k]
            )
        else:
            point, theta[k] = new_point(len(own.time)), starts[0, i]
            value, mean_flux = evaluate(own, theta[k], separable, constant_mean, point)
            counts[k], converged = 1, True
        numbers[k, 0], numbers[k, 1] = mean_flux, value
        results[k, 0], results[k, 1] = converged, np.isfinite(value)
        if np.isfinite(value) and len(out):
            predict(own, theta[k], point, mean_flux, separable, grid, out[k])

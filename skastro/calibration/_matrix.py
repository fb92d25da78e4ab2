"""Matrices that mix the classes at dates, as a smooth function of time."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from skastro.calibration._temperature import changes_of_slope, day_scale

_SMALLEST = 1e-12
_OFF_DIAGONAL = 100.0


def mix(proba: NDArray, weights: NDArray) -> NDArray[np.float64]:
    """Return probabilities after matrices and biases; NaN rows stay NaN.

    Parameters
    ----------
    proba : ndarray of shape (..., n_classes)
        Probabilities.

    weights : ndarray of shape (n_classes, n_classes + 1) or (n_days, n_classes, n_classes + 1)
        What is added to the unit matrix, and the biases in the last column.

    Returns
    -------
    mixed : ndarray of shape (..., n_classes)

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._matrix import mix
    >>> mix(np.array([[0.5, 0.5]]), np.array([[0, 0, np.log(3)], [0, 0, 0]])).round(6).tolist()
    [[0.75, 0.25]]
    """
    logs = np.log(np.maximum(proba, _SMALLEST))
    return softmax(logs + np.einsum("...k,...jk->...j", _with_one(logs), weights), axis=-1)


def _with_one(logs: NDArray) -> NDArray[np.float64]:
    return np.concatenate([logs, np.ones((*logs.shape[:-1], 1))], axis=-1)


def fit_matrices(
    proba: NDArray, targets: NDArray[np.intp], days: ArrayLike, smoothness: float
) -> NDArray[np.float64]:
    r"""Return the matrices and biases at each date that maximise the penalised likelihood.

    With W added to the unit matrix and the biases b, the penalty of a date is
    :math:`50 \sum_{j \ne k} W_{jk}^2 + \frac{1}{2} \sum_k (W_{kk}^2 + b_k^2)`: the off-diagonal
    elements are pulled towards 0 as by Kull et al. 2019.  The changes of slope of each element are
    penalised as in :func:`skastro.calibration._temperature.fit_temperatures`.

    Parameters
    ----------
    proba : ndarray of shape (n_objects, n_days, n_classes)
        Probabilities; a row with NaN takes no part.

    targets : ndarray of int of shape (n_objects,)
        Column of the true class; -1 for an object that takes no part.

    days : array-like of shape (n_days,)
        Dates.

    smoothness : float
        Weight of the changes of slope.

    Returns
    -------
    weights : ndarray of shape (n_days, n_classes, n_classes + 1)
        See :func:`mix`.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._matrix import fit_matrices, mix
    >>> proba, targets = np.full((400, 1, 2), 0.5), np.repeat([0, 1], [300, 100])
    >>> weights = fit_matrices(proba, targets, [0.0], 1.0)
    >>> mix(proba[0], weights).round(2).tolist()
    [[0.75, 0.25]]
    """
    n_days, n_classes = proba.shape[1:]
    bend = np.sqrt(smoothness) * changes_of_slope(day_scale(days))
    pull = np.where(np.eye(n_classes, n_classes + 1, dtype=bool), 1.0, _OFF_DIAGONAL)
    pull[:, -1] = 1.0
    dates = [_used(proba[:, i], targets) for i in range(n_days)]

    def loss(values: NDArray) -> tuple[float, NDArray]:
        weights = values.reshape(n_days, n_classes, n_classes + 1)
        parts = [_likelihood(*date, own) for date, own in zip(dates, weights)]
        bent = np.tensordot(bend, weights, 1)
        value = sum(part for part, _ in parts) + ((pull * weights**2).sum() + (bent**2).sum()) / 2
        slope = np.stack([s for _, s in parts]) + pull * weights + np.tensordot(bend.T, bent, 1)
        return value, slope.ravel()

    start = np.zeros(n_days * n_classes * (n_classes + 1))
    found: Any = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return found.x.reshape(n_days, n_classes, n_classes + 1)


def _used(proba: NDArray, targets: NDArray) -> tuple[NDArray, NDArray]:
    used = np.isfinite(proba).all(axis=1) & (targets >= 0)
    return np.log(np.maximum(proba[used], _SMALLEST)), np.eye(proba.shape[1])[targets[used]]


def _likelihood(logs: NDArray, hits: NDArray, weights: NDArray) -> tuple[float, NDArray]:
    """Return minus the log-likelihood of one date and its gradient."""
    inputs = _with_one(logs)
    log_proba = log_softmax(logs + inputs @ weights.T, axis=1)
    return -(log_proba * hits).sum(), (np.exp(log_proba) - hits).T @ inputs

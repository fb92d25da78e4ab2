"""Temperature and biases of the classes at dates."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from skastro.calibration._temperature import Split

_SMALLEST = 1e-12
_MOST = 3.0


def shift(proba: NDArray, biases: ArrayLike) -> NDArray[np.float64]:
    """Return probabilities after biases; NaN rows stay NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._biases import shift
    >>> shift(np.array([[0.5, 0.5]]), np.log([3.0, 1.0])).round(6).tolist()
    [[0.75, 0.25]]
    """
    return softmax(np.log(np.maximum(proba, _SMALLEST)) + np.asarray(biases), axis=-1)


def fit_biases(proba: NDArray, split: Split) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Return the temperature and the biases that maximise the likelihood at each date.

    The penalty :math:`\frac{1}{2} \sum_k b_k^2` decides for classes of few objects.

    Parameters
    ----------
    proba : ndarray of shape (n_objects, n_days, n_classes)
        Probabilities; a row with NaN takes no part.

    split : Split
        The classes of the objects.

    Returns
    -------
    temperatures : ndarray of shape (n_days,)
        Between exp(-3) and exp(3).

    biases : ndarray of shape (n_days, n_classes)

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._biases import fit_biases
    >>> from skastro.calibration._temperature import make_splits
    >>> y = np.repeat(["II", "Ia"], [300, 100])
    >>> split = make_splits(y, np.array(["II", "Ia"]), None)[0]
    >>> _, biases = fit_biases(np.full((400, 1, 2), 0.5), split)
    >>> float(np.exp(biases[0, 0] - biases[0, 1]).round(1))  # three to one
    3.0
    """
    logs = split.log_proba(proba)
    found = np.stack([_fit(logs[:, i], split.targets) for i in range(logs.shape[1])])
    return np.exp(-found[:, 0]), found[:, 1:]


def _fit(logs: NDArray, targets: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return minus the logarithm of the temperature, then the biases."""
    used = np.isfinite(logs).all(axis=1) & (targets >= 0)
    logs, n_classes = logs[used], logs.shape[1]
    hits = np.eye(n_classes)[targets[used]]

    def loss(values: NDArray) -> tuple[float, NDArray]:
        beta, biases = np.exp(values[0]), values[1:]
        shifted = beta * logs + biases
        wrong = softmax(shifted, axis=1) - hits
        slope = [(wrong * logs).sum() * beta, *(wrong.sum(axis=0) + biases)]
        return -(log_softmax(shifted, axis=1) * hits).sum() + biases @ biases / 2, np.array(slope)

    bounds = [(-_MOST, _MOST), *[(None, None)] * n_classes]
    start = np.zeros(1 + n_classes)
    found: Any = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return found.x

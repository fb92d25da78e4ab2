"""Temperatures that are a smooth function of time, for classes and for nodes of a taxonomy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp, softmax

from skastro.taxonomy import Taxonomy

_SMALLEST = 1e-12
_MOST = 3.0
_TOWARDS_ONE = 1e-3


@dataclass(frozen=True)
class Split:
    """One decision: the children of a node, or all classes.

    Parameters
    ----------
    members : ndarray of shape (n_children, n_classes)
        1 for a class that is the child or lies below it.

    targets : ndarray of int of shape (n_objects,)
        Child that each training object belongs to; -1 for none of them.
    """

    members: NDArray[np.float64]
    targets: NDArray[np.intp]

    def log_proba(self, proba: NDArray) -> NDArray[np.float64]:
        """Return the logarithm of the probability of each child, given the node."""
        share = np.log(np.maximum(proba @ self.members.T, _SMALLEST))
        return share - logsumexp(share, axis=-1, keepdims=True)


def make_splits(y: NDArray, classes: NDArray, taxonomy: Taxonomy | None) -> list[Split]:
    """Return one split of all classes, or one for each inner node with several children.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._temperature import make_splits
    >>> y = np.array(["Ia", "II", "AGN"])
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> [split.targets.tolist() for split in make_splits(y, np.unique(y), tree)]
    [[0, 0, 1], [0, 1, -1]]
    """
    if taxonomy is None:
        codes = np.where(np.isin(y, classes), np.searchsorted(classes, y), -1)
        return [Split(np.eye(len(classes)), codes)]
    objects = taxonomy.is_on_path[taxonomy.numbers(y)]
    columns = taxonomy.is_on_path[taxonomy.numbers(classes)]
    return [
        _split_of_node(objects[:, children], columns[:, children])
        for children in taxonomy.groups.values()
        if columns[:, children].any(axis=0).sum() > 1
    ]


def _split_of_node(objects: NDArray[np.bool_], columns: NDArray[np.bool_]) -> Split:
    learned = columns.any(axis=0)
    below = objects[:, learned]
    targets = np.where(below.any(axis=1), below.argmax(axis=1), -1)
    return Split(columns[:, learned].T.astype(float), targets)


def day_scale(days: ArrayLike) -> NDArray[np.float64]:
    """Return days on the scale sign(d) log(1 + |d|), on which temperatures are smooth."""
    days = np.asarray(days, float)
    return np.sign(days) * np.log1p(np.abs(days))


def fit_temperatures(
    proba: NDArray, split: Split, days: ArrayLike, smoothness: float
) -> NDArray[np.float64]:
    r"""Return the temperature at each date that maximises the penalised likelihood.

    With :math:`b_j = -\ln T_j` at the date :math:`d_j`, the function

    .. math::
        -\sum_{ij} \ln \mathrm{softmax}(e^{b_j} \ln p_{ij})_{y_i}
        + \frac{\lambda}{2} \sum_j (\Delta^2 b_j)^2

    is minimised by L-BFGS-B, where :math:`\Delta^2` is the change of slope on the scale of
    :func:`day_scale`.  A weak pull towards T = 1 decides where no object does.

    Parameters
    ----------
    proba : ndarray of shape (n_objects, n_days, n_classes)
        Probabilities; a row with NaN takes no part.

    split : Split
        Decision whose temperature is sought.

    days : array-like of shape (n_days,)
        Dates.

    smoothness : float
        Weight of the penalty.

    Returns
    -------
    temperatures : ndarray of shape (n_days,)
        Between exp(-3) and exp(3).

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._temperature import fit_temperatures, make_splits
    >>> y = np.array(["II", "II", "Ia"])  # two of three are right, at a stated 0.9
    >>> split = make_splits(y, np.array(["II", "Ia"])[[0, 1]], None)[0]
    >>> proba = np.tile([0.9, 0.1], (3, 1, 1))
    >>> fit_temperatures(proba, split, [0.0], 1.0).round(1).tolist()
    [3.2]
    """
    used = split.targets >= 0
    logs = split.log_proba(proba[used])
    known: Any = np.isfinite(logs).all(axis=-1)
    # NaN would spoil the gradients of all dates, also under a mask.
    logs = np.where(known[..., None], logs, 0.0)
    own = logs[np.arange(len(logs)), :, split.targets[used]]
    bend = np.sqrt(smoothness) * changes_of_slope(day_scale(days))

    def loss(log_beta: NDArray) -> tuple[float, NDArray]:
        beta = np.exp(log_beta)
        scaled = beta[:, None] * logs
        penalty, pull = bend @ log_beta, _TOWARDS_ONE * log_beta
        value = (logsumexp(scaled, axis=-1) - beta * own)[known].sum()
        slope = beta * ((softmax(scaled, axis=-1) * logs).sum(axis=-1) - own).sum(axis=0)
        value += (penalty @ penalty + pull @ log_beta) / 2
        return value, slope + bend.T @ penalty + pull

    n_days = proba.shape[1]
    found: Any = minimize(
        loss, np.zeros(n_days), jac=True, method="L-BFGS-B", bounds=[(-_MOST, _MOST)] * n_days
    )
    return np.exp(-found.x)


def changes_of_slope(x: NDArray) -> NDArray[np.float64]:
    """Return the matrix that turns values at `x` into the changes of their slope.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._temperature import changes_of_slope
    >>> changes_of_slope(np.array([0.0, 1.0, 2.0])).tolist()
    [[1.0, -2.0, 1.0]]
    """
    slopes = np.diff(np.eye(len(x)), axis=0) / np.diff(x)[:, None]
    return np.diff(slopes, axis=0)


def calibrate(proba: NDArray, splits: list[Split], temperatures: list) -> NDArray[np.float64]:
    """Return probabilities after the temperature of every split; NaN rows stay NaN.

    Parameters
    ----------
    proba : ndarray of shape (..., n_classes)
        Probabilities.

    splits : list of Split
        Decisions.

    temperatures : list of float or of ndarray of shape (...)
        Temperature of each.

    Returns
    -------
    calibrated : ndarray of shape (..., n_classes)

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration._temperature import calibrate, make_splits
    >>> classes = np.array(["II", "Ia"])
    >>> splits = make_splits(classes, classes, None)
    >>> calibrate(np.array([[0.9, 0.1]]), splits, [2.0]).round(6).tolist()
    [[0.75, 0.25]]
    """
    total = np.zeros(np.shape(proba))
    for split, temperature in zip(splits, temperatures):
        scaled = split.log_proba(proba) / np.asarray(temperature)[..., None]
        total += log_softmax(scaled, axis=-1) @ split.members
    return np.exp(total)

"""Which objects of a training set are held out for validation."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold

from skastro.exceptions import name_objects


def stratified_holdout(
    codes: NDArray[np.int64], fraction: float, rng: np.random.RandomState
) -> NDArray[np.bool_]:
    """Hold out `fraction` of every class, and at least one object of a class with two.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Class of each object.

    fraction : float
        Between 0 and 1.

    rng : numpy.random.RandomState
        Source of randomness.

    Returns
    -------
    held : ndarray of bool of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._split import stratified_holdout
    >>> codes = np.repeat([0, 1, 2], [20, 10, 1])
    >>> np.bincount(codes[stratified_holdout(codes, 0.1, np.random.RandomState(0))]).tolist()
    [2, 1]
    """
    counts = np.bincount(codes)
    n_held = np.clip(np.round(fraction * counts), 1, np.maximum(counts - 1, 0)).astype(int)
    order = rng.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    rank = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    held = np.zeros(len(codes), bool)
    held[order] = rank < n_held[codes[order]]
    return held


def holdout(
    validation: float | Any | None,
    codes: NDArray[np.int64],
    groups: ArrayLike | None,
    rng: np.random.RandomState,
) -> NDArray[np.bool_]:
    """Return the mask of the objects that are held out for validation.

    Parameters
    ----------
    validation : float, splitter or None
        A fraction, stratified by class and, with `groups`, by whole groups; a scikit-learn
        splitter, whose first split counts; or None for no validation.

    codes : ndarray of int of shape (n,)
        Class of each object.

    groups : array-like of shape (n,), default=None
        Objects of one group stay together.

    rng : numpy.random.RandomState
        Source of randomness.

    Returns
    -------
    held : ndarray of bool of shape (n,)

    Raises
    ------
    ValueError
        No objects are left for training.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import PredefinedSplit
    >>> from skastro.neural_network._split import holdout
    >>> holdout(PredefinedSplit([-1, 0, -1]), np.array([0, 1, 1]), None, None).tolist()
    [False, True, False]
    """
    held = np.zeros(len(codes), bool)
    if not validation:
        return held
    if hasattr(validation, "split"):
        held[next(validation.split(np.zeros((len(codes), 1)), codes, groups))[1]] = True
    elif groups is None:
        held = stratified_holdout(codes, validation, rng)
    else:
        folds = StratifiedGroupKFold(
            max(2, round(1 / validation)), shuffle=True, random_state=rng.randint(2**31 - 1)
        )
        held[next(folds.split(np.zeros((len(codes), 1)), codes, groups))[1]] = True
    if held.all():
        raise ValueError("validation holds out all objects and leaves none to train on")
    return held


def random_split(
    validation: Any, rows: NDArray[np.int64], rng: np.random.RandomState
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows to train on and those held out, without classes.

    Parameters
    ----------
    validation : float, splitter or None
        A fraction; a scikit-learn splitter, whose first split counts; or None.

    rows : ndarray of int of shape (n,)
        Usable rows.

    rng : numpy.random.RandomState
        Source of randomness.

    Returns
    -------
    train, valid : ndarray of int

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._split import random_split
    >>> train, valid = random_split(0.25, np.arange(8), np.random.RandomState(0))
    >>> len(train), len(valid)
    (6, 2)
    """
    if hasattr(validation, "split"):
        train, valid = next(validation.split(np.zeros((len(rows), 1))))
        return rows[train], rows[valid]
    rows = rng.permutation(rows)
    valid, train = np.split(rows, [int((validation or 0) * len(rows))])
    return train, valid


def check_training_part(
    codes: NDArray[np.int64], held: NDArray[np.bool_], targets: Any, owner: str
) -> None:
    """Refuse a training part with a single class, and warn of classes that it lost.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Encoded label of each object; negative for objects that do not count.

    held : ndarray of bool of shape (n,)
        Held-out objects.

    targets : FlatTargets or TreeTargets
        Its method ``names`` returns the label of a code.

    owner : str
        Estimator named in messages.

    Raises
    ------
    ValueError
        The training part has fewer than two classes.

    Warns
    -----
    UserWarning
        A class occurs only in the validation part.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._split import check_training_part
    >>> from skastro.neural_network._targets import FlatTargets
    >>> targets, held = FlatTargets(["a", "b"]), np.array([False, True])
    >>> check_training_part(np.array([0, 1]), held, targets, "MyClassifier")
    Traceback (most recent call last):
    ...
    ValueError: MyClassifier: the validation part holds all objects of 'b', so that the training
    part has one class, ['a']; use a stratified `validation`, or groups that do not coincide...
    """
    left = np.unique(codes[(codes >= 0) & ~held])
    lost = targets.names(np.setdiff1d(codes[codes >= 0], left))
    if len(lost) == 0:
        return
    problem = f"{owner}: the validation part holds all objects of {name_objects(lost)}, so that"
    remedy = "use a stratified `validation`, or groups that do not coincide with classes"
    if len(left) < 2:
        names = targets.names(left).tolist()
        raise ValueError(f"{problem} the training part has one class, {names}; {remedy}")
    warnings.warn(f"{problem} the network never learns them; {remedy}", UserWarning, stacklevel=4)

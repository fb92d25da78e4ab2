"""Answers of finished folds on the disk."""

import os
import tempfile
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np

from skastro.label_errors._folds import answers_of_fold


def kept_answer(folder, fingerprint, estimator, X, y, groups, train, test):
    """Read the answer of a fold, or train for it and keep it.

    Parameters
    ----------
    folder : str or Path or None
        Where answers are kept, one file a fold; None keeps none.

    fingerprint : str or None
        Stands for `X` in the name of the file.

    estimator, X, y, groups, train, test
        As for `answers_of_fold`.

    Returns
    -------
    classes : ndarray of shape (n_learned,)

    proba : ndarray of shape (len(test), n_learned)

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.label_errors._store import kept_answer
    >>> X, y = np.array([[0.0], [1.0], [8.0], [9.0]]), np.array(["II", "II", "Ia", "Ia"])
    >>> fold = "X", GaussianNB(), X, y, None, np.arange(4), np.array([3])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     both = kept_answer(folder, *fold), kept_answer(folder, *fold)
    >>> [classes.tolist() for classes, _ in both]
    [['II', 'Ia'], ['II', 'Ia']]
    """
    if folder is None:
        return answers_of_fold(estimator, X, y, groups, train, test)
    content = version("skastro"), fingerprint, estimator, y[train], groups, train, test
    path = Path(folder) / f"{joblib.hash(content)}.npz"
    if path.exists():
        with np.load(path) as kept:
            return kept["classes"], kept["proba"]
    classes, proba = answers_of_fold(estimator, X, y, groups, train, test)
    _write(path, classes=np.array(classes.tolist()), proba=proba)
    return classes, proba


def _write(path, **arrays):
    """Write a file that is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        np.savez(file, **arrays)
    os.replace(file.name, path)

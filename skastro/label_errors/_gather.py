"""Out-of-fold probabilities out of the answers of all folds."""

from typing import NamedTuple

import numpy as np

from skastro.exceptions import ObjectError
from skastro.label_errors._read import Scored, check_probabilities


class Gathered(NamedTuple):
    """Probabilities of every repeat, one column a class, and who was judged by whom."""

    codes: np.ndarray
    proba: np.ndarray
    learned: np.ndarray
    classes: np.ndarray

    @property
    def mean(self):
        """Mean over the repeats that answer, of shape (n_objects, n_classes)."""
        return _mean(self.proba)

    @property
    def repeats(self):
        """The repeats as Scored, without answers of classifiers that lacked the given class."""
        return [Scored(self.codes, p, self.classes) for p in self._of_learned()]

    @property
    def scored(self):
        """The mean of the repeats as Scored."""
        return Scored(self.codes, _mean(self._of_learned()), self.classes)

    def _of_learned(self):
        return np.where(self.learned[:, :, None], self.proba, np.nan)


def gather(folds, answers, codes, classes, *, ids=None, name="LabelErrorFinder"):
    """Put the answers of the folds side by side, each column under its own class.

    Parameters
    ----------
    folds : list of Fold
        As from `make_folds`.

    answers : list of (classes, proba)
        As from `answers_of_fold`.

    codes : ndarray of int of shape (n_objects,)
        Numbers of the given classes, -1 for unlabelled objects.

    classes : ndarray of shape (n_classes,)
        Labels in `y`, sorted.

    ids : array-like of shape (n_objects,), default=None
        Names of the objects in errors.

    name : str
        Estimator that the errors name.

    Returns
    -------
    gathered : Gathered
        A class that a classifier has not learned has the probability 0; its `learned` is False
        for the objects of that class.  Labels that only classifiers know get columns of their
        own.

    Raises
    ------
    ObjectError
        Rows that are no probabilities.

    ValueError
        Columns that do not fit the classes, or classes of another type than the labels.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._folds import Fold
    >>> from skastro.label_errors._gather import gather
    >>> folds = [Fold(0, np.array([1]), np.array([0])), Fold(0, np.array([0]), np.array([1]))]
    >>> answers = [(["b"], np.array([[1.0]])), (["a"], np.array([[1.0]]))]
    >>> gathered = gather(folds, answers, np.array([0, 1]), np.array(["a", "b"]))
    >>> gathered.mean.tolist(), gathered.learned.tolist()
    ([[0.0, 1.0], [1.0, 0.0]], [[False, False]])
    """
    ids = np.arange(len(codes)) if ids is None else np.asarray(ids)
    everything = _all_classes(classes, answers, name)
    codes = np.where(codes < 0, codes, np.searchsorted(everything, classes)[codes])
    shape = (max(fold.repeat for fold in folds) + 1, len(codes), len(everything))
    proba, learned = np.full(shape, np.nan), np.zeros(shape[:2], bool)
    for fold, (own, answer) in zip(folds, answers):
        if answer.shape != (len(fold.test), len(own)):
            raise ValueError(
                f"{name}: the classifier gives probabilities of the shape {answer.shape} for "
                f"{len(fold.test)} objects and {len(own)} classes"
            )
        _check_answer(answer, ids[fold.test], name)
        columns = np.searchsorted(everything, own)
        block = np.zeros((len(answer), len(everything)))
        block[:, columns] = answer
        block[np.isnan(answer).any(axis=1)] = np.nan
        proba[fold.repeat, fold.test] = block
        learned[fold.repeat, fold.test] = np.isin(codes[fold.test], columns)
    return Gathered(codes, proba, learned, everything)


def _all_classes(classes, answers, name):
    known = classes
    for own in (np.asarray(own) for own, _ in answers):
        if (own.dtype.kind in "OU") != (classes.dtype.kind in "OU"):
            raise ValueError(
                f"{name}: the classes of the classifier, {own.tolist()}, are of another type than "
                f"the labels {classes.tolist()}"
            )
        known = np.union1d(known, own.astype(classes.dtype.kind) if own.dtype == object else own)
    return known


def _check_answer(answer, ids, name):
    try:
        check_probabilities(answer, name)
    except ObjectError as error:
        message = str(error).rsplit(" (object", 1)[0].replace("proba", "the probabilities")
        raise ObjectError(message, ids[error.ids]) from None


def _mean(proba):
    there = ~np.isnan(proba)
    counts = there.sum(axis=0)
    sums = np.where(there, proba, 0.0).sum(axis=0)
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)

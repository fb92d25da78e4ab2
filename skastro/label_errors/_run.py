"""What LabelErrorFinder reads and runs before it judges."""

from numbers import Integral
from typing import NamedTuple

import numpy as np
import pandas as pd
from imblearn.utils import check_target_type
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import (
    _num_samples,
    check_consistent_length,
    column_or_1d,
    validate_data,
)
from tqdm.auto import tqdm

from skastro.exceptions import ObjectError
from skastro.label_errors._fingerprint import fingerprint
from skastro.label_errors._folds import make_folds
from skastro.label_errors._gather import gather
from skastro.label_errors._methods import CONSENSUS
from skastro.label_errors._read import read_labels
from skastro.label_errors._store import kept_answer


class Given(NamedTuple):
    """Input of `fit` after the checks."""

    labels: np.ndarray
    codes: np.ndarray
    classes: np.ndarray
    groups: np.ndarray | None
    detector: np.ndarray | None
    ids: np.ndarray


def read_input(finder, X, y, groups, detector):
    """Check what `LabelErrorFinder.fit` is given.

    Parameters
    ----------
    finder : LabelErrorFinder
        Its parameters are checked too, and the columns of `X` recorded.

    X, y, groups, detector
        As in `LabelErrorFinder.fit`.

    Returns
    -------
    given : Given

    Raises
    ------
    ObjectError
        Objects without label, group or detector.

    ValueError
        Input or parameters that make no sense together.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.label_errors import LabelErrorFinder
    >>> from skastro.label_errors._run import read_input
    >>> finder = LabelErrorFinder(GaussianNB())
    >>> read_input(finder, np.zeros((3, 1)), ["b", "a", "a"], None, None).codes.tolist()
    [1, 0, 0]
    """
    name = type(finder).__name__
    _check_parameters(finder, name)
    labels = _one_dimension(y)
    codes, classes = read_labels(labels, name)
    if _num_samples(X) == 0:
        raise ValueError(f"{name}: X holds 0 objects while a minimum of 1 is required")
    check_consistent_length(X, codes)
    validate_data(finder, X, reset=True, skip_check_array=True)
    if len(classes) < 2:
        raise ValueError(
            f"{name}: y has the class {classes.tolist()} alone, besides -1 for unlabelled objects; "
            "two classes are needed"
        )
    ids = X.index.to_numpy() if hasattr(X, "index") and hasattr(X, "columns") else None
    ids = np.arange(len(codes)) if ids is None else ids
    groups = _static(X, groups, finder.groups, "groups", ids, name)
    detector = _static(X, detector, finder.detector, "detector", ids, name)
    return Given(np.asarray(labels), codes, classes, groups, detector, ids)


def run_folds(finder, X, given):
    """Train and answer in all folds; finished folds come from the disk.

    Parameters
    ----------
    finder : LabelErrorFinder
        Its parameters say how.

    X : array-like or frame of n_objects rows
        Objects.

    given : Given
        As from `read_input`.

    Returns
    -------
    gathered : Gathered

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.label_errors import LabelErrorFinder
    >>> from skastro.label_errors._run import read_input, run_folds
    >>> finder = LabelErrorFinder(GaussianNB(), cv=2, random_state=0)
    >>> X, y = np.arange(8.0)[:, None], [0, 0, 0, 0, 1, 1, 1, 1]
    >>> run_folds(finder, X, read_input(finder, X, y, None, None)).proba.shape
    (1, 8, 2)
    """
    name = type(finder).__name__
    folds = _folds(finder, X, given, name)
    digest = None if finder.cache_dir is None else fingerprint(X)
    y = given.classes[given.codes]
    known = finder.cache_dir, digest, finder.estimator, X, y, given.groups
    parallel = Parallel(n_jobs=finder.n_jobs, return_as="generator" if finder.verbose else "list")
    running = parallel(delayed(kept_answer)(*known, fold.train, fold.test) for fold in folds)
    shown = tqdm(running, desc=name, total=len(folds), disable=not finder.verbose)
    return gather(folds, list(shown), given.codes, given.classes, ids=given.ids, name=name)


def _folds(finder, X, given, name):
    seeds = check_random_state(finder.random_state).randint(2**31 - 1, size=finder.n_repeats)
    own = [None] if not isinstance(finder.cv, Integral) and finder.n_repeats == 1 else seeds
    strata = _strata(given, finder.cv)
    return make_folds(
        X, given.codes, cv=finder.cv, seeds=own, groups=given.groups, strata=strata, name=name
    )


def _strata(given, cv):
    """Return label and detector as one number; the label alone where they are rare together."""
    if given.detector is None or not isinstance(cv, Integral):
        return given.codes
    names, numbers = np.unique(given.detector, return_inverse=True)
    both = (given.codes + 1) * len(names) + numbers
    rare = np.bincount(both)[both] < cv
    return np.where(rare, -1 - given.codes, both)


def _check_parameters(finder, name):
    if not hasattr(finder.estimator, "predict_proba"):
        raise ValueError(
            f"{name}: {type(finder.estimator).__name__} gives no probabilities; wrap it in "
            "CalibratedClassifierCV"
        )
    if finder.method == CONSENSUS and finder.n_repeats == 1:
        raise ValueError(f"{name}: a consensus needs n_repeats of 2 or more")
    drawn = isinstance(finder.cv, Integral) or finder.n_repeats > 1
    if finder.cache_dir is not None and drawn and not isinstance(finder.random_state, Integral):
        raise ValueError(
            f"{name}: cache_dir finds folds again only where random_state is a number, not "
            f"{finder.random_state!r}"
        )


def _one_dimension(y):
    if np.ndim(y) == 2 and np.shape(y)[1] > 1:
        return check_target_type(y, indicate_one_vs_all=True)[0]
    return y if y is None else column_or_1d(y)


def _static(X, values, column, what, ids, name):
    """Return the values of groups or detectors, or None."""
    if values is None and column is None:
        return None
    if values is None:
        if column not in getattr(X, "columns", ()):
            known = list(X.columns) if hasattr(X, "columns") else type(X)
            raise ValueError(f"{name}: {what} needs the column {column!r}; X has {known}")
        values = X[column]
    values = column_or_1d(values)
    check_consistent_length(ids, values)
    missing = pd.isna(values)
    if missing.any():
        raise ObjectError(f"{name}: {what} is missing", ids[missing])
    return np.asarray(values)

"""Input of LabelErrorFinder and its cross-validation."""

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from imblearn.utils import check_target_type
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import (
    _num_samples,
    check_consistent_length,
    column_or_1d,
    validate_data,
)
from tqdm.auto import tqdm

from skastro.exceptions import ObjectError, name_objects
from skastro.label_errors._find import CONSENSUS
from skastro.label_errors._folds import (
    Fold,
    Prediction,
    cached_prediction,
    make_folds,
)
from skastro.label_errors._read import Scored, check_probabilities, encode_labels

if TYPE_CHECKING:
    from skastro.label_errors._finder import LabelErrorFinder
from skastro.utils.fingerprint import fingerprint


class Given(NamedTuple):
    """Input of `fit` after the checks."""

    labels: NDArray
    codes: NDArray[np.int64]
    classes: NDArray
    groups: NDArray | None
    detector: NDArray | None
    ids: NDArray


class OutOfFold(NamedTuple):
    """Probabilities of every repeat, and whether their classifier had learned the given class."""

    codes: NDArray[np.int64]
    proba: NDArray[np.float64]
    learned: NDArray[np.bool_]
    classes: NDArray

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean over the repeats with a prediction, of shape (n_objects, n_classes)."""
        return _mean(self.proba)

    @property
    def repeats(self) -> list[Scored]:
        """The repeats, without predictions of classifiers that lacked the given class."""
        return [Scored(self.codes, p, self.classes) for p in self._of_learned()]

    @property
    def scored(self) -> Scored:
        """The mean of the repeats, without classifiers that lacked the given class."""
        return Scored(self.codes, _mean(self._of_learned()), self.classes)

    def _of_learned(self) -> NDArray[np.float64]:
        return np.where(self.learned[:, :, None], self.proba, np.nan)


def read_input(
    finder: "LabelErrorFinder",
    X: Any,
    y: ArrayLike,
    groups: ArrayLike | None,
    detector: ArrayLike | None,
) -> Given:
    """Check the input of `LabelErrorFinder.fit`.

    Parameters
    ----------
    finder : LabelErrorFinder
        Its parameters are checked as well, and the columns of `X` recorded.

    X, y, groups, detector
        See `LabelErrorFinder.fit`.

    Returns
    -------
    given : Given

    Raises
    ------
    ObjectError
        Objects without label, group or detector.

    ValueError
        Input or parameters that contradict each other.

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
    labels = _one_column(y)
    codes, classes = encode_labels(labels, name, X=X)
    if _num_samples(X) == 0:
        raise ValueError(f"{name}: X holds 0 objects while a minimum of 1 is required")
    check_consistent_length(X, codes)
    validate_data(finder, X, reset=True, skip_check_array=True)
    if len(classes) < 2:
        raise ValueError(
            f"{name} requires at least two classes; the labelled objects have {len(classes)}: "
            f"{classes.tolist()}"
        )
    ids = X.index.to_numpy() if isinstance(X, pd.DataFrame) else np.arange(len(codes))
    groups = _per_object(X, groups, finder.group_column, "group", ids, name)
    detector = _per_object(X, detector, finder.detector_column, "detector", ids, name)
    return Given(np.asarray(labels).ravel(), codes, classes, groups, detector, ids)


def run_folds(finder: "LabelErrorFinder", X: Any, given: Given) -> OutOfFold:
    """Train and predict in all folds; finished folds come from the cache.

    Parameters
    ----------
    finder : LabelErrorFinder
        Its parameters are used.

    X : array-like or frame of n_objects rows
        Objects.

    given : Given
        Output of `read_input`.

    Returns
    -------
    out_of_fold : OutOfFold

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
    shared = finder.cache_dir, digest, finder.estimator, X, y, given.groups
    parallel = Parallel(n_jobs=finder.n_jobs, return_as="generator" if finder.verbose else "list")
    running = parallel(delayed(cached_prediction)(*shared, fold.train, fold.test) for fold in folds)
    shown = tqdm(running, desc=name, total=len(folds), disable=not finder.verbose)
    return gather(folds, list(shown), given.codes, given.classes, ids=given.ids, name=name)


def gather(
    folds: Sequence[Fold],
    predictions: Sequence[Prediction],
    codes: NDArray[np.int64],
    classes: NDArray,
    *,
    ids: ArrayLike | None = None,
    name: str = "LabelErrorFinder",
) -> OutOfFold:
    """Combine the predictions of the folds, each column under its own class.

    Parameters
    ----------
    folds : list of Fold
        Output of `make_folds`.

    predictions : list of (classes, proba)
        Outputs of `predict_fold`.

    codes : ndarray of int of shape (n_objects,)
        Encoded labels; -1 for unlabelled objects.

    classes : ndarray of shape (n_classes,)
        Labels in `y`, sorted.

    ids : array-like of shape (n_objects,), default=None
        Names of the objects in errors.

    name : str
        Estimator named in errors.

    Returns
    -------
    out_of_fold : OutOfFold
        A class that a classifier has not learned has the probability 0, and `learned` is False
        for the objects of that class.  Labels that only classifiers know get columns of their
        own.

    Raises
    ------
    ObjectError
        Rows that are not probabilities.

    ValueError
        Columns that do not fit the classes, or classes of a different type from the labels.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._folds import Fold
    >>> from skastro.label_errors._run import gather
    >>> folds = [Fold(0, np.array([1]), np.array([0])), Fold(0, np.array([0]), np.array([1]))]
    >>> predictions = [(["b"], np.array([[1.0]])), (["a"], np.array([[1.0]]))]
    >>> gathered = gather(folds, predictions, np.array([0, 1]), np.array(["a", "b"]))
    >>> gathered.mean.tolist(), gathered.learned.tolist()
    ([[0.0, 1.0], [1.0, 0.0]], [[False, False]])
    """
    ids = np.arange(len(codes)) if ids is None else np.asarray(ids)
    known = _all_classes(classes, predictions, name)
    codes = np.where(codes < 0, codes, np.searchsorted(known, classes)[codes])
    shape = (max(fold.repeat for fold in folds) + 1, len(codes), len(known))
    proba, learned = np.full(shape, np.nan), np.zeros(shape[:2], bool)
    for fold, (own, found) in zip(folds, predictions):
        _check_prediction(found, len(own), ids[fold.test], name)
        columns = np.searchsorted(known, own)
        block = np.zeros((len(found), len(known)))
        block[:, columns] = found
        block[np.isnan(found).any(axis=1)] = np.nan
        proba[fold.repeat, fold.test] = block
        learned[fold.repeat, fold.test] = np.isin(codes[fold.test], columns)
    return OutOfFold(codes, proba, learned, known)


def _all_classes(classes: NDArray, predictions: Sequence[Prediction], name: str) -> NDArray:
    known = classes
    for own in (np.asarray(own) for own, _ in predictions):
        if (own.dtype.kind in "OU") != (classes.dtype.kind in "OU"):
            raise ValueError(
                f"{name}: the classes of the classifier, {own.tolist()}, are of a different type "
                f"from the labels {classes.tolist()}"
            )
        known = np.union1d(known, own.astype(classes.dtype.kind) if own.dtype == object else own)
    return known


def _check_prediction(found: NDArray, n_classes: int, ids: NDArray, name: str) -> None:
    if found.shape != (len(ids), n_classes):
        raise ValueError(
            f"{name}: the classifier returned probabilities of shape {found.shape} for {len(ids)} "
            f"objects and {n_classes} classes"
        )
    try:
        check_probabilities(found, name)
    except ObjectError as error:
        message = str(error).rsplit(" (object", 1)[0].replace("proba", "the probabilities")
        raise ObjectError(message, ids[error.ids]) from None


def _mean(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(proba)
    counts = known.sum(axis=0)
    sums = np.where(known, proba, 0.0).sum(axis=0)
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


def _folds(finder: "LabelErrorFinder", X: Any, given: Given, name: str) -> list[Fold]:
    seeds = check_random_state(finder.random_state).randint(2**31 - 1, size=finder.n_repeats)
    own = [None] if not isinstance(finder.cv, Integral) and finder.n_repeats == 1 else seeds
    strata = _strata(given, finder.cv)
    return make_folds(
        X, given.codes, cv=finder.cv, seeds=own, groups=given.groups, strata=strata, name=name
    )


def _strata(given: Given, cv: Any) -> NDArray[np.int64]:
    """Return label and detector as one number; the label alone where the pair is rare."""
    if given.detector is None or not isinstance(cv, Integral):
        return given.codes
    names, numbers = np.unique(given.detector, return_inverse=True)
    both = (given.codes + 1) * len(names) + numbers
    rare = np.bincount(both)[both] < cv
    # Negative numbers, which no pair has.
    return np.where(rare, -1 - given.codes, both)


def _check_parameters(finder: "LabelErrorFinder", name: str) -> None:
    if not hasattr(finder.estimator, "predict_proba"):
        raise ValueError(
            f"{name}: {type(finder.estimator).__name__} has no predict_proba; wrap it in "
            f"CalibratedClassifierCV"
        )
    if finder.method == CONSENSUS and finder.n_repeats == 1:
        raise ValueError(f"{name}: method='consensus' requires n_repeats of at least 2")
    drawn = isinstance(finder.cv, Integral) or finder.n_repeats > 1
    if finder.cache_dir is not None and drawn and not isinstance(finder.random_state, Integral):
        raise ValueError(
            f"{name}: cache_dir requires an integer random_state, not {finder.random_state!r}; "
            f"otherwise the folds of another run differ"
        )


def _one_column(y: Any) -> Any:
    """Return one-vs-all indicators as class labels, and everything else unchanged."""
    if np.ndim(y) == 2 and np.shape(y)[1] > 1:
        return check_target_type(y, indicate_one_vs_all=True)[0]
    return y.iloc[:, 0] if isinstance(y, pd.DataFrame) else y


def _per_object(
    X: Any, values: ArrayLike | None, column: str | None, what: str, ids: NDArray, name: str
) -> NDArray | None:
    """Return the values of groups or detectors, or None."""
    if values is None and column is None:
        return None
    if values is None:
        if column not in getattr(X, "columns", ()):
            known = name_objects(X.columns) if hasattr(X, "columns") else type(X).__name__
            raise ValueError(
                f"{name}: {what}_column={column!r} is not a column of X; X has {known}"
            )
        values = X[column]
    values = column_or_1d(values)
    check_consistent_length(ids, values)
    missing = pd.isna(values)
    if missing.any():
        raise ObjectError(f"{name}: {what} is missing", ids[missing])
    return np.asarray(values)

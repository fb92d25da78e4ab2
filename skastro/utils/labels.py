"""Checks of class labels that every estimator and taxonomy shares."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api.extensions import ExtensionArray
from pandas.api.types import infer_dtype
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from skastro.exceptions import ObjectError, name_objects

_TEXT_OF_MISSING = ("nan", "<NA>", "None", "NaT")
UNLABELLED = -1
_PREFIX = "prob_"


def check_labels(
    y: ArrayLike | pd.Series, name: str, X: Any = None, *, allow_unlabelled: bool = False
) -> NDArray:
    """Return class labels as a one-dimensional array after the checks of every classifier.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Class labels of one type: strings or integers in a list, an array, a Series of any dtype
        or a pandas or Arrow array.

    name : str
        Estimator or function named in the errors.

    X : DataFrame or array-like of shape (n_objects, n_columns), default=None
        Objects.  The index of a DataFrame names them in errors, and must be that of a Series `y`.

    allow_unlabelled : bool, default=False
        Whether -1 may stand for "unlabelled" among strings.

    Returns
    -------
    labels : ndarray of shape (n_objects,)
        Strings stay strings and integers stay integers.

    Raises
    ------
    ObjectError
        Objects without a label (None, NaN, NaT, pd.NA, or the strings that NumPy turns them into),
        or with a label of a different type.

    ValueError
        No `y`, a `y` with more than one column, continuous values, or an index that differs from
        that of `X`.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.utils.labels import check_labels
    >>> check_labels(pd.array(["Ia", "II"], dtype="string"), "MyClassifier").tolist()
    ['Ia', 'II']
    >>> check_labels(["Ia", None], "MyClassifier")
    Traceback (most recent call last):
    ...
    skastro.exceptions.ObjectError: MyClassifier: y holds no label (object 1)
    """
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None")
    check_same_index(X, y, name)
    labels = _as_column(y, name)
    ids = _identifiers(X, len(labels))
    check_no_missing(labels, name, ids)
    _check_one_type(labels, name, ids, allow_unlabelled)
    labels = np.array(labels.tolist()) if isinstance(y, list | tuple) else labels
    if labels.dtype != object or not allow_unlabelled:
        check_classification_targets(labels)
    return labels


def check_same_index(X: Any, y: Any, name: str) -> None:
    """Raise ValueError if the index of a Series `y` differs from that of the DataFrame `X`.

    Parameters
    ----------
    X : DataFrame or any other
        Objects; only the index of a DataFrame is compared.

    y : Series or any other
        Labels; only the index of a Series is compared.

    name : str
        Estimator named in the error.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.utils.labels import check_same_index
    >>> X = pd.DataFrame({"redshift": [0.1, 0.2]}, index=["SN1", "SN2"])
    >>> check_same_index(X, pd.Series(["Ia", "II"], index=["SN2", "SN1"]), "MyClassifier")
    Traceback (most recent call last):
    ...
    ValueError: MyClassifier: y has another index than X: object 0 is 'SN1' in X and 'SN2' in y...
    """
    if not isinstance(X, pd.DataFrame) or not isinstance(y, pd.Series | pd.DataFrame):
        return
    if len(X) != len(y) or X.index.equals(y.index):
        return
    row = int(np.flatnonzero(np.asarray(X.index) != np.asarray(y.index))[0])
    raise ValueError(
        f"{name}: y has another index than X: object {row} is {_plain(X.index[row])!r} in X and "
        f"{_plain(y.index[row])!r} in y.  Pass y.loc[X.index] to match objects by name, or "
        f"y.to_numpy() if the order is already the same"
    )


def check_no_missing(labels: NDArray, name: str, ids: ArrayLike | None = None) -> None:
    """Raise ObjectError for objects without a label.

    Parameters
    ----------
    labels : ndarray of shape (n_objects,)
        Labels.

    name : str
        Estimator or function named in the error.

    ids : array-like of shape (n_objects,), default=None
        Names of the objects; by default their row numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.utils.labels import check_no_missing
    >>> check_no_missing(np.array(["Ia", "nan"]), "MyClassifier", ["SN1", "SN2"])
    Traceback (most recent call last):
    ...
    skastro.exceptions.ObjectError: MyClassifier: y holds 'nan', the text of a missing label; leave
    these objects out, or rename the class (object 'SN2')
    """
    ids = _identifiers(None, len(labels)) if ids is None else np.asarray(ids, object)
    missing = pd.isna(labels)
    if missing.any():
        raise ObjectError(f"{name}: y holds no label", ids[missing])
    if labels.dtype.kind not in "OU":
        return
    written = pd.Index(labels).isin(_TEXT_OF_MISSING)
    if written.any():
        raise ObjectError(
            f"{name}: y holds {name_objects(np.unique(labels[written].astype(str)))}, the text of "
            f"a missing label; leave these objects out, or rename the class",
            ids[written],
        )


def is_unlabelled(labels: ArrayLike) -> NDArray[np.bool_]:
    """Return the mask of the objects that -1 marks as unlabelled.

    Parameters
    ----------
    labels : array-like of shape (n_objects,)
        Class labels without missing values.

    Returns
    -------
    unlabelled : ndarray of bool of shape (n_objects,)
        True for -1, as a number or as the string "-1" that NumPy turns it into, among strings and
        among at least two numbers that are not negative.  With a single other number, -1 is a
        class, as in the pair (-1, 1).

    Examples
    --------
    >>> from skastro.utils.labels import is_unlabelled
    >>> is_unlabelled(["Ia", "II", -1]).tolist(), is_unlabelled([0, 1, -1]).tolist()
    ([False, False, True], [False, False, True])
    >>> is_unlabelled([1, -1]).tolist()
    [False, False]
    """
    # NumPy would make text of a list of numbers and names.
    values = np.asarray(labels, None if isinstance(labels, np.ndarray) else object)
    mask = np.asarray(pd.Index(values.ravel()).isin([UNLABELLED, str(UNLABELLED)]), bool)
    others = pd.unique(values[~mask])
    try:
        numbers = np.asarray(others, float)
    except (TypeError, ValueError):
        return mask
    is_class = values.dtype.kind == "b" or len(numbers) < 2 or numbers.min() < 0
    return np.zeros_like(mask) if is_class else mask


def _as_column(y: Any, name: str) -> NDArray:
    """Return y as an array, without turning numbers among strings into strings."""
    if isinstance(y, list | tuple):
        y = np.asarray(y, dtype=object)
    elif isinstance(y, ExtensionArray) or type(y).__module__.startswith("pyarrow"):
        y = np.asarray(y)
    try:
        return column_or_1d(y, warn=True)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from None


def _check_one_type(labels: NDArray, name: str, ids: NDArray, allow_unlabelled: bool) -> None:
    if labels.dtype.kind not in "OU":
        return
    unlabelled = _unlabelled_among_text(labels)
    if allow_unlabelled:
        labels, ids = labels[~unlabelled], ids[~unlabelled]
    elif unlabelled.any():
        raise ObjectError(
            f"{name}: y holds -1 among strings, which stands for unlabelled; leave these objects "
            f"out",
            ids[unlabelled],
        )
    if labels.dtype == object and infer_dtype(labels, skipna=False).startswith("mixed"):
        kinds = np.array([type(label).__name__ for label in labels])
        names, counts = np.unique(kinds, return_counts=True)
        raise ObjectError(
            f"{name}: y holds labels of different types ({', '.join(names)}); use one type",
            ids[kinds == names[counts.argmin()]],
        )


def _unlabelled_among_text(labels: NDArray) -> NDArray[np.bool_]:
    """Return the mask of -1 and "-1" where the other labels are strings that are not numbers."""
    mask = np.asarray(pd.Index(labels).isin([UNLABELLED, str(UNLABELLED)]), bool)
    others = labels[~mask]
    names = [label for label in others if isinstance(label, str) and not _is_integer(label)]
    return mask & bool(names)


def _is_integer(label: str) -> bool:
    return label.lstrip("+-").isdigit()


def _identifiers(X: Any, n_objects: int) -> NDArray:
    named = isinstance(X, pd.DataFrame) and len(X) == n_objects
    return np.asarray(X.index if named else range(n_objects), dtype=object)


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label


def named_classes(proba: Any) -> list | None:
    """Return the classes that the columns of a frame of probabilities are named after.

    Parameters
    ----------
    proba : DataFrame or array-like of shape (n_objects, n_classes)
        Probabilities.  Columns ``prob_<class>``, as of a prediction table, are those of the
        classes; the other columns of such a table are left out.

    Returns
    -------
    classes : list or None
        None for an array, and for a frame whose columns are numbered 0, 1, ... by default.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.utils.labels import named_classes
    >>> named_classes(pd.DataFrame({"prob_II": [0.1], "prob_Ia": [0.9], "label": ["Ia"]}))
    ['II', 'Ia']
    """
    if not isinstance(proba, pd.DataFrame) or isinstance(proba.columns, pd.RangeIndex):
        return None
    names = proba.columns.tolist()
    prefixed = [n.removeprefix(_PREFIX) for n in names if str(n).startswith(_PREFIX)]
    return prefixed or names


def proba_by_class(proba: Any, classes: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return probabilities as an array whose columns are in the order of `classes`.

    Parameters
    ----------
    proba : DataFrame or array-like of shape (n_objects, n_classes)
        Probabilities.  The columns of a frame are found by their names, see
        :func:`named_classes`; those of an array are in the order of `classes` already.

    classes : array-like of shape (n_classes,)
        Class of each column returned.

    name : str
        Estimator or function named in the error.

    Returns
    -------
    proba : ndarray of float of shape (n_objects, n_classes)

    Raises
    ------
    ValueError
        A class has no column, or a column no class.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.utils.labels import proba_by_class
    >>> frame = pd.DataFrame([[0.9, 0.1]], columns=["II", "Ia"])
    >>> proba_by_class(frame, ["Ia", "II"], "log_loss").tolist()
    [[0.1, 0.9]]
    """
    named = named_classes(proba)
    if named is None:
        return np.asarray(proba, float)
    columns = proba.columns.tolist()
    prefixed = named != columns
    by_text = {str(label): label for label in named}
    wanted = [label if label in named else by_text.get(str(label)) for label in _listed(classes)]
    if None in wanted or len(set(wanted)) != len(set(named)) or len(named) != len(set(named)):
        raise ValueError(
            f"{name}: the columns of the probabilities are {name_objects(named)}, the classes "
            f"{name_objects(_listed(classes))}; name one column by each class"
        )
    chosen = [f"{_PREFIX}{label}" if prefixed else label for label in wanted]
    return proba[chosen].to_numpy(float)


def _listed(classes: ArrayLike) -> list:
    return np.asarray(classes, object).tolist()

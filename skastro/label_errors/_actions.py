"""Actions on the suspects: new labels, tables and warnings."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skastro.exceptions import ObjectWarning, name_objects
from skastro.label_errors._read import Scored
from skastro.utils.labels import UNLABELLED


def check_action(action: str, y: Any, name: str) -> None:
    """Raise ValueError, before any work, if an action is not possible for these labels.

    Parameters
    ----------
    action : str
        Action of LabelErrorFinder.

    y : array-like
        Given labels.

    name : str
        Estimator named in errors.

    Examples
    --------
    >>> from skastro.label_errors._actions import check_action
    >>> check_action("unlabel", [True, False], "Finder")
    Traceback (most recent call last):
    ...
    ValueError: Finder: boolean labels cannot hold -1 for unlabelled; pass y as integers or strings
    """
    if action == "downweight":
        raise ValueError(
            f"{name}: fit_resample and a Pipeline cannot pass on weights; call fit and pass "
            f"sample_weight_ to the classifier"
        )
    if action != "remove" and np.ndim(y) == 2 and np.shape(y)[1] > 1:
        raise ValueError(f"{name}: action={action!r} requires y as one column of labels")
    if action == "unlabel" and np.asarray(y).dtype.kind == "b":
        raise ValueError(
            f"{name}: boolean labels cannot hold -1 for unlabelled; pass y as integers or strings"
        )


def relabelled(y: Any, errors: NDArray[np.bool_], labels: ArrayLike) -> Any:
    """Return `y` with new labels for the suspects.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Given labels.

    errors : ndarray of bool of shape (n_objects,)
        The suspects.

    labels : ndarray of shape (n_objects,)
        Labels for the suspects.

    Returns
    -------
    y_new : of the type of `y`

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._actions import relabelled
    >>> relabelled(["II", "Ia"], np.array([False, True]), np.array(["II", "II"]))
    ['II', 'II']
    """
    old = np.asarray(y)
    labels = np.asarray(labels, object).reshape(old.shape)
    new = np.where(errors.reshape(old.shape), labels, old.astype(object))
    if old.dtype.kind != "O":
        # A new label may be longer than the old type of text holds.
        new = np.array(new.tolist(), None if old.dtype.kind == "U" else old.dtype)
    return _like(y, new)


def unlabelled(y: Any, errors: NDArray[np.bool_]) -> Any:
    """Return `y` with -1 for the suspects.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Given labels.

    errors : ndarray of bool of shape (n_objects,)
        The suspects.

    Returns
    -------
    y_new : of the type of `y`
        Numbers, or an array of objects that holds strings and the number -1, as in
        sklearn.semi_supervised.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._actions import unlabelled
    >>> unlabelled(np.array(["II", "Ia"]), np.array([False, True])).tolist()
    ['II', -1]
    """
    old = np.asarray(y)
    # -1 fits neither unsigned integers nor text.
    kind = {"u": np.int64, "U": object}.get(old.dtype.kind, old.dtype)
    return _like(y, np.where(errors.reshape(old.shape), UNLABELLED, old.astype(kind)).astype(kind))


def count_suspects(
    keys: NDArray[np.int64],
    names: ArrayLike,
    scored: Scored,
    errors: NDArray[np.bool_],
    scores: NDArray[np.float64],
    index_name: str,
) -> pd.DataFrame:
    """Count objects and suspects under each key.

    Parameters
    ----------
    keys : ndarray of int of shape (n_objects,)
        Row of the table for each object.

    names : array-like of shape (n_keys,)
        Index of the table.

    scored : Scored
        Labels and probabilities.

    errors : ndarray of bool of shape (n_objects,)
        The suspects.

    scores : ndarray of shape (n_objects,)
        Quality of the labels; NaN for objects that are not judged.

    index_name : str
        Name of the index.

    Returns
    -------
    table : DataFrame of shape (n_keys, 5)
        Columns n_objects (labelled ones), n_judged, n_suspects, suspect_share (fraction of the
        judged objects) and mean_quality.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._actions import count_suspects
    >>> from skastro.label_errors._read import read_scored
    >>> scored = read_scored(["II", "Ia"], [[0.9, 0.1], [0.8, 0.2]], None, "f")
    >>> errors, scores = np.array([False, True]), np.array([0.9, 0.2])
    >>> table = count_suspects(scored.codes, scored.classes, scored, errors, scores, "class")
    >>> table["n_suspects"].to_dict()
    {'II': 0, 'Ia': 1}
    """

    def count(mask, weights=None):
        weights = None if weights is None else weights[mask]
        return np.bincount(keys[mask], weights=weights, minlength=len(names))

    judged = scored.judged
    n_judged, n_suspects = count(judged), count(errors)
    divisor = np.where(n_judged > 0, n_judged, np.nan)
    table = {
        "n_objects": count(scored.codes >= 0),
        "n_judged": n_judged,
        "n_suspects": n_suspects,
        "suspect_share": n_suspects / divisor,
        "mean_quality": count(judged, scores) / divisor,
    }
    return pd.DataFrame(table, index=pd.Index(names, name=index_name))


def count_suggestions(
    codes: NDArray[np.int64],
    suggested: NDArray[np.int64],
    errors: NDArray[np.bool_],
    classes: NDArray,
) -> pd.DataFrame:
    """Count the suspects by given and suggested class.

    Parameters
    ----------
    codes, suggested : ndarray of int of shape (n_objects,)
        Encoded given and suggested labels.

    errors : ndarray of bool of shape (n_objects,)
        The suspects.

    classes : ndarray of shape (n_classes,)
        Labels.

    Returns
    -------
    table : DataFrame of shape (n_classes, n_classes)
        Rows are given classes, columns suggested ones.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._actions import count_suggestions
    >>> pairs = np.array([0, 1]), np.array([1, 0]), np.array([True, False])
    >>> count_suggestions(*pairs, np.array(["II", "Ia"])).to_numpy().tolist()
    [[0, 1], [0, 0]]
    """
    n_classes = len(classes)
    flat = codes[errors] * n_classes + suggested[errors]
    counts = np.bincount(flat, minlength=n_classes**2).reshape(n_classes, n_classes)
    index = pd.Index(classes, name="given")
    return pd.DataFrame(counts, index=index, columns=pd.Index(classes, name="suggested"))


def warn_unjudged(
    mask: NDArray[np.bool_],
    name: str,
    ids: ArrayLike | None = None,
    reason: str = "have no probabilities (NaN)",
) -> None:
    """Warn of labelled objects that are never called errors.

    Parameters
    ----------
    mask : ndarray of bool of shape (n_objects,)
        The objects.

    name : str
        Function or estimator that warns.

    ids : array-like of shape (n_objects,), default=None
        Names of the objects; by default their row numbers.

    reason : str
        Why they are not judged.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._actions import warn_unjudged
    >>> warn_unjudged(np.array([False, False]), "f")
    """
    if not mask.any():
        return
    rows = np.flatnonzero(mask)
    shown = rows if ids is None else np.asarray(ids)[rows]
    warnings.warn(
        f"{name}: {len(rows)} of {len(mask)} objects {reason} and are not judged: "
        f"{name_objects(shown)}",
        ObjectWarning,
        stacklevel=3,
    )


def warn_lost_classes(before: pd.Series, left: pd.Series, name: str) -> None:
    """Warn of classes that lose all their objects.

    Parameters
    ----------
    before, left : Series of shape (n_classes,)
        Number of objects by class.

    name : str
        Estimator that warns.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.label_errors._actions import warn_lost_classes
    >>> warn_lost_classes(pd.Series({"Ia": 3}), pd.Series({"Ia": 2}), "f")
    """
    lost = before.index[(before > 0) & (left == 0)]
    if len(lost):
        warnings.warn(
            f"{name}: no object is left of class {name_objects(lost)}", ObjectWarning, stacklevel=4
        )


def _like(y: Any, new: NDArray) -> Any:
    if isinstance(y, pd.Series):
        series = pd.Series(new, index=y.index, name=y.name)
        return _in_old_dtype(series, y.dtype)
    if isinstance(y, pd.DataFrame):
        return pd.DataFrame(new, index=y.index, columns=y.columns)
    return new.tolist() if isinstance(y, list) else new


def _in_old_dtype(series: pd.Series, dtype: Any) -> pd.Series:
    if isinstance(dtype, pd.CategoricalDtype) and series.isin(dtype.categories).all():
        return series.astype(dtype)
    return series

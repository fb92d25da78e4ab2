"""Warnings about objects whose labels cannot be judged."""

import warnings

import numpy as np

from skastro.exceptions import ObjectWarning, name_objects


def warn_unjudged(mask, name, names=None, reason="have no probabilities (NaN)"):
    """Warn of labelled objects that are never called errors.

    Parameters
    ----------
    mask : ndarray of bool of shape (n_objects,)
        The objects.

    name : str
        Function or estimator that warns.

    names : array-like of shape (n_objects,), default=None
        Names of the objects; their row numbers by default.

    reason : str
        Why.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._tell import warn_unjudged
    >>> warn_unjudged(np.array([False, False]), "f")
    """
    if not mask.any():
        return
    rows = np.flatnonzero(mask)
    shown = rows if names is None else np.asarray(names)[rows]
    warnings.warn(
        f"{name}: {len(rows)} of {len(mask)} objects {reason} and are not judged: "
        f"{name_objects(shown)}",
        ObjectWarning,
        stacklevel=3,
    )


def warn_lost_classes(before, left, name):
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
    >>> from skastro.label_errors._tell import warn_lost_classes
    >>> warn_lost_classes(pd.Series({"Ia": 3}), pd.Series({"Ia": 2}), "f")
    """
    lost = before.index[(before > 0) & (left == 0)]
    if len(lost):
        warnings.warn(
            f"{name}: no object is left of class {name_objects(lost)}", ObjectWarning, stacklevel=4
        )

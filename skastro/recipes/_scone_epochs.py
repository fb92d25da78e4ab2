"""Scores of SCONE at several epochs after the trigger."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score
from sklearn.model_selection import train_test_split

from skastro.recipes.scone import make_scone


def evaluate_scone_epochs(
    X: NestedFrame,
    y: ArrayLike,
    *,
    days: Sequence = (0, 5, 15, 25, 50, None),
    test_size: float = 0.2,
    random_state: Any = None,
    **options: Any,
) -> pd.DataFrame:
    """Train and score SCONE at several epochs after the trigger, on one split by object.

    Parameters
    ----------
    X : NestedFrame of shape (n_objects, n_columns)
        Objects with their light curves.

    y : array-like of shape (n_objects,)
        Classes.

    days : sequence, default=(0, 5, 15, 25, 50, None)
        Days after the trigger; None for whole light curves.

    test_size : float, default=0.2
        Share of the objects that is scored, the same for each class.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    **options
        Parameters of :func:`make_scone`.

    Returns
    -------
    scores : DataFrame
        One row per epoch: numbers of training and test objects, number of unclassified objects
        (which count as wrong), accuracy, balanced accuracy, macro F1.

    Examples
    --------
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.recipes import evaluate_scone_epochs
    >>> X, y = make_light_curves(40, classes=["SNIa", "SNII"], random_state=0)
    >>> small = {"n_times": 16, "n_wavelengths": 4, "max_epochs": 1}
    >>> scores = evaluate_scone_epochs(X, y, days=[5, None], random_state=0, **small)
    >>> scores.index.tolist()
    ['5', 'all']
    """
    y = np.asarray(y)
    split = train_test_split(X, y, test_size=test_size, stratify=y, random_state=random_state)
    scores = {}
    for epoch in days:
        model = make_scone(days=epoch, random_state=random_state, **options)
        scores["all" if epoch is None else str(epoch)] = _score(model, *split)
    return pd.DataFrame.from_dict(scores, orient="index").rename_axis("days")


def _score(model, X_train, X_test, y_train, y_test):
    proba = model.fit(X_train, y_train).predict_proba(X_test)
    classified = ~np.isnan(proba).any(axis=1)
    known, codes = np.unique(y_test, return_inverse=True)
    predicted = np.full(len(y_test), -1)
    order = np.searchsorted(known, model.classes_)
    predicted[classified] = order[proba[classified].argmax(axis=1)]
    return {
        "n_train": len(y_train),
        "n_test": len(y_test),
        "n_unclassified": int((~classified).sum()),
        "accuracy": accuracy_score(codes, predicted),
        "balanced_accuracy": balanced_accuracy_score(codes, predicted),
        "macro_f1": f1_score(codes, predicted, labels=range(len(known)), average="macro"),
    }

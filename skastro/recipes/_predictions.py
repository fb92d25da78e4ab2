"""Predictions as a table that names every object."""

import numpy as np
import pandas as pd

from skastro.preprocessing import MarkQuality


def prediction_table(model, X, *, reasons=None, unclassified="unclassified"):
    """Return one row an object, in input order: probabilities, label, reason.

    Parameters
    ----------
    model : classifier or Pipeline
        Fitted, with `predict_proba`.  A step :class:`skastro.preprocessing.MarkQuality` of a
        Pipeline gives the reasons.

    X : NestedFrame or array of shape (n_objects, n_columns)
        Objects.

    reasons : array-like of str of shape (n_objects,), default=None
        Why objects cannot be classified; "" otherwise.

    unclassified : str, default="unclassified"
        Label of an object without probabilities.

    Returns
    -------
    table : DataFrame of shape (n_objects, n_classes + 2)
        Index ``object_id`` as that of `X`; a column ``prob_<class>`` a class, then ``label`` and
        ``reason``.  An object that cannot be classified has NaN probabilities and a reason.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.recipes import prediction_table
    >>> X = pd.DataFrame({"x": [0.0, 1.0]}, index=["SN1", "SN2"])
    >>> model = LogisticRegression().fit(X, ["II", "Ia"])
    >>> prediction_table(model, X)[["label", "reason"]].to_dict("index")
    {'SN1': {'label': 'II', 'reason': ''}, 'SN2': {'label': 'Ia', 'reason': ''}}
    """
    proba = model.predict_proba(X)
    index = pd.Index(X.index if hasattr(X, "columns") else range(len(X)), name="object_id")
    table = pd.DataFrame(proba, index, [f"prob_{name}" for name in model.classes_])
    missing = np.isnan(proba).any(axis=1)
    labels = np.asarray(model.classes_)[np.where(missing, 0, proba.argmax(axis=1))]
    table["label"] = labels if not missing.any() else np.where(missing, unclassified, labels)
    reasons = quality_reasons(model, X) if reasons is None else np.asarray(reasons, object)
    unexplained = missing & (reasons == "")
    table["reason"] = np.where(unexplained, "no features could be computed", reasons)
    return table


def quality_reasons(model, X):
    """Return the reasons that the MarkQuality of a pipeline gives; "" without one.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from skastro.recipes._predictions import quality_reasons
    >>> quality_reasons(make_pipeline("passthrough"), pd.DataFrame({"x": [1]})).tolist()
    ['']
    """
    steps = [step for _, step in getattr(model, "steps", ())]
    marks = [i for i, step in enumerate(steps) if isinstance(step, MarkQuality)]
    if not marks:
        return np.full(len(X), "", dtype=object)
    last = marks[-1]
    return model[: last + 1].transform(X)[steps[last].quality_column].to_numpy(object)

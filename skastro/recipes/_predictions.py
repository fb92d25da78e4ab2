"""Predictions of any recipe: at dates, and as tables that name every object."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline

from skastro.base import UNCLASSIFIED, RaggedTransformer, ignore_unclassified
from skastro.hierarchy import HierarchicalClassifier

_NO_FEATURES = "no features could be computed"
_REJECTED = "unlike the training objects"


def predict_proba_at(pipeline: Pipeline, X: NestedFrame, days: ArrayLike) -> NDArray:
    """Return the class probabilities of a fitted pipeline at given dates.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted; its last step has the method ``predict_proba_at``.

    X : NestedFrame of shape (n_objects, n_columns)
        Objects with their light curves.

    days : array-like of shape (n_days,)
        Days after the zero date, which :func:`make_oracle` and :func:`make_transformer` set to
        the first detection.

    Returns
    -------
    probabilities : ndarray of shape (n_objects, n_days, n_classes)
        In the order of ``pipeline.classes_``; NaN where there is no observation yet.

    Raises
    ------
    AttributeError
        The last step does not classify at dates.

    Examples
    --------
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.recipes import make_oracle, predict_proba_at
    >>> X, y = make_light_curves(40, classes=["SNIa", "RRL"], random_state=0)
    >>> oracle = make_oracle(static=(), max_epochs=1, random_state=0).fit(X, y)
    >>> predict_proba_at(oracle, X, days=[3]).shape
    (40, 1, 2)
    """
    classifier = pipeline[-1]
    if not hasattr(classifier, "predict_proba_at"):
        name = type(classifier).__name__
        raise AttributeError(
            f"{name} does not classify at given dates; make_oracle and make_transformer do"
        )
    return classifier.predict_proba_at(pipeline[:-1].transform(X), days)


def prediction_table(
    model: ClassifierMixin | Pipeline,
    X: Any,
    *,
    reasons: ArrayLike | None = None,
    unclassified: str = UNCLASSIFIED,
    sets: ArrayLike | None = None,
    ood_score: ArrayLike | None = None,
    confidence: bool | None = None,
    errors: str = "raise",
) -> pd.DataFrame:
    """Return probabilities, label and reason of every object as a table.

    Additional results of a classifier of :mod:`skastro.calibration` are added: the sets of a
    :class:`~skastro.calibration.ConformalClassifier` and the scores of a
    :class:`~skastro.calibration.GatedClassifier`, also if one is inside the other.

    Parameters
    ----------
    model : classifier or Pipeline
        Fitted, with `predict_proba`.  The reasons come from the last step of a Pipeline that marks
        objects, such as :class:`skastro.preprocessing.MarkQuality`,
        :class:`skastro.preprocessing.MarkSpectrumQuality` or
        :class:`skastro.preprocessing.SelectBands`.

    X : NestedFrame or array of shape (n_objects, n_columns)
        Objects.

    reasons : array-like of str of shape (n_objects,), default=None
        Why objects cannot be classified; "" for all others.

    unclassified : str, default="unclassified"
        Label of an object without probabilities.

    sets : array-like of bool of shape (n_objects, n_classes), default=None
        Sets of classes; by default those of `predict_set` of the model, if it has this method.

    ood_score : array-like of shape (n_objects,), default=None
        How unlike the training set each object is, such as minus `score_samples` of an outlier
        detector; by default that of the model, if it has this method.

    confidence : bool, default=None
        Whether to add the probability of the most probable class; by default, if there are sets
        or scores.

    errors : {"raise", "mark"}, default="raise"
        What to do with objects for which the model raises an error: raise it, or leave them
        unclassified with the error as their reason.  These objects are found by bisection;
        `reasons`, `sets` and `ood_score` cannot be passed in this case.

    Returns
    -------
    table : DataFrame of shape (n_objects, n_classes + 2)
        One row per object in the order of `X`, with its index as ``object_id``; one column
        ``prob_<class>`` per class, then ``label`` and ``reason``.  An unclassified object has NaN
        probabilities and a reason; the labels of all others keep their type.  The columns ``set``
        (classes separated by "|"), ``confidence`` and ``ood_score``, if there are any, precede the
        reason.

    Raises
    ------
    ValueError
        `sets` or `ood_score` that do not have one row per object; `errors` is neither option.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.recipes import prediction_table
    >>> X = pd.DataFrame({"x": [0.0, 1.0]}, index=["SN1", "SN2"])
    >>> model = LogisticRegression().fit(X, ["II", "Ia"])
    >>> prediction_table(model, X)[["label", "reason"]].to_dict("index")
    {'SN1': {'label': 'II', 'reason': ''}, 'SN2': {'label': 'Ia', 'reason': ''}}
    >>> X.loc["SN2"] = float("nan")
    >>> prediction_table(model, X, errors="mark")["label"].tolist()
    ['II', 'unclassified']
    """
    if errors not in ("raise", "mark"):
        raise ValueError(f"prediction_table: errors={errors!r} is neither 'raise' nor 'mark'")
    if errors == "mark":
        if not (reasons is None and sets is None and ood_score is None):
            raise ValueError("prediction_table: errors='mark' takes no values per object")
        return _marked_table(model, X, unclassified=unclassified, confidence=confidence)
    proba = np.asarray(model.predict_proba(X))
    table = pd.DataFrame(proba, _object_ids(X), [f"prob_{name}" for name in model.classes_])
    missing = np.isnan(proba).any(axis=1)
    table["label"] = _labels(np.asarray(model.classes_), proba, missing, unclassified)
    gated = hasattr(model, "is_known")
    with ignore_unclassified():
        if sets is None and hasattr(model, "predict_set"):
            sets = model.predict_set(X)
        if ood_score is None and gated:
            ood_score = -model.score_samples(X)
    for name, values in _trust(proba, model.classes_, sets, ood_score, confidence).items():
        table[name] = values
    reasons = quality_reasons(model, X) if reasons is None else np.asarray(reasons, object)
    scored = gated and ~np.isnan(model.score_samples(X))
    unknown = np.where(scored, _REJECTED, _NO_FEATURES)
    table["reason"] = np.where(missing & (reasons == ""), unknown, reasons)
    return table


def _marked_table(model: Any, X: Any, **options: Any) -> pd.DataFrame:
    """Return the table with the errors of single objects as their reasons."""
    parts = [
        _unpredicted(model, piece, found, options["unclassified"])
        if isinstance(found, Exception)
        else found
        for found, piece in _parts_of_table(model, X, options)
    ]
    order = max((part.columns for part in parts), key=len)
    return pd.concat(parts)[list(order)].set_axis(_object_ids(X))


def _parts_of_table(model: Any, X: Any, options: dict) -> Iterator:
    """Yield tables and their objects; for a single object that fails, yield the error."""
    try:
        yield prediction_table(model, X, **options), X
    # One bad object, whatever error it causes, must not stop the others.
    except Exception as error:
        if len(X) <= 1:
            yield error, X
            return
        middle = len(X) // 2
        for half in (X[:middle], X[middle:]):
            yield from _parts_of_table(model, half, options)


def _unpredicted(model: Any, X: Any, error: Exception, label: str) -> pd.DataFrame:
    names = [f"prob_{name}" for name in model.classes_]
    table = pd.DataFrame(np.nan, _object_ids(X), names)
    return table.assign(label=label, reason=f"{type(error).__name__}: {error}")


def _trust(
    proba: NDArray,
    classes: ArrayLike,
    sets: ArrayLike | None,
    ood_score: ArrayLike | None,
    confidence: bool | None,
) -> dict[str, Any]:
    """Return the columns that describe how far a prediction can be trusted."""
    columns: dict[str, Any] = {}
    if sets is not None:
        members = np.asarray(sets, bool)
        _check_shape(members, proba.shape, "sets")
        names = np.asarray(classes).astype(str)
        columns["set"] = ["|".join(names[row]) for row in members]
    if sets is not None or ood_score is not None if confidence is None else confidence:
        columns["confidence"] = proba.max(axis=1)
    if ood_score is not None:
        columns["ood_score"] = np.asarray(ood_score, float)
        _check_shape(columns["ood_score"], proba.shape[:1], "ood_score")
    return columns


def _check_shape(values: NDArray, shape: tuple[int, ...], name: str) -> None:
    if values.shape != shape:
        raise ValueError(f"prediction_table: {name} has the shape {values.shape}, not {shape}")


def _object_ids(X: Any) -> pd.Index:
    return pd.Index(X.index if hasattr(X, "columns") else range(len(X)), name="object_id")


def _labels(classes: NDArray, proba: NDArray, missing: NDArray, unclassified: str) -> NDArray:
    labels = classes[np.where(missing, 0, proba.argmax(axis=1))]
    if not missing.any():
        return labels
    # An array of text would turn whole-number labels into text as well.
    labels = np.array(labels.tolist(), dtype=object)
    labels[missing] = unclassified
    return labels


def quality_reasons(model: Any, X: Any) -> NDArray:
    """Return the reasons of the last step of a pipeline that marks objects; "" without one.

    A pipeline inside a classifier of :mod:`skastro.calibration` counts as well.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from skastro.recipes._predictions import quality_reasons
    >>> quality_reasons(make_pipeline("passthrough"), pd.DataFrame({"x": [1]})).tolist()
    ['']
    """
    while not hasattr(model, "steps") and hasattr(model, "estimator_"):
        model = getattr(model.estimator_, "estimator", model.estimator_)
    steps = [step for _, step in getattr(model, "steps", ())]
    marks = [
        i
        for i, step in enumerate(steps)
        if isinstance(step, RaggedTransformer) and hasattr(step, "quality_column")
    ]
    if not marks:
        return np.full(len(X), "", dtype=object)
    last = marks[-1]
    return model[: last + 1].transform(X)[steps[last].quality_column].to_numpy(object)


def ccsnscore_table(model: Pipeline, X: NestedFrame) -> pd.DataFrame:
    """Return scores, errors and predicted label of every object as a table.

    Parameters
    ----------
    model : Pipeline
        Fitted, of :func:`make_ccsnscore`.

    X : NestedFrame of shape (n_objects, n_columns)
        Objects.

    Returns
    -------
    table : DataFrame of shape (n_objects, n_columns)
        One row per object in the order of `X`, with its index as ``object_id``;
        ``score_<label>`` and ``error_<label>`` of the network of each label; with layers
        ``proba_<label>``, the gated probability of each leaf; then ``label`` and ``confidence``,
        the highest score or, with layers, the highest probability.

    Examples
    --------
    >>> from skastro.datasets import make_spectra
    >>> from skastro.recipes import ccsnscore_table, make_ccsnscore
    >>> X, y = make_spectra(40, classes=["Ia", "II"], random_state=0)
    >>> model = make_ccsnscore(max_epochs=2, random_state=0).fit(X, y)
    >>> list(ccsnscore_table(model, X))
    ['score_II', 'error_II', 'score_Ia', 'error_Ia', 'label', 'confidence']
    """
    classifier, rows = model[-1], model[:-1].transform(X)
    if not isinstance(classifier, HierarchicalClassifier):
        return classifier.decision_table(rows).set_axis(_object_ids(X))
    layers = [layer.decision_table(rows) for layer in classifier.estimators_.values()]
    proba = classifier.predict_proba(rows)
    columns = [f"proba_{name}" for name in classifier.classes_]
    scores = [table.drop(columns=["label", "confidence"]) for table in layers]
    table = pd.concat([*scores, pd.DataFrame(proba, columns=columns)], axis=1)
    table["label"], table["confidence"] = classifier.predict(rows), proba.max(axis=1)
    return table.set_axis(_object_ids(X))

"""Scores of predictions made at several dates."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skastro.metrics._predictions import true_labels


def score_by_phase(
    y_true: ArrayLike,
    y_pred: NDArray | Sequence[NDArray],
    days: ArrayLike,
    metric: Callable | Mapping[str, Callable],
) -> pd.DataFrame:
    """Score predictions made at several dates, with mean and spread over repeated trainings.

    Parameters
    ----------
    y_true : array-like of shape (n_objects,)
        True labels.

    y_pred : ndarray of shape (n_objects, n_days, ...) or list of such arrays
        Labels, or probabilities such as those of ``predict_proba_at``; in a list, one array per
        training with another random state, all for the same objects.

    days : array-like of shape (n_days,)
        Dates of the predictions in days after the trigger.

    metric : callable or dict of str -> callable
        ``metric(y_true, y_pred[:, i])`` returns a number, or several in a mapping or Series.
        The metric decides how objects without a prediction count; those of `skastro.metrics`
        count them as wrong.

    Returns
    -------
    scores : DataFrame of shape (n_days, 2 * n_scores)
        Index ``days``; columns ``score`` and ``statistic``, "mean" and "std".  The spread is the
        standard deviation of single trainings (n - 1 in the denominator), NaN for one training.

    Raises
    ------
    ObjectError
        An object has no true label.

    ValueError
        Shapes that do not match.

    See Also
    --------
    scores_by_level : A suitable metric.
    skastro.inspection.ScoreByPhaseDisplay : Plot of the table.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.metrics import accuracy_score
    >>> from skastro.metrics import score_by_phase
    >>> first = np.array([["II", "Ia"], ["II", "II"]])  # two objects at two dates
    >>> second = np.array([["Ia", "Ia"], ["II", "II"]])
    >>> table = score_by_phase(["Ia", "II"], [first, second], [1, 8], accuracy_score)
    >>> table["accuracy_score"]["mean"].to_dict()
    {1: 0.75, 8: 1.0}
    """
    labels = true_labels(y_true, "score_by_phase")
    metrics = metric if isinstance(metric, Mapping) else {None: metric}
    runs = [np.asarray(run) for run in (y_pred if isinstance(y_pred, list | tuple) else [y_pred])]
    index = pd.Index(days, name="days")
    _check_shapes(runs, len(labels), len(index))
    tables = [_score_run(np.asarray(labels.tolist()), run, index, metrics) for run in runs]
    scores = np.stack([table.to_numpy(float) for table in tables])
    spread = scores.std(axis=0, ddof=1) if len(runs) > 1 else np.full(scores.shape[1:], np.nan)
    statistics = {"mean": scores.mean(axis=0), "std": spread}
    columns = tables[0].columns
    table = pd.concat({k: pd.DataFrame(v, index, columns) for k, v in statistics.items()}, axis=1)
    return table.swaplevel(axis=1)[list(columns)].rename_axis(columns=["score", "statistic"])


def _check_shapes(runs: list[NDArray], n_objects: int, n_days: int) -> None:
    if not runs:
        raise ValueError("score_by_phase: y_pred holds no predictions")
    wrong = [run.shape for run in runs if run.shape[:2] != (n_objects, n_days)]
    if wrong:
        raise ValueError(
            f"score_by_phase: y_pred has the shape {wrong[0]}, which does not start with "
            f"{(n_objects, n_days)}, the numbers of objects and days"
        )


def _score_run(y_true: NDArray, run: NDArray, days: pd.Index, metrics: Mapping) -> pd.DataFrame:
    rows = [_score_day(y_true, run[:, i], metrics) for i in range(len(days))]
    return pd.DataFrame(rows, index=days)[list(rows[0])]


def _score_day(y_true: NDArray, y_pred: NDArray, metrics: Mapping) -> dict[Any, float]:
    row = {}
    for name, metric in metrics.items():
        scores = metric(y_true, y_pred)
        several = isinstance(scores, Mapping | pd.Series)
        for key, value in scores.items() if several else [(None, scores)]:
            row[_column(name, key, metric)] = value
    return row


def _column(name: Any, key: Any, metric: Callable) -> Any:
    if name is None:
        return getattr(metric, "__name__", "score") if key is None else key
    return name if key is None else f"{name} {key}"

"""How early the predictions of many objects settle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from skastro.metrics import stability_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class StabilityDisplay:
    """Plot of the fraction of objects whose most probable class no longer changes.

    Parameters
    ----------
    curves : dict of str -> DataFrame
        Of each model, by days since the reference date: ``settled``, the fraction of objects whose
        most probable class is the last one from this date on, and, if true labels are known,
        ``right``, the fraction that has settled on the true class.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the lines.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : dict of str -> matplotlib Line2D
        Solid line of each model.

    See Also
    --------
    skastro.metrics.stability_table : Earliness, changes and drift of each object.
    ScoreByPhaseDisplay : Scores against time.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skastro.inspection import StabilityDisplay
    >>> y_proba = [[[0.6, 0.4], [0.2, 0.8]], [[0.9, 0.1], [0.8, 0.2]]]
    >>> display = StabilityDisplay.from_predictions({"GRU": y_proba}, days=[1, 30])
    >>> display.curves["GRU"]["settled"].tolist()
    [0.5, 1.0]
    """

    def __init__(self, curves: Mapping[str, pd.DataFrame]):
        self.curves = curves

    @classmethod
    def from_predictions(
        cls,
        y_proba: Mapping[str, ArrayLike],
        days: ArrayLike,
        *,
        y_true: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        ax: Axes | None = None,
    ) -> StabilityDisplay:
        """Plot the fraction that has settled, of each model.

        Parameters
        ----------
        y_proba : dict of str -> array-like of shape (n_objects, n_days, n_classes)
            Probabilities of each model at the dates; a row with NaN is no prediction yet.

        days : array-like of shape (n_days,)
            Days since the reference date, increasing.

        y_true : array-like of shape (n_objects,), default=None
            True labels.

        labels : array-like of shape (n_classes,), default=None
            Class of each column, required with `y_true`.

        ax : matplotlib Axes, default=None
            Axes to draw into.

        Returns
        -------
        display : StabilityDisplay

        Raises
        ------
        ValueError
            True labels without `labels`, or shapes that do not match.
        """
        if y_true is not None and labels is None:
            raise ValueError("StabilityDisplay: y_true requires labels, the class of each column")
        curves = {
            name: _settled(np.asarray(proba, float), np.asarray(days, float), y_true, labels)
            for name, proba in y_proba.items()
        }
        return cls(curves).plot(ax)

    def plot(self, ax: Axes | None = None) -> StabilityDisplay:
        """Draw the lines; those of objects that settled on the true class are dashed.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        display : StabilityDisplay
            The display itself.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        self.lines_ = {}
        for name, curve in self.curves.items():
            (line,) = ax.plot(curve.index, curve["settled"], marker="o", label=f"{name}: settled")
            if "right" in curve:
                label = f"{name}: settled on the true class"
                ax.plot(curve.index, curve["right"], "o--", color=line.get_color(), label=label)
            self.lines_[name] = line
        days = sorted({day for curve in self.curves.values() for day in curve.index})
        ax.set_xscale("symlog", linthresh=1)
        ax.set_xticks(days, [f"{day:g}" for day in days], minor=False)
        ax.set(xlabel="days since the reference date", ylabel="fraction of objects", ylim=(0, 1.02))
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _settled(
    proba: np.ndarray, days: np.ndarray, y_true: ArrayLike | None, labels: ArrayLike | None
) -> pd.DataFrame:
    table = stability_table(proba, days)
    settled = table["settled_day"].to_numpy()[:, None] <= days
    curves = {"settled": settled.mean(axis=0)}
    if y_true is not None:
        last = np.nan_to_num(proba[:, -1]).argmax(axis=1)
        right = np.asarray(labels)[last] == np.asarray(y_true)
        curves["right"] = (settled & right[:, None]).mean(axis=0)
    return pd.DataFrame(curves, pd.Index(days, name="days"))

"""Scores against the days since the trigger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skastro.metrics import score_by_phase

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ScoreByPhaseDisplay:
    """Plot of a score against the days since the trigger, one line per model.

    Parameters
    ----------
    curves : dict of str -> DataFrame
        Table of each model: index days, column ``mean``, and, for the band of one standard
        deviation over trainings, column ``std``.  Models may have different dates.

    score : str, default="score"
        Label of the vertical axis.

    xlabel : str, default="days since the trigger"
        Label of the horizontal axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the lines.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : dict of str -> matplotlib Line2D
        Line of each model.

    See Also
    --------
    skastro.metrics.score_by_phase : The table behind it.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from skastro.inspection import ScoreByPhaseDisplay
    >>> curve = pd.DataFrame({"mean": [0.5, 0.7], "std": [0.02, 0.01]}, index=[1, 8])
    >>> display = ScoreByPhaseDisplay({"GRU": curve}, score="macro F1").plot()
    >>> display.ax_.get_xscale(), display.ax_.get_ylabel()
    ('log', 'macro F1')
    """

    def __init__(
        self,
        curves: Mapping[str, pd.DataFrame],
        *,
        score: str = "score",
        xlabel: str = "days since the trigger",
    ):
        self.curves = curves
        self.score = score
        self.xlabel = xlabel

    @classmethod
    def from_tables(
        cls, tables: Mapping[str, pd.DataFrame], score: str, *, ax: Axes | None = None
    ) -> ScoreByPhaseDisplay:
        """Plot one score of the tables of :func:`skastro.metrics.score_by_phase`.

        Parameters
        ----------
        tables : dict of str -> DataFrame
            Table of each model, by its name.

        score : str
            Name of the score in the tables.

        ax : matplotlib Axes, default=None
            Axes to draw into.

        Returns
        -------
        display : ScoreByPhaseDisplay
        """
        for name, table in tables.items():
            known = table.columns.get_level_values(0).unique().tolist()
            if score not in known:
                raise KeyError(
                    f"ScoreByPhaseDisplay: the table of {name!r} has no score {score!r}; it has "
                    f"{known}"
                )
        return cls({n: table[score] for n, table in tables.items()}, score=str(score)).plot(ax)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        predictions: Mapping[str, NDArray | list[NDArray]],
        days: ArrayLike,
        metric: Callable,
        *,
        score: str | None = None,
        ax: Axes | None = None,
    ) -> ScoreByPhaseDisplay:
        """Plot the score of predictions made at several dates.

        Parameters
        ----------
        y_true : array-like of shape (n_objects,)
            True labels.

        predictions : dict of str -> ndarray or list of ndarray of shape (n_objects, n_days, ...)
            Labels or probabilities of each model; a list holds one array per training.

        days : array-like of shape (n_days,)
            Days since the trigger.

        metric : callable
            ``metric(y_true, y_pred[:, i])`` returns a number.

        score : str, default=None
            Label of the vertical axis; the name of the function by default.

        ax : matplotlib Axes, default=None
            Axes to draw into.

        Returns
        -------
        display : ScoreByPhaseDisplay
        """
        label = str(score or getattr(metric, "__name__", "score"))
        tables = {
            name: score_by_phase(y_true, y_pred, days, {label: metric})
            for name, y_pred in predictions.items()
        }
        return cls.from_tables(tables, label, ax=ax)

    def plot(self, ax: Axes | None = None) -> ScoreByPhaseDisplay:
        """Draw the lines with their bands.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        display : ScoreByPhaseDisplay
            The display itself.  The horizontal axis is logarithmic, and linear below one day if
            there are dates of zero or less.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        self.lines_ = {}
        has_band = False
        for name, curve in self.curves.items():
            days, mean = curve.index.to_numpy(float), curve["mean"].to_numpy(float)
            (line,) = ax.plot(days, mean, marker="o", ms=4, label=name)
            if "std" in curve and curve["std"].notna().any():
                std = curve["std"].to_numpy(float)
                ax.fill_between(days, mean - std, mean + std, color=line.get_color(), alpha=0.2)
                has_band = True
            self.lines_[name] = line
        self._scale(ax)
        ax.set(xlabel=self.xlabel, ylabel=self.score)
        ax.grid(alpha=0.3)
        ax.legend(title="band: 1 std over trainings" if has_band else None, title_fontsize="small")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _scale(self, ax: Axes) -> None:
        days = np.unique(np.concatenate([curve.index for curve in self.curves.values()]))
        scale = {"value": "log"} if (days > 0).all() else {"value": "symlog", "linthresh": 1}
        ax.set_xscale(**scale)
        if len(days) <= 14:
            ax.set_xticks(days, [f"{day:g}" for day in days])
            ax.minorticks_off()

"""Reliability by date, and the errors that abstention leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from skastro.metrics import reliability_table, risk_coverage_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ReliabilityByDateDisplay:
    """Plot of accuracy against confidence, one line per date.

    Parameters
    ----------
    tables : dict of float -> DataFrame
        Table of :func:`skastro.metrics.reliability_table` by days since the reference date.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the lines.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : dict of float -> matplotlib Line2D
        Line of each date.

    See Also
    --------
    ScoreByPhaseDisplay : One number per date, such as the expected calibration error.
    sklearn.calibration.CalibrationDisplay : One class against the others.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skastro.inspection import ReliabilityByDateDisplay
    >>> y_proba = [[[0.6, 0.4], [0.9, 0.1]], [[0.3, 0.7], [0.1, 0.9]]]  # two objects, two dates
    >>> display = ReliabilityByDateDisplay.from_predictions(
    ...     ["II", "Ia"], y_proba, days=[1, 30], labels=["II", "Ia"]
    ... )
    >>> list(display.lines_)
    [1.0, 30.0]
    """

    def __init__(self, tables: Mapping[float, pd.DataFrame]):
        self.tables = tables

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        days: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        n_bins: int = 10,
        ax: Axes | None = None,
    ) -> ReliabilityByDateDisplay:
        """Plot the reliability of probabilities made at several dates.

        Parameters
        ----------
        y_true : array-like of shape (n_objects,)
            True labels.

        y_proba : array-like of shape (n_objects, n_days, n_classes)
            Probabilities, such as those of `predict_proba_at`; rows with NaN are left out with a
            warning.

        days : array-like of shape (n_days,)
            Days since the reference date.

        labels : array-like of shape (n_classes,), default=None
            Class of each column; the sorted labels of `y_true` by default.

        n_bins : int, default=10
            Number of bins, with equal numbers of objects.

        ax : matplotlib Axes, default=None
            Axes to draw into.

        Returns
        -------
        display : ReliabilityByDateDisplay

        Raises
        ------
        ValueError
            The numbers of dates do not match.
        """
        proba, days = np.asarray(y_proba, float), np.asarray(days, float)
        if proba.ndim != 3 or proba.shape[1] != len(days):
            raise ValueError(
                f"ReliabilityByDateDisplay: y_proba has the shape {proba.shape}, not (n_objects, "
                f"{len(days)}, n_classes)"
            )
        options: dict[str, Any] = {"labels": labels, "n_bins": n_bins, "strategy": "quantile"}
        tables = {
            float(day): reliability_table(y_true, proba[:, i], **options)
            for i, day in enumerate(days)
        }
        return cls(tables).plot(ax)

    def plot(self, ax: Axes | None = None) -> ReliabilityByDateDisplay:
        """Draw the lines, darker for later dates, and the diagonal.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        display : ReliabilityByDateDisplay
            The display itself.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        ax.plot([0, 1], [0, 1], ls=":", color="0.5", label="calibrated")
        shades = plt.get_cmap("viridis_r")(np.linspace(0.1, 1, len(self.tables)))
        self.lines_ = {}
        for (day, table), color in zip(self.tables.items(), shades):
            drawn = table.dropna()
            (self.lines_[day],) = ax.plot(
                drawn["confidence"], drawn["accuracy"], marker="o", color=color, label=f"{day:g} d"
            )
        ax.set(xlabel="confidence", ylabel="accuracy", aspect="equal")
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


class RiskCoverageDisplay:
    """Plot of the error rate against the fraction of objects that are classified.

    Parameters
    ----------
    curves : dict of str -> DataFrame
        Table of :func:`skastro.metrics.risk_coverage_curve` of each model.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the lines.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : dict of str -> matplotlib Line2D
        Line of each model.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skastro.inspection import RiskCoverageDisplay
    >>> y_proba = {"SCONE": [[0.9, 0.1], [0.6, 0.4]]}
    >>> display = RiskCoverageDisplay.from_predictions(["II", "Ia"], y_proba, labels=["II", "Ia"])
    >>> display.lines_["SCONE"].get_xydata().tolist()
    [[0.5, 0.0], [1.0, 0.5]]
    """

    def __init__(self, curves: Mapping[str, pd.DataFrame]):
        self.curves = curves

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        predictions: Mapping[str, ArrayLike | pd.DataFrame],
        *,
        labels: ArrayLike | None = None,
        ax: Axes | None = None,
    ) -> RiskCoverageDisplay:
        """Plot the curve of each model.

        Parameters
        ----------
        y_true : array-like of shape (n_objects,)
            True labels.

        predictions : dict of str -> array-like of shape (n_objects, n_classes)
            Probabilities of each model.

        labels : array-like of shape (n_classes,), default=None
            Class of each column; the sorted labels of `y_true` by default.

        ax : matplotlib Axes, default=None
            Axes to draw into.

        Returns
        -------
        display : RiskCoverageDisplay
        """
        curves = {
            name: risk_coverage_curve(y_true, y_proba, labels=labels)
            for name, y_proba in predictions.items()
        }
        return cls(curves).plot(ax)

    def plot(self, ax: Axes | None = None) -> RiskCoverageDisplay:
        """Draw one line per model.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        display : RiskCoverageDisplay
            The display itself.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        self.lines_ = {}
        for name, curve in self.curves.items():
            (self.lines_[name],) = ax.plot(curve["coverage"], curve["risk"], label=name)
        ax.set(xlabel="fraction of objects classified", ylabel="fraction of these that is wrong")
        ax.set(xlim=(0, 1), ylim=(0, None))
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

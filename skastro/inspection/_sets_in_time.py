"""The set of classes of one object, shrinking as its light curve grows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from skastro.inspection._light_curve import LightCurveDisplay, rows_of
from skastro.surveys import Survey

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class SetInTimeDisplay:
    """Plot of the set of classes of one object at dates, below its light curve.

    A coloured cell is a class in the set; white ones are ruled out.  A date before the first
    observation is grey.

    Parameters
    ----------
    days : array-like of shape (n_days,)
        Dates of the predictions in days since the reference date, increasing.

    sets : array-like of bool of shape (n_days, n_classes)
        Sets at the dates.

    classes : sequence of length n_classes
        Names of the classes.

    light_curve : LightCurveDisplay, default=None
        Light curve to draw above, with times in days since the reference date; None draws the sets
        alone.

    true_class : label, default=None
        Class whose name is bold.

    title : str, default=None
        Title of the plot.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        That of the light curve, if there is one, and that of the sets.

    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    ProbabilityInTimeDisplay : Probabilities instead of sets.
    skastro.calibration.ConformalClassifier : Predicts the sets.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skastro.inspection import SetInTimeDisplay
    >>> sets = [[True, True], [True, False]]
    >>> display = SetInTimeDisplay([1.0, 30.0], sets, ["Ia", "II"]).plot()
    >>> [text.get_text() for text in display.axes_[-1].get_yticklabels()]
    ['Ia', 'II']
    """

    def __init__(
        self,
        days: ArrayLike,
        sets: ArrayLike,
        classes: Sequence,
        *,
        light_curve: LightCurveDisplay | None = None,
        true_class: Hashable | None = None,
        title: str | None = None,
    ):
        self.days = np.asarray(days, float)
        self.sets = np.asarray(sets, bool)
        self.classes = classes
        self.light_curve = light_curve
        self.true_class = true_class
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: pd.DataFrame,
        object_id: Hashable,
        *,
        days: ArrayLike | None = None,
        survey: str | Survey = "LSST",
        flux_unit: str | None = "FLUXCAL",
        true_class: Hashable | None = None,
        axes: ArrayLike | None = None,
    ) -> SetInTimeDisplay:
        """Plot the sets of one object.

        Parameters
        ----------
        estimator : ConformalClassifier
            Fitted, with `days`.

        X : NestedFrame
            Objects with their light curves and the column `reference_column` of the estimator.

        object_id : label
            Index of the object.

        days : array-like of shape (n_days,), default=None
            Dates, increasing; those of the estimator by default.

        survey : str or Survey, default="LSST"
            Survey of the bands.

        flux_unit : str or None, default="FLUXCAL"
            Unit of the flux on the axis.

        true_class : label, default=None
            Class whose name is bold.

        axes : sequence of 2 matplotlib Axes, default=None
            Axes to draw into.

        Returns
        -------
        display : SetInTimeDisplay

        Raises
        ------
        KeyError
            The frame has no such object.
        """
        rows = rows_of(X, object_id, estimator.column)
        one = X.loc[[object_id]]
        dates = np.asarray(estimator.days if days is None else days, float)
        rows["time"] = np.asarray(rows["time"]) - one[estimator.reference_column].iloc[0]
        light_curve = LightCurveDisplay(
            **rows, survey=survey, flux_unit=flux_unit, xlabel="days since the reference date"
        )
        display = cls(
            dates,
            estimator.predict_set_at(one, dates)[0],
            list(estimator.classes_),
            light_curve=light_curve,
            true_class=true_class,
            title=str(object_id),
        )
        return display.plot(axes)

    def plot(self, axes: ArrayLike | None = None) -> SetInTimeDisplay:
        """Draw the light curve and the sets, which hold until the next date.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Axes to draw into: two with a light curve, one without; new ones by default.

        Returns
        -------
        display : SetInTimeDisplay
            The display itself.
        """
        import matplotlib.pyplot as plt

        n_panels = 1 if self.light_curve is None else 2
        if axes is None:
            size = (7, 2.6 * (n_panels - 1) + 0.28 * len(self.classes) + 1)
            heights = [2.6] * (n_panels - 1) + [0.28 * len(self.classes) + 0.4]
            options: Any = {"sharex": True, "figsize": size, "layout": "constrained"}
            _, axes = plt.subplots(n_panels, height_ratios=heights, **options)
        axes = np.ravel(axes)
        self._draw_sets(axes[-1])
        if self.light_curve is not None:
            self.light_curve.plot(axes[0])
            axes[0].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
            axes[0].set(xlabel=None)
        axes[-1].set(xlabel="days since the reference date", xlim=self._span())
        axes[0].set_title(self.title)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

    def _span(self) -> tuple[float, float]:
        return float(self.days[0]) - 0.05 * self._length(), self._edges()[-1]

    def _length(self) -> float:
        return float(np.ptp(self.days)) or 1.0

    def _edges(self) -> list[float]:
        return [*self.days, float(self.days[-1]) + 0.1 * self._length()]

    def _draw_sets(self, ax: Axes) -> None:
        edges = self._edges()
        for start, stop, members in zip(edges, edges[1:], self.sets):
            if not members.any():
                ax.axvspan(start, stop, color="0.9", lw=0)
            for k in np.flatnonzero(members):
                ax.barh(k, stop - start, left=start, height=0.8, color="C0", lw=0)
        for day in self.days:
            ax.axvline(day, color="0.8", lw=0.6, zorder=0)
        ax.set_yticks(range(len(self.classes)), [str(name) for name in self.classes])
        ax.set(ylim=(len(self.classes) - 0.5, -0.5), ylabel="in the set")
        for text, name in zip(ax.get_yticklabels(), self.classes):
            text.set_fontweight("bold" if name == self.true_class else "normal")

"""Class probabilities of one object as its light curve grows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from skastro.exceptions import ObjectError
from skastro.inspection._bands import time_label
from skastro.inspection._light_curve import LightCurveDisplay, rows_of
from skastro.surveys import Survey
from skastro.utils.ragged import flatten, keep_rows, nest, row_numbers, sort_rows, take_objects

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BESIDE = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5), "fontsize": 8}
# Okabe & Ito's colours without yellow, which is too faint on white, and wine of Tol's palette.
_COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#000000", "#882255")
_LINES = ("-", "--", "-.", ":")


class ProbabilityInTimeDisplay:
    """Plot of class probabilities against time, below the light curve of the object.

    Parameters
    ----------
    times : ndarray of shape (n_times,)
        Dates of the predictions [days], on the time axis of the light curve.

    probabilities : ndarray of shape (n_times, n_classes)
        Probability of each class from the observations up to the date; NaN without any.

    classes : sequence of length n_classes
        Names of the classes.

    light_curve : LightCurveDisplay, default=None
        Light curve to draw above; None draws the probabilities alone.

    true_class : label, default=None
        Class to draw with a thick line.

    title : str, default=None
        Title of the plot.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        That of the light curve, if there is one, and that of the probabilities.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : dict of label -> matplotlib Line2D
        Line of each class.

    See Also
    --------
    ScoreByPhaseDisplay : The scores of many objects against time.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skastro.inspection import ProbabilityInTimeDisplay
    >>> display = ProbabilityInTimeDisplay([1.0, 4.0], [[0.5, 0.5], [0.9, 0.1]], ["Ia", "II"])
    >>> list(display.plot().lines_)
    ['Ia', 'II']
    """

    def __init__(
        self,
        times: ArrayLike,
        probabilities: ArrayLike,
        classes: Sequence,
        *,
        light_curve: LightCurveDisplay | None = None,
        true_class: Hashable | None = None,
        title: str | None = None,
    ):
        self.times = np.asarray(times)
        self.probabilities = np.asarray(probabilities)
        self.classes = classes
        self.light_curve = light_curve
        self.true_class = true_class
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: pd.DataFrame,
        object_id: Hashable,
        *,
        days: ArrayLike | None = None,
        survey: str | Survey = "LSST",
        column: str = "lightcurve",
        flux_unit: str | None = "FLUXCAL",
        true_class: Hashable | None = None,
        axes: ArrayLike | None = None,
    ) -> ProbabilityInTimeDisplay:
        """Plot the class probabilities of one object against time.

        A classifier with ``predict_proba_in_time`` predicts once.  Any other predicts for the
        light curve truncated after each date; the static columns stay, so drop those that were
        derived from later observations, such as `peak_time`.

        Parameters
        ----------
        estimator : classifier or Pipeline
            Fitted.  In a Pipeline the steps before the classifier see the whole light curve if
            it has ``predict_proba_in_time``, and the truncated ones otherwise.

        X : NestedFrame
            Objects with their light curves.

        object_id : label
            Index of the object.

        days : array-like of shape (n_days,), default=None
            Call ``predict_proba_at`` at these days after the reference date of the object (column
            ``estimator.reference_column``, or the first observation) instead of predicting after
            each observation.

        survey : str or Survey, default="LSST"
            Survey of the bands.

        column : str, default="lightcurve"
            Nested column with the light curves.

        flux_unit : str or None, default="FLUXCAL"
            Unit of the flux on the axis.

        true_class : label, default=None
            Class to draw with a thick line.

        axes : sequence of 2 matplotlib Axes, default=None
            Axes to draw into.

        Returns
        -------
        display : ProbabilityInTimeDisplay

        Raises
        ------
        KeyError
            The frame has no such object.

        ObjectError
            The object has no observations.
        """
        rows = rows_of(X, object_id, column)
        if not len(rows["time"]):
            raise ObjectError(
                f"ProbabilityInTimeDisplay: column {column!r} has no observations", [object_id]
            )
        light_curve = LightCurveDisplay(**rows, survey=survey, flux_unit=flux_unit)
        one = X.loc[[object_id]]
        if days is not None:
            times, proba = _at_days(*_last_step(estimator, one), days, column)
        elif hasattr(_last(estimator), "predict_proba_in_time"):
            times, proba = _after_each(*_last_step(estimator, one))
        else:
            times, proba = _of_prefixes(estimator, one, column)
        return cls(
            times,
            proba,
            list(estimator.classes_),
            light_curve=light_curve,
            true_class=true_class,
            title=str(object_id),
        ).plot(axes)

    def plot(
        self, axes: ArrayLike | None = None, *, max_classes: int = 8
    ) -> ProbabilityInTimeDisplay:
        """Draw the light curve and the probabilities, which hold until the next prediction.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Axes to draw into: two with a light curve, one without; new ones by default.

        max_classes : int, default=8
            Number of classes with a colour and a name: those that reach the largest probability
            at any date.  The others are grey.

        Returns
        -------
        display : ProbabilityInTimeDisplay
            The display itself.
        """
        import matplotlib.pyplot as plt

        n_panels = 1 if self.light_curve is None else 2
        if axes is None:
            size = (8, 3 * n_panels)
            _, axes = plt.subplots(n_panels, sharex=True, figsize=size, layout="constrained")
        axes = np.ravel(axes)
        if self.light_curve is not None:
            self.light_curve.plot(axes[0])
            legend = axes[0].get_legend()
            axes[0].legend(title=legend.get_title().get_text(), title_fontsize=7, **_BESIDE)
        self._draw_lines(axes[-1], max_classes)
        label = time_label(self.times) if self.light_curve is None else axes[0].get_xlabel()
        axes[-1].set(xlabel=label, ylabel="class probability", ylim=(-0.03, 1.03))
        if n_panels > 1:
            axes[0].set(xlabel=None)
        axes[0].set_title(self.title)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

    def _draw_lines(self, ax: Axes, max_classes: int) -> None:
        largest = np.where(np.isnan(self.probabilities), -1.0, self.probabilities).max(axis=0)
        named = set(np.argsort(-largest, kind="stable")[:max_classes])
        named |= {i for i, name in enumerate(self.classes) if name == self.true_class}
        colors = dict(zip(sorted(named), cycle(_COLORS)))
        self.lines_ = {}
        for i, name in enumerate(self.classes):
            style = {"color": colors.get(i, "0.75"), "label": name if i in named else None}
            style["zorder"] = 2 if i in named else 1
            style["lw"] = 3 if name == self.true_class else 1.2
            style["ls"] = _LINES[i % len(_LINES)]
            (line,) = ax.step(
                self.times, self.probabilities[:, i], where="post", marker=".", ms=4, **style
            )
            self.lines_[name] = line
        ax.legend(**_BESIDE)


def _last(estimator: BaseEstimator) -> BaseEstimator:
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator


def _last_step(estimator: BaseEstimator, one: pd.DataFrame) -> tuple[BaseEstimator, pd.DataFrame]:
    """Return the classifier at the end of a pipeline and its input."""
    if not hasattr(estimator, "steps"):
        return estimator, one
    return _last(estimator), estimator[:-1].transform(one) if len(estimator.steps) > 1 else one


def _at_days(
    estimator: BaseEstimator, one: pd.DataFrame, days: ArrayLike, column: str
) -> tuple[NDArray, NDArray]:
    reference_column = getattr(estimator, "reference_column", None)
    zero = np.nan if reference_column is None else one[reference_column].iloc[0]
    if np.isnan(zero):
        _, rows = flatten(one[column], ("time",))
        zero = rows["time"].min(initial=np.inf)
    days = np.sort(np.asarray(days, float))
    return zero + days, estimator.predict_proba_at(one, days)[0]


def _after_each(estimator: BaseEstimator, one: pd.DataFrame) -> tuple[NDArray, NDArray]:
    _, rows = flatten(estimator.predict_proba_in_time(one)["probability"])
    return rows["time"], np.column_stack([rows[str(name)] for name in estimator.classes_])


def _of_prefixes(
    estimator: BaseEstimator, one: pd.DataFrame, column: str
) -> tuple[NDArray, NDArray]:
    """Predict for the light curve truncated after each date."""
    offsets, rows = flatten(one[column])
    rows = sort_rows(offsets, rows)
    times, last = np.unique(rows["time"][::-1], return_index=True)
    lengths = len(rows["time"]) - last
    starts, rows = take_objects(offsets, rows, np.zeros(len(lengths), int))
    known = row_numbers(starts) < np.repeat(lengths, np.diff(starts))
    copies = one.iloc[np.zeros(len(lengths), int)].reset_index(drop=True)
    starts, rows = keep_rows(starts, rows, known)
    nested = nest(starts, rows, copies.index)
    return times, estimator.predict_proba(copies.assign(**{column: nested}))

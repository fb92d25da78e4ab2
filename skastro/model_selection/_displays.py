"""Plots of a search: its history, the importance of parameters, parallel coordinates."""

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
import optuna
import pandas as pd
from optuna.trial import TrialState

from skastro.model_selection._study import completed_trials, finished_trials


class _StudyDisplay:
    """Base of the plots of a study."""

    @classmethod
    def from_search(cls, search: Any) -> Self:
        """Make the plot of a fitted :class:`OptunaSearchCV`, not yet drawn.

        Parameters
        ----------
        search : OptunaSearchCV
            Fitted.

        Returns
        -------
        display : object
        """
        return cls(search.study_)

    def __init__(self, study: optuna.Study):
        self.study = study

    def _axes(self, ax: Any) -> None:
        import matplotlib.pyplot as plt  # noqa: PLC0415

        self.ax_ = plt.subplots()[1] if ax is None else ax
        self.figure_ = self.ax_.figure


class SearchHistoryDisplay(_StudyDisplay):
    """Scores of all trials, and the best score so far.

    Parameters
    ----------
    study : optuna.Study
        Study of a search.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the plot.

    figure_ : matplotlib Figure
        Figure of the axes.

    Examples
    --------
    >>> import optuna
    >>> from skastro.model_selection import SearchHistoryDisplay
    >>> display = SearchHistoryDisplay(optuna.create_study(direction="maximize"))
    >>> display.plot().ax_.get_xlabel()
    'trial'
    """

    def plot(self, ax: Any = None) -> Self:
        """Draw the scores of the trials against their number.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; new ones by default.

        Returns
        -------
        display : SearchHistoryDisplay
        """
        self._axes(ax)
        numbered = list(enumerate(finished_trials(self.study)))
        complete = [(i, t.values[0]) for i, t in numbered if t.state == TrialState.COMPLETE]
        if complete:
            numbers, values = np.transpose(complete)
            self.ax_.plot(numbers, values, "o", color="C0", label="complete")
            best = np.maximum.accumulate(values)
            steps = [*numbers, len(numbered) - 1], [*best, best[-1]]
            self.ax_.step(*steps, where="post", color="C1", label="best so far")
        pruned = [i for i, t in numbered if t.state == TrialState.PRUNED]
        for i, number in enumerate(pruned):
            label = "pruned" if i == 0 else None
            self.ax_.axvline(number, color="0.8", linewidth=1, zorder=0, label=label)
        self.ax_.set(xlabel="trial", ylabel="mean score of the folds")
        self.ax_.locator_params(axis="x", integer=True)
        if numbered:
            self.ax_.legend()
        return self


class ParameterImportanceDisplay(_StudyDisplay):
    """How much of the scatter of the scores each parameter explains.

    The importance is that of :func:`optuna.importance.get_param_importances` by PED-ANOVA
    (Watanabe et al. 2023).

    Parameters
    ----------
    study : optuna.Study
        Study of a search with two complete trials or more.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the plot.

    figure_ : matplotlib Figure
        Figure of the axes.

    References
    ----------
    Watanabe, Bansal & Hutter 2023, IJCAI (arXiv:2304.10255).

    Examples
    --------
    >>> import optuna
    >>> from skastro.model_selection import ParameterImportanceDisplay
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study.optimize(lambda t: t.suggest_float("x", 0, 1) + 0 * t.suggest_float("y", 0, 1), 30)
    >>> list(ParameterImportanceDisplay(study).importances)
    ['x', 'y']
    """

    @property
    def importances(self) -> dict[str, float]:
        """Return the importance of each parameter, the largest first."""
        if len([t for t in self.study.trials if t.state == TrialState.COMPLETE]) < 2:
            raise ValueError("ParameterImportanceDisplay needs at least 2 complete trials")
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        return optuna.importance.get_param_importances(self.study, evaluator=evaluator)

    def plot(self, ax: Any = None) -> Self:
        """Draw one bar per parameter.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; new ones by default.

        Returns
        -------
        display : ParameterImportanceDisplay
        """
        self._axes(ax)
        names, values = zip(*reversed(self.importances.items()))
        self.ax_.barh(_short(names), values)
        self.ax_.set(xlabel="importance")
        return self


class ParallelCoordinatesDisplay(_StudyDisplay):
    """Parameters of all complete trials as lines, coloured by their score.

    Parameters
    ----------
    study : optuna.Study
        Study of a search.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the plot.

    figure_ : matplotlib Figure
        Figure of the axes.

    Examples
    --------
    >>> import optuna
    >>> from skastro.model_selection import ParallelCoordinatesDisplay
    >>> display = ParallelCoordinatesDisplay(optuna.create_study())
    >>> display.plot().ax_.get_ylabel()
    'from smallest to largest value'
    """

    def plot(self, ax: Any = None) -> Self:
        """Draw one line per trial across all parameters.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; new ones by default.

        Returns
        -------
        display : ParallelCoordinatesDisplay
        """
        self._axes(ax)
        trials = completed_trials(self.study)
        table = pd.DataFrame([trial.params for trial in trials])
        scores = np.array([trial.value for trial in trials])
        self.ax_.set(ylabel="from smallest to largest value")
        if len(trials):
            self._lines(table.apply(_scaled, axis=0), scores)
            short = dict(zip(table, _short(table)))
            labels = [f"{short[name]}\n{_range_of(table[name])}" for name in table]
            self.ax_.set_xticks(range(table.shape[1]), labels)
        return self

    def _lines(self, scaled: pd.DataFrame, scores: np.ndarray) -> None:
        import matplotlib as mpl  # noqa: PLC0415

        colours = mpl.cm.ScalarMappable(mpl.colors.Normalize(scores.min(), scores.max()))
        for i in np.argsort(scores):
            values = scaled.iloc[i].to_numpy(float)
            self.ax_.plot(range(len(values)), values, color=colours.to_rgba(scores[i]))
        self.figure_.colorbar(colours, ax=self.ax_, label="mean score of the folds")


def _scaled(column: pd.Series) -> pd.Series:
    """Return values between 0 and 1, by order for text and by logarithm for wide ranges."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        column = pd.Series(pd.factorize(column.astype(str), sort=True)[0], column.index)
    elif column.min() > 0 and column.max() > 30 * column.min():
        column = np.log(column)
    span = column.max() - column.min()
    return (column - column.min()) / (span if span > 0 else 1)


def _range_of(column: pd.Series) -> str:
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return ", ".join(sorted(set(column.astype(str))))
    return f"{column.min():.3g} to {column.max():.3g}"


def _short(names: Iterable[str]) -> list[str]:
    """Return names without the steps of a Pipeline, where they stay distinct."""
    names = list(names)
    short = [name.rsplit("__", 1)[-1] for name in names]
    return short if len(set(short)) == len(names) else names

"""One page per object: spectrum with lines, light curve, scores."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skastro.exceptions import ObjectError
from skastro.inspection._bands import draw_bands, flux_label, time_label
from skastro.surveys import Survey
from skastro.utils.ragged import flatten, sort_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = {
    "H": (4340.5, 4861.3, 6562.8),
    "He I": (5875.6, 6678.2, 7065.2),
    "O I": (7774.0,),
    "Si II": (6355.0,),
    "S II": (5454.0, 5640.0),
    "Ca II": (3945.0, 8579.0),
    "Fe II": (4924.0, 5018.0, 5169.0),
}
"""Rest wavelengths in Angstrom of the lines that distinguish types of supernovae."""


class SpectrumReportDisplay:
    """Plot of one object on a page: spectrum with lines, light curve, scores with errors.

    Build it with :meth:`from_estimator`, or with :meth:`from_scores` of a table.

    Parameters
    ----------
    wavelength, flux : array-like of shape (n_wavelengths,)
        Spectrum in the observer's frame, Angstrom and any unit.

    scores : Series or dict of label -> float
        Scores between 0 and 1.

    errors : Series or dict of label -> float, default=None
        Errors of the scores; NaN or missing where there are none.

    light_curve : dict, default=None
        Arrays time, band, flux, flux_err and, if known, detected of the same length.

    redshift : float, default=None
        Redshift at which lines are marked; none are marked if it is unknown.

    label : str, default=None
        Predicted class, for the title.

    name : str, default=None
        Name of the object, for the title.

    survey : str or Survey, default="LSST"
        Survey of the bands of the light curve.

    flux_unit : str or None, default="FLUXCAL"
        Unit of the flux of the light curve.

    score_label : str, default="score between 0 and 1"
        Label of the axis of the scores.

    lines : dict of str -> sequence of float, default=None
        Rest wavelengths in Angstrom by element; those of H, He I, O I, Si II, S II, Ca II and Fe II
        by default.

    Attributes
    ----------
    axes_ : dict of str -> matplotlib Axes
        ``spectrum``, ``scores`` and, where there is a light curve, ``lightcurve``.

    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    LightCurveDisplay : A light curve with the process through it.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skastro.inspection import SpectrumReportDisplay
    >>> scores = {"Ia": 0.9, "II": 0.2}
    >>> page = SpectrumReportDisplay([4000.0, 7000.0], [1.0, 2.0], scores, redshift=0.1, name="SN")
    >>> page.plot().axes_["spectrum"].get_title()
    'SN, z = 0.1000'
    """

    def __init__(
        self,
        wavelength: ArrayLike,
        flux: ArrayLike,
        scores: Mapping | pd.Series,
        *,
        errors: Mapping | pd.Series | None = None,
        light_curve: Mapping | None = None,
        redshift: float | None = None,
        label: str | None = None,
        name: str | None = None,
        survey: str | Survey = "LSST",
        flux_unit: str | None = "FLUXCAL",
        score_label: str = "score between 0 and 1",
        lines: Mapping[str, Sequence[float]] | None = None,
    ):
        self.wavelength = wavelength
        self.flux = flux
        self.scores = scores
        self.errors = errors
        self.light_curve = light_curve
        self.redshift = redshift
        self.label = label
        self.name = name
        self.survey = survey
        self.flux_unit = flux_unit
        self.score_label = score_label
        self.lines = lines

    @classmethod
    def from_scores(
        cls,
        X: pd.DataFrame,
        object_id: Hashable,
        scores: Mapping | pd.Series,
        *,
        errors: Mapping | pd.Series | None = None,
        label: str | None = None,
        name: str | None = None,
        survey: str | Survey = "LSST",
        flux_unit: str | None = "FLUXCAL",
        score_label: str = "score between 0 and 1",
        lines: Mapping[str, Sequence[float]] | None = None,
        column: str = "spectrum",
        lightcurve: str = "lightcurve",
        redshift: str = "redshift",
        figure: Figure | None = None,
    ) -> SpectrumReportDisplay:
        """Plot one object of a frame with given scores.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their spectra.

        object_id : label
            Index of the object.

        scores : Series or dict of label -> float
            Scores between 0 and 1.

        errors : Series or dict of label -> float, default=None
            Errors of the scores.

        label, name : str, default=None
            Predicted class, and name of the object; its index by default.

        survey : str or Survey, default="LSST"
            Survey of the bands of the light curve.

        flux_unit : str or None, default="FLUXCAL"
            Unit of the flux of the light curve.

        score_label : str, default="score between 0 and 1"
            Label of the axis of the scores.

        lines : dict of str -> sequence of float, default=None
            Rest wavelengths in Angstrom by element.

        column, lightcurve, redshift : str, default="spectrum", "lightcurve", "redshift"
            Columns of `X`; the last two are read if `X` has them.

        figure : matplotlib Figure, default=None
            Empty figure to draw into.

        Returns
        -------
        display : SpectrumReportDisplay

        Raises
        ------
        KeyError
            There is no such object.

        ObjectError
            More than one object of this index.
        """
        one = _one(X, object_id)
        offsets, rows = flatten(one[column], ("wavelength", "flux"))
        rows = sort_rows(offsets, rows, "wavelength")
        has = {key: key in X.columns for key in (lightcurve, redshift)}
        return cls(
            rows["wavelength"],
            rows["flux"],
            scores,
            errors=errors,
            light_curve=_light_curve(one[lightcurve]) if has[lightcurve] else None,
            redshift=float(one[redshift].iloc[0]) if has[redshift] else None,
            label=label,
            name=str(object_id) if name is None else name,
            survey=survey,
            flux_unit=flux_unit,
            score_label=score_label,
            lines=lines,
        ).plot(figure)

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, X: pd.DataFrame, object_id: Hashable, **options: Any
    ) -> SpectrumReportDisplay:
        """Plot one object with the scores of a fitted classifier.

        Parameters
        ----------
        estimator : classifier or Pipeline
            Fitted.  Scores with errors come from the ``predict_scores`` of a
            :class:`skastro.hierarchy.ParallelBinaryClassifier`, alone or at the end of a Pipeline,
            and the probabilities of any other classifier.

        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their spectra.

        object_id : label
            Index of the object.

        **options
            See :meth:`from_scores`.

        Returns
        -------
        display : SpectrumReportDisplay
        """
        one = _one(X, object_id)
        final, rows = estimator, one
        if hasattr(estimator, "steps"):
            final, rows = estimator[-1], estimator[:-1].transform(one)
        if hasattr(final, "predict_scores"):
            scores, errors = (values[0] for values in final.predict_scores(rows))
            caption = {"score_label": "score of each class against the others, with its error"}
            options = {"errors": pd.Series(errors, final.classes_), **caption, **options}
        else:
            scores = final.predict_proba(rows)[0]
            options = {"score_label": "class probability (sum 1)", **options}
        options = {"label": str(final.predict(rows)[0]), **options}
        return cls.from_scores(X, object_id, pd.Series(scores, final.classes_), **options)

    def plot(self, figure: Figure | None = None) -> SpectrumReportDisplay:
        """Draw the page.

        Parameters
        ----------
        figure : matplotlib Figure, default=None
            Empty figure to draw into; a new one by default.

        Returns
        -------
        display : SpectrumReportDisplay
            The display itself.
        """
        import matplotlib.pyplot as plt

        if figure is None:
            figure = plt.figure(figsize=(9, 5.5), layout="constrained")
        has_curve = self.light_curve is not None and len(self.light_curve["time"]) > 0
        below = ["lightcurve", "scores"] if has_curve else ["scores", "scores"]
        mosaic: list[Any] = [["spectrum", "spectrum"], below]
        self.axes_ = figure.subplot_mosaic(mosaic)
        self.figure_ = figure
        self._draw_spectrum(self.axes_["spectrum"])
        self._draw_scores(self.axes_["scores"])
        if has_curve:
            self._draw_light_curve(self.axes_["lightcurve"])
        return self

    def _draw_spectrum(self, ax: Axes) -> None:
        ax.plot(self.wavelength, self.flux, lw=0.8, color="0.2")
        known = self.redshift is not None and np.isfinite(self.redshift)
        title = [self.name or "", f"z = {self.redshift:.4f}" if known else "z unknown"]
        title.append("" if self.label is None else f"predicted {self.label}")
        # Space for the names of the lines below the title.
        ax.set_title(", ".join(filter(None, title)), pad=24 if known else None)
        ax.set(xlabel="observed wavelength [Å]", ylabel="flux")
        if self.redshift is not None and np.isfinite(self.redshift):
            self._mark_lines(ax, 1 + self.redshift)

    def _mark_lines(self, ax: Axes, stretch: float) -> None:
        """Mark each line with the name of its element above the axes."""
        ends = np.nanmin(self.wavelength), np.nanmax(self.wavelength)
        above = ax.get_xaxis_transform()
        text: dict[str, Any] = {"rotation": 90, "ha": "center", "va": "bottom", "fontsize": 7}
        for element, rest in (LINES if self.lines is None else self.lines).items():
            for seen in (wavelength * stretch for wavelength in rest):
                if ends[0] <= seen <= ends[1]:
                    ax.axvline(seen, color="0.6", ls=":", lw=1, zorder=0)
                    ax.text(seen, 1.01, element, transform=above, **text)

    def _draw_scores(self, ax: Axes) -> None:
        scores = pd.Series(self.scores, dtype=float)
        errors = pd.Series({} if self.errors is None else self.errors, dtype=float)
        errors = errors.reindex(scores.index).fillna(0.0)
        best = scores.index == scores.idxmax() if scores.notna().any() else np.zeros(len(scores))
        names = [str(label) for label in scores.index]
        bars = ax.barh(
            names,
            scores,
            xerr=errors if errors.any() else None,
            color=np.where(best, "#0c71ff", "0.7"),
            capsize=3,
        )
        labels = ["" if np.isnan(score) else f"{score:.2f}" for score in scores]
        ax.bar_label(bars, labels, label_type="edge", padding=3, fontsize=8)
        ax.set(xlim=(0, 1.15), xlabel=self.score_label, xticks=np.linspace(0, 1, 6))
        ax.invert_yaxis()

    def _draw_light_curve(self, ax: Axes) -> None:
        curve = self.light_curve or {}
        has_open = draw_bands(ax, curve, self.survey)
        ax.set(xlabel=time_label(curve["time"]), ylabel=flux_label(self.flux_unit))
        title = "open: not detected" if has_open else None
        ax.legend(fontsize=7, title=title, title_fontsize=7)


def _one(X: pd.DataFrame, object_id: Hashable) -> pd.DataFrame:
    if object_id not in X.index:
        raise KeyError(f"SpectrumReportDisplay: no object {object_id!r} in the frame")
    one = X.loc[[object_id]]
    if len(one) > 1:
        raise ObjectError("SpectrumReportDisplay: several rows of one index", [object_id])
    return one


def _light_curve(column: pd.Series) -> dict:
    _, rows = flatten(column)
    names = ("time", "band", "flux", "flux_err", "detected")
    return {name: rows[name] for name in names if name in rows}

"""One page an object: spectrum with lines, light curve, scores."""

import numpy as np
import pandas as pd

from skastro.exceptions import ObjectError
from skastro.utils.ragged import flatten, sort_rows

LINES = {
    "H": (4340.5, 4861.3, 6562.8),
    "He I": (5875.6, 6678.2, 7065.2),
    "O I": (7774.0,),
    "Si II": (6355.0,),
    "S II": (5454.0, 5640.0),
    "Ca II": (3945.0, 8579.0),
    "Fe II": (4924.0, 5018.0, 5169.0),
}
"""Rest wavelengths in Angstrom of the lines that tell types of supernovae apart."""


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
        Arrays time, band, flux and flux_err of the same length.

    redshift : float, default=None
        Where lines are marked, if it is known.

    label : str, default=None
        The answer, for the title.

    name : str, default=None
        Name of the object, for the title.

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
        wavelength,
        flux,
        scores,
        *,
        errors=None,
        light_curve=None,
        redshift=None,
        label=None,
        name=None,
        lines=None,
    ):
        self.wavelength = wavelength
        self.flux = flux
        self.scores = scores
        self.errors = errors
        self.light_curve = light_curve
        self.redshift = redshift
        self.label = label
        self.name = name
        self.lines = lines

    @classmethod
    def from_scores(
        cls,
        X,
        object_id,
        scores,
        *,
        errors=None,
        label=None,
        name=None,
        lines=None,
        column="spectrum",
        lightcurve="lightcurve",
        redshift="redshift",
        figure=None,
    ):
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
            The answer, and what the object is called; its index by default.

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
        rows = sort_rows(*flatten(one[column], ("wavelength", "flux")), "wavelength")
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
            lines=lines,
        ).plot(figure)

    @classmethod
    def from_estimator(cls, estimator, X, object_id, **options):
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
            options = {"errors": pd.Series(errors, final.classes_), **options}
        else:
            scores = final.predict_proba(rows)[0]
        options = {"label": str(final.predict(rows)[0]), **options}
        return cls.from_scores(X, object_id, pd.Series(scores, final.classes_), **options)

    def plot(self, figure=None):
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
        self.axes_ = figure.subplot_mosaic([["spectrum", "spectrum"], below])
        self.figure_ = figure
        self._draw_spectrum(self.axes_["spectrum"])
        self._draw_scores(self.axes_["scores"])
        if has_curve:
            self._draw_light_curve(self.axes_["lightcurve"])
        return self

    def _draw_spectrum(self, ax):
        ax.plot(self.wavelength, self.flux, lw=0.8, color="0.2")
        known = self.redshift is not None and np.isfinite(self.redshift)
        title = [self.name or "", f"z = {self.redshift:.4f}" if known else "z unknown"]
        title.append("" if self.label is None else str(self.label))
        ax.set(
            xlabel="observed wavelength [Å]", ylabel="flux", title=", ".join(filter(None, title))
        )
        if not known:
            return
        ends = np.nanmin(self.wavelength), np.nanmax(self.wavelength)
        for k, (element, rest) in enumerate((LINES if self.lines is None else self.lines).items()):
            seen = [w * (1 + self.redshift) for w in rest]
            seen = [w for w in seen if ends[0] <= w <= ends[1]]
            for i, w in enumerate(seen):
                ax.axvline(w, color=f"C{k}", ls=":", lw=1, label=None if i else element)
        if ax.get_legend_handles_labels()[1]:
            ax.legend(fontsize=7, ncols=4)

    def _draw_scores(self, ax):
        scores = pd.Series(self.scores, dtype=float)
        errors = pd.Series({} if self.errors is None else self.errors, dtype=float)
        errors = errors.reindex(scores.index).fillna(0.0)
        best = scores.index == scores.idxmax() if scores.notna().any() else np.zeros(len(scores))
        names = [str(label) for label in scores.index]
        ax.barh(names, scores, xerr=errors, color=np.where(best, "C0", "0.7"), capsize=3)
        ax.set(xlim=(0, 1), xlabel="score")
        ax.invert_yaxis()

    def _draw_light_curve(self, ax):
        curve = {key: np.asarray(values) for key, values in self.light_curve.items()}
        for band in np.unique(curve["band"].astype(str)):
            own = curve["band"].astype(str) == band
            ax.errorbar(
                curve["time"][own], curve["flux"][own], curve["flux_err"][own], fmt=".", label=band
            )
        ax.set(xlabel="time [days]", ylabel="flux")
        ax.legend(fontsize=7)


def _one(X, object_id):
    if object_id not in X.index:
        raise KeyError(f"SpectrumReportDisplay: no object {object_id!r} in the frame")
    one = X.loc[[object_id]]
    if len(one) > 1:
        raise ObjectError("SpectrumReportDisplay: several rows of one index", [object_id])
    return one


def _light_curve(column):
    return flatten(column, ("time", "band", "flux", "flux_err"))[1]

"""Light curves with errors, band by band, and the Gaussian process through them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone

from skastro.inspection._bands import band_styles, draw_bands, flux_label, time_label
from skastro.surveys import Survey, get_survey
from skastro.utils.ragged import flatten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FIELDS = ("time", "band", "flux", "flux_err")


class LightCurveDisplay:
    """Plot of one multi-band light curve.

    Build it with :meth:`from_frame`, or with :meth:`from_estimator` to overlay a fit.  Each band
    has one colour and one marker in every figure of the package, ordered by wavelength and safe
    for colour-blind readers [1]_.  Observations that are not detections are open and do not set
    the limits of the flux.

    Parameters
    ----------
    time : array-like of shape (n_observations,)
        Dates [days].

    band : array-like of str of shape (n_observations,)
        Band names.

    flux, flux_err : array-like of shape (n_observations,)
        Flux and its error, in one unit.

    detected : array-like of bool of shape (n_observations,), default=None
        Which observations are detections; those with a flux of more than 5 times its error by
        default.

    survey : str or Survey, default="LSST"
        Survey of the bands.

    curves : dict, default=None
        ``{band: (times, mean, std)}`` to draw as a line with a band of one standard deviation.

    title : str, default=None
        Title of the plot.

    flux_unit : str or None, default="FLUXCAL"
        Unit of the flux on the axis, such as "uJy"; None leaves it out.

    xlabel : str, default=None
        Label of the horizontal axis; "MJD" or "days since the reference date" by default.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the light curve.

    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    HeatmapDisplay : The same object as an image.

    References
    ----------
    .. [1] Rubin Observatory, RTN-045 (https://rtn-045.lsst.io), with two colours darkened.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skastro.inspection import LightCurveDisplay
    >>> display = LightCurveDisplay([60001.0, 60002.0], ["g", "r"], [5.0, 6.0], [1.0, 1.0]).plot()
    >>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
    ('MJD', 'flux [FLUXCAL]')
    """

    def __init__(
        self,
        time: ArrayLike,
        band: ArrayLike,
        flux: ArrayLike,
        flux_err: ArrayLike,
        *,
        detected: ArrayLike | None = None,
        survey: str | Survey = "LSST",
        curves: Mapping | None = None,
        title: str | None = None,
        flux_unit: str | None = "FLUXCAL",
        xlabel: str | None = None,
    ):
        self.time = np.asarray(time)
        self.band = np.asarray(band)
        self.flux = np.asarray(flux)
        self.flux_err = np.asarray(flux_err)
        self.detected = detected
        self.survey = survey
        self.curves = curves
        self.title = title
        self.flux_unit = flux_unit
        self.xlabel = xlabel

    @classmethod
    def from_frame(
        cls,
        X: pd.DataFrame,
        object_id: Hashable,
        *,
        survey: str | Survey = "LSST",
        column: str = "lightcurve",
        flux_unit: str | None = "FLUXCAL",
        ax: Axes | None = None,
    ) -> LightCurveDisplay:
        """Plot one object of a frame.

        Parameters
        ----------
        X : NestedFrame
            Objects with their light curves.

        object_id : label
            Index of the object.

        survey : str or Survey, default="LSST"
            Survey of the bands.

        column : str, default="lightcurve"
            Nested column with the light curves.

        flux_unit : str or None, default="FLUXCAL"
            Unit of the flux on the axis.

        ax : matplotlib Axes, default=None
            Axes to draw into.

        Returns
        -------
        display : LightCurveDisplay
        """
        rows = rows_of(X, object_id, column)
        display = cls(**rows, survey=survey, title=str(object_id), flux_unit=flux_unit)
        return display.plot(ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: pd.DataFrame,
        object_id: Hashable,
        *,
        flux_unit: str | None = "FLUXCAL",
        ax: Axes | None = None,
    ) -> LightCurveDisplay:
        """Plot one object with the curves of a Gaussian process.

        Parameters
        ----------
        estimator : GPInterpolate
            Fitted or not; its grid of times and its model are used.

        X : NestedFrame
            Objects with their light curves.

        object_id : label
            Index of the object.

        flux_unit : str or None, default="FLUXCAL"
            Unit of the flux on the axis.

        ax : matplotlib Axes, default=None
            Axes to draw into.

        Returns
        -------
        display : LightCurveDisplay
        """
        survey = get_survey(estimator.survey)
        rows = rows_of(X, object_id, estimator.column)
        bands = list(band_styles(survey, survey.canonical_bands(rows["band"])))
        wavelengths = [survey.wavelengths[band] for band in bands]
        process = clone(estimator).set_params(wavelengths=wavelengths, n_jobs=None)
        one = X.loc[[object_id]]
        mean, std = process.fit(one).interpolate(one).grid[0]
        times = process.times_ + one[process.reference_column].iloc[0]
        curves = {band: (times, mean[i], std[i]) for i, band in enumerate(bands)}
        display = cls(
            **rows, survey=survey, curves=curves, title=str(object_id), flux_unit=flux_unit
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> LightCurveDisplay:
        """Draw the light curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        display : LightCurveDisplay
            The display itself.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        rows = {name: getattr(self, name) for name in (*_FIELDS, "detected")}
        has_open = draw_bands(ax, rows, self.survey)
        styles = band_styles(self.survey)
        for band, (times, mean, std) in (self.curves or {}).items():
            color = styles[band].color
            ax.plot(times, mean, color=color)
            ax.fill_between(times, mean - std, mean + std, color=color, alpha=0.2, lw=0)
        label = self.xlabel or time_label(self.time)
        ax.set(xlabel=label, ylabel=flux_label(self.flux_unit), title=self.title)
        ax.legend(title="open: not detected" if has_open else None, title_fontsize="small")
        self.ax_, self.figure_ = ax, ax.figure
        return self


def rows_of(X: pd.DataFrame, object_id: Hashable, column: str) -> dict:
    """Return time, band, flux, flux_err and, if there is one, detected of one object.

    Examples
    --------
    >>> from skastro.inspection._light_curve import rows_of
    >>> from skastro.testing import make_check_data
    >>> list(rows_of(make_check_data()[0], "SN000", "lightcurve"))[:4]
    ['time', 'band', 'flux', 'flux_err']
    """
    if object_id not in X.index:
        raise KeyError(f"LightCurveDisplay: no object {object_id!r} in the frame")
    _, rows = flatten(X.loc[[object_id]][column])
    return {name: rows[name] for name in (*_FIELDS, "detected") if name in rows}

"""Light curves with errors, band by band, and the Gaussian process through them."""

import numpy as np
from sklearn.base import clone

from skastro.surveys import get_survey
from skastro.utils.ragged import flatten


class LightCurveDisplay:
    """Plot of one multi-band light curve.

    Build it with :meth:`from_frame`, or with :meth:`from_estimator` to overlay a fit.

    Parameters
    ----------
    time : ndarray of shape (n_observations,)
        Days.

    band : sequence of str of shape (n_observations,)
        Band names.

    flux, flux_err : ndarray of shape (n_observations,)
        Flux and its error, in one unit.

    survey : str or Survey, default="LSST"
        Gives the order of the bands and their wavelengths.

    curves : dict, default=None
        ``{band: (times, mean, std)}`` to draw as a line with a band of one standard deviation.

    title : str, default=None
        Title of the plot.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the light curve.

    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    HeatmapDisplay : The same object as an image.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skastro.inspection import LightCurveDisplay
    >>> display = LightCurveDisplay([1.0, 2.0], ["g", "r"], [5.0, 6.0], [1.0, 1.0]).plot()
    >>> display.ax_.get_xlabel()
    'time [days]'
    """

    def __init__(self, time, band, flux, flux_err, *, survey="LSST", curves=None, title=None):
        self.time = np.asarray(time)
        self.band = np.asarray(band)
        self.flux = np.asarray(flux)
        self.flux_err = np.asarray(flux_err)
        self.survey = survey
        self.curves = curves
        self.title = title

    @classmethod
    def from_frame(cls, X, object_id, *, survey="LSST", column="lightcurve", ax=None):
        """Plot one object of a frame.

        Parameters
        ----------
        X : NestedFrame
            Objects with their light curves.

        object_id : label
            Index of the object.

        survey : str or Survey, default="LSST"
            Gives the order of the bands and their wavelengths.

        column : str, default="lightcurve"
            Nested column with the light curves.

        ax : matplotlib Axes, default=None
            Axes to draw into.

        Returns
        -------
        display : LightCurveDisplay
        """
        rows = rows_of(X, object_id, column)
        return cls(**rows, survey=survey, title=str(object_id)).plot(ax)

    @classmethod
    def from_estimator(cls, estimator, X, object_id, *, ax=None):
        """Plot one object with the curves of a Gaussian process.

        Parameters
        ----------
        estimator : GPInterpolate
            Fitted or not; its grid of times and its model are used.

        X : NestedFrame
            Objects with their light curves.

        object_id : label
            Index of the object.

        ax : matplotlib Axes, default=None
            Axes to draw into.

        Returns
        -------
        display : LightCurveDisplay
        """
        survey = get_survey(estimator.survey)
        rows = rows_of(X, object_id, estimator.column)
        bands = [b for b in survey.wavelengths if b in {survey.band(b) for b in rows["band"]}]
        wavelengths = [survey.wavelengths[band] for band in bands]
        process = clone(estimator).set_params(wavelengths=wavelengths, n_jobs=None)
        one = X.loc[[object_id]]
        mean, std = process.fit(one).interpolate(one).grid[0]
        times = process.times_ + one[process.reference_column].iloc[0]
        curves = {band: (times, mean[i], std[i]) for i, band in enumerate(bands)}
        return cls(**rows, survey=survey, curves=curves, title=str(object_id)).plot(ax)

    def plot(self, ax=None):
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
        import matplotlib.pyplot as plt  # noqa: PLC0415

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        survey = get_survey(self.survey)
        names = np.array([survey.band(band) for band in self.band])
        colors = band_colors(survey)
        for band in [b for b in survey.wavelengths if b in names]:
            own = names == band
            point = {"fmt": ".", "color": colors[band], "label": band}
            ax.errorbar(self.time[own], self.flux[own], self.flux_err[own], **point)
        for band, (times, mean, std) in (self.curves or {}).items():
            ax.plot(times, mean, color=colors[band])
            ax.fill_between(times, mean - std, mean + std, color=colors[band], alpha=0.2, lw=0)
        ax.set(xlabel="time [days]", ylabel="flux", title=self.title)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


def band_colors(survey):
    """Return {band: colour} from violet to red by wavelength.

    Examples
    --------
    >>> from skastro.inspection._light_curve import band_colors
    >>> len(band_colors("DES"))
    4
    """
    import matplotlib  # noqa: PLC0415

    wavelengths = get_survey(survey).wavelengths
    order = sorted(set(wavelengths.values()))
    shades = matplotlib.colormaps["turbo"](np.linspace(0.05, 0.95, len(order)))
    return {band: shades[order.index(w)] for band, w in wavelengths.items()}


def rows_of(X, object_id, column):
    """Return time, band, flux and flux_err of one object.

    Examples
    --------
    >>> from skastro.inspection._light_curve import rows_of
    >>> from skastro.testing import make_check_data
    >>> list(rows_of(make_check_data()[0], "SN000", "lightcurve"))
    ['time', 'band', 'flux', 'flux_err']
    """
    if object_id not in X.index:
        raise KeyError(f"LightCurveDisplay: no object {object_id!r} in the frame")
    _, rows = flatten(X.loc[[object_id]][column], ("time", "band", "flux", "flux_err"))
    return rows

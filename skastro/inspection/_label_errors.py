"""Contact sheets of objects with doubtful labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from skastro.inspection._contact_sheet import ContactSheetDisplay
from skastro.surveys import Survey


class LabelErrorDisplay(ContactSheetDisplay):
    """Contact sheet of stamps, light curves or spectra with given and suggested labels.

    Build it with :meth:`from_finder`.

    Parameters
    ----------
    X : NestedFrame, or ndarray of shape (n_objects, n_columns)
        The objects to draw: light curves, spectra, or stamps as dense rows.

    titles : sequence of str of shape (n_objects,)
        Titles of the panels.

    suspects : ndarray of bool of shape (n_objects,), default=None
        Objects whose title is red; all by default.

    image_shape : tuple of 3 int, default=None
        (height, width, channels) of the stamps, which are the first columns of dense rows.

    column : str, default="lightcurve"
        Nested column to draw if there is no `image_shape`; one with wavelengths is drawn as a
        spectrum.

    survey : str or Survey, default="LSST"
        Survey of the bands of light curves.

    flux_unit : str or None, default="FLUXCAL"
        Unit of the flux on the axes of light curves.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_objects,)
        One per object.

    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    skastro.label_errors.LabelErrorFinder : Finds the suspects.
    LightCurveDisplay : One light curve.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.inspection import LabelErrorDisplay
    >>> from skastro.label_errors import LabelErrorFinder
    >>> y = np.array(["bogus", "real"] * 20)
    >>> X = np.random.default_rng(0).normal(size=(40, 2 * 3 * 3)) + 9 * (y == "real")[:, None]
    >>> y[0] = "real"
    >>> finder = LabelErrorFinder(GaussianNB(), random_state=0).fit(X, y)
    >>> display = LabelErrorDisplay.from_finder(finder, X, y, n=4, image_shape=(3, 3, 2))
    >>> print(display.titles[0])
    0
    real, not bogus? (quality 0.00)
    """

    @classmethod
    def from_finder(
        cls,
        finder: Any,
        X: pd.DataFrame | ArrayLike,
        y: ArrayLike,
        *,
        n: int = 12,
        image_shape: tuple[int, int, int] | None = None,
        column: str = "lightcurve",
        survey: str | Survey = "LSST",
        flux_unit: str | None = "FLUXCAL",
        axes: ArrayLike | None = None,
    ) -> LabelErrorDisplay:
        """Plot the objects whose labels a finder doubts most.

        Parameters
        ----------
        finder : LabelErrorFinder
            Fitted on `X` and `y`.

        X : NestedFrame, or array-like of shape (n_objects, n_columns)
            All objects, in the order in which the finder saw them.

        y : array-like of shape (n_objects,)
            Given labels.

        n : int, default=12
            Number of objects; the titles of suspects among them are red.

        image_shape : tuple of 3 int, default=None
            (height, width, channels) of stamps in dense rows.

        column : str, default="lightcurve"
            Nested column to draw.

        survey : str or Survey, default="LSST"
            Survey of the bands of light curves.

        flux_unit : str or None, default="FLUXCAL"
            Unit of the flux on the axes of light curves.

        axes : sequence of matplotlib Axes, default=None
            Axes to draw into, one per object.

        Returns
        -------
        display : LabelErrorDisplay
            Titles show the object, its given and suggested label, and the quality of the given
            label: 0 is certainly wrong, 1 certainly right.

        Raises
        ------
        ValueError
            `X` or `y` are not those of the finder, or no object is judged.
        """
        labels = np.asarray(y).ravel()
        objects = X if isinstance(X, pd.DataFrame) else np.asarray(X)
        sizes = {len(labels), len(finder.label_errors_), len(objects)}
        if len(sizes) > 1:
            raise ValueError(
                f"LabelErrorDisplay: the finder was fitted on {len(finder.label_errors_)} objects, "
                f"X has {len(objects)} and y {len(labels)}"
            )
        rows = finder.ranking_[:n]
        if len(rows) == 0:
            raise ValueError("LabelErrorDisplay: no objects to draw")
        names = objects.index if isinstance(objects, pd.DataFrame) else np.arange(len(objects))
        suggested, quality = finder.suggested_labels_, finder.label_quality_
        titles = [
            f"{names[i]}\n{_opinion(labels[i], suggested[i])} (quality {quality[i]:.2f})"
            for i in rows
        ]
        display = cls(
            objects.iloc[rows] if isinstance(objects, pd.DataFrame) else objects[rows],
            titles,
            suspects=finder.label_errors_[rows],
            image_shape=image_shape,
            column=column,
            survey=survey,
            flux_unit=flux_unit,
        )
        return display.plot(axes)


def _opinion(given: Any, suggested: Any) -> str:
    return f"{given}" if given == suggested else f"{given}, not {suggested}?"

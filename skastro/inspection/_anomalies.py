"""Contact sheets of anomalies."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from skastro.inspection._contact_sheet import ContactSheetDisplay
from skastro.surveys import Survey


class AnomalyDisplay(ContactSheetDisplay):
    r"""Contact sheet of the objects that are most unlike the training set, highest score first.

    Build it with :meth:`from_scores`.  Parameters and attributes are those of
    :class:`ContactSheetDisplay`; titles of rejected objects are red.

    See Also
    --------
    skastro.calibration.GatedClassifier : Leaves such objects unclassified.
    skastro.recipes.make_anomaly_detector : Scores of anomalies.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from skastro.inspection import AnomalyDisplay
    >>> stamps = np.random.default_rng(0).normal(size=(5, 2 * 3 * 3))
    >>> score = [0.1, 3.0, np.nan, 0.2, 9.0]
    >>> sheet = AnomalyDisplay.from_scores(stamps, score, n=2, image_shape=(3, 3, 2))
    >>> sheet.titles
    ['4\nscore 9', '1\nscore 3']
    """

    @classmethod
    def from_scores(
        cls,
        X: pd.DataFrame | ArrayLike,
        score: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        rejected: ArrayLike | None = None,
        n: int = 12,
        image_shape: tuple[int, int, int] | None = None,
        column: str = "lightcurve",
        survey: str | Survey = "LSST",
        flux_unit: str | None = "FLUXCAL",
        axes: ArrayLike | None = None,
    ) -> AnomalyDisplay:
        """Plot the objects with the highest scores.

        Parameters
        ----------
        X : NestedFrame, or array-like of shape (n_objects, n_columns)
            Objects.

        score : array-like of shape (n_objects,)
            How unlike the training set each object is, such as minus `score_samples` of a detector;
            objects with NaN are left out.

        labels : array-like of shape (n_objects,), default=None
            Labels to show, such as those that a classifier predicts.

        rejected : array-like of bool of shape (n_objects,), default=None
            Objects whose title is red, such as those that a gate rejects.

        n : int, default=12
            Number of objects.

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
        display : AnomalyDisplay

        Raises
        ------
        ValueError
            Not one score per object, or no object has a score.
        """
        objects = X if isinstance(X, pd.DataFrame) else np.asarray(X)
        values = np.asarray(score, float)
        if values.shape != (len(objects),):
            raise ValueError(
                f"AnomalyDisplay: score has the shape {values.shape}, not {(len(objects),)}"
            )
        known = np.flatnonzero(~np.isnan(values))
        rows = known[np.argsort(-values[known], kind="stable")][:n]
        if not len(rows):
            raise ValueError("AnomalyDisplay: no object has a score")
        names = objects.index if isinstance(objects, pd.DataFrame) else np.arange(len(objects))
        kinds = [""] * len(objects) if labels is None else [f", {k}" for k in np.asarray(labels)]
        chosen = np.zeros(len(objects), bool) if rejected is None else np.asarray(rejected, bool)
        display = cls(
            objects.iloc[rows] if isinstance(objects, pd.DataFrame) else objects[rows],
            [f"{names[i]}\nscore {values[i]:.3g}{kinds[i]}" for i in rows],
            suspects=chosen[rows],
            image_shape=image_shape,
            column=column,
            survey=survey,
            flux_unit=flux_unit,
        )
        return display.plot(axes)

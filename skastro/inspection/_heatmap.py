"""Heat maps as the networks see them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator


class HeatmapDisplay:
    """Plot of one heat map, one panel per channel.

    Parameters
    ----------
    image : ndarray of shape (n_wavelengths, n_times, n_channels)
        The image.

    times : ndarray of shape (n_times,)
        Days since the reference date.

    wavelengths : ndarray of shape (n_wavelengths,)
        Wavelengths [Angstrom].

    channels : tuple of str, default=("mean", "std")
        Titles of the panels.

    title : str, default=None
        Title of the figure.

    xlabel : str, default="days since the reference date"
        Label of the horizontal axes.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One per channel.

    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    LightCurveDisplay : The observations behind the image.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from skastro.inspection import HeatmapDisplay
    >>> display = HeatmapDisplay(np.zeros((3, 4, 2)), np.arange(4), np.arange(3)).plot()
    >>> len(display.axes_)
    2
    """

    def __init__(
        self,
        image: ArrayLike,
        times: ArrayLike,
        wavelengths: ArrayLike,
        *,
        channels: Sequence[str] = ("mean", "std"),
        title: str | None = None,
        xlabel: str = "days since the reference date",
    ):
        self.image = np.asarray(image)
        self.times = np.asarray(times)
        self.wavelengths = np.asarray(wavelengths)
        self.channels = channels
        self.title = title
        self.xlabel = xlabel

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: pd.DataFrame,
        object_id: Hashable,
        *,
        axes: ArrayLike | None = None,
    ) -> HeatmapDisplay:
        """Plot the heat map of one object.

        Parameters
        ----------
        estimator : Heatmap
            Fitted.

        X : NestedFrame
            Objects with their light curves.

        object_id : label
            Index of the object.

        axes : sequence of matplotlib Axes, default=None
            Axes to draw into, one per channel.

        Returns
        -------
        display : HeatmapDisplay
        """
        features = np.asarray(estimator.transform(X.loc[[object_id]]))[0]
        image = features[: np.prod(estimator.output_shape_)].reshape(estimator.output_shape_)
        process = estimator.interpolator_
        display = cls(
            image,
            process.times_,
            process.wavelengths_,
            channels=estimator.channels,
            title=str(object_id),
            xlabel=f"days since {process.reference_column}",
        )
        return display.plot(axes)

    def plot(self, axes: ArrayLike | None = None) -> HeatmapDisplay:
        """Draw the channels side by side.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Axes to draw into, one per channel; new ones by default.

        Returns
        -------
        display : HeatmapDisplay
            The display itself.
        """
        import matplotlib.pyplot as plt

        if axes is None:
            shape = (1, self.image.shape[2])
            _, axes = plt.subplots(*shape, figsize=(9, 3.2), layout="constrained", squeeze=False)
        axes = np.ravel(axes)
        for ax, channel, pixels in zip(axes, self.channels, np.moveaxis(self.image, 2, 0)):
            mesh = ax.pcolormesh(self.times, self.wavelengths, pixels, shading="nearest")
            ax.set(xlabel=self.xlabel, ylabel="wavelength [Å]", title=channel)
            ax.figure.colorbar(mesh, ax=ax, label="scaled flux")
        if self.title:
            axes[0].figure.suptitle(self.title)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

"""Heat maps as a network sees them."""

import numpy as np


class HeatmapDisplay:
    """Plot of one heat map, one panel a channel.

    Parameters
    ----------
    image : ndarray of shape (n_channels, n_wavelengths, n_times)
        The image.

    times : ndarray of shape (n_times,)
        Days after the reference.

    wavelengths : ndarray of shape (n_wavelengths,)
        Angstrom.

    channels : tuple of str, default=("mean", "std")
        Titles of the panels.

    title : str, default=None
        Title of the figure.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One a channel.

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
    >>> display = HeatmapDisplay(np.zeros((2, 3, 4)), np.arange(4), np.arange(3)).plot()
    >>> len(display.axes_)
    2
    """

    def __init__(self, image, times, wavelengths, *, channels=("mean", "std"), title=None):
        self.image = np.asarray(image)
        self.times = np.asarray(times)
        self.wavelengths = np.asarray(wavelengths)
        self.channels = channels
        self.title = title

    @classmethod
    def from_estimator(cls, estimator, X, object_id, *, axes=None):
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
            Axes to draw into, one a channel.

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
        )
        return display.plot(axes)

    def plot(self, axes=None):
        """Draw the channels side by side.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Axes to draw into, one a channel; new ones by default.

        Returns
        -------
        display : HeatmapDisplay
            The display itself.
        """
        import matplotlib.pyplot as plt  # noqa: PLC0415

        if axes is None:
            shape = (1, len(self.image))
            _, axes = plt.subplots(*shape, figsize=(8, 3), layout="constrained", squeeze=False)
        axes = np.ravel(axes)
        for ax, channel, pixels in zip(axes, self.channels, self.image):
            mesh = ax.pcolormesh(self.times, self.wavelengths, pixels, shading="nearest")
            ax.set(xlabel="time [days]", ylabel="wavelength [Å]", title=channel)
            ax.figure.colorbar(mesh, ax=ax)
        if self.title:
            axes[0].figure.suptitle(self.title)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

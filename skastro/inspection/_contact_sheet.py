"""Contact sheets of objects, the base of several displays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skastro.inspection._light_curve import LightCurveDisplay
from skastro.surveys import Survey
from skastro.utils.ragged import flatten

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ContactSheetDisplay:
    """Contact sheet of stamps, light curves or spectra.

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

    Raises
    ------
    ValueError
        In `plot`: dense rows without `image_shape`, or too short for it; too few axes.

    See Also
    --------
    LabelErrorDisplay : Objects whose labels are doubtful.
    AnomalyDisplay : Objects unlike the training set.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from skastro.inspection import ContactSheetDisplay
    >>> stamps = np.random.default_rng(0).normal(size=(5, 2 * 3 * 3))
    >>> sheet = ContactSheetDisplay(stamps, list("abcde"), image_shape=(3, 3, 2)).plot()
    >>> [ax.get_title() for ax in sheet.axes_]
    ['a', 'b', 'c', 'd', 'e']
    """

    def __init__(
        self,
        X: pd.DataFrame | NDArray,
        titles: Sequence[str],
        *,
        suspects: NDArray | None = None,
        image_shape: tuple[int, int, int] | None = None,
        column: str = "lightcurve",
        survey: str | Survey = "LSST",
        flux_unit: str | None = "FLUXCAL",
    ):
        self.X = X
        self.titles = titles
        self.suspects = suspects
        self.image_shape = image_shape
        self.column = column
        self.survey = survey
        self.flux_unit = flux_unit

    def plot(self, axes: ArrayLike | None = None) -> Self:
        """Draw the sheet.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Axes to draw into, one per object; new ones, four per row, by default.

        Returns
        -------
        display : ContactSheetDisplay
            The display itself.
        """
        draw = self._images() if self.image_shape is not None else self._curves()
        axes = self._axes(axes)
        suspects = np.ones(len(axes), bool) if self.suspects is None else self.suspects
        for i, ax in enumerate(axes):
            draw(i, ax)
            color = "firebrick" if suspects[i] else "black"
            ax.set_title(self.titles[i], fontsize=8, color=color)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

    def _axes(self, axes: ArrayLike | None) -> NDArray:
        import matplotlib.pyplot as plt  # noqa: PLC0415

        n_objects = len(self.titles)
        if axes is None:
            n_columns = min(4, n_objects)
            n_rows = -(-n_objects // n_columns)
            size = (3 * n_columns, (0.6 + 3 * self._aspect()) * n_rows)
            _, grid = plt.subplots(
                n_rows, n_columns, figsize=size, layout="constrained", squeeze=False
            )
            for ax in grid.ravel()[n_objects:]:
                ax.remove()
            return grid.ravel()[:n_objects]
        axes = np.ravel(axes)
        if len(axes) < n_objects:
            raise ValueError(f"{type(self).__name__}: {len(axes)} axes for {n_objects} objects")
        return axes[:n_objects]

    def _aspect(self) -> float:
        """Return height by width of one panel."""
        if self.image_shape is None:
            return 0.7
        height, width, n_channels = self.image_shape
        return height / (n_channels * width)

    def _images(self) -> Callable:
        rows = np.asarray(self.X, float)
        shape = tuple(self.image_shape or ())
        size = int(np.prod(shape))
        if len(shape) != 3 or rows.ndim != 2 or rows.shape[1] < size:
            raise ValueError(
                f"{type(self).__name__}: rows of shape {rows.shape} hold no images of image_shape "
                f"{self.image_shape}, (height, width, channels)"
            )
        images = rows[:, :size].reshape(-1, *shape)

        def draw(i: int, ax: Axes) -> None:
            channels = np.moveaxis(images[i], -1, 0)
            ax.imshow(np.hstack([_stretched(channel) for channel in channels]), cmap="gray")
            ax.set_axis_off()

        return draw

    def _curves(self) -> Callable:
        if self.column not in getattr(self.X, "nested_columns", ()):
            raise ValueError(
                f"{type(self).__name__}: X has no nested column {self.column!r}; stamps in "
                f"dense rows require image_shape"
            )
        offsets, rows = flatten(self.X[self.column])
        spectra = "wavelength" in rows

        def draw(i: int, ax: Axes) -> None:
            own = {name: values[offsets[i] : offsets[i + 1]] for name, values in rows.items()}
            if spectra:
                ax.plot(own["wavelength"], own["flux"], lw=0.6, color="0.2")
                ax.set(xlabel="wavelength [Å]", ylabel="flux")
                _shrink_labels(ax)
                return
            fields = (own[name] for name in ("time", "band", "flux", "flux_err"))
            display = LightCurveDisplay(
                *fields, detected=own.get("detected"), survey=self.survey, flux_unit=self.flux_unit
            )
            display.plot(ax)
            ax.legend(fontsize=6).set_visible(i == 0)
            _shrink_labels(ax)

        return draw


def _shrink_labels(ax: Axes) -> None:
    ax.tick_params(labelsize=7)
    ax.locator_params(axis="x", nbins=4)
    ax.xaxis.label.set_fontsize(7)
    ax.yaxis.label.set_fontsize(7)


def _stretched(channel: NDArray) -> NDArray:
    """Scale a channel to [0, 1] by its own extremes."""
    known = channel[np.isfinite(channel)]
    if known.size == 0:
        return channel
    return (channel - known.min()) / (np.ptp(known) or 1.0)

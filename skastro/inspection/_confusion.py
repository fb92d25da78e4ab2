"""Confusion matrices at the levels of a taxonomy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.metrics import ConfusionMatrixDisplay

from skastro.metrics import confusion_matrix_by_level
from skastro.taxonomy import Taxonomy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NORMALIZE = ("true", "pred", "all", None)


class ConfusionByLevelDisplay:
    """Plot of one confusion matrix per level of a taxonomy.

    Parameters
    ----------
    matrices : dict of int -> DataFrame of shape (n_classes, n_classes + 1)
        Counts by depth, as from :func:`skastro.metrics.confusion_matrix_by_level`: rows are true
        classes, columns predicted classes; the last column holds unclassified objects and is
        drawn if there are any.

    normalize : {"true", "pred", "all"} or None, default="true"
        Divide by the sums of the rows, of the columns, or of all objects; None shows counts.

    Attributes
    ----------
    displays_ : dict of int -> ConfusionMatrixDisplay
        scikit-learn's display of each level.

    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    TaxonomyDisplay : The taxonomy itself, with scores at its nodes.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skastro.inspection import ConfusionByLevelDisplay
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> y_true, y_pred = ["Ia", "Ia", "II", "AGN"], ["Ia", "II", "II", "AGN"]
    >>> display = ConfusionByLevelDisplay.from_predictions(y_true, y_pred, tree)
    >>> display.displays_[1].confusion_matrix.tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, matrices: Mapping[int, pd.DataFrame], *, normalize: str | None = "true"):
        self.matrices = matrices
        self.normalize = normalize

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        taxonomy: Taxonomy,
        *,
        depths: Sequence[int] | None = None,
        normalize: str | None = "true",
        sample_weight: ArrayLike | None = None,
        axes: Any = None,
    ) -> ConfusionByLevelDisplay:
        """Plot the confusion matrices of labels.

        Parameters
        ----------
        y_true, y_pred : array-like
            True and predicted labels; `y_pred` may also hold the probabilities of all nodes, as
            in :func:`skastro.metrics.scores_by_level`.

        taxonomy : Taxonomy
            Taxonomy of the labels.

        depths : sequence of int, default=None
            Levels to draw; all by default.

        normalize : {"true", "pred", "all"} or None, default="true"
            Divide by the sums of the rows, of the columns, or of all objects; None shows counts.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights of the objects.

        axes : sequence of matplotlib Axes, default=None
            Axes to draw into, one per level.

        Returns
        -------
        display : ConfusionByLevelDisplay
        """
        matrices = confusion_matrix_by_level(y_true, y_pred, taxonomy, sample_weight=sample_weight)
        depths = list(matrices) if depths is None else depths
        return cls({d: matrices[d] for d in depths}, normalize=normalize).plot(axes)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: pd.DataFrame | ArrayLike,
        y: ArrayLike,
        taxonomy: Taxonomy,
        **options: Any,
    ) -> ConfusionByLevelDisplay:
        """Plot the confusion matrices of a fitted classifier.

        Parameters
        ----------
        estimator : classifier
            Fitted; its labels are nodes of the taxonomy.

        X : NestedFrame or array of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            True labels.

        taxonomy : Taxonomy
            Taxonomy of the labels.

        **options
            See :meth:`from_predictions`.

        Returns
        -------
        display : ConfusionByLevelDisplay
        """
        return cls.from_predictions(y, estimator.predict(X), taxonomy, **options)

    def plot(self, axes: Any = None) -> ConfusionByLevelDisplay:
        """Draw the matrices side by side.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Axes to draw into, one per level; new ones by default.

        Returns
        -------
        display : ConfusionByLevelDisplay
            The display itself.
        """
        import matplotlib.pyplot as plt

        if self.normalize not in _NORMALIZE:
            raise ValueError(
                f"ConfusionByLevelDisplay: normalize is {self.normalize!r}, not one of {_NORMALIZE}"
            )
        squares = {depth: _square(matrix) for depth, matrix in self.matrices.items()}
        if axes is None:
            widths = [len(square) + 3 for square in squares.values()]
            size = (0.45 * sum(widths), 0.45 * max(widths))
            ratios = {"width_ratios": widths}
            _, axes = plt.subplots(
                1, len(widths), figsize=size, layout="constrained", gridspec_kw=ratios
            )
        axes = np.ravel(axes)
        self.displays_ = {
            depth: self._draw(square, ax, _title(depth, self.normalize))
            for (depth, square), ax in zip(squares.items(), axes)
        }
        self.figure_ = axes[0].figure
        return self

    def _draw(self, square: pd.DataFrame, ax: Axes, title: str) -> ConfusionMatrixDisplay:
        counts = square.to_numpy()
        sums = {
            "true": counts.sum(axis=1, keepdims=True),
            "pred": counts.sum(axis=0, keepdims=True),
            "all": counts.sum(),
        }.get(str(self.normalize), np.float64(1))
        shares = np.divide(counts, sums, out=np.zeros(counts.shape), where=sums > 0)
        display = ConfusionMatrixDisplay(shares, display_labels=square.index.tolist())
        display.plot(
            ax=ax,
            cmap="Blues",
            colorbar=False,
            xticks_rotation="vertical",
            values_format=".0f" if self.normalize is None else ".2f",
            text_kw={"fontsize": 9 if len(square) <= 10 else 6},
        )
        ax.set_title(title)
        return display


_SHARES = {"true": "rows sum to 1", "pred": "columns sum to 1", "all": "all sum to 1"}


def _title(depth: int, normalize: str | None) -> str:
    return f"level {depth} ({_SHARES.get(str(normalize), 'objects')})"


def _square(matrix: pd.DataFrame) -> pd.DataFrame:
    """Drop the column of unclassified objects if it is empty, else add its row."""
    names = matrix.columns[:-1] if not matrix.iloc[:, -1].any() else matrix.columns
    return matrix.reindex(index=names, columns=names, fill_value=0.0)

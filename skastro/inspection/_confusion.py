"""Confusion matrices at the levels of a tree of classes."""

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay

from skastro.metrics import confusion_matrix_by_level

_NORMALIZE = ("true", "pred", "all", None)


class ConfusionByLevelDisplay:
    """Plot of one confusion matrix a level of a tree of classes.

    Parameters
    ----------
    matrices : dict of int -> DataFrame of shape (n_classes, n_classes + 1)
        Counts by depth, as from :func:`skastro.metrics.confusion_matrix_by_level`: rows are true
        classes, columns answers, the last one objects without answer, which is drawn if there
        are such objects.

    normalize : {"true", "pred", "all"} or None, default="true"
        Divide by the sums of the rows, of the columns, by that of all, or show counts.

    Attributes
    ----------
    displays_ : dict of int -> ConfusionMatrixDisplay
        scikit-learn's display of each level.

    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    TaxonomyDisplay : The tree itself, with scores at its nodes.

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

    def __init__(self, matrices, *, normalize="true"):
        self.matrices = matrices
        self.normalize = normalize

    @classmethod
    def from_predictions(
        cls,
        y_true,
        y_pred,
        taxonomy,
        *,
        depths=None,
        normalize="true",
        sample_weight=None,
        axes=None,
    ):
        """Plot the confusion of labels.

        Parameters
        ----------
        y_true, y_pred : array-like
            Labels, or probabilities of all nodes as the answers, as in
            :func:`skastro.metrics.scores_by_level`.

        taxonomy : Taxonomy
            The tree.

        depths : sequence of int, default=None
            Levels to draw; all by default.

        normalize : {"true", "pred", "all"} or None, default="true"
            Divide by the sums of the rows, of the columns, by that of all, or show counts.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights of the objects.

        axes : sequence of matplotlib Axes, default=None
            Axes to draw into, one a level.

        Returns
        -------
        display : ConfusionByLevelDisplay
        """
        matrices = confusion_matrix_by_level(y_true, y_pred, taxonomy, sample_weight=sample_weight)
        depths = list(matrices) if depths is None else depths
        return cls({d: matrices[d] for d in depths}, normalize=normalize).plot(axes)

    @classmethod
    def from_estimator(cls, estimator, X, y, taxonomy, **options):
        """Plot the confusion of the labels that a fitted classifier predicts.

        Parameters
        ----------
        estimator : classifier
            Fitted; its labels are nodes of the tree.

        X : NestedFrame or array of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            True labels.

        taxonomy : Taxonomy
            The tree.

        **options
            See :meth:`from_predictions`.

        Returns
        -------
        display : ConfusionByLevelDisplay
        """
        return cls.from_predictions(y, estimator.predict(X), taxonomy, **options)

    def plot(self, axes=None):
        """Draw the matrices side by side.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Axes to draw into, one a level; new ones by default.

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
            depth: self._draw(square, ax, f"level {depth}")
            for (depth, square), ax in zip(squares.items(), axes)
        }
        self.figure_ = axes[0].figure
        return self

    def _draw(self, square, ax, title):
        counts = square.to_numpy()
        sums = {
            "true": counts.sum(axis=1, keepdims=True),
            "pred": counts.sum(axis=0, keepdims=True),
            "all": counts.sum(),
        }.get(self.normalize, np.float64(1))
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


def _square(matrix):
    """Drop the column of objects without answer, or give it a row of its own."""
    names = matrix.columns[:-1] if not matrix.iloc[:, -1].any() else matrix.columns
    return matrix.reindex(index=names, columns=names, fill_value=0.0)

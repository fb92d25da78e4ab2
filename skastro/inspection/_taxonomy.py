"""Taxonomies with counts or scores at their nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.metrics import hierarchical_precision_recall_fscore
from skastro.taxonomy import Taxonomy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.text import Text

_SCORES = ("precision", "recall", "f1")


class TaxonomyDisplay:
    """Plot of a taxonomy, the root at the left, with a number at each node.

    Parameters
    ----------
    taxonomy : Taxonomy
        The tree.

    values : array-like of shape (n_nodes,), default=None
        Numbers in the order of ``taxonomy.nodes``, shown as text and colour, counts on a
        logarithmic scale; a node with NaN has no number.  None draws the names alone.

    name : str, default=None
        Meaning of the numbers; label of the colour bar.

    values_format : str, default=None
        Format of a number; ``",.0f"`` for whole numbers and ``".2f"`` for others by default.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the tree.

    figure_ : matplotlib Figure
        Figure of the axes.

    texts_ : list of matplotlib Text of length n_nodes
        Names and numbers, in the order of ``taxonomy.nodes``.

    See Also
    --------
    ConfusionByLevelDisplay : Confusion matrices at the levels of the taxonomy.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skastro.inspection import TaxonomyDisplay
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> display = TaxonomyDisplay.from_labels(["Ia", "Ia", "SN"], tree)
    >>> [text.get_text() for text in display.texts_]
    ['Alert  3', 'SN  3', 'AGN  0', 'Ia  2', 'II  0']
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        values: ArrayLike | None = None,
        *,
        name: str | None = None,
        values_format: str | None = None,
    ):
        self.taxonomy = taxonomy
        self.values = None if values is None else np.asarray(values, float)
        self.name = name
        self.values_format = values_format

    @classmethod
    def from_labels(
        cls,
        y: ArrayLike,
        taxonomy: Taxonomy,
        *,
        sample_weight: ArrayLike | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> TaxonomyDisplay:
        """Draw the number of objects at and below each node.

        Parameters
        ----------
        y : array-like of shape (n_objects,)
            Names of leaves or inner nodes, or their synonyms.

        taxonomy : Taxonomy
            Taxonomy of the labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights of the objects.

        ax : matplotlib Axes, default=None
            Axes to draw into.

        **options
            `name` and `values_format` of the display, `cmap` of :meth:`plot`.

        Returns
        -------
        display : TaxonomyDisplay
        """
        own = np.bincount(taxonomy.numbers(y), sample_weight, len(taxonomy.nodes))
        return cls._drawn(taxonomy, own @ taxonomy.is_on_path, "objects", ax, options)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        taxonomy: Taxonomy,
        *,
        score: str = "f1",
        sample_weight: ArrayLike | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> TaxonomyDisplay:
        """Draw precision, recall or F1 of each node.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_objects,)
            Labels as in :func:`skastro.metrics.hierarchical_f1_score`.

        taxonomy : Taxonomy
            Taxonomy of the labels.

        score : {"precision", "recall", "f1"}, default="f1"
            Score of each node; nodes that do not occur have none.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights of the objects.

        ax : matplotlib Axes, default=None
            Axes to draw into.

        **options
            `name` and `values_format` of the display, `cmap` of :meth:`plot`.

        Returns
        -------
        display : TaxonomyDisplay
        """
        if score not in _SCORES:
            raise ValueError(f"TaxonomyDisplay: score is {score!r}, not one of {_SCORES}")
        scores = hierarchical_precision_recall_fscore(
            y_true,
            y_pred,
            taxonomy,
            average=None,
            sample_weight=sample_weight,
            zero_division=np.nan,
        )
        values = np.append(np.nan, scores[_SCORES.index(score)])
        return cls._drawn(taxonomy, values, score, ax, options)

    @classmethod
    def _drawn(
        cls, taxonomy: Taxonomy, values: NDArray, name: str, ax: Axes | None, options: dict
    ) -> TaxonomyDisplay:
        drawing = {"cmap": options.pop("cmap")} if "cmap" in options else {}
        return cls(taxonomy, values, **{"name": name, **options}).plot(ax, **drawing)

    def plot(self, ax: Axes | None = None, *, cmap: str | Colormap = "YlGnBu") -> TaxonomyDisplay:
        """Draw the taxonomy.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones, large enough for the leaves, by default.

        cmap : str or Colormap, default="YlGnBu"
            Colours of the numbers.

        Returns
        -------
        display : TaxonomyDisplay
            The display itself.
        """
        import matplotlib.pyplot as plt

        tree = self.taxonomy
        if ax is None:
            size = (2.2 * tree.depths.max() + 2.8, 0.32 * len(tree.leaves) + 0.8)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        heights = _heights(tree)
        for parent, child in zip(tree.parents[1:], range(1, len(tree.nodes))):
            x, y = tree.depths[[parent, child]], heights[[parent, child]]
            bend = x[1] - 0.12
            ax.plot([x[0], bend, bend, x[1]], y[[0, 0, 1, 1]], color="0.7", lw=1, zorder=1)
        colors = self._colors(ax, cmap)
        self.texts_ = [
            _node(ax, tree.depths[i], heights[i], self._text(i), colors[i])
            for i in range(len(tree.nodes))
        ]
        ax.set(xlim=(-0.1, tree.depths.max() + 0.9), ylim=(-len(tree.leaves) + 0.3, 0.7))
        ax.axis("off")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _colors(self, ax: Axes, cmap: str | Colormap) -> list:
        """Colour of each node; white without a number."""
        import matplotlib as mpl

        white = [(1.0, 1.0, 1.0, 1.0)] * len(self.taxonomy.nodes)
        if self.values is None or np.isnan(self.values).all():
            return white
        mappable = mpl.cm.ScalarMappable(self._norm(mpl.colors), cmap)
        ax.figure.colorbar(mappable, ax=ax, label=self.name, fraction=0.03, pad=0.01)
        return [white[0] if np.isnan(value) else mappable.to_rgba(value) for value in self.values]

    def _norm(self, colors: Any) -> Normalize:
        """Scale of the colours: 0 to 1 for scores, logarithmic for counts."""
        values = np.asarray(self.values, float)
        low, high = np.nanmin(values), np.nanmax(values)
        if self._are_counts() and low >= 0:
            return colors.SymLogNorm(1, vmin=0, vmax=high)
        return colors.Normalize(*((0, 1) if 0 <= low and high <= 1 else (low, high)))

    def _are_counts(self) -> bool:
        values = np.asarray(self.values, float)
        known = values[~np.isnan(values)]
        return bool((known % 1 == 0).all() and known.max() > 1)

    def _text(self, number: int) -> str:
        name = str(self.taxonomy.nodes[number])
        if self.values is None or np.isnan(self.values[number]):
            return name
        style = self.values_format or (",.0f" if self._are_counts() else ".2f")
        return f"{name}  {self.values[number]:{style}}"


def _heights(tree: Taxonomy) -> NDArray:
    """Place leaves from the top down, and inner nodes in the middle of their children."""
    order = sorted(tree.leaves, key=lambda leaf: tree.numbers(tree.path(leaf)).tolist())
    heights = np.zeros(len(tree.nodes))
    heights[tree.numbers(order)] = -np.arange(len(order))
    for parent, children in reversed(tree.groups.items()):
        heights[parent] = heights[children[[0, -1]]].mean()
    return heights


def _node(ax: Axes, x: float, y: float, text: str, color: tuple) -> Text:
    luminance = np.dot(color[:3], [0.2126, 0.7152, 0.0722])
    box = {"boxstyle": "round,pad=0.3", "facecolor": color, "edgecolor": "0.6", "lw": 0.8}
    ink = "white" if luminance < 0.45 else "black"
    return ax.text(x, y, text, bbox=box, color=ink, va="center", ha="left", fontsize=8, zorder=2)

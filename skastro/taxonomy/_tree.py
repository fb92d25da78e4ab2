"""A taxonomy: order of its nodes, paths, sums of probabilities."""

import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skastro.taxonomy import _build
from skastro.taxonomy._build import Edge, Name, Paths, Synonyms, Tree
from skastro.utils.labels import check_no_missing, named_classes, proba_by_class


class Taxonomy:
    """An immutable tree of classes.

    Nodes are identified by their names (strings or integers) and by their numbers 0, 1, ... in
    breadth-first order, the root first.  Children keep the order in which they were given.  The
    tree may have any depth, and leaves at different depths.

    Parameters
    ----------
    tree : mapping or sequence
        ``{name: children}``, where the children are another mapping or a sequence of leaf names.
        An empty mapping, an empty sequence or None makes a leaf.

    root : str, default=None
        Name of the root above `tree`.  By default a single top node is the root, and several top
        nodes are placed below ``"root"``.

    synonyms : dict, default=None
        Other names of nodes, such as those of simulated models: ``{"SNIa-SALT3": "SNIa"}``.

    Attributes
    ----------
    nodes : tuple of length n_nodes
        Names in breadth-first order.

    parents : ndarray of int of shape (n_nodes,)
        Number of the parent; -1 for the root.

    depths : ndarray of int of shape (n_nodes,)
        Number of edges between the root and each node.

    leaves : tuple of length n_leaves
        Names of the leaves in breadth-first order.

    leaf_numbers : ndarray of int of shape (n_leaves,)
        Node numbers of the leaves.

    groups : dict of int -> ndarray of int
        Numbers of the children (the sibling group) of each inner node, by its number.

    is_on_path : ndarray of bool of shape (n_nodes, n_nodes)
        Whether node j lies on the path from the root to node i, both ends included.

    synonyms : dict
        Other names of nodes.

    Raises
    ------
    ValueError
        A duplicate name, an empty tree, or a synonym that refers to no node or is itself a node.

    See Also
    --------
    skastro.hierarchy.HierarchicalClassifier : One classifier per parent node.

    Examples
    --------
    >>> from skastro.taxonomy import Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> tree.nodes, tree.leaves
    (('Alert', 'SN', 'AGN', 'Ia', 'II'), ('AGN', 'Ia', 'II'))
    >>> tree.path("II")
    ('Alert', 'SN', 'II')
    >>> print(tree)
    Alert
    ├── SN
    │   ├── Ia
    │   └── II
    └── AGN
    """

    def __init__(self, tree: Tree, *, root: Name | None = None, synonyms: Synonyms = None):
        self.nodes, self.parents = _build.grow(tree, root)
        self.synonyms = _build.check_synonyms(synonyms, self.nodes)

    @classmethod
    def from_edges(cls, edges: Iterable[Edge], *, synonyms: Synonyms = None) -> Self:
        """Build the tree from (parent, child) pairs.

        Parameters
        ----------
        edges : iterable of (parent, child)
            In any order; the children of a node keep the order of their pairs.

        synonyms : dict, default=None
            Other names of nodes.

        Raises
        ------
        ValueError
            A child with two parents, a cycle, or not exactly one root.

        Examples
        --------
        >>> from skastro.taxonomy import Taxonomy
        >>> Taxonomy.from_edges([("SN", "Ia"), ("SN", "II"), ("II", "IIn")]).leaves
        ('Ia', 'IIn')
        """
        return cls(_build.from_edges(edges), synonyms=synonyms)

    @classmethod
    def from_networkx(cls, graph: Any, *, synonyms: Synonyms = None) -> Self:
        """Build the tree from a networkx DiGraph whose edges point from parent to child.

        Parameters
        ----------
        graph : networkx.DiGraph
            Connected, with one parent per node.

        synonyms : dict, default=None
            Other names of nodes.

        Examples
        --------
        >>> import networkx
        >>> from skastro.taxonomy import Taxonomy
        >>> graph = networkx.DiGraph([("SN", "Ia"), ("SN", "II")])
        >>> Taxonomy.from_networkx(graph).leaves
        ('Ia', 'II')
        """
        return cls.from_edges(_build.edges_of_graph(graph), synonyms=synonyms)

    @classmethod
    def from_paths(cls, paths: Paths, *, root: Name = "root", synonyms: Synonyms = None) -> Self:
        """Build the tree from a table of paths.

        Parameters
        ----------
        paths : DataFrame or iterable of sequences
            One row per class, with the names from the top down; None, NaN and "" pad short rows.

        root : str, default="root"
            Name of the node above all paths, unless every path starts with it.

        synonyms : dict, default=None
            Other names of nodes.

        Examples
        --------
        >>> from skastro.taxonomy import Taxonomy
        >>> Taxonomy.from_paths([["SN", "Ia"], ["SN", "II"], ["AGN", ""]]).leaves
        ('AGN', 'Ia', 'II')
        """
        return cls.from_edges(_build.edges_of_paths(paths, root), synonyms=synonyms)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Build the tree from the JSON string of :meth:`to_json`."""
        content = json.loads(text)
        synonyms = dict(content["synonyms"])
        if not content["edges"]:
            return cls({content["root"]: None}, synonyms=synonyms)
        return cls.from_edges(content["edges"], synonyms=synonyms)

    def to_json(self) -> str:
        """Return the tree as a JSON string.

        Examples
        --------
        >>> from skastro.taxonomy import Taxonomy
        >>> tree = Taxonomy({"SN": ["Ia", "II"]})
        >>> Taxonomy.from_json(tree.to_json()) == tree
        True
        """
        synonyms = list(self.synonyms.items())
        return json.dumps({"root": self.root, "edges": self.edges, "synonyms": synonyms})

    @property
    def edges(self) -> list[Edge]:
        """Return the (parent, child) pairs in breadth-first order."""
        return [(self.nodes[p], name) for p, name in zip(self.parents[1:], self.nodes[1:])]

    @property
    def root(self) -> Name:
        """Return the name of the root."""
        return self.nodes[0]

    @cached_property
    def _number(self) -> dict[Name, int]:
        return {name: i for i, name in enumerate(self.nodes)}

    @cached_property
    def groups(self) -> dict[int, NDArray[np.intp]]:  # noqa: D102
        inner = np.unique(self.parents[1:])
        return {int(i): np.flatnonzero(self.parents == i) for i in inner}

    @cached_property
    def leaf_numbers(self) -> NDArray[np.intp]:  # noqa: D102
        return np.setdiff1d(np.arange(len(self.nodes)), self.parents)

    @cached_property
    def leaves(self) -> tuple[Name, ...]:  # noqa: D102
        return tuple(self.nodes[i] for i in self.leaf_numbers)

    @cached_property
    def is_on_path(self) -> NDArray[np.bool_]:  # noqa: D102
        on_path = np.eye(len(self.nodes), dtype=bool)
        for i, parent in enumerate(self.parents[1:], start=1):
            on_path[i] |= on_path[parent]
        return on_path

    @cached_property
    def depths(self) -> NDArray[np.intp]:  # noqa: D102
        return self.is_on_path.sum(axis=1) - 1

    def numbers(self, labels: ArrayLike) -> NDArray[np.intp]:
        """Return the node numbers of labels.

        Parameters
        ----------
        labels : array-like of shape (n,)
            Names of leaves or inner nodes, or synonyms.

        Returns
        -------
        numbers : ndarray of int of shape (n,)

        Raises
        ------
        ObjectError
            Objects without a label, by row number.

        ValueError
            Labels that are not in the tree, by name.

        Examples
        --------
        >>> from skastro.taxonomy import ELASTICC
        >>> ELASTICC.numbers(["Alert", "SNIa-SALT3"])
        array([0, 8])
        """
        labels = np.asarray(labels, dtype=object)
        check_no_missing(labels, "Taxonomy")
        codes, names = pd.factorize(labels)
        known = {**self._number, **{k: self._number[v] for k, v in self.synonyms.items()}}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ValueError(
                f"Taxonomy: labels {_build.listed(unknown)} are not in the tree; it has "
                f"{', '.join(map(str, self.nodes))}"
            )
        return np.array([known[name] for name in names], int)[codes]

    def names(self, numbers: ArrayLike) -> NDArray:
        """Return the names of node numbers as an array.

        Examples
        --------
        >>> from skastro.taxonomy import ELASTICC
        >>> ELASTICC.names([0, 8]).tolist()
        ['Alert', 'SNIa']
        """
        mixed = len({type(name) for name in self.nodes}) > 1
        return np.array(self.nodes, object if mixed else None)[np.asarray(numbers, int)]

    def relabel(self, labels: ArrayLike) -> NDArray:
        """Replace synonyms by the names of their nodes.

        Examples
        --------
        >>> from skastro.taxonomy import ELASTICC
        >>> ELASTICC.relabel(["KN_B19", "SNIa"]).tolist()
        ['KN', 'SNIa']
        """
        return self.names(self.numbers(labels))

    def path(self, label: Name) -> tuple[Name, ...]:
        """Return the names from the root to a node, both included."""
        number = self.numbers([label])[0]
        return tuple(self.nodes[i] for i in np.flatnonzero(self.is_on_path[number]))

    def ancestors(self, label: Name) -> tuple[Name, ...]:
        """Return the names of the nodes above a node, the root first."""
        return self.path(label)[:-1]

    def parent(self, label: Name) -> Name | None:
        """Return the name of the parent; None for the root."""
        return next(iter(self.ancestors(label)[::-1]), None)

    def children(self, label: Name) -> tuple[Name, ...]:
        """Return the names of the children in order; empty for a leaf."""
        number = int(self.numbers([label])[0])
        return tuple(self.nodes[i] for i in self.groups.get(number, ()))

    def leaves_below(self, label: Name) -> tuple[Name, ...]:
        """Return the names of the leaves below a node; of a leaf, its own name."""
        number = self.numbers([label])[0]
        below = self.leaf_numbers[self.is_on_path[self.leaf_numbers, number]]
        return tuple(self.nodes[i] for i in below)

    def is_leaf(self, label: Name) -> bool:
        """Return whether a node is a leaf."""
        return not self.children(label)

    def at_depth(self, labels: ArrayLike, depth: int) -> NDArray:
        """Replace each label by its ancestor at `depth`; shallower labels stay as they are.

        Examples
        --------
        >>> from skastro.taxonomy import ELASTICC
        >>> ELASTICC.at_depth(["SNIa", "AGN", "Alert"], 2).tolist()
        ['SN', 'AGN', 'Alert']
        """
        numbers = self.numbers(labels)
        reach = self.is_on_path & (self.depths <= depth)
        return self.names(np.where(reach, self.depths, -1).argmax(axis=1)[numbers])

    def node_proba(
        self, leaf_proba: ArrayLike | pd.DataFrame, classes: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Sum the probabilities of leaves to those of all nodes.

        Parameters
        ----------
        leaf_proba : DataFrame or array-like of shape (..., n_classes)
            Probabilities in the order of `classes`.  The columns of a DataFrame are read by their
            names.

        classes : array-like of shape (n_classes,), default=None
            Class of each column, such as ``classes_`` of a classifier; by default the names of
            the columns of a DataFrame, else `leaves`.

        Returns
        -------
        node_proba : ndarray of shape (..., n_nodes)
            In the order of `nodes`.

        Examples
        --------
        >>> from skastro.taxonomy import Taxonomy
        >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
        >>> tree.node_proba([0.25, 0.5, 0.25]).tolist()
        [1.0, 0.75, 0.25, 0.5, 0.25]
        >>> tree.node_proba([0.25, 0.5, 0.25], classes=["II", "AGN", "Ia"]).tolist()
        [1.0, 0.5, 0.5, 0.25, 0.25]
        """
        classes = named_classes(leaf_proba) if classes is None else classes
        columns = self.leaf_numbers if classes is None else self.numbers(classes)
        if classes is not None:
            leaf_proba = proba_by_class(leaf_proba, classes, "Taxonomy")
        return np.asarray(leaf_proba) @ self.is_on_path[columns].astype(float)

    def deepest(self, node_proba: ArrayLike, threshold: float = 0.5) -> NDArray[np.intp]:
        """Descend from the root as long as the most probable child reaches a threshold.

        Parameters
        ----------
        node_proba : ndarray of shape (n, n_nodes)
            Unconditional probabilities in the order of `nodes`.

        threshold : float, default=0.5
            Smallest probability of a node that is predicted.

        Returns
        -------
        numbers : ndarray of int of shape (n,)
            The last node reached; 0, the root, if none of its children reaches the threshold.  A
            NaN in `node_proba` never does.

        Examples
        --------
        >>> from skastro.taxonomy import Taxonomy
        >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
        >>> proba = tree.node_proba([[0.1, 0.7, 0.2], [0.1, 0.5, 0.4], [0.5, 0.3, 0.2]])
        >>> tree.names(tree.deepest(proba, 0.6)).tolist()
        ['Ia', 'SN', 'Alert']
        """
        return _build.descend(self.groups, np.asarray(node_proba, float), threshold)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Taxonomy):
            return NotImplemented
        mine = (self.nodes, self.parents.tolist(), self.synonyms)
        return mine == (other.nodes, other.parents.tolist(), other.synonyms)

    def __hash__(self) -> int:
        return hash((self.nodes, tuple(self.parents.tolist())))

    def __repr__(self) -> str:
        return f"<Taxonomy {self.root!r}: {len(self.nodes)} nodes, {len(self.leaves)} leaves>"

    def __str__(self) -> str:
        return "\n".join([str(self.root), *_build.branches(self.nodes, self.groups)])

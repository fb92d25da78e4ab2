"""A tree of classes: order of its nodes, paths, sums of probabilities."""

import json
from functools import cached_property

import numpy as np

from skastro.taxonomy import _build


class Taxonomy:
    """A tree of classes.

    Nodes are known by their names (text or integers) and by their numbers 0, 1, ... in
    breadth-first order, the root first; children keep the order in which they were given.  The
    tree may have any depth, and leaves at unequal depth.  A Taxonomy does not change once it is
    made.

    Parameters
    ----------
    tree : mapping or sequence
        ``{name: children}``, where children are such a mapping again, or a sequence of names of
        leaves; an empty mapping, an empty sequence or None makes a leaf.

    root : str, default=None
        Name of the root above `tree`.  By default a single top node is the root, and several are
        put under ``"root"``.

    synonyms : dict, default=None
        Other names of nodes, such as those of simulated models: ``{"SNIa-SALT3": "SNIa"}``.

    Attributes
    ----------
    nodes : tuple of length n_nodes
        Names in breadth-first order.

    parents : ndarray of int of shape (n_nodes,)
        Number of the parent; -1 for the root.

    depths : ndarray of int of shape (n_nodes,)
        Steps from the root.

    leaves : tuple of length n_leaves
        Names of the leaves in breadth-first order.

    leaf_numbers : ndarray of int of shape (n_leaves,)
        Their node numbers.

    groups : dict of int -> ndarray of int
        Numbers of the children (the sibling group) of each inner node, by its number.

    is_on_path : ndarray of bool of shape (n_nodes, n_nodes)
        Whether node j lies on the path from the root to node i, both ends included.

    synonyms : dict
        Other names of nodes.

    Raises
    ------
    ValueError
        A name occurs twice, the tree is empty or a synonym points to no node or is one.

    See Also
    --------
    skastro.hierarchy.HierarchicalClassifier : One classifier a parent node.

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

    def __init__(self, tree, *, root=None, synonyms=None):
        top = _build.pairs(tree)
        if not top:
            raise ValueError("Taxonomy: the tree is empty")
        if root is None and len(top) == 1:
            root, tree = top[0]
        self._grow("root" if root is None else _build.plain(root), tree)
        self.synonyms = self._checked(synonyms or {})

    @classmethod
    def from_edges(cls, edges, *, synonyms=None):
        """Build the tree from (parent, child) pairs.

        Parameters
        ----------
        edges : iterable of (parent, child)
            In any order; children keep theirs.

        synonyms : dict, default=None
            Other names of nodes.

        Raises
        ------
        ValueError
            A child has two parents, the pairs hold a cycle, or no or several roots.

        Examples
        --------
        >>> from skastro.taxonomy import Taxonomy
        >>> Taxonomy.from_edges([("SN", "Ia"), ("SN", "II"), ("II", "IIn")]).leaves
        ('Ia', 'IIn')
        """
        return cls(_build.from_edges(edges), synonyms=synonyms)

    @classmethod
    def from_networkx(cls, graph, *, synonyms=None):
        """Build the tree from a networkx DiGraph whose edges point from parent to child.

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
    def from_paths(cls, paths, *, root="root", synonyms=None):
        """Build the tree from a table of paths.

        Parameters
        ----------
        paths : DataFrame or iterable of sequences
            One row a class, its names from the top down; None, NaN and "" fill short rows.

        root : str, default="root"
            Name of the node above all paths, unless every path begins with it.

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
    def from_json(cls, text):
        """Build the tree from what :meth:`to_json` wrote."""
        content = json.loads(text)
        root = content["root"]
        if not content["edges"]:
            return cls({root: None}, synonyms=content["synonyms"])
        return cls.from_edges(content["edges"], synonyms=content["synonyms"])

    def to_json(self):
        """Write the tree as JSON text.

        Examples
        --------
        >>> from skastro.taxonomy import Taxonomy
        >>> tree = Taxonomy({"SN": ["Ia", "II"]})
        >>> Taxonomy.from_json(tree.to_json()) == tree
        True
        """
        content = {"root": self.root, "edges": self.edges, "synonyms": self.synonyms}
        return json.dumps(content)

    @property
    def edges(self):
        """(parent, child) pairs in breadth-first order."""
        return [(self.nodes[p], name) for p, name in zip(self.parents[1:], self.nodes[1:])]

    @property
    def root(self):
        """Name of the root."""
        return self.nodes[0]

    @cached_property
    def _number(self):
        return {name: i for i, name in enumerate(self.nodes)}

    @cached_property
    def groups(self):  # noqa: D102
        inner = np.unique(self.parents[1:])
        return {int(i): np.flatnonzero(self.parents == i) for i in inner}

    @cached_property
    def leaf_numbers(self):  # noqa: D102
        return np.setdiff1d(np.arange(len(self.nodes)), self.parents)

    @cached_property
    def leaves(self):  # noqa: D102
        return tuple(self.nodes[i] for i in self.leaf_numbers)

    @cached_property
    def is_on_path(self):  # noqa: D102
        on_path = np.eye(len(self.nodes), dtype=bool)
        for i, parent in enumerate(self.parents[1:], start=1):
            on_path[i] |= on_path[parent]
        return on_path

    @cached_property
    def depths(self):  # noqa: D102
        return self.is_on_path.sum(axis=1) - 1

    def numbers(self, labels):
        """Return the node numbers of labels.

        Parameters
        ----------
        labels : array-like of shape (n,)
            Names of nodes, leaves or inner ones, or synonyms.

        Returns
        -------
        numbers : ndarray of int of shape (n,)

        Raises
        ------
        ValueError
            Labels that are not in the tree, by name.

        Examples
        --------
        >>> from skastro.taxonomy import ELASTICC
        >>> ELASTICC.numbers(["Alert", "SNIa-SALT3"])
        array([0, 8])
        """
        labels, inverse = np.unique(np.asarray(labels), return_inverse=True)
        labels = labels.tolist()
        known = {**self._number, **{k: self._number[v] for k, v in self.synonyms.items()}}
        strange = [label for label in labels if label not in known]
        if strange:
            raise ValueError(
                f"Taxonomy: labels {_build.listed(strange)} are not in the tree; it has "
                f"{', '.join(map(str, self.nodes))}"
            )
        return np.array([known[label] for label in labels], int)[inverse]

    def names(self, numbers):
        """Return the names of node numbers, as an array.

        Examples
        --------
        >>> from skastro.taxonomy import ELASTICC
        >>> ELASTICC.names([0, 8]).tolist()
        ['Alert', 'SNIa']
        """
        mixed = len({type(name) for name in self.nodes}) > 1
        return np.array(self.nodes, object if mixed else None)[np.asarray(numbers, int)]

    def relabel(self, labels):
        """Replace synonyms by the names of nodes.

        Examples
        --------
        >>> from skastro.taxonomy import ELASTICC
        >>> ELASTICC.relabel(["KN_B19", "SNIa"]).tolist()
        ['KN', 'SNIa']
        """
        return self.names(self.numbers(labels))

    def path(self, label):
        """Return the names from the root to a node, both included."""
        number = self.numbers([label])[0]
        return tuple(self.nodes[i] for i in np.flatnonzero(self.is_on_path[number]))

    def ancestors(self, label):
        """Return the names above a node, the root first."""
        return self.path(label)[:-1]

    def parent(self, label):
        """Return the name of the parent; None for the root."""
        return next(iter(self.ancestors(label)[::-1]), None)

    def children(self, label):
        """Return the names of the children in order; empty for a leaf."""
        number = int(self.numbers([label])[0])
        return tuple(self.nodes[i] for i in self.groups.get(number, ()))

    def leaves_below(self, label):
        """Return the names of the leaves below a node; a leaf itself for a leaf."""
        number = self.numbers([label])[0]
        below = self.leaf_numbers[self.is_on_path[self.leaf_numbers, number]]
        return tuple(self.nodes[i] for i in below)

    def is_leaf(self, label):
        """Tell whether a node is a leaf."""
        return not self.children(label)

    def at_depth(self, labels, depth):
        """Replace every label by its ancestor at `depth`; shallower labels stay.

        Examples
        --------
        >>> from skastro.taxonomy import ELASTICC
        >>> ELASTICC.at_depth(["SNIa", "AGN", "Alert"], 2).tolist()
        ['SN', 'AGN', 'Alert']
        """
        numbers = self.numbers(labels)
        reach = self.is_on_path & (self.depths <= depth)
        return self.names(np.where(reach, self.depths, -1).argmax(axis=1)[numbers])

    def node_proba(self, leaf_proba, classes=None):
        """Sum probabilities of leaves to probabilities of all nodes.

        Parameters
        ----------
        leaf_proba : ndarray of shape (..., n_classes)
            In the order of `classes`.

        classes : array-like of shape (n_classes,), default=None
            Names of the columns, such as ``classes_`` of a classifier; `leaves` by default.

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
        columns = self.leaf_numbers if classes is None else self.numbers(classes)
        return np.asarray(leaf_proba) @ self.is_on_path[columns].astype(float)

    def deepest(self, node_proba, threshold=0.5):
        """Walk down from the root while the best child is probable enough.

        Parameters
        ----------
        node_proba : ndarray of shape (n, n_nodes)
            Unconditional probabilities in the order of `nodes`.

        threshold : float, default=0.5
            Probability that a node needs at least to be answered.

        Returns
        -------
        numbers : ndarray of int of shape (n,)
            The deepest confident node; 0, the root, where no child of it is.  NaN in `node_proba`
            is never confident.

        Examples
        --------
        >>> from skastro.taxonomy import Taxonomy
        >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
        >>> proba = tree.node_proba([[0.1, 0.7, 0.2], [0.1, 0.5, 0.4], [0.5, 0.3, 0.2]])
        >>> tree.names(tree.deepest(proba, 0.6)).tolist()
        ['Ia', 'SN', 'Alert']
        """
        node_proba = np.asarray(node_proba, float)
        here = np.zeros(len(node_proba), int)
        for parent, children in self.groups.items():
            rows = np.flatnonzero(here == parent)
            shares = np.nan_to_num(node_proba[np.ix_(rows, children)], nan=-np.inf)
            best = shares.argmax(axis=1)
            sure = shares[np.arange(len(rows)), best] >= threshold
            here[rows[sure]] = children[best[sure]]
        return here

    def _grow(self, root, tree):
        names, parents, subtrees = [root], [-1], [tree]
        for i, subtree in enumerate(subtrees):
            for name, below in _build.pairs(subtree):
                names.append(name)
                parents.append(i)
                subtrees.append(below)
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"Taxonomy: names that occur twice: {_build.listed(twice)}")
        self.nodes, self.parents = tuple(names), np.array(parents)

    def _checked(self, synonyms):
        synonyms = {_build.plain(key): _build.plain(value) for key, value in synonyms.items()}
        nodes = set(self.nodes)
        lost = [key for key, value in synonyms.items() if value not in nodes]
        if lost:
            raise ValueError(f"Taxonomy: synonyms of unknown nodes: {_build.listed(lost)}")
        own = [key for key, value in synonyms.items() if key in nodes and key != value]
        if own:
            raise ValueError(f"Taxonomy: synonyms that are nodes themselves: {_build.listed(own)}")
        return synonyms

    def __eq__(self, other):
        if not isinstance(other, Taxonomy):
            return NotImplemented
        mine = (self.nodes, self.parents.tolist(), self.synonyms)
        return mine == (other.nodes, other.parents.tolist(), other.synonyms)

    def __hash__(self):
        return hash((self.nodes, tuple(self.parents.tolist())))

    def __repr__(self):
        return f"<Taxonomy {self.root!r}: {len(self.nodes)} nodes, {len(self.leaves)} leaves>"

    def __str__(self):
        return "\n".join([str(self.root), *self._branches(0)])

    def _branches(self, number):
        children = self.groups.get(number, ())
        for i, child in enumerate(children):
            last = i == len(children) - 1
            yield ("└── " if last else "├── ") + str(self.nodes[child])
            for line in self._branches(int(child)):
                yield ("    " if last else "│   ") + line

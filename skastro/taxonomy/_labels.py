"""Labels that are nodes of a taxonomy: names, synonyms, inner nodes, encoded labels."""

import warnings
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.exceptions import name_objects
from skastro.taxonomy._tree import Taxonomy


class NodeLabels:
    """Labels that are names of nodes, or synonyms.

    Parameters
    ----------
    y : ndarray of shape (n_objects,)
        Labels.

    tree : Taxonomy
        Taxonomy of the labels.

    name : str
        Estimator named in errors and warnings.

    warn : bool, default=True
        Whether to warn of synonyms.

    Attributes
    ----------
    numbers : ndarray of int of shape (n_objects,)
        Node number of each object.

    Raises
    ------
    ValueError
        Labels that are not in the tree, or integers that may be encoded labels.

    Warns
    -----
    UserWarning
        Synonyms in `y`: predictions are names of nodes.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.taxonomy import NodeLabels, Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> labels = NodeLabels(np.array(["II", "SN"]), tree, "MyClassifier")
    >>> labels.numbers.tolist(), labels.columns(tree)[0].tolist()
    ([4, 1], ['AGN', 'II', 'Ia'])
    """

    encoded = None

    def __init__(self, y: NDArray, tree: Taxonomy, name: str, *, warn: bool = True):
        self.tree, self.dtype = tree, y.dtype
        if not is_text(y):
            _refuse_possible_codes(y, tree, name)
        self.numbers = node_numbers(y, tree, name)
        if warn:
            self._warn_of_synonyms(y, name)

    def columns(self, tree: Taxonomy) -> tuple[NDArray, NDArray[np.intp]]:
        """Return the classes, sorted, and the node of each in the trained part of the tree."""
        names = np.array(tree.leaves, dtype=self.dtype if self.dtype.kind not in "SU" else None)
        order = np.argsort(names)
        return names[order], tree.leaf_numbers[order]

    def _warn_of_synonyms(self, y: NDArray, name: str) -> None:
        synonyms = sorted(set(y.tolist()) - set(self.tree.nodes))
        if synonyms:
            warnings.warn(
                f"{name}: y holds synonyms of nodes, {name_objects(synonyms)}; predictions are "
                f"the names of the nodes, so that scorers which compare labels require "
                f"taxonomy.relabel(y)",
                UserWarning,
                stacklevel=7,
            )


class EncodedLabels:
    """Integer labels 0, 1, ... that another estimator made from the names in `classes`.

    Parameters
    ----------
    y : ndarray of int of shape (n_objects,)
        Encoded labels.

    tree : Taxonomy
        Taxonomy of the names.

    classes : array-like of str
        Labels before they were encoded; 0 stands for the first in sorted order.

    name : str
        Estimator named in errors.

    Attributes
    ----------
    numbers : ndarray of int of shape (n_objects,)
        Node number of each object.

    encoded : ndarray of str of shape (n_classes,)
        Name that each integer stands for.

    Raises
    ------
    ValueError
        Classes that are not strings or not distinct nodes, or labels beyond their number.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.taxonomy import EncodedLabels, Taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> labels = EncodedLabels(np.array([0, 2, 1]), tree, ["AGN", "II", "Ia"], "MyClassifier")
    >>> tree.names(labels.numbers).tolist()
    ['AGN', 'Ia', 'II']
    """

    def __init__(self, y: NDArray, tree: Taxonomy, classes: ArrayLike, name: str):
        if not all(isinstance(label, str) for label in np.asarray(classes, object)):
            raise ValueError(f"{name}: classes must be strings, the labels before encoding")
        self.tree, self.encoded = tree, np.unique(classes)
        numbers = node_numbers(self.encoded, tree, name)
        if len(np.unique(numbers)) < len(numbers):
            raise ValueError(f"{name}: classes holds several names of one node; relabel y first")
        codes = y.astype(int)
        self._check_range(codes, name)
        self.numbers = numbers[codes]

    def columns(self, tree: Taxonomy) -> tuple[NDArray, NDArray[np.intp]]:
        """Return all codes, and the node of each; -1 for a class that is never predicted."""
        leaf = dict(zip(tree.leaves, tree.leaf_numbers))
        names = self.tree.relabel(self.encoded).tolist()
        return np.arange(len(names)), np.array([leaf.get(name, -1) for name in names])

    def _check_range(self, codes: NDArray[np.intp], name: str) -> None:
        if len(codes) and (codes.min() < 0 or codes.max() != len(self.encoded) - 1):
            raise ValueError(
                f"{name}: the encoded labels in y run from {codes.min()} to {codes.max()} while "
                f"classes has {len(self.encoded)} labels.  Either classes is not np.unique(y) of "
                f"all data, or {str(self.encoded[-1])!r} does not occur in this part of them; "
                f"guessing would mislabel objects"
            )


def read_node_labels(
    y: NDArray,
    taxonomy: Taxonomy | Mapping,
    classes: ArrayLike | None,
    name: str,
    *,
    warn: bool = True,
) -> NodeLabels | EncodedLabels:
    """Return what checked labels mean in a taxonomy.

    Parameters
    ----------
    y : ndarray of shape (n_objects,)
        Names of nodes or synonyms, or integers that stand for `classes`.

    taxonomy : Taxonomy or nested mapping
        Taxonomy of the labels.

    classes : array-like of str or None
        Labels before they were encoded; None where `y` holds names.

    name : str
        Estimator named in errors and warnings.

    warn : bool, default=True
        Whether to warn of synonyms in `y`.

    Returns
    -------
    labels : NodeLabels or EncodedLabels

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.taxonomy import read_node_labels
    >>> tree = {"SN": ["Ia", "II"]}
    >>> read_node_labels(np.array([1, 0]), tree, ["II", "Ia"], "MyClassifier").numbers.tolist()
    [1, 2]
    """
    tree = taxonomy if isinstance(taxonomy, Taxonomy) else Taxonomy(taxonomy)
    if classes is not None and not is_text(y):
        return EncodedLabels(y, tree, classes, name)
    return NodeLabels(y, tree, name, warn=warn)


def is_text(y: NDArray) -> bool:
    """Return whether all labels are strings."""
    return y.dtype.kind in "SU" or all(isinstance(label, str) for label in y)


def node_numbers(labels: ArrayLike, tree: Taxonomy, name: str) -> NDArray[np.intp]:
    """Return the node numbers of labels; errors name the estimator.

    Parameters
    ----------
    labels : array-like of shape (n_objects,)
        Names of nodes, or synonyms.

    tree : Taxonomy
        Taxonomy of the labels.

    name : str
        Estimator named in the error.

    Returns
    -------
    numbers : ndarray of int of shape (n_objects,)

    Raises
    ------
    ValueError
        Labels that are not in the tree.

    Examples
    --------
    >>> from skastro.taxonomy import Taxonomy, node_numbers
    >>> node_numbers(["Ia", "SN"], Taxonomy({"SN": ["Ia", "II"]}), "MyClassifier").tolist()
    [1, 0]
    """
    try:
        return tree.numbers(labels)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def trained_taxonomy(
    tree: Taxonomy, numbers: NDArray[np.intp], name: str, *, warn: bool = True
) -> Taxonomy:
    """Return the part of a taxonomy that training labels reach.

    Parameters
    ----------
    tree : Taxonomy
        The whole taxonomy.

    numbers : ndarray of int of shape (n_objects,)
        Node number of each training object.

    name : str
        Estimator named in the error and the warning.

    warn : bool, default=True
        Whether to warn of nodes without training objects.

    Returns
    -------
    trained : Taxonomy
        The nodes on the paths to the labels, and their synonyms.

    Raises
    ------
    ValueError
        All objects are labelled as the root.

    Warns
    -----
    UserWarning
        Nodes without training objects are left out.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.taxonomy import Taxonomy, trained_taxonomy
    >>> tree = Taxonomy({"Alert": {"SN": ["Ia", "II"], "AGN": None}})
    >>> trained_taxonomy(tree, np.array([3, 4]), "MyClassifier", warn=False).nodes
    ('Alert', 'SN', 'Ia', 'II')
    """
    if not np.any(numbers):
        raise ValueError(f"{name}: y holds no label below the root {tree.root!r}")
    kept = np.asarray(tree.is_on_path[np.unique(numbers)].any(axis=0))
    if kept.all():
        return tree
    lost = [node for node, keep in zip(tree.nodes, kept) if not keep]
    if warn:
        warnings.warn(
            f"{name}: no training object belongs to the nodes {name_objects(lost)}; they are "
            f"left out of taxonomy_ and never predicted",
            UserWarning,
            stacklevel=4,
        )
    edges = [(above, below) for above, below in tree.edges if below not in lost]
    synonyms = {other: node for other, node in tree.synonyms.items() if node not in lost}
    return Taxonomy.from_edges(edges, synonyms=synonyms)


def _refuse_possible_codes(y: NDArray, tree: Taxonomy, name: str) -> None:
    """Raise ValueError for integers that may be encoded labels."""
    integers = sorted(n for n in [*tree.nodes, *tree.synonyms] if not isinstance(n, str))
    codes = np.unique(y)
    largest_code = len(integers) - 1
    identical = integers == list(range(len(integers))) and codes[-1] == largest_code
    if codes[-1] <= largest_code and not identical or not np.isin(codes, integers).all():
        raise ValueError(
            f"{name}: y holds the integers {name_objects(codes)}, which may be encoded labels as "
            f"cross_val_predict(method='predict_proba'), VotingClassifier, StackingClassifier and "
            f"BaggingClassifier make them, and not names of nodes; name the nodes by strings and "
            f"set the parameter classes=np.unique(y) to the labels before they were encoded"
        )

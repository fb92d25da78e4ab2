"""What the labels of y mean in a tree: names, synonyms, inner nodes, integer codes."""

import warnings

import numpy as np

from skastro.exceptions import name_objects
from skastro.taxonomy import Taxonomy


class FlatTargets:
    """No tree was given: the classes in y hang below one root."""

    def __init__(self, y):
        self.classes, codes = np.unique(y, return_inverse=True)
        names = self.classes.tolist()
        if self.classes.dtype.kind == "f":
            names = [int(name) for name in names]
        root = "root"
        while root in names:
            root = f"{root} of all"
        self.tree = Taxonomy({root: dict.fromkeys(names)})
        self.numbers = codes + 1

    def answers(self, tree):
        """Return the classes, and the node of each in the tree that was trained."""
        names = [tree.nodes[i] for i in tree.leaf_numbers]
        known = np.isin(self.classes, names)
        return self.classes[known], tree.numbers(self.classes[known])


class NamedTargets:
    """Labels are names of nodes, or synonyms."""

    def __init__(self, y, tree, owner):
        self.tree, self.dtype = tree, y.dtype
        if not is_text(y):
            refuse_possible_codes(y, tree, owner)
        self.numbers = node_numbers(y, tree, owner)
        self._warn_of_synonyms(y, owner)

    def answers(self, tree):
        """Return the classes, and the node of each in the tree that was trained."""
        names = np.array(tree.leaves, dtype=self.dtype if self.dtype.kind not in "SU" else None)
        order = np.argsort(names)
        return names[order], tree.leaf_numbers[order]

    def _warn_of_synonyms(self, y, owner):
        other = sorted(set(y.tolist()) - set(self.tree.nodes))
        if other:
            warnings.warn(
                f"{owner}: y holds other names of nodes, {name_objects(other)}; predictions are "
                f"the names of the nodes, so that scorers which compare labels need "
                f"taxonomy.relabel(y)",
                UserWarning,
                stacklevel=6,
            )


class CodedTargets:
    """Labels are integer codes that another estimator made of the names in `classes`."""

    def __init__(self, y, tree, classes, owner):
        self.tree, self.names = tree, np.unique(classes)
        numbers = node_numbers(self.names, tree, owner)
        if len(np.unique(numbers)) < len(numbers):
            raise ValueError(f"{owner}: classes holds several names of one node; relabel y first")
        codes = y.astype(int)
        self._check_range(codes, owner)
        self.numbers = numbers[codes]

    def answers(self, tree):
        """Return all codes, and the node of each; -1 for what is never answered."""
        leaf = dict(zip(tree.leaves, tree.leaf_numbers))
        names = self.tree.relabel(self.names).tolist()
        return np.arange(len(names)), np.array([leaf.get(name, -1) for name in names])

    def _check_range(self, codes, owner):
        if codes.min() < 0 or codes.max() != len(self.names) - 1:
            raise ValueError(
                f"{owner}: the codes in y run from {codes.min()} to {codes.max()} while classes "
                f"has {len(self.names)} labels.  Either classes is not np.unique(y) of all data, "
                f"or {self.names[-1]!r} does not occur in this part of them; to guess would "
                f"mislabel objects"
            )


def read_targets(y, taxonomy, classes, owner):
    """Return the targets of `y`: the tree and the node number of every object in it."""
    if taxonomy is None:
        return FlatTargets(y)
    tree = as_taxonomy(taxonomy)
    if classes is not None and not is_text(y):
        return CodedTargets(y, tree, _text(classes, owner), owner)
    return NamedTargets(y, tree, owner)


def is_text(y):
    """Tell whether labels are text."""
    return y.dtype.kind in "SU" or all(isinstance(label, str) for label in y)


def as_taxonomy(taxonomy):
    """Return a Taxonomy, made of a mapping where it is none yet."""
    return taxonomy if isinstance(taxonomy, Taxonomy) else Taxonomy(taxonomy)


def node_numbers(labels, tree, owner):
    """Return the node numbers of labels; an error names the estimator."""
    try:
        return tree.numbers(labels)
    except ValueError as error:
        raise ValueError(f"{owner}: {error}") from None


def refuse_possible_codes(y, tree, owner):
    """Raise ValueError where integers may be the codes of other labels."""
    integers = sorted(n for n in [*tree.nodes, *tree.synonyms] if not isinstance(n, str))
    codes = np.unique(y)
    largest_code = len(integers) - 1
    identical = integers == list(range(len(integers))) and codes[-1] == largest_code
    if codes[-1] <= largest_code and not identical or not np.isin(codes, integers).all():
        raise ValueError(
            f"{owner}: y holds the integers {name_objects(codes)}, which may be codes of labels as "
            f"cross_val_predict(method='predict_proba'), VotingClassifier, StackingClassifier and "
            f"BaggingClassifier make them, and not names of nodes; name the nodes by text and set "
            f"the parameter classes=np.unique(y) to the labels before they were coded"
        )


def _text(classes, owner):
    if not all(isinstance(label, str) for label in classes):
        raise ValueError(f"{owner}: classes must be text, the labels that integers in y stand for")
    return list(classes)


def prune(tree, numbers):
    """Return the tree of the nodes on the paths to `numbers`."""
    kept = tree.is_on_path[np.unique(numbers)].any(axis=0)
    if kept.all():
        return tree
    names = {name for name, keep in zip(tree.nodes, kept) if keep}
    edges = [(above, below) for above, below in tree.edges if below in names]
    synonyms = {name: node for name, node in tree.synonyms.items() if node in names}
    return Taxonomy.from_edges(edges, synonyms=synonyms)

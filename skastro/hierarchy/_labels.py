"""What the labels in y mean: flat classes, nodes of a taxonomy, types that a label covers."""

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.exceptions import name_objects
from skastro.taxonomy import EncodedLabels, NodeLabels, Taxonomy, read_node_labels

Masks = dict[Any, NDArray[np.bool_]]


class FlatLabels:
    """Labels without a taxonomy: all classes lie below one root."""

    encoded = None

    def __init__(self, y: NDArray):
        self.classes, codes = np.unique(y, return_inverse=True)
        names = self.classes.tolist()
        if self.classes.dtype.kind == "f":
            names = [int(name) for name in names]
        root = "root"
        while root in names:
            root = f"{root} of all"
        self.tree = Taxonomy({root: dict.fromkeys(names)})
        self.numbers = codes + 1

    def columns(self, tree: Taxonomy) -> tuple[NDArray, NDArray[np.intp]]:
        """Return the classes, sorted, and the node of each in the trained part of the tree."""
        names = [tree.nodes[i] for i in tree.leaf_numbers]
        known = np.isin(self.classes, names)
        return self.classes[known], tree.numbers(self.classes[known])


TreeLabels = FlatLabels | NodeLabels | EncodedLabels


def read_tree_labels(
    y: NDArray, taxonomy: Taxonomy | Mapping | None, classes: ArrayLike | None, name: str
) -> TreeLabels:
    """Return what checked labels mean in a taxonomy, or in none."""
    if taxonomy is None:
        return FlatLabels(y)
    return read_node_labels(y, taxonomy, classes, name)


def node_objects(
    labels: TreeLabels, tree: Taxonomy, used: NDArray[np.bool_]
) -> dict[Any, tuple[NDArray[np.intp], NDArray]]:
    """Return the rows of the objects below each node with several children, and their child."""
    objects = {}
    for parent, children in tree.groups.items():
        if len(children) == 1:
            continue
        names = np.array([tree.nodes[child] for child in children])
        below = labels.tree.is_on_path[labels.numbers][:, labels.tree.numbers(names)]
        rows = np.flatnonzero(below.any(axis=1) & used)
        objects[tree.nodes[parent]] = rows, names[below[rows].argmax(axis=1)]
    return objects


def types_of_labels(labels: Mapping | None, y: NDArray, name: str) -> dict[Any, set]:
    """Return the set of types that each label covers, which includes the label itself."""
    if labels is None:
        return {label: {label} for label in np.unique(y).tolist()}
    listed = {k: [v] if isinstance(v, str) else list(v) for k, v in labels.items()}
    names = [*listed, *(covered for types in listed.values() for covered in types)]
    if not all(isinstance(covered, str) for covered in names):
        raise ValueError(f"{name}: labels and the types they cover must be strings")
    if y.dtype.kind not in "OSU":
        raise ValueError(
            f"{name}: y holds {y.dtype} numbers, and labels are strings; where another estimator "
            f"encodes y, pass it labels instead of types and leave the parameter labels at None"
        )
    return {label: {label, *types} for label, types in listed.items()}


def covered_by(types: Mapping[Any, Iterable], y: NDArray) -> Masks:
    """Return the mask of the objects that each label covers."""
    return {label: np.isin(y, list(names)) for label, names in types.items()}


def check_covered(masks: Masks, options: Mapping[str, Any], name: str) -> None:
    """Raise ValueError for labels that cannot be learned and options of unknown labels."""
    if len(masks) < 2:
        raise ValueError(
            f"{name} needs at least 2 labels to compare; it has {len(masks)} class: {list(masks)}"
        )
    without = [label for label, mask in masks.items() if not mask.any()]
    if without:
        raise ValueError(f"{name}: no object in y belongs to {name_objects(without)}")
    everything = [label for label, mask in masks.items() if mask.all()]
    if everything:
        raise ValueError(f"{name}: all objects in y belong to {name_objects(everything)}")
    for parameter, option in options.items():
        unknown = sorted(set(option or {}) - set(masks), key=str)
        if unknown:
            raise ValueError(
                f"{name}: {parameter} for {name_objects(unknown)}, which are not labels; the "
                f"labels are {name_objects(masks)}"
            )


def warn_of_types(types: Mapping[Any, Iterable], y: NDArray, name: str) -> None:
    """Warn of types that no prediction can equal."""
    others = sorted(set(y.tolist()) - set(types))
    if others:
        warnings.warn(
            f"{name}: y holds the types {name_objects(others)}, but predictions are labels; "
            f"`score` knows which types they cover, while scorers that compare labels, such as "
            f"'accuracy', require labels instead of types",
            UserWarning,
            stacklevel=5,
        )

"""Which types each label of parallel binary classifiers covers."""

import warnings

import numpy as np

from skastro.exceptions import name_objects


def types_of_labels(labels, y, owner):
    """Return the set of types that each label covers, itself among them."""
    if labels is None:
        return {label: {label} for label in np.unique(y).tolist()}
    listed = {k: [v] if isinstance(v, str) else list(v) for k, v in labels.items()}
    names = [*listed, *(name for types in listed.values() for name in types)]
    if not all(isinstance(name, str) for name in names):
        raise ValueError(f"{owner}: labels and the types they cover must be text")
    if y.dtype.kind not in "OSU":
        raise ValueError(
            f"{owner}: y holds {y.dtype} numbers, and labels are text; where another estimator "
            f"codes y, give it the labels in the place of the types and leave the parameter labels "
            f"at None"
        )
    return {label: {label, *types} for label, types in listed.items()}


def covered(types, y):
    """Return the mask of the objects of each label."""
    return {label: np.isin(y, list(names)) for label, names in types.items()}


def check_covered(masks, options, owner):
    """Raise ValueError for labels that cannot be learned and options of unknown labels."""
    if len(masks) < 2:
        raise ValueError(
            f"{owner} needs at least 2 labels to compare; it has {len(masks)} class: {list(masks)}"
        )
    without = [label for label, mask in masks.items() if not mask.any()]
    if without:
        raise ValueError(f"{owner}: no object in y belongs to {name_objects(without)}")
    everything = [label for label, mask in masks.items() if mask.all()]
    if everything:
        raise ValueError(f"{owner}: all objects in y belong to {name_objects(everything)}")
    for parameter, option in options.items():
        strange = sorted(set(option or {}) - set(masks), key=str)
        if strange:
            raise ValueError(
                f"{owner}: {parameter} for {name_objects(strange)}, which are no labels; those are "
                f"{name_objects(masks)}"
            )


def warn_of_types(types, y, owner):
    """Warn of types that no prediction will be equal to."""
    others = sorted(set(y.tolist()) - set(types))
    if others:
        warnings.warn(
            f"{owner}: y holds the types {name_objects(others)}, predictions are labels; `score` "
            f"knows what they cover, while scorers that compare labels, such as 'accuracy', need "
            f"labels in the place of types",
            UserWarning,
            stacklevel=5,
        )

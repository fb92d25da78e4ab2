"""Taxonomies: trees of classes with leaves at any depth and labels at any node."""

from skastro.taxonomy._labels import (
    EncodedLabels,
    NodeLabels,
    node_numbers,
    read_node_labels,
    trained_taxonomy,
)
from skastro.taxonomy._presets import CCSN, ELASTICC, SEDM, SUPERNOVA
from skastro.taxonomy._tree import Taxonomy

__all__ = [
    "CCSN",
    "ELASTICC",
    "SEDM",
    "SUPERNOVA",
    "EncodedLabels",
    "NodeLabels",
    "Taxonomy",
    "node_numbers",
    "read_node_labels",
    "trained_taxonomy",
]

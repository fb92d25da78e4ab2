"""Classifiers made of classifiers: one a parent node of a tree, or one a label."""

from skastro.hierarchy._hierarchical import HierarchicalClassifier
from skastro.hierarchy._joint import JointClassifier
from skastro.hierarchy._parallel import ParallelBinaryClassifier

__all__ = ["HierarchicalClassifier", "JointClassifier", "ParallelBinaryClassifier"]

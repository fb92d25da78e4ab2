"""Classifiers made of classifiers: one a parent node of a tree, or one a label."""

from skastro.hierarchy._hierarchical import HierarchicalClassifier

__all__ = ["HierarchicalClassifier"]

"""Torch modules and losses that know no scikit-learn."""

from skastro.nn._image import SconeCNN, WideConv
from skastro.nn._losses import HierarchicalCrossEntropy

__all__ = ["HierarchicalCrossEntropy", "SconeCNN", "WideConv"]

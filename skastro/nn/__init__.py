"""Torch modules and losses that know no scikit-learn."""

from skastro.nn._image import SconeCNN, WideConv
from skastro.nn._losses import HierarchicalCrossEntropy
from skastro.nn._sequence import RecurrentNet

__all__ = ["HierarchicalCrossEntropy", "RecurrentNet", "SconeCNN", "WideConv"]

"""Torch modules and losses that know no scikit-learn."""

from skastro.nn._image import SconeCNN, WideConv

__all__ = ["SconeCNN", "WideConv"]

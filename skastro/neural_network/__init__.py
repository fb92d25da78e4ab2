"""Classifiers that own a skorch net."""

from skastro.neural_network._base import BaseNetClassifier
from skastro.neural_network._heatmap import HeatmapCNNClassifier, scone_training

__all__ = ["BaseNetClassifier", "HeatmapCNNClassifier", "scone_training"]

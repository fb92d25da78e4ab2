"""Classifiers that own a skorch net."""

from skastro.neural_network._base import BaseNetClassifier
from skastro.neural_network._ensemble import DeepEnsembleClassifier
from skastro.neural_network._heatmap import HeatmapCNNClassifier, scone_training
from skastro.neural_network._recurrent import RecurrentClassifier

__all__ = [
    "BaseNetClassifier",
    "DeepEnsembleClassifier",
    "HeatmapCNNClassifier",
    "RecurrentClassifier",
    "scone_training",
]

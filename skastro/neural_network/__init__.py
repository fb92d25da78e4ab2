"""Classifiers that own a skorch net."""

from skastro.neural_network._base import BaseNetClassifier
from skastro.neural_network._ensemble import DeepEnsembleClassifier
from skastro.neural_network._heatmap import HeatmapCNNClassifier, scone_training
from skastro.neural_network._multimodal import MultimodalClassifier
from skastro.neural_network._recurrent import RecurrentClassifier

__all__ = [
    "BaseNetClassifier",
    "DeepEnsembleClassifier",
    "HeatmapCNNClassifier",
    "MultimodalClassifier",
    "RecurrentClassifier",
    "scone_training",
]

"""Classifiers that own a skorch net, and a kernel machine with the same inputs."""

from skastro.neural_network._autoencoder import TransformerAutoencoder
from skastro.neural_network._callbacks import PruneTrial
from skastro.neural_network._classifier import BaseNetClassifier
from skastro.neural_network._convolution_kernel import ConvolutionKernelClassifier
from skastro.neural_network._ensemble import DeepEnsembleClassifier
from skastro.neural_network._heatmap import HeatmapCNNClassifier
from skastro.neural_network._masked import MultimodalAutoencoder
from skastro.neural_network._multimodal import MultimodalClassifier
from skastro.neural_network._recurrent import RecurrentClassifier
from skastro.neural_network._stamps import StampCNNClassifier
from skastro.neural_network._training import BaseNet
from skastro.neural_network._transformer import TransformerClassifier

__all__ = [
    "BaseNet",
    "BaseNetClassifier",
    "ConvolutionKernelClassifier",
    "DeepEnsembleClassifier",
    "HeatmapCNNClassifier",
    "MultimodalAutoencoder",
    "MultimodalClassifier",
    "PruneTrial",
    "RecurrentClassifier",
    "StampCNNClassifier",
    "TransformerAutoencoder",
    "TransformerClassifier",
]

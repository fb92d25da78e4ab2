"""Torch modules and losses that know no scikit-learn."""

from skastro.nn._attention import Attention, TimeEncoding, TransformerLayer
from skastro.nn._autoencoder import LightCurveAutoencoderNet
from skastro.nn._fusion import (
    Conv1dEncoder,
    Conv2dEncoder,
    FusionNet,
    MLPEncoder,
    RecurrentEncoder,
)
from skastro.nn._image import SconeCNN, WideConv
from skastro.nn._losses import HierarchicalCrossEntropy
from skastro.nn._sequence import RecurrentNet
from skastro.nn._sequence_losses import (
    SEQUENCE_LOSSES,
    SequenceLoss,
    bernoulli_kl,
    sequence_loss,
    sparsity_penalty,
)
from skastro.nn._transformer import AttentionPooling, EventEncoder, TransformerNet

__all__ = [
    "Attention",
    "AttentionPooling",
    "EventEncoder",
    "LightCurveAutoencoderNet",
    "TimeEncoding",
    "TransformerLayer",
    "TransformerNet",
    "Conv1dEncoder",
    "Conv2dEncoder",
    "FusionNet",
    "HierarchicalCrossEntropy",
    "MLPEncoder",
    "RecurrentEncoder",
    "SEQUENCE_LOSSES",
    "RecurrentNet",
    "SconeCNN",
    "SequenceLoss",
    "WideConv",
    "bernoulli_kl",
    "sequence_loss",
    "sparsity_penalty",
]

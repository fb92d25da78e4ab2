"""Torch modules and losses; nothing here depends on scikit-learn.

Three contracts connect them to the classifiers of :mod:`skastro.neural_network`:

* :class:`ClassifierNet`: a network is an embedding, ``embed(...)``, and a last layer, ``output``;
* :class:`Criterion`: a classification loss, its number of logits and its searchable parameters;
* :class:`ObservationFeature`: the features that describe one observation of a light curve.
"""

from skastro.nn._alignment import CoralLoss, coral_distance
from skastro.nn._attention import Attention, TimeEncoding, TransformerLayer
from skastro.nn._autoencoder import LightCurveAutoencoderNet
from skastro.nn._classifier_net import ClassifierNet
from skastro.nn._criteria import Criterion, CrossEntropy, TorchCriterion, as_criterion
from skastro.nn._encoders import Conv1dEncoder, Conv2dEncoder, MLPEncoder, RecurrentEncoder
from skastro.nn._fusion import FusionNet
from skastro.nn._grid import GridTransformerNet
from skastro.nn._hierarchical_loss import HierarchicalCrossEntropy
from skastro.nn._image import SconeCNN, WideConv
from skastro.nn._observation import DAYS_SCALE, HEIGHT_SCALE, ObservationFeature
from skastro.nn._ranking_losses import (
    RealBogusLoss,
    adversarial_direction,
    auc_loss,
    partial_auc_loss,
    vat_loss,
)
from skastro.nn._residual import FilterResponseNorm, ResidualBlock, SqueezeExcitation
from skastro.nn._sequence import RecurrentNet
from skastro.nn._sequence_losses import (
    SEQUENCE_LOSSES,
    SequenceLoss,
    bernoulli_kl,
    sequence_loss,
    sparsity_penalty,
)
from skastro.nn._stamps import ComplexStampNet, SimpleStampNet, StampNormalization, orient
from skastro.nn._transformer import AttentionPooling, EventEncoder, TransformerNet

__all__ = [
    "Attention",
    "AttentionPooling",
    "ClassifierNet",
    "ComplexStampNet",
    "Conv1dEncoder",
    "Conv2dEncoder",
    "Criterion",
    "CoralLoss",
    "CrossEntropy",
    "DAYS_SCALE",
    "EventEncoder",
    "FilterResponseNorm",
    "FusionNet",
    "GridTransformerNet",
    "HEIGHT_SCALE",
    "HierarchicalCrossEntropy",
    "LightCurveAutoencoderNet",
    "MLPEncoder",
    "ObservationFeature",
    "RealBogusLoss",
    "RecurrentEncoder",
    "RecurrentNet",
    "ResidualBlock",
    "SEQUENCE_LOSSES",
    "SconeCNN",
    "SequenceLoss",
    "SimpleStampNet",
    "SqueezeExcitation",
    "StampNormalization",
    "TimeEncoding",
    "TorchCriterion",
    "TransformerLayer",
    "TransformerNet",
    "WideConv",
    "adversarial_direction",
    "as_criterion",
    "auc_loss",
    "bernoulli_kl",
    "coral_distance",
    "orient",
    "partial_auc_loss",
    "sequence_loss",
    "sparsity_penalty",
    "vat_loss",
]

"""Samplers for any X: nested frames, data frames, arrays and memory-mapped arrays."""

from skastro.resampling._augment import AugmentSampler
from skastro.resampling._pipeline import ResamplingPipeline, group_weights
from skastro.resampling._rows import RowSampler
from skastro.resampling._spectra import SpectrumMixSampler
from skastro.resampling._stamps import StampAugmentSampler
from skastro.resampling._usable import DropUnusable

__all__ = [
    "AugmentSampler",
    "DropUnusable",
    "ResamplingPipeline",
    "RowSampler",
    "SpectrumMixSampler",
    "StampAugmentSampler",
    "group_weights",
]

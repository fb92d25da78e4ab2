"""Transformers from light curves and spectra to dense rows."""

from skastro.feature_extraction._channels import LightCurveChannels
from skastro.feature_extraction._convolutions import RandomConvolutions
from skastro.feature_extraction._dmdt import DmDt
from skastro.feature_extraction._gp import GPInterpolate
from skastro.feature_extraction._heatmap import Heatmap
from skastro.feature_extraction._spectrum import SpectrumPixels
from skastro.feature_extraction._static import StaticColumns
from skastro.feature_extraction._statistics import LightCurveStatistics
from skastro.feature_extraction._stream import transform_to_npy
from skastro.feature_extraction._template_match import TemplateMatch
from skastro.feature_extraction._variability import VariabilityStatistics

__all__ = [
    "DmDt",
    "GPInterpolate",
    "Heatmap",
    "LightCurveChannels",
    "LightCurveStatistics",
    "RandomConvolutions",
    "SpectrumPixels",
    "StaticColumns",
    "TemplateMatch",
    "VariabilityStatistics",
    "transform_to_npy",
]

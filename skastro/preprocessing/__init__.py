"""Transformers of light curves, spectra and stamps that keep their kind."""

from skastro.preprocessing._bands import SelectBands
from skastro.preprocessing._clean import CleanPhotometry
from skastro.preprocessing._compare import CompareWithTraining
from skastro.preprocessing._depth import MatchDepth
from skastro.preprocessing._detection_window import DetectionWindow
from skastro.preprocessing._detections import FirstDetection, MarkDetections
from skastro.preprocessing._draw import DrawDays
from skastro.preprocessing._dust import Deredden
from skastro.preprocessing._missing import ReplaceMissing
from skastro.preprocessing._peak import EstimatePeak
from skastro.preprocessing._quality import MarkQuality
from skastro.preprocessing._redshift import Deredshift
from skastro.preprocessing._scale import AsinhScale, ScaleFlux
from skastro.preprocessing._spectra_clean import CleanSpectrum, MaskLines
from skastro.preprocessing._spectra_continuum import RemoveContinuum
from skastro.preprocessing._spectra_quality import MarkSpectrumQuality
from skastro.preprocessing._spectra_rebin import Rebin
from skastro.preprocessing._spectra_recipe import make_spectrum_preprocessing
from skastro.preprocessing._spectra_redshift import DeredshiftSpectrum
from skastro.preprocessing._spectra_scale import Apodize, NormalizeSpectrum, ReplaceOutliers
from skastro.preprocessing._spectra_smooth import SmoothSpectrum
from skastro.preprocessing._stamps import (
    CropStamps,
    FillStamps,
    NormalizeStamps,
    StampTransformer,
)
from skastro.preprocessing._trigger import TriggerTime
from skastro.preprocessing._window import Window

__all__ = [
    "Apodize",
    "AsinhScale",
    "CleanPhotometry",
    "CleanSpectrum",
    "CompareWithTraining",
    "CropStamps",
    "Deredden",
    "Deredshift",
    "DeredshiftSpectrum",
    "DetectionWindow",
    "DrawDays",
    "EstimatePeak",
    "FillStamps",
    "FirstDetection",
    "MarkDetections",
    "MaskLines",
    "MatchDepth",
    "ReplaceMissing",
    "NormalizeSpectrum",
    "NormalizeStamps",
    "MarkQuality",
    "Rebin",
    "RemoveContinuum",
    "ReplaceOutliers",
    "ScaleFlux",
    "SelectBands",
    "SmoothSpectrum",
    "MarkSpectrumQuality",
    "StampTransformer",
    "TriggerTime",
    "Window",
    "make_spectrum_preprocessing",
]

"""Transformers from light curves to light curves."""

from skastro.preprocessing._clean import CleanPhotometry
from skastro.preprocessing._detection_window import DetectionWindow
from skastro.preprocessing._detections import FirstDetection, MarkDetections
from skastro.preprocessing._draw import DrawDays
from skastro.preprocessing._dust import Deredden
from skastro.preprocessing._missing import MissingCodes
from skastro.preprocessing._quality import QualityFilter
from skastro.preprocessing._redshift import Deredshift
from skastro.preprocessing._scale import AsinhScale, ScaleFlux
from skastro.preprocessing._trigger import TriggerTime
from skastro.preprocessing._window import Window

__all__ = [
    "AsinhScale",
    "CleanPhotometry",
    "Deredden",
    "Deredshift",
    "DetectionWindow",
    "DrawDays",
    "FirstDetection",
    "MarkDetections",
    "MissingCodes",
    "QualityFilter",
    "ScaleFlux",
    "TriggerTime",
    "Window",
]

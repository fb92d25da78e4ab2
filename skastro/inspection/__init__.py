"""Plots of light curves, heat maps, doubtful labels, taxonomies and predictions in time.

Bands have one colour and one marker in every plot.  For ROC curves, precision against recall and
the calibration of one class, use scikit-learn's own displays.
"""

from skastro.inspection._anomalies import AnomalyDisplay
from skastro.inspection._bands import BandStyle, band_styles
from skastro.inspection._confusion import ConfusionByLevelDisplay
from skastro.inspection._contact_sheet import ContactSheetDisplay
from skastro.inspection._evaluation import EvaluationReport
from skastro.inspection._heatmap import HeatmapDisplay
from skastro.inspection._in_time import ProbabilityInTimeDisplay
from skastro.inspection._label_errors import LabelErrorDisplay
from skastro.inspection._light_curve import LightCurveDisplay
from skastro.inspection._phase import ScoreByPhaseDisplay
from skastro.inspection._reliability import ReliabilityByDateDisplay, RiskCoverageDisplay
from skastro.inspection._report import SpectrumReportDisplay
from skastro.inspection._sets_in_time import SetInTimeDisplay
from skastro.inspection._stability import StabilityDisplay
from skastro.inspection._taxonomy import TaxonomyDisplay

__all__ = [
    "AnomalyDisplay",
    "BandStyle",
    "ConfusionByLevelDisplay",
    "ContactSheetDisplay",
    "EvaluationReport",
    "HeatmapDisplay",
    "LabelErrorDisplay",
    "LightCurveDisplay",
    "ProbabilityInTimeDisplay",
    "ReliabilityByDateDisplay",
    "RiskCoverageDisplay",
    "ScoreByPhaseDisplay",
    "SetInTimeDisplay",
    "SpectrumReportDisplay",
    "StabilityDisplay",
    "TaxonomyDisplay",
    "band_styles",
]

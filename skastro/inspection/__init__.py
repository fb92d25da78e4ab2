"""Pictures of light curves and heat maps.

For confusion matrices, ROC curves and calibration use scikit-learn's own displays.
"""

from skastro.inspection._heatmap import HeatmapDisplay
from skastro.inspection._light_curve import LightCurveDisplay

__all__ = ["HeatmapDisplay", "LightCurveDisplay"]

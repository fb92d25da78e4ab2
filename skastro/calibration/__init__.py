"""Calibrated probabilities at every date, sets with a coverage, and scores of unknown objects."""

from skastro.calibration._conformal import ConformalClassifier
from skastro.calibration._date_calibrated import DateCalibratedClassifier
from skastro.calibration._detectors import (
    ClassIsolationForest,
    MahalanobisDetector,
    NeighborDetector,
)
from skastro.calibration._gate import GatedClassifier
from skastro.calibration._novelty import (
    energy_score,
    mutual_information,
    predictive_uncertainty,
)

__all__ = [
    "ClassIsolationForest",
    "ConformalClassifier",
    "DateCalibratedClassifier",
    "GatedClassifier",
    "MahalanobisDetector",
    "NeighborDetector",
    "energy_score",
    "mutual_information",
    "predictive_uncertainty",
]

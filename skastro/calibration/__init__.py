"""Calibrated probabilities at every date, sets with a coverage, and scores of unknown objects."""

from skastro.calibration._conformal import ConformalClassifier
from skastro.calibration._date_calibrated import DateCalibratedClassifier
from skastro.calibration._novelty import (
    MahalanobisDetector,
    energy_score,
    mutual_information,
)

__all__ = [
    "ConformalClassifier",
    "DateCalibratedClassifier",
    "MahalanobisDetector",
    "energy_score",
    "mutual_information",
]

"""Calibrate probabilities at every date, and predict sets with a coverage."""

from skastro.calibration._conformal import ConformalClassifier
from skastro.calibration._date_calibrated import DateCalibratedClassifier

__all__ = ["ConformalClassifier", "DateCalibratedClassifier"]

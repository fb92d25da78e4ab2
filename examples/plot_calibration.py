"""
Calibrated probabilities and sets, by date
==========================================

Calibrate a recurrent network at every date, and follow the set of classes of one light curve.
"""

# %%
# The network learns from one part of the simulated light curves; another part calibrates it.
from functools import partial

import matplotlib.pyplot as plt
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skastro.calibration import ConformalClassifier, DateCalibratedClassifier
from skastro.datasets import make_light_curves
from skastro.inspection import ReliabilityByDateDisplay, RiskCoverageDisplay, ScoreByPhaseDisplay
from skastro.metrics import coverage_table, expected_calibration_error
from skastro.neural_network import RecurrentClassifier

X, y = make_light_curves(900, classes=["SNIa", "SNII", "SLSN-I", "RRL"], random_state=0)
X_train, X_rest, y_train, y_rest = train_test_split(X, y, test_size=0.6, random_state=0)
X_cal, X_test, y_cal, y_test = train_test_split(X_rest, y_rest, test_size=0.5, random_state=0)
network = RecurrentClassifier(max_epochs=8, random_state=0).fit(X_train, y_train)

# %%
# The temperature is a smooth function of days since the reference date.
days = [1, 3, 10, 30, 100]
dated = DateCalibratedClassifier(FrozenEstimator(network), days=days).fit(X_cal, y_cal)
dated.temperatures_.round(2)

# %%
# Calibration error by date, before and after.  With 270 test objects the error of a calibrated
# classifier is not zero: it is biased upwards in small samples, and differences between the lines
# within that bias mean nothing.
before, after = network.predict_proba_at(X_test, days), dated.predict_proba_at(X_test, days)
error = partial(expected_calibration_error, labels=dated.classes_)
both = {"before": before, "after": after}
ScoreByPhaseDisplay.from_predictions(y_test, both, days, error, score="calibration error")

# %%
# Reliability before and after: a calibrated classifier lies on the diagonal.
_, axes = plt.subplots(1, 2, figsize=(10, 5), layout="constrained")
for ax, (name, proba) in zip(axes, both.items()):
    options = {"labels": dated.classes_, "n_bins": 5, "ax": ax}
    ReliabilityByDateDisplay.from_predictions(y_test, proba, days, **options)
    ax.set_title(name)

# %%
# Sets that contain the true class nine times out of ten at each date shrink in time.
conformal = ConformalClassifier(FrozenEstimator(network), coverage=0.9, days=days)
sets = conformal.fit(X_cal, y_cal).predict_set_at(X_test, days)
coverage_table(y_test, sets, conformal.classes_, by=days)

# %%
# The sets of the first light curve.
{day: conformal.classes_[row].tolist() for day, row in zip(days, sets[0])}

# %%
# Errors that remain if only the most confident objects are classified.
late = {f"{day} d": after[:, i] for i, day in enumerate(days)}
RiskCoverageDisplay.from_predictions(y_test, late, labels=dated.classes_)

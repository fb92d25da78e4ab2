"""
Calibrated probabilities, sets and unknown objects
==================================================

Calibrate a recurrent network at every date, follow the set of classes of one light curve, and find
the objects that are of no known class.
"""

# %%
# The network learns from one part of the simulated light curves; another part calibrates it.
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skastro.calibration import ConformalClassifier, DateCalibratedClassifier
from skastro.datasets import make_light_curves
from skastro.inspection import (
    AnomalyDisplay,
    ReliabilityByDateDisplay,
    RiskCoverageDisplay,
    ScoreByPhaseDisplay,
    SetInTimeDisplay,
    StabilityDisplay,
)
from skastro.metrics import (
    bootstrap_interval,
    calibration_scores,
    coverage_table,
    expected_calibration_error,
    score_by_phase,
)
from skastro.preprocessing import FirstDetection
from skastro.recipes import make_gate, make_oracle_classifier, prediction_table
from skastro.utils.ragged import flatten, nest

X, y = make_light_curves(900, classes=["SNIa", "SNII", "SLSN-I", "RRL"], random_state=0)
X = FirstDetection().fit_transform(X)
X_train, X_rest, y_train, y_rest = train_test_split(X, y, test_size=0.6, random_state=0)
X_cal, X_test, y_cal, y_test = train_test_split(X_rest, y_rest, test_size=0.5, random_state=0)
network = make_oracle_classifier(static=(), max_epochs=8, random_state=0).fit(X_train, y_train)

# %%
# The temperature is a smooth function of days since the reference date.
days = [1, 3, 10, 30, 100]
dates = {"days": days, "reference_column": "first_detection"}
dated = DateCalibratedClassifier(FrozenEstimator(network), **dates).fit(X_cal, y_cal)
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
# With their expectation for calibrated probabilities, "ece_of_calibrated", and the uncertainty of
# the error on day 10:
metric = partial(calibration_scores, labels=dated.classes_)
table = score_by_phase(y_test, after, days, metric).xs("mean", axis=1, level=1)
table.round(3)

# %%
bootstrap_interval(error, y_test, after[:, 2], n_resamples=300, random_state=0).round(3)

# %%
# Reliability before and after: a calibrated classifier lies on the diagonal.
_, axes = plt.subplots(1, 2, figsize=(10, 5), layout="constrained")
for ax, (name, proba) in zip(axes, both.items()):
    options = {"labels": dated.classes_, "n_bins": 5, "ax": ax}
    ReliabilityByDateDisplay.from_predictions(y_test, proba, days, **options)
    ax.set_title(name)

# %%
# Sets that contain the true class nine times out of ten at each date shrink in time.
conformal = ConformalClassifier(FrozenEstimator(network), coverage=0.9, **dates)
sets = conformal.fit(X_cal, y_cal).predict_set_at(X_test, days)
coverage_table(y_test, sets, conformal.classes_, by=days)

# %%
# The set of a light curve that keeps the true class and loses the others.
size = sets.sum(axis=2)
right = sets[np.arange(len(sets)), :, np.searchsorted(conformal.classes_, y_test)].all(axis=1)
chosen = np.flatnonzero(right & (size[:, 0] == size[:, 0].max()) & (size[:, -1] == 1))[0]
more = np.unique(np.geomspace(1, 100, 15).round())
SetInTimeDisplay.from_estimator(
    conformal, X_test, X_test.index[chosen], days=more, true_class=y_test[chosen]
)

# %%
# How early the most probable class is the last one.
StabilityDisplay.from_predictions({"network": after}, days, y_true=y_test, labels=dated.classes_)

# %%
# Errors that remain if only the most confident objects are classified.
late = {f"{day} d": after[:, i] for i, day in enumerate(days)}
RiskCoverageDisplay.from_predictions(y_test, late, labels=dated.classes_)

# %%
# Unknown objects
# ---------------
#
# Sources of constant flux, and a class that the network has not learned, stand for the unknown
# among the test objects.
offsets, rows = flatten(X_test["lightcurve"])
noise = np.random.default_rng(0).normal(size=len(rows["flux"]))
flat = X_test.assign(
    lightcurve=nest(offsets, {**rows, "flux": (12 + noise) * rows["flux_err"]}, X_test.index)
)[:20]
kilonovae, _ = make_light_curves(20, classes=["KN"], random_state=1)
kilonovae = FirstDetection().fit_transform(kilonovae)
parts = {"known": X_test, "flat": flat, "KN": kilonovae}

# %%
# The gate learns from the calibration objects what known objects look like, and rejects at most 5 %
# of new ones.
gate = make_gate(FrozenEstimator(network), max_rejected=0.05, random_state=0).fit(X_cal, y_cal)
{name: round(float((~gate.is_known(part)).mean()), 2) for name, part in parts.items()}

# %%
# Its table has the score of each object, and the reason why it is unclassified.
prediction_table(gate, pd.concat([X_test[:2], flat[:2]]))

# %%
# The contact sheet of the most anomalous objects of the three kinds; those that the gate rejects
# have red titles.
score = {name: -gate.score_samples(part) for name, part in parts.items()}
everything = pd.concat([part.set_axis(name + " " + part.index) for name, part in parts.items()])
AnomalyDisplay.from_scores(
    everything,
    np.concatenate(list(score.values())),
    rejected=~gate.is_known(everything),
    n=12,
)

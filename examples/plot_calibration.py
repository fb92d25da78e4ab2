"""
Calibrated probabilities, sets and unknown objects
==================================================

Calibrate a classifier of complete light curves at every date, follow the set of classes of one
light curve, and find the objects that are of no known class.
"""

# %%
# Boosted trees, trained on statistics of complete light curves, are overconfident when they
# classify incomplete ones.  They are calibrated with objects that they were not trained on.
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skastro.calibration import ConformalClassifier, DateCalibratedClassifier
from skastro.datasets import make_light_curves
from skastro.feature_extraction import LightCurveStatistics
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
from skastro.preprocessing import FirstDetection, Window
from skastro.recipes import make_gate, make_oracle_classifier, prediction_table
from skastro.utils.ragged import flatten, nest

X, y = make_light_curves(1500, classes=["SNIa", "SNII", "SLSN-I", "RRL"], random_state=0)
X = FirstDetection().fit_transform(X)
X_train, X_rest, y_train, y_rest = train_test_split(X, y, test_size=0.6, random_state=0)
X_cal, X_test, y_cal, y_test = train_test_split(X_rest, y_rest, test_size=0.5, random_state=0)
trees = make_pipeline(LightCurveStatistics(), HistGradientBoostingClassifier(max_iter=40))
trees.fit(X_train, y_train)

# %%
# The temperature is a smooth function of days since the reference date.
days = [1, 3, 10, 30, 100]
dates = {"days": days, "reference_column": "first_detection"}
dated = DateCalibratedClassifier(FrozenEstimator(trees), **dates).fit(X_cal, y_cal)
dated.temperatures_.round(2)

# %%
# Calibration error by date, before and after.  With 450 test objects the error of a calibrated
# classifier is not zero, see the column "ece_of_calibrated" below.
after = dated.predict_proba_at(X_test, days)
cut = [Window(-np.inf, day, reference_column="first_detection") for day in days]
before = np.stack([trees.predict_proba(step.fit_transform(X_test)) for step in cut], axis=1)
error = partial(expected_calibration_error, labels=dated.classes_, n_bins=5)
both = {"before": before, "after": after}
ScoreByPhaseDisplay.from_predictions(y_test, both, days, error, score="calibration error")

# %%
# With their expectation for calibrated probabilities, "ece_of_calibrated", and the uncertainty of
# the error on day 10:
metric = partial(calibration_scores, labels=dated.classes_, n_bins=5)
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
# Sets of classes
# ---------------
#
# A recurrent network trained on incomplete light curves is reasonably calibrated without help.
network = make_oracle_classifier(static=(), max_epochs=8, random_state=0).fit(X_train, y_train)

# %%
# Sets that contain the true class nine times out of ten at each date shrink in time.
conformal = ConformalClassifier(FrozenEstimator(network), coverage=0.9, **dates)
sets = conformal.fit(X_cal, y_cal).predict_set_at(X_test, days)
coverage_table(y_test, sets, conformal.classes_, by=days)

# %%
# The set of a supernova that keeps the true class and loses the others.
more = np.unique(np.geomspace(1, 100, 12).round())
sets = conformal.predict_set_at(X_test, more)
right = sets[np.arange(len(sets)), :, np.searchsorted(conformal.classes_, y_test)].all(axis=1)
lost = sets[:, 0].sum(axis=1) - sets[:, -1].sum(axis=1)
chosen = np.argmax(np.where(right & (y_test != "RRL"), lost, -1))
SetInTimeDisplay.from_estimator(
    conformal, X_test, X_test.index[chosen], days=more, true_class=y_test[chosen]
)

# %%
# How early the most probable class is the last one.
at_days = network.predict_proba_at(X_test, days)
models = {"network": at_days, "trees": after}
StabilityDisplay.from_predictions(models, days, y_true=y_test, labels=dated.classes_)

# %%
# Errors that remain if only the most confident objects are classified.
late = {f"{day} d": at_days[:, i] for i, day in enumerate(days)}
RiskCoverageDisplay.from_predictions(y_test, late, labels=dated.classes_)

# %%
# Unknown objects
# ---------------
#
# Sources of constant flux, and a class that the network has not learned, stand for the unknown
# among the test objects.
offsets, rows = flatten(X_test["lightcurve"])
error, lengths = np.asarray(rows["flux_err"]), np.diff(offsets)
typical = np.repeat(np.add.reduceat(error, offsets[:-1]) / lengths, lengths)
flux = 10 * typical + np.random.default_rng(0).normal(size=len(error)) * error
rows["flux"] = flux.astype(rows["flux"].dtype)
flat = X_test.assign(lightcurve=nest(offsets, rows, X_test.index))[:20]
kilonovae = FirstDetection().fit_transform(make_light_curves(20, classes=["KN"], random_state=1)[0])
parts = {"known": X_test, "flat": flat, "KN": kilonovae}

# %%
# The gate learns from the calibration objects what known objects look like, and rejects at most
# 5 % of new ones.
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

"""
A classifier for another survey
===============================

Train on a simulation, use the classifier on objects of another one, and see what variety,
unlabelled objects, a few labels and the depth of a survey are worth.
"""

# %%
# The target differs from the simulation as real catalogues do: its fluxes are per wavelength
# instead of per frequency, its fields have one visit per night, and its redshifts differ.
# Nothing of this is known in advance.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import ConfusionMatrixDisplay, f1_score
from sklearn.pipeline import make_pipeline

from skastro.adaptation import TargetTrainedClassifier, for_survey, match_variety
from skastro.datasets import Variety, make_light_curves
from skastro.feature_extraction import LightCurveStatistics
from skastro.inspection import LightCurveDisplay
from skastro.preprocessing import MatchDepth
from skastro.recipes import make_oracle

CLASSES = ["SNIa", "SNII", "SLSN-I", "TDE", "AGN", "RRL"]
elsewhere = Variety((0.0, 0.0), (0.3, 0.3), per_wavelength=1.0, unpaired=1.0)
X_target, y_target = make_light_curves(900, classes=CLASSES, variety=elsewhere, random_state=1)
X_pool, y_pool, X_test, y_test = X_target[:400], y_target[:400], X_target[400:], y_target[400:]

# %%
# Look first: the supernova Ia with most detections of each.  That of the target is bluer.
X, y = make_light_curves(900, classes=CLASSES, random_state=0)
_, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for ax, (frame, labels) in zip(axes, ((X, y), (X_target, y_target))):
    detected = frame[labels == "SNIa"]["lightcurve.detected"]
    most = detected.astype(int).groupby(level=0).sum().idxmax()
    LightCurveDisplay.from_frame(frame, most, ax=ax)

# %%
# A classifier trained on the plain simulation is wrong about many objects, and sure of itself.
found = {}


def judge(name, model):
    proba = model.predict_proba(X_test)
    predicted = np.asarray(model.classes_)[proba.argmax(axis=1)]
    found[name] = f1_score(y_test, predicted, average="macro"), proba.max(axis=1).mean()
    return found[name]


def boosting():
    classifier = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=15, random_state=0)
    return make_pipeline(LightCurveStatistics(), classifier)


judge("simulation", boosting().fit(X, y))

# %%
# A simulation whose objects differ in what simulations disagree about.
options = {"classes": CLASSES, "random_state": 0}
X_varied, y_varied = make_light_curves(900, variety=Variety(), **options)
judge("variety", boosting().fit(X_varied, y_varied))

# %%
# A simulation matched to unlabelled objects of the target: the slope of the spectrum is found.
variety = match_variety(X_pool, n_objects=1500, random_state=0)
X_matched, y_matched = make_light_curves(900, variety=variety, **options)
judge("matched", boosting().fit(X_matched, y_matched))
np.round(variety.slope, 2)

# %%
# Sixty labels in addition, which weigh as much as the simulation.  A simulation that is matched so
# well leaves them little to add; where classes look different they are worth most.
some = np.where(np.arange(len(y_pool)) < 60, y_pool, "-1")
trained = TargetTrainedClassifier(boosting(), n_rounds=0)
judge("60 labels", trained.fit(X_matched, y_matched, X_pool, some))

# %%
# Macro F1, and the mean confidence, which does not know how good a classifier is.
scores, confidence = np.array(list(found.values())).T
_, ax = plt.subplots(layout="constrained")
ax.barh(list(found), scores, label="macro F1")
ax.plot(confidence, list(found), "ko", label="mean confidence")
ax.set(xlim=(0, 1), title="On objects of the target")
ax.legend()

# %%
# A network that was trained on LSST has never seen fluxes and errors as large as those of ZTF.
# ``MatchDepth`` shows the objects as LSST would see them, farther away; no label of ZTF is used.
oracle = make_oracle(band_encoding="wavelength", max_epochs=20, random_state=0).fit(X, y)
X_ztf, y_ztf = make_light_curves(400, survey="ZTF", classes=CLASSES, random_state=2)
ztf = for_survey(oracle, "ZTF")
matched = make_pipeline(MatchDepth(oracle[-1].scale_.flux), FrozenEstimator(ztf)).fit(X_ztf)
_, axes = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
for ax, (title, model) in zip(axes, (("as they are", ztf), ("at the depth of LSST", matched))):
    predicted = model.predict(X_ztf)
    options = {"ax": ax, "colorbar": False, "xticks_rotation": 45, "labels": CLASSES}
    ConfusionMatrixDisplay.from_predictions(y_ztf, predicted, **options)
    score = f1_score(y_ztf, predicted, average="macro")
    ax.set_title(f"ZTF objects {title}: macro F1 {score:.2f}")

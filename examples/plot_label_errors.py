"""
Wrong labels among light curves
===============================

A twentieth of the labels of a simulated survey is made wrong. A random forest that never sees the
label it judges finds nearly all of them, and a contact sheet shows the worst.
"""

from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import precision_score, recall_score
from sklearn.pipeline import make_pipeline

from skastro.datasets import make_label_noise, make_light_curves
from skastro.feature_extraction import LightCurveStatistics
from skastro.inspection import LabelErrorDisplay
from skastro.label_errors import LabelErrorFinder, find_label_errors

# %%
# Labels with known errors
# ------------------------
X, true = make_light_curves(600, classes=["SNIa", "AGN", "uLens", "RRL"], random_state=1)
y, wrong = make_label_noise(true, rate=0.05, random_state=1)
print(f"{wrong.sum()} of {len(y)} labels are wrong")

# %%
# Five folds, each judged by a forest trained on the other four.
forest = make_pipeline(LightCurveStatistics(), RandomForestClassifier(100, random_state=0))
finder = LabelErrorFinder(forest, method="self_confidence", random_state=0).fit(X, y)
print(finder.report_.round(2))

# %%
# What was given (rows) and what is suggested (columns):
print(finder.suggestions_)

# %%
# How the methods compare
# -----------------------
# All of them judge the same probabilities, so that trying them costs nothing.
for method in ("disagreement", "threshold", "confident_learning", "noise_rate", "self_confidence"):
    found = find_label_errors(y, finder.oof_proba_, classes=finder.classes_, method=method)
    precision, recall = precision_score(wrong, found), recall_score(wrong, found)
    print(f"{method:20s} {found.sum():3d} suspects: precision {precision:.2f}, recall {recall:.2f}")

# %%
# The worst
# ---------
# Red titles are suspects; the number is the probability of the given label.
LabelErrorDisplay.from_finder(finder, X, y, n=8).figure_.set_figwidth(11)

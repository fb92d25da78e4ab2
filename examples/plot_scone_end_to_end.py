"""
SCONE from SNANA FITS to a classified catalogue
===============================================

Simulate a survey, write and read it as SNANA FITS, train SCONE, score it on objects it has never
seen beside a random forest on simple statistics, and write the predictions.
"""

# %%
# A simulated survey of six types of supernovae goes to disk as a HEAD/PHOT pair and comes back.
import json
import sys
import time
from pathlib import Path

import joblib
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from sklearn.calibration import CalibrationDisplay
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    RocCurveDisplay,
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    roc_auc_score,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skastro.datasets import make_light_curves
from skastro.feature_extraction import LightCurveStatistics
from skastro.inspection import HeatmapDisplay, LightCurveDisplay
from skastro.io import read_snana, write_snana
from skastro.recipes import make_scone, prediction_table

CLASSES = ["SNIa", "SNIa-91bg", "SNIax", "SNII", "SNIbc", "SLSN-I"]
output = Path(sys.argv[1] if len(sys.argv) > 1 else "output")
output.mkdir(parents=True, exist_ok=True)
begin = time.perf_counter()

X, y = make_light_curves(4000, survey="LSST", classes=CLASSES, random_state=1)
write_snana(X.assign(type=y), output / "snana" / "LSST_DEMO-0001", survey="LSST")
X = read_snana(output / "snana", survey="LSST")
y = X["type"].to_numpy(object)
print(f"{len(X)} objects read from SNANA FITS, {time.perf_counter() - begin:.0f} s")

# %%
# One part in four is kept for the last look.  Objects without enough observations stay in: SCONE
# must account for them, if only with a reason.
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.25, stratify=y, random_state=1
)
scone = make_scone(survey="LSST", n_jobs=2, class_weight="balanced", random_state=1, verbose=1)
scone.fit(X_train, y_train)
table = prediction_table(scone, X_test)
table.to_csv(output / "predictions.csv")
joblib.dump(scone, output / "scone.joblib")
print(f"trained and predicted, {time.perf_counter() - begin:.0f} s")

# %%
# The floor: a random forest on simple statistics of the same light curves.
floor = make_pipeline(
    LightCurveStatistics(),
    SimpleImputer(strategy="constant", fill_value=-999),
    RandomForestClassifier(400, class_weight="balanced_subsample", n_jobs=2, random_state=1),
)
floor.fit(X_train, y_train)
floor_table = prediction_table(floor, X_test)


def scores(table):
    """Scores in which an unclassified object counts as wrong."""
    proba = table[[f"prob_{c}" for c in sorted(CLASSES)]].fillna(1 / len(CLASSES)).to_numpy()
    return {
        "accuracy": accuracy_score(y_test, table["label"]),
        "balanced accuracy": balanced_accuracy_score(y_test, table["label"]),
        "macro F1": f1_score(y_test, table["label"], labels=CLASSES, average="macro"),
        "AUC": roc_auc_score(y_test, proba, multi_class="ovr", labels=sorted(CLASSES)),
    }


results = {"SCONE": scores(table), "random forest": scores(floor_table)}
(output / "scores.json").write_text(json.dumps(results, indent=2))
print(f"{'':>14} " + " ".join(f"{name:>17}" for name in results["SCONE"]))
for name, values in results.items():
    print(f"{name:>14} " + " ".join(f"{value:17.3f}" for value in values.values()))
unclassified = table["reason"].ne("").sum()
print(f"{unclassified} of {len(table)} objects could not be classified; predictions.csv says why")

# %%
# What a light curve looks like to an astronomer and to the network.
heatmap = scone["features"].transformer_list[0][1]
prepared = scone[:-3].transform(X_test)  # up to the samplers
object_id = table["prob_SNIa"].idxmax()
figure = plt.figure(figsize=(11, 6.5), layout="constrained")
upper, lower = figure.subfigures(2, 1)
LightCurveDisplay.from_estimator(heatmap.interpolator_, prepared, object_id, ax=upper.subplots())
HeatmapDisplay.from_estimator(heatmap, prepared, object_id, axes=lower.subplots(1, 2))
figure.savefig(output / "light_curve.png", dpi=110)

# %%
# Confusion matrix, ROC curve, reliability and learning curve.
figure, axes = plt.subplots(2, 2, figsize=(11, 9), layout="constrained")
classified = table["reason"].eq("").to_numpy()
ConfusionMatrixDisplay.from_predictions(
    y_test[classified],
    table["label"][classified],
    normalize="true",
    values_format=".2f",
    xticks_rotation=45,
    ax=axes[0, 0],
)
is_ia = y_test[classified] == "SNIa"
for name, part in {"SCONE": table[classified], "random forest": floor_table[classified]}.items():
    RocCurveDisplay.from_predictions(is_ia, part["prob_SNIa"], name=name, ax=axes[0, 1])
    CalibrationDisplay.from_predictions(
        is_ia, part["prob_SNIa"], n_bins=10, name=name, ax=axes[1, 0]
    )
axes[0, 1].set_title("SNIa against the rest")
axes[1, 0].set_title("reliability of the probability of SNIa")
history = scone["classifier"].history_
for name in ("train_loss", "valid_loss"):
    axes[1, 1].plot(history["epoch"], history[name])
axes[1, 1].legend(["training", "validation"])
axes[1, 1].set(xlabel="epoch", ylabel="loss", title="learning curve")
figure.savefig(output / "evaluation.png", dpi=110)
print(f"results in {output}, {time.perf_counter() - begin:.0f} s")

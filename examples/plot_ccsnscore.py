"""
Types of supernovae from their spectra, with scores and a page each
===================================================================

The spectra system end to end: mixes of rare types, three inputs per spectrum, a network for all
labels, scores with errors, the label "ambiguous", and the report page of three supernovae.

Simulated spectra are the default. With the environment variable ``SKASTRO_OSC`` naming a folder
with the real spectra and photometry of the Open Supernova Catalog (``benchmarks/science/osc.py``
says which files), the same lines classify real supernovae.
"""

import os
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import confusion_matrix, f1_score
from sklearn.model_selection import StratifiedGroupKFold

from skastro.datasets import make_spectra
from skastro.inspection import SpectrumReportDisplay
from skastro.recipes import ccsnscore_table, make_ccsnscore

folder = os.environ.get("SKASTRO_OSC")
if folder:
    sys.path.append(str(Path("../benchmarks/science").resolve()))
    from osc import clean_osc, read_osc

    X, y, _ = clean_osc(*read_osc(Path(folder)))
else:
    shares = {"Ia": 6, "II": 3, "IIn": 1, "Ib": 1, "Ic": 1}
    X, y = make_spectra(300, classes=shares, n_spectra=2, snr_range=(3, 15), random_state=0)

# %%
# Train and judge by supernova
# ----------------------------
# All spectra of one supernova are on one side of the split. Augmentation acts in the training
# alone. The error of a score is the scatter of 20 passes with dropout.

folds = StratifiedGroupKFold(4, shuffle=True, random_state=0)
train, test = next(folds.split(X, y, X["name"]))
model = make_ccsnscore(n_per_class=100, max_epochs=15, random_state=0).fit(X.iloc[train], y[train])
table = ccsnscore_table(model, X.iloc[test])
table.round(2).head()

# %%
# Ambiguous predictions are a column of their own in the confusion matrix.

labels = [*model.classes_, "ambiguous"]
counts = confusion_matrix(y[test], table["label"], labels=labels)[:-1]
shares = counts / counts.sum(axis=1, keepdims=True)
best = model.classes_[table.filter(like="score_").to_numpy().argmax(axis=1)]
macro = f1_score(y[test], best, average="macro")
fig, ax = plt.subplots(figsize=(6, 4.6), layout="constrained")
image = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
for (row, column), share in np.ndenumerate(shares):
    ink = "white" if share > 0.5 else "black"
    ax.text(column, row, f"{share:.2f}", ha="center", va="center", color=ink)
ax.set_xticks(range(len(labels)), labels)
names = [f"{name} ({n})" for name, n in zip(labels, counts.sum(axis=1))]
ax.set_yticks(range(len(names)), names)
ax.set(xlabel="predicted label", ylabel="true type (number of spectra)")
fig.colorbar(image, label="share of the true type")
ax.set_title(f"held-out supernovae: macro F1 of the highest score {macro:.2f}", fontsize=11)

# %%
# Only certain predictions
# ------------------------
# Cuts on the score and its error buy purity for completeness.

for cut in (0.5, 0.8, 0.95):
    error = table.filter(like="error_").max(axis=1)
    sure = ((table["confidence"] > cut) & (error < 0.15)).to_numpy()
    right = np.mean(best[sure] == y[test][sure])
    sys.stdout.write(f"score above {cut}: {sure.mean():.2f} kept, {right:.2f} of them right\n")

# %%
# Three pages
# -----------

for label in model.classes_[:3]:
    row = X.iloc[test].index[np.flatnonzero(y[test] == label)[0]]
    SpectrumReportDisplay.from_estimator(model, X.iloc[test], row, name=f"{row}, true {label}")
plt.show()

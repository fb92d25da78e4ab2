"""
Spectra from the instrument to a type
=====================================

Simulated spectra of eight types of supernovae, as a spectrograph of resolving power 100 sees
them: the steps of the preprocessing, a classifier that is validated by supernova, and what the
augmentation does for rare types. ``skastro.io.read_spectra`` gives the same frame of your own
files.
"""

import matplotlib.pyplot as plt
import numpy as np
from imblearn.pipeline import Pipeline
from sklearn.decomposition import PCA
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.svm import SVC

from skastro.datasets import make_spectra
from skastro.feature_extraction import SpectrumPixels
from skastro.preprocessing import make_spectrum_preprocessing
from skastro.resampling import SpectrumMixSampler
from skastro.utils.ragged import flatten

shares = {"Ia": 6, "II": 3, "IIn": 1, "IIb": 1, "Ib": 1, "Ic": 1}
X, y = make_spectra(260, classes=shares, n_spectra=2, random_state=0)

# %%
# One spectrum after each step
# ----------------------------
# The rest frame, a common grid, the scale of the median, and the last three steps together.

steps = make_spectrum_preprocessing()
fig, axes = plt.subplots(1, 4, figsize=(12, 2.6))
supernova, frame = X.iloc[[int(np.flatnonzero(y == "Ia")[0])]], None
shown = {"observed": 0, "rest frame": 2, "median 1": 4, "[0, 1]": len(steps)}
for ax, (title, n_steps) in zip(axes, shown.items()):
    frame = steps[:n_steps].fit_transform(supernova) if n_steps else supernova
    rows = flatten(frame["spectrum"])[1]
    ax.plot(rows["wavelength"], rows["flux"], lw=1)
    ax.set(title=title, xlabel="wavelength [Å]")
axes[0].set_ylabel("flux")
fig.tight_layout()

# %%
# A classifier, split by supernova
# --------------------------------
# Two spectra of one supernova never stand on both sides of a split. Rare types are raised by
# mixes of their spectra, in the training alone. Real spectra are much harder than these: see
# ``benchmarks/science/spectra.md``.

model = Pipeline(
    [
        ("mix", SpectrumMixSampler(150, random_state=0)),
        *steps.steps,
        ("pixels", SpectrumPixels()),
        ("components", PCA(30, random_state=0)),
        ("classify", SVC(C=3)),
    ]
)
folds = StratifiedGroupKFold(4, shuffle=True, random_state=0)
predicted = cross_val_predict(model, X, y, groups=X["name"], cv=folds)
fig, ax = plt.subplots(figsize=(4.5, 4))
ConfusionMatrixDisplay.from_predictions(
    y, predicted, normalize="true", values_format=".2f", ax=ax, colorbar=False
)
ax.set_title(f"accuracy {np.mean(predicted == y):.2f}")
fig.tight_layout()
plt.show()

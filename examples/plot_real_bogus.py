"""
Real or bogus, with wrong labels
================================

A seventh of the labels of simulated candidates is wrong. A network that never sees the label it
judges finds most of them; a second one is trained on the rest and keeps the suspects as objects
without a label.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import RocCurveDisplay

from skastro.datasets import make_label_noise, make_stamps
from skastro.inspection import LabelErrorDisplay
from skastro.metrics import false_positive_rate_at
from skastro.recipes import make_realbogus

# %%
# Candidates
# ----------
# Science image, reference and difference; the upper three are real, the lower three are not.
SHAPE = (21, 21, 3)
X, true, _ = make_stamps(1500, image_shape=SHAPE, random_state=0)
X_test, y_test, _ = make_stamps(2000, image_shape=SHAPE, random_state=1)
y, wrong = make_label_noise(true, rate=0.15, random_state=0)
shown = np.concatenate([np.flatnonzero(true == 1)[:3], np.flatnonzero(true == 0)[:3]])
figure, axes = plt.subplots(2, 9, figsize=(10, 2.6), layout="constrained")
for stamp, row in zip(X[shown].reshape(-1, *SHAPE), axes.reshape(6, 3)):
    for ax, image, name in zip(row, np.moveaxis(stamp, -1, 0), ("new", "reference", "difference")):
        low, high = np.percentile(image, [2, 99])
        ax.imshow(image, vmin=low, vmax=high, cmap="gray")
        ax.set(xticks=[], yticks=[])
        ax.set_title(name, fontsize=8)

# %%
# One stage and two
# -----------------
# Wrong labels are looked for in three folds. The test labels are true.
short = {"max_epochs": 25, "lr": 2e-3}
options = {"image_shape": SHAPE, "architecture": "simple", "average_orientations": True, **short}
one = make_realbogus(method=None, random_state=0, **options).fit(X, y)
two = make_realbogus(cv=3, random_state=0, **options).fit(X, y)
found = two[0].label_errors_
print(f"{found.sum()} suspects, of which {wrong[found].sum()} are wrong; {wrong.sum()} are wrong")
for name, model in (("one stage", one), ("two stages", two)):
    score = model.predict_proba(X_test)[:, 1]
    rates = [false_positive_rate_at(y_test, score, tpr=tpr) for tpr in (0.9, 0.99)]
    print(f"{name}: false positives {rates[0]:.3f} at .9 of the real ones, {rates[1]:.3f} at .99")

# %%
# The suspects
# ------------
# New image, reference and difference of the candidates whose labels are most doubtful.
sheet = LabelErrorDisplay.from_finder(two[0], X, y, n=8, image_shape=SHAPE)
sheet.figure_.set_figwidth(11)

# %%
# The cut
# -------
# A survey keeps nearly all real candidates and asks how many bogus ones pass: the upper left corner
# of the ROC curve, with the false positive rate on a logarithmic axis.
figure, ax = plt.subplots(figsize=(6.4, 4.8), layout="constrained")
for (name, model), line in zip({"one stage": one, "two stages": two}.items(), ("--", "-")):
    curve = RocCurveDisplay.from_predictions(
        y_test, model.predict_proba(X_test)[:, 1], name=name, ax=ax, curve_kwargs={"ls": line}
    )
# An axis of equal scales, as scikit-learn sets it, would squeeze the logarithm.
ax.set_aspect("auto")
ax.set(xscale="log", xlim=(1e-3, 1), ylim=(0.5, 1.01), title="2,000 candidates with true labels")
ax.set(xlabel="false positive rate (bogus accepted)", ylabel="true positive rate (real accepted)")
ax.grid(alpha=0.3, which="both")
ax.legend(loc="lower right")
plt.show()

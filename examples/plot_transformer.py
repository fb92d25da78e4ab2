"""
Transformers: codes, reconstructions, importance
================================================

Learn codes of light curves without labels, give light curves back from them, classify from the
same encoder, and look at which observations the classifier reads.
"""

# %%
# The toy set has four classes that differ in the shape of their curves; 90 % of the points are
# dropped.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator

from skastro.datasets import make_bazin
from skastro.neural_network import TransformerAutoencoder, TransformerClassifier
from skastro.utils.ragged import flatten

X, y = make_bazin(600, random_state=0)
X_train, X_test, y_train, y_test = X[:450], X[450:], y[:450], y[450:]

# %%
# The auto-encoder sees no label.  Its codes do for a random forest.
autoencoder = TransformerAutoencoder(max_epochs=20, lr=4e-3, random_state=0).fit(X_train)
forest = RandomForestClassifier(random_state=0).fit(autoencoder.transform(X_train), y_train)
print(f"accuracy from the codes: {forest.score(autoencoder.transform(X_test), y_test):.3f}")

# %%
# A light curve comes back from its code at any date and in any band, in the unit of its flux.
days = np.arange(0.0, 100.0)
curves = autoencoder.decode(autoencoder.transform(X_test), days, ["g"])[:, :, 0]
offsets, rows = flatten(X_test["lightcurve"])
figure, axes = plt.subplots(2, 2, figsize=(9, 5), sharex=True, layout="constrained")
for ax, name in zip(axes.flat, np.unique(y)):
    i = np.flatnonzero(y_test == name)[0]
    part = slice(offsets[i], offsets[i + 1])
    in_g = np.asarray(rows["band"])[part] == "g"
    ax.plot(rows["time"][part][in_g], rows["flux"][part][in_g], "o")
    ax.plot(days + rows["time"][offsets[i]], curves[i])
    ax.set(title=f"{name}, band g", xlabel="day", ylabel="flux")

# %%
# The classifier starts from the encoder and trains all of its weights.
model = TransformerClassifier(
    pretrained=FrozenEstimator(autoencoder), max_epochs=15, n_prefixes=0, random_state=0
).fit(X_train, y_train)
print(f"accuracy, trained on: {model.score(X_test, y_test):.3f}")

# %%
# Which observations speak for the answer, and which against it.
found = model.observation_importance(X_test.iloc[:1])
importance = found["importance"].iloc[0]
curve = X_test["lightcurve"].iloc[0]
figure, ax = plt.subplots(figsize=(9, 3.5), layout="constrained")
points = ax.scatter(
    curve["time"], curve["flux"], c=importance["importance"], cmap="coolwarm", s=60, ec="grey"
)
limit = importance["importance"].abs().max()
points.set_clim(-limit, limit)
figure.colorbar(points, label="for (red) or against (blue)")
answer = model.predict(X_test.iloc[:1])[0]
ax.set(title=f"answered {answer}, is {y_test[0]}", xlabel="day", ylabel="flux in all bands")
plt.show()

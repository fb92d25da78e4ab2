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
from skastro.inspection import LightCurveDisplay, band_styles
from skastro.neural_network import TransformerAutoencoder, TransformerClassifier
from skastro.utils.ragged import flatten

X, y = make_bazin(600, random_state=0)
X_train, X_test, y_train, y_test = X[:450], X[450:], y[:450], y[450:]

# %%
# The auto-encoder sees no label.  Its codes do for a random forest.
autoencoder = TransformerAutoencoder(max_epochs=60, lr=4e-3, random_state=0).fit(X_train)
forest = RandomForestClassifier(random_state=0).fit(autoencoder.transform(X_train), y_train)
print(f"accuracy from the codes: {forest.score(autoencoder.transform(X_test), y_test):.3f}")

# %%
# A light curve comes back from its embedding at any date and in any band, in the unit of its flux.
days = np.arange(0.0, 100.0)
bands = ["g", "r", "z"]
curves = autoencoder.decode(autoencoder.transform(X_test), days, bands)
offsets, rows = flatten(X_test["lightcurve"])
figure, axes = plt.subplots(2, 2, figsize=(9.5, 6), layout="constrained")
for ax, name in zip(axes.flat, np.unique(y)):
    i = np.flatnonzero(y_test == name)[0]
    own = slice(offsets[i], offsets[i + 1])
    shown = np.isin(np.asarray(rows["band"][own]), bands)
    start = rows["time"][own][0]
    lines = {band: (days + start, curves[i, :, k], 0 * days) for k, band in enumerate(bands)}
    fields = (rows[field][own][shown] for field in ("time", "band", "flux", "flux_err"))
    title = f"{name}: points observed, lines reconstructed"
    LightCurveDisplay(*fields, curves=lines, title=title, flux_unit=None).plot(ax)
    ax.set_xlabel("days since the start of the survey")

# %%
# The classifier starts from the encoder and trains all of its weights.
model = TransformerClassifier(
    pretrained=FrozenEstimator(autoencoder), max_epochs=15, n_prefixes=0, random_state=0
).fit(X_train, y_train)
print(f"accuracy, trained on: {model.score(X_test, y_test):.3f}")

# %%
# Which observations raise the probability of the predicted class, and which lower it.
found = model.observation_importance(X_test.iloc[:1])
importance = found["importance"].iloc[0]["importance"]
curve = X_test["lightcurve"].iloc[0]
limit = importance.abs().max()
figure, ax = plt.subplots(figsize=(9, 4), layout="constrained")
for band, style in band_styles("LSST").items():
    own = (curve["band"] == band).to_numpy()
    error = {"fmt": "none", "ecolor": "0.7", "lw": 0.8, "zorder": 1}
    ax.errorbar(curve["time"][own], curve["flux"][own], curve["flux_err"][own], **error)
    points = ax.scatter(
        curve["time"][own],
        curve["flux"][own],
        c=importance[own],
        cmap="PuOr_r",
        vmin=-limit,
        vmax=limit,
        s=70,
        ec="0.3",
        marker=style.marker,
        label=band,
    )
predicted = model.predict(X_test.iloc[:1])[0]
figure.colorbar(points, label=f"importance for {predicted}: raises (+) or lowers (−) it")
ax.set(title=f"predicted {predicted}, true {y_test[0]}")
ax.set(xlabel="days since the start of the survey", ylabel="flux")
ax.legend(title="band")
plt.show()

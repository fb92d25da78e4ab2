"""
Gaussian processes through a light curve of six bands
=====================================================

What a Gaussian process knows of a type Ia supernova after 5 observations and after 100: fits with
bands of one standard deviation for a kernel over time and wavelength and for bands on their own,
curves drawn from the posterior, and how well the length scales are known.
"""

# %%
# A supernova seen by LSST in a dense cadence.  Of the observations around its peak, 100 are taken
# at random, and of these, 5.
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

from skastro.augmentation import draw_light_curves
from skastro.datasets import get_cadence, make_light_curves
from skastro.feature_extraction import GPInterpolate
from skastro.gaussian_process import fisher_information, fit_light_curves, interpolate_per_band
from skastro.inspection import LightCurveDisplay, band_styles
from skastro.preprocessing import Window
from skastro.surveys import get_survey
from skastro.utils.ragged import flatten, nest

survey = get_survey("LSST")
cadence = replace(get_cadence("LSST"), night_gap=1.5, visits_per_night=6)
X, _ = make_light_curves(
    1, classes=["SNIa"], cadence=cadence, redshift_range=(0.1, 0.15), random_state=5
)
X = Window(start=-30, stop=90).fit_transform(X)
_, rows = flatten(X["lightcurve"], ("time", "band", "flux", "flux_err"))
order = np.random.default_rng(0).permutation(len(rows["time"]))[:100]


def observe(n):
    """Return the object with the first n of the chosen observations, and these as plain arrays."""
    some = np.sort(order[:n])
    part = {name: values.take(some) for name, values in rows.items()}
    return X.assign(lightcurve=nest([0, n], part, X.index)), part


# %%
# One process over time and wavelength (:class:`skastro.feature_extraction.GPInterpolate`) carries
# what one band shows to the others.  With 5 points it is already a light curve in six bands,
# with wide bands of error; with 100 the two kernels hardly differ any more.
figure, axes = plt.subplots(2, 2, figsize=(11, 7), sharex=True, sharey=True, layout="constrained")
times = np.linspace(-35, 95, 200)
for row, kernel in zip(axes, ["radial", "separable"]):
    process = GPInterpolate(
        times, survey=survey, kernel=kernel, wavelength_scale=6000.0, engine="numpy"
    )
    for ax, n in zip(row, [5, 100]):
        LightCurveDisplay.from_estimator(process, observe(n)[0], X.index[0], ax=ax)
        ax.set_title(f"{kernel} kernel, {n} observations")

# %%
# Bands on their own (:func:`skastro.gaussian_process.interpolate_per_band`) know nothing of each
# other.  Of the 5 observations one band has the 3 that a fit needs, and white noise explains them
# as well as a peak does; the result says what is missing in the other bands.
bands = list(survey.wavelengths)[:6]
figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
peak = X["peak_time"].to_numpy(float)
for ax, n in zip(axes, [5, 100]):
    _, part = observe(n)
    alone = interpolate_per_band(
        [0, n], *part.values(), times, bands=bands, reference=peak, time_scale=(10.0, 150.0)
    )
    curves = {
        band: (times + peak, alone.mean[0, i], alone.std[0, i])
        for i, band in enumerate(bands)
        if alone.status[0, i] == 0
    }
    LightCurveDisplay(**part, survey=survey, curves=curves).plot(ax)
    ax.set_title(f"each band alone, {n} observations: {len(curves)} of 6 bands fitted")
    print(f"{n:3} observations:", dict(zip(bands, alone.reasons[0])))

# %%
# Light curves drawn from the posterior are new examples for a classifier: compatible with what
# was seen, and with the spread of what was not.  Here the r band every day, errors of zero.
figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
days = np.arange(-30.0, 91.0) + peak
for ax, n in zip(axes, [5, 100]):
    _, part = observe(n)
    plain = [part["time"], survey.band_wavelengths(part["band"]), part["flux"], part["flux_err"]]
    fits = fit_light_curves([0, n], *plain, kernel="separable", wavelength_scale=6000.0)
    points = [0, len(days)], days, np.full(len(days), survey.wavelengths["r"]), 0 * days
    drawn = draw_light_curves(
        [0, n], *plain, points, fits=fits, n_draws=20, kernel="separable", random_state=0
    )
    style = band_styles(survey)["r"]
    ax.plot(days, drawn.flux.reshape(20, -1).T, color=style.color, alpha=0.3, lw=1)
    own = part["band"] == "r"
    point = {"fmt": style.marker, "color": "black", "ms": 5}
    ax.errorbar(part["time"][own], part["flux"][own], part["flux_err"][own], **point)
    ax.set(title=f"20 draws of the r band, {n} observations in six bands")
    ax.set(xlabel="MJD", ylabel="flux [FLUXCAL]")

# %%
# The Fisher matrix says how well a light curve can tell the hyperparameters: the inverse holds
# the variances of their logarithms.
for n in (5, 20, 100):
    _, part = observe(n)
    wavelength = survey.band_wavelengths(part["band"])
    fits = fit_light_curves([0, n], part["time"], wavelength, part["flux"], part["flux_err"])
    best = fits.amplitude[0], fits.time_scale[0], fits.wavelength_scale[0]
    information = fisher_information(part["time"], wavelength, part["flux_err"], best)
    error = np.sqrt(np.diag(np.linalg.pinv(information)))
    print(
        f"{n:3} observations: time scale {best[1]:3.0f} d to {error[1]:.0%}, "
        f"wavelength scale {best[2]:5.0f} A to {error[2]:.0%}"
    )

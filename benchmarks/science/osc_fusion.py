"""Late fusion of spectra and light curves: real supernovae of the Open Supernova Catalog.

One model reads the spectra (the kernel machine of ``make_ccsnscore``, probabilities pooled per
supernova), one the light curve (extra-trees on statistics, the absolute magnitude at maximum and
the decline), both trained on the same folds by supernova.  Supernovae with five observations are
scored.  With the probabilities `p` of the spectra and `q` of the light curve, whose training
weighs the classes equally, the fusion is proportional to p q^w.

Run: OMP_NUM_THREADS=1 python benchmarks/science/osc_fusion.py ../shared/data/osc
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from _table import print_table
from astropy.cosmology import Planck18
from ccsnscore import CHANNELS, scores
from osc import clean_osc, read_osc
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedGroupKFold

from skastro.feature_extraction import LightCurveStatistics
from skastro.recipes import make_ccsnscore_classifier, make_ccsnscore_features, pool_spectra
from skastro.resampling import group_weights
from skastro.utils.ragged import flatten

SEEDS = range(3)
EXPONENTS = (0.25, 0.5, 1.0)
SPANS = ((5, 15), (15, 30), (30, 60), (60, 120))
FEWEST = 5


def light_curve_features(X):
    """Return statistics, absolute magnitude at maximum, and decline [mag] in spans of days."""
    offsets, rows = flatten(X["lightcurve"])
    redshift = X["redshift"].to_numpy(float)
    distance = Planck18.distmod(np.fmax(np.nan_to_num(redshift, nan=1e-3), 1e-3)).value
    own = []
    for start, stop in zip(offsets[:-1], offsets[1:]):
        mag, time = rows["mag"][start:stop], rows["time"][start:stop]
        days = time - time[mag.argmin()]
        parts = [mag[(days > low) & (days <= high)] for low, high in SPANS]
        own.append(
            [mag.min(), *(np.median(part) - mag.min() if len(part) else -9 for part in parts)]
        )
    own = np.array(own)
    own[:, 0] -= distance
    table = np.hstack([own, redshift[:, None], LightCurveStatistics().fit_transform(X)])
    return np.nan_to_num(np.asarray(table, float), nan=-9).clip(-1e9, 1e9)


def out_of_fold(rows, y, names, light, light_y, light_names, seed):
    """Return the probabilities of the supernovae with a light curve, by spectra and by curve."""
    labels = np.unique(y)
    by_spectrum, by_curve = np.zeros((2, len(light), len(labels)))
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
    for train, test in folds.split(rows, y, names):
        model = make_ccsnscore_classifier(channels=CHANNELS, kernel_weight=1, random_state=seed)
        model.fit(rows[train], y[train], sample_weight=group_weights(names[train]))
        pooled = pool_spectra(model.predict_proba(rows[test]), names[test])
        new = np.isin(light_names, names[test])
        by_spectrum[new] = pooled.loc[light_names[new]]
        trees = ExtraTreesClassifier(
            500, min_samples_leaf=2, class_weight="balanced", random_state=seed
        ).fit(light[~new], light_y[~new])
        known = np.searchsorted(labels, trees.classes_)
        by_curve[np.ix_(new, known)] = trees.predict_proba(light[new])
    return by_spectrum, by_curve


def fused(by_spectrum, by_curve, exponent):
    product = by_spectrum * np.fmax(by_curve, 0.02) ** exponent
    return product / product.sum(axis=1, keepdims=True)


def main():
    X, y, _ = clean_osc(*read_osc(Path(sys.argv[1])))
    names = X["name"].to_numpy(object)
    rows = make_ccsnscore_features(channels=CHANNELS).fit_transform(X)
    counts = np.diff(flatten(X["lightcurve"])[0])
    one = ~pd.Series(names).duplicated().to_numpy() & (counts >= FEWEST)
    light, light_y, light_names = light_curve_features(X[one]), y[one], names[one]
    print(f"{one.sum()} of {len(set(names))} supernovae with {FEWEST} observations")
    found = {}
    for seed in SEEDS:
        spectra, curve = out_of_fold(rows, y, names, light, light_y, light_names, seed)
        both = {f"both, w = {e}": fused(spectra, curve, e) for e in EXPONENTS}
        for name, proba in ({"spectra": spectra, "light curve": curve} | both).items():
            found.setdefault(name, []).append(scores(light_y, proba))
    print_table(found)


if __name__ == "__main__":
    main()

"""The network of CCSNscore with and without pre-training on spectra without labels.

`MultimodalAutoencoder` reads templates of SNID and Superfit, or these and all spectra of the Open
Supernova Catalog, those of the scored supernovae among them, without labels; the encoders of the
network start from its own.  4-fold cross-validation by supernova over the development part of
``ccsnscore.py``; "recipe" is the mean of 3/4 kernel machine and 1/4 network.

Run: OMP_NUM_THREADS=1 python benchmarks/science/spectra_pretraining.py ../shared/data [--seeds 3]
"""

import argparse
import io
import tarfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _table import print_table
from ccsnscore import CHANNELS, scores, split
from nested_pandas import NestedFrame
from osc import clean_osc, read_osc
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedGroupKFold
from snid_leakage import read_templates

from skastro.neural_network import (
    ConvolutionKernelClassifier,
    MultimodalAutoencoder,
    MultimodalClassifier,
)
from skastro.recipes import ccsnscore_shapes, make_ccsnscore_features, pool_spectra
from skastro.resampling import group_weights
from skastro.utils.ragged import flatten, nest

SHAPES = ccsnscore_shapes(CHANNELS)
SHORT = {"max_epochs": 15, "lr": 1e-3}


def read_superfit(path):
    """Return the spectra of an archive of two columns, wavelength and flux, at rest."""
    tables = []
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile():
                text = io.BytesIO(archive.extractfile(member).read())
                tables.append(np.loadtxt(text, usecols=(0, 1)))
    rows = dict(zip(("wavelength", "flux"), np.concatenate(tables).T))
    offsets = np.concatenate([[0], np.cumsum([len(table) for table in tables])])
    return NestedFrame({"redshift": np.zeros(len(tables))}).assign(spectrum=nest(offsets, rows))


def read_snid(folder):
    """Return the templates, with the pixels where they have a spectrum."""
    types = np.unique(np.load(folder / "snid_templates.npz")["sn_type"])
    X, _ = read_templates(folder, {"all": tuple(types)})
    offsets, rows = flatten(X["spectrum"])
    flux = np.asarray(rows["flux"], float)
    rows = {"wavelength": rows["wavelength"], "flux": np.where(flux == 0, np.nan, flux + 1)}
    return X.assign(redshift=0.0, spectrum=nest(offsets, rows, X.index))


def pretrained(rows, epochs, seed):
    """Return an auto-encoder that has seen the rows."""
    options = {"max_epochs": epochs, "validation": None, "device": "cpu", "random_state": seed}
    encoder = MultimodalAutoencoder(inputs=SHAPES, **options)
    encoder.fit(rows)
    last = encoder.history_["train_loss"].iloc[-1]
    print(f"{len(rows)} rows, seed {seed}: error {last:.2f} of the variance", flush=True)
    return FrozenEstimator(encoder)


def models(encoders, seed):
    """Return the classifiers."""
    options = {"inputs": SHAPES, "batch_size": 64, "validation": None, "device": "cpu"}
    options |= {"class_weight": "balanced", "random_state": seed}
    networks = {
        "network": MultimodalClassifier(**options),
        "network, 15 epochs at 1e-3": MultimodalClassifier(**SHORT, **options),
    }
    for name, encoder in encoders.items():
        networks[f"the same, after {name}"] = MultimodalClassifier(
            pretrained=encoder, **SHORT, **options
        )
    kernel = ConvolutionKernelClassifier(SHAPES, class_weight="balanced", random_state=seed)
    return {"kernel machine": kernel} | networks


def out_of_fold(rows, y, names, encoders, seed):
    """Return the probabilities of every model, each spectrum by models of other supernovae."""
    found = {}
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
    for k, (train, test) in enumerate(folds.split(rows, y, names)):
        own = group_weights(names[train])
        each = {}
        for name, model in models(encoders, 10 * seed + k).items():
            model.fit(rows[train], y[train], sample_weight=own)
            if isinstance(model, MultimodalClassifier):
                each[name] = model.predict_proba_samples(rows[test], n_samples=20).mean(axis=0)
            else:
                each[name] = model.predict_proba(rows[test])
        kernel = each["kernel machine"]
        each |= {
            f"recipe with {name}": 0.75 * kernel + 0.25 * proba
            for name, proba in each.items()
            if proba is not kernel
        }
        for name, proba in each.items():
            found.setdefault(name, np.zeros((len(y), proba.shape[1])))[test] = proba
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20, help="of the pre-training")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    X, y, _ = clean_osc(*read_osc(options.data / "osc"))
    folder = options.data / "spectra"
    features = make_ccsnscore_features(channels=CHANNELS)
    rows, *others = (
        features.fit_transform(spectra).astype(np.float32)
        for spectra in (X, read_snid(folder), read_superfit(folder / "superfit_ascii.tar.gz"))
    )
    templates = np.concatenate([part[np.isfinite(part).all(axis=1)] for part in others])
    dev, _ = split(X, y)
    names = X["name"].to_numpy(object)[dev]
    objects = pd.Series(y[dev]).groupby(names).first()
    runs = {}
    for seed in range(options.seeds):
        encoders = {
            "templates": pretrained(templates, options.epochs, seed),
            "all spectra": pretrained(np.concatenate([templates, rows]), options.epochs, seed),
        }
        for name, proba in out_of_fold(rows[dev], y[dev], names, encoders, seed).items():
            pooled = pool_spectra(proba, names)
            true = objects[pooled.index].to_numpy(object)
            runs.setdefault(f"{name} | spectrum", []).append(scores(y[dev], proba))
            runs.setdefault(f"{name} | supernova", []).append(scores(true, pooled.to_numpy()))
        print_table(runs)


if __name__ == "__main__":
    main()

"""The network of CCSNscore with and without pre-training on spectra without labels.

Pre-training: rows with half of their pixels hidden in stretches and noise on the others come in,
the whole rows are asked for.  It reads all spectra of the Open Supernova Catalog, those of the
scored supernovae among them, and the templates of SNID and Superfit, none with labels.  Then the
encoders start from its weights.  4-fold cross-validation by supernova over the development part
of ``ccsnscore.py``, three seeds; `linear` is a logistic regression on the embedding of the
pre-trained network, whose encoders it leaves as they are.

Run: OMP_NUM_THREADS=1 python benchmarks/science/spectra_pretraining.py ../shared/data
"""

import argparse
import io
import tarfile
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _table import print_table
from ccsnscore import CHANNELS, scores, split
from nested_pandas import NestedFrame
from osc import clean_osc, read_osc
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from snid_leakage import read_templates
from torch import nn

from skastro.neural_network import ConvolutionKernelClassifier, MultimodalClassifier
from skastro.nn import FusionNet
from skastro.recipes import ccsnscore_shapes, make_ccsnscore_features, pool_spectra
from skastro.resampling import group_weights
from skastro.utils.ragged import flatten, nest

SHAPES = ccsnscore_shapes(CHANNELS)
SIZES = [int(np.prod(shape)) for shape in SHAPES.values()]


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


class Reconstruct(nn.Module):
    """All rows from those with gaps."""

    def __init__(self):
        super().__init__()
        self.net = FusionNet(SHAPES, sum(SIZES))

    def forward(self, rows):
        """Return reconstructed rows."""
        parts = torch.split(rows, SIZES, dim=1)
        shaped = [part.reshape(-1, *shape) for part, shape in zip(parts, SHAPES.values())]
        return self.net(*shaped)


def hidden(n, generator):
    """Return which pixels of n rows are hidden: about half, in stretches of 16."""
    parts = []
    for size in SIZES:
        short = torch.rand(n, -(-size // 16), generator=generator) < 0.5
        parts.append(short.repeat_interleave(16, dim=1)[:, :size])
    return torch.cat(parts, dim=1)


def pretrain(rows, epochs, seed):
    """Return the weights of the encoders and of the first dense layers after pre-training."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    rows = torch.as_tensor(rows, dtype=torch.float32)
    scale = rows.std(dim=0).clamp(min=0.1)
    model = Reconstruct()
    steps = epochs * -(-len(rows) // 64)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    losses = []
    for _ in range(epochs):
        for batch in torch.randperm(len(rows), generator=generator).split(64):
            whole = rows[batch]
            gaps = hidden(len(whole), generator)
            noise = 0.1 * scale * torch.randn(whole.shape, generator=generator)
            found = model(torch.where(gaps, 0.0, whole + noise))
            loss = (((found - whole) / scale) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    last = np.mean(losses[-len(losses) // epochs :])
    print(f"pre-training, seed {seed}: error {losses[0]:.2f} -> {last:.2f} of the variance")
    return model.net.eval()


def started(state, *arguments, **named):
    """Return a FusionNet whose encoders and dense layers start from `state`."""
    net = FusionNet(*arguments, **named)
    net.load_state_dict(state, strict=False)
    return net


def embed(net, rows):
    """Return the embeddings of rows."""
    parts = np.split(rows, np.cumsum(SIZES)[:-1], axis=1)
    shaped = [torch.as_tensor(p).reshape(-1, *s) for p, s in zip(parts, SHAPES.values())]
    with torch.no_grad():
        each = [encoder(values) for encoder, values in zip(net.encoders, shaped)]
    return torch.cat(each, dim=1).numpy()


def models(net, seed):
    """Return the classifiers."""
    options = {"inputs": SHAPES, "batch_size": 64, "validation": None, "device": "cpu"}
    options |= {"class_weight": "balanced", "random_state": seed}
    kept = ("encoders.", "head.")
    state = {name: value for name, value in net.state_dict().items() if name.startswith(kept)}
    start = partial(started, state)
    return {
        "network": MultimodalClassifier(**options),
        "network, pre-trained": MultimodalClassifier(module=start, **options),
        "network, pre-trained, 15 epochs at 1e-3": MultimodalClassifier(
            module=start, max_epochs=15, lr=1e-3, **options
        ),
        "network, 15 epochs at 1e-3": MultimodalClassifier(max_epochs=15, lr=1e-3, **options),
        "kernel machine": ConvolutionKernelClassifier(
            SHAPES, class_weight="balanced", random_state=seed
        ),
    }


def out_of_fold(rows, y, names, net, seed):
    """Return the probabilities of every model, each spectrum by models of other supernovae."""
    found = {}
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    codes = embed(net, rows)
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
    for k, (train, test) in enumerate(folds.split(rows, y, names)):
        own = group_weights(names[train])
        each = {}
        for name, model in models(net, 10 * seed + k).items():
            model.fit(rows[train], y[train], sample_weight=own)
            each[name] = model.predict_proba(rows[test])
        for name in ("network", "network, pre-trained"):
            each[f"3/4 kernel machine, 1/4 {name}"] = (
                0.75 * each["kernel machine"] + 0.25 * each[name]
            )
        linear.fit(codes[train], y[train], logisticregression__sample_weight=own)
        each["linear"] = linear.predict_proba(codes[test])
        for name, proba in each.items():
            found.setdefault(name, np.zeros((len(y), proba.shape[1])))[test] = proba
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40, help="of the pre-training")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    X, y, _ = clean_osc(*read_osc(options.data / "osc"))
    folder = options.data / "spectra"
    templates = read_snid(folder), read_superfit(folder / "superfit_ascii.tar.gz")
    features = make_ccsnscore_features(channels=CHANNELS)
    rows = features.fit_transform(X).astype(np.float32)
    parts = [rows, *(features.transform(T).astype(np.float32) for T in templates)]
    parts = [part[np.isfinite(part).all(axis=1)] for part in parts]
    print("rows to pre-train on:", [len(part) for part in parts], flush=True)
    dev, _ = split(X, y)
    names = X["name"].to_numpy(object)[dev]
    objects = pd.Series(y[dev]).groupby(names).first()
    runs = {}
    for seed in range(options.seeds):
        net = pretrain(np.concatenate(parts), options.epochs, seed)
        for name, proba in out_of_fold(rows[dev], y[dev], names, net, seed).items():
            pooled = pool_spectra(proba, names)
            true = objects[pooled.index].to_numpy(object)
            runs.setdefault(f"{name} | spectrum", []).append(scores(y[dev], proba))
            runs.setdefault(f"{name} | supernova", []).append(scores(true, pooled.to_numpy()))
        print_table(runs)


if __name__ == "__main__":
    main()

"""Transformers on labelled simulated LSST light curves, with few and with many labels.

    python benchmarks/science/transformer_survey.py ../shared/data --seeds 3

The splits are those of oracle.py: 80 % to train, of which each network holds out a tenth to choose
its best epoch, 20 % scored once.  Labels are kept for a stratified tenth, third or all of the
training objects; the auto-encoder sees the light curves of all training objects and no label.
Every run is a line of the output at once; what stands there is not run again.  The
frozen encoder is tried with a tenth of the labels alone.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _data import load_survey_bench
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss
from sklearn.model_selection import train_test_split

from skastro.neural_network import (
    RecurrentClassifier,
    TransformerAutoencoder,
    TransformerClassifier,
)
from skastro.nn import LightCurveAutoencoderNet, TransformerNet
from skastro.recipes import STATIC_COLUMNS, make_oracle_features

DAYS = (8.0, 30.0, 1e4)
SHARES = (0.1, 0.3, 1.0)
SIZES = {"size": 64, "num_layers": 2, "n_heads": 4, "feedforward_size": 128, "dropout": 0.1}
EPOCHS = {0.1: 60, 0.3: 40, 1.0: 20}
ENCODER_EPOCHS = 15
FROZEN = "transformer, pre-trained and frozen"


def autoencoder(X, seed):
    """Auto-encoder of the light curves of all training objects."""
    model = TransformerAutoencoder(
        module=partial(LightCurveAutoencoderNet, **SIZES),
        code_size=SIZES["size"],
        reference_column="first_detection",
        max_epochs=ENCODER_EPOCHS,
        random_state=seed,
    )
    return model.fit(X[["lightcurve", "first_detection"]])


def transformer(seed, epochs, encoder=None, freeze=False):
    """Classifier from scratch or from an encoder."""
    return TransformerClassifier(
        static=STATIC_COLUMNS,
        module=partial(TransformerNet, **SIZES),
        pretrained=None if encoder is None else FrozenEstimator(encoder),
        freeze_encoder=freeze,
        reference_column="first_detection",
        max_epochs=epochs,
        random_state=seed,
    )


def recurrent(seed, epochs):
    """The classifier of the ORACLE recipe, without a tree."""
    return RecurrentClassifier(
        static=STATIC_COLUMNS,
        reference_column="first_detection",
        max_epochs=epochs,
        random_state=seed,
    )


def models(encoder, seed, epochs):
    """Functions that make the classifiers of one run."""
    return {
        "transformer": lambda: transformer(seed, epochs),
        "transformer, pre-trained": lambda: transformer(seed, epochs, encoder()),
        FROZEN: lambda: transformer(seed, epochs, encoder(), True),
        "recurrent": lambda: recurrent(seed, epochs),
    }


def scores(y, proba, classes):
    """Figures of one date."""
    found = classes[proba.argmax(1)]
    return {
        "macro F1": f1_score(y, found, average="macro"),
        "balanced accuracy": balanced_accuracy_score(y, found),
        "log loss": log_loss(y, proba, labels=classes),
    }


def runs(X, y, seed, output, names):
    """Run what is not yet in the output."""
    done = set(map(tuple, read(output)[["model", "labels", "seed"]].to_numpy().tolist()))
    train, test = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=seed)
    cache = {}

    def encoder():
        if not cache:
            begin = time.process_time()
            cache["model"] = autoencoder(X.iloc[train], seed)
            print(f"auto-encoder {time.process_time() - begin:.0f} s", flush=True)
        return cache["model"]

    for share in SHARES:
        labelled = train
        if share < 1:
            labelled, _ = train_test_split(
                train, train_size=share, stratify=y[train], random_state=seed
            )
        for name, make in models(encoder, seed, EPOCHS[share]).items():
            if (name, share, seed) in done or name not in names or (name == FROZEN and share > 0.1):
                continue
            begin, model = time.process_time(), make()
            model.fit(X.iloc[labelled], y[labelled])
            proba = model.predict_proba_at(X.iloc[test], DAYS)
            seconds = time.process_time() - begin
            for i, day in enumerate(DAYS):
                figures = scores(y[test], proba[:, i], model.classes_)
                line = {"model": name, "labels": share, "seed": seed, "day": day, **figures}
                append(output, line | {"best epoch": model.best_epoch_, "seconds": seconds})
                print(line, f"best epoch {model.best_epoch_}, {seconds:.0f} s", flush=True)


def read(output):
    """Lines that are there."""
    if Path(output).exists():
        return pd.read_csv(output)
    return pd.DataFrame(columns=["model", "labels", "seed"])


def append(output, line):
    """Add one line."""
    new = not Path(output).exists()
    pd.DataFrame([line]).to_csv(output, mode="a", header=new, index=False)


def summary(table):
    """Markdown of mean and spread over the seeds, one column a date."""
    grouped = table.groupby(["labels", "model", "day"], sort=False)["macro F1"]
    found = grouped.agg(["mean", "std", "count"])
    cells = found["mean"].map("{:.3f}".format) + " ± " + found["std"].map("{:.3f}".format)
    return cells.unstack("day").to_markdown()


def main():
    """Run all seeds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="*", help="names; all by default")
    parser.add_argument("--output", default="output/science/transformer_survey.csv")
    options = parser.parse_args()
    torch.set_num_threads(1)
    Path(options.output).parent.mkdir(parents=True, exist_ok=True)
    X, y = load_survey_bench(options.data)
    X, y = make_oracle_features().fit_transform(X), np.asarray(y).astype(str)
    names = options.models or list(models(None, 0, 1))
    for seed in range(options.seeds):
        runs(X, y, seed, options.output, names)
    print(summary(read(options.output)))


if __name__ == "__main__":
    main()

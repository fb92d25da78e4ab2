"""Score transformers on the toy set of four classes: grid and event tokens, and what they cost.

    python benchmarks/science/transformer.py --seeds 2

1,200 objects to train, 400 scored once, one core; seconds are CPU time.  ``events``
is the small TransformerClassifier, ``events, frozen codes`` a random forest over the codes of the
auto-encoder, ``GRU`` the RecurrentClassifier.  The grids have a step a day and six filters, in a
plain torch loop with the same layers: the mask of ``grid, filter 0`` takes only the steps that
the first filter has.
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch
from torch import nn

from skastro.datasets import make_bazin
from skastro.neural_network import RecurrentClassifier, TransformerClassifier
from skastro.nn import TimeEncoding, TransformerLayer
from skastro.recipes import make_transformer_forest

N_TRAIN = 1200


class GridNet(nn.Module):
    """Transformer over time steps; steps that `mask` leaves out are not looked at."""

    def __init__(self, n_filters=6, size=64, num_layers=2, n_outputs=4):
        super().__init__()
        self.embedding, self.time = nn.Linear(2 * n_filters, size), TimeEncoding(size)
        options = {"feedforward_size": 128, "dropout": 0.1}
        self.layers = nn.ModuleList(TransformerLayer(size, **options) for _ in range(num_layers))
        self.head = nn.Sequential(nn.Linear(size, 64), nn.ReLU(), nn.Linear(64, n_outputs))

    def forward(self, grid, seen, mask):
        days = torch.arange(grid.shape[1], dtype=grid.dtype)
        tokens = self.embedding(torch.cat([grid, seen], dim=2)) + self.time(days)
        for layer in self.layers:
            tokens = layer(tokens, mask[:, None].expand(-1, grid.shape[1], -1))
        return self.head(tokens.masked_fill(~mask[:, :, None], -torch.inf).amax(dim=1))


def run_grid(seed, only_first, epochs, num_layers=2, size=64):
    """Accuracy and seconds of a grid."""
    grid, y = make_bazin(N_TRAIN + 400, as_grid=True, random_state=seed)
    codes = torch.from_numpy(np.unique(y, return_inverse=True)[1])
    flux, seen = torch.from_numpy(grid["flux"]), torch.from_numpy(grid["weight"])
    mask = seen[:, :, 0] > 0 if only_first else (seen > 0).any(dim=2)
    mask[:, 0] = True
    start = time.process_time()
    torch.manual_seed(seed)
    net = GridNet(size=size, num_layers=num_layers)
    optimizer = torch.optim.Adam(net.parameters(), 2e-3)
    for _ in range(epochs):
        for rows in torch.randperm(N_TRAIN).split(64):
            optimizer.zero_grad()
            logits = net(flux[rows], seen[rows], mask[rows])
            nn.functional.cross_entropy(logits, codes[rows]).backward()
            optimizer.step()
    seconds = time.process_time() - start
    test = slice(N_TRAIN, None)
    with torch.no_grad():
        found = net.eval()(flux[test], seen[test], mask[test]).argmax(dim=1)
    return float((found == codes[test]).float().mean()), seconds


def run_events(seed, model):
    """Accuracy and seconds of an estimator of light curves."""
    X, y = make_bazin(N_TRAIN + 400, random_state=seed)
    start = time.process_time()
    model.fit(X[:N_TRAIN], y[:N_TRAIN])
    seconds = time.process_time() - start
    return model.score(X[N_TRAIN:], y[N_TRAIN:]), seconds


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=6)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    complete = {"n_prefixes": 0, "observation_dropout": 0.0, "max_epochs": options.epochs}
    for seed in range(options.seeds):
        complete["random_state"] = seed
        runs = {
            "events": lambda s: run_events(s, TransformerClassifier(**complete)),
            "GRU": lambda s: run_events(s, RecurrentClassifier(**complete)),
            "grid, any filter": lambda s: run_grid(s, False, options.epochs),
            "grid, filter 0": lambda s: run_grid(s, True, options.epochs),
            "events, frozen codes": lambda s: run_events(
                s, make_transformer_forest(random_state=s)
            ),
        }
        for name, run in runs.items():
            rows.append((name, seed, *run(seed)))
            print(*rows[-1], flush=True)
    names = ["model", "seed", "accuracy", "seconds"]
    table = pd.DataFrame(rows, columns=names).groupby("model", sort=False)
    print(table[["accuracy", "seconds"]].agg(["mean", "min", "max"]).round(4).to_string())
    large = run_grid(0, False, 1, num_layers=16, size=128)[1]
    print("16 layers of 128 over the grid, seconds an epoch:", round(large, 1))


if __name__ == "__main__":
    main()

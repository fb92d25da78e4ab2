"""What transformers cost: training beside a plain loop, one reconstruction, the original sizes.

    OMP_NUM_THREADS=1 python benchmarks/bench_transformer.py --objects 1500

TransformerClassifier and a plain torch loop over batches that lie ready in memory train the same
network on the same simulated light curves, in alternating rounds.  Then the auto-encoder gives back
one light curve after the other, in one pass and step by step.  Last, a step of training of the
small network over observations and of the original one over a grid of 101 days: 8 layers of width
128, and 16, as many as it has with its decoder.  Seconds are CPU time.
"""

import argparse
import time
from functools import partial

import numpy as np
import torch
from torch import nn

from skastro.datasets import make_bazin, make_light_curves
from skastro.neural_network import TransformerAutoencoder, TransformerClassifier
from skastro.neural_network.inputs import BatchDataset, BatchIterator
from skastro.nn import GridTransformerNet, LightCurveAutoencoderNet, TransformerNet


def estimator(epochs):
    return TransformerClassifier(
        static=["redshift", "mwebv"],
        max_epochs=epochs,
        schedule="constant",
        validation=None,
        device="cpu",
        random_state=0,
    )


def ready_batches(model, X, y):
    """Batches of the estimator, all of them in memory."""
    source = model._read(X, reset=False).scaled(model.scale_)
    data = BatchDataset(
        source, np.arange(len(X)), model._targets.codes(y), generator=torch.Generator()
    )
    return list(BatchIterator(data, model.batch_size, shuffle=True))


def plain_loop(model, batches, epochs):
    parameters = model.net_.get_params()
    known = ("n_inputs", "n_outputs", "n_static", "n_bands")
    network = TransformerNet(**{name: parameters[f"module__{name}"] for name in known})
    optimizer = torch.optim.Adam(network.parameters(), lr=model.lr)
    start = time.process_time()
    for _ in range(epochs):
        for i in torch.randperm(len(batches)).tolist():
            inputs, codes = batches[i]
            optimizer.zero_grad()
            logits = network(**{name: t for name, t in inputs.items() if name != "sample_weight"})
            codes = codes[:, None].expand(logits.shape[:2]).flatten()
            nn.functional.cross_entropy(logits.flatten(0, 1), codes).backward()
            optimizer.step()
    return time.process_time() - start


def our_training(X, y, epochs):
    start = time.process_time()
    estimator(epochs).fit(X, y)
    return time.process_time() - start


def training(options):
    """Print the ratio to the plain loop."""
    X, y = make_light_curves(options.objects, random_state=0)
    batches = ready_batches(model := estimator(1).fit(X, y), X, y)
    ratios, rates = [], []
    for _ in range(options.rounds):
        ours, plain = our_training(X, y, options.epochs), plain_loop(model, batches, options.epochs)
        ratios.append(ours / plain)
        rates.append(options.objects * options.epochs / ours)
    print(
        f"training: {np.median(rates):.0f} objects/s, {np.median(ratios):.3f} x a plain loop over "
        f"ready batches ({', '.join(f'{r:.3f}' for r in ratios)})"
    )


def reconstruction():
    """Print milliseconds a light curve."""
    X, _ = make_bazin(200, random_state=0)
    for decoder in ("curve", "sequence"):
        module = partial(LightCurveAutoencoderNet, decoder=decoder)
        model = TransformerAutoencoder(module=module, max_epochs=1, random_state=0).fit(X)
        seconds = []
        for i in range(50):
            start = time.process_time()
            model.reconstruct(X.iloc[i : i + 1])
            seconds.append(time.process_time() - start)
        start = time.process_time()
        model.reconstruct(X)
        together = (time.process_time() - start) / len(X)
        print(
            f"reconstruction, decoder {decoder!r}: {1e3 * np.median(seconds):.1f} ms one by one, "
            f"{1e3 * together:.2f} ms an object of 200"
        )


def step_seconds(network, *inputs, rounds=5):
    """CPU seconds for a step of training."""
    optimizer, seconds = torch.optim.Adam(network.parameters()), []
    for _ in range(rounds):
        start = time.process_time()
        optimizer.zero_grad()
        network(*inputs).square().mean().backward()
        optimizer.step()
        seconds.append(time.process_time() - start)
    return min(seconds)


def sizes():
    """Print the ratio of the original code's sizes to the small network."""
    X, y = make_bazin(256, random_state=0)
    options = {"n_prefixes": 0, "observation_dropout": 0.0, "max_epochs": 1, "batch_size": 64}
    model = TransformerClassifier(**options, random_state=0).fit(X, y)
    inputs = ready_batches(model, X, y)[0][0]
    names = ("observations", "positions", "lengths")
    small = step_seconds(model.net_.module_, *(inputs[name] for name in names))
    grid = (torch.rand(64, 6, 101, 2) > 0.9).float()
    original = {"size": 128, "n_heads": 8, "feedforward_size": 64, "norm_first": False}
    print(f"a step with 64 objects: observations, 2 layers of 64: {1e3 * small:.0f} ms")
    for layers in (8, 16):
        network = GridTransformerNet((6, 101, 2), n_outputs=4, num_layers=layers, **original)
        large = step_seconds(network, grid)
        print(f"grid, {layers} layers of 128: {1e3 * large:.0f} ms, {large / small:.0f} times")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    training(options)
    reconstruction()
    sizes()


if __name__ == "__main__":
    main()

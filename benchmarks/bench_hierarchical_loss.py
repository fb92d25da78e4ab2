"""Hierarchical and plain cross-entropy: alone, and in a training step of the recurrent network.

ELAsTiCC's tree of 26 nodes against its 19 leaves side by side, forward and backward, on the same
numbers in alternating rounds.

    python benchmarks/bench_hierarchical_loss.py --rounds 20
"""

import argparse
import time

import numpy as np
import torch

from skastro.nn import HierarchicalCrossEntropy, RecurrentNet
from skastro.taxonomy import ELASTICC


def seconds(step, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    return (time.perf_counter() - start) / repeats


def loss_steps(n_objects):
    """Forward and backward of the losses alone."""
    leaves = torch.randint(0, len(ELASTICC.leaves), (n_objects,))
    cases = {
        "plain": (torch.nn.CrossEntropyLoss(), len(ELASTICC.leaves), leaves),
        "hierarchical": (
            HierarchicalCrossEntropy(ELASTICC),
            len(ELASTICC.nodes) - 1,
            torch.from_numpy(ELASTICC.leaf_numbers)[leaves],
        ),
    }
    for name, (loss, width, codes) in cases.items():
        logits = torch.randn(n_objects, width, requires_grad=True)
        yield name, lambda f=loss, x=logits, y=codes: f(x, y).backward()


def training_steps(n_objects):
    """A step of training: network, loss, gradients and Adam."""
    observations = torch.randn(n_objects, 90, 16)
    positions = torch.randint(0, 90, (n_objects, 8))
    leaves = torch.randint(0, len(ELASTICC.leaves), (n_objects * 8,))
    cases = {
        "plain": (torch.nn.CrossEntropyLoss(), len(ELASTICC.leaves), leaves),
        "hierarchical": (
            HierarchicalCrossEntropy(ELASTICC),
            len(ELASTICC.nodes) - 1,
            torch.from_numpy(ELASTICC.leaf_numbers)[leaves],
        ),
    }
    for name, (loss, width, codes) in cases.items():
        network = RecurrentNet(16, width)
        optimizer = torch.optim.Adam(network.parameters())

        def step(network=network, optimizer=optimizer, loss=loss, codes=codes):
            optimizer.zero_grad()
            loss(network(observations, positions).flatten(0, 1), codes).backward()
            optimizer.step()

        yield name, step


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for title, steps, repeats in (
        ("loss alone, 64 objects", dict(loss_steps(64)), 200),
        ("loss alone, 1,024 objects", dict(loss_steps(1024)), 100),
        ("loss alone, 8,192 objects", dict(loss_steps(8192)), 20),
        ("training step, 64 objects of 90 observations", dict(training_steps(64)), 2),
    ):
        found = {name: [] for name in steps}
        for _ in range(options.rounds):
            for name, step in steps.items():
                found[name].append(seconds(step, repeats))
        ratio = np.median(np.divide(found["hierarchical"], found["plain"]))
        times = {name: f"{1e6 * np.median(values):.0f} us" for name, values in found.items()}
        print(f"{title}: {times}, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()

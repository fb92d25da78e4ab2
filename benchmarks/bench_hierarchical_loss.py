"""Cost of the hierarchical cross-entropy in a training step of the ORACLE network.

A step is the network, the loss, its gradients and Adam, with ELAsTiCC's 26 nodes against its 19
leaves as flat classes.  Steps of both kinds alternate, and the ratio is the median over rounds, so
that a change in the load of the machine affects both.  The loss alone is shown for information.

    python benchmarks/bench_hierarchical_loss.py --rounds 40
"""

import argparse
import time

import numpy as np
import torch

from skastro.nn import HierarchicalCrossEntropy, RecurrentNet
from skastro.taxonomy import ELASTICC

ORACLE_NETWORK = {
    "hidden_size": 100,
    "embedding_size": 0,
    "static_size": 10,
    "head_sizes": (100, 64),
    "dropout": 0.0,
}


def seconds(step, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    return (time.perf_counter() - start) / repeats


def loss_steps(n_objects):
    """Yield forward and backward passes of the losses alone."""
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
    """Yield training steps of the published ORACLE network."""
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
        network = RecurrentNet(16, width, **ORACLE_NETWORK)
        optimizer = torch.optim.Adam(network.parameters())

        def step(network=network, optimizer=optimizer, loss=loss, codes=codes):
            optimizer.zero_grad()
            loss(network(observations, positions).flatten(0, 1), codes).backward()
            optimizer.step()

        yield name, step


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for title, steps, repeats in (
        ("training step, 64 objects of 90 observations", dict(training_steps(64)), 2),
        ("training step, 512 objects of 90 observations", dict(training_steps(512)), 1),
        ("loss alone, 512 predictions", dict(loss_steps(512)), 100),
        ("loss alone, 4,096 predictions", dict(loss_steps(4096)), 20),
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

"""Train SCONE's network through HeatmapCNNClassifier and by a plain torch loop.

Both see the same objects, batch size, schedule and number of epochs.  Printed are objects per
second and the accuracy on held-out objects; the ratio of the speeds is what the estimator costs.

    python benchmarks/bench_network_overhead.py --objects 4000 --epochs 3 --threads 1
"""

import argparse
import time

import numpy as np
import torch

from skastro.neural_network import HeatmapCNNClassifier
from skastro.neural_network._callbacks import one_cycle
from skastro.nn import SconeCNN

SHAPE = (32, 180, 2)


def make_images(n, seed):
    """Bumps in time whose colour depends on the class, with noise."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    t, w = np.linspace(-30, 150, 180), np.linspace(-1, 1, 32)
    width = rng.uniform(10, 40, n)[:, None, None]
    colour = (0.5 * y - 0.25 + rng.normal(0, 0.2, n))[:, None, None] * w[:, None]
    flux = np.exp(-0.5 * (t / width) ** 2) * (1 + colour)
    X = np.stack([flux, np.full_like(flux, 0.1)], 3) + rng.normal(0, 0.1, (n, *SHAPE))
    return X.reshape(n, -1).astype(np.float32), y


def plain_loop(X, y, X_test, epochs, batch_size, lr):
    torch.manual_seed(0)
    network = SconeCNN(SHAPE)
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
    loss_function = torch.nn.BCEWithLogitsLoss()
    images, codes = torch.from_numpy(X).reshape(-1, *SHAPE), torch.from_numpy(y).float()
    n_batches = -(-len(X) // batch_size)
    start = time.perf_counter()
    network.train()
    for epoch in range(epochs):
        for i, rows in enumerate(torch.randperm(len(X)).split(batch_size)):
            progress = (epoch * n_batches + i) / (epochs * n_batches)
            for group in optimizer.param_groups:
                group["lr"] = lr * one_cycle(progress)
            optimizer.zero_grad()
            loss_function(network(images[rows])[:, 0], codes[rows]).backward()
            optimizer.step()
    seconds = time.perf_counter() - start
    network.eval()
    start = time.perf_counter()
    with torch.no_grad():
        batches = torch.from_numpy(X_test).reshape(-1, *SHAPE).split(512)
        logits = torch.cat([network(batch) for batch in batches])
    return seconds, time.perf_counter() - start, (logits[:, 0] > 0).numpy()


def estimator(X, y, X_test, epochs, batch_size, lr):
    model = HeatmapCNNClassifier(
        image_shape=SHAPE,
        max_epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        validation=None,
        device="cpu",
        random_state=0,
    )
    start = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    predicted = model.predict(X_test)
    return seconds, time.perf_counter() - start, predicted


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    X, y = make_images(options.objects, 0)
    X_test, y_test = make_images(options.objects, 1)
    arguments = (X, y, X_test, options.epochs, options.batch_size, options.lr)
    for run in (plain_loop, estimator):
        run(X[:256], y[:256], X_test[:256], 1, 32, 1e-3)
    results = {run: [] for run in (plain_loop, estimator)}
    for _ in range(options.repeats):
        for run, seen in results.items():
            fit, predict, predicted = run(*arguments)
            seen.append((fit, predict, np.mean(predicted == y_test)))
    best = {}
    for run, seen in results.items():
        fit, predict = np.min([s[:2] for s in seen], axis=0)
        best[run] = fit, predict
        print(
            f"{run.__name__:12s} fit {options.objects * options.epochs / fit:8.0f} objects/s   "
            f"predict {options.objects / predict:8.0f} objects/s   accuracy "
            + " ".join(f"{s[2]:.4f}" for s in seen)
        )
    ratios = np.divide(best[estimator], best[plain_loop])
    print(f"time of the estimator / plain loop: fit {ratios[0]:.3f}, predict {ratios[1]:.3f}")


if __name__ == "__main__":
    main()

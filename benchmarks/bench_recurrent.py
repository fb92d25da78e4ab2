"""Train the recurrent network and predict, through RecurrentClassifier and by plain torch loops.

Three trainings of the same network on the same simulated light curves: RecurrentClassifier; a
plain torch loop over batches of similar length that lie ready in memory; and the plain loop with
every light curve padded to 500 observations, as in the original code.  Then one alert after the
other through a model that was saved and loaded, and many at once.

    python benchmarks/bench_recurrent.py --objects 2000 --epochs 2 --threads 1
"""

import argparse
import pickle
import time

import numpy as np
import torch

from skastro.datasets import make_light_curves
from skastro.neural_network import RecurrentClassifier
from skastro.neural_network.inputs import BatchDataset, BatchIterator
from skastro.utils.ragged import flatten

PADDED = 500


def estimator(epochs):
    return RecurrentClassifier(
        static=["redshift", "mwebv"],
        max_epochs=epochs,
        schedule="constant",
        validation=None,
        device="cpu",
        random_state=0,
    )


def ready_batches(model, X, y, padded):
    """Batches of the estimator, all of them in memory."""
    source = model._read(X, reset=False).scaled(model.scale_)
    data = BatchDataset(
        source, np.arange(len(X)), model._targets.codes(y, "benchmark"), generator=torch.Generator()
    )
    batches = list(BatchIterator(data, model.batch_size, shuffle=True))
    if padded:
        for inputs, _ in batches:
            for name in ("observations", "bands"):
                rest = PADDED - inputs[name].shape[1]
                pad = (0, 0, 0, rest) if inputs[name].ndim == 3 else (0, rest)
                inputs[name] = torch.nn.functional.pad(inputs[name], pad)
    return batches


def plain_loop(model, batches, epochs):
    source = model.net_.module_
    network = type(source)(**module_arguments(model))
    optimizer = torch.optim.Adam(network.parameters(), lr=model.lr)
    network.train()
    start = time.perf_counter()
    for _ in range(epochs):
        for i in torch.randperm(len(batches)).tolist():
            inputs, codes = batches[i]
            optimizer.zero_grad()
            logits = network(**inputs)
            codes = codes[:, None].expand(logits.shape[:2]).flatten()
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), codes).backward()
            optimizer.step()
    return time.perf_counter() - start


def module_arguments(model):
    parameters = model.net_.get_params()
    known = ("n_inputs", "n_outputs", "n_static", "n_bands")
    return {name: parameters[f"module__{name}"] for name in known}


def our_training(X, y, epochs):
    start = time.perf_counter()
    estimator(epochs).fit(X, y)
    return time.perf_counter() - start


def latency(model, X, n_alerts):
    seconds = []
    for i in range(n_alerts):
        alert = X.iloc[i : i + 1]
        start = time.perf_counter()
        model.predict_proba(alert)
        seconds.append(time.perf_counter() - start)
    return np.median(seconds[n_alerts // 10 :])


def bare_latency(model, X):
    source = model._read(X.iloc[:1], reset=False).scaled(model.scale_)
    inputs, seconds = source.take(np.arange(1)), []
    with torch.no_grad():
        for _ in range(200):
            start = time.perf_counter()
            model.net_.module_.eval()(**inputs)
            seconds.append(time.perf_counter() - start)
    return np.median(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    X, y = make_light_curves(options.objects, random_state=0)
    lengths = np.diff(flatten(X["lightcurve"])[0])
    print(f"{len(X)} objects, observations: quartiles {np.percentile(lengths, [25, 50, 75])}")
    model = estimator(1).fit(X, y)
    like, padded = (ready_batches(model, X, y, flag) for flag in (False, True))
    runs = {
        "RecurrentClassifier": lambda: our_training(X, y, options.epochs),
        "plain loop, like lengths": lambda: plain_loop(model, like, options.epochs),
        f"plain loop, padded to {PADDED}": lambda: plain_loop(model, padded, options.epochs),
    }
    seconds = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            seconds[name].append(run())
    ours = np.array(seconds["RecurrentClassifier"])
    for name, values in seconds.items():
        rate = options.objects * options.epochs / np.median(values)
        ratio = np.median(ours / np.array(values))
        print(f"{name:28s} {rate:8.0f} objects/s   RecurrentClassifier takes {ratio:.3f} x")
    model = pickle.loads(pickle.dumps(model))
    alone, bare = latency(model, X, 300), bare_latency(model, X)
    print(f"one alert: {1e3 * alone:.2f} ms, of which the network {1e3 * bare:.2f} ms")
    start = time.perf_counter()
    model.predict_proba(X)
    print(f"many alerts: {len(X) / (time.perf_counter() - start):.0f} objects/s")


if __name__ == "__main__":
    main()

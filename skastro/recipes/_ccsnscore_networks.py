"""The classifiers of the rows of CCSNscore: a network, and a kernel machine that votes with it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import BaseEstimator

from skastro.hierarchy import SoftVotingClassifier
from skastro.neural_network import ConvolutionKernelClassifier, MultimodalClassifier
from skastro.nn import RecurrentEncoder
from skastro.recipes._options import make_networks
from skastro.resampling import ResamplingPipeline


def make_voters(
    shapes: Mapping[str, tuple[int, ...]], *, kernel_weight: float, **options: Any
) -> BaseEstimator:
    """Return a network, a kernel machine or the mean of both.

    Parameters
    ----------
    shapes : dict of str -> tuple of int
        Shapes of the channels.

    kernel_weight : float
        Weight of the kernel machine, from 0 to 1.

    **options : dict
        Training and architecture of the network, as in
        :func:`skastro.recipes.make_ccsnscore_classifier`.

    Returns
    -------
    classifier : classifier

    Raises
    ------
    ValueError
        A weight or an encoder that does not exist.

    Examples
    --------
    >>> from skastro.recipes._ccsnscore_networks import make_voters
    >>> options = {"encoder": "conv1d", "balanced": False, "parameters": {}, "max_epochs": 2}
    >>> options |= {"n_networks": 1, "class_weight": None, "random_state": 0, "n_jobs": None}
    >>> voters = make_voters({"spec": (1, 64)}, kernel_weight=0.5, **options)
    >>> [name for name, _ in voters.estimators]
    ['network', 'kernel']
    """
    if not 0 <= kernel_weight <= 1:
        raise ValueError(f"make_ccsnscore: kernel_weight={kernel_weight} is not in [0, 1]")
    network = _network(shapes, **options)
    if kernel_weight == 0:
        return network
    kernel = ConvolutionKernelClassifier(
        shapes, class_weight=options["class_weight"], random_state=options["random_state"]
    )
    if kernel_weight == 1:
        return kernel
    members = [("network", network), ("kernel", kernel)]
    return SoftVotingClassifier(members, weights=[1 - kernel_weight, kernel_weight])


def _network(shapes, *, encoder, balanced, parameters, **training):
    if encoder not in ("conv1d", "rnn"):
        raise ValueError(f"make_ccsnscore: encoder={encoder!r} is neither 'conv1d' nor 'rnn'")
    encoders = {name: _rnn(name) for name in shapes if len(shapes[name]) == 2}  # noqa: PLR2004
    network = make_networks(
        MultimodalClassifier,
        inputs=shapes,
        encoders=encoders if encoder == "rnn" else None,
        **training,
        **{"batch_size": 64, "validation": None, **parameters},
    )
    if not balanced:
        return network
    sampler = RandomUnderSampler(
        sampling_strategy=_at_most_double, random_state=training["random_state"]
    )
    return ResamplingPipeline([("balance", sampler), ("network", network)])


def _rnn(name):
    if not name.startswith("lc"):
        return partial(RecurrentEncoder)
    shape = {"num_layers": 3, "bidirectional": False}
    return partial(RecurrentEncoder, dropouts=(0, 0, 0.5), hidden_sizes=(), **shape)


def _at_most_double(y):
    labels, counts = np.unique(y, return_counts=True)
    return {label: min(n, 2 * counts.min()) for label, n in zip(labels.tolist(), counts.tolist())}

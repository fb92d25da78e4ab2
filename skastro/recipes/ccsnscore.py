"""CCSNscore: scores of labels from spectra, light curves and dm-dt maps.

Sharma et al. 2024 (arXiv:2412.08601) and the SEDM spectral classifier before it.
"""

from functools import partial

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline as ImbalancedPipeline
from imblearn.under_sampling import RandomUnderSampler

from skastro.hierarchy import (
    HierarchicalClassifier,
    JointClassifier,
    ParallelBinaryClassifier,
)
from skastro.neural_network import DeepEnsembleClassifier, MultimodalClassifier
from skastro.nn import RecurrentEncoder
from skastro.recipes._ccsnscore_features import ccsnscore_shapes, make_ccsnscore_features
from skastro.recipes._ccsnscore_layers import layers_of
from skastro.resampling import SpectrumMixSampler

CCSNSCORE_PAPER = {
    "channels": ("spec",),
    "networks": "label",
    "rebin": "cubic",
    "n_per_class": 2000,
    "encoder": "rnn",
    "balance": "undersample",
    "max_epochs": 100,
    "lr": 1e-3,
    "batch_size": 32,
    "optimizer": "Adam",
    "schedule": "constant",
    "validation": 0.33,
    "patience": 7,
}
"""Steps, network and training of the seed as parameters of :func:`make_ccsnscore`."""


def make_ccsnscore_classifier(
    labels=None,
    *,
    channels=("spec", "lines"),
    label_channels=None,
    resolution=256,
    phase_length=200,
    taxonomy=None,
    layers=None,
    networks="joint",
    encoder="conv1d",
    balance="weights",
    n_networks=1,
    n_samples=20,
    ambiguity=0.01,
    n_jobs=None,
    random_state=None,
    **parameters,
):
    """Make the networks that read the rows of :func:`make_ccsnscore_features`.

    Parameters
    ----------
    labels : dict of str -> list of str, default=None
        Label to the types that it covers; every type is a label by default.

    channels, resolution, phase_length
        As of the features.

    label_channels : dict of str -> sequence of str, default=None
        Channels of single labels, among `channels`; all where a label is missing.  Needs
        ``networks="label"``.

    taxonomy : Taxonomy, default=None
        Layers of labels, such as :data:`skastro.taxonomy.SEDM` and :data:`skastro.taxonomy.CCSN`,
        gated: the probability of a label is that of its parent times its own.

    layers : sequence of str, default=None
        Parent nodes of `taxonomy` to train, or the numbers of the seed in the tree SEDM, "1", "2",
        "3a", "3b"; all by default.

    networks : {"joint", "label"}, default="joint"
        One network for all labels, or for all children of a node, which does better on real
        spectra (benchmarks/science/ccsnscore.md); or one binary network a label, as the paper.

    encoder : {"conv1d", "rnn"}, default="conv1d"
        Encoder of spectra and light curves: convolutions, or the LSTMs of the recipe.

    balance : {"weights", "undersample", None}, default="weights"
        Weight both sides of a label alike in the loss, or draw at most twice as many of the one
        as of the other.

    n_networks : int, default=1
        Above 1, the mean of so many networks a label, which give the errors.

    n_samples, ambiguity, n_jobs
        Of :class:`skastro.hierarchy.ParallelBinaryClassifier` and
        :class:`skastro.hierarchy.JointClassifier`, the latter without `n_jobs`.

    random_state : int, RandomState instance or None, default=None
        Seed.

    **parameters
        Others of :class:`skastro.neural_network.MultimodalClassifier`.

    Returns
    -------
    classifier : JointClassifier, ParallelBinaryClassifier or HierarchicalClassifier

    Raises
    ------
    ValueError
        Channels of a label that are not among `channels` or without a network of its own,
        `labels` together with `taxonomy`, layers that are not in the tree or hang at no other one.

    Examples
    --------
    >>> from skastro.recipes import make_ccsnscore_classifier
    >>> from skastro.taxonomy import SEDM
    >>> model = make_ccsnscore_classifier(taxonomy=SEDM, layers=("2", "3a"))
    >>> model.taxonomy.nodes[:3]
    ('SN', 'H-rich', 'H-poor')
    """
    shapes = ccsnscore_shapes(channels, resolution=resolution, phase_length=phase_length)
    network = {"encoder": encoder, "balance": balance, "n_networks": n_networks}
    make = partial(_network, **network, random_state=random_state, parameters=parameters)
    own = {label: _chosen(shapes, names, label) for label, names in (label_channels or {}).items()}
    scoring = {"ambiguity": ambiguity, "n_samples": n_samples}
    parallel = partial(_SCORERS[_known_networks(networks, own)], **scoring)
    if networks == "label":
        parallel = partial(parallel, n_jobs=n_jobs)
    if taxonomy is None:
        if layers is not None:
            raise ValueError("ccsnscore: layers need a taxonomy")
        return parallel(make(shapes), labels=labels, **_own_parts(own, shapes, make))
    if labels is not None:
        raise ValueError("ccsnscore: give labels or a taxonomy, not both")
    tree = layers_of(taxonomy, layers)
    nodes = {}
    for label in own:
        nodes.setdefault(tree.parent(label), {})[label] = own[label]
    return HierarchicalClassifier(
        parallel(make(shapes)),
        taxonomy=tree,
        node_estimators={
            node: parallel(make(shapes), **_own_parts(chosen, shapes, make))
            for node, chosen in nodes.items()
        },
    )


_SCORERS = {"joint": JointClassifier, "label": ParallelBinaryClassifier}


def _known_networks(networks, own):
    if networks not in _SCORERS:
        raise ValueError(f"ccsnscore: networks={networks!r} is neither 'joint' nor 'label'")
    if own and networks == "joint":
        raise ValueError(
            f"ccsnscore: label_channels of {list(own)} need networks='label', a network a label"
        )
    return networks


def _chosen(shapes, names, label):
    strange = [name for name in names if name not in shapes]
    if strange or not len(names):
        raise ValueError(
            f"ccsnscore: channels {list(names)} of {label!r}; there are {list(shapes)}"
        )
    return {name: shapes[name] for name in shapes if name in set(names)}


def _own_parts(own, shapes, make):
    """Return columns and estimators of labels with channels of their own."""
    if not own:
        return {}
    edges = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes.values())])
    spans = dict(zip(shapes, zip(edges[:-1], edges[1:])))
    columns = {
        label: np.concatenate([np.arange(*spans[name]) for name in chosen])
        for label, chosen in own.items()
    }
    return {
        "columns": columns,
        "label_estimators": {label: make(chosen) for label, chosen in own.items()},
    }


def _network(shapes, *, encoder, balance, n_networks, random_state, parameters):
    if encoder not in ("conv1d", "rnn"):
        raise ValueError(f"ccsnscore: encoder={encoder!r} is neither 'conv1d' nor 'rnn'")
    if balance not in ("weights", "undersample", None):
        raise ValueError(f"ccsnscore: balance={balance!r}; known: 'weights', 'undersample', None")
    encoders = {name: _rnn(name) for name in shapes if len(shapes[name]) == 2}  # noqa: PLR2004
    training = {"max_epochs": 20, "batch_size": 64, "validation": None, **parameters}
    network = MultimodalClassifier(
        inputs=shapes,
        encoders=encoders if encoder == "rnn" else None,
        class_weight="balanced" if balance == "weights" else None,
        random_state=random_state,
        **training,
    )
    if n_networks > 1:
        network = DeepEnsembleClassifier(
            network, n_estimators=n_networks, random_state=random_state
        )
    if balance != "undersample":
        return network
    draw = RandomUnderSampler(sampling_strategy=_at_most_double, random_state=random_state)
    return ImbalancedPipeline([("draw", draw), ("network", network)])


def _rnn(name):
    if not name.startswith("lc"):
        return partial(RecurrentEncoder)
    shape = {"num_layers": 3, "bidirectional": False}
    return partial(RecurrentEncoder, dropouts=(0, 0, 0.5), hidden_sizes=(), **shape)


def _at_most_double(y):
    labels, counts = np.unique(y, return_counts=True)
    return {label: min(n, 2 * counts.min()) for label, n in zip(labels.tolist(), counts.tolist())}


def make_ccsnscore(
    labels=None,
    *,
    channels=("spec", "lines"),
    deredshift=True,
    resolution=256,
    rebin="flux",
    phase_length=200,
    survey="ZTF",
    n_per_class=None,
    random_state=None,
    **classifier,
):
    """Make the whole system in one Pipeline: spectra in, scores of all labels out.

    Parameters
    ----------
    labels : dict of str -> list of str, default=None
        Label to the types that it covers; every type is a label by default.

    channels, deredshift, resolution, rebin, phase_length, survey
        Of :func:`make_ccsnscore_features`.

    n_per_class : int, default=None
        Raise each class of the training to so many spectra by mixes of its own.  None by default:
        with weighted classes mixes gain nothing on real spectra (benchmarks/science/ccsnscore.md).

    random_state : int, RandomState instance or None, default=None
        Seed of mixes and networks.

    **classifier
        Others of :func:`make_ccsnscore_classifier`.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Steps mix (with `n_per_class`), features and classify.  Mixes are drawn before any
        `validation` of the networks, which shares supernovae with the training then; judge by a
        split in front.

    See Also
    --------
    ccsnscore_table : Scores, errors and answers.

    References
    ----------
    .. [1] Sharma et al. 2024, arXiv:2412.08601.

    Examples
    --------
    >>> from skastro.datasets import make_spectra
    >>> from skastro.recipes import make_ccsnscore
    >>> X, y = make_spectra(120, classes=["Ia", "II"], random_state=0)
    >>> model = make_ccsnscore(n_per_class=None, max_epochs=6, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.8
    True
    """
    spectrum = {"channels": channels, "resolution": resolution, "phase_length": phase_length}
    features = make_ccsnscore_features(
        **spectrum, deredshift=deredshift, rebin=rebin, survey=survey
    )
    model = make_ccsnscore_classifier(labels, **spectrum, random_state=random_state, **classifier)
    steps = [("features", features), ("classify", model)]
    if n_per_class is not None:
        mix = SpectrumMixSampler(n_per_class, random_state=random_state)
        steps.insert(0, ("mix", mix))
    return ImbalancedPipeline(steps)


def ccsnscore_table(model, X):
    """Return scores, errors and answer of every object as a table.

    Parameters
    ----------
    model : Pipeline
        Fitted, of :func:`make_ccsnscore`.

    X : NestedFrame of shape (n_objects, n_columns)
        Objects.

    Returns
    -------
    table : DataFrame of shape (n_objects, n_columns)
        Index ``object_id`` as that of `X`; ``score_<label>`` and ``error_<label>`` of the network
        of each label; with layers ``proba_<label>``, the gated probability of each leaf; then
        ``label`` and ``confidence``, the highest score or, with layers, probability.

    Examples
    --------
    >>> from skastro.datasets import make_spectra
    >>> from skastro.recipes import ccsnscore_table, make_ccsnscore
    >>> X, y = make_spectra(40, classes=["Ia", "II"], random_state=0)
    >>> model = make_ccsnscore(n_per_class=None, max_epochs=2, random_state=0).fit(X, y)
    >>> list(ccsnscore_table(model, X))
    ['score_II', 'error_II', 'score_Ia', 'error_Ia', 'label', 'confidence']
    """
    classifier, rows = model[-1], model[:-1].transform(X)
    index = pd.Index(X.index, name="object_id")
    if not isinstance(classifier, HierarchicalClassifier):
        return classifier.decision_table(rows).set_axis(index)
    layers = [layer.decision_table(rows) for layer in classifier.estimators_.values()]
    parts = [table.drop(columns=["label", "confidence"]) for table in layers]
    proba = classifier.predict_proba(rows)
    parts.append(pd.DataFrame(proba, columns=[f"proba_{name}" for name in classifier.classes_]))
    table = pd.concat(parts, axis=1).assign(
        label=classifier.predict(rows), confidence=proba.max(axis=1)
    )
    return table.set_axis(index)

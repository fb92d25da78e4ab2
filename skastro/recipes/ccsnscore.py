"""CCSNscore: scores of labels from spectra, light curves and dm-dt maps.

Sharma et al. 2024 (arXiv:2412.08601) and the SEDM spectral classifier before it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from skastro.hierarchy import (
    HierarchicalClassifier,
    JointClassifier,
    ParallelBinaryClassifier,
)
from skastro.neural_network import MultimodalClassifier
from skastro.recipes._ccsnscore_features import ccsnscore_shapes, make_ccsnscore_features
from skastro.recipes._ccsnscore_layers import layers_of
from skastro.recipes._ccsnscore_networks import make_voters
from skastro.recipes._options import split_options
from skastro.resampling import ResamplingPipeline, SpectrumMixSampler
from skastro.surveys import Survey
from skastro.taxonomy import Taxonomy

CCSNSCORE_PAPER = {
    "channels": ("spec",),
    "networks": "label",
    "kernel_weight": 0.0,
    "name_column": None,
    "rebin": "cubic",
    "n_per_class": 2000,
    "encoder": "rnn",
    "balanced": True,
    "class_weight": None,
    "max_epochs": 100,
    "lr": 1e-3,
    "batch_size": 32,
    "optimizer": "Adam",
    "schedule": "constant",
    "validation": 0.33,
    "patience": 7,
}
"""Features, networks and training of the original code as parameters of :func:`make_ccsnscore`."""

_MAX_EPOCHS = 20


def make_ccsnscore_classifier(
    *,
    labels: dict | None = None,
    channels: Sequence[str] = ("spec", "lines", "halpha"),
    label_channels: dict | None = None,
    resolution: int = 256,
    phase_length: int = 200,
    taxonomy: Taxonomy | None = None,
    layers: Sequence[str] | None = None,
    networks: str = "joint",
    kernel_weight: float = 0.75,
    encoder: str = "conv1d",
    balanced: bool = False,
    n_samples: int = 20,
    ambiguity: float | None = 0.01,
    max_epochs: int | None = None,
    n_networks: int = 1,
    class_weight: dict | str | None = "balanced",
    random_state: Any = None,
    verbose: int = 0,
    n_jobs: int | None = None,
    **parameters: Any,
) -> ClassifierMixin:
    """Make the networks that read the rows of :func:`make_ccsnscore_features`.

    Parameters
    ----------
    labels : dict of str -> list of str, default=None
        The types that each label covers; every type is a label by default.

    channels : sequence of str, default=("spec", "lines", "halpha")
        Channels of the rows, see :func:`make_ccsnscore_features`.

    label_channels : dict of str -> sequence of str, default=None
        Channels of single labels, among `channels`; labels that are not listed use all.
        Requires ``networks="label"``.

    resolution : int, default=256
        Number of samples of a spectrum.

    phase_length : int, default=200
        Days of the light curve after the first detection.

    taxonomy : Taxonomy, default=None
        Layers of labels, such as :data:`skastro.taxonomy.SEDM` and :data:`skastro.taxonomy.CCSN`.
        They are gated: the probability of a label is that of its parent times its own.

    layers : sequence of str, default=None
        Parent nodes of `taxonomy` to train, or the numbers that the original code has for them in
        the taxonomy SEDM, "1", "2", "3a", "3b"; all by default.

    networks : {"joint", "label"}, default="joint"
        ``"joint"``: one network for all labels, or for all children of a node; it scores higher
        on real spectra (benchmarks/science/ccsnscore.md).  ``"label"``: one binary network per
        label, as in the paper.

    kernel_weight : float, default=0.75
        Weight of a kernel logistic regression on random convolutions of the same channels
        (:class:`skastro.neural_network.ConvolutionKernelClassifier`) in the mean with each
        network.  It scores higher than the networks, which add the errors of the scores and a
        lower log loss (benchmarks/science/ccsnscore.md).  0 for the networks alone, as in the
        paper; 1 for no networks, which trains ten times faster, with errors of zero.

    encoder : {"conv1d", "rnn"}, default="conv1d"
        Encoder of spectra and light curves: convolutions, or the LSTMs of the paper.

    balanced : bool, default=False
        Train on a balanced sample: at most twice as many objects of each class as the smallest
        class has.  A binary network has the two classes of its label.

    n_samples, ambiguity
        See :class:`skastro.hierarchy.ParallelBinaryClassifier` and
        :class:`skastro.hierarchy.JointClassifier`.

    max_epochs : int, default=None
        Largest number of epochs; None for the default of the recipe.

    n_networks : int, default=1
        Above 1, average that many networks
        (:class:`skastro.neural_network.DeepEnsembleClassifier`).

    class_weight : dict or "balanced", default="balanced"
        Weights of the classes in the loss.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    verbose : int, default=0
        Above 0, show progress.

    n_jobs : int, default=None
        Number of parallel workers; None means one.

    **parameters
        Further parameters of :class:`skastro.neural_network.MultimodalClassifier`.

    Returns
    -------
    classifier : JointClassifier, ParallelBinaryClassifier or HierarchicalClassifier

    Raises
    ------
    ValueError
        Channels of a label are not among `channels` or have no network of their own, `labels` is
        given together with `taxonomy`, or layers are unknown or not connected.

    TypeError
        A parameter that the network does not have; the message suggests the nearest one.

    Examples
    --------
    >>> from skastro.recipes import make_ccsnscore_classifier
    >>> from skastro.taxonomy import SEDM
    >>> model = make_ccsnscore_classifier(taxonomy=SEDM, layers=("2", "3a"))
    >>> model.taxonomy.nodes[:3]
    ('SN', 'H-rich', 'H-poor')
    """
    split_options(make_ccsnscore_classifier, parameters, (MultimodalClassifier,))
    shapes = ccsnscore_shapes(channels, resolution=resolution, phase_length=phase_length)
    make = partial(
        make_voters,
        kernel_weight=kernel_weight,
        encoder=encoder,
        balanced=balanced,
        max_epochs=_MAX_EPOCHS if max_epochs is None else max_epochs,
        n_networks=n_networks,
        class_weight=class_weight,
        random_state=random_state,
        verbose=verbose,
        n_jobs=n_jobs,
        parameters=parameters,
    )
    own = {label: _chosen(shapes, names, label) for label, names in (label_channels or {}).items()}
    scorer = partial(
        _SCORERS[_known_networks(networks, own)], ambiguity=ambiguity, n_samples=n_samples
    )
    if networks == "label":
        scorer = partial(scorer, n_jobs=n_jobs)
    if taxonomy is None:
        if layers is not None:
            raise ValueError("make_ccsnscore: layers require a taxonomy")
        return scorer(make(shapes), labels=labels, **_own_parts(own, shapes, make))
    if labels is not None:
        raise ValueError("make_ccsnscore: pass labels or a taxonomy, not both")
    return _gated(scorer, make, own, shapes, layers_of(taxonomy, layers))


def _gated(scorer, make, own, shapes, tree):
    """Return one scorer per parent node of a tree."""
    nodes = {}
    for label in own:
        nodes.setdefault(tree.parent(label), {})[label] = own[label]
    return HierarchicalClassifier(
        scorer(make(shapes)),
        taxonomy=tree,
        node_estimators={
            node: scorer(make(shapes), **_own_parts(chosen, shapes, make))
            for node, chosen in nodes.items()
        },
    )


_SCORERS = {"joint": JointClassifier, "label": ParallelBinaryClassifier}


def _known_networks(networks, own):
    if networks not in _SCORERS:
        raise ValueError(f"make_ccsnscore: networks={networks!r} is neither 'joint' nor 'label'")
    if own and networks == "joint":
        raise ValueError(f"make_ccsnscore: label_channels of {list(own)} require networks='label'")
    return networks


def _chosen(shapes, names, label):
    unknown = [name for name in names if name not in shapes]
    if unknown or not len(names):
        raise ValueError(
            f"make_ccsnscore: label_channels of {label!r} are {list(names)}; they must be among "
            f"channels={list(shapes)}"
        )
    return {name: shapes[name] for name in shapes if name in set(names)}


def _own_parts(own, shapes, make):
    """Return the columns and networks of labels that have channels of their own."""
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


def make_ccsnscore(
    survey: str | Survey = "ZTF",
    *,
    labels: dict | None = None,
    channels: Sequence[str] = ("spec", "lines", "halpha"),
    resolution: int = 256,
    phase_length: int = 200,
    n_per_class: int | None = None,
    name_column: str | None = "name",
    max_epochs: int | None = None,
    n_networks: int = 1,
    class_weight: dict | str | None = "balanced",
    random_state: Any = None,
    verbose: int = 0,
    n_jobs: int | None = None,
    **options: Any,
) -> ResamplingPipeline:
    """Make the whole system in one Pipeline: spectra in, scores of all labels out.

    Parameters
    ----------
    survey : str or Survey, default="ZTF"
        Survey of the data.  It defines the wavelengths of the bands of light curves; None for
        bands of any other origin, whose fluxes are not scaled by wavelength.

    labels : dict of str -> list of str, default=None
        The types that each label covers; every type is a label by default.

    channels : sequence of str, default=("spec", "lines", "halpha")
        Channels of the rows, see :func:`make_ccsnscore_features`.

    resolution : int, default=256
        Number of samples of a spectrum.

    phase_length : int, default=200
        Days of the light curve after the first detection.

    n_per_class : int, default=None
        Augment each class of the training set to that many spectra by mixes of its own.  None by
        default: with weighted classes mixes gain nothing on real spectra
        (benchmarks/science/ccsnscore.md).

    name_column : str, default="name"
        Column with the supernova of each spectrum, if `X` has it: a spectrum weighs the inverse
        root of their number (:func:`skastro.resampling.group_weights`), so that supernovae with
        many spectra do not dominate.  None for equal weights.  With `balanced` the weights are
        equal.

    max_epochs : int, default=None
        Largest number of epochs; None for the default of the recipe.

    n_networks : int, default=1
        Above 1, average that many networks
        (:class:`skastro.neural_network.DeepEnsembleClassifier`).

    class_weight : dict or "balanced", default="balanced"
        Weights of the classes in the loss.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    verbose : int, default=0
        Above 0, show progress.

    n_jobs : int, default=None
        Number of parallel workers; None means one.

    **options
        Further parameters of :func:`make_ccsnscore_features` and
        :func:`make_ccsnscore_classifier`, such as `CCSNSCORE_PAPER`.

    Returns
    -------
    pipeline : ResamplingPipeline
        Steps mix (with `n_per_class`), features and classifier.  Mixes are made before the
        networks hold out objects for `validation`, so that both sides share supernovae: judge the
        model on a split before the pipeline.

    Raises
    ------
    TypeError
        An option that neither has; the message suggests the nearest one.

    See Also
    --------
    ccsnscore_table : Scores, errors and predictions.
    pool_spectra : Predictions for supernovae from those for their spectra.

    References
    ----------
    .. [1] Sharma et al. 2024, arXiv:2412.08601.

    Examples
    --------
    >>> from skastro.datasets import make_spectra
    >>> from skastro.recipes import make_ccsnscore
    >>> X, y = make_spectra(120, classes=["Ia", "II"], random_state=0)
    >>> model = make_ccsnscore(max_epochs=6, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.8
    True
    """
    for_features, for_network = split_options(
        make_ccsnscore,
        options,
        (make_ccsnscore_features,),
        (make_ccsnscore_classifier, MultimodalClassifier),
    )
    shared: dict[str, Any] = {
        "channels": channels,
        "resolution": resolution,
        "phase_length": phase_length,
    }
    features = make_ccsnscore_features(survey, n_jobs=n_jobs, **shared, **for_features)
    network = make_ccsnscore_classifier(
        labels=labels,
        max_epochs=max_epochs,
        n_networks=n_networks,
        class_weight=class_weight,
        random_state=random_state,
        verbose=verbose,
        n_jobs=n_jobs,
        **shared,
        **for_network,
    )
    steps = [("features", features), ("classifier", network)]
    if n_per_class is not None:
        mix = SpectrumMixSampler(n_per_class, random_state=random_state)
        steps.insert(0, ("mix", mix))
    return ResamplingPipeline(
        steps, group_column=None if for_network.get("balanced") else name_column
    )

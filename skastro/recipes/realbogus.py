"""Real or bogus from stamps, after Takahashi et al. 2022 (PASJ 74, 946).

The system has two stages: a small network finds wrong labels by cross-validation, and a larger one
is trained on the rest, with the suspects as unlabelled objects.
"""

from functools import partial
from numbers import Integral
from typing import Any

from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline

from skastro.label_errors import LabelErrorFinder
from skastro.neural_network import StampCNNClassifier
from skastro.nn import ComplexStampNet, RealBogusLoss, SimpleStampNet
from skastro.preprocessing import CropStamps, FillStamps
from skastro.recipes._options import make_networks, split_options
from skastro.resampling import ResamplingPipeline

REALBOGUS_PAPER = {
    "architecture": "complex",
    "loss": {"cross_entropy": 0.1, "auc": 1.0, "vat": 0.1},
    "method": "disagreement",
    "action": "unlabel",
    "cv": 5,
    "max_epochs": 1000,
    "lr": 1e-3,
    "batch_size": 256,
    "optimizer": "SGD",
    "schedule": "constant",
    "validation": 0.25,
    "patience": 10,
    "augment": False,
}
"""Stages, network, loss and training of Takahashi et al. 2022 as parameters of
:func:`make_realbogus`.
"""

_STAMP_SHAPES = {"tomo-e": (29, 29, 3), "ztf": (63, 63, 3)}
_SECOND_STAGE = {
    "architecture": "complex",
    "loss": {"cross_entropy": 1.0, "vat": 1.0, "epsilon": 1.0},
}


def make_realbogus_features(
    survey: str = "Tomo-e",
    *,
    image_shape: tuple[int, int, int] | None = None,
    stamp_size: int | None = None,
    max_missing: float = 0.0,
) -> Pipeline:
    """Make the pipeline from stamps to the stamps that the network reads.

    Parameters
    ----------
    survey : str, default="Tomo-e"
        Survey of the data.  It defines the shape of the stamps, (29, 29, 3) for Tomo-e and
        (63, 63, 3) for ZTF; ignored if `image_shape` is given.

    image_shape : tuple of 3 ints, default=None
        (height, width, channels) of the stamps in the rows of X; that of the survey by default.

    stamp_size : int, default=None
        Crop or pad the stamps to this height and width in pixels; they are kept by default.

    max_missing : float, default=0.0
        Largest share of missing pixels of a channel that are filled with its median.  With 0, a
        stamp with a missing pixel remains unclassified.

    Returns
    -------
    features : Pipeline
        From rows of pixels to rows of pixels.

    Raises
    ------
    ValueError
        `stamp_size` is not a positive integer, or `image_shape` is not given and the shape for
        the survey is unknown.

    Examples
    --------
    >>> from skastro.datasets import make_stamps
    >>> from skastro.recipes import make_realbogus_features
    >>> X, y, _ = make_stamps(4, random_state=0)
    >>> make_realbogus_features(stamp_size=21).fit_transform(X).shape
    (4, 1323)
    """
    _check_stamp_size(stamp_size)
    shape = _stamp_shape(survey, image_shape)
    fill = FillStamps(max_missing=max_missing, image_shape=shape)
    crop = "passthrough" if stamp_size is None else CropStamps(stamp_size, image_shape=shape)
    return Pipeline(
        [
            ("fill", fill if max_missing > 0 else "passthrough"),
            ("crop", crop),
        ]
    )


def _check_stamp_size(stamp_size):
    if stamp_size is not None and (not isinstance(stamp_size, Integral) or stamp_size < 1):
        raise ValueError(
            f"make_realbogus: stamp_size={stamp_size!r} must be None or a positive integer, the "
            f"height and width of the stamps in pixels"
        )


def _stamp_shape(survey, image_shape, stamp_size=None):
    if image_shape is None:
        if survey.lower() not in _STAMP_SHAPES:
            raise ValueError(
                f"make_realbogus: the shape of the stamps of survey {survey!r} is not known; "
                f"pass image_shape=(height, width, channels)"
            )
        image_shape = _STAMP_SHAPES[survey.lower()]
    if stamp_size is None:
        return tuple(image_shape)
    return (stamp_size, stamp_size, image_shape[2])


def make_realbogus_classifier(
    *,
    image_shape: tuple[int, int, int] = (29, 29, 3),
    architecture: Any = "simple",
    loss: dict | None = None,
    normalization: str | None = None,
    width: float = 1.0,
    max_epochs: int | None = None,
    n_networks: int = 1,
    class_weight: dict | str | None = None,
    random_state: Any = None,
    verbose: int = 0,
    n_jobs: int | None = None,
    **parameters: Any,
) -> ClassifierMixin:
    """Make the network that reads the stamps of :func:`make_realbogus_features`.

    Parameters
    ----------
    image_shape : tuple of 3 ints, default=(29, 29, 3)
        (height, width, channels) of the rows.

    architecture : {"simple", "complex"} or torch module class, default="simple"
        The network.

    loss : dict, default=None
        Weights and options of :class:`skastro.nn.RealBogusLoss`; cross-entropy by default.  The
        paper uses ``{"cross_entropy": 0.1, "auc": 1.0, "vat": 0.1}``.

    normalization : str, default=None
        Method of :class:`skastro.nn.StampNormalization`; None for that of the network.  For a
        network that is trained on simulations, "noise_asinh" (benchmarks/science/realbogus.md).

    width : float, default=1.0
        Factor of the numbers of channels of the complex network.

    max_epochs : int, default=None
        Largest number of epochs; None for the default of the recipe.

    n_networks : int, default=1
        Above 1, average that many networks
        (:class:`skastro.neural_network.DeepEnsembleClassifier`).

    class_weight : dict or "balanced", default=None
        Weights of the classes in the loss.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    verbose : int, default=0
        Above 0, show progress.

    n_jobs : int, default=None
        Number of parallel workers; None means one.

    **parameters
        Further parameters of :class:`skastro.neural_network.StampCNNClassifier`.

    Returns
    -------
    classifier : StampCNNClassifier or DeepEnsembleClassifier

    Raises
    ------
    TypeError
        A parameter that the network does not have; the message suggests the nearest one.

    Examples
    --------
    >>> from skastro.datasets import make_stamps
    >>> from skastro.recipes import make_realbogus_classifier
    >>> X, y, _ = make_stamps(200, random_state=0)
    >>> model = make_realbogus_classifier(max_epochs=8, random_state=0).fit(X, y)
    >>> model.predict_proba(X[:2]).shape
    (2, 2)
    """
    split_options(make_realbogus_classifier, parameters, (StampCNNClassifier,))
    if architecture == "complex":
        architecture = partial(ComplexStampNet, width=width)
    if normalization is not None:
        architecture = SimpleStampNet if architecture == "simple" else architecture
        architecture = partial(architecture, normalization=normalization)
    return make_networks(
        StampCNNClassifier,
        image_shape=image_shape,
        architecture=architecture,
        criterion=None if loss is None else RealBogusLoss(**loss),
        max_epochs=max_epochs,
        n_networks=n_networks,
        class_weight=class_weight,
        random_state=random_state,
        verbose=verbose,
        n_jobs=n_jobs,
        **parameters,
    )


def make_realbogus(
    survey: str = "Tomo-e",
    *,
    image_shape: tuple[int, int, int] | None = None,
    stamp_size: int | None = None,
    method: str | None = "noise_rate",
    action: str = "unlabel",
    cv: Any = 5,
    n_repeats: int = 1,
    cache_dir: Any = None,
    first: dict | None = None,
    max_epochs: int | None = None,
    n_networks: int = 1,
    class_weight: dict | str | None = None,
    random_state: Any = None,
    verbose: int = 0,
    n_jobs: int | None = None,
    **options: Any,
) -> ResamplingPipeline:
    """Make the whole system in one Pipeline: stamps in, probabilities of bogus and real out.

    Parameters
    ----------
    survey : str, default="Tomo-e"
        Survey of the data.  It defines the shape of the stamps, (29, 29, 3) for Tomo-e and
        (63, 63, 3) for ZTF; ignored if `image_shape` is given.

    image_shape : tuple of 3 ints, default=None
        (height, width, channels) of the stamps in the rows of X; that of the survey by default.

    stamp_size : int, default=None
        Crop or pad the stamps to this height and width in pixels; they are kept by default.

    method : str or None, default="noise_rate"
        How wrong labels are found, see :class:`skastro.label_errors.LabelErrorFinder`; the paper
        uses "disagreement" or "threshold".  None: train one network on all labels.

    action, cv, n_repeats, cache_dir
        See :class:`skastro.label_errors.LabelErrorFinder`.

    first : dict, default=None
        Parameters of :func:`make_realbogus_classifier` for the network that finds wrong labels;
        the simple network with cross-entropy by default.

    max_epochs : int, default=None
        Largest number of epochs; None for the default of the recipe.

    n_networks : int, default=1
        Above 1, average that many networks
        (:class:`skastro.neural_network.DeepEnsembleClassifier`).

    class_weight : dict or "balanced", default=None
        Weights of the classes in the loss.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    verbose : int, default=0
        Above 0, show progress.

    n_jobs : int, default=None
        Number of parallel workers; None means one.

    **options
        Further parameters of :func:`make_realbogus_features` and of
        :func:`make_realbogus_classifier` for the final network, such as `REALBOGUS_PAPER`.  After
        a search for wrong labels it is the complex network by default, with cross-entropy and a
        virtual-adversarial loss in which the suspects take part
        (benchmarks/science/realbogus.md).

    Returns
    -------
    pipeline : ResamplingPipeline
        Steps label_errors (with `method`), fill, crop and classifier.

    Raises
    ------
    TypeError
        An option that neither has; the message suggests the nearest one.

    ValueError
        `stamp_size` is not a positive integer, or `image_shape` is not given and the shape for
        the survey is unknown.

    Examples
    --------
    >>> from skastro.recipes import make_realbogus
    >>> [name for name, _ in make_realbogus().steps]
    ['label_errors', 'fill', 'crop', 'classifier']
    """
    for_features, for_network = split_options(
        make_realbogus,
        options,
        (make_realbogus_features,),
        (make_realbogus_classifier, StampCNNClassifier),
    )
    features = make_realbogus_features(
        survey, image_shape=image_shape, stamp_size=stamp_size, **for_features
    )
    shared = {
        "image_shape": _stamp_shape(survey, image_shape, stamp_size),
        "max_epochs": max_epochs,
        "class_weight": class_weight,
        "random_state": random_state,
        "verbose": verbose,
    }
    final = shared | (_SECOND_STAGE if method else {}) | for_network
    network = make_realbogus_classifier(**final, n_networks=n_networks, n_jobs=n_jobs)
    steps = [*features.steps, ("classifier", network)]
    if method is None:
        return ResamplingPipeline(steps)
    finder = LabelErrorFinder(
        Pipeline([*features.steps, ("classifier", _first_network(shared, for_network, first))]),
        cv=cv,
        n_repeats=n_repeats,
        method=method,
        action=action,
        cache_dir=cache_dir,
        n_jobs=n_jobs,
        random_state=random_state,
        verbose=verbose > 0,
    )
    return ResamplingPipeline([("label_errors", finder), *steps])


def _first_network(shared: dict, for_network: dict, first: dict | None) -> ClassifierMixin:
    """Return the network of the first stage, trained as the final one by default."""
    training = {
        name: value
        for name, value in for_network.items()
        if name not in ("architecture", "loss", "width", "module", "criterion")
    }
    return make_realbogus_classifier(**shared | training | (first or {}))

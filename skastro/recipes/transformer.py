"""Transformers over observations: classify, or first learn from light curves without labels.

After Allam & McEwen 2021 (arXiv:2105.06178) and Pasquet et al. 2019 (arXiv:1901.01298).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from skastro.neural_network import TransformerAutoencoder, TransformerClassifier
from skastro.nn import LightCurveAutoencoderNet, TransformerNet
from skastro.recipes._light_curves import STATIC_COLUMNS, detection_steps
from skastro.recipes._options import make_networks, split_options
from skastro.surveys import Survey

TRANSFORMER_PAPER = {
    "sizes": {
        "num_layers": 8,
        "feedforward_size": 64,
        "size": 128,
        "n_heads": 8,
        "dropout": 0.0,
        "norm_first": False,
    },
    "lr": 1e-5,
    "batch_size": 64,
    "schedule": "constant",
}
"""Network and training of the original code as parameters of :func:`make_transformer`."""

TRANSFORMER_SIZES = {
    "num_layers": [6, 8, 10],
    "feedforward_size": [64, 512],
    "size": [64, 512],
    "n_heads": [4, 8],
    "dropout": [0.0, 0.1, 0.2],
}
"""Grid of sizes of the original code, from which :func:`suggest_transformer` samples."""

_ZERO_DATE = "first_detection"


def make_transformer_features(
    survey: str | Survey = "LSST",
    *,
    static: Sequence[str] = STATIC_COLUMNS,
    reject: str | int | Sequence[str] | None = "auto",
) -> Pipeline:
    """Make the pipeline from light curves to the light curves that the network reads.

    Saturated observations are dropped, detections are marked by PHOTFLAG or S/N, the first
    detection becomes the zero date, and missing-value sentinels in static columns become NaN.
    A warning is issued when new light curves lie outside the training set
    (:class:`skastro.preprocessing.CompareWithTraining`).

    Parameters
    ----------
    survey : str or Survey, default="LSST"
        Survey of the data.  It defines the PHOTFLAG bits.

    static : sequence of str, default=("redshift", "redshift_err", "mwebv")
        Static columns to use; () for light curves alone.

    reject : str, sequence of str, int or None, default="auto"
        PHOTFLAG bits of observations to drop.  ``"auto"``: the bit ``"saturated"``, if the survey
        defines it and the light curves have PHOTFLAG.  None: drop none.

    Returns
    -------
    features : Pipeline
        From a NestedFrame to a NestedFrame of the same objects.

    Examples
    --------
    >>> from skastro.recipes import make_transformer_features
    >>> [name for name, _ in make_transformer_features(static=()).steps]
    ['clean', 'bands', 'detections', 'first_detection', 'compare']
    """
    return Pipeline(detection_steps(survey, static=static, reject=reject))


def make_transformer_classifier(
    *,
    survey: str | Survey = "LSST",
    static: Sequence[str] = STATIC_COLUMNS,
    sizes: dict | None = None,
    pretrain: bool = False,
    freeze: bool = False,
    max_epochs: int | None = None,
    n_networks: int = 1,
    class_weight: dict | str | None = None,
    random_state: Any = None,
    verbose: int = 0,
    n_jobs: int | None = None,
    **parameters: Any,
) -> ClassifierMixin:
    """Make the network that reads the light curves of :func:`make_transformer_features`.

    Parameters
    ----------
    survey : str or Survey, default="LSST"
        Survey of the data.  It defines the bands.

    static : sequence of str, default=("redshift", "redshift_err", "mwebv")
        Static columns to use; () for light curves alone.

    sizes : dict, default=None
        Sizes of the transformer: num_layers, feedforward_size, size, n_heads, dropout.

    pretrain : bool, default=False
        First train an auto-encoder of the same sizes on the light curves passed to `fit`.

    freeze : bool, default=False
        Keep the weights of the pre-trained encoder fixed.

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
        Further parameters of :class:`skastro.neural_network.TransformerClassifier`;
        ``reference_column=None`` for light curves that have not been through the features, which
        count their days from the first observation.

    Returns
    -------
    classifier : TransformerClassifier or DeepEnsembleClassifier

    Raises
    ------
    TypeError
        A parameter that the network does not have; the message suggests the nearest one.

    Examples
    --------
    >>> from skastro.recipes import make_transformer_classifier
    >>> make_transformer_classifier(pretrain=True, freeze=True).pretrained.code_size
    16
    """
    split_options(make_transformer_classifier, parameters, (TransformerClassifier,))
    sizes = sizes or {}
    parameters = {"survey": survey, "reference_column": _ZERO_DATE, **parameters}
    encoder = None
    if pretrain:
        encoder = _encoder(sizes, random_state=random_state, verbose=verbose, **parameters)
    return make_networks(
        TransformerClassifier,
        static=list(static),
        module=partial(TransformerNet, **sizes),
        pretrained=encoder,
        freeze_encoder=freeze,
        max_epochs=max_epochs,
        n_networks=n_networks,
        class_weight=class_weight,
        random_state=random_state,
        verbose=verbose,
        n_jobs=n_jobs,
        **parameters,
    )


def _encoder(sizes, **parameters):
    shared = ("band_encoding", "survey", "reference_column", "column", "random_state", "verbose")
    return make_transformer_autoencoder(
        sizes=sizes, **{name: parameters[name] for name in shared if name in parameters}
    )


def make_transformer(
    survey: str | Survey = "LSST",
    *,
    static: Sequence[str] = STATIC_COLUMNS,
    max_epochs: int | None = None,
    n_networks: int = 1,
    class_weight: dict | str | None = None,
    random_state: Any = None,
    verbose: int = 0,
    n_jobs: int | None = None,
    **options: Any,
) -> Pipeline:
    """Make the whole system in one Pipeline: light curves in, class probabilities out.

    Parameters
    ----------
    survey : str or Survey, default="LSST"
        Survey of the data.  It defines the bands and the PHOTFLAG bits.

    static : sequence of str, default=("redshift", "redshift_err", "mwebv")
        Static columns to use; () for light curves alone.

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
        Further parameters of :func:`make_transformer_features` and
        :func:`make_transformer_classifier`, such as `TRANSFORMER_PAPER`.

    Returns
    -------
    transformer : Pipeline

    Raises
    ------
    TypeError
        An option that neither has; the message suggests the nearest one.

    Examples
    --------
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.recipes import make_transformer, predict_proba_at
    >>> X, y = make_light_curves(40, classes=["SNIa", "RRL"], random_state=0)
    >>> transformer = make_transformer(max_epochs=2, random_state=0).fit(X, y)
    >>> predict_proba_at(transformer, X, days=[1, 8, 64]).shape
    (40, 3, 2)
    """
    for_features, for_network = split_options(
        make_transformer,
        options,
        (make_transformer_features,),
        (make_transformer_classifier, TransformerClassifier),
    )
    features = make_transformer_features(survey, static=static, **for_features)
    network = make_transformer_classifier(
        survey=survey,
        static=static,
        max_epochs=max_epochs,
        n_networks=n_networks,
        class_weight=class_weight,
        random_state=random_state,
        verbose=verbose,
        n_jobs=n_jobs,
        **for_network,
    )
    return Pipeline([*features.steps, ("classifier", network)])


def make_transformer_autoencoder(
    *, sizes: dict | None = None, **parameters: Any
) -> TransformerAutoencoder:
    """Make the auto-encoder that pre-trains :func:`make_transformer_classifier`.

    Parameters
    ----------
    sizes : dict, default=None
        Sizes of the transformer: num_layers, feedforward_size, size, n_heads, dropout.

    **parameters
        Parameters of :class:`skastro.neural_network.TransformerAutoencoder`.

    Returns
    -------
    autoencoder : TransformerAutoencoder

    Raises
    ------
    TypeError
        A parameter that the network does not have; the message suggests the nearest one.

    Examples
    --------
    >>> from skastro.recipes import make_transformer_autoencoder
    >>> make_transformer_autoencoder(alpha=0.3).alpha
    0.3
    """
    split_options(make_transformer_autoencoder, parameters, (TransformerAutoencoder,))
    module = partial(LightCurveAutoencoderNet, **(sizes or {}))
    return TransformerAutoencoder(module=module, **parameters)


def make_transformer_forest(
    autoencoder: BaseEstimator | None = None,
    *,
    n_estimators: int = 300,
    random_state: Any = None,
) -> Pipeline:
    """Make a pipeline of embeddings learned without labels and a random forest on them.

    Parameters
    ----------
    autoencoder : TransformerAutoencoder, default=None
        Computes the embeddings; :func:`make_transformer_autoencoder` by default.

    n_estimators : int, default=300
        Number of trees.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    Returns
    -------
    forest : Pipeline

    Examples
    --------
    >>> from skastro.recipes import make_transformer_forest
    >>> [name for name, _ in make_transformer_forest().steps]
    ['embedding', 'classifier']
    """
    autoencoder = autoencoder or make_transformer_autoencoder(random_state=random_state)
    forest = RandomForestClassifier(n_estimators, random_state=random_state)
    return Pipeline([("embedding", autoencoder), ("classifier", forest)])


def suggest_transformer(trial: Any, sizes: dict | None = None) -> dict:
    """Sample the sizes of a transformer in an Optuna trial.

    Parameters
    ----------
    trial : optuna.Trial
        Any object with ``suggest_categorical(name, choices)``.

    sizes : dict of str -> list, default=None
        Choices of each size; `TRANSFORMER_SIZES` by default.

    Returns
    -------
    sizes : dict
        For :func:`make_transformer_classifier`.

    Examples
    --------
    >>> from skastro.recipes import suggest_transformer
    >>> class First:
    ...     def suggest_categorical(self, name, choices):
    ...         return choices[0]
    >>> suggest_transformer(First())["num_layers"]
    6
    """
    choices = TRANSFORMER_SIZES if sizes is None else sizes
    return {name: trial.suggest_categorical(name, values) for name, values in choices.items()}

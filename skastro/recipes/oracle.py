"""ORACLE: a hierarchical recurrent network that classifies at any date.

Shah et al. 2025 (arXiv:2501.01496); loss: Villar et al. 2023 (arXiv:2312.02266).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline

from skastro.neural_network import RecurrentClassifier
from skastro.nn import HierarchicalCrossEntropy, RecurrentNet
from skastro.recipes._light_curves import STATIC_COLUMNS, detection_steps
from skastro.recipes._options import make_networks, split_options
from skastro.surveys import Survey
from skastro.taxonomy import Taxonomy

ORACLE_PAPER = {
    "alpha": 0.5,
    "node_weight": "balanced",
    "module": partial(
        RecurrentNet,
        embedding_size=0,
        hidden_size=100,
        static_size=10,
        head_sizes=(100, 64),
        dropout=0.0,
    ),
    "n_prefixes": 1,
    "observation_dropout": 0.0,
    "band_encoding": "wavelength",
    "max_epochs": 100,
    "lr": 5e-4,
    "batch_size": 1024,
    "schedule": "constant",
    "validation": 0.05,
}
"""Network, loss and training of Shah et al. 2025 as parameters of :func:`make_oracle`."""


def make_oracle_features(
    survey: str | Survey = "LSST",
    *,
    static: Sequence[str] = STATIC_COLUMNS,
    detections_only: bool = False,
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
        Static columns to use; () for light curves alone, the lite variant of the paper.

    detections_only : bool, default=False
        Keep only the last non-detection before the first detection and nothing after the last
        one, as the original code did.  The end of a light curve then reveals that no detection
        follows.

    reject : str, sequence of str, int or None, default="auto"
        PHOTFLAG bits of observations to drop.  ``"auto"``: the bit ``"saturated"``, if the survey
        defines it and the light curves have PHOTFLAG.  None: drop none.

    Returns
    -------
    features : Pipeline
        From a NestedFrame to a NestedFrame of the same objects.

    Examples
    --------
    >>> from skastro.recipes import make_oracle_features
    >>> [name for name, _ in make_oracle_features(static=()).steps]
    ['clean', 'bands', 'detections', 'first_detection', 'compare']
    """
    return Pipeline(
        detection_steps(survey, static=static, reject=reject, detections_only=detections_only)
    )


def make_oracle_classifier(
    *,
    survey: str | Survey = "LSST",
    taxonomy: Taxonomy | None = None,
    static: Sequence[str] = STATIC_COLUMNS,
    alpha: float = 0.0,
    node_weight: dict | str | None = None,
    max_epochs: int | None = None,
    n_networks: int = 1,
    class_weight: dict | str | None = None,
    random_state: Any = None,
    verbose: int = 0,
    n_jobs: int | None = None,
    **parameters: Any,
) -> ClassifierMixin:
    """Make the network that reads the light curves of :func:`make_oracle_features`.

    Parameters
    ----------
    survey : str or Survey, default="LSST"
        Survey of the data.  It defines the bands.

    taxonomy : Taxonomy, default=None
        Taxonomy of the classes; flat classes by default.

    static : sequence of str, default=("redshift", "redshift_err", "mwebv")
        Static columns to use; () for light curves alone, the lite variant of the paper.

    alpha, node_weight
        See :class:`skastro.nn.HierarchicalCrossEntropy`; the paper uses 0.5 and "balanced".

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
        Further parameters of :class:`skastro.neural_network.RecurrentClassifier`.

    Returns
    -------
    classifier : RecurrentClassifier or DeepEnsembleClassifier

    Raises
    ------
    TypeError
        A parameter that the network does not have; the message suggests the nearest one.

    Examples
    --------
    >>> from skastro.recipes import make_oracle_classifier
    >>> from skastro.taxonomy import ELASTICC
    >>> make_oracle_classifier(taxonomy=ELASTICC, n_networks=3).n_estimators
    3
    """
    split_options(make_oracle_classifier, parameters, (RecurrentClassifier,))
    if taxonomy is not None:
        loss = HierarchicalCrossEntropy(taxonomy, alpha=alpha, node_weight=node_weight)
        parameters = {"criterion": loss, **parameters}
    return make_networks(
        RecurrentClassifier,
        static=list(static),
        survey=survey,
        reference_column="first_detection",
        max_epochs=max_epochs,
        n_networks=n_networks,
        class_weight=class_weight,
        random_state=random_state,
        verbose=verbose,
        n_jobs=n_jobs,
        **parameters,
    )


def make_oracle(
    survey: str | Survey = "LSST",
    *,
    taxonomy: Taxonomy | None = None,
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

    taxonomy : Taxonomy, default=None
        Taxonomy of the classes; flat classes by default.

    static : sequence of str, default=("redshift", "redshift_err", "mwebv")
        Static columns to use; () for light curves alone, the lite variant of the paper.

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
        Further parameters of :func:`make_oracle_features` and :func:`make_oracle_classifier`,
        such as `ORACLE_PAPER`.

    Returns
    -------
    oracle : Pipeline

    Raises
    ------
    TypeError
        An option that neither has; the message suggests the nearest one.

    Examples
    --------
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.recipes import make_oracle, predict_proba_at
    >>> X, y = make_light_curves(40, classes=["SNIa", "RRL"], random_state=0)
    >>> oracle = make_oracle(max_epochs=2, random_state=0).fit(X, y)
    >>> predict_proba_at(oracle, X, days=[1, 8, 64]).shape
    (40, 3, 2)
    """
    for_features, for_network = split_options(
        make_oracle,
        options,
        (make_oracle_features,),
        (make_oracle_classifier, RecurrentClassifier),
    )
    features = make_oracle_features(survey, static=static, **for_features)
    network = make_oracle_classifier(
        survey=survey,
        taxonomy=taxonomy,
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

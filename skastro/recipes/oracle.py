"""ORACLE: a hierarchical recurrent network that classifies at any date.

Shah et al. 2025 (arXiv:2501.01496); loss: Villar et al. 2023 (arXiv:2312.02266).
"""

from functools import partial

from sklearn.pipeline import Pipeline

from skastro.neural_network import DeepEnsembleClassifier, RecurrentClassifier
from skastro.nn import HierarchicalCrossEntropy, RecurrentNet
from skastro.preprocessing import (
    CleanPhotometry,
    DetectionWindow,
    FirstDetection,
    MarkDetections,
    ReplaceMissing,
)

STATIC = ("redshift", "redshift_err", "mwebv")
"""Static columns of the schema; ELAsTiCC's host columns are given by name beside them."""


def make_oracle_features(
    survey="LSST", *, static=STATIC, detections_only=False, reject="saturated"
):
    """Make the pipeline from light curves to light curves that the network reads.

    Saturated observations go, detections are marked by PHOTFLAG or S/N, the first one gives the
    zero date, and codes for missing values in the static columns become NaN.

    Parameters
    ----------
    survey : str or Survey, default="LSST"
        Defines the PHOTFLAG bits.

    static : sequence of str, default=STATIC
        Static columns that will be used; () for the lite variant, light curves alone.

    detections_only : bool, default=False
        Keep only the last non-detection before the first detection and nothing after the last
        one, as the seed did; the end of a light curve then tells that no detection follows.

    reject : str, sequence of str or int, default="saturated"
        PHOTFLAG bits of observations that are dropped; 0 for data without PHOTFLAG.

    Returns
    -------
    features : Pipeline
        From a NestedFrame to a NestedFrame of the same objects.

    Examples
    --------
    >>> from skastro.recipes import make_oracle_features
    >>> [name for name, _ in make_oracle_features(static=()).steps]
    ['clean', 'detections', 'first_detection']
    """
    return Pipeline(
        [
            ("clean", CleanPhotometry(reject=reject, survey=survey)),
            ("detections", MarkDetections(survey=survey)),
            ("first_detection", FirstDetection()),
            *([("window", DetectionWindow())] if detections_only else []),
            *([("missing", ReplaceMissing(list(static)))] if static else []),
        ]
    )


def make_oracle_classifier(
    taxonomy=None,
    *,
    static=STATIC,
    alpha=0.0,
    node_weight=None,
    n_networks=1,
    random_state=None,
    **parameters,
):
    """Make the network that reads what :func:`make_oracle_features` gives.

    Parameters
    ----------
    taxonomy : Taxonomy, default=None
        Tree of the classes; without one the classes stand side by side.

    static : sequence of str, default=STATIC
        Static columns to use.

    alpha, node_weight
        See :class:`skastro.nn.HierarchicalCrossEntropy`; ORACLE: 0.5 and "balanced".

    n_networks : int, default=1
        Above 1, the mean of so many networks.

    random_state : int, RandomState instance or None, default=None
        Seed.

    **parameters
        Others of :class:`skastro.neural_network.RecurrentClassifier`; `ORACLE_PAPER` for those
        of the paper.

    Returns
    -------
    classifier : RecurrentClassifier or DeepEnsembleClassifier

    Examples
    --------
    >>> from skastro.recipes import make_oracle_classifier
    >>> from skastro.taxonomy import ELASTICC
    >>> make_oracle_classifier(ELASTICC, n_networks=3).n_estimators
    3
    """
    if taxonomy is not None:
        loss = HierarchicalCrossEntropy(taxonomy, alpha=alpha, node_weight=node_weight)
        parameters = {"criterion": loss, **parameters}
    classifier = RecurrentClassifier(
        static=list(static),
        reference_column="first_detection",
        random_state=random_state,
        **parameters,
    )
    if n_networks == 1:
        return classifier
    return DeepEnsembleClassifier(classifier, n_estimators=n_networks, random_state=random_state)


def make_oracle(
    taxonomy=None,
    *,
    survey="LSST",
    static=STATIC,
    detections_only=False,
    reject="saturated",
    **classifier,
):
    """Make the whole system in one Pipeline: light curves in, class probabilities out.

    Parameters
    ----------
    taxonomy : Taxonomy, default=None
        Tree of the classes.

    survey, static, detections_only, reject
        See :func:`make_oracle_features`.

    **classifier
        See :func:`make_oracle_classifier`.

    Returns
    -------
    oracle : Pipeline

    Examples
    --------
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.recipes import make_oracle, predict_proba_at
    >>> X, y = make_light_curves(40, classes=["SNIa", "RRL"], random_state=0)
    >>> oracle = make_oracle(max_epochs=2, random_state=0).fit(X, y)
    >>> predict_proba_at(oracle, X, days=[1, 8, 64]).shape
    (40, 3, 2)
    """
    features = make_oracle_features(
        survey, static=static, detections_only=detections_only, reject=reject
    )
    network = make_oracle_classifier(taxonomy, static=static, **classifier)
    return Pipeline([*features.steps, ("classifier", network)])


def predict_proba_at(pipeline, X, days):
    """Ask a fitted pipeline for the probabilities at some dates.

    Parameters
    ----------
    pipeline : Pipeline
        Its last step has the method ``predict_proba_at``.

    X : NestedFrame of shape (n_objects, n_columns)
        Objects with their light curves.

    days : array-like of shape (n_days,)
        Days after the zero date; for :func:`make_oracle` after the first detection.

    Returns
    -------
    probabilities : ndarray of shape (n_objects, n_days, n_classes)
        In the order of ``pipeline.classes_``; NaN where there is no observation yet.

    Examples
    --------
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.recipes import make_oracle, predict_proba_at
    >>> X, y = make_light_curves(40, classes=["SNIa", "RRL"], random_state=0)
    >>> oracle = make_oracle(static=(), max_epochs=1, random_state=0).fit(X, y)
    >>> predict_proba_at(oracle, X, days=[3]).shape
    (40, 1, 2)
    """
    return pipeline[-1].predict_proba_at(pipeline[:-1].transform(X), days)


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
"""Network, loss and training of the paper as parameters of :func:`make_oracle_classifier`."""

"""Unknown objects: the recommended gate of a classifier, and a detector of anomalies.

Choice of the detector and its performance: benchmarks/science/calibration.md.
"""

from typing import Any

from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skastro.calibration import ClassIsolationForest, GatedClassifier, NeighborDetector
from skastro.feature_extraction import VariabilityStatistics
from skastro.preprocessing import CleanPhotometry
from skastro.surveys import Survey


def make_gate(
    classifier: Any,
    *,
    survey: str | Survey = "LSST",
    days: ArrayLike | None = None,
    max_rejected: float = 0.05,
    unclassified: str = "nan",
    reference_column: str = "first_detection",
    random_state: Any = None,
) -> GatedClassifier:
    """Make a classifier that leaves flat sources, artefacts and unknown classes unclassified.

    Objects are scored by the distance to the tenth neighbour among known objects, in the embedding
    of the network together with :class:`skastro.feature_extraction.VariabilityStatistics`, each
    column scaled to unit variance.

    Parameters
    ----------
    classifier : classifier
        Network of light curves, or a Pipeline such as :func:`make_oracle` that ends in one; inside
        a :class:`sklearn.frozen.FrozenEstimator` if it is fitted.

    survey : str or Survey, default="LSST"
        Survey of the data.  It defines the PHOTFLAG bits of observations without a measurement.

    days, max_rejected, unclassified, reference_column
        See :class:`skastro.calibration.GatedClassifier`.  With `days`, `X` requires the
        `reference_column`, as from :func:`make_oracle_features`.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    Returns
    -------
    gate : GatedClassifier

    Examples
    --------
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.recipes import make_gate, make_oracle
    >>> X, y = make_light_curves(60, classes=["SNIa", "RRL"], random_state=0)
    >>> oracle = make_oracle(max_epochs=1, random_state=0)
    >>> gate = make_gate(oracle, unclassified="prior", random_state=0).fit(X, y)
    >>> gate.predict_proba(X).shape
    (60, 2)
    """
    return GatedClassifier(
        classifier,
        detector=make_pipeline(StandardScaler(), NeighborDetector()),
        features=make_pipeline(CleanPhotometry(survey=survey), VariabilityStatistics()),
        max_rejected=max_rejected,
        days=days,
        unclassified=unclassified,
        reference_column=reference_column,
        random_state=random_state,
    )


def make_anomaly_detector(
    network: Any, *, n_estimators: int = 100, random_state: Any = None, n_jobs: int | None = None
) -> Pipeline:
    """Make a detector of anomalies in the hidden layer of a network.

    One isolation forest per class, as by Gupta, Muthukrishna & Lochner 2024 (arXiv:2403.14742).
    The detector is fitted on objects of known classes with their labels, and has `score_samples`,
    `decision_function` and `predict` of light curves.

    Parameters
    ----------
    network : classifier
        Fitted network, or a Pipeline that ends in one, inside a
        :class:`sklearn.frozen.FrozenEstimator`.

    n_estimators : int, default=100
        Number of trees of each forest.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    n_jobs : int, default=None
        Number of parallel workers; None means one.

    Returns
    -------
    detector : Pipeline

    Examples
    --------
    >>> from sklearn.frozen import FrozenEstimator
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.recipes import make_anomaly_detector, make_oracle
    >>> X, y = make_light_curves(60, classes=["SNIa", "RRL"], random_state=0)
    >>> oracle = make_oracle(max_epochs=1, random_state=0).fit(X, y)
    >>> detector = make_anomaly_detector(FrozenEstimator(oracle), random_state=0).fit(X, y)
    >>> detector.score_samples(X).shape
    (60,)
    """
    forests = ClassIsolationForest(
        n_estimators=n_estimators, random_state=random_state, n_jobs=n_jobs
    )
    return Pipeline([("embedding", network), ("forests", forests)])

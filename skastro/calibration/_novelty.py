"""Scores of objects unlike the training: energy of logits, disagreement of samples."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch


def energy_score(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    r"""Return the energy of each object; higher is more unlike the training.

    .. math:: E = -T \ln \sum_k e^{z_k / T}

    Parameters
    ----------
    logits : array-like of shape (n_objects, n_classes)
        Outputs of a network before the softmax.

    temperature : float, default=1
        T.

    Returns
    -------
    energy : ndarray of shape (n_objects,)
        NaN for a row with NaN.

    Raises
    ------
    ValueError
        Probabilities instead of logits: their sum is one, so that the energy of their logarithms
        is the same for every object.

    References
    ----------
    Liu et al. 2020, NeurIPS (arXiv:2010.03759), equation 4.

    Examples
    --------
    >>> from skastro.calibration import energy_score
    >>> energy_score([[9.0, 0.0], [0.1, 0.0]]).round(2).tolist()
    [-9.0, -0.74]
    """
    logits = np.asarray(logits, float)
    known = logits[~np.isnan(logits).any(axis=1)]
    if len(known) and (known >= 0).all() and np.allclose(known.sum(axis=1), 1, atol=1e-5):
        raise ValueError("energy_score: the rows are probabilities; pass the logits")
    return -temperature * logsumexp(logits / temperature, axis=1)


def mutual_information(samples: ArrayLike) -> NDArray[np.float64]:
    r"""Return how much the samples of the probabilities of each object disagree.

    .. math:: I = H[\bar p] - \overline{H[p]}, \qquad H[p] = -\sum_k p_k \ln p_k

    Parameters
    ----------
    samples : array-like of shape (n_samples, n_objects, n_classes)
        Probabilities of the members of an ensemble or of random passes, such as those of
        `predict_proba_members` and `predict_proba_samples`.

    Returns
    -------
    information : ndarray of shape (n_objects,)
        In nats, from 0, where all agree, to ln(n_classes); NaN where a sample is NaN.

    Raises
    ------
    ValueError
        Samples that do not have three dimensions.

    References
    ----------
    Depeweg et al. 2018, ICML (arXiv:1710.07283), section 3.

    Examples
    --------
    >>> from skastro.calibration import mutual_information
    >>> mutual_information([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]]).round(2).tolist()
    [0.69, 0.0]
    """
    samples = np.asarray(samples, float)
    if samples.ndim != 3:
        raise ValueError(
            f"mutual_information: samples have the shape {samples.shape}, not (n_samples, "
            f"n_objects, n_classes)"
        )
    spread = _entropy(samples.mean(axis=0)) - _entropy(samples).mean(axis=0)
    # The difference of equal entropies may be rounded below zero.
    return np.maximum(spread, 0.0)


def _entropy(proba: NDArray) -> NDArray[np.float64]:
    # 0 log 0 is 0.
    return -(proba * np.log(np.where(proba > 0, proba, 1.0))).sum(axis=-1)


def predictive_uncertainty(model: Any, X: Any, n_samples: int | None = None) -> Bunch:
    r"""Return mean, spread and disagreement of the sampled probabilities of each object.

    One interface for deep ensembles, whose samples are their members, and for networks with
    dropout, whose samples are random passes: whatever has `predict_proba_samples`.

    Parameters
    ----------
    model : classifier or Pipeline
        Fitted; a Pipeline ends in such a classifier.

    X : array-like or frame of n_objects rows
        Objects.

    n_samples : int, default=None
        Random passes, of each member of an ensemble; the default of the classifier by default.

    Returns
    -------
    uncertainty : Bunch
        ``mean`` and ``spread`` (standard deviation), ndarrays of shape (n_objects, n_classes);
        ``entropy`` of the mean, the total uncertainty, and ``mutual_information``, the part of it
        that is due to the model (:func:`mutual_information`), both of shape (n_objects,) in nats;
        ``samples`` of shape (n_samples, n_objects, n_classes).  NaN for unclassified objects.

    Raises
    ------
    TypeError
        The classifier has no random passes and no members.

    References
    ----------
    Gal & Ghahramani 2016, ICML (arXiv:1506.02142); Lakshminarayanan et al. 2017, NeurIPS
    (arXiv:1612.01474).

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.calibration import predictive_uncertainty
    >>> from skastro.neural_network import DeepEnsembleClassifier, HeatmapCNNClassifier
    >>> y = np.repeat(["SN Ia", "SN II"], 30)
    >>> X = np.random.default_rng(0).normal(size=(60, 96)) + (y == "SN Ia")[:, None]
    >>> network = HeatmapCNNClassifier(image_shape=(8, 12, 1), max_epochs=2)
    >>> ensemble = DeepEnsembleClassifier(network, n_estimators=2, random_state=0).fit(X, y)
    >>> predictive_uncertainty(ensemble, X).spread.shape
    (60, 2)
    >>> predictive_uncertainty(ensemble.estimators_[0], X, n_samples=4).samples.shape
    (4, 60, 2)
    """
    last, rows = (model[-1], model[:-1].transform(X)) if isinstance(model, Pipeline) else (model, X)
    if not hasattr(last, "predict_proba_samples"):
        raise TypeError(
            f"predictive_uncertainty: {type(last).__name__} has no predict_proba_samples; networks "
            f"and DeepEnsembleClassifier have"
        )
    given = () if n_samples is None else (n_samples,)
    samples = np.asarray(last.predict_proba_samples(rows, *given), float)
    mean = samples.mean(axis=0)
    return Bunch(
        mean=mean,
        spread=samples.std(axis=0),
        entropy=_entropy(mean),
        mutual_information=mutual_information(samples),
        samples=samples,
    )

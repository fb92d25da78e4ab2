"""Labels with known errors."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import column_or_1d

from skastro.exceptions import ObjectError, name_objects
from skastro.utils.random import RandomState, as_generator

_KINDS = ("random", "class", "score")


def make_label_noise(
    y: ArrayLike,
    *,
    rate: float = 0.1,
    kind: str = "random",
    transition: dict | ArrayLike | None = None,
    scores: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    random_state: RandomState = None,
) -> tuple[NDArray, NDArray[np.bool_]]:
    r"""Replace an exact number of labels by wrong ones.

    * ``"random"``: :math:`\mathrm{round}(\mathrm{rate} \cdot n)` of all :math:`n` labelled
      objects get one of the other classes; objects and classes are sampled uniformly.
    * ``"class"``: of the :math:`n_i` objects of class :math:`i`,
      :math:`\mathrm{round}(n_i (1 - T_{ii}))` get other classes :math:`k` in proportion to
      :math:`T_{ik}`, to less than one object.
    * ``"score"``: :math:`\mathrm{round}(\mathrm{rate} \cdot n)` objects get the other class of
      highest score.  They are sampled without replacement with weights proportional to
      :math:`1 - \max(m, 0)`, with the margin :math:`m` between the score of their own class and
      the highest other: most errors lie at or beyond the decision boundary, as in real labels.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        True labels; -1 marks unlabelled objects, which stay unlabelled.

    rate : float, default=0.1
        Fraction of wrong labels, in [0, 1), for ``"random"`` and ``"score"``.

    kind : {"random", "class", "score"}, default="random"
        Which labels become wrong.

    transition : dict of label -> float or array-like of shape (n_classes, n_classes), default=None
        For ``"class"``: the fraction of wrong labels of each true class, 0 where missing, spread
        equally over the other classes; or :math:`T`, whose rows are true classes and sum to one.

    scores : array-like of shape (n_objects,) or (n_objects, n_classes), default=None
        For ``"score"``: probabilities in the order of `classes`, or of the second of two
        classes.

    classes : array-like of shape (n_classes,), default=None
        All classes, in the order of `transition` and `scores`; the sorted labels of `y` by
        default.

    random_state : int, RandomState, Generator or None, default=None
        Seed or generator.  NumPy's global random state is neither read nor changed.

    Returns
    -------
    y_noisy : ndarray of shape (n_objects,)
        Labels of the type of `y`.

    wrong : ndarray of bool of shape (n_objects,)
        Mask of the wrong labels.

    Raises
    ------
    ObjectError
        Scores outside [0, 1].

    ValueError
        Parameters that do not belong together, or fewer than two classes.

    See Also
    --------
    skastro.label_errors.find_label_errors : Find the wrong labels.

    References
    ----------
    .. [1] I. Takahashi et al., PASJ 74, 946 (2022), who add label noise by score.

    Examples
    --------
    >>> from skastro.datasets import make_label_noise
    >>> y = ["real"] * 20 + ["bogus"] * 80
    >>> y_noisy, wrong = make_label_noise(y, rate=0.05, random_state=0)
    >>> wrong.sum()
    np.int64(5)
    >>> rates = {"bogus": 0.1}
    >>> y_noisy, wrong = make_label_noise(y, kind="class", transition=rates, random_state=0)
    >>> wrong[:20].sum(), wrong[20:].sum()
    (np.int64(0), np.int64(8))
    """
    if kind not in _KINDS:
        raise ValueError(f"make_label_noise: kind is {kind!r}, not one of {_KINDS}")
    if not 0 <= rate < 1:
        raise ValueError(f"make_label_noise: rate is {rate}, not in [0, 1)")
    if (kind == "class") != (transition is not None) or (kind == "score") != (scores is not None):
        raise ValueError(
            'make_label_noise: transition belongs to the kind "class" and scores to "score"'
        )
    labels, codes, classes = _read(y, classes)
    rng = as_generator(random_state)
    if kind == "random":
        rows, new = _random(codes, len(classes), rate, rng)
    elif kind == "class":
        rows, new = _by_class(codes, _transition(transition, classes), rng)
    else:
        rows, new = _by_score(codes, _scores(scores, codes, len(classes)), rate, rng)
    noisy, wrong = labels.copy(), np.zeros(len(labels), bool)
    noisy[rows], wrong[rows] = classes[new], True
    return noisy, wrong


def _read(y: ArrayLike, classes: ArrayLike | None) -> tuple[NDArray, NDArray, NDArray]:
    labels = column_or_1d(y)
    values = labels.astype(object)
    named = (values != -1) & (values != "-1")
    known = np.unique(labels[named]) if classes is None else np.asarray(classes)
    if len(known) < 2 or len(np.unique(known)) != len(known):
        raise ValueError(
            f"make_label_noise: two different classes are required, not {known.tolist()}"
        )
    codes = np.full(len(labels), -1)
    codes[named] = pd.Index(known).get_indexer(labels[named])
    unknown = labels[named & (codes < 0)]
    if len(unknown):
        names = name_objects(np.unique(unknown))
        raise ValueError(f"make_label_noise: y holds {names}, which are not in classes")
    wide = np.result_type(labels, known) if labels.dtype.kind == known.dtype.kind else labels.dtype
    return labels.astype(wide), codes, known


def _random(codes, n_classes, rate, rng):
    labelled = np.flatnonzero(codes >= 0)
    rows = rng.choice(labelled, round(rate * len(labelled)), replace=False)
    return rows, (codes[rows] + rng.integers(1, n_classes, len(rows))) % n_classes


def _by_class(codes, transition, rng):
    rows, new = [], []
    for code, shares in enumerate(transition):
        own = rng.permutation(np.flatnonzero(codes == code))
        counts = _whole(len(own) * np.where(np.arange(len(shares)) == code, 0.0, shares))
        rows.append(own[: counts.sum()])
        new.append(np.repeat(np.arange(len(shares)), counts))
    return np.concatenate(rows), np.concatenate(new)


def _whole(shares):
    """Round to integers whose sum is the rounded sum."""
    counts = np.floor(shares + 1e-9).astype(int)
    lacking = round(shares.sum()) - counts.sum()
    counts[np.argsort(counts - shares, kind="stable")[:lacking]] += 1
    return counts


def _by_score(codes, scores, rate, rng):
    labelled = np.flatnonzero(codes >= 0)
    others = scores[labelled].copy()
    own = others[np.arange(len(labelled)), codes[labelled]]
    others[np.arange(len(labelled)), codes[labelled]] = -1.0
    weights = 1 - np.maximum(own - others.max(axis=1), 0)
    n_wrong = round(rate * len(labelled))
    if np.count_nonzero(weights) < n_wrong:
        raise ValueError(
            f"make_label_noise: {n_wrong} labels should be wrong, but only "
            f"{np.count_nonzero(weights)} objects have scores that are not certain"
        )
    if n_wrong == 0:
        return labelled[:0], labelled[:0]
    picked = rng.choice(len(labelled), n_wrong, replace=False, p=weights / weights.sum())
    return labelled[picked], others[picked].argmax(axis=1)


def _transition(transition, classes):
    if isinstance(transition, dict):
        unknown = [label for label in transition if label not in classes.tolist()]
        if unknown:
            raise ValueError(f"make_label_noise: transition holds {unknown}, not in classes")
        rates = np.array([transition.get(label, 0.0) for label in classes.tolist()], float)
        matrix = np.repeat(rates[:, None] / (len(classes) - 1), len(classes), axis=1)
        np.fill_diagonal(matrix, 1 - rates)
    else:
        matrix = np.asarray(transition, float)
    shape = (len(classes), len(classes))
    if matrix.shape != shape or not (matrix >= 0).all() or (np.abs(matrix.sum(1) - 1) > 1e-6).any():
        raise ValueError(
            f"make_label_noise: transition must hold fractions in [0, 1] by class, or {shape} of "
            "them in rows that sum to one"
        )
    return matrix


def _scores(scores, codes, n_classes):
    scores = np.asarray(scores, float)
    if scores.ndim == 1 and n_classes == 2:
        scores = np.column_stack([1 - scores, scores])
    if scores.shape != (len(codes), n_classes):
        raise ValueError(
            f"make_label_noise: scores have the shape {scores.shape}, not {(len(codes), n_classes)}"
        )
    bad = (codes >= 0) & ~((scores >= 0) & (scores <= 1)).all(axis=1)
    if bad.any():
        raise ObjectError("make_label_noise: scores are outside [0, 1]", np.flatnonzero(bad))
    return scores

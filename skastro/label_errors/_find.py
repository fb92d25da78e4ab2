"""Which labels are probably wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.label_errors._actions import warn_unjudged
from skastro.label_errors._quality import best_other
from skastro.label_errors._read import Scored, read_scored

_TIE = 1e-6
CONSENSUS = "consensus"


@dataclass(frozen=True)
class Rule:
    """A method and its options; the parameters are those of :func:`find_label_errors`."""

    method: str
    threshold: float = 0.7
    share: float | None = None
    vote: str = "noise_rate"
    agreement: float = 1.0

    def check(self, name: str) -> "Rule":
        """Raise ValueError for an unknown method or an option outside its range."""
        known = sorted([*METHODS, CONSENSUS])
        if self.method not in known:
            raise ValueError(f"{name}: method must be one of {known}, not {self.method!r}")
        if self.vote not in METHODS:
            raise ValueError(f"{name}: vote must be one of {sorted(METHODS)}, not {self.vote!r}")
        if not 0 < self.agreement <= 1:
            raise ValueError(f"{name}: agreement must lie in (0, 1], not {self.agreement}")
        if not 0 <= self.threshold < 1:
            raise ValueError(f"{name}: threshold must lie in [0, 1), not {self.threshold}")
        if self.share is not None and not 0 <= self.share <= 1:
            raise ValueError(f"{name}: share must lie in [0, 1], not {self.share}")
        return self


def find_label_errors(
    y: ArrayLike,
    proba: ArrayLike,
    *,
    classes: ArrayLike | None = None,
    method: str = "noise_rate",
    threshold: float = 0.7,
    share: float | None = None,
    vote: str = "noise_rate",
    agreement: float = 1.0,
) -> NDArray[np.bool_]:
    r"""Return which labels are probably wrong.

    * ``"disagreement"``: another class is the most probable; ties do not count.
    * ``"threshold"``: in addition its probability exceeds `threshold`.
    * ``"confident_learning"``: the object counts off the diagonal of the confident joint [1]_,
      that is, another class :math:`k` is the most probable among those with
      :math:`p_k \ge t_k`, where :math:`t_k` is the mean of :math:`p_k` over the objects labelled
      :math:`k`.
    * ``"noise_rate"``: for each pair of given class :math:`i` and other class :math:`k`, as many
      objects labelled :math:`i` as the confident joint, scaled to the number of all objects
      labelled :math:`i`, counts there: those with the largest margin :math:`p_k - p_i`, and at
      equal margin the first rows.
    * ``"self_confidence"``: of the objects whose most probable class is another one, those with
      the lowest :math:`p_i`, and at equal :math:`p_i` the first rows.  Their number is that of
      the objects off the diagonal of the confident joint, or follows from `share`.
    * ``"consensus"``: wrong by the method `vote` in at least the fraction `agreement` of several
      cross-validations.

    Whatever the method, an object whose given class is the most probable is never an error.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Given labels of any type.  -1 is unlabelled unless it is one of `classes`, see
        :func:`skastro.utils.labels.is_unlabelled`.

    proba : DataFrame or array-like of shape (n_objects, n_classes)
        Out-of-fold probabilities of the classes: from classifiers that were not trained on the
        object.  The columns of a frame are found by the names of the classes.  For
        ``"consensus"`` shape (n_repeats, n_objects, n_classes), or a list of frames.

    classes : array-like of shape (n_classes,), default=None
        Class of each column, as the attribute `classes_` of a classifier.  By default the names
        of the columns of a frame, otherwise the sorted labels of `y`.

    method : str, default="noise_rate"
        Criterion for a wrong label, one of those above.

    threshold : float, default=0.7
        Probability of the other class above which ``"threshold"`` calls a label wrong.

    share : float, default=None
        Fraction of wrong labels, in [0, 1], for the method ``"self_confidence"``, if it is known.

    vote : str, default="noise_rate"
        Method by which each cross-validation votes in a ``"consensus"``.

    agreement : float, default=1.0
        Fraction of the votes, in (0, 1], that makes a ``"consensus"``.  Only repeats with
        probabilities of the object count.

    Returns
    -------
    errors : ndarray of bool of shape (n_objects,)
        False for unlabelled objects and for those without probabilities (NaN).

    Raises
    ------
    ObjectError
        Rows of `proba` that are not probabilities, or objects without a label.

    ValueError
        Unknown method, or labels and columns that do not fit.

    Warns
    -----
    ObjectWarning
        Labelled objects have no probabilities.

    See Also
    --------
    LabelErrorFinder : Computes the probabilities as well.
    label_quality_scores : Rank the labels.

    Notes
    -----
    The confident joint is computed by cleanlab.  ``"confident_learning"``, ``"noise_rate"`` and
    ``"disagreement"`` are cleanlab's filters of the names ``"confident_learning"``,
    ``"prune_by_noise_rate"`` and ``"predicted_neq_given"``, except that cleanlab takes objects of
    equal margin in an order that depends on the CPU.  Which method is the best depends on the
    quality of the classifier; the user guide has figures.

    References
    ----------
    .. [1] Northcutt, Jiang & Chuang 2021, J. Artif. Intell. Res. 70, 1373, section 3.

    Examples
    --------
    >>> from skastro.label_errors import find_label_errors
    >>> y = ["Ia", "Ia", "Ia", "II", "II", "II"]
    >>> p_ia = [0.9, 0.8, 0.1, 0.1, 0.2, 0.6]
    >>> proba = [[1 - p, p] for p in p_ia]
    >>> find_label_errors(y, proba, classes=["II", "Ia"]).tolist()
    [False, False, True, False, False, True]
    >>> find_label_errors(y, proba, classes=["II", "Ia"], method="threshold").tolist()
    [False, False, True, False, False, False]
    """
    name = "find_label_errors"
    rule = Rule(method, threshold, share, vote, agreement).check(name)
    repeats = [read_scored(y, p, classes, name) for p in _repeats(proba, method, name)]
    judged = np.any([scored.judged for scored in repeats], axis=0)
    warn_unjudged((repeats[0].codes >= 0) & ~judged, name)
    return errors_of(repeats, rule)


def _repeats(proba: Any, method: str, name: str) -> Sequence[Any]:
    wanted = 3 if method == CONSENSUS else 2
    if (np.ndim(proba) == 3) != (wanted == 3):
        raise ValueError(
            f"{name}: method {method!r} requires proba with {wanted} dimensions, not "
            f"{np.ndim(proba)}"
        )
    return proba if wanted == 3 else [proba]


def errors_of(repeats: Sequence[Scored], rule: Rule) -> NDArray[np.bool_]:
    """Return the mask of suspects of one or several checked sets of probabilities.

    Parameters
    ----------
    repeats : list of Scored
        One set, or those of several cross-validations for a consensus.

    rule : Rule
        Method and options.

    Returns
    -------
    errors : ndarray of bool of shape (n_objects,)

    Examples
    --------
    >>> from skastro.label_errors._find import Rule, errors_of
    >>> from skastro.label_errors._read import read_scored
    >>> repeats = [read_scored([0, 1], [[p, 1 - p], [p, 1 - p]], None, "f") for p in (0.9, 0.4)]
    >>> errors_of(repeats, Rule("consensus", vote="disagreement", agreement=0.5)).tolist()
    [True, True]
    """
    if rule.method != CONSENSUS:
        return _errors_once(repeats[0], rule.method, rule)
    votes = np.sum([_errors_once(scored, rule.vote, rule) for scored in repeats], axis=0)
    n_votes = np.sum([scored.judged for scored in repeats], axis=0)
    # The product is rounded: it may exceed a whole number.
    return (votes > 0) & (votes >= rule.agreement * n_votes - 1e-9)


def _errors_once(scored: Scored, method: str, rule: Rule) -> NDArray[np.bool_]:
    judged = scored.judged
    codes, proba = scored.codes[judged], scored.proba[judged]
    errors = np.zeros(len(judged), bool)
    if len(codes):
        errors[judged] = METHODS[method](codes, proba, rule) & _disagreement(codes, proba)
    return errors


def _disagreement(codes: NDArray, proba: NDArray, rule: Rule | None = None) -> NDArray[np.bool_]:
    given = proba[np.arange(len(codes)), codes]
    return best_other(codes, proba)[1] > given + _TIE


def _threshold(codes: NDArray, proba: NDArray, rule: Rule) -> NDArray[np.bool_]:
    return best_other(codes, proba)[1] > rule.threshold


def _confident_learning(
    codes: NDArray, proba: NDArray, rule: Rule | None = None
) -> NDArray[np.bool_]:
    from cleanlab.count import compute_confident_joint

    _, off_diagonal = compute_confident_joint(codes, proba, return_indices_of_off_diagonals=True)
    errors = np.zeros(len(codes), bool)
    errors[off_diagonal] = True
    return errors


def _self_confidence(codes: NDArray, proba: NDArray, rule: Rule) -> NDArray[np.bool_]:
    doubted = _disagreement(codes, proba)
    if rule.share is None:
        n_errors = int(np.count_nonzero(_confident_learning(codes, proba) & doubted))
    else:
        n_errors = round(rule.share * len(codes))
    own = np.where(doubted, proba[np.arange(len(codes)), codes], 2.0)
    errors = np.zeros(len(codes), bool)
    errors[np.argsort(own, kind="stable")[:n_errors]] = True
    return errors


def _noise_rate(codes: NDArray, proba: NDArray, rule: Rule | None = None) -> NDArray[np.bool_]:
    # cleanlab's own filter keeps its arrays in global variables, so that two threads disturb each
    # other, and sorts ties in an order that depends on the CPU.
    doubted = _counts_to_doubt(codes, proba)
    errors = np.zeros(len(codes), bool)
    for given in range(proba.shape[1]):
        rows = np.flatnonzero(codes == given)
        margins = proba[rows] - proba[rows, given][:, None]
        order = np.argsort(-margins, axis=0, kind="stable")
        taken = np.arange(len(rows))[:, None] < doubted[given]
        taken[:, given] = False
        errors[rows[order[taken]]] = True
    return errors


def _counts_to_doubt(codes: NDArray, proba: NDArray) -> NDArray[np.int64]:
    """Return the confident joint, scaled to all objects, with at least one on the diagonal."""
    from cleanlab.count import compute_confident_joint

    joint = compute_confident_joint(codes, proba, calibrate=True)
    lacking = np.maximum(1 - joint.diagonal(), 0)
    n_others = np.maximum(np.count_nonzero(joint, axis=1) - 1, 1)
    return np.maximum(joint - (lacking / n_others)[:, None], 0).astype(int)


METHODS: dict[str, Callable[..., NDArray[np.bool_]]] = {
    "disagreement": _disagreement,
    "threshold": _threshold,
    "noise_rate": _noise_rate,
    "confident_learning": _confident_learning,
    "self_confidence": _self_confidence,
}

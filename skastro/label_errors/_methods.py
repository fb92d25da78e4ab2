"""The methods that say which labels are probably wrong."""

from typing import NamedTuple

import numpy as np

from skastro.label_errors._quality import best_other

_TIE = 1e-6
CONSENSUS = "consensus"


class Rule(NamedTuple):
    """A method and its options, as of `find_label_errors`."""

    method: str
    threshold: float = 0.7
    share: float | None = None
    vote: str = "noise_rate"
    agreement: float = 1.0

    def check(self, name):
        """Raise ValueError for an unknown method or an option outside of its range."""
        known = sorted([*METHODS, CONSENSUS])
        if self.method not in known:
            raise ValueError(f"{name}: method is {self.method!r}, not one of {known}")
        if self.vote not in METHODS:
            raise ValueError(f"{name}: vote is {self.vote!r}, not one of {sorted(METHODS)}")
        if not 0 < self.agreement <= 1:
            raise ValueError(f"{name}: agreement is {self.agreement}, not in (0, 1]")
        if not 0 <= self.threshold < 1:
            raise ValueError(f"{name}: threshold is {self.threshold}, not in [0, 1)")
        if self.share is not None and not 0 <= self.share <= 1:
            raise ValueError(f"{name}: share is {self.share}, not in [0, 1]")
        return self


def errors_of(repeats, rule):
    """Return the mask of suspects of one or several checked sets of probabilities.

    Parameters
    ----------
    repeats : list of Scored
        One, or those of several cross-validations for a consensus.

    rule : Rule
        The method.

    Returns
    -------
    errors : ndarray of bool of shape (n_objects,)

    Examples
    --------
    >>> from skastro.label_errors._methods import Rule, errors_of
    >>> from skastro.label_errors._read import read_scored
    >>> repeats = [read_scored([0, 1], [[p, 1 - p], [p, 1 - p]], None, "f") for p in (0.9, 0.4)]
    >>> errors_of(repeats, Rule("consensus", vote="disagreement", agreement=0.5)).tolist()
    [True, True]
    """
    if rule.method != CONSENSUS:
        return _errors_once(repeats[0], rule.method, rule)
    votes = sum(_errors_once(scored, rule.vote, rule).astype(int) for scored in repeats)
    n_votes = sum(scored.judged.astype(int) for scored in repeats)
    return (votes > 0) & (votes >= rule.agreement * n_votes - 1e-9)


def _errors_once(scored, method, rule):
    judged = scored.judged
    codes, proba = scored.codes[judged], scored.proba[judged]
    errors = np.zeros(len(judged), bool)
    if len(codes):
        errors[judged] = METHODS[method](codes, proba, rule) & _disagreement(codes, proba)
    return errors


def _disagreement(codes, proba, rule=None):
    given = proba[np.arange(len(codes)), codes]
    return best_other(codes, proba)[1] > given + _TIE


def _threshold(codes, proba, rule):
    return best_other(codes, proba)[1] > rule.threshold


def _confident_learning(codes, proba, rule=None):
    confident = _confident_classes(codes, proba)
    return (confident >= 0) & (confident != codes)


def _self_confidence(codes, proba, rule):
    doubted = _disagreement(codes, proba)
    if rule.share is None:
        n_errors = np.count_nonzero(_confident_learning(codes, proba) & doubted)
    else:
        n_errors = round(rule.share * len(codes))
    own = np.where(doubted, proba[np.arange(len(codes)), codes], 2.0)
    errors = np.zeros(len(codes), bool)
    errors[np.argsort(own, kind="stable")[:n_errors]] = True
    return errors


def _noise_rate(codes, proba, rule=None):
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


def _counts_to_doubt(codes, proba):
    """Return the confident joint raised to all objects, rounded, with one on the diagonal."""
    joint = confident_joint(codes, proba)
    np.fill_diagonal(joint, np.maximum(joint.diagonal(), 1))
    counts = np.bincount(codes, minlength=len(joint))
    raised = joint / joint.sum(axis=1, keepdims=True) * counts[:, None]
    rounded = np.array([_round_keeping_sum(row) for row in raised / raised.sum() * counts.sum()])
    lacking = np.maximum(1 - rounded.diagonal(), 0)
    n_others = np.maximum(np.count_nonzero(rounded, axis=1) - 1, 1)
    return np.maximum(rounded - (lacking / n_others)[:, None], 0).astype(int)


def _round_keeping_sum(row):
    """Round to whole numbers; those nearest to a half move where the sum would change."""
    rounded = np.round(row)
    excess = int(np.round(rounded.sum() - np.round(row.sum())))
    order = np.argsort(row - rounded, kind="stable")
    if excess > 0:
        rounded[order[:excess]] -= 1
    elif excess < 0:
        rounded[order[excess:]] += 1
    return rounded


def confident_joint(codes, proba):
    """Return how many objects of each given class are confidently of each class.

    Parameters
    ----------
    codes : ndarray of int of shape (n_objects,)
        Column number of the given class.

    proba : ndarray of shape (n_objects, n_classes)
        Probabilities out of fold.

    Returns
    -------
    joint : ndarray of int of shape (n_classes, n_classes)
        Rows are given classes; objects that no class claims confidently do not count.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._methods import confident_joint
    >>> proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])
    >>> confident_joint(np.array([0, 0, 1, 1]), proba).tolist()
    [[1, 1], [0, 1]]
    """
    n_classes = proba.shape[1]
    confident = _confident_classes(codes, proba)
    pairs = (codes * n_classes + confident)[confident >= 0]
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


def _confident_classes(codes, proba):
    """Return the class that claims each object confidently, or -1."""
    counts = np.bincount(codes, minlength=proba.shape[1])
    own = proba[np.arange(len(codes)), codes]
    sums = np.bincount(codes, weights=own, minlength=proba.shape[1])
    # 2 is out of reach: a class without objects claims none.
    limits = np.divide(sums, counts, out=np.full(len(counts), 2.0), where=counts > 0)
    claims = proba >= np.maximum(limits, 2 * _TIE) - _TIE
    n_claims = claims.sum(axis=1)
    only = np.where(n_claims == 1, claims.argmax(axis=1), proba.argmax(axis=1))
    return np.where(n_claims > 0, only, -1)


METHODS = {
    "disagreement": _disagreement,
    "threshold": _threshold,
    "noise_rate": _noise_rate,
    "confident_learning": _confident_learning,
    "self_confidence": _self_confidence,
}
